"""Old Office files, made new ones by LibreOffice where it is installed, confined and in a folder of its own."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.answers import failure_of
from infrastructure.extraction.sandbox.process import OFFICE_COMMAND, ReaderLost, ReaderProcess
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

ENDINGS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("doc", "docx"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("ppt", "pptx"),
}
MAC_PROGRAM = "/Applications/LibreOffice.app/Contents/MacOS/soffice"


def libreoffice() -> Path | None:
    """Return LibreOffice's program, None where it is not installed."""
    found = shutil.which("soffice") or shutil.which("libreoffice") or shutil.which(MAC_PROGRAM)
    if found is None:
        return None
    program = Path(found).resolve()
    # On Linux the command is a script whose processes would be more than one to end.
    real = program.with_name("soffice.bin")
    return real if real.is_file() else program


class Conversion:
    """What LibreOffice made of one document, kept until `close`."""

    def __init__(self, limits: ExtractionLimits, scratch: Path | None, *, check: Callable[[], None]) -> None:
        self._limits = limits
        self._scratch = scratch
        self._check = check
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def of(self, path: Path, to: object) -> Path:
        """Return a new file of the type `to`, made of the old one.

        Raises DocumentUnreadable (corrupt, needs_libreoffice), ReaderLost, ProtocolError, or as `check` does.
        """
        if not isinstance(to, str) or to not in ENDINGS:
            raise ProtocolError("nothing is converted to this type")
        program = libreoffice()
        if program is None:
            raise DocumentUnreadable(FailureCode.NEEDS_LIBREOFFICE)
        self.close()
        self._folder = tempfile.TemporaryDirectory(dir=self._scratch, prefix="office-", ignore_cleanup_errors=True)
        old, new = (Path(self._folder.name, f"document.{ending}") for ending in ENDINGS[to])
        old.symlink_to(path)  # LibreOffice trusts in names
        self._run({"program": str(program), "source": str(old), "to": new.suffix[1:], "folder": self._folder.name})
        return new

    def close(self) -> None:
        """Remove the new file. May be repeated."""
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def _run(self, request: Message) -> None:
        seconds = self._limits.convert_seconds
        process = ReaderProcess(OFFICE_COMMAND, self._limits, check=self._check)
        try:
            process.send({"type": "convert", "seconds": seconds, **request})
            answer = process.receive(seconds, check=self._check)
        finally:
            process.kill()
        if answer["type"] == "failed":
            failure = failure_of(answer)
            if failure.failure_code is FailureCode.CORRUPT:
                raise failure
            raise ReaderLost(failure.failure_code)
        if answer["type"] != "converted":
            raise ProtocolError("a conversion was due")
