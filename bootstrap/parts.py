"""Wires the adapters that the API and the workers share, and the action types."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from redis import Redis
from sqlalchemy import Engine

from application.attachments import KeepAttachments
from application.ports.blob_store import BlobStore
from application.ports.embedder import Embedder
from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from bootstrap.backends import Backends
from bootstrap.cleaning import cleanup_action_type
from bootstrap.doctoring import doctor_action_type
from bootstrap.operations import operation_types
from bootstrap.plugins import plugin_types
from bootstrap.settings import Settings
from bootstrap.telemetry import wire_traces
from domain.job import DOCUMENT_QUEUE, INDEX
from domain.retry_policy import RetryPolicy
from infrastructure.embedding.deferred_embedder import DeferredEmbedder
from infrastructure.extraction.limits import ExtractionLimits, Recognition
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.redis_queue import RqDoorbell, connect_redis
from infrastructure.scratch import ScratchFolder
from infrastructure.sealing.aes_password_seal import AesPasswordSeal
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.signed_query import load_or_create_signing_key
from infrastructure.telemetry.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The adapters that the API and the workers share."""

    settings: Settings
    engine: Engine
    transactions: Transactions
    redis: Redis
    doorbell: RqDoorbell
    blobs: BlobStore
    embedder: DeferredEmbedder
    terms: SnowballTermAnalyzer
    seal: AesPasswordSeal
    action_types: Mapping[str, ActionType]
    traces: Traces


def wire_parts(settings: Settings, backends: Backends, *, public_url: str, application_name: str) -> Parts:
    """Wire the parts. Nothing is connected or loaded yet, so this cannot fail for want of a server.

    Raises PluginUnusable.
    """
    engine = make_engine(backends.database_url, application_name=application_name)
    traces = wire_traces(application_name)
    transactions = partial(PostgresUnitOfWork, engine, trace=traces.current)
    redis = connect_redis(backends.redis_url)
    embedder = DeferredEmbedder(partial(load_model, settings))
    blobs = make_blob_store(settings, public_url=public_url)
    terms = SnowballTermAnalyzer()
    scratch = ScratchFolder(settings.absolute_data_dir / "scratch").path
    seal = AesPasswordSeal(partial(load_secret, settings))
    index = IndexDocument(
        transactions=transactions,
        blobs=blobs,
        extractor=traces.around(SandboxedExtractor(extraction_limits(settings), scratch=scratch), open="extract"),
        seal=seal,
        embedder=traces.around(embedder, embed_passages="embed"),
        cache=PostgresEmbeddingCache(engine),
        terms=terms,
        passages=traces.around(PostgresPassageStore(engine), write_pages="store", write_chunks="store"),
        attachments=KeepAttachments(
            transactions=transactions,
            blobs=blobs,
            delete_document=DeleteDocument(transactions=transactions, blobs=blobs),
        ),
        scratch=scratch,
    )
    indexing = ActionType(
        name=INDEX,
        queue=DOCUMENT_QUEUE,
        timeout=timedelta(seconds=settings.index_timeout_seconds),
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=index,
    )
    action_types: dict[str, ActionType] = {}
    cleanup = cleanup_action_type(settings, engine, transactions, blobs)
    doctor = doctor_action_type(settings, engine, transactions, blobs, seal, known_types=action_types.keys)
    action_types |= {kind.name: kind for kind in (indexing, cleanup, doctor, *operation_types(settings))}
    action_types |= {kind.name: kind for kind in plugin_types(settings, taken=action_types)}
    return Parts(
        settings=settings,
        engine=engine,
        transactions=transactions,
        redis=redis,
        doorbell=RqDoorbell(redis),
        blobs=blobs,
        embedder=embedder,
        terms=terms,
        seal=seal,
        action_types=action_types,
        traces=traces,
    )


def load_model(settings: Settings) -> Embedder:
    """Load the embedding model."""
    # OpenVINO takes 100 MB to import, which processes that embed nothing need not.
    from infrastructure.embedding.loading import load_embedder

    return load_embedder(
        settings.embedding_model,
        query_prefix=settings.embedding_query_prefix,
        passage_prefix=settings.embedding_passage_prefix,
    )


def make_blob_store(settings: Settings, *, public_url: str) -> BlobStore:
    """Return the S3 store if a bucket is set, else the local one."""
    if settings.s3_bucket:
        # boto3 takes a third of a second to import, which those without S3 need not wait for.
        from infrastructure.storage.s3 import S3BlobStore

        return S3BlobStore(
            bucket=settings.s3_bucket,
            endpoint_url=settings.s3_endpoint_url,
            public_endpoint_url=settings.s3_public_endpoint_url,
        )
    folder = settings.absolute_data_dir / "store"
    folder.mkdir(parents=True, exist_ok=True)
    key = load_or_create_signing_key(folder / "signing.key")
    return LocalBlobStore(folder, signing_key=key, public_url=public_url)


def load_secret(settings: Settings) -> bytes:
    """Return the secret that passwords are sealed and stream tokens signed with.

    The setting, else one in the data directory, made if needed.
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value().encode()
    folder = settings.absolute_data_dir
    folder.mkdir(parents=True, exist_ok=True)
    return load_or_create_signing_key(folder / "secret.key")


def extraction_limits(settings: Settings) -> ExtractionLimits:
    """Return the parser's limits, and Tesseract where it is installed."""
    tesseract = shutil.which("tesseract")
    return ExtractionLimits(
        max_pages=settings.max_pages,
        max_attachment_bytes=settings.max_upload_bytes,
        memory_bytes=settings.parser_memory_bytes,
        page_seconds=settings.parser_page_seconds,
        recognition=Recognition(program=tesseract, languages=settings.ocr_languages) if tesseract else None,
    )
