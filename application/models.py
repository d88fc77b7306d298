"""The embedding models that count, with their embedders: the database says which, the setting names the first."""

import logging
from dataclasses import dataclass

from application.ports.embedder import Embedder
from application.ports.embedders import Embedders
from application.ports.model_register import ModelRegister
from domain.embedding_model import EmbeddingModel, ModelChoice, ModelsInUse
from domain.errors import ModelNotUsable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """`setting` is what this process was told: the first live model, and where a machine keeps one elsewhere."""

    register: ModelRegister
    embedders: Embedders
    setting: ModelChoice

    def live(self) -> Embedder:
        """Return the embedder that searches use from now on. Raises ModelNotUsable, DatabaseUnavailable.

        Ask once for each piece of work: the next answer may be another model.
        """
        return self.of(self.in_use().live)

    def in_use(self) -> ModelsInUse:
        """Return the models that count; the first who asks makes the one of the setting live."""
        in_use = self.register.in_use()
        if in_use is None:
            first = self.embedders.get(self.setting)
            in_use = self.register.adopt(model_of(first, self.setting))
        self.embedders.keep_only({model.name for model in (in_use.live, in_use.preparing) if model})
        return in_use

    def of(self, model: EmbeddingModel) -> Embedder:
        """Return the embedder that makes the vectors of this model. Raises ModelNotUsable."""
        reason: ModelNotUsable | None = None
        for choice in self._ways_to(model):
            try:
                embedder = self.embedders.get(choice)
            except ModelNotUsable as error:
                reason = reason or error
                continue
            if embedder.model_name == model.name:
                return embedder
        raise reason or ModelNotUsable(
            f"The stored vectors are of the model {model.name}, and what lies in its place here is another one. Put "
            "it back, or set ESTEIRA_EMBEDDING_MODEL to where it is."
        )

    def load(self, choice: ModelChoice) -> Embedder:
        """Return the embedder of a model that need not count yet. Raises ModelNotUsable."""
        return self.embedders.get(choice)

    def warm_up(self) -> None:
        """Load what counts, so that no search waits for it, and say if the setting asks for something else."""
        live = self.in_use().live
        if not live.choice.makes_the_vectors_of(self.setting):
            log.warning(
                "searches use the model %s, and ESTEIRA_EMBEDDING_MODEL or its prefix of passages says another: "
                "to change to that one, start the operation reembed; to stay, set them to what is used",
                live.choice.model,
            )
        self.keep_warm()

    def keep_warm(self) -> None:
        """Load what counts if it is not: called again and again, so that a swap finds the next model ready."""
        in_use = self.in_use()
        self.of(in_use.live)
        if in_use.preparing:
            self.of(in_use.preparing)

    def _ways_to(self, model: EmbeddingModel) -> list[ModelChoice]:
        """Return how it may be loaded: the setting first where it says the same of passages, as questions may differ.

        A machine may keep the model in another place than the one that was written down, and says so by its setting.
        """
        if model.choice.makes_the_vectors_of(self.setting):
            return [self.setting]
        return [model.choice, self.setting]


def model_of(embedder: Embedder, choice: ModelChoice) -> EmbeddingModel:
    """Return what is written down of a model that was loaded so."""
    return EmbeddingModel(name=embedder.model_name, dimensions=embedder.dimensions, choice=choice)
