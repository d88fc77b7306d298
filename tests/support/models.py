"""The embedding models of a database, with fakes for what would be loaded."""

from collections.abc import Mapping

from sqlalchemy import Engine

from application.models import Models
from application.ports.embedder import Embedder
from domain.embedding_model import ModelChoice
from domain.errors import ModelNotUsable
from infrastructure.embedding.warm_embedders import WarmEmbedders
from infrastructure.postgres.model_register import PostgresModelRegister
from tests.support.fake_embedder import FakeEmbedder

FAKE = ModelChoice(model="fake")


def models_of(engine: Engine, *, setting: ModelChoice = FAKE, known: Mapping[str, Embedder] | None = None) -> Models:
    """Return models of which only the known ones can be loaded: the fake embedder, where nothing is said."""
    embedders: Mapping[str, Embedder] = {"fake": FakeEmbedder()} if known is None else known

    def load(choice: ModelChoice) -> Embedder:
        if choice.model not in embedders:
            raise ModelNotUsable(f"There is no {choice.model} in /a/folder/of/this/machine.")
        return embedders[choice.model]

    return Models(register=PostgresModelRegister(engine), embedders=WarmEmbedders(load), setting=setting)
