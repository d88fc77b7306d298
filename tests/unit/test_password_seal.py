import pytest

from domain.errors import SealBroken
from domain.ids import DocumentId, new_uuid7
from tests.support.seals import a_seal

DOCUMENT = DocumentId(new_uuid7())


def test_what_was_sealed_opens_and_does_not_show() -> None:
    sealed = a_seal().seal("open sesame é 漢", DOCUMENT)
    assert a_seal().open(sealed, DOCUMENT) == "open sesame é 漢"
    assert "sesame" not in sealed


def test_the_same_password_is_never_sealed_the_same_twice() -> None:
    assert a_seal().seal("same", DOCUMENT) != a_seal().seal("same", DOCUMENT)


def test_a_seal_is_for_one_document_and_one_key() -> None:
    sealed = a_seal().seal("secret", DOCUMENT)
    with pytest.raises(SealBroken):
        a_seal().open(sealed, DocumentId(new_uuid7()))
    with pytest.raises(SealBroken):
        a_seal(b"another secret").open(sealed, DOCUMENT)


@pytest.mark.parametrize("sealed", ["", "short", "%%%", "A" * 60])
def test_what_is_no_seal_is_broken(sealed: str) -> None:
    with pytest.raises(SealBroken):
        a_seal().open(sealed, DOCUMENT)
