"""OpenDocument files, written by hand: exactly the XML that a test is about."""

from collections.abc import Mapping

from tests.support.documents import archive

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
        ("style", "style"),
        ("svg", "svg-compatible"),
    ]
)
_SPACES += ' xmlns:dc="http://purl.org/dc/elements/1.1/"'


def open_document(kind: str, body: str, parts: Mapping[str, str | bytes] | None = None, *, prolog: str = "") -> bytes:
    """Return a file of a kind (`text`, `spreadsheet`, `presentation`) with this inside its body."""
    content = (
        f'<?xml version="1.0"?>{prolog}<office:document-content {_SPACES}><office:automatic-styles>'
        '<style:style style:name="P1" style:parent-style-name="Title"/></office:automatic-styles>'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return archive({"mimetype": mimetype, "content.xml": content, **(parts or {})})
