"""JSON and JSON Lines, read in portions."""

from pathlib import Path

from infrastructure.extraction.detection import Format
from infrastructure.extraction.pieces import PieceReading
from infrastructure.extraction.text.json_flattening import flattened
from infrastructure.extraction.text.json_tokens import tokens
from infrastructure.extraction.text.plain_text import portions


def open_json(path: Path, encoding: str) -> PieceReading:
    """Open JSON of a known encoding."""
    return PieceReading(media_type=Format.JSON, blocks=flattened(tokens(portions(path, encoding))))
