"""Uploads documents to an Esteira server, follows their processing, and searches them: sync and async."""

from esteira_client.announcing import NewDocument, SingleUpload, UploadInParts
from esteira_client.answers import (
    Document,
    DocumentStatus,
    Failure,
    JobAction,
    JobStatus,
    Json,
    Page,
    StageTimes,
    StartedJob,
    StatusPage,
    UnreadablePage,
)
from esteira_client.async_client import AsyncEsteira
from esteira_client.client import Esteira
from esteira_client.contents import Chunk, DocumentDetails, DocumentPage, OutlineEntry, PagePicture, SearchResult
from esteira_client.errors import EsteiraError
from esteira_client.patience import Patience
from esteira_client.sending import OnProgress, Progress
from esteira_client.sources import Source

__all__ = [
    "AsyncEsteira",
    "Chunk",
    "Document",
    "DocumentDetails",
    "DocumentPage",
    "DocumentStatus",
    "Esteira",
    "EsteiraError",
    "Failure",
    "JobAction",
    "JobStatus",
    "Json",
    "NewDocument",
    "OnProgress",
    "OutlineEntry",
    "Page",
    "PagePicture",
    "Patience",
    "Progress",
    "SearchResult",
    "SingleUpload",
    "Source",
    "StageTimes",
    "StartedJob",
    "StatusPage",
    "UnreadablePage",
    "UploadInParts",
]
