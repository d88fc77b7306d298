"""What the HTTP door needs of the application; the composition root fills it in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from application.ports.api_key_store import ApiKeyStore
from application.ports.blob_store import BlobStore
from application.ports.dead_letter_reader import DeadLetterReader
from application.ports.document_reader import DocumentReader
from application.ports.job_changes import JobChanges
from application.ports.job_reader import JobReader
from application.ports.page_reader import PageReader
from application.ports.queue_messages import QueueMessages
from application.ports.queue_reader import QueueReader
from application.ports.task_reader import TaskReader
from application.use_cases.abort_upload import AbortUpload
from application.use_cases.cancel_job import CancelJob
from application.use_cases.check_api_key import CheckApiKey
from application.use_cases.check_stream_token import CheckStreamToken
from application.use_cases.complete_upload import CompleteUpload
from application.use_cases.create_api_key import CreateApiKey
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.find_artifact import FindArtifact
from application.use_cases.issue_stream_token import IssueStreamToken
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.process_uploaded_documents import ProcessUploadedDocuments
from application.use_cases.replay_dead_letters import ReplayDeadLetters
from application.use_cases.request_artifact import RequestArtifact
from application.use_cases.request_upload import RequestUpload
from application.use_cases.request_uploads import RequestUploads
from application.use_cases.resume_queue import ResumeQueue
from application.use_cases.retry_job import RetryJob
from application.use_cases.revoke_api_key import RevokeApiKey
from application.use_cases.search_chunks import SearchChunks
from application.use_cases.send_part import ListParts, SendPart
from application.use_cases.start_job import StartJob
from application.use_cases.start_operation import StartOperation
from application.use_cases.start_task import StartTask
from interface.api.telemetry import ApiTelemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """Use cases, ports that endpoints read from, and the few settings that show in answers."""

    request_upload: RequestUpload
    request_uploads: RequestUploads
    send_part: SendPart
    list_parts: ListParts
    complete_upload: CompleteUpload
    abort_upload: AbortUpload
    process_uploaded_document: ProcessUploadedDocument
    process_uploaded_documents: ProcessUploadedDocuments
    cancel_job: CancelJob
    retry_job: RetryJob
    replay_dead_letters: ReplayDeadLetters
    delete_document: DeleteDocument
    search_chunks: SearchChunks
    request_artifact: RequestArtifact
    find_artifact: FindArtifact
    start_job: StartJob
    start_operation: StartOperation
    start_cleanup: StartTask
    start_doctor: StartTask
    tasks: TaskReader
    documents: DocumentReader
    pages: PageReader
    dead_letters: DeadLetterReader
    queues: QueueReader
    queue_messages: QueueMessages
    pause_queue: PauseQueue
    resume_queue: ResumeQueue
    jobs: JobReader
    job_changes: JobChanges
    blobs: BlobStore
    # Each part's name, and a call that raises EsteiraError when the part does not answer.
    parts: Mapping[str, Callable[[], None]]
    # The same, for those who are on call: also what this process can serve without.
    monitored_parts: Mapping[str, Callable[[], None]]
    public_url: str
    cors_origins: tuple[str, ...]
    download_url_seconds: int
    telemetry: ApiTelemetry
    # Whether all but a few addresses need an API key.
    keys_required: bool
    api_keys: ApiKeyStore
    create_api_key: CreateApiKey
    revoke_api_key: RevokeApiKey
    check_api_key: CheckApiKey
    issue_stream_token: IssueStreamToken
    check_stream_token: CheckStreamToken
