"""Files that become documents without a client's upload: what they may be called, and how their import went."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

# As long as what clients may send.
MAX_NAME_CHARACTERS = 512
MAX_FAILURES_TOLD = 500
# Which import made a version: a key of its metadata.
IMPORT_JOB = "import_job"
_DRIVE = re.compile(r"[A-Za-z]:")


class FileProblem(StrEnum):
    """Why a file was not even read; others have the codes of documents that fail."""

    UNSAFE_NAME = "unsafe_name"
    DUPLICATE_NAME = "duplicate_name"
    NOT_A_FILE = "not_a_file"
    FILE_GONE = "file_gone"
    FILE_CHANGED = "file_changed"


class Kept(StrEnum):
    """What became of a file."""

    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that may be imported: its path under what is imported, and `place`, where its source finds it again.

    `etag` is opaque; one that is the same as that of the object it became means the same bytes. With a `problem` it
    cannot be imported.
    """

    name: str
    place: str
    size_bytes: int
    etag: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file of which no document was made."""

    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTally:
    """What an import has done so far. Of the failures the first are told one by one."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    failures: tuple[FailedFile, ...] = ()

    @property
    def files(self) -> int:
        """How many files were dealt with."""
        return self.imported + self.updated + self.unchanged + self.failed

    def and_kept(self, kept: Kept) -> "ImportTally":
        """Count a file that is a document now."""
        return replace(self, **{kept.value: getattr(self, kept.value) + 1})

    def and_failed(self, name: str, code: str) -> "ImportTally":
        """Count a file that is none."""
        told = self.failures if self.failed >= MAX_FAILURES_TOLD else (*self.failures, FailedFile(name=name, code=code))
        return replace(self, failed=self.failed + 1, failures=told)


def clean_name(name: str) -> str:
    """Return a path with `/` between its parts and accents in one form; systems write both differently."""
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def name_problem(name: str) -> str | None:
    """Tell why a cleaned path cannot be: absolute, with `..`, empty parts or controls, too long, no text; else None."""
    parts = name.split("/")
    is_safe = (
        len(name) <= MAX_NAME_CHARACTERS
        and not _DRIVE.match(name)
        and all(part not in {"", ".", ".."} for part in parts)
        and not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)
    )
    return None if is_safe else FileProblem.UNSAFE_NAME


def shown_name(name: str) -> str:
    """Return a name that can be stored and told, whatever is in it."""
    told = "".join(c if unicodedata.category(c) not in {"Cc", "Cs"} else "\ufffd" for c in name)
    return told[:MAX_NAME_CHARACTERS]
