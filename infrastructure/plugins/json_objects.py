"""JSON objects of other packages, as PostgreSQL can store them and answers can tell them."""

import json
import re

from domain.nesting import is_too_deep

# An escaped NUL, which PostgreSQL cannot store; a backslash may be escaped before it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def written(value: object) -> str:
    """Return an object's JSON. Raises ValueError for anything else, and for what cannot be stored or told."""
    try:
        text = json.dumps(value, allow_nan=False)
        read = json.loads(text)
        json.dumps(read, ensure_ascii=False).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError("this is no JSON") from error
    if not isinstance(read, dict) or _NUL.search(text) or is_too_deep(read):
        raise ValueError("this is no object, has a NUL in it, or is nested too deep")
    return text
