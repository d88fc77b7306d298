"""What an import may be told, and what files may be called."""

import pytest

from domain.errors import InvalidRequest
from domain.ids import new_uuid7
from domain.import_order import ImportOrder, read_import
from domain.imported_file import MAX_FAILURES_TOLD, ImportTally, clean_name, name_problem

ID = str(new_uuid7())


def read(params: dict[str, object]) -> ImportOrder:
    return ImportOrder.of(read_import(params, chunk_tokens=256))


def test_what_is_sent_is_what_the_work_reads() -> None:
    order = read({"prefix": "a/b/", "metadata": {"x": 1, "y": None}, "chunk_tokens": 64, "chunk_overlap": 32})
    assert (order.prefix, order.metadata, order.chunk_tokens, order.chunk_overlap) == (
        *("a/b", {"x": 1, "y": None}),
        *(64, 32),
    )
    assert str(read({"document_id": ID}).document_id) == ID
    assert read({"prefix": ""}).prefix == ""


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "/prefix"),
        ({"prefix": "", "document_id": ID}, "/prefix"),
        ({"prefix": None}, "/prefix"),
        ({"prefix": "../x"}, "/prefix"),
        ({"prefix": "/x"}, "/prefix"),
        ({"prefix": "/"}, "/prefix"),
        ({"prefix": "a//b"}, "/prefix"),
        ({"prefix": "C:x"}, "/prefix"),
        ({"document_id": "x"}, "/document_id"),
        ({"document_id": None}, "/document_id"),
        ({"bucket": "theirs", "prefix": ""}, "/bucket"),
        ({"prefix": "", "metadata": []}, "/metadata"),
        ({"prefix": "", "metadata": {"x": {}}}, "/metadata/x"),
        ({"prefix": "", "metadata": {"x": 10**30}}, "/metadata/x"),
        ({"prefix": "", "metadata": {"x": 1e20}}, "/metadata/x"),
        ({"prefix": "", "metadata": {"x": float("nan")}}, "/metadata/x"),
        ({"prefix": "", "metadata": {"x": "y" * 4097}}, "/metadata/x"),
        ({"prefix": "", "metadata": {"import_job": "x"}}, "/metadata"),
        ({"prefix": "", "metadata": {"": "x"}}, "/metadata"),
        ({"prefix": "", "metadata": {str(number): 1 for number in range(64)}}, "/metadata"),
        ({"prefix": "", "chunk_tokens": 15}, "/chunk_tokens"),
        ({"prefix": "", "chunk_overlap": 129}, "/chunk_overlap"),
        ({"prefix": "", "chunk_tokens": 64, "chunk_overlap": 33}, "/chunk_overlap"),
    ],
)
def test_what_cannot_be_is_refused_by_its_place(params: dict[str, object], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(params)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize("name", ["a", "a/b c.txt", "über/ação.pdf", "..a/b..", "...", "a.b/.c"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert name_problem(clean_name(name)) is None


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "C:\\a", "\\\\host\\a", "a\x00b", "a\nb"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert name_problem(clean_name(name)) == "unsafe_name"


def test_a_name_of_bytes_that_are_no_text_is_refused() -> None:
    assert name_problem("a\udce9") == "unsafe_name"


def test_failures_are_all_counted_and_the_first_told() -> None:
    tally = ImportTally()
    for number in range(MAX_FAILURES_TOLD + 5):
        tally = tally.and_failed(str(number), "empty")
    assert (tally.failed, len(tally.failures), tally.failures[0].name) == (
        MAX_FAILURES_TOLD + 5,
        MAX_FAILURES_TOLD,
        "0",
    )
