"""What must hold in the end, whatever happened."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from infrastructure.scratch import ScratchFolder
from tests.chaos.documents import Sample
from tests.chaos.owner import Ledger
from tests.chaos.programs import parsers_of, still_there
from tests.chaos.stack import Stack

PUBLISHED_CHUNKS = """
    SELECT c.position, c.text, c.char_start, c.char_end, c.page_start, c.page_end, c.token_count, c.headings,
        c.language, c.term_count, (SELECT count(*) FROM embeddings e WHERE e.chunk = c.id) AS embeddings,
        (SELECT string_agg(p.term || ' ' || p.frequency || ' ' || p.length, ',' ORDER BY p.term COLLATE "C")
            FROM postings p WHERE p.chunk = c.id) AS postings
    FROM documents d JOIN chunks c ON c.run_id = d.published_run WHERE d.id = %s ORDER BY c.position
"""
PUBLISHED_PAGES = """
    SELECT p.position, p.number, p.char_start, p.text
    FROM documents d JOIN pages p ON p.run_id = d.published_run WHERE d.id = %s ORDER BY p.position
"""
ARTIFACTS = "SELECT action_id, run_lease FROM artifacts WHERE expires_at IS NOT NULL AND deleted_at IS NULL"
OUTCOMES = """
    SELECT d.id, d.job_id IS NULL AS unasked, a.status, a.error ->> 'code' AS code
    FROM documents d LEFT JOIN job_actions a ON a.job_id = d.job_id
"""
ORPHANS = {
    "pages of runs that are not published": "SELECT count(*) AS n FROM pages p WHERE NOT EXISTS"
    " (SELECT FROM documents d WHERE d.published_run = p.run_id)",
    "chunks of runs that are not published": "SELECT count(*) AS n FROM chunks c WHERE NOT EXISTS"
    " (SELECT FROM documents d WHERE d.published_run = c.run_id)",
    "embeddings without a chunk": "SELECT count(*) AS n FROM embeddings e WHERE NOT EXISTS"
    " (SELECT FROM chunks c WHERE c.id = e.chunk)",
    "postings without a chunk": "SELECT count(*) AS n FROM postings p WHERE NOT EXISTS"
    " (SELECT FROM chunks c WHERE c.id = p.chunk)",
    "actions that have not ended": "SELECT count(*) AS n FROM job_actions WHERE status IN ('pending', 'processing')",
    "actions with more runs than allowed": "SELECT count(*) AS n FROM job_actions WHERE attempt > max_attempts",
    "jobs whose status is not their action's": "SELECT count(*) AS n FROM jobs j JOIN job_actions a ON a.job_id = j.id"
    " WHERE a.status <> j.status",
}


def fingerprint(stack: Stack, document_id: str) -> str:
    """Return a digest of all that readers can see of a document, vectors only counted."""
    rows = [*stack.query(PUBLISHED_CHUNKS, document_id), *stack.query(PUBLISHED_PAGES, document_id)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def outcomes(stack: Stack) -> Mapping[str, str]:
    """Return how each document ended: `completed`, `cancelled`, or the code of its failure."""
    return {
        str(row.id): "awaiting_upload" if row.unasked else row.code if row.status == "failed" else row.status
        for row in stack.query(OUTCOMES)
    }


def reference_of(stack: Stack, ledger: Ledger) -> Mapping[str, tuple[str, str]]:
    """Return outcome and fingerprint of each sample, by its name."""
    ended = outcomes(stack)
    return {
        sample.name: (ended[document_id], fingerprint(stack, document_id))
        for document_id, sample in ledger.samples.items()
    }


def wrong_reference(reference: Mapping[str, tuple[str, str]], samples: Sequence[Sample]) -> list[str]:
    """Return the samples of which it is known how they must fail, and that did not."""
    return [
        f"{sample.name} should fail as {sample.code}, but: {reference[sample.name][0]}"
        for sample in samples
        if sample.code and reference[sample.name][0] != sample.code
    ]


def wrong_documents(stack: Stack, ledger: Ledger, reference: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the documents that are not as in the undisturbed run, or not as their owner wanted."""
    ended, wrong = outcomes(stack), []
    for document_id, sample in ledger.samples.items():
        outcome = ended.get(document_id, "gone")
        if document_id in ledger.deleted:
            wrong += [f"{sample.name} {document_id} was deleted, but: {outcome}"] if outcome != "gone" else []
        elif document_id in ledger.cancelled and outcome == "cancelled":
            if stack.query("SELECT id FROM chunks WHERE document_id = %s LIMIT 1", document_id):
                wrong.append(f"{sample.name} {document_id} was cancelled and has chunks")
        elif outcome != reference[sample.name][0]:
            wrong.append(f"{sample.name} {document_id} should be {reference[sample.name][0]}, but: {outcome}")
        elif fingerprint(stack, document_id) != reference[sample.name][1]:
            wrong.append(f"{sample.name} {document_id} has other passages than in the undisturbed run")
    unknown = {document_id for document_id, outcome in ended.items() if outcome != "awaiting_upload"}
    return wrong + [f"{document_id} is nobody's" for document_id in sorted(unknown - ledger.samples.keys())]


def orphan_rows(stack: Stack) -> list[str]:
    """Return rows that nobody will ever read."""
    counts = {what: stack.query(statement)[0].n for what, statement in ORPHANS.items()}
    return [f"{count} {what}" for what, count in counts.items() if count]


def orphan_objects(stack: Stack) -> list[str]:
    """Return objects that no document and no artifact has."""
    known = {f"documents/{row.id}/original" for row in stack.query("SELECT id FROM documents")}
    known |= {f"artifacts/{row.action_id}/{row.run_lease}" for row in stack.query(ARTIFACTS)}
    return [f"the object {key} belongs to nothing" for key in stack.store.object_keys() if key not in known]


def left_behind(stack: Stack) -> list[str]:
    """Return files and processes that outlived the workers. Call when all programs were stopped."""
    scratch = stack.folder / "data" / "scratch"
    # What a process that was killed has left is removed by the next one that starts: here is one.
    ScratchFolder(scratch)
    files = [path for path in scratch.rglob("*") if path.is_file() and path.name != ".lock"]
    pids = [pid for program in stack.programs for pid in program.pids]
    return [
        *(f"the temporary file {_short(path, scratch)} is left" for path in files),
        *(f"process {pid} still runs" for pid in still_there(pids)),
        *(f"parser {pid} still runs" for pid in parsers_of(pids)),
    ]


def _short(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))
