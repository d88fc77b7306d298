"""The values that schemas are made of: text that can be stored, times in UTC ending in `Z`, metadata."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from domain.callback import MAX_CALLBACK_URL_CHARACTERS
from domain.instants import LATEST_INSTANT

# What fits into the columns behind the fields: a bigger number would be a fault of the database.
LARGEST_INTEGER = 2**31 - 1
LARGEST_BIG_INTEGER = 2**63 - 1
MAX_METADATA_KEYS = 64
MAX_METADATA_CHARACTERS = 4096

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for it
_MEDIA_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}([ ]*;[ ]*{_TOKEN}=({_TOKEN}|"[ !#-\[\]-~]*"))*', re.ASCII)


class RequestBody(BaseModel):
    """A request body: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def storable(value: object) -> object:
    """Refuse what PostgreSQL cannot store; JSON's escapes can write both."""
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise PydanticCustomError("nul_character", "The text has a NUL character in it: leave it out.")
    try:
        value.encode()
    except UnicodeEncodeError:
        sentence = "The text has half of a character in it (a lone surrogate): send whole Unicode characters."
        raise PydanticCustomError("lone_surrogate", sentence) from None
    return value


def _media_type(value: str) -> str:
    if not _MEDIA_TYPE.fullmatch(value):
        raise PydanticCustomError("media_type", "This is no media type: send one such as application/pdf.")
    return value


def _metadata_value(value: object) -> object:
    """Say in one sentence what a union's branches would say in five."""
    if isinstance(value, (dict, list)):
        raise PydanticCustomError("not_flat", "Metadata is flat: send a string, a number, a boolean or null.")
    if isinstance(value, int) and not -LARGEST_BIG_INTEGER <= value <= LARGEST_BIG_INTEGER:
        raise PydanticCustomError("number_too_large", "The number does not fit into 64 bits: send it as a string.")
    if isinstance(value, str) and len(value) > MAX_METADATA_CHARACTERS:
        raise PydanticCustomError("too_long", "The text is too long: 4096 characters are allowed at most.")
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise PydanticCustomError("number_not_finite", "The number is not finite: send a finite one, or null.")
    return storable(value)


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Text = Annotated[str, BeforeValidator(storable)]
MediaType = Annotated[Text, Field(max_length=255), AfterValidator(_media_type)]
MetadataValue = Annotated[
    Annotated[str, Field(max_length=MAX_METADATA_CHARACTERS)] | int | float | bool | None,
    BeforeValidator(_metadata_value),
]
Metadata = Annotated[
    dict[Annotated[Text, Field(min_length=1, max_length=128)], MetadataValue], Field(max_length=MAX_METADATA_KEYS)
]
Instant = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"]}),
]
# From before there was anything to ask about, times lie too near the first that there is to be moved to UTC.
SentInstant = Annotated[
    AwareDatetime, Strict(strict=False), Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=LATEST_INSTANT)
]
CallbackUrl = Annotated[
    Text | None,
    Field(
        max_length=MAX_CALLBACK_URL_CHARACTERS,
        description="Where the job's end is told, by a signed POST: http or https (docs/callbacks.md).",
        examples=["https://example.org/esteira-done"],
    ),
]
