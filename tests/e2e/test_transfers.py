"""Files are imported into a whole stack, found, and taken out again."""

import io
import zipfile

import httpx
import pytest
from pyarrow import parquet

from tests.support.documents import archive
from tests.support.esteira_client import FINAL, PATIENCE_SECONDS, EsteiraClient, Json, good
from tests.support.processes import until
from tests.support.running_stack import RunningStack

pytestmark = pytest.mark.xdist_group("whole stack")


def operate(client: EsteiraClient, operation: str, **params: object) -> Json:
    started = good(client.http.post(f"/api/v1/operations/{operation}/start", json=params), 202)

    def state() -> Json:
        return good(client.http.get(f"/api/v1/operations/{operation}/result/{started['job_id']}"), 200)

    until(lambda: state()["status"] in FINAL, seconds=PATIENCE_SECONDS)
    ended = state()
    assert ended["status"] == "completed", ended
    return dict(ended["result"])


def test_what_is_imported_is_found_and_exported(whole_stack: RunningStack, client: EsteiraClient) -> None:
    folder = whole_stack.data_dir / "import" / "shelf"
    folder.mkdir(parents=True)
    (folder / "owls.txt").write_text("The barn owl hunts by hearing.")
    (folder / "papers.zip").write_bytes(archive({"moths.md": "# Moths\n\nThe hawk moth hovers."}))
    imported = operate(client, "import", prefix="shelf", metadata={"shelf": "transfers"})
    assert (imported["imported"], imported["failed"]) == (2, [])
    documents = good(client.http.get(imported["documents_path"]), 200)["items"]
    assert {each["external_id"] for each in documents} == {"shelf/owls.txt", "shelf/papers.zip/moths.md"}
    for document in documents:
        assert client.follow(document["document_id"])[-1]["status"] == "completed"
    assert client.search("hawk moth", limit=1)[0]["external_id"] == "shelf/papers.zip/moths.md"
    exported = operate(client, "export", metadata={"shelf": "transfers"})
    assert exported["rows"] == {"documents": 2, "chunks": 2, "embeddings": 2}
    lead = client.http.get(exported["download_path"])
    assert lead.status_code == 307
    with zipfile.ZipFile(io.BytesIO(httpx.get(lead.headers["Location"]).content)) as file:
        chunks = parquet.read_table(io.BytesIO(file.read("chunks.parquet")))
        vectors = parquet.read_table(io.BytesIO(file.read("embeddings.parquet")))
    assert any("hawk moth" in text for text in chunks.column("text").to_pylist())
    assert vectors.schema.field("vector").type.list_size == 384
