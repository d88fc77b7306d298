"""Which encoding a text is taken to be in, from its bytes alone."""
# ruff: noqa: RUF001 - dashes and quotation marks are what this is about

from pathlib import Path

import pytest

from infrastructure.extraction.text.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.text.plain_text import portions

WESTERN = (
    "Não há",
    "prêmio",
    "§ 1º – O prazo a que se refere o art. 5º desta Lei conta-se da publicação.",
    "A companhia informou que o preço da ação subiu 3% – a maior alta do mês.",
    "lunedì",
    "La società è più attiva di lunedì perché c’è mercato in città.",
    "déjà",
    "L’été à Noël : « déjà vu »",
    "¿Cuántos años tiene usted? ¡Qué sorpresa tan grande!",
    "Straße",
    "Die Prüfung größerer Mengen läuft – „täglich“.",
    "Rødgrød med fløde",
    "Hyvää päivää",
    "Café\n",
    "£1,200",
    "© 2020 Acme",
    "item 1,1 €\nitem 2,3 €\n",
    "It’s “fine”…",
    "Größe über 5 µm und 3 m²",
)
OTHERS = (
    ("cp1250", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw."),
    ("cp1250", "Že nie ma już żadnych źródeł, był pewien."),
    ("cp1250", "Město Brno má od středy nového ředitele."),
    ("cp1250", "A vevő a jövő héten fizet; a teljes összeg előre jár."),
    ("iso8859-2", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw."),
    ("cp1254", "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar."),
    ("cp1251", "Это обычный русский текст, который написан в старой кодировке."),
    ("cp1251", "Всі люди народжуються вільними і рівними у своїй гідності та правах."),
    ("koi8-r", "Все люди рождаются свободными и равными в своём достоинстве и правах."),
    ("cp1253", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."),
    (
        "cp1255",
        (
            "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג "
            "איש ברעהו ברוח של אחוה."
        ),
    ),
    ("cp1256", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا."),
    ("cp932", "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。"),
    ("euc_jp", "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。"),
    ("gb18030", "人人生而自由在尊严和权利上一律平等他们富有理性和良心"),
    ("big5hkscs", "人人生而自由在尊嚴和權利上一律平等他們富有理性和良心"),
    ("cp949", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."),
)
ASCII = b"A plain line of ASCII text.\n" * 3000


def read(data: bytes) -> str:
    return decode(data, encoding_of(data[:SAMPLE_BYTES]) or "")


@pytest.mark.parametrize("words", WESTERN)
@pytest.mark.parametrize("times", [1, 50])
def test_western_text_is_read_as_it_was_written(words: str, times: int) -> None:
    text = "\n".join([words] * times)
    assert read(text.encode("cp1252")) == text


@pytest.mark.parametrize(("encoding", "words"), OTHERS)
@pytest.mark.parametrize("times", [1, 50])
def test_text_in_another_old_encoding_is_recognized(encoding: str, words: str, times: int) -> None:
    text = "\n".join([words] * times)
    assert read(text.encode(encoding)) == text


def test_a_sample_cut_within_a_character_still_tells() -> None:
    for text, encoding in (("é" * SAMPLE_BYTES, "utf-8"), ("日本語の文書です。" * 6000, "cp932")):
        assert {encoding_of(text.encode(encoding)[cut : cut + SAMPLE_BYTES]) for cut in (0, 4)} == {encoding}
        assert encoding_of(b"a" + text.encode(encoding)[: SAMPLE_BYTES - 1]) == encoding


@pytest.mark.parametrize("words", ["à", "été", "È"])
def test_a_single_word_is_western(words: str) -> None:
    assert read(words.encode("cp1252")) == words


def test_utf_8_that_is_cut_off_is_utf_8() -> None:
    assert read("São Paulo, à noite, amanhã".encode()[:-1]) == "São Paulo, à noite, amanh\ufffd"


@pytest.mark.parametrize("padding", [0, 1, SAMPLE_BYTES - len(ASCII) % SAMPLE_BYTES - 5])
@pytest.mark.parametrize("words", ["um café em São Paulo, ação", "um café"])
def test_what_follows_much_ascii_is_guessed_when_it_comes(tmp_path: Path, words: str, padding: int) -> None:
    text = ASCII.decode() + " " * padding + words
    (tmp_path / "late").write_bytes(text.encode("cp1252"))
    assert "".join(portions(tmp_path / "late", "utf-8")) == text
    assert read(text.encode("cp1252")) == text


def test_a_damaged_byte_in_utf_8_changes_no_other(tmp_path: Path) -> None:
    data = ASCII + "ação em São Paulo ".encode() + b"\xff" + " é útil".encode()
    (tmp_path / "late").write_bytes(data)
    assert "".join(portions(tmp_path / "late", "utf-8")) == data.decode(errors="replace")
    assert read(data) == data.decode(errors="replace")
