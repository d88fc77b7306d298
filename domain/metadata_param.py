"""Reads metadata among the params of an action, by the rules that hold for documents."""

from collections.abc import Mapping

from domain.errors import InvalidRequest
from domain.params import step_of

METADATA = "metadata"
MAX_KEYS = 64
MAX_KEY_CHARACTERS = 128
MAX_VALUE_CHARACTERS = 4096
LARGEST_BIG_INTEGER = 2**63 - 1

MetadataValue = str | int | float | bool | None


def read_metadata(params: Mapping[str, object], *, max_keys: int = MAX_KEYS) -> dict[str, MetadataValue]:
    """Return what was sent as `metadata`, nothing where it was left out. Raises InvalidRequest."""
    value = params.get(METADATA)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or len(value) > max_keys:
        raise InvalidRequest(f"Send an object of up to {max_keys} keys.", pointer=f"/{METADATA}")
    for key, held in value.items():
        if not 0 < len(key) <= MAX_KEY_CHARACTERS:
            raise InvalidRequest("A key has 1 to 128 characters.", pointer=f"/{METADATA}")
        if not _is_value(held):
            sentence = "Metadata is flat: send strings of up to 4096 characters, numbers of 64 bits, booleans or null."
            raise InvalidRequest(sentence, pointer=f"/{METADATA}/{step_of(key)}")
    return dict(value)


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_VALUE_CHARACTERS
    # A large number without a fraction comes back from PostgreSQL as an integer, and is read once more then.
    return value is None or (isinstance(value, int | float) and -LARGEST_BIG_INTEGER <= value <= LARGEST_BIG_INTEGER)
