"""Installs a package of one module as pip does, without a network and without a build backend."""

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

WHEEL = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def install(source: Path, target: Path) -> None:
    """Install the package whose pyproject.toml lies in `source`."""
    declared = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))
    project = declared["project"]
    modules = {
        f"{name}.py": (source / f"{name}.py").read_text("utf-8")
        for name in declared["tool"]["setuptools"]["py-modules"]
    }
    install_wheel(target, project["name"], project["version"], modules, project["entry-points"])


def install_wheel(
    target: Path, name: str, version: str, modules: Mapping[str, str], entry_points: Mapping[str, Mapping[str, str]]
) -> None:
    """Make what a build backend would make, and let pip install it."""
    stem = f"{name.replace('-', '_')}-{version}"
    lines = [
        line
        for group, points in entry_points.items()
        for line in (f"[{group}]", *(f"{point} = {value}" for point, value in points.items()))
    ]
    files = {
        **modules,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": WHEEL,
        f"{stem}.dist-info/entry_points.txt": "\n".join(lines) + "\n",
    }
    files[f"{stem}.dist-info/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{stem}.dist-info/RECORD"])
    target.mkdir(parents=True, exist_ok=True)
    wheel = target.parent / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([sys.executable, *command, "--target", str(target), str(wheel)], check=True)
