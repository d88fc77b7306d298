from infrastructure.extraction.pdf.lines import PageLine
from infrastructure.extraction.pdf.order import in_reading_order


def vertical(characters: str, *, left: float, top: float) -> PageLine:
    boxes = [(left, left + 10, top - 10 * (place + 1), top - 10 * place) for place in range(len(characters))]
    return PageLine(characters=characters, boxes=boxes, start=top, end=top)


def test_vertical_lines_are_read_from_right_to_left_tier_by_tier() -> None:
    lines = [
        vertical("そのとほりの", left=20, top=300),
        vertical("宇宙塵をたべ", left=40, top=300),
        vertical("青ぞらいっぱ", left=20, top=100),
        vertical("おそらくこれ", left=40, top=90),
    ]
    assert [line.characters for line in in_reading_order(lines)] == [
        "宇宙塵をたべ",
        "そのとほりの",
        "おそらくこれ",
        "青ぞらいっぱ",
    ]


def test_lines_in_an_order_that_needs_no_change_are_left_alone() -> None:
    lines = [
        PageLine(characters="any", boxes=[None] * 3),
        PageLine(characters="", boxes=[]),
    ]
    assert in_reading_order(lines) is lines
    assert not in_reading_order([])
