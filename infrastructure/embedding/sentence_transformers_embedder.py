"""Any model of sentence-transformers, on the CPU or on CUDA; needs the extra `sentence-transformers`."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from domain.errors import EmbeddingUnavailable, ModelNotUsable
from infrastructure.embedding.model_folder import INSTALL_EXTRA, find_model_folder, name_of
from infrastructure.embedding.prefixes import MODELS_OWN, OwnPrefixes, Prefixes
from infrastructure.embedding.text_tokenizer import TextTokenizer, readable

BATCH_TEXTS_CPU = 8  # larger batches were slower
BATCH_TEXTS_CUDA = 64


def is_installed() -> bool:
    """Say whether the extra is there, without importing it."""
    return find_spec("sentence_transformers") is not None


class SentenceTransformersEmbedder:
    """Embeds by sentence-transformers. Threads may share one: a lock lets one call in at a time. Make one by `load`."""

    def __init__(self, encoder: Any, tokenizer: TextTokenizer, *, name: str, prefixes: Prefixes) -> None:  # noqa: ANN401
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._name = name
        self._prefixes = prefixes
        self._one_at_a_time = Lock()  # its tokenizer keeps the truncation of a call in itself

    @classmethod
    def load(cls, model: str, *, device: str | None = None, prefixes: OwnPrefixes = MODELS_OWN) -> Self:
        """Load a model by its name on the Hugging Face Hub or a local folder; `device` is CUDA where there is one.

        Takes seconds, or a download. Raises ModelNotUsable with a sentence that says what to do.
        """
        if not is_installed():
            raise ModelNotUsable(f"{model} cannot be loaded. {INSTALL_EXTRA}")
        # Imported here and not above: it is an extra, and brings torch, which takes seconds to import.
        library = import_module("sentence_transformers")
        folder = find_model_folder(model)
        try:
            encoder = library.SentenceTransformer(str(folder or model), device=device)
        except (OSError, ValueError) as exc:  # what the Hub's client raises: no such model, no network, no weights
            raise ModelNotUsable(f"sentence-transformers cannot load {model}: {exc}") from exc
        backend = getattr(encoder.tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelNotUsable(f"{model} has no fast tokenizer, so its tokens cannot be found in the text.")
        tokenizer = TextTokenizer(backend.to_str(), max_sequence_tokens=encoder.max_seq_length)
        of_model = Prefixes.of_prompts(encoder.prompts, encoder.default_prompt_name)
        return cls(
            encoder,
            tokenizer,
            name=prefixes.rename(name_of(folder) if folder else model),
            prefixes=prefixes.over(of_model),
        )

    @property
    def model_name(self) -> str:
        """Name under which vectors are stored and cached."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return int(self._encoder.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """Most tokens of a passage that the model sees, special tokens and prefix left out."""
        return self._tokenizer.max_tokens - len(self._tokenizer.spans(self._prefixes.passage))

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Tokenize without special tokens: (start, end) of each token in code points of `text`, in order."""
        return self._tokenizer.spans(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts in order: float32, (len(texts), dimensions), unit length. Raises EmbeddingUnavailable."""
        return self._embed(texts, self._prefixes.passage)

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Embed a question: float32, (dimensions,), unit length. Raises EmbeddingUnavailable."""
        vector: NDArray[np.float32] = self._embed([query], self._prefixes.query)[0]
        return vector

    def _embed(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        on_cuda = self._encoder.device.type == "cuda"
        try:
            with self._one_at_a_time:
                vectors = self._encoder.encode(
                    [readable(text) for text in texts],
                    prompt=prefix,
                    batch_size=BATCH_TEXTS_CUDA if on_cuda else BATCH_TEXTS_CPU,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
        except RuntimeError as exc:  # torch's own errors, memory that ran out on the device among them
            raise EmbeddingUnavailable from exc
        return np.asarray(vectors, dtype=np.float32)
