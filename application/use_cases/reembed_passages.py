"""Handles the operation `reembed`: vectors of another model beside the live ones, published in one step at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from application.embedding import AddVectors
from application.models import Models, model_of
from application.ports.embedder import Embedder
from application.ports.embedding_cache import EmbeddingCache
from application.ports.model_register import ModelRegister
from application.ports.run_context import RunContext
from application.ports.unit_of_work import UnitOfWork
from application.ports.vector_store import Chunks, PublishedChunks, VectorStore
from application.reembed_order import ReembedOrder
from application.run_action import Outcome
from domain.action import Action, Run
from domain.embedding_model import ModelChoice
from domain.errors import ModelNotUsable
from domain.report import Report

EVERYTHING = PublishedChunks()
# Between two looks for passages that were published meanwhile, or were locked.
PAUSE_SECONDS = 1.0
NOT_LOADED = (
    "The worker cannot load this model; its log says why. It takes the bundled model, a folder on its machine, and, "
    "with the extra sentence-transformers, any model of that library."
)
TOO_LONG = (
    "The longest passages have {longest} tokens, as the model counted that they were cut for, and this one reads "
    "{most}: their ends are not in its vectors. Process those documents anew to cut them shorter."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReembedPassages:
    """`params`: see application/reembed_order.py. Safe to run twice, and to be killed: what has a vector is left out.

    Searches use the live model all the while, also those that began before the swap and end after it: its vectors stay
    until a cleanup takes them, days later. The live model itself may be asked for: passages that lack a vector get one.
    """

    models: Models
    register: ModelRegister
    cache: EmbeddingCache
    vectors: VectorStore

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Prepare the model, and make it live if every published passage has a vector of it then.

        Raises ModelNotUsable, ReembeddingRunning, or a retryable EsteiraError.
        """
        order = ReembedOrder.of(action.params)
        self.models.in_use()  # an installation that nobody has used yet has the model of the setting first
        embedder = self._loaded(order.choice)
        self.register.prepare(model_of(embedder, order.choice), context.run)
        is_live = self.models.in_use().live.name == embedder.model_name
        work = _Work(
            embedder=embedder,
            add=AddVectors(cache=self.cache, vectors=self.vectors),
            vectors=self.vectors,
            context=context,
            report=Report(progress=action.report.progress),
        )
        work.embed(order.chunks)
        left = work.left()
        while left and order.chunks.is_everything:
            context.pause(PAUSE_SECONDS)
            work.embed(EVERYTHING)
            left = work.left()
        is_swapped = not is_live and not left
        if is_swapped:
            work.tell("Building the index")
            self.vectors.build_index(context.run, embedder.model_name, check=context.check)
        return Outcome(
            result=work.result(missing=left, published=is_live or is_swapped),
            report=work.tell("1 passage" if work.total == 1 else f"{work.total:,} passages"),
            publish=_make_live if is_swapped else None,
        )

    def clean_up(self, action: Action) -> None:
        """Prepare nothing any more; vectors stay for the next try, until a cleanup takes them."""
        self.vectors.break_off(action.run)
        self.register.release(action.run)

    def _loaded(self, choice: ModelChoice) -> Embedder:
        try:
            return self.models.load(choice)
        except ModelNotUsable as error:  # its own words tell of folders
            raise ModelNotUsable(NOT_LOADED) from error


def _make_live(transaction: UnitOfWork, run: Run) -> None:
    transaction.models.make_live(run)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One run: how far it is, and what it has to say."""

    embedder: Embedder
    add: AddVectors
    vectors: VectorStore
    context: RunContext
    report: Report
    total: int = 0
    done: int = 0
    embedded: int = 0
    reused: int = 0
    warnings: list[str] = field(default_factory=list)

    def embed(self, chunks: Chunks) -> None:
        """Add the vectors that are missing."""
        counts = self.vectors.count(chunks, self.embedder.model_name)
        self.total, self.done = counts.total, counts.total - counts.missing
        if counts.longest_tokens > self.embedder.max_tokens:
            self.warnings = [TOO_LONG.format(longest=counts.longest_tokens, most=self.embedder.max_tokens)]
        self._tell_progress()
        self.add(chunks, self.embedder, self.context, told=self._count)

    def left(self) -> int:
        """Return how many published passages lack a vector."""
        return self.vectors.count(EVERYTHING, self.embedder.model_name).missing

    def tell(self, message: str) -> Report:
        """Show that all is embedded."""
        self.report = self.report.advance(1.0, message)
        self.context.report(self.report)
        return self.report

    def result(self, *, missing: int, published: bool) -> Mapping[str, object]:
        """Return what the client gets."""
        return {
            "model": self.embedder.model_name,
            "passages": self.total,
            "embedded": self.embedded,
            "reused": self.reused,
            "missing": missing,
            "published": published,
            "warnings": self.warnings,
        }

    def _count(self, added: int, reused: int) -> None:
        self.done += added
        self.embedded += added - reused
        self.reused += reused
        self._tell_progress()

    def _tell_progress(self) -> None:
        share = min(1.0, self.done / self.total) if self.total else 0.0
        self.report = self.report.advance(share, f"{self.done:,} of {self.total:,} passages")
        self.context.report(self.report)
