"""Compare what Esteira reads from a folder of documents with what pypdf, pdfminer.six and markitdown read from them.

Usage: python scripts/bench_extraction.py FOLDER [--peers PYTHON]. PYTHON is that of an environment with the three
(`make setup-peers`). OCR is off: none of the three has it.

Nobody has typed these documents again, so the reference is made of the files:

- PDF: a word counts as often as two of the three PDF readers (Esteira, pypdf, pdfminer.six) have it. markitdown reads
  PDFs by pdfminer.six and has no vote. Words broken at line ends by a hyphen are put together before they vote.
- HTML: what stands between the tags, less scripts and styles. DOCX and the other zipped formats: what stands in the
  paragraphs of their XML. Text: the file. Markdown is left out, as its signs and addresses are no words of it.

Told for each reader and kind of file: how many files gave text; of the words of the reference the share that was found,
each as often as it stands there, and each once; how many words in 10,000 are two words of the reference joined, and how
many are one that was split; seconds of reading, without start-up. A header that Esteira leaves out because it repeats
counts as not found.
"""

import argparse
import html.parser
import json
import re
import subprocess
import sys
import time
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Self

from domain.errors import EsteiraError
from domain.extracted_page import ExtractedPage
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor

PEERS = ("pypdf", "pdfminer", "markitdown")
VOTERS = ("esteira", "pypdf", "pdfminer")
HTML, ZIPPED, PLAIN = {".html", ".htm"}, {".docx", ".pptx", ".odt", ".odp", ".epub"}, {".txt"}
PARAGRAPHS = {"p", "h", "title", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th"}
MIN_PART = 2
_WORD = re.compile(r"\w+")
_BROKEN = re.compile(r"(?<=\w)[-\u00ad\u2010]\s*\n\s*(?=[^\W\d_])")


@dataclass(slots=True)
class Tally:
    """What one reader did with one kind of file."""

    files: int = 0
    read: int = 0
    wanted: int = 0
    found: int = 0
    kinds_wanted: int = 0
    kinds_found: int = 0
    words: int = 0
    joined: int = 0
    split: int = 0
    seconds: float = 0.0

    def add(self, text: str | None, seconds: float, reference: Counter[str]) -> None:
        """Take the text that a file gave, None where it could not be read."""
        words = words_of(text or "")
        counts = Counter(words)
        self.files += 1
        self.read += bool(words)
        self.seconds += seconds
        self.wanted += reference.total()
        self.found += (counts & reference).total()
        self.kinds_wanted += len(reference)
        self.kinds_found += len(counts.keys() & reference.keys())
        self.words += len(words)
        self.joined += sum(count for word, count in counts.items() if _is_joined(word, reference))
        self.split += sum(first + second in reference and not {first, second} <= reference.keys()
                          for first, second in pairwise(words))  # fmt: skip


def main() -> int:
    """Measure, print a table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", type=Path, help="Python of the environment with the three other readers")
    arguments = parser.parse_args()
    tallies: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
    files = [path for path in sorted(arguments.folder.rglob("*")) if path.suffix in {".pdf", *HTML, *ZIPPED, *PLAIN}]
    with Readers(arguments.peers) as readers:
        for path in files:
            measure(path, readers, tallies)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print_table(tallies)
    return 0


def measure(path: Path, readers: "Readers", tallies: defaultdict[tuple[str, str], Tally]) -> None:
    """Let every reader read one file, and count."""
    results = {name: readers.read(name, path) for name in readers.names_for(path)}
    reference = reference_of(path, {name: text for name, (text, _) in results.items() if text})
    if reference:
        for name, (text, seconds) in results.items():
            tallies[path.suffix.removeprefix("."), name].add(text, seconds, reference)


def print_table(tallies: defaultdict[tuple[str, str], Tally]) -> None:
    """Print a row for each kind of file and reader."""
    print("| files | reader | gave text | words found | different words found | joined in 10,000 | split | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for (suffix, name), tally in sorted(tallies.items()):
        words = max(tally.words, 1)
        print(
            f"| {suffix} | {name} | {tally.read} of {tally.files} | {tally.found / tally.wanted:.2%} "
            f"| {tally.kinds_found / tally.kinds_wanted:.2%} | {10_000 * tally.joined / words:.1f} "
            f"| {10_000 * tally.split / words:.1f} | {tally.seconds:.1f} |"
        )


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, however they are written."""
    return _WORD.findall(unicodedata.normalize("NFKC", text.replace("\u00ad", "")).casefold())


def reference_of(path: Path, texts: dict[str, str]) -> Counter[str]:
    """Return how often each word stands in the file; see the module."""
    if path.suffix == ".pdf":
        counts = [Counter(words_of(_BROKEN.sub("", texts[name]))) for name in VOTERS if name in texts]
        agreed = {word: sorted(count[word] for count in counts)[-2:] for word in set().union(*counts)}
        return Counter({word: pair[0] for word, pair in agreed.items() if len(pair) > 1 and pair[0]})
    try:
        raw = "\n".join(_raw(path))
    except (OSError, ValueError, zipfile.BadZipFile, ET.ParseError):
        return Counter()
    return Counter(words_of(raw))


def _raw(path: Path) -> Iterator[str]:
    if path.suffix in PLAIN:
        yield path.read_text(encoding="utf-8")
    elif path.suffix in HTML:
        yield _html_text(path.read_text(encoding="utf-8"))
    else:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith((".xhtml", ".html")):
                    yield _html_text(archive.read(name).decode())
                elif name == "content.xml" or re.match(r"(word/(document|footnotes)|ppt/slides/slide\d+)\.xml", name):
                    yield from _paragraphs(ET.fromstring(archive.read(name)))  # noqa: S314 - see above


def _paragraphs(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        if element.tag.rpartition("}")[2] in PARAGRAPHS:
            inside = (
                part.text or "" for part in element.iter() if part.tag.endswith(("}t", "}span", "}p", "}h", "}a"))
            )
            yield "".join(inside) if element.tag.endswith("main}p") else "".join(element.itertext())


class _Text(html.parser.HTMLParser):
    """Collects text outside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """Be silent inside of what nobody reads; tags that make no line join words."""
        self._silent += tag in {"script", "style", "template", "noscript"}
        self.parts.append(
            "" if tag in {"a", "b", "i", "em", "strong", "span", "sup", "sub", "code", "font", "u"} else " "
        )

    def handle_endtag(self, tag: str) -> None:
        """See handle_starttag."""
        self._silent -= tag in {"script", "style", "template", "noscript"} and self._silent > 0
        self.parts.append(
            "" if tag in {"a", "b", "i", "em", "strong", "span", "sup", "sub", "code", "font", "u"} else " "
        )

    def handle_data(self, data: str) -> None:
        """Keep it."""
        if not self._silent:
            self.parts.append(data)


def _html_text(source: str) -> str:
    parser = _Text()
    parser.feed(source)
    return "".join(parser.parts)


def _is_joined(word: str, reference: Counter[str]) -> bool:
    if word in reference or not word.isalpha():
        return False
    return any(word[:cut] in reference and word[cut:] in reference for cut in range(MIN_PART, len(word) - MIN_PART + 1))


@dataclass(slots=True)
class Readers:
    """Esteira's own extractor and the programs of the others; close them by leaving the context."""

    python: Path | None
    _own: SandboxedExtractor = field(default_factory=lambda: SandboxedExtractor(ExtractionLimits()))
    _peers: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)

    def names_for(self, path: Path) -> Sequence[str]:
        """Return who reads this kind of file."""
        peers = PEERS if path.suffix == ".pdf" else PEERS[-1:]
        return ("esteira", *(peers if self.python else ()))

    def read(self, name: str, path: Path) -> tuple[str | None, float]:
        """Return the text of a file, None where it cannot be read, and the seconds that it took."""
        return self._read_own(path) if name == "esteira" else self._ask(name, path)

    def _read_own(self, path: Path) -> tuple[str | None, float]:
        began = time.perf_counter()
        try:
            with self._own.open(path.resolve(), filename=path.name, check=lambda: None) as stream:
                text = "\n".join(page.text for page in stream if isinstance(page, ExtractedPage))
        except EsteiraError:
            text = None
        return text, time.perf_counter() - began

    def _ask(self, name: str, path: Path) -> tuple[str | None, float]:
        peer = self._peers.get(name) or self._start(name)
        requests, answers = _pipes(peer)
        requests.write(f"{path.resolve()}\n")
        requests.flush()
        line = answers.readline()
        if not line:  # it died of the file
            peer.wait()
            del self._peers[name]
            return None, 0.0
        answer = json.loads(line)
        return answer.get("text"), answer["seconds"]

    def _start(self, name: str) -> "subprocess.Popen[str]":
        script = Path(__file__).with_name("extraction_peer.py")
        self._peers[name] = subprocess.Popen(
            [str(self.python), str(script), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self._peers[name]

    def __enter__(self) -> Self:
        """Start our own."""
        self._own.give_back(self._own.take(check=lambda: None))  # its start is not measured, as theirs is not
        return self

    def __exit__(self, *_: object) -> None:
        """End all."""
        self._own.close()
        for peer in self._peers.values():
            peer.kill()
            peer.wait()


def _pipes(peer: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert peer.stdin  # noqa: S101 - both are pipes
    assert peer.stdout  # noqa: S101
    return peer.stdin, peer.stdout


if __name__ == "__main__":
    sys.exit(main())
