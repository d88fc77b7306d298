"""Compare the default encoder with sentence-transformers on torch: the same chunks, in turns, a fresh process each.

Usage: .venv/bin/python scripts/bench_embedding.py [--runs 5] [--chunks 240] [--tokens 200] [--torch .venv-torch]
It prints what it measured and asserts nothing: a shared machine drifts, and only neighbouring runs compare.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import openvino as ov

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the torch environment does not have Esteira installed

from infrastructure.embedding.model_folder import bundled_folder  # noqa: E402
from infrastructure.embedding.openvino_embedder import OpenVinoEmbedder  # noqa: E402
from infrastructure.embedding.sentence_transformers_embedder import SentenceTransformersEmbedder  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpus" / "retrieval" / "chunking-evaluation"
OURS = "openvino"
# As it comes, in batches of 32, and in the batches of 8 that are its fastest on a CPU.
AS_IT_COMES, IN_EIGHTS = "sentence-transformers", "sentence-transformers-8"
THEIRS = (AS_IT_COMES, IN_EIGHTS)
MEBIBYTE = 1024**2
LONGEST_READ = 400_000  # code points of one text, so that tokenizing them takes a second


def main() -> int:
    """Run and print; return the exit code."""
    options = parse_options()
    if options.child:
        measure(options.child, Path(options.files[0]), Path(options.files[1]))
        return 0
    python = Path(options.torch) / "bin" / "python"
    if not python.exists():
        print(f"{python} is missing. Make it by: python scripts/setup_torch_environment.py {options.torch}")
        return 1
    chunks = make_chunks(count=options.chunks, tokens=options.tokens, corpus=Path(options.corpus))
    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    has_bf16 = "bfloat16 in hardware" if "BF16" in capabilities else "no bfloat16, so float32"
    print(f"{ov.Core().get_property('CPU', 'FULL_DEVICE_NAME')}, {os.cpu_count()} cores, {has_bf16}")
    compare(chunks, {OURS: Path(sys.executable), **dict.fromkeys(THEIRS, python)}, runs=options.runs)
    return 0


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--chunks", type=int, default=240)
    parser.add_argument("--tokens", type=int, default=200, help="of a chunk, on average")
    parser.add_argument("--torch", default=str(ROOT / ".venv-torch"), help="environment with sentence-transformers")
    parser.add_argument("--corpus", default=str(CORPUS), help="folder of .md files; else this repository's texts")
    parser.add_argument("--child", choices=[OURS, *THEIRS], help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(chunks: list[str], pythons: dict[str, Path], *, runs: int) -> None:
    """Run all in turns, `runs` times, and print each run, the ratios and how far the vectors are apart."""
    rates: dict[str, list[float]] = {name: [] for name in pythons}
    vectors = {}
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "chunks.json"
        texts.write_text(json.dumps(chunks), encoding="utf-8")
        for run in range(runs):
            for name, python in pythons.items():
                out = Path(folder) / f"{name}.npy"
                command = [str(python), __file__, "--child", name, str(texts), str(out)]
                done = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, env={**os.environ, "HF_HUB_OFFLINE": "1"}
                )
                result = json.loads(done.stdout)
                rates[name].append(result["chunks_per_second"])
                vectors[name] = np.load(out)
                print(f"run {run + 1}  {name:24}", *(f"{key} {value:8.2f}  " for key, value in result.items()))
    for name, measured in rates.items():
        print(f"{name}: {statistics.median(measured):.1f} chunks/s (median of {runs})")
    for name in THEIRS:
        ratios = [ours / theirs for ours, theirs in zip(rates[OURS], rates[name], strict=True)]
        least = (vectors[OURS] * vectors[name]).sum(axis=1).min()
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{OURS} / {name}: median {statistics.median(ratios):.2f} ({spread}), least cosine {least:.6f}")


def measure(name: str, texts: Path, out: Path) -> None:
    """Load, embed once for warmth and once for the clock, print the figures as JSON, write the vectors to `out`."""
    chunks = json.loads(texts.read_text(encoding="utf-8"))
    started = time.perf_counter()
    embed = load(name)
    loaded = time.perf_counter()
    embed(chunks[:16])
    warm = time.perf_counter()
    np.save(out, embed(chunks))
    seconds = time.perf_counter() - warm
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    figures = {"chunks_per_second": len(chunks) / seconds, "load_seconds": loaded - started}
    print(json.dumps({**figures, "peak_mebibytes": peak / MEBIBYTE}))


def load(name: str) -> Callable[[list[str]], np.ndarray]:
    """Return what embeds a list of texts."""
    if name == OURS:
        return OpenVinoEmbedder.load().embed_passages
    if name == IN_EIGHTS:
        return SentenceTransformersEmbedder.load(str(bundled_folder()), device="cpu").embed_passages
    # Of the second environment alone.
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(bundled_folder()), device="cpu")
    return partial(model.encode, normalize_embeddings=True, show_progress_bar=False)


def make_chunks(*, count: int, tokens: int, corpus: Path) -> list[str]:
    """Cut texts into chunks of three quarters to five quarters of `tokens`; begin again where they do not suffice."""
    files = sorted(corpus.glob("*.md")) or sorted(
        file for pattern in ("*.md", "*.txt", "LICENSE", "*.py") for file in ROOT.glob(f"[!.]*/**/{pattern}")
    )
    sizes = np.random.default_rng(0)
    embedder = OpenVinoEmbedder.load()
    share = -(-count // max(1, len(files)))
    chunks: list[str] = []
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")[:LONGEST_READ]
        cuts = islice(iter_cuts(embedder.token_spans(text), sizes, tokens), share)
        chunks += [text[start:end] for start, end in cuts]
    print(f"{len(files)} texts, {len(chunks[:count])} different chunks")
    return (chunks * -(-count // len(chunks)))[:count]


def iter_cuts(spans: list[tuple[int, int]], sizes: np.random.Generator, tokens: int) -> Iterator[tuple[int, int]]:
    """Yield where each chunk starts and ends."""
    first = 0
    while first < len(spans):
        last = min(len(spans), first + int(sizes.integers(tokens * 3 // 4, tokens * 5 // 4 + 1))) - 1
        yield spans[first][0], spans[last][1]
        first = last + 1


if __name__ == "__main__":
    sys.exit(main())
