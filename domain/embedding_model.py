"""Embedding models: how one is loaded, and what an installation knows of it."""

from dataclasses import dataclass

REEMBED = "reembed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """How a model is loaded: `model` as ESTEIRA_EMBEDDING_MODEL takes it. A prefix that is None is the model's own."""

    model: str
    query_prefix: str | None = None
    passage_prefix: str | None = None

    def makes_the_vectors_of(self, other: "ModelChoice") -> bool:
        """Tell whether both say the same of passages; how questions are put may differ."""
        return (self.model, self.passage_prefix) == (other.model, other.passage_prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    """A model by the name under which its vectors are stored: other vectors, other name."""

    name: str
    dimensions: int
    choice: ModelChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsInUse:
    """The model that searches use, and the one that takes its place once every passage has a vector of it."""

    live: EmbeddingModel
    preparing: EmbeddingModel | None = None
