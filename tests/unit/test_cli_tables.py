"""How tables fit on a terminal, and ages."""

from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from interface.cli.tables import aligned
from interface.cli.terminal import age

COLUMNS = {"id": ["0192f0c4-1", "0192f0c4-2"], "file": ["plan.pdf", "a-name-as-scanners-make-them-0042.pdf"]}
NUMBERED = COLUMNS | {"pages": ["7", "1200"]}


def test_what_fits_is_shown_whole_and_aligned() -> None:
    assert aligned(NUMBERED, width=80, right=["pages"], gives_way="file", spare=["id"]) == [
        "id          file                                   pages",
        "0192f0c4-1  plan.pdf                                   7",
        "0192f0c4-2  a-name-as-scanners-make-them-0042.pdf   1200",
    ]


def test_a_name_that_is_too_long_loses_its_middle_and_nothing_else_is_cut() -> None:
    assert aligned(NUMBERED, width=40, gives_way="file") == [
        "id          file                   pages",
        "0192f0c4-1  plan.pdf               7",
        "0192f0c4-2  a-name…-them-0042.pdf  1200",
    ]


def test_where_no_room_is_left_names_stand_below_their_rows() -> None:
    assert aligned(NUMBERED, width=30, gives_way="file") == [
        "id          pages",
        "0192f0c4-1  7",
        "  plan.pdf",
        "0192f0c4-2  1200",
        "  a-name-as…make-them-0042.pdf",
    ]


def test_spare_columns_go_first() -> None:
    assert aligned(NUMBERED, width=50, gives_way="file", spare=["pages"])[2] == (
        "0192f0c4-2  a-name-as-scanners-make-them-0042.pdf"
    )


def test_wide_characters_count_twice() -> None:
    lines = aligned({"file": ["計画書.pdf", "a.pdf"], "code": ["empty", "corrupt"]}, width=80)
    assert [cell_len(line) for line in lines] == [16, 17, 19]


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(minutes=119, seconds=59), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_ages_are_told_roughly(passed: timedelta, told: str) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert age((now - passed).isoformat(), now=now) == told
