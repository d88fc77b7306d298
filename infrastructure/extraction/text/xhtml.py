"""XHTML made HTML: its parser reads by the rules of HTML, which know neither elements closed at once nor CDATA.

It takes `<title/>` for an opening, and all that follows would be in the title. Time is in proportion to the markup,
whatever is in it: no quote, comment or element that never ends is looked through twice.
"""

import re
from html import escape

BEGINNING_CHARACTERS = 64 * 1024
EMPTY = {  # elements that HTML itself closes
    *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input", "keygen"),
    *("link", "meta", "param", "source", "track", "wbr"),
}
_DECLARATION = re.compile(r"[\ufeff\s]*<\?xml\s", re.IGNORECASE)
_NAMESPACE = re.compile(r"<html\b[^<>]*?\bxmlns\s*=\s*[\"']\s*http://www\.w3\.org/1999/xhtml\b", re.IGNORECASE)
# What is within these is no markup to the parser, up to their end tag.
_RAW = "script|style|title|textarea|iframe|xmp|noembed|noframes"
_ATTRIBUTES = r"""(?:[^<>=/]++|/(?!>)|=\s*+(?:"[^"]*"|'[^']*'|[^\s"'<>]++)?+)*+"""
_MARKUP = re.compile(
    r"<!--(?:-?>|.*?--!?>|.*)"
    r"|<!\[CDATA\[(?:(?P<data>.*?)\]\]>|.*)"
    rf"|<(?P<raw>{_RAW})(?=[\s/>]){_ATTRIBUTES}>(?:.*?</(?P=raw)(?=[\s/>])|.*)"
    rf"|<(?P<name>[a-z][^\s/<>=]*+)(?P<attributes>{_ATTRIBUTES})(?P<at_once>/>)?",
    re.IGNORECASE | re.DOTALL,
)


def is_xhtml(markup: str) -> bool:
    """Tell by the XML declaration or the namespace of XHTML."""
    return bool(_DECLARATION.match(markup) or _NAMESPACE.search(markup, 0, BEGINNING_CHARACTERS))


def as_html(markup: str) -> str:
    """Give every element that is closed at once an end tag, and make CDATA text."""
    return _MARKUP.sub(_rewritten, markup)


def _rewritten(found: re.Match[str]) -> str:
    if found["data"]:
        return escape(found["data"], quote=False)
    if found["at_once"] and found["name"].lower() not in EMPTY:
        return f"<{found['name']}{found['attributes']}></{found['name']}>"
    return found[0]
