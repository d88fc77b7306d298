"""Tells a mail (RFC 5322) from other text by the header lines that it begins with, and from a mailbox of several."""

import re
from pathlib import Path, PurePosixPath

_HEADER = re.compile(r"([!-9;-~]{1,76})[ \t]*:")
_MBOX_LINE = re.compile(r"From \S+ .*\d{4}")
# RFC 4155: a line that no sender writes, between two mails.
_NEXT_MAIL = re.compile(rb"\n\r?\nFrom \S{1,200} [^\r\n]{0,200}\d{4}[^\r\n]{0,20}\r?\n[!-9;-~]{1,76}[ \t]*:")
_LONGEST_BETWEEN = 1024
_PORTION_BYTES = 1024 * 1024
_NAMES = {".eml", ".mht", ".mhtml"}
_OF_MAILS_ONLY = {"received", "return-path", "delivered-to", "message-id", "mime-version", "from", "x-received"}
_KNOWN = _OF_MAILS_ONLY | {
    *("to", "cc", "bcc", "date", "subject", "sender", "reply-to", "in-reply-to", "references", "content-type"),
    *(
        "content-transfer-encoding",
        "dkim-signature",
        "arc-seal",
        "x-mailer",
        "user-agent",
        "list-id",
        "list-unsubscribe",
    ),
}
_ENOUGH = 2


def is_mail(head: str, filename: str) -> bool:
    """Tell by the beginning of a file; the name makes one known header enough."""
    found: set[str] = set()
    lines = head.lstrip("\ufeff\r\n").splitlines()
    if lines and _MBOX_LINE.match(lines[0]):
        del lines[0]
    for number, line in enumerate(lines):
        if not line.strip():
            break
        if header := _HEADER.match(line):
            found.add(header[1].lower())
        elif not (number and line[0] in " \t"):
            return False
    if PurePosixPath(filename.lower()).suffix in _NAMES:
        return bool(found & _KNOWN)
    return len(found & _KNOWN) >= _ENOUGH and bool(found & _OF_MAILS_ONLY)


def is_mailbox(path: Path) -> bool:
    """Tell a file of several mails (mbox). Memory does not grow with the file."""
    with path.open("rb") as file:
        held = file.read(_PORTION_BYTES)
        if not _MBOX_LINE.match(held[:_LONGEST_BETWEEN].lstrip(b"\r\n").decode("latin-1")):
            return False
        while not _NEXT_MAIL.search(held):
            more = file.read(_PORTION_BYTES)
            if not more:
                return False
            held = held[-_LONGEST_BETWEEN:] + more
    return True
