"""JSON and JSON Lines, read in portions."""

from pathlib import Path

from infrastructure.extraction.detection import Format
from infrastructure.extraction.json_flattening import flattened
from infrastructure.extraction.json_tokens import tokens
from infrastructure.extraction.pieces import PieceReading
from infrastructure.extraction.plain_text import portions


def open_json(path: Path, encoding: str) -> PieceReading:
    """Open JSON of a known encoding."""
    return PieceReading(media_type=Format.JSON, blocks=flattened(tokens(portions(path, encoding))))
