"""A worker that was killed comes back under its name at once."""

from bootstrap.working import name_for_rq


def test_each_process_has_a_name_of_its_own_that_says_which_worker_it_is() -> None:
    names = {name_for_rq("w1-document_processing") for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith("w1-document_processing.") for name in names)
