"""Scratch files do not outlive their process for long."""

import subprocess
import sys
from pathlib import Path

from infrastructure.scratch import ScratchFolder

OWNER = """
import pathlib, sys
from infrastructure.scratch import ScratchFolder
folder = ScratchFolder(pathlib.Path(sys.argv[1]))
(folder.path / "original").write_bytes(b"x" * 1000)
print(folder.path, flush=True)
sys.stdin.read()
"""


def start_owner(root: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_removed_and_what_lives_is_kept(tmp_path: Path) -> None:
    killed, abandoned = start_owner(tmp_path)
    living, kept = start_owner(tmp_path)
    try:
        killed.kill()
        killed.communicate()
        mine = ScratchFolder(tmp_path)
        assert not abandoned.exists()
        assert (kept / "original").exists()
        assert mine.path.is_dir()
    finally:
        living.communicate()


def test_what_a_killed_remover_left_is_removed(tmp_path: Path) -> None:
    killed, abandoned = start_owner(tmp_path)
    killed.kill()
    killed.communicate()
    (abandoned / ".lock").unlink()
    ScratchFolder(tmp_path)
    assert not abandoned.exists()
