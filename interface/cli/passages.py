"""Shows passages: where they are, and which of their words were asked for."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import takewhile

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from interface.cli.answers import Json
from interface.cli.terminal import one_line, printable

WORD = re.compile(r"\w+")
# Shorter words stand in every passage, unless they carry a figure.
LEAST_LETTERS = 4
# Words of one family share their beginning: "bolt", "bolts"; "conservação", "conservar".
LONG_BEGINNING = 6
LONG_ENDING = 4
INDENT = 4


def print_passage(console: Console, rank: int, result: Json, *, query: str, excerpt: str | None = None) -> None:
    """Print one result: rank, score, place, headings, text. `excerpt` shortens the text to about that part of it."""
    title = Text.assemble(
        (f"{rank:>2}", "bold"), "  ", (f"{result['score']:.2f}", "cyan"), "  ", (one_line(result["filename"]), "bold")
    )
    if pages := page_range(result):
        title.append(f", {pages}")
    console.print(title, soft_wrap=True)
    if headings := result.get("headings"):
        console.print(Padding(Text(" > ".join(map(one_line, headings)), style="dim"), (0, 0, 0, INDENT)))
    text = tidy(result["text"])
    body = Text(text if excerpt is None else around(text, excerpt))
    for start, end in matches(body.plain, query):
        body.stylize("bold yellow", start, end)
    console.print(Padding(body, (0, 0, 0, INDENT)))
    console.print()


def page_range(result: Json) -> str:
    """Return "page 3", "pages 3 to 4", or nothing where the format has no pages."""
    first, last = result.get("page_start"), result.get("page_end")
    if first is None:
        return ""
    return f"page {first}" if last in {None, first} else f"pages {first} to {last}"


def tidy(text: str) -> str:
    """Return the text without the line ends of its page: a terminal has its own."""
    return "\n".join(one_line(paragraph) for paragraph in re.split(r"\n\s*\n", printable(text)) if paragraph.strip())


def matches(text: str, query: str) -> Sequence[tuple[int, int]]:
    """Return where words of the query stand, whatever their accents, case and ending."""
    asked = {folded for word in WORD.findall(query) if _tells(folded := _folded(word))}
    return [match.span() for match in WORD.finditer(text) if any(_alike(_folded(match.group()), w) for w in asked)]


def around(text: str, part: str, *, characters: int = 360) -> str:
    """Return the text near `part`, cut at spaces; its beginning if the part is not in it."""
    middle = max(text.find(part[:30]), 0) + len(part) // 2
    start = max(0, min(middle - characters // 2, len(text) - characters))
    end = min(len(text), start + characters)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = text.find(" ", end) if end < len(text) and " " in text[end:] else len(text)
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _tells(word: str) -> bool:
    return len(word) >= LEAST_LETTERS or any(c.isdigit() for c in word)


def _alike(word: str, asked: str) -> bool:
    if word == asked:
        return True
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, asked, strict=False)))
    endings = max(len(word), len(asked)) - shared
    return shared >= LEAST_LETTERS and endings <= (LONG_ENDING if shared >= LONG_BEGINNING else 1)
