"""What can be followed: documents and jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Self

from application.ports.document_reader import DocumentReader
from application.ports.job_reader import JobReader
from application.state_version import StateVersion
from domain.action import FINAL
from domain.callback import CALLBACK_QUEUE
from domain.cleanup import CLEANUP_QUEUE
from domain.document import DocumentStatus
from domain.errors import DocumentNotFound, JobNotFound
from domain.ids import DEFAULT_TENANT, DocumentId, JobId
from domain.job import Job
from interface.api.follower import ShownState
from interface.api.services import ApiServices
from interface.api.shared_reading import SharedReading
from interface.api.state_feed import StateFeed, StateSource
from interface.api.v1.schemas.actions import JobStatus
from interface.api.v1.schemas.status import DocumentStatusBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """One of each a process. The versions are for those who only ask now and then."""

    documents: StateFeed[DocumentId]
    jobs: StateFeed[JobId]
    document_versions: SharedReading[DocumentId, StateVersion]

    @classmethod
    def over(cls, services: ApiServices) -> Self:
        """Return feeds, in which nothing happens until somebody follows."""
        documents, jobs = services.documents, services.jobs
        return cls(
            documents=StateFeed(
                services.job_changes,
                StateSource(
                    versions=documents.versions,
                    states=partial(_document_states, documents),
                    not_found=DocumentNotFound,
                ),
            ),
            jobs=StateFeed(
                services.job_changes,
                StateSource(
                    versions=partial(jobs.versions, DEFAULT_TENANT),
                    states=partial(_job_states, jobs),
                    not_found=JobNotFound,
                ),
            ),
            document_versions=SharedReading(documents.versions),
        )

    def close(self) -> None:
        """Let all who follow end."""
        self.documents.close()
        self.jobs.close()


def is_final(status: DocumentStatus) -> bool:
    """Tell whether the status stays as it is until somebody asks for more."""
    return status in {DocumentStatus(final) for final in FINAL}


def is_clients(job: Job) -> bool:
    """Tell whether clients may see it: tasks of those who run Esteira have a scope of their own."""
    return all(action.queue not in {CLEANUP_QUEUE, CALLBACK_QUEUE} for action in job.actions)


def _document_states(reader: DocumentReader, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, ShownState]:
    now = datetime.now(UTC)
    return {
        key: ShownState(
            version=state.state_version,
            is_final=is_final(state.status),
            job_id=state.job.id if state.job else None,
            body=DocumentStatusBody.of(state, now=now).model_dump_json(),
        )
        for key, state in reader.states(document_ids).items()
    }


def _job_states(reader: JobReader, job_ids: Sequence[JobId]) -> Mapping[JobId, ShownState]:
    return {
        job.id: ShownState(
            version=StateVersion(job.version),
            is_final=job.is_final,
            job_id=job.id,
            body=JobStatus.of(job).model_dump_json(),
        )
        for job in reader.several(DEFAULT_TENANT, job_ids)
        if is_clients(job)
    }
