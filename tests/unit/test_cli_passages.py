from rich.text import Text

from interface.cli.passages import around, places_in_tidy, tidy


def test_what_is_highlighted_stays_so_when_line_ends_are_joined() -> None:
    text = " The brake\n rotor,\n\n\nsix  \x1bbolts."
    spans = [(text.index(word), text.index(word) + len(word)) for word in ("brake\n rotor", "ix", "bolts")]
    tidied = tidy(text)
    assert tidied == "The brake rotor,\nsix \ufffdbolts."
    assert [tidied[start:end] for start, end in places_in_tidy(text, spans)] == ["brake rotor", "ix", "bolts"]
    assert list(places_in_tidy(text, [(0, 1)])) == []


def test_an_excerpt_is_cut_at_spaces_around_its_part() -> None:
    text = "before " * 200 + "pull the cord at once " + "after " * 200
    excerpt = around(Text(text), "pull the cord at once").plain
    assert "pull the cord at once" in excerpt
    assert excerpt.startswith("… before ")
    assert excerpt.endswith(" after …")
    assert len(excerpt) < 400


def test_an_excerpt_keeps_its_styles() -> None:
    body = Text("before " * 200 + "pull the cord " + "after " * 200)
    body.stylize("bold", body.plain.index("pull"), body.plain.index("pull") + 4)
    excerpt = around(body, "pull the cord")
    assert [excerpt.plain[span.start : span.end] for span in excerpt.spans] == ["pull"]


def test_a_short_text_is_its_own_excerpt() -> None:
    assert around(Text("short"), "not in it").plain == "short"


def test_line_ends_of_a_page_are_joined_and_paragraphs_kept() -> None:
    assert tidy("one\ntwo\n\n three \x1b[31m") == "one two\nthree \ufffd[31m"
