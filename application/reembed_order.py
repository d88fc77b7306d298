"""What a client asks of the operation `reembed`: a model, and for which passages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from application.ports.vector_store import PublishedChunks
from domain.embedding_model import ModelChoice
from domain.errors import InvalidRequest
from domain.metadata_param import METADATA, read_metadata
from domain.params import DOCUMENT_IDS, document_ids, require_known, text

MODEL, QUERY_PREFIX, PASSAGE_PREFIX = "model", "query_prefix", "passage_prefix"
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
        ids = document_ids(params, most=MOST_DOCUMENTS)
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
            DOCUMENT_IDS: None if ids is None else [str(each) for each in ids],
            METADATA: read_metadata(params),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReembedOrder:
    """The model, and the passages that are prepared."""

    choice: ModelChoice
    chunks: PublishedChunks

    @classmethod
    def of(cls, params: Mapping[str, object]) -> Self:
        """Read what ReadReembedOrder returned."""
        return cls(
            choice=ModelChoice(
                model=str(params[MODEL]),
                query_prefix=_text(params, QUERY_PREFIX),
                passage_prefix=_text(params, PASSAGE_PREFIX),
            ),
            chunks=PublishedChunks(
                document_ids=document_ids(params, most=MOST_DOCUMENTS), metadata=read_metadata(params)
            ),
        )


def _text(params: Mapping[str, object], name: str, *, default: str | None = None) -> str | None:
    found = text(params, name, most=MOST_CHARACTERS)
    return default if found is None else found
