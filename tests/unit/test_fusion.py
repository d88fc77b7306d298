"""Fusion by scaled scores (TM2C2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fusion import fuse

cosines = st.dictionaries(st.integers(0, 20), st.floats(-1, 1), max_size=20)
bm25 = st.dictionaries(st.integers(0, 20), st.floats(0, 50), max_size=20)


def test_the_best_of_both_arms_scores_one() -> None:
    assert fuse({1: 0.8, 2: 0.4}, {1: 7.0, 2: 3.5})[1] == pytest.approx(1.0)


def test_scores_after_the_formula() -> None:
    scores = fuse({1: 0.8, 2: 0.4}, {2: 3.5}, semantic_weight=0.7)
    assert scores[1] == pytest.approx(0.7)
    assert scores[2] == pytest.approx(0.7 * 1.4 / 1.8 + 0.3)


@given(cosines, bm25)
def test_every_candidate_gets_a_score_from_0_to_1(meanings: dict[int, float], words: dict[int, float]) -> None:
    scores = fuse(meanings, words)
    assert scores.keys() == meanings.keys() | words.keys()
    assert all(0 <= score <= 1.0000001 for score in scores.values())
