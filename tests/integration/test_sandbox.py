import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from domain.errors import RunCancelled
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.process import ParserUnavailable
from tests.support.documents import pdf
from tests.support.misbehaving_child import COMMAND
from tests.support.unhurried import unhurried

Script = Callable[..., Path]
ROOT = Path(__file__).resolve().parents[2]
QUICK = ExtractionLimits(page_seconds=1, open_seconds=1, memory_bytes=256 * MIB)


@pytest.fixture
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(QUICK, child_command=COMMAND) as extractor:
        yield extractor
    assert children() == []


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(*lines: str, kind: str = "pages") -> Path:
        path = tmp_path / "script"
        path.write_text("\n".join([kind, *lines]))
        return path

    return write


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "child import" in _command(child)]


def _command(process: psutil.Process) -> str:
    """Return the command line, empty for one that is being reaped."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def read(extractor: SandboxedExtractor, path: Path) -> list[str]:
    with extractor.open(path, filename="a", check=unhurried) as stream:
        return [page.text if isinstance(page, ExtractedPage) else page.code for page in stream]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("crash", "parser_crashed"),
        (f"die-of {int(signal.SIGSEGV)}", "parser_crashed"),
        (f"die-of {int(signal.SIGKILL)}", "parser_crashed"),
        (f"die-of {int(signal.SIGXCPU)}", "parser_timeout"),
        ("raise an error of ours", "parser_crashed"),
        ("hang", "parser_timeout"),
        ("spin", "parser_timeout"),
        ("bloat", "out_of_memory"),
        ("frame ffffffff", "parser_crashed"),
        ("frame 0000000568656c6c6f", "parser_crashed"),
    ],
)
def test_a_page_that_ends_the_child_is_quarantined_and_the_others_are_read(
    extractor: SandboxedExtractor, script: Script, line: str, code: str
) -> None:
    with extractor.open(script("one", line, "three"), filename="a", check=unhurried) as stream:
        pages = list(stream)
    assert pages == [
        ExtractedPage(number=1, text="one"),
        UnreadablePage(number=2, code=code),
        ExtractedPage(number=3, text="three"),
    ]


def test_a_page_that_crashes_once_is_read_the_second_time(
    extractor: SandboxedExtractor, script: Script, tmp_path: Path
) -> None:
    line = f"crash-once {tmp_path / 'marker'}"
    assert read(extractor, script("one", line, "three")) == ["one", line, "three"]


def test_bad_pages_in_a_row_at_both_ends(extractor: SandboxedExtractor, script: Script) -> None:
    lines = ["crash", "crash", "three", "crash", "crash"]
    assert read(extractor, script(*lines)) == ["parser_crashed"] * 2 + ["three"] + ["parser_crashed"] * 2


def test_a_document_of_bad_pages_fails_with_the_most_frequent_reason(
    extractor: SandboxedExtractor, script: Script
) -> None:
    with (
        extractor.open(script("crash", "hang", "crash"), filename="a", check=unhurried) as stream,
        pytest.raises(DocumentUnreadable) as caught,
    ):
        list(stream)
    assert caught.value.failure_code is FailureCode.PARSER_CRASHED


@pytest.mark.parametrize(
    ("how", "code"), [("crash", "parser_crashed"), ("hang", "parser_timeout"), ("bloat", "out_of_memory")]
)
def test_opening_that_ends_the_child_twice_fails_the_document(
    extractor: SandboxedExtractor, script: Script, how: str, code: str
) -> None:
    with (
        pytest.raises(DocumentUnreadable) as caught,
        extractor.open(script(kind=f"opening {how}"), filename="a", check=unhurried),
    ):
        pass
    assert caught.value.failure_code == code


def test_opening_that_crashes_once_is_tried_again(
    extractor: SandboxedExtractor, script: Script, tmp_path: Path
) -> None:
    assert read(extractor, script("one", kind=f"opening crash-once {tmp_path / 'marker'}")) == ["one"]


def test_pieces_go_on_where_a_crash_stopped_them(extractor: SandboxedExtractor, script: Script, tmp_path: Path) -> None:
    path = script("one", f"crash-once {tmp_path / 'marker'}", "three", kind="pieces")
    with extractor.open(path, filename="a", check=unhurried) as stream:
        pages = list(stream)
    assert [page.number for page in pages] == [None] * 3
    assert [page.text.split()[0] for page in pages] == ["one", "crash-once", "three"]


def test_pieces_that_crash_twice_fail_the_document(extractor: SandboxedExtractor, script: Script) -> None:
    with (
        extractor.open(script("one", "crash", "three", kind="pieces"), filename="a", check=unhurried) as stream,
        pytest.raises(DocumentUnreadable) as caught,
    ):
        list(stream)
    assert caught.value.failure_code is FailureCode.PARSER_CRASHED


def test_a_child_killed_in_the_middle_costs_no_page(extractor: SandboxedExtractor, script: Script) -> None:
    lines = ["long 20000"] * 12
    with extractor.open(script(*lines), filename="a", check=unhurried) as stream:
        pages = iter(stream)
        next(pages)
        children()[0].kill()
        assert [page.number for page in pages] == list(range(2, 13))


def test_leaving_in_the_middle_frees_the_child_at_once(extractor: SandboxedExtractor, script: Script) -> None:
    with extractor.open(script("one", "hang"), filename="a", check=unhurried) as stream:
        next(iter(stream))
        assert len(children()) == 1
    assert children() == []


@pytest.mark.parametrize("where", ["page", "opening"])
def test_a_cancel_frees_the_caller_while_a_page_hangs(script: Script, where: str) -> None:
    path = script("one", "hang") if where == "page" else script("one", kind="opening hang")
    cancelled_at = time.monotonic() + 1

    def check() -> None:
        if time.monotonic() > cancelled_at:
            raise RunCancelled

    patient = ExtractionLimits(page_seconds=600, open_seconds=600)
    with SandboxedExtractor(patient, child_command=COMMAND) as extractor:
        with pytest.raises(RunCancelled), extractor.open(path, filename="a", check=check) as stream:
            list(stream)
        assert time.monotonic() - cancelled_at < 2
        assert children() == []


def test_two_documents_in_a_row_share_a_child(extractor: SandboxedExtractor, script: Script) -> None:
    assert read(extractor, script("one")) == ["one"]
    (first,) = children()
    assert read(extractor, script("two")) == ["two"]
    assert children() == [first]


def test_an_idle_child_that_died_is_replaced(extractor: SandboxedExtractor, script: Script) -> None:
    assert read(extractor, script("one")) == ["one"]
    children()[0].kill()
    assert read(extractor, script("two")) == ["two"]


@pytest.mark.parametrize("limits", [ExtractionLimits(recycle_documents=1), ExtractionLimits(recycle_bytes=1)])
def test_a_worn_child_is_replaced(script: Script, limits: ExtractionLimits) -> None:
    with SandboxedExtractor(limits, child_command=COMMAND) as extractor:
        assert read(extractor, script("one")) == ["one"]
        assert children() == []
        assert read(extractor, script("two")) == ["two"]


def test_two_documents_at_once_have_a_child_each(extractor: SandboxedExtractor, script: Script) -> None:
    path = script("one", "two")
    with (
        extractor.open(path, filename="a", check=unhurried) as first,
        extractor.open(path, filename="b", check=unhurried) as second,
    ):
        assert [page.text for page in first] == [page.text for page in second] == ["one", "two"]


def test_a_thread_may_use_the_extractor_after_another(extractor: SandboxedExtractor, script: Script) -> None:
    path, texts = script("one"), []
    for _ in range(2):
        thread = threading.Thread(target=lambda: texts.append(read(extractor, path)))
        thread.start()
        thread.join()
    assert texts == [["one"], ["one"]]


def test_the_child_reads_ahead_no_further_than_the_pipe(
    extractor: SandboxedExtractor, script: Script, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    path = script(*["long 20000"] * 8, f"crash-once {marker}")
    with extractor.open(path, filename="a", check=unhurried) as stream:
        next(iter(stream))
        assert not marker.exists()


def test_the_child_knows_no_secret(
    extractor: SandboxedExtractor, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTEIRA_DATABASE_URL", "postgresql://user:hunter2@example.org/db")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    (environment,) = read(extractor, script("environ"))
    assert environment == "{'LC_ALL': 'C.UTF-8'}"
    command = " ".join(children()[0].cmdline())
    assert "hunter2" not in command


def test_the_child_writes_no_files(extractor: SandboxedExtractor, script: Script, tmp_path: Path) -> None:
    target = tmp_path / "written"
    assert read(extractor, script("one", f"write {target}"))[1] == "parser_crashed"
    assert not target.exists() or not target.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can take the network away")
def test_the_child_has_no_network(extractor: SandboxedExtractor, script: Script) -> None:
    if subprocess.run(["unshare", "--user", "--net", "true"], check=False).returncode and os.geteuid():  # noqa: S607
        pytest.skip("THIS SYSTEM FORBIDS NETWORK NAMESPACES: the child keeps its network here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert read(extractor, script("one", f"connect {port}"))[1] == "parser_crashed"


def test_a_library_that_prints_does_not_disturb(extractor: SandboxedExtractor, script: Script) -> None:
    assert read(extractor, script("print", "two")) == ["print", "two"]


def test_limits_are_set_in_the_child(extractor: SandboxedExtractor, script: Script) -> None:
    read(extractor, script("one"))
    (child,) = children()
    if not hasattr(child, "rlimit"):
        pytest.skip("psutil cannot read limits here")
    assert child.rlimit(resource.RLIMIT_CORE) == (0, 0)
    assert child.rlimit(resource.RLIMIT_FSIZE) == (0, 0)
    assert child.rlimit(resource.RLIMIT_NOFILE)[1] <= 64
    assert child.rlimit(resource.RLIMIT_AS)[1] < 600 * MIB
    assert os.getsid(child.pid) == child.pid


def test_too_much_text_is_refused(script: Script) -> None:
    with (
        SandboxedExtractor(ExtractionLimits(max_unpacked_bytes=100_000), child_command=COMMAND) as extractor,
        extractor.open(script("long 10000", "long 20000"), filename="a", check=unhurried) as stream,
        pytest.raises(DocumentUnreadable) as caught,
    ):
        list(stream)
    assert caught.value.failure_code is FailureCode.TOO_LARGE_UNPACKED


def test_a_child_that_cannot_start_is_no_fault_of_the_document(script: Script) -> None:
    command = (sys.executable, "-c", "raise SystemExit(3)")
    with (
        SandboxedExtractor(child_command=command) as extractor,
        pytest.raises(ParserUnavailable) as caught,
        extractor.open(script("one"), filename="a", check=unhurried),
    ):
        pass
    assert caught.value.retryable


@pytest.mark.parametrize("line", ["hang", "spin", "idle"])
def test_the_child_dies_with_its_parent(tmp_path: Path, line: str) -> None:
    path = tmp_path / "script"
    path.write_text(f"pages\none\n{line}\n")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert parent.stdout
    with parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, alive = psutil.wait_procs([child], timeout=5)
    assert gone or alive[0].status() == psutil.STATUS_ZOMBIE


PARENT = """
import sys, time
from pathlib import Path
import psutil
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.misbehaving_child import COMMAND
from tests.support.unhurried import unhurried
extractor = SandboxedExtractor(child_command=COMMAND)
with extractor.open(Path(sys.argv[1]), filename="a", check=lambda: None) as stream:
    pages = iter(stream)
    next(pages)
    print(psutil.Process().children()[0].pid, flush=True)
    time.sleep(60)
"""


def test_the_child_loads_no_heavy_library(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(["hello"]))
    with SandboxedExtractor() as extractor:
        assert read(extractor, path) == ["hello"]
        maps = {Path(found.path).name for found in children()[0].memory_maps()}
    assert not any(name.startswith(("libopenvino", "_multiarray")) for name in maps)
