"""Real documents for tests: the shared corpus where it is, the repository's own samples always."""

import os
from pathlib import Path

from tests.support.program import ROOT

SAMPLES = ROOT / "samples" / "documents"


def corpus_folder() -> Path | None:
    """Return the corpus: ESTEIRA_TEST_CORPUS, or `shared/corpus` beside the repository."""
    folders = [os.environ.get("ESTEIRA_TEST_CORPUS"), ROOT.parent / "shared" / "corpus"]
    return next((Path(folder) for folder in folders if folder and Path(folder).is_dir()), None)


def sample_documents() -> list[Path]:
    """Return the samples of the repository."""
    return sorted(path for path in SAMPLES.iterdir() if path.is_file())
