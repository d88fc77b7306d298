"""Identities sort by the time they were made."""

import time

from domain.ids import derived_uuid7, new_uuid7


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = new_uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_ids_do_not_repeat() -> None:
    assert len({new_uuid7() for _ in range(10_000)}) == 10_000


def test_a_derived_id_is_the_same_for_the_same_names_and_has_the_time_of_its_source() -> None:
    source = new_uuid7()
    made = derived_uuid7(source, "a.pdf", "ab")
    assert made == derived_uuid7(source, "a.pdf", "ab")
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == source.int >> 80
    others = [(source, "b.pdf", "ab"), (source, "a.pdf", "ac"), (new_uuid7(), "a.pdf", "ab")]
    assert len({made, *(derived_uuid7(*names) for names in others)}) == 4
