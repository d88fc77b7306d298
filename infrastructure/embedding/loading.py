"""Chooses the adapter for a model: OpenVINO where it can run it, else sentence-transformers."""

from application.ports.embedder import Embedder
from domain.errors import ModelNotUsable
from infrastructure.embedding import sentence_transformers_embedder
from infrastructure.embedding.model_folder import BUNDLED_MODEL
from infrastructure.embedding.openvino_embedder import OpenVinoEmbedder
from infrastructure.embedding.prefixes import OwnPrefixes
from infrastructure.embedding.sentence_transformers_embedder import SentenceTransformersEmbedder


def load_embedder(
    model: str = BUNDLED_MODEL,
    *,
    threads: int | None = None,
    device: str | None = None,
    query_prefix: str | None = None,
    passage_prefix: str | None = None,
) -> Embedder:
    """Load the bundled model, a local folder, or any sentence-transformers model where that extra is installed.

    `threads` limits OpenVINO's threads (all cores by default). A `device` other than `cpu` asks for
    sentence-transformers. Prefixes take the place of those that the model names itself. Raises ModelNotUsable with a
    sentence that says what to do.
    """
    prefixes = OwnPrefixes(query=query_prefix, passage=passage_prefix)
    if device in (None, "cpu"):
        try:
            return OpenVinoEmbedder.load(model, threads=threads, prefixes=prefixes)
        except ModelNotUsable:
            if not sentence_transformers_embedder.is_installed():
                raise
    return SentenceTransformersEmbedder.load(model, device=device, prefixes=prefixes)
