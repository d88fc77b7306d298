"""Builds a BERT encoder as an OpenVINO graph, straight from the tensors of model.safetensors.

Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding". RoBERTa and
XLM-R are the same encoder; only their positions begin further on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops
from safetensors import SafetensorError, safe_open

from domain.errors import ModelNotUsable
from infrastructure.embedding.model_folder import INSTALL_EXTRA, Activation, BertFolder, Pooling

MASKED = np.float32(-1e4)  # far below any score, and still a number in half precision


def build_bert_graph(folder: BertFolder) -> ov.Model:
    """Return a model of (token ids int32, mask float32), both (batch, length) of any size, to (batch, hidden size).

    The rows are pooled and not yet of unit length. The mask is 1 where a token is and 0 where padding is.
    """
    tensors = _read_tensors(folder)
    try:
        return _BertGraph(folder=folder, tensors=tensors).build()
    except KeyError as exc:
        raise ModelNotUsable(f"model.safetensors in {folder.path} lacks the tensor {exc}. {INSTALL_EXTRA}") from exc


def _read_tensors(folder: BertFolder) -> dict[str, NDArray[np.float32]]:
    """Read what the encoder needs, under the names without the prefix, LayerNorm's in the newer spelling."""
    tensors = {}
    try:
        with safe_open(folder.path / "model.safetensors", framework="numpy") as file:
            for key in file.keys():  # noqa: SIM118 -- it is no dict
                name = key.removeprefix("bert.").removeprefix("roberta.")
                name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
                name = name.replace("LayerNorm.beta", "LayerNorm.bias")
                if name.startswith(("embeddings.", "encoder.")) and not name.endswith("position_ids"):
                    tensors[name] = file.get_tensor(key).astype(np.float32, copy=False)
    except (SafetensorError, TypeError) as exc:  # TypeError: numbers that numpy does not know, such as bfloat16
        raise ModelNotUsable(f"model.safetensors in {folder.path} cannot be read: {exc}. {INSTALL_EXTRA}") from exc
    return tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class _BertGraph:
    folder: BertFolder
    tensors: Mapping[str, NDArray[np.float32]]

    def build(self) -> ov.Model:
        ids = ops.parameter([-1, -1], np.int32, name="ids")
        mask = ops.parameter([-1, -1], np.float32, name="mask")
        score_offset = ops.unsqueeze(ops.multiply(ops.subtract(np.float32(1), mask), MASKED), _ints([1, 2]))
        hidden = self._embeddings(ids)
        for index in range(self.folder.layers):
            hidden = self._layer(f"encoder.layer.{index}", hidden, score_offset)
        return ov.Model([self._pool(hidden, mask)], [ids, mask], "bert")

    def _embeddings(self, ids: Any) -> Any:  # noqa: ANN401 -- OpenVINO has no types; the same below
        # Every text is a first segment, so that segment's vector can be added once and for all.
        positions = self.tensors["embeddings.position_embeddings.weight"][self.folder.first_position :]
        segments = self.tensors.get("embeddings.token_type_embeddings.weight")
        table = ops.constant(positions if segments is None or not len(segments) else positions + segments[0])
        length = ops.gather(ops.shape_of(ids), _ints([1]), _ints(0))
        of_length = ops.slice(table, _ints([0]), length, _ints([1]), _ints([0]))
        words = ops.gather(self._tensor("embeddings.word_embeddings.weight"), ids, _ints(0))
        return self._norm("embeddings.LayerNorm", ops.add(words, ops.unsqueeze(of_length, _ints(0))))

    def _layer(self, name: str, hidden: Any, score_offset: Any) -> Any:  # noqa: ANN401
        query, key, value = (
            self._split_heads(self._linear(f"{name}.attention.self.{part}", hidden))
            for part in ("query", "key", "value")
        )
        seen = ops.scaled_dot_product_attention(query, key, value, score_offset)
        seen = ops.reshape(
            ops.transpose(seen, _ints([0, 2, 1, 3])), _ints([0, 0, self.folder.hidden_size]), special_zero=True
        )
        seen = ops.add(hidden, self._linear(f"{name}.attention.output.dense", seen))
        hidden = self._norm(f"{name}.attention.output.LayerNorm", seen)
        wide = self._activate(self._linear(f"{name}.intermediate.dense", hidden))
        return self._norm(f"{name}.output.LayerNorm", ops.add(hidden, self._linear(f"{name}.output.dense", wide)))

    def _split_heads(self, hidden: Any) -> Any:  # noqa: ANN401
        size = self.folder.hidden_size // self.folder.heads
        apart = ops.reshape(hidden, _ints([0, 0, self.folder.heads, size]), special_zero=True)
        return ops.transpose(apart, _ints([0, 2, 1, 3]))

    def _activate(self, hidden: Any) -> Any:  # noqa: ANN401
        match self.folder.activation:
            case Activation.RELU:
                return ops.relu(hidden)
            case Activation.GELU:
                return ops.gelu(hidden, "erf")
            case Activation.GELU_NEW | Activation.GELU_TANH:
                return ops.gelu(hidden, "tanh")

    def _pool(self, hidden: Any, mask: Any) -> Any:  # noqa: ANN401
        if self.folder.pooling is Pooling.CLS:
            return ops.gather(hidden, _ints(0), _ints(1))
        weights = ops.unsqueeze(mask, _ints(2))
        total = ops.reduce_sum(ops.multiply(hidden, weights), _ints([1]))
        return ops.divide(total, ops.reduce_sum(weights, _ints([1])))

    def _linear(self, name: str, hidden: Any) -> Any:  # noqa: ANN401
        product = ops.matmul(hidden, self._tensor(f"{name}.weight"), transpose_a=False, transpose_b=True)
        return ops.add(product, self._tensor(f"{name}.bias"))

    def _norm(self, name: str, hidden: Any) -> Any:  # noqa: ANN401
        epsilon = self.folder.layer_norm_eps
        scaled = ops.mvn(hidden, _ints([-1]), normalize_variance=True, eps=epsilon, eps_mode="INSIDE_SQRT")
        return ops.add(ops.multiply(scaled, self._tensor(f"{name}.weight")), self._tensor(f"{name}.bias"))

    def _tensor(self, name: str) -> Any:  # noqa: ANN401
        return ops.constant(self.tensors[name])


def _ints(values: int | list[int]) -> Any:  # noqa: ANN401
    return ops.constant(np.array(values, dtype=np.int64))
