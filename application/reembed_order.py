"""What a client asks of the operation `reembed`: a model, and for which passages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from application.ports.vector_store import PublishedChunks
from domain.embedding_model import ModelChoice
from domain.errors import InvalidRequest
from domain.ids import DocumentId
from domain.params import require_known

MODEL, QUERY_PREFIX, PASSAGE_PREFIX = "model", "query_prefix", "passage_prefix"
DOCUMENT_IDS, METADATA = "document_ids", "metadata"
NAMES = (MODEL, QUERY_PREFIX, PASSAGE_PREFIX, DOCUMENT_IDS, METADATA)
MOST_CHARACTERS = 1000
MOST_DOCUMENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReembedOrder:
    """Completes params with what the setting says. `is_known` tells whether a model could be loaded, without trying."""

    setting: ModelChoice
    is_known: Callable[[str], bool]

    def __call__(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return the params with all of their names. Raises InvalidRequest."""
        require_known(params, NAMES)
        model = _text(params, MODEL) or self.setting.model
        if not self.is_known(model):
            sentence = (
                "There is no such model on this server: send the name of the bundled one, or a folder that is at the "
                "same place for API and workers. Other names need the extra sentence-transformers."
            )
            raise InvalidRequest(sentence, pointer=f"/{MODEL}")
        # The prefixes of the settings belong to the model of the settings.
        default = self.setting if model == self.setting.model else ModelChoice(model=model)
        return {
            MODEL: model,
            QUERY_PREFIX: _text(params, QUERY_PREFIX, default=default.query_prefix),
            PASSAGE_PREFIX: _text(params, PASSAGE_PREFIX, default=default.passage_prefix),
            DOCUMENT_IDS: _document_ids(params),
            METADATA: _metadata(params),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReembedOrder:
    """The model, and the passages that are prepared."""

    choice: ModelChoice
    chunks: PublishedChunks

    @classmethod
    def of(cls, params: Mapping[str, object]) -> Self:
        """Read what ReadReembedOrder returned."""
        ids = _document_ids(params)
        return cls(
            choice=ModelChoice(
                model=str(params[MODEL]),
                query_prefix=_text(params, QUERY_PREFIX),
                passage_prefix=_text(params, PASSAGE_PREFIX),
            ),
            chunks=PublishedChunks(
                document_ids=None if ids is None else [DocumentId(UUID(each)) for each in ids],
                metadata=_metadata(params),
            ),
        )


def _text(params: Mapping[str, object], name: str, *, default: str | None = None) -> str | None:
    value = params.get(name)
    if value is None:
        return default
    # PostgreSQL keeps no NUL, and UTF-8 no half of a character.
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or "\0" in value or not _is_unicode(value):
        raise InvalidRequest(f"Send a text of {MOST_CHARACTERS} characters at most.", pointer=f"/{name}")
    return value


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _document_ids(params: Mapping[str, object]) -> list[str] | None:
    value = params.get(DOCUMENT_IDS)
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_DOCUMENTS:
        raise InvalidRequest(f"Send a list of 1 to {MOST_DOCUMENTS} ids.", pointer=f"/{DOCUMENT_IDS}")
    ids = []
    for number, each in enumerate(value):
        try:
            ids.append(str(UUID(each)))
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidRequest("This is no id of a document.", pointer=f"/{DOCUMENT_IDS}/{number}") from error
    return ids


def _metadata(params: Mapping[str, object]) -> Mapping[str, object]:
    value = params.get(METADATA)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest("Send an object of names and values, which must be equal.", pointer=f"/{METADATA}")
    return value
