"""The errors of Esteira. Each has a stable `code`; a person can act on its text; `retryable` says if time may heal it.

An error's docstring is its message unless the raiser has a better sentence.
"""

from typing import ClassVar


class EsteiraError(Exception):
    """Something went wrong inside Esteira."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        super().__init__(self.detail)

    @property
    def for_operators(self) -> str:
        """The text with what a library said of the cause, which clients must not read: addresses, names."""
        cause = str(self.__cause__).partition("\n")[0] if self.__cause__ else ""
        return f"{self.detail} {cause}".rstrip()


class UnexpectedError(EsteiraError):
    """Something went wrong inside Esteira; the worker's log says what."""

    retryable = True


class DocumentNotFound(EsteiraError):
    """There is no document with this id."""

    code = "document_not_found"


class JobNotFound(EsteiraError):
    """There is no job with this id."""

    code = "job_not_found"


class QueueNotFound(EsteiraError):
    """There is no queue of this name: GET /api/v1/queue/info lists those that exist."""

    code = "queue_not_found"


class OperationNotFound(EsteiraError):
    """There is no operation of this name."""

    code = "operation_not_found"


class ArtifactNotFound(EsteiraError):
    """This job makes no artifact."""

    code = "artifact_not_found"


class ArtifactExpired(EsteiraError):
    """The time for this artifact is over, and it was deleted: ask for a new one."""

    code = "artifact_expired"


class NotReady(EsteiraError):
    """The artifact is still being made: ask for the job's status, then again."""

    code = "not_ready"


class NoDetails(EsteiraError):
    """Nobody has asked for the details of this document yet: start an action `metadata`, and ask when it has ended."""

    code = "no_details"


class DetailsUnreadable(EsteiraError):
    """The details of this document could not be read: an action `metadata` tries it again."""

    code = "details_unreadable"


class PageNotFound(EsteiraError):
    """This document has no such page."""

    code = "page_not_found"


class InvalidRequest(EsteiraError):
    """The request is not understood."""

    code = "invalid_request"

    def __init__(self, detail: str | None = None, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class UnknownActionType(InvalidRequest):
    """There is no such action type."""

    code = "unknown_action_type"


class CallbackRefused(InvalidRequest):
    """The callback_url leads into a private network: ESTEIRA_CALLBACK_PRIVATE_NETWORKS names those that are allowed."""

    code = "callback_refused"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, pointer="/callback_url")


class CallbackTaken(EsteiraError):
    """This document is being processed already, with another callback_url: send the same one, or wait for the end."""

    code = "callback_taken"


class CallbackFailed(EsteiraError):
    """The receiver of the callback did not take it."""

    code = "callback_failed"
    retryable = True

    def __init__(self, detail: str | None = None, *, retry_after_seconds: float = 0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class CallbackGone(EsteiraError):
    """The receiver of the callback answered 410: it is not called again."""

    code = "callback_gone"


class IdempotencyKeyReused(EsteiraError):
    """This idempotency key was sent with another request before: send a new key with a new request."""

    code = "idempotency_key_reused"


class RequestInFlight(EsteiraError):
    """A request with this idempotency key is being carried out: send it again in a second."""

    code = "request_in_flight"


class TooLarge(EsteiraError):
    """The file is larger than this server takes."""

    code = "too_large"


class UploadMissing(EsteiraError):
    """The bytes are not in the object store yet: PUT them to the upload URL first, then ask for processing again."""

    code = "upload_missing"


class UploadMismatch(EsteiraError):
    """What was uploaded is not what was promised at presign: ask for a new upload URL and send the file again."""

    code = "upload_mismatch"


class UploadNotFound(EsteiraError):
    """There is no such upload in parts: it was aborted, or never begun. Presign with `multipart: true`."""

    code = "upload_not_found"


class UploadExpired(EsteiraError):
    """The time for this upload is over: presign anew."""

    code = "upload_expired"


class UploadCompleted(EsteiraError):
    """The upload was completed already: ask for processing."""

    code = "upload_completed"


class PartsMismatch(EsteiraError):
    """The parts are not those that have arrived: look which did, and send the others."""

    code = "parts_mismatch"


class AlreadyFinal(EsteiraError):
    """The work has already ended; there is nothing left to cancel."""

    code = "already_final"


class NotFailed(EsteiraError):
    """The work has not failed; there is nothing to try again."""

    code = "not_failed"


class LeaseLost(EsteiraError):
    """This run does not own its action any more: another worker has it, or it was ended. Write nothing."""

    code = "lease_lost"


class RunCancelled(EsteiraError):
    """The work was cancelled by its owner."""

    code = "cancelled"


class WorkerStopping(EsteiraError):
    """The worker was asked to stop; the work is given back and runs elsewhere."""

    code = "worker_stopping"
    retryable = True


class DeadlineExceeded(EsteiraError):
    """The work took longer than it may take; raise ESTEIRA_INDEX_TIMEOUT_SECONDS for documents like this one."""

    code = "timeout"


class IllegalTransition(EsteiraError):
    """This step is not allowed in the present state."""

    code = "illegal_transition"


class BlobNotFound(EsteiraError):
    """The object store has no such object."""

    code = "blob_not_found"


class BlobChanged(EsteiraError):
    """The object was replaced after it was checked: ask for processing again."""

    code = "upload_mismatch"


class SealBroken(EsteiraError):
    """The password cannot be opened here: give API and workers the same ESTEIRA_SECRET_KEY, then send it again."""

    code = "encrypted"


class NothingToImport(EsteiraError):
    """There is no file to import under this prefix: look where files are laid for it, and how the prefix is written."""

    code = "nothing_to_import"


class StorageUnavailable(EsteiraError):
    """The object store does not answer."""

    code = "storage_unavailable"
    retryable = True


class StorageRefused(StorageUnavailable):
    """The object store refuses this, and may answer otherwise: one object is locked, or a permission is missing."""


class DatabaseUnavailable(EsteiraError):
    """The database does not answer."""

    code = "database_unavailable"
    retryable = True


class QueueUnavailable(EsteiraError):
    """Redis does not answer; jobs wait in PostgreSQL and are sent when it is back."""

    code = "queue_unavailable"
    retryable = True


class EmbeddingUnavailable(EsteiraError):
    """The embedding model could not be run; the worker's log says why."""

    code = "embedding_unavailable"
    retryable = True


class ModelNotUsable(EsteiraError):
    """The embedding model cannot be used here."""

    code = "model_not_usable"


class ReembeddingRunning(EsteiraError):
    """Another model is being prepared: wait for that operation, or cancel it, then start this one."""

    code = "reembedding_running"


class Overtaken(EsteiraError):
    """Something that the work relied on changed meanwhile; the work is taken up again."""

    code = "overtaken"
    retryable = True


class ModelsChanged(Overtaken):
    """The live embedding model changed meanwhile; the work is taken up again for the new one."""

    code = "models_changed"


class AttachmentsChanged(Overtaken):
    """An attachment that was there already was deleted meanwhile; the work is taken up again and makes it anew."""

    code = "attachments_changed"


class NotAuthenticated(EsteiraError):
    """This server needs an API key: send one as `Authorization: Bearer KEY`, or as `X-API-Key: KEY`."""

    code = "unauthorized"


class ScopeMissing(EsteiraError):
    """The API key does not have the scope that this call needs: use one that has."""

    code = "scope_missing"


class ForeignPage(EsteiraError):
    """A page of another origin may change nothing here: add the origin to ESTEIRA_CORS_ORIGINS if it is yours."""

    code = "foreign_page"


class ApiKeyUnreadable(EsteiraError):
    """The secret was sealed with another ESTEIRA_SECRET_KEY: revoke this API key and make another one."""

    code = "key_unreadable"


class ApiKeyNotFound(EsteiraError):
    """There is no API key with this id."""

    code = "key_not_found"
