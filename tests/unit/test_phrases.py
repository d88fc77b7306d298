"""What quotes in a question mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.folded_text import FoldedText, fold
from domain.phrases import Phrase, Question


@pytest.mark.parametrize(
    ("query", "words", "phrases"),
    [
        ("no quotes", "no quotes", []),
        ('the "exact words" here', "the  exact words  here", ["exact words"]),
        ('"only this"', "only this", ["only this"]),
        ('"one" and "two"', "one  and  two", ["one", "two"]),
        ("“curly quotes” count", "curly quotes  count", ["curly quotes"]),
        ('an inch is 1"', 'an inch is 1"', []),
        ('"one" "two', 'one  "two', ["one"]),
        ('"', '"', []),
        ('""', '""', []),
        ('"?!" and "🚀"', '"?!" and "🚀"', []),
    ],
)
def test_a_question_is_its_words_and_its_phrases(query: str, words: str, phrases: list[str]) -> None:
    question = Question.of(query)
    assert (question.words, [phrase.text for phrase in question.phrases]) == (words, phrases)


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("termo de referência", "O TERMO DE REFERENCIA foi", True),
        ("termo de referencia", "o termo\nde  referência.", True),
        ("termo de referencia", "o termo de referências", False),
        ("termo de", "termos de", False),
        ("ao be", "são be", False),
        ("INV-001", "see inv-001.", True),
        ("inv 001", "INV-001-A", True),
        ("inv-001", "INV-0011", False),
        ("e\u0301t", "Ét", True),
        ("finance", "the ﬁnance", True),
        ("strasse", "Straße", True),
        ("工知", "人工知能です", True),
        ("人工 知能", "人工知能", False),
        ("नम", "नमस्ते", False),
        ("мой", "мой дом", True),
        ("мои", "мой дом", False),
        ("a.*b", "a xx b", False),
        ("1.200,00", "R$ 1.200,00/mês", True),
        ("1.5", "1.5-2.0 mm", True),
        ("1.5", "from 1, 5", False),
        ("1.5", "1.55", False),
        ("1.5mm", "1.5mm", True),
        ("2024", "31.12.2024", True),
        ("art. 5", "o art. 5º, caput", True),
        ("art. 5", "o art. 5o.", True),
        ("art. 5º", "o art. 5", False),
        ("section 5", "section 5A", False),
        ("5", "5of", False),
        ("2020", "東京都2020年度", True),
        ("1.5", "价格1.5元", True),
        ("AI", "生成AIの", True),
        ("02", "2020年度", False),
    ],
)
def test_a_phrase_stands_where_its_words_stand(phrase: str, text: str, *, expected: bool) -> None:
    exact = Phrase.of(phrase)
    assert exact is not None
    assert exact.stands_in(fold(text)) is expected
    assert bool(exact.spans(fold(text))) is expected


@given(st.text())
def test_a_folded_text_leads_back_to_every_character(text: str) -> None:
    folded = FoldedText.of(text)
    assert folded.text == fold(text)
    assert len(folded.starts) == len(folded.text) + 1
    assert list(folded.starts) == sorted(folded.starts)
    for position in range(len(folded.text)):
        start, end = folded.place(position, position + 1)
        assert 0 <= start < end <= len(text)
        assert folded.text[position] in fold(text[start:end])


def test_a_place_is_that_of_the_letters_as_they_were_written() -> None:
    text = "Die Straße, e\u0301te\u0301, ﬁn."
    folded = FoldedText.of(text)
    assert folded.text == "die strasse, ete, fin."
    for word, written in [("strasse", "Straße"), ("ete", "e\u0301te\u0301"), ("fin", "ﬁn"), ("f", "ﬁ")]:
        start = folded.text.rindex(word)
        begin, end = folded.place(start, start + len(word))
        assert text[begin:end] == written


@given(st.text())
def test_no_question_raises(query: str) -> None:
    question = Question.of(query)
    assert all(phrase.stands_in(fold(phrase.text)) for phrase in question.phrases)
