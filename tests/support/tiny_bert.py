"""A tiny random BERT or XLM-R in a folder, and a plain numpy encoder to compare with."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordLevel
from tokenizers.normalizers import Strip
from tokenizers.pre_tokenizers import Metaspace, Whitespace
from tokenizers.processors import TemplateProcessing

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "fish", "bird"]
XLM_R_WORDS = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    *(f"\u2581{word}" for word in [*WORDS[4:], "query", "passage"]),
    ":",
    "\u2581",
]
HEADS = 2
EPSILON = 1e-5
BERT_LIMITS = {"max_position_embeddings": 12, "type_vocab_size": 2, "vocab_size": len(WORDS)}
XLM_R_LIMITS = {"max_position_embeddings": 14, "type_vocab_size": 1, "vocab_size": len(XLM_R_WORDS)}

Tensors = dict[str, NDArray[np.float32]]


def write_tiny_bert(
    path: Path,
    *,
    prefix: str = "",
    pooling: str = "mean",
    normalize: bool = True,
    limits: Mapping[str, int] = BERT_LIMITS,
    **config: object,
) -> Tensors:
    """Write the folder and return its tensors without the prefix."""
    path.mkdir(parents=True, exist_ok=True)
    tensors = _random_tensors(hidden=16, wide=24, layers=2, limits=limits)
    save_file({prefix + name: tensor for name, tensor in tensors.items()}, path / "model.safetensors")
    shape = {"num_hidden_layers": 2, "num_attention_heads": HEADS, "hidden_size": 16, "intermediate_size": 24}
    whole = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_act": "gelu",
        "pad_token_id": 0,
        "layer_norm_eps": EPSILON,
        **shape,
        **limits,
        **config,
    }
    _write_json(path / "config.json", whole)
    kinds = ["Transformer", "Pooling", "Normalize"][: 3 if normalize else 2]
    folders = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": i, "name": str(i), "path": folders[i], "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(kinds)
    ]
    _write_json(path / "modules.json", modules)
    modes = {"cls": "pooling_mode_cls_token", "mean": "pooling_mode_mean_tokens", "max": "pooling_mode_max_tokens"}
    (path / "1_Pooling").mkdir(exist_ok=True)
    chosen = {key: mode == pooling for mode, key in modes.items()}
    _write_json(path / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, **chosen})
    _tokenizer().save(str(path / "tokenizer.json"))
    return tensors


def write_tiny_xlm_r(path: Path, *, prompts: Mapping[str, str] | None = None, **config: object) -> Tensors:
    """Write an XLM-R: positions that begin behind the padding's, one kind of segment, a sentencepiece tokenizer."""
    whole = {"model_type": "xlm-roberta", "architectures": ["XLMRobertaModel"], "pad_token_id": 1, **config}
    tensors = write_tiny_bert(path, limits=XLM_R_LIMITS, **whole)  # type: ignore[arg-type]
    _sentencepiece_tokenizer().save(str(path / "tokenizer.json"))
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>"}
    special = {f"{name}_token": token for name, token in names.items()}
    _write_json(path / "tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer", **special})
    _write_json(path / "sentence_bert_config.json", {"max_seq_length": 12})
    _write_json(path / "config_sentence_transformers.json", {"prompts": dict(prompts or {})})
    return tensors


def embed_by_numpy(
    tensors: Tensors, ids: list[int], *, pooling: str, activation: str, first_position: int = 0
) -> NDArray[np.float64]:
    """BERT for one text, as the paper has it: no batch, no padding, no mask."""

    def linear(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(x @ tensors[f"{name}.weight"].astype(float).T + tensors[f"{name}.bias"])

    def norm(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return np.asarray(scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"])

    hidden = tensors["embeddings.word_embeddings.weight"][ids].astype(float)
    hidden = hidden + tensors["embeddings.position_embeddings.weight"][first_position:][: len(ids)]
    hidden = norm("embeddings.LayerNorm", hidden + tensors["embeddings.token_type_embeddings.weight"][0])
    for layer in range(2):
        name = f"encoder.layer.{layer}"
        query, key, value = (linear(f"{name}.attention.self.{part}", hidden) for part in ("query", "key", "value"))
        size = hidden.shape[1] // HEADS
        heads = []
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            scores = np.exp(query[:, part] @ key[:, part].T / math.sqrt(size))
            heads.append(scores / scores.sum(-1, keepdims=True) @ value[:, part])
        attended = linear(f"{name}.attention.output.dense", np.concatenate(heads, axis=1))
        hidden = norm(f"{name}.attention.output.LayerNorm", hidden + attended)
        wide = _activate(linear(f"{name}.intermediate.dense", hidden), activation)
        hidden = norm(f"{name}.output.LayerNorm", hidden + linear(f"{name}.output.dense", wide))
    pooled = hidden[0] if pooling == "cls" else hidden.mean(0)
    return np.asarray(pooled / np.linalg.norm(pooled))


def _activate(x: NDArray[np.float64], activation: str) -> NDArray[np.float64]:
    match activation:
        case "relu":
            return np.maximum(x, 0)
        case "gelu":
            return np.asarray(x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2)
        case _:
            return np.asarray(x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2)


def _random_tensors(*, hidden: int, wide: int, layers: int, limits: Mapping[str, int]) -> Tensors:
    random = np.random.default_rng(7)
    tensors: Tensors = {}

    def add(name: str, *shape: int) -> None:
        tensors[name] = random.normal(0, 0.5, shape).astype(np.float32)

    rows = {"word": "vocab_size", "position": "max_position_embeddings", "token_type": "type_vocab_size"}
    for table, limit in rows.items():
        add(f"embeddings.{table}_embeddings.weight", limits[limit], hidden)
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        sizes = {f"attention.self.{part}": (hidden, hidden) for part in ("query", "key", "value")}
        sizes |= {"attention.output.dense": (hidden, hidden), "intermediate.dense": (wide, hidden)}
        for part, (out, into) in (sizes | {"output.dense": (hidden, wide)}).items():
            add(f"{name}.{part}.weight", out, into)
            add(f"{name}.{part}.bias", out)
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
    for name in norms:
        add(f"{name}.weight", hidden)
        add(f"{name}.bias", hidden)
    return tensors


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    special = [("[CLS]", WORDS.index("[CLS]")), ("[SEP]", WORDS.index("[SEP]"))]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    tokenizer.enable_truncation(3)  # as in the wheel: meant for someone else, and to be left out
    tokenizer.enable_padding(length=3)
    return tokenizer


def _sentencepiece_tokenizer() -> Tokenizer:
    pieces = [(piece, 0.0 if index < 4 else -1.0) for index, piece in enumerate(XLM_R_WORDS)]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=XLM_R_WORDS.index("<unk>")))
    tokenizer.normalizer = Strip(left=False, right=True)
    tokenizer.pre_tokenizer = Metaspace()
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
