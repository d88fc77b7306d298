"""Wires the adapters that the API and the workers share, and the action types."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from redis import Redis
from sqlalchemy import Engine

from application.attachments import KeepAttachments
from application.models import Models
from application.ports.blob_store import BlobStore
from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from application.use_cases.search_chunks import SearchChunks
from bootstrap.artifacts import artifact_action_type
from bootstrap.backends import Backends
from bootstrap.callbacks import callback_action_type
from bootstrap.cleaning import cleanup_action_type
from bootstrap.doctoring import doctor_action_type
from bootstrap.embedding import reembed_action_type, wire_models
from bootstrap.operations import operation_types
from bootstrap.plugins import plugin_types
from bootstrap.previews import preview_types
from bootstrap.settings import Settings
from bootstrap.telemetry import wire_traces
from bootstrap.transfers import export_type, import_type
from domain.job import DOCUMENT_QUEUE, INDEX
from domain.retry_policy import RetryPolicy
from infrastructure.extraction.limits import ExtractionLimits, Recognition
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
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
    models: Models
    search_chunks: SearchChunks
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
    models = wire_models(settings, engine, traces)
    blobs = make_blob_store(settings, public_url=public_url)
    terms = SnowballTermAnalyzer()
    scratch = ScratchFolder(settings.absolute_data_dir / "scratch").path
    seal = AesPasswordSeal(partial(load_secret, settings))
    readers = SandboxedExtractor(extraction_limits(settings), scratch=scratch)
    index = IndexDocument(
        transactions=transactions,
        blobs=blobs,
        extractor=traces.around(readers, open="extract"),
        seal=seal,
        models=models,
        cache=PostgresEmbeddingCache(engine),
        terms=terms,
        passages=traces.around(PostgresPassageStore(engine), write_pages="store", write_chunks="store"),
        vectors=PostgresVectorStore(engine),
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
    search = SearchChunks(live_embedder=models.live, terms=terms, search=PostgresPassageSearch(engine))
    action_types: dict[str, ActionType] = {}
    cleanup = cleanup_action_type(settings, engine, transactions, blobs)
    doctor = doctor_action_type(settings, engine, transactions, blobs, seal, known_types=action_types.keys)
    callback = callback_action_type(settings, transactions, load_secret=partial(load_secret, settings))
    reembed = reembed_action_type(settings, engine, models)
    artifact = artifact_action_type(settings, engine, transactions, blobs, search=search, scratch=scratch)
    built_in = (
        *(indexing, cleanup, doctor, callback, reembed, artifact, *operation_types(settings)),
        import_type(settings, transactions, blobs, seal, scratch=scratch),
        export_type(settings, engine, transactions, blobs, scratch=scratch),
        *preview_types(settings, engine, transactions, blobs, readers=readers, scratch=scratch),
    )
    action_types |= {kind.name: kind for kind in built_in}
    action_types |= {kind.name: kind for kind in plugin_types(settings, taken=action_types)}
    return Parts(
        settings=settings,
        engine=engine,
        transactions=transactions,
        redis=redis,
        doorbell=RqDoorbell(redis),
        blobs=blobs,
        models=models,
        search_chunks=search,
        seal=seal,
        action_types=action_types,
        traces=traces,
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
    """Return the secret that passwords are sealed, and stream tokens and callbacks signed with.

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
