"""What only the OpenVINO adapter promises: any BERT-family folder, and a plain refusal of the rest."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from domain.errors import ModelNotUsable
from infrastructure.embedding.loading import load_embedder
from infrastructure.embedding.model_folder import BUNDLED_MODEL, bundled_folder
from infrastructure.embedding.openvino_embedder import OpenVinoEmbedder
from infrastructure.embedding.prefixes import OwnPrefixes
from infrastructure.embedding.sentence_transformers_embedder import SentenceTransformersEmbedder, is_installed
from tests.support.tiny_bert import WORDS, XLM_R_WORDS, embed_by_numpy, write_tiny_bert, write_tiny_xlm_r

TEXTS = ["red fish", "", "blue bird green", "red", "green green blue fish bird red red red", "yellow fish"]


def ids_of(text: str) -> list[int]:
    words = [WORDS.index(word) if word in WORDS else WORDS.index("[UNK]") for word in text.split()]
    return [WORDS.index("[CLS]"), *words, WORDS.index("[SEP]")]


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("prefix", ["", "bert."])
def test_any_bert_folder_gives_what_plain_numpy_gives(
    tmp_path: Path, prefix: str, pooling: str, activation: str
) -> None:
    tensors = write_tiny_bert(tmp_path, prefix=prefix, pooling=pooling, hidden_act=activation)
    vectors = OpenVinoEmbedder.load(str(tmp_path)).embed_passages(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        expected = embed_by_numpy(tensors, ids_of(text), pooling=pooling, activation=activation)
        assert float(vector @ expected) > 0.999, text


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("prefix", ["", "roberta."])
def test_any_xlm_r_folder_gives_what_plain_numpy_gives(tmp_path: Path, prefix: str, pooling: str) -> None:
    tensors = write_tiny_xlm_r(tmp_path, prefix=prefix, pooling=pooling)
    embedder = OpenVinoEmbedder.load(str(tmp_path))
    texts = ["red fish", "blue bird green", "red", "fish " * 30]
    assert embedder.max_tokens == 10
    for text, vector in zip(texts, embedder.embed_passages(texts), strict=True):
        ids = [0, *(XLM_R_WORDS.index(f"\u2581{word}") for word in text.split()[:10]), 2]
        expected = embed_by_numpy(tensors, ids, pooling=pooling, activation="gelu", first_position=2)
        assert float(vector @ expected) > 0.999, text


PROMPTS = {"query": "query: ", "passage": "passage: "}


def test_a_question_and_a_passage_get_the_prefixes_of_the_folder(tmp_path: Path) -> None:
    plain = OpenVinoEmbedder.load(str(_written(tmp_path / "plain")))
    told = OpenVinoEmbedder.load(str(_written(tmp_path / "told", PROMPTS)))
    assert told.embed_query("red fish") @ plain.embed_query("query: red fish") > 0.9999
    (passage,) = told.embed_passages(["red fish"])
    assert passage @ plain.embed_passages(["passage: red fish"])[0] > 0.9999
    assert passage @ told.embed_query("red fish") < 0.9999
    assert plain.max_tokens - told.max_tokens == len(plain.token_spans("passage: "))


def test_prefixes_of_ones_own_take_the_place_of_the_folders(tmp_path: Path) -> None:
    folder = str(_written(tmp_path, PROMPTS))
    own = OpenVinoEmbedder.load(folder, prefixes=OwnPrefixes(query="blue ", passage=""))
    told = OpenVinoEmbedder.load(folder)
    plain = OpenVinoEmbedder.load(str(_written(tmp_path / "plain")))
    assert own.embed_query("fish") @ plain.embed_query("blue fish") > 0.9999
    assert own.embed_passages(["fish"])[0] @ plain.embed_passages(["fish"])[0] > 0.9999
    assert len({own.model_name, told.model_name}) == 2


def test_vectors_made_with_other_prefixes_never_share_a_name(tmp_path: Path) -> None:
    one, other = _written(tmp_path / "a" / "tiny", PROMPTS), _written(tmp_path / "b" / "tiny", {"passage": "text: "})
    names = [OpenVinoEmbedder.load(str(folder)).model_name for folder in (one, other)]
    names += [
        OpenVinoEmbedder.load(str(one), prefixes=OwnPrefixes(passage=prefix)).model_name for prefix in ("a: ", "b: ")
    ]
    assert len(set(names)) == 4
    same = OpenVinoEmbedder.load(str(one), prefixes=OwnPrefixes(query="other: "))
    assert same.model_name == names[0]


def _written(path: Path, prompts: dict[str, str] | None = None) -> Path:
    write_tiny_xlm_r(path, prompts=prompts)
    return path


def test_space_before_a_word_is_no_part_of_its_token(tmp_path: Path) -> None:
    text = "red fish, bird"
    spans = OpenVinoEmbedder.load(str(_written(tmp_path))).token_spans(text)
    assert [text[start:end] for start, end in spans] == ["red", "fish", ",", "bird"]


def test_a_pooling_without_the_prompt_is_refused(tmp_path: Path) -> None:
    write_tiny_xlm_r(tmp_path, prompts=PROMPTS)
    file = tmp_path / "1_Pooling" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "include_prompt": False}))
    with pytest.raises(ModelNotUsable, match="prompts out of the pooling"):
        OpenVinoEmbedder.load(str(tmp_path))


def test_a_folder_without_a_normalising_module_gives_unit_length_too(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path, normalize=False)
    vectors = OpenVinoEmbedder.load(str(tmp_path)).embed_passages(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_limit_is_the_folders_and_else_the_number_of_positions(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path)
    assert OpenVinoEmbedder.load(str(tmp_path)).max_tokens == 10
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 7}')
    assert OpenVinoEmbedder.load(str(tmp_path)).max_tokens == 5
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 700}')
    assert OpenVinoEmbedder.load(str(tmp_path)).max_tokens == 10


def test_a_text_beyond_the_positions_is_cut_and_embedded(tmp_path: Path) -> None:
    tensors = write_tiny_bert(tmp_path)
    vector = OpenVinoEmbedder.load(str(tmp_path)).embed_passages(["fish " * 30])[0]
    assert vector @ embed_by_numpy(tensors, ids_of("fish " * 10), pooling="mean", activation="gelu") > 0.999


def test_the_older_spelling_of_layer_norm_and_half_precision_are_read(tmp_path: Path) -> None:
    tensors = write_tiny_bert(tmp_path)
    file = tmp_path / "model.safetensors"
    older = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(file).items()
    }
    save_file({name: tensor.astype(np.float16) for name, tensor in older.items()}, file)
    vector = OpenVinoEmbedder.load(str(tmp_path)).embed_passages(["red fish"])[0]
    assert vector @ embed_by_numpy(tensors, ids_of("red fish"), pooling="mean", activation="gelu") > 0.999


def test_text_is_put_into_lower_case_where_the_folder_says_so(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text('{"do_lower_case": true}')
    upper, lower = OpenVinoEmbedder.load(str(tmp_path)).embed_passages(["RED Fish", "red fish"])
    assert upper @ lower > 0.9999


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "mpnet"}, "architecture mpnet"),
        ({"model_type": "distilbert"}, "architecture distilbert"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"hidden_act": "silu"}, "activation silu"),
    ],
)
def test_another_architecture_is_refused_and_the_extra_named(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    write_tiny_bert(tmp_path, **config)
    with pytest.raises(ModelNotUsable, match=said) as refused:
        OpenVinoEmbedder.load(str(tmp_path))
    assert "pip install --editable '.[sentence-transformers]'" in refused.value.detail


def test_another_pooling_is_refused(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path, pooling="max")
    with pytest.raises(ModelNotUsable, match="pooling max"):
        OpenVinoEmbedder.load(str(tmp_path))


def test_another_module_is_refused(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path)
    file = tmp_path / "modules.json"
    modules = [*json.loads(file.read_text()), {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}]
    file.write_text(json.dumps(modules))
    with pytest.raises(ModelNotUsable, match="Normalize, Dense"):
        OpenVinoEmbedder.load(str(tmp_path))


def test_a_missing_tensor_and_broken_weights_are_named(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path, num_hidden_layers=3)
    with pytest.raises(ModelNotUsable, match=r"encoder\.layer\.2"):
        OpenVinoEmbedder.load(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelNotUsable, match="cannot be read"):
        OpenVinoEmbedder.load(str(tmp_path))


def test_other_weights_have_another_name_and_the_bundled_folder_its_own(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path / "tiny")
    first = OpenVinoEmbedder.load(str(tmp_path / "tiny")).model_name
    assert first.startswith("tiny@")
    assert OpenVinoEmbedder.load(str(tmp_path / "tiny")).model_name == first
    tensors = load_file(tmp_path / "tiny" / "model.safetensors")
    tensors["embeddings.LayerNorm.bias"] += 1
    save_file(tensors, tmp_path / "tiny" / "model.safetensors")
    assert OpenVinoEmbedder.load(str(tmp_path / "tiny")).model_name != first
    assert OpenVinoEmbedder.load(str(bundled_folder())).model_name == BUNDLED_MODEL


def test_loading_takes_openvino_for_the_bundled_model_and_for_a_bert_folder(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path)
    for model in (BUNDLED_MODEL, f"sentence-transformers/{BUNDLED_MODEL}", str(tmp_path)):
        assert isinstance(load_embedder(model, threads=1), OpenVinoEmbedder)


@pytest.mark.skipif(is_installed(), reason="here sentence-transformers would look for it")
def test_a_model_that_nobody_here_can_run_names_the_extra() -> None:
    with pytest.raises(ModelNotUsable, match=r"\[sentence-transformers\]"):
        load_embedder("intfloat/multilingual-e5-small")


@pytest.mark.skipif(not is_installed(), reason="needs .venv-torch, where sentence-transformers is")
def test_a_bert_folder_gives_the_same_by_sentence_transformers(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path, pooling="cls", normalize=False)
    ours, theirs = OpenVinoEmbedder.load(str(tmp_path)), SentenceTransformersEmbedder.load(str(tmp_path), device="cpu")
    assert (ours.embed_passages(TEXTS) * theirs.embed_passages(TEXTS)).sum(axis=1).min() >= 0.999
    assert ours.model_name == theirs.model_name


@pytest.mark.skipif(not is_installed(), reason="needs .venv-torch, where sentence-transformers is")
def test_a_model_that_sentence_transformers_cannot_find_is_said_in_a_sentence() -> None:
    with pytest.raises(ModelNotUsable, match="cannot load nobody/nothing"):
        load_embedder("nobody/nothing")
