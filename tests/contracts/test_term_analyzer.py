"""What every TermAnalyzer promises."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.term_analyzer import TermAnalyzer
from domain.folded_text import FoldedText, fold
from domain.phrases import Phrase
from infrastructure.language.languages import STEMMERS
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
    assert len(analyzer.terms("1" * 1_000_000 + "-a", "und")) == 3


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Invoice INV-001", ["invoice", "inv-001", "inv", "001"]),
        ("3.14, 2020.", ["3.14", "3", "14", "2020"]),
        ("R$ 1.200,00/mês", ["r", "1.200,00/mes", "1.200,00", "1", "200", "00", "mes"]),
        ("123.456.789-00", ["123.456.789-00", "123.456.789", "123", "456", "789", "00"]),
        ("1.5-2.0", ["1.5-2.0", "1.5", "2.0", "1", "5", "2", "0"]),
        ("31.12.2024", ["31.12.2024", "31", "12", "2024"]),
        ("๑.๕", ["๑.๕", "๑", "๕"]),
        ("v1.5", ["v1.5", "1.5", "v1", "5"]),
        ("价格1.5元", ["1.5", "价格", "1", "5", "元", "价", "格"]),
        ("art. 5º, 2ª", ["art", "5o", "5", "2a", "2"]),
    ],
)
def test_codes_and_numbers_are_found_whole_and_by_their_parts(
    analyzer: TermAnalyzer, text: str, expected: list[str]
) -> None:
    assert analyzer.terms(text, "und") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("R$ 1.200,00", ["r", "1.200,00"]),
        ("1.5-2.0", ["1.5-2.0", "1.5", "2.0"]),
        ("v1.5", ["v1.5", "1.5", "v1"]),
        ("INV-001/2024", ["inv-001/2024", "inv", "001", "2024"]),
    ],
)
def test_a_question_for_a_number_is_not_one_for_its_parts(
    analyzer: TermAnalyzer, query: str, expected: list[str]
) -> None:
    assert analyzer.query_terms(query, "und") == expected


def test_stop_words_are_left_out_and_repeats_kept(analyzer: TermAnalyzer) -> None:
    assert analyzer.terms("The cat and the cat", "en") == ["cat", "cat"]
    assert analyzer.terms("O gato não é o gato", "pt") == ["gat", "gat"]


def test_text_without_spaces_gives_pairs_and_a_passage_the_characters_that_can_be_words(
    analyzer: TermAnalyzer,
) -> None:
    pairs = ["人工", "工知", "知能", "能で", "です"]
    assert analyzer.query_terms("人工知能です AI研究", "und") == [*pairs, "ai", "研究"]
    assert analyzer.terms("人工知能です AI研究", "und") == [*pairs, *"人工知能", "ai", "研究", *"研究"]
    assert analyzer.query_terms("2020年度", "und") == ["2020", "年度"]
    assert analyzer.terms("고양이", "und") == ["고양", "양이", *"고양이"]
    assert analyzer.terms("カナ", "und") == ["カナ"]
    assert analyzer.terms("字", "und") == analyzer.query_terms("字", "und") == ["字"]


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


def test_the_language_is_that_of_most_of_the_text(analyzer: TermAnalyzer) -> None:
    cover = "This document is licensed under the terms and conditions of the following agreement. " * 8
    body = "O contrato termina depois de doze meses, salvo renovação por escrito entre as partes. " * 40
    assert analyzer.language_of(cover) == "en"
    assert analyzer.language_of(cover + body) == "pt"
    assert analyzer.language_of("1, 2; " * 400 + body) == "pt"


def test_terms_come_with_the_places_of_their_words(analyzer: TermAnalyzer) -> None:
    text = "As AÇÕES da INV-001, a ac\u0327a\u0303o: Straße, ﬁm. 人工知能"
    located = analyzer.located_terms(FoldedText.of(text), "pt")
    assert [term.term for term in located] == analyzer.terms(text, "pt")
    places = [text[term.start : term.end] for term in located]
    assert places == [
        *["AÇÕES", "INV-001", "INV", "001", "ac\u0327a\u0303o", "Straße", "ﬁm", "人工", "工知", "知能", *"人工知能"],
    ]


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(SNOWBALL.languages()))
def test_located_terms_are_the_terms(text: str, language: str) -> None:
    located = SNOWBALL.located_terms(FoldedText.of(text), language)
    assert [term.term for term in located] == SNOWBALL.terms(text, language)
    assert all(0 <= term.start < term.end <= len(text) for term in located)


@pytest.mark.parametrize(
    ("phrase", "text", "language"),
    [
        ("Termo de Referência", "o termo de referência (TR)", "pt"),
        ("INV-001", "see INV-001-A", "en"),
        ("3.14", "it is 3.14, not 3", "en"),
        ("1.200,00", "R$ 1.200,00/mês", "pt"),
        ("1.5", "1.5-2.0 mm", "en"),
        ("123.456.789", "CPF 123.456.789-00", "pt"),
        ("art. 5", "o art. 5º", "pt"),
        ("猫", "彼は猫が好きです", "und"),
        ("工知", "人工知能です", "und"),
        ("2020年", "東京都2020年度予算", "und"),
        ("art. 5.º", "o art. 5.º-A", "pt"),
    ],
)
def test_a_text_that_holds_a_phrase_has_its_required_terms(
    analyzer: TermAnalyzer, phrase: str, text: str, language: str
) -> None:
    required = analyzer.required_terms(phrase, language)
    assert required
    assert set(required) <= set(analyzer.terms(text, language))


def test_nothing_is_required_of_a_phrase_of_common_words(analyzer: TermAnalyzer) -> None:
    assert analyzer.required_terms("to be or not to be", "en") == []
    assert analyzer.required_terms("か", "und") == []


@settings(deadline=None)
@given(st.text("15oa.,-/_ 'ºª猫年がกß", max_size=8), st.text("15oa.,-/_ 'ºª猫年がกß", max_size=8), st.text(max_size=3))
def test_wherever_a_phrase_stands_its_required_terms_are_found(phrase: str, before: str, after: str) -> None:
    exact, text = Phrase.of(phrase), before + phrase + after
    if exact is not None and exact.stands_in(fold(text)):
        assert set(SNOWBALL.required_terms(phrase, "und")) <= set(SNOWBALL.terms(text, "und"))


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(SNOWBALL.languages()))
def test_a_text_is_found_by_all_of_its_own_words(text: str, language: str) -> None:
    assert set(SNOWBALL.query_terms(text, language)) <= set(SNOWBALL.terms(text, language))


def test_threads_may_share_it() -> None:
    words = ["nationalities", "running", "ponies", "relational", "conditional"] * 200
    expected = SNOWBALL.terms(" ".join(words), "en")
    analyzer = SnowballTermAnalyzer()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: analyzer.terms(" ".join(words), "en"), range(16)))
    assert all(terms == expected for terms in found)


def test_every_stemmer_that_snowball_has_is_used() -> None:
    older = {"porter", "dutch_porter"}  # of English and Dutch
    assert set(STEMMERS.values()) == set(snowballstemmer.algorithms()) - older
