"""One of the readers that extraction is compared with, as a program: it runs in an environment of its own.

Usage: python extraction_peer.py pypdf|pdfminer|markitdown. Reads a path a line, and answers each with a line of JSON:
`{text, seconds}`, or `{error}` where it cannot read the file.
"""

import contextlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable

Read = Callable[[str], str]


def main() -> None:
    """Answer until there are no more paths. What a library prints goes to standard error."""
    logging.disable()
    warnings.simplefilter("ignore")
    read = READERS[sys.argv[1]]()
    for line in sys.stdin:
        began = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            answer = _answer(read, line.rstrip("\n"))
        print(json.dumps({**answer, "seconds": time.perf_counter() - began}), flush=True)


def _answer(read: Read, path: str) -> dict[str, str]:
    try:
        return {"text": read(path)}
    except Exception as exc:  # noqa: BLE001 - it is a result
        return {"error": type(exc).__name__}


def _pypdf() -> Read:
    import pypdf  # noqa: PLC0415 - each program has one of the three

    return lambda path: "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def _pdfminer() -> Read:
    from pdfminer.high_level import extract_text  # noqa: PLC0415

    return lambda path: str(extract_text(path))


def _markitdown() -> Read:
    from markitdown import MarkItDown  # noqa: PLC0415

    reader = MarkItDown()
    return lambda path: reader.convert(path).text_content


READERS: dict[str, Callable[[], Read]] = {"pypdf": _pypdf, "pdfminer": _pdfminer, "markitdown": _markitdown}

if __name__ == "__main__":
    main()
