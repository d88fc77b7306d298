"""What every TermAnalyzer promises."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.term_analyzer import TermAnalyzer
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer

SNOWBALL: TermAnalyzer = SnowballTermAnalyzer()


@pytest.fixture(params=[SNOWBALL], ids=["snowball"])
def analyzer(request: pytest.FixtureRequest) -> TermAnalyzer:
    return request.param


@settings(deadline=None)  # the first call loads the model
@given(st.text(max_size=200), st.sampled_from([*SNOWBALL.languages(), "xx", ""]))
def test_no_text_raises_and_terms_are_fit_to_be_stored(text: str, language: str) -> None:
    for term in SNOWBALL.terms(text, language):
        assert 0 < len(term.encode("utf-8", "strict")) <= 512
        assert "\0" not in term
    assert SNOWBALL.language_of(text) in SNOWBALL.languages()


def test_lone_surrogates_and_very_long_words_are_no_fault(analyzer: TermAnalyzer) -> None:
    assert analyzer.language_of("\ud800" * 50 + "abc") in analyzer.languages()
    analyzer.terms("\ud800 abc", "en")
    assert len(analyzer.terms("x" * 1_000_000, "en")[0]) <= 64


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("AÇÕES", "acoes", "pt"),
        ("ação", "ações", "pt"),
        ("Informações", "informacao", "pt"),
        ("dependência", "dependencias", "pt"),
        ("canción", "canciones", "es"),
        ("élèves", "eleve", "fr"),
        ("Straße", "strasse", "de"),
        ("running", "RUNS", "en"),
        ("companies", "company", "en"),
        ("é", "e\u0301", "und"),
        ("ﬁnance", "Finance", "en"),
        ("１２", "12", "und"),  # noqa: RUF001
        ("ёлка", "елка", "ru"),
    ],
)
def test_words_that_mean_the_same_meet(analyzer: TermAnalyzer, one: str, other: str, language: str) -> None:
    assert analyzer.terms(one, language) == analyzer.terms(other, language) != []


def test_codes_are_found_whole_and_by_their_parts_and_numbers_whole(analyzer: TermAnalyzer) -> None:
    assert analyzer.terms("Invoice INV-001 of 3.14, 2020.", "und") == [
        *["invoice", "inv-001", "inv", "001", "of", "3.14", "2020"],
    ]


def test_stop_words_are_left_out_and_repeats_kept(analyzer: TermAnalyzer) -> None:
    assert analyzer.terms("The cat and the cat", "en") == ["cat", "cat"]
    assert analyzer.terms("O gato não é o gato", "pt") == ["gat", "gat"]


def test_text_without_spaces_gives_pairs(analyzer: TermAnalyzer) -> None:
    assert analyzer.terms("人工知能です AI研究", "und") == ["人工", "工知", "知能", "能で", "です", "ai", "研究"]
    assert analyzer.terms("字", "und") == ["字"]


def test_marks_of_other_scripts_are_letters(analyzer: TermAnalyzer) -> None:
    assert analyzer.terms("नमस्ते", "und") == ["नमस्ते"]
    assert analyzer.terms("мой", "und") == ["мой"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The contract ends after twelve months unless it is renewed in writing.", "en"),
        ("O contrato termina depois de doze meses, salvo renovação por escrito.", "pt"),
        ("prazo de pagamento da nota fiscal", "pt"),
        ("El contrato termina después de doce meses.", "es"),
        ("Der Vertrag endet nach zwölf Monaten.", "de"),
        ("契約は十二か月後に終了します。", "und"),
        ("", "und"),
        ("12 345 67,8", "und"),
    ],
)
def test_the_language_is_told(analyzer: TermAnalyzer, text: str, language: str) -> None:
    assert analyzer.language_of(text) == language


def test_threads_may_share_it() -> None:
    words = ["nationalities", "running", "ponies", "relational", "conditional"] * 200
    expected = SNOWBALL.terms(" ".join(words), "en")
    analyzer = SnowballTermAnalyzer()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: analyzer.terms(" ".join(words), "en"), range(16)))
    assert all(terms == expected for terms in found)
