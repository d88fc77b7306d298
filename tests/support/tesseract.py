"""Tesseract where it is installed; tests that need it say loudly where it is not."""

import shutil

import pytest

TESSERACT = shutil.which("tesseract")

needs_tesseract = pytest.mark.skipif(
    TESSERACT is None, reason="TESSERACT IS NOT INSTALLED HERE: text in pictures is not tested"
)
