"""Wires what the HTTP door needs: use cases, readers, and ways to ask if a part answers."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from redis import Redis
from sqlalchemy import Engine, text

from application.ports.blob_store import BlobStore
from application.use_cases.abort_upload import AbortUpload
from application.use_cases.cancel_job import CancelJob
from application.use_cases.check_api_key import CheckApiKey
from application.use_cases.check_stream_token import CheckStreamToken
from application.use_cases.complete_upload import CompleteUpload
from application.use_cases.create_api_key import CreateApiKey
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.find_artifact import FindArtifact
from application.use_cases.issue_stream_token import IssueStreamToken
from application.use_cases.make_artifact import ARTIFACT
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.process_uploaded_documents import ProcessUploadedDocuments
from application.use_cases.replay_dead_letters import ReplayDeadLetters
from application.use_cases.request_artifact import RequestArtifact
from application.use_cases.request_uploads import RequestUploads
from application.use_cases.resume_queue import ResumeQueue
from application.use_cases.retry_job import RetryJob
from application.use_cases.revoke_api_key import RevokeApiKey
from application.use_cases.send_part import ListParts, SendPart
from application.use_cases.start_job import StartJob
from application.use_cases.start_operation import StartOperation
from bootstrap.backends import Backends
from bootstrap.callbacks import callback_rules
from bootstrap.cleaning import wire_start
from bootstrap.parts import Parts, load_secret
from bootstrap.telemetry import wire_api_telemetry
from bootstrap.transfers import wire_process, wire_request_upload
from domain.audit import DOCTOR
from domain.cleanup import CLEANUP
from domain.errors import BlobNotFound
from infrastructure.postgres.api_key_store import PostgresApiKeyStore
from infrastructure.postgres.dead_letter_reader import PostgresDeadLetterReader
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.job_changes import PostgresJobChanges
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.page_reader import PostgresPageReader
from infrastructure.postgres.queue_reader import PostgresQueueReader
from infrastructure.postgres.task_reader import PostgresTaskReader
from infrastructure.queue.redis_queue import redis_errors
from infrastructure.queue.rq_messages import RqMessages
from interface.api.services import ApiServices

DOWNLOAD_URL_SECONDS = 900


def wire_services(
    parts: Parts, backends: Backends, *, public_url: str, wake_relay: Callable[[], None], keys_required: bool
) -> ApiServices:
    """Return what the HTTP door needs."""
    settings = parts.settings
    pings = {"database": partial(ping_database, parts.engine), "redis": partial(ping_redis, parts.redis)}
    api_keys = PostgresApiKeyStore(parts.engine)
    secret = partial(load_secret, settings)
    clock = partial(datetime.now, UTC)
    key_lifetime = timedelta(hours=settings.idempotency_ttl_hours)
    retry_job = RetryJob(transactions=parts.transactions, wake_relay=wake_relay)
    request_upload = wire_request_upload(settings, parts.transactions, parts.blobs)
    process_uploaded_document = wire_process(
        settings, parts.transactions, parts.blobs, parts.seal, wake_relay=wake_relay
    )
    start_job = StartJob(
        transactions=parts.transactions,
        action_types=parts.action_types,
        wake_relay=wake_relay,
        key_lifetime=key_lifetime,
        callbacks=callback_rules(settings),
    )
    return ApiServices(
        request_upload=request_upload,
        request_uploads=RequestUploads(
            transactions=parts.transactions, request_upload=request_upload, key_lifetime=key_lifetime
        ),
        send_part=SendPart(
            transactions=parts.transactions, blobs=parts.blobs, upload_url_seconds=settings.upload_url_seconds
        ),
        list_parts=ListParts(transactions=parts.transactions, blobs=parts.blobs),
        complete_upload=CompleteUpload(transactions=parts.transactions, blobs=parts.blobs),
        abort_upload=AbortUpload(transactions=parts.transactions, blobs=parts.blobs),
        process_uploaded_document=process_uploaded_document,
        process_uploaded_documents=ProcessUploadedDocuments(
            transactions=parts.transactions,
            process_uploaded_document=process_uploaded_document,
            key_lifetime=key_lifetime,
        ),
        cancel_job=CancelJob(transactions=parts.transactions),
        retry_job=retry_job,
        replay_dead_letters=ReplayDeadLetters(transactions=parts.transactions, retry_job=retry_job),
        delete_document=DeleteDocument(transactions=parts.transactions, blobs=parts.blobs),
        search_chunks=parts.search_chunks,
        request_artifact=RequestArtifact(action_type=parts.action_types[ARTIFACT], start_job=start_job),
        find_artifact=FindArtifact(transactions=parts.transactions),
        start_job=start_job,
        start_operation=StartOperation(action_types=parts.action_types, start_job=start_job),
        start_cleanup=wire_start(settings, parts.transactions, action_type=CLEANUP, wake_relay=wake_relay),
        start_doctor=wire_start(settings, parts.transactions, action_type=DOCTOR, wake_relay=wake_relay),
        tasks=PostgresTaskReader(parts.engine),
        documents=PostgresDocumentReader(parts.engine),
        pages=PostgresPageReader(parts.engine),
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
        create_api_key=CreateApiKey(
            transactions=parts.transactions, seal=parts.seal, clock=clock, key_lifetime=key_lifetime
        ),
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
