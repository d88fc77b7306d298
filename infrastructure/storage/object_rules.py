"""What both stores accept: keys, and content types that are safe in a header."""

import re

_LONGEST_KEY = 200  # with room to spare below the 255 bytes of a file name
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_CONTENT_TYPE = re.compile(r"[!-~]([ -~]{0,253}[!-~])?", re.ASCII)


def checked_key(key: str) -> str:
    """Return `key`; raise ValueError unless it is segments of `A-Za-z0-9._-` joined by `/`, no leading dot, no `..`."""
    if len(key) > _LONGEST_KEY or ".." in key or not _KEY.fullmatch(key):
        raise ValueError("not an object key")
    return key


def checked_content_type(content_type: str) -> str:
    """Return `content_type`; raise ValueError unless it is 1 to 255 printable ASCII characters, trimmed."""
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise ValueError("not a content type")
    return content_type
