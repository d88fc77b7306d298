"""Copies that are made for reading."""

import io
import sys
from pathlib import Path

import pytest

from domain.errors import StorageUnavailable
from infrastructure.storage.hashed_copy import hashed_copy

FULL = Path("/dev/full")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full IS LINUX'S: A FULL DISK IS NOT TRIED")
def test_a_full_disk_is_told_as_such_and_may_be_tried_again() -> None:
    with pytest.raises(StorageUnavailable, match="disk may be full"):
        hashed_copy(io.BytesIO(b"x").read, FULL, check=lambda: None)
