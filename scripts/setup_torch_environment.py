"""Create the second environment, with torch and sentence-transformers, in which both encoders are compared.

Usage: python scripts/setup_torch_environment.py [DIR], by default .venv-torch. Standard library only. pip takes the
build of torch that its index offers: on Linux PyPI's brings CUDA, and
PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu makes it the small one.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
OURS = ["numpy", "openvino", "pytest", "safetensors", "tokenizers"]  # what the embedder and its tests import
PINNED = re.compile(r"^([A-Za-z0-9._\[\]-]+==[^ \\]+)(?: *;([^\\]*))?", re.MULTILINE)


def main() -> int:
    """Set up and return the exit code."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv-torch").resolve()
    venv.create(target, with_pip=True, clear=False)
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    print("Installing torch and sentence-transformers into", target)
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions.txt"
        versions.write_text(locked_versions(), encoding="utf-8")
        subprocess.run([*pip, "-c", str(versions), "-r", str(LOCKS / "torch.in"), *OURS], check=True)
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCKS / "model.lock")], check=True)
    return 0


def locked_versions() -> str:
    """Return the versions of both locks as constraints; constraints with hashes would ask for hashes of torch too."""
    pins = set()
    for lock in ("runtime.lock", "test.lock"):
        for pin, marker in PINNED.findall((LOCKS / lock).read_text(encoding="utf-8")):
            name = re.sub(r"\[.*\]", "", pin)  # a constraint has no extras
            pins.add(f"{name} ; {marker.strip()}" if marker.strip() else name)
    return "\n".join(sorted(pins)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
