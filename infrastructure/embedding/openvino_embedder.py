"""The default encoder: any folder of safetensors with a BERT or an XLM-R on the CPU, without torch."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from domain.errors import EmbeddingUnavailable, ModelNotUsable
from infrastructure.embedding.bert_graph import build_bert_graph
from infrastructure.embedding.model_folder import (
    BUNDLED_MODEL,
    INSTALL_EXTRA,
    find_model_folder,
    name_of,
    read_bert_folder,
)
from infrastructure.embedding.prefixes import MODELS_OWN, OwnPrefixes, Prefixes
from infrastructure.embedding.text_tokenizer import TextTokenizer

BATCH_TOKENS = 1024  # about what stays in a core's cache; larger batches were slower
BATCH_TEXTS = (4, 32)  # least and most, whatever their length
TEXTS_TOKENIZED_AT_ONCE = 256
MAX_STREAMS = 8  # each holds buffers of its own


class OpenVinoEmbedder:
    """Embeds by OpenVINO. Threads may share one: every call has its own inference requests. Make one by `load`."""

    def __init__(
        self,
        compiled: ov.CompiledModel,
        tokenizer: TextTokenizer,
        *,
        name: str,
        dimensions: int,
        pad_token_id: int,
        prefixes: Prefixes,
    ) -> None:
        self._compiled = compiled
        self._tokenizer = tokenizer
        self._name = name
        self._dimensions = dimensions
        self._pad_token_id = pad_token_id
        self._prefixes = prefixes
        self._requests = compiled.get_property("NUM_STREAMS") + 1  # one more, so that no stream waits for Python

    @classmethod
    def load(
        cls, model: str = BUNDLED_MODEL, *, threads: int | None = None, prefixes: OwnPrefixes = MODELS_OWN
    ) -> Self:
        """Load the bundled model or a local folder, to run on `threads` threads (all cores by default).

        Takes under a second. Raises ModelNotUsable with a sentence that says what to do.
        """
        path = find_model_folder(model)
        if path is None:
            raise ModelNotUsable(f"{model} is neither the bundled {BUNDLED_MODEL} nor a folder here. {INSTALL_EXTRA}")
        folder = read_bert_folder(path)
        definition = (path / "tokenizer.json").read_text(encoding="utf-8")
        tokenizer = TextTokenizer(
            definition, max_sequence_tokens=folder.max_sequence_tokens, lowercase=folder.lowercase
        )
        core = ov.Core()
        compiled = core.compile_model(build_bert_graph(folder), "CPU", _settings(core, threads or _cores()))
        return cls(
            compiled,
            tokenizer,
            name=prefixes.rename(name_of(path)),
            dimensions=folder.hidden_size,
            pad_token_id=folder.pad_token_id,
            prefixes=prefixes.over(folder.prefixes),
        )

    @property
    def model_name(self) -> str:
        """Name under which vectors are stored and cached."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        """Most tokens of a passage that the model sees, special tokens and prefix left out."""
        return self._tokenizer.max_tokens - len(self._tokenizer.spans(self._prefixes.passage))

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Tokenize without special tokens: (start, end) of each token in code points of `text`, in order."""
        return self._tokenizer.spans(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts in order: float32, (len(texts), dimensions), unit length. Raises EmbeddingUnavailable."""
        return self._embed([self._prefixes.passage + text for text in texts])

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Embed a question: float32, (dimensions,), unit length. Raises EmbeddingUnavailable."""
        vector: NDArray[np.float32] = self._embed([self._prefixes.query + query])[0]
        return vector

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        ids = [
            row
            for start in range(0, len(texts), TEXTS_TOKENIZED_AT_ONCE)
            for row in self._tokenizer.ids(texts[start : start + TEXTS_TOKENIZED_AT_ONCE])
        ]
        vectors = np.zeros((len(ids), self._dimensions), np.float32)
        try:
            self._infer(ids, vectors)
        except RuntimeError as exc:  # the only error that OpenVINO has
            raise EmbeddingUnavailable from exc
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
        return vectors

    def _infer(self, ids: Sequence[Sequence[int]], vectors: NDArray[np.float32]) -> None:
        """Write each text's vector into its row of `vectors`, several batches at a time."""
        idle: list[ov.InferRequest] = []
        running: deque[tuple[ov.InferRequest, list[int]]] = deque()

        def take_oldest() -> None:
            request, rows = running.popleft()
            request.wait()
            vectors[rows] = request.get_output_tensor(0).data
            idle.append(request)

        for rows in _batches([len(row) for row in ids]):
            if len(running) == self._requests:
                take_oldest()
            request = idle.pop() if idle else self._compiled.create_infer_request()
            request.start_async(self._padded([ids[row] for row in rows]))
            running.append((request, rows))
        while running:
            take_oldest()

    def _padded(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.generic]]:
        """Return ids and mask of one batch, as wide as its longest text."""
        shape = (len(ids), max(1, *map(len, ids)))
        padded, mask = np.full(shape, self._pad_token_id, np.int32), np.zeros(shape, np.float32)
        for row, of_text in enumerate(ids):
            padded[row, : len(of_text)] = of_text
            mask[row, : max(1, len(of_text))] = 1  # a tokenizer without special tokens makes nothing of ""
        return [padded, mask]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the rows in batches of texts of about one length, longest first, so that the last batches are short."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    fewest, most = BATCH_TEXTS
    start = 0
    while start < len(order):
        size = min(most, max(fewest, BATCH_TOKENS // max(1, lengths[order[start]])))
        yield order[start : start + size]
        start += size


def _settings(core: ov.Core, threads: int) -> dict[str, str]:
    """Return the settings to compile with: bfloat16 where the CPU computes in it, one thread a stream.

    Streams do not wait for each other as the threads of one stream do, which pays when others use the machine too;
    for the same reason no thread is pinned to a core.
    """
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return {
        "INFERENCE_PRECISION_HINT": "bf16" if has_bf16 else "f32",
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": str(min(threads, MAX_STREAMS)),
        "ENABLE_CPU_PINNING": "NO",
    }


def _cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1
