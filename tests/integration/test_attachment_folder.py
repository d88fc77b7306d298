"""Nothing that a child says of attachments is believed unseen."""

import base64
from pathlib import Path

import pytest

from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.attachments import AttachmentFolder
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

LIMITS = ExtractionLimits(max_attachments=2, max_attachment_bytes=10, max_unpacked_bytes=15)


@pytest.fixture
def folder(tmp_path: Path) -> AttachmentFolder:
    return AttachmentFolder(tmp_path, LIMITS)


def announced(size_bytes: object = 4, **changes: object) -> Message:
    return {"type": "attachment", "filename": "a.txt", "media_type": "text/plain", "size_bytes": size_bytes, **changes}


def sent(data: bytes) -> Message:
    return {"type": "bytes", "data": base64.b64encode(data).decode()}


def test_attachments_are_put_together_from_their_portions(folder: AttachmentFolder) -> None:
    for message in (announced(), sent(b"ab"), sent(b"cd"), announced(filename="../../b"), sent(b"efgh")):
        assert folder.take(message)
    assert folder.take({"type": "attached", "left_out": 7})
    assert [(a.filename, a.path.read_bytes()) for a in folder.received] == [("a.txt", b"abcd"), ("../../b", b"efgh")]
    assert {a.path.name for a in folder.received} == {"0", "1"}
    assert folder.left_out == 7


def test_what_is_not_about_attachments_is_left_to_others(folder: AttachmentFolder) -> None:
    assert not folder.take({"type": "page", "number": 1})


def test_another_child_begins_anew(folder: AttachmentFolder) -> None:
    for message in (announced(), sent(b"abcd"), announced(), sent(b"e")):
        folder.take(message)
    folder.clear()
    for message in (announced(), sent(b"wxyz")):
        folder.take(message)
    assert [a.path.read_bytes() for a in folder.received] == [b"wxyz"]


@pytest.mark.parametrize("media_type", ["text/plain\r\nX: y", "nonsense", "a/" + "b" * 300, ""])
def test_a_type_that_is_none_is_that_of_any_bytes(folder: AttachmentFolder, media_type: str) -> None:
    for message in (announced(media_type=media_type), sent(b"abcd")):
        folder.take(message)
    assert folder.received[0].content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "messages",
    [
        [announced(0)],
        [announced(-1)],
        [announced(11)],
        [announced("4")],
        [announced(None)],
        [announced(filename="a\x00b")],
        [announced(filename="\ud800")],
        [announced(filename=None)],
        [announced(media_type=7)],
        [sent(b"abcd")],
        [announced(), announced()],
        [announced(), sent(b"abcde")],
        [announced(), sent(b"")],
        [announced(), {"type": "bytes", "data": "%%%%"}],
        [announced(), {"type": "bytes"}],
        [announced(8), sent(b"x" * 8), announced(8)],
        [announced(), sent(b"abcd"), announced(), sent(b"abcd"), announced()],
        [{"type": "attached", "left_out": -1}],
        [{"type": "attached", "left_out": "many"}],
    ],
    ids=range(19),
)
def test_nonsense_is_refused(folder: AttachmentFolder, tmp_path: Path, messages: list[Message]) -> None:
    for message in messages[:-1]:
        folder.take(message)
    with pytest.raises(ProtocolError):
        folder.take(messages[-1])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= LIMITS.max_unpacked_bytes
