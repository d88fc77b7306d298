"""Text in pictures, by the program Tesseract where it is installed: a process for each picture, from the child."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from domain.failure import FailureCode
from infrastructure.extraction.limits import ExtractionLimits

# A3 at 300 dots an inch has 17 million. More make Tesseract slow and large, not better.
MAX_PIXELS = 20_000_000
MIN_SIDE = 12
# Of the time that a page may take: rendering comes before, and a page given up in time costs no child.
SHARE_OF_PAGE_SECONDS = 0.8
LIST_SECONDS = 20
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TESSDATA_PREFIX")
NO_LANGUAGES = {"osd", "equ", "snum"}


class RecognitionFailed(Exception):
    """The picture could not be read; `code` says why."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class GrayPicture:
    """Eight bits a pixel, row by row."""

    width: int
    height: int
    pixels: bytes


def can_recognize(limits: ExtractionLimits) -> bool:
    """Tell whether there is a program, with a language to read."""
    return bool(limits.recognition and languages(limits))


def recognized_text(picture: GrayPicture, limits: ExtractionLimits) -> str:
    """Return the text in a picture, as Tesseract writes it. Raises RecognitionFailed."""
    assert limits.recognition  # noqa: S101 - see can_recognize
    if min(picture.width, picture.height) < MIN_SIDE:
        return ""
    chosen = languages(limits)
    layout = "1" if "osd" in _installed(limits.recognition.program) else "3"  # 1 turns pages that lie on their side
    command = [limits.recognition.program, "stdin", "stdout", "-l", "+".join(chosen), "--psm", layout]
    try:
        done = subprocess.run(
            command,
            input=b"P5\n%d %d\n255\n" % (picture.width, picture.height) + picture.pixels,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.page_seconds * SHARE_OF_PAGE_SECONDS,
            check=True,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as exc:
        raise RecognitionFailed(FailureCode.PARSER_TIMEOUT) from exc
    except (subprocess.CalledProcessError, OSError) as exc:
        raise RecognitionFailed(FailureCode.PARSER_CRASHED) from exc
    return done.stdout.decode(errors="replace")


def languages(limits: ExtractionLimits) -> Sequence[str]:
    """Return the wanted languages that are installed, else any one, else none."""
    if not limits.recognition:
        return ()
    installed = _installed(limits.recognition.program)
    wanted = [language for language in limits.recognition.languages if language in installed]
    return wanted or [language for language in installed if language not in NO_LANGUAGES][:1]


@cache
def _installed(program: str) -> Sequence[str]:
    try:
        done = subprocess.run(
            [program, "--list-langs"], capture_output=True, timeout=LIST_SECONDS, check=True, env=_environment()
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    _heading, *names = done.stdout.decode(errors="replace").splitlines() or [""]
    return [name for name in names if name]


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # One thread: the worker embeds at the same time, and on one page more threads gain little.
    return {"LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1"} | passed_on
