"""What the page loads is there, comes from here, and is what the page's policy lets run."""

import re
from itertools import chain
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "interface" / "web" / "static"
MODULES = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts and not path.is_symlink())
STYLES = sorted(STATIC.rglob("*.css"))
INDEX = (STATIC / "index.html").read_text("utf-8")
IMPORTED = re.compile(r'^(?:import|export)\b[^"\']*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"', re.MULTILINE)
ELSEWHERE = re.compile(r"""["'(`](?:https?:)?//\w""")
# Whatever turns text into elements, styles or code.
FORBIDDEN = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval|new Function)\b|\bstyle="
)
NUMBER = re.compile(r"\d+\.\d+\.\d+")


def imports_of(module: Path) -> list[Path]:
    return [module.parent / (one or other) for one, other in IMPORTED.findall(module.read_text("utf-8"))]


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r'(?:src|href)="assets/([^"]+)"', INDEX)
    assert len(named) > 5
    assert [name for name in named if not (STATIC / name).is_file()] == []


def test_every_style_is_loaded_by_the_page() -> None:
    assert [style.name for style in STYLES if f"assets/{style.relative_to(STATIC)}" not in INDEX] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(STATIC)))
def test_every_module_that_is_imported_is_there(module: Path) -> None:
    assert [str(path) for path in imports_of(module) if not path.is_file()] == []


def test_every_module_is_used() -> None:
    used = set(chain.from_iterable(({path.resolve() for path in imports_of(module)}) for module in MODULES))
    roots = {STATIC / "app.js", STATIC / "theme.js"}
    assert [str(module) for module in MODULES if module not in roots and module.resolve() not in used] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(STATIC)))
def test_no_text_becomes_an_element_a_style_or_code(module: Path) -> None:
    assert FORBIDDEN.findall(module.read_text("utf-8")) == []


def test_nothing_is_inline_in_the_page_itself() -> None:
    assert re.findall(r"<style|\bstyle=|\bon[a-z]+=|<script(?![^>]*\bsrc=)", INDEX) == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    files = [STATIC / "index.html", *MODULES, *STYLES]
    assert [str(file) for file in files if ELSEWHERE.search(file.read_text("utf-8"))] == []


def test_the_code_of_others_is_named_with_its_version_and_how_to_make_it() -> None:
    readme = (STATIC / "vendor" / "README.md").read_text("utf-8")
    listed, made = readme.split("Made by", 1)
    for file in (STATIC / "vendor").glob("*.js"):
        assert f"`{file.name}`" in listed
    versions = NUMBER.findall(listed)
    assert versions
    assert [version for version in versions if f"@{version}" not in made] == []


def test_the_client_of_the_page_is_the_one_that_others_get() -> None:
    shared = Path(__file__).parents[2] / "clients" / "js" / "esteira.js"
    assert (STATIC / "esteira.js").resolve() == shared.resolve()
