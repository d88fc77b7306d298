"""The contract of the port Embedder, on every adapter that can be imported here.

The main environment has OpenVINO, .venv-torch has sentence-transformers too; where both are, they are compared.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from application.ports.embedder import Embedder
from infrastructure.embedding.model_folder import bundled_folder
from infrastructure.embedding.openvino_embedder import OpenVinoEmbedder
from infrastructure.embedding.sentence_transformers_embedder import SentenceTransformersEmbedder, is_installed
from tests.support.fake_embedder import FakeEmbedder
from tests.support.tiny_bert import write_tiny_bert, write_tiny_xlm_r

LOADERS: dict[str, Callable[[], Embedder]] = {
    "fake": FakeEmbedder,
    "openvino": OpenVinoEmbedder.load,
    "sentence-transformers": lambda: SentenceTransformersEmbedder.load(str(bundled_folder()), device="cpu"),
}
AVAILABLE = {"fake": True, "openvino": True, "sentence-transformers": is_installed()}

TEXTS = [
    "A lease is renewed by a heartbeat.",
    "",
    "x",
    " \n\t ",
    "The quarterly report " * 150,
    "Ação, coração, São João: já não é só isso; naïve café, Ærøskøbing.",
    "東京は日本の首都です。人口は約千四百万人。",
    "rocket 🚀 family 👨‍👩‍👧 flag 🇧🇷",
    "first line\nsecond line\r\n\r\nthird\u2028line",
    "ALL CAPITALS AND 1,234.56 numbers (in brackets) [SEP]",
    "supercalifragilisticexpialidocious" * 12,
    "e\u0301 composed by two, \u00e9 by one; \u200bzero\u200bwidth; \u0130stanbul",
    "مرحبا بالعالم — שלום עולם — Привет, мир",
    *(f"Item {i}: " + "the pump was inspected and found dry. " * (i % 9) for i in range(24)),
]


@pytest.fixture(scope="module", params=[name for name, there in AVAILABLE.items() if there])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return LOADERS[request.param]()


def test_vectors_are_float32_of_unit_length_one_a_text(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_make_no_rows(embedder: Embedder) -> None:
    vectors = embedder.embed_passages([])
    assert vectors.shape == (0, embedder.dimensions)
    assert vectors.dtype == np.float32


def test_vectors_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
    together = embedder.embed_passages(TEXTS)
    backwards = embedder.embed_passages(TEXTS[::-1])[::-1]
    assert (alone * together).sum(axis=1).min() > 0.999
    assert (alone * backwards).sum(axis=1).min() > 0.999


def test_a_passage_that_shares_words_with_a_question_is_nearer(embedder: Embedder) -> None:
    query = embedder.embed_query("the cat sat on the mat")
    near, far = embedder.embed_passages(["a cat on the mat", "quarterly revenue grew"])
    assert query @ near > query @ far


def test_a_question_is_one_float32_vector_of_unit_length(embedder: Embedder) -> None:
    query = embedder.embed_query("")
    assert (query.shape, query.dtype) == ((embedder.dimensions,), np.float32)
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)


def test_a_text_beyond_the_limit_is_cut_off_there(embedder: Embedder) -> None:
    long = "word " * (embedder.max_tokens + 50)
    kept = embedder.token_spans(long)[: embedder.max_tokens]
    whole, cut, shorter = embedder.embed_passages(
        [long, long[: kept[-1][1]], long[: kept[-9][1]] + " different ending"]
    )
    assert whole @ cut > 0.9999
    assert whole @ shorter < whole @ cut


def test_what_is_within_the_limit_is_all_seen(embedder: Embedder) -> None:
    start = "word " * (embedder.max_tokens - 1)
    assert len(embedder.token_spans(start + "cat")) == embedder.max_tokens
    one, other = embedder.embed_passages([start + "cat", start + "treaty"])
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("text", TEXTS[:13])
def test_token_spans_are_code_points_in_order(embedder: Embedder, text: str) -> None:
    spans = embedder.token_spans(text)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    assert all(text[start:end].strip() for start, end in spans if end > start)


def test_spans_after_an_emoji_and_a_combining_mark_are_not_shifted(embedder: Embedder) -> None:
    text = "🚀 e\u0301t 東京 then"
    start, end = embedder.token_spans(text)[-1]
    assert text[start:end] == "then"


def test_a_text_without_words_has_no_tokens(embedder: Embedder) -> None:
    assert embedder.token_spans("") == []
    assert embedder.token_spans(" \n ") == []


def test_half_a_surrogate_pair_is_embedded_and_shifts_nothing(embedder: Embedder) -> None:
    text = "broken \ud83d half"
    start, end = embedder.token_spans(text)[-1]
    assert text[start:end] == "half"
    assert np.isfinite(embedder.embed_passages([text])).all()


def test_threads_may_share_one(embedder: Embedder) -> None:
    threads, expected = 4, embedder.embed_passages(TEXTS)
    together = Barrier(threads)

    def work(shift: int) -> float:
        together.wait()
        least = 1.0
        for _ in range(3):
            vectors = embedder.embed_passages(TEXTS[shift:] + TEXTS[:shift])
            least = min(least, float((vectors * np.roll(expected, -shift, axis=0)).sum(axis=1).min()))
            assert len(embedder.token_spans(TEXTS[4])) == 450
        return least

    with ThreadPoolExecutor(threads) as pool:
        assert min(pool.map(work, range(threads))) > 0.999


def test_the_bundled_model_leaves_two_of_256_tokens_to_the_special_ones(embedder: Embedder) -> None:
    assert embedder.max_tokens == 254
    assert embedder.model_name in {"fake", "all-MiniLM-L6-v2"}


@pytest.mark.skipif(not is_installed(), reason="needs .venv-torch, where sentence-transformers is")
def test_both_adapters_agree_on_every_text() -> None:
    ours, theirs = LOADERS["openvino"](), LOADERS["sentence-transformers"]()
    assert (ours.embed_passages(TEXTS) * theirs.embed_passages(TEXTS)).sum(axis=1).min() >= 0.999
    assert [ours.token_spans(text) for text in TEXTS] == [theirs.token_spans(text) for text in TEXTS]
    assert (ours.max_tokens, ours.dimensions, ours.model_name) == (
        theirs.max_tokens,
        theirs.dimensions,
        theirs.model_name,
    )


@pytest.mark.skipif(not is_installed(), reason="needs .venv-torch, where sentence-transformers is")
@pytest.mark.parametrize("write", [write_tiny_bert, write_tiny_xlm_r])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_both_adapters_agree_on_other_models_with_their_prefixes(
    tmp_path: Path, write: Callable[..., object], pooling: str
) -> None:
    write(tmp_path, pooling=pooling)
    prompts = {"prompts": {"query": "blue ", "passage": "green "}, "default_prompt_name": None}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 12}')
    ours, theirs = OpenVinoEmbedder.load(str(tmp_path)), SentenceTransformersEmbedder.load(str(tmp_path), device="cpu")
    texts = ["red fish", "", "blue bird green", "red", "fish " * 30, "no word of it"]
    assert (ours.embed_passages(texts) * theirs.embed_passages(texts)).sum(axis=1).min() >= 0.999
    assert min(float(ours.embed_query(text) @ theirs.embed_query(text)) for text in texts) >= 0.999
    assert ours.model_name == theirs.model_name
    assert ours.max_tokens == theirs.max_tokens == 9
