"""Wires adapters to use cases. Who wants to know what is behind a port looks here."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from redis import Redis
from sqlalchemy import Engine, text

from application.attachments import KeepAttachments
from application.ports.blob_store import BlobStore
from application.ports.embedder import Embedder
from application.ports.unit_of_work import Transactions
from application.ports.worker_registry import WorkerProcess
from application.run_action import ActionType, RunAction
from application.use_cases.abort_upload import AbortUpload
from application.use_cases.cancel_job import CancelJob
from application.use_cases.check_api_key import CheckApiKey
from application.use_cases.check_stream_token import CheckStreamToken
from application.use_cases.clean_up_ended_runs import CleanUpEndedRuns
from application.use_cases.complete_upload import CompleteUpload
from application.use_cases.create_api_key import CreateApiKey
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from application.use_cases.issue_stream_token import IssueStreamToken
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.process_uploaded_documents import ProcessUploadedDocuments
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.replay_dead_letters import ReplayDeadLetters
from application.use_cases.request_upload import RequestUpload
from application.use_cases.request_uploads import RequestUploads
from application.use_cases.resend_lost_messages import ResendLostMessages
from application.use_cases.resume_queue import ResumeQueue
from application.use_cases.retry_job import RetryJob
from application.use_cases.revoke_api_key import RevokeApiKey
from application.use_cases.search_chunks import SearchChunks
from application.use_cases.send_due_actions import SendDueActions
from application.use_cases.send_part import ListParts, SendPart
from bootstrap.backends import Backends
from bootstrap.cleaning import cleanup_action_type, wire_start
from bootstrap.doctoring import doctor_action_type
from bootstrap.settings import Settings
from bootstrap.telemetry import wire_api_telemetry, wire_traces
from domain.audit import DOCTOR
from domain.cleanup import CLEANUP
from domain.errors import BlobNotFound
from domain.job import DOCUMENT_QUEUE, INDEX
from domain.retry_policy import RetryPolicy
from infrastructure.embedding.deferred_embedder import DeferredEmbedder
from infrastructure.extraction.limits import ExtractionLimits, Recognition
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.api_key_store import PostgresApiKeyStore
from infrastructure.postgres.counters import PostgresCounterFold
from infrastructure.postgres.dead_letter_reader import PostgresDeadLetterReader
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.job_changes import PostgresJobChanges
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.job_trace import traceparent_of
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.queue_reader import PostgresQueueReader
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.task_reader import PostgresTaskReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from infrastructure.queue.duties import Duty
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from infrastructure.queue.redis_queue import RqDoorbell, connect_redis, redis_errors
from infrastructure.queue.rq_messages import RqMessages
from infrastructure.scratch import ScratchFolder
from infrastructure.sealing.aes_password_seal import AesPasswordSeal
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.signed_query import load_or_create_signing_key
from infrastructure.telemetry.run_lines import RunLines
from infrastructure.telemetry.traces import Traces
from interface.api.services import ApiServices

DOWNLOAD_URL_SECONDS = 900


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
    """Wire the parts. Nothing is connected or loaded yet, so this cannot fail for want of a server."""
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
    action_types |= {kind.name: kind for kind in (indexing, cleanup, doctor)}
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


def wire_relay(parts: Parts) -> Duty:
    """Return the duty that sends what is due: once a second, and when it is woken after a commit."""
    timeouts = {name: kind.timeout.total_seconds() for name, kind in parts.action_types.items()}
    send = SendDueActions(transactions=parts.transactions, doorbell=parts.doorbell, action_timeouts=timeouts)
    return Duty(name="relay", every_seconds=parts.settings.relay_seconds, call=send)


def wire_recovery(parts: Parts) -> list[Duty]:
    """Return the duties that find what was lost."""
    settings = parts.settings
    lease = timedelta(seconds=settings.lease_seconds)
    reap = ReapExpiredRuns(transactions=parts.transactions, action_types=parts.action_types, lease=lease)
    sweep = CleanUpEndedRuns(transactions=parts.transactions, action_types=parts.action_types)
    resend = ResendLostMessages(
        transactions=parts.transactions, doorbell=parts.doorbell, patience_seconds=settings.reconcile_seconds
    )
    return [
        Duty(name="reaper", every_seconds=settings.reap_seconds, call=reap),
        Duty(name="reconciler", every_seconds=settings.reconcile_seconds, call=resend),
        Duty(name="sweeper", every_seconds=settings.reconcile_seconds, call=sweep),
        Duty(name="counter", every_seconds=settings.reconcile_seconds, call=PostgresCounterFold(parts.engine).fold),
    ]


def wire_presence(parts: Parts, worker: WorkerProcess) -> tuple[Duty, Callable[[], None]]:
    """Return the duty that tells of a worker that it lives, and what to call when it ends."""
    registry = PostgresWorkerRegistry(parts.engine)
    duty = Duty(name="presence", every_seconds=parts.settings.beat_seconds, call=partial(registry.seen, worker))
    return duty, partial(registry.gone, worker)


def wire_runner(parts: Parts, backends: Backends, *, worker_name: str, shutdown: Shutdown) -> RunAction:
    """Return what a worker does with a message."""
    settings = parts.settings
    lease = timedelta(seconds=settings.lease_seconds)
    # A connection of its own: a beat must not wait behind the work's statements.
    ledger = PostgresRunLedger(make_engine(backends.database_url, application_name=f"{worker_name} beat", pool_size=1))
    heartbeat = ThreadHeartbeat(
        ledger=ledger,
        shutdown=shutdown,
        beat_seconds=settings.beat_seconds,
        lease=lease,
        hang_seconds=settings.hang_seconds,
    )
    return RunAction(
        transactions=parts.transactions,
        heartbeat=heartbeat,
        action_types=parts.action_types,
        worker_name=worker_name,
        lease=lease,
        watch=parts.traces.runs(RunLines(), partial(traceparent_of, parts.engine)),
    )


def wire_services(
    parts: Parts, backends: Backends, *, public_url: str, wake_relay: Callable[[], None], keys_required: bool
) -> ApiServices:
    """Return what the HTTP door needs."""
    settings = parts.settings
    pings = {"database": partial(ping_database, parts.engine), "redis": partial(ping_redis, parts.redis)}
    api_keys = PostgresApiKeyStore(parts.engine)
    secret = partial(load_secret, settings)
    clock = partial(datetime.now, UTC)
    retry_job = RetryJob(transactions=parts.transactions, wake_relay=wake_relay)
    request_upload = RequestUpload(
        transactions=parts.transactions,
        blobs=parts.blobs,
        max_upload_bytes=settings.max_upload_bytes,
        upload_url_seconds=settings.upload_url_seconds,
        multipart_upload_seconds=settings.multipart_upload_seconds,
        chunk_tokens=settings.chunk_tokens,
        chunk_overlap=settings.chunk_overlap,
    )
    process_uploaded_document = ProcessUploadedDocument(
        transactions=parts.transactions,
        blobs=parts.blobs,
        seal=parts.seal,
        wake_relay=wake_relay,
        max_attempts=settings.max_attempts,
    )
    return ApiServices(
        request_upload=request_upload,
        request_uploads=RequestUploads(transactions=parts.transactions, request_upload=request_upload),
        send_part=SendPart(
            transactions=parts.transactions, blobs=parts.blobs, upload_url_seconds=settings.upload_url_seconds
        ),
        list_parts=ListParts(transactions=parts.transactions, blobs=parts.blobs),
        complete_upload=CompleteUpload(transactions=parts.transactions, blobs=parts.blobs),
        abort_upload=AbortUpload(transactions=parts.transactions, blobs=parts.blobs),
        process_uploaded_document=process_uploaded_document,
        process_uploaded_documents=ProcessUploadedDocuments(
            transactions=parts.transactions, process_uploaded_document=process_uploaded_document
        ),
        cancel_job=CancelJob(transactions=parts.transactions),
        retry_job=retry_job,
        replay_dead_letters=ReplayDeadLetters(transactions=parts.transactions, retry_job=retry_job),
        delete_document=DeleteDocument(transactions=parts.transactions, blobs=parts.blobs),
        search_chunks=SearchChunks(
            embedder=parts.embedder, terms=parts.terms, search=PostgresPassageSearch(parts.engine)
        ),
        start_cleanup=wire_start(settings, parts.transactions, action_type=CLEANUP, wake_relay=wake_relay),
        start_doctor=wire_start(settings, parts.transactions, action_type=DOCTOR, wake_relay=wake_relay),
        tasks=PostgresTaskReader(parts.engine),
        documents=PostgresDocumentReader(parts.engine),
        dead_letters=PostgresDeadLetterReader(parts.engine),
        queues=PostgresQueueReader(parts.engine),
        queue_messages=RqMessages(parts.redis),
        pause_queue=PauseQueue(transactions=parts.transactions),
        resume_queue=ResumeQueue(transactions=parts.transactions, wake_relay=wake_relay),
        jobs=PostgresJobReader(parts.engine),
        job_changes=PostgresJobChanges(backends.database_url),
        blobs=parts.blobs,
        parts=pings,
        monitored_parts=pings | {"storage": partial(ping_storage, parts.blobs)},
        public_url=public_url,
        cors_origins=settings.cors_origins,
        download_url_seconds=DOWNLOAD_URL_SECONDS,
        telemetry=wire_api_telemetry(
            backends.database_url, pings=pings, types=[*parts.action_types], traces=parts.traces
        ),
        keys_required=keys_required,
        api_keys=api_keys,
        create_api_key=CreateApiKey(keys=api_keys, clock=clock),
        revoke_api_key=RevokeApiKey(keys=api_keys, clock=clock),
        check_api_key=CheckApiKey(keys=api_keys, clock=clock),
        issue_stream_token=IssueStreamToken(secret=secret, clock=clock),
        check_stream_token=CheckStreamToken(keys=api_keys, secret=secret, clock=clock),
    )


def ping_database(engine: Engine) -> None:
    """Raise DatabaseUnavailable unless the database answers."""
    with database_errors(), engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def ping_redis(redis: Redis) -> None:
    """Raise QueueUnavailable unless Redis answers."""
    with redis_errors():
        redis.ping()


def ping_storage(blobs: BlobStore) -> None:
    """Raise StorageUnavailable unless the object store answers."""
    with contextlib.suppress(BlobNotFound):
        blobs.head("health/nothing")
