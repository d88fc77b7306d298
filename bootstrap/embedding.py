"""Wires the embedding models: which count, how they are loaded, and the operation that changes them."""

from datetime import timedelta

from sqlalchemy import Engine

from application.models import Models
from application.ports.embedder import Embedder
from application.reembed_order import ReadReembedOrder
from application.run_action import ActionType
from application.use_cases.reembed_passages import ReembedPassages
from bootstrap.settings import Settings
from domain.api_key import KeyScope
from domain.embedding_model import REEMBED, ModelChoice
from domain.job import OPERATIONS_QUEUE
from domain.retry_policy import RetryPolicy
from infrastructure.embedding.model_folder import may_be_loaded
from infrastructure.embedding.warm_embedders import WarmEmbedders
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.model_register import PostgresModelRegister
from infrastructure.postgres.vector_store import PostgresVectorStore
from infrastructure.queue.duties import Duty
from infrastructure.telemetry.traces import Traces

# A million passages take a few hours on two cores.
REEMBED_TIMEOUT = timedelta(days=7)
# A model is in preparation for longer than this, or has few passages to embed.
WARM_SECONDS = 5.0


def wire_models(settings: Settings, engine: Engine, traces: Traces) -> Models:
    """Return the models. Nothing is loaded yet."""
    return Models(
        register=PostgresModelRegister(engine),
        embedders=WarmEmbedders(lambda choice: traces.around(load_model(choice), embed_passages="embed")),
        setting=model_of_settings(settings),
    )


def model_of_settings(settings: Settings) -> ModelChoice:
    """Return the first live model of an installation."""
    return ModelChoice(
        model=settings.embedding_model,
        query_prefix=settings.embedding_query_prefix,
        passage_prefix=settings.embedding_passage_prefix,
    )


def reembed_action_type(settings: Settings, engine: Engine, models: Models) -> ActionType:
    """Return how passages are embedded anew."""
    return ActionType(
        name=REEMBED,
        queue=OPERATIONS_QUEUE,
        timeout=REEMBED_TIMEOUT,
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=ReembedPassages(
            models=models,
            register=models.register,
            cache=PostgresEmbeddingCache(engine),
            vectors=PostgresVectorStore(engine),
        ),
        max_attempts=settings.max_attempts,
        read_params=ReadReembedOrder(setting=model_of_settings(settings), is_known=may_be_loaded),
        scope=KeyScope.OPERATE,  # it changes the searches of everybody
    )


def wire_warming(models: Models) -> Duty:
    """Return the duty that loads a model while it is prepared, so that no search waits for it after the swap."""
    return Duty(name="models", every_seconds=WARM_SECONDS, call=models.keep_warm)


def load_model(choice: ModelChoice) -> Embedder:
    """Load an embedding model."""
    # OpenVINO takes 100 MB to import, which processes that embed nothing need not.
    from infrastructure.embedding.loading import load_embedder

    return load_embedder(choice.model, query_prefix=choice.query_prefix, passage_prefix=choice.passage_prefix)
