"""Signatures, against what the specification and its libraries publish."""

from base64 import b64encode

import pytest

from infrastructure.callbacks.standard_webhooks import derived_secret, read_secret, signed_headers, write_secret

# The one that the libraries of standard-webhooks/standard-webhooks test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = {"message_id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "timestamp": 1614265330, "body": b'{"test": 2432232314}'}
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_message_has_the_published_signature() -> None:
    assert signed_headers([read_secret(SECRET)], **MESSAGE) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_a_secret_is_changed_there_is_a_signature_by_each() -> None:
    other = bytes(range(32))
    signature = signed_headers([other, read_secret(SECRET)], **MESSAGE)["webhook-signature"]
    assert signature.split(" ")[1] == SIGNATURE
    assert signature.split(" ")[0] == signed_headers([other], **MESSAGE)["webhook-signature"]


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_is_read_as_it_was_written(size: int) -> None:
    assert read_secret(write_secret(bytes(size))) == bytes(size)
    assert write_secret(read_secret(SECRET)) == SECRET


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", SECRET.removeprefix("whsec_"), "whsec_!!!!", "whsec_" + b64encode(bytes(23)).decode(), SECRET + "é"],
)
def test_what_is_no_secret_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_secret(text)


def test_the_derived_key_is_not_the_secret_it_is_made_of() -> None:
    secret = b"s" * 32
    assert derived_secret(secret) == derived_secret(secret)
    assert derived_secret(secret) not in {secret, derived_secret(b"t" * 32)}
