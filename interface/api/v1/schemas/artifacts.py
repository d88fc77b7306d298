"""Artifacts: what a client wants, and where it will be."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from application.reports.params import FileKind, ReportName
from domain.job import Job
from interface.api.v1.schemas.actions import Params
from interface.api.v1.schemas.values import RequestBody


class ArtifactBody(RequestBody):
    """A report as a file; docs/artifacts.md says which params each report takes."""

    kind: Annotated[FileKind, Field(strict=False)]
    report: Annotated[ReportName, Field(strict=False)]
    params: Params = Field(default_factory=dict, examples=[{"language": "pt"}])


class ArtifactStarted(BaseModel):
    """A job that makes an artifact: `download_url` leads to it once `status_url` says `completed`."""

    job_id: UUID
    status: Literal["pending"] = "pending"
    status_url: str
    download_url: str

    @classmethod
    def of(cls, job: Job, *, job_url: str, download_url: str) -> "ArtifactStarted":
        """Return the answer, which is the same however far the job is by now."""
        return cls(job_id=job.id, status_url=f"{job_url}/status", download_url=download_url)
