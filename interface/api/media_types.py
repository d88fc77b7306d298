"""Which of two representations a client would rather have (RFC 9110 §12.5.1)."""

import re

_QUALITY = re.compile(r"\s*q\s*=\s*(\d(?:\.\d*)?)\s*", re.ASCII | re.IGNORECASE)


def prefers_plain_text(accept: str) -> bool:
    """Tell whether text/plain is asked for by name and not less wanted than JSON."""
    wanted = dict(map(_weighted, accept.split(",")))
    return wanted.get("text/plain", 0.0) > 0 and wanted["text/plain"] >= wanted.get("application/json", 0.0)


def _weighted(media_range: str) -> tuple[str, float]:
    name, *parameters = media_range.split(";")
    quality = next((float(match[1]) for p in parameters if (match := _QUALITY.fullmatch(p))), 1.0)
    return name.strip().lower(), quality
