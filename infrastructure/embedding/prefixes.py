"""What a model wants to stand before a text, so that it tells questions from passages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

# The names that models have for the prompt of a passage, in sentence-transformers' order.
PASSAGE_PROMPTS = ("document", "passage", "corpus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """Put before every question, and before every passage."""

    query: str = ""
    passage: str = ""

    @classmethod
    def of_prompts(cls, prompts: Mapping[str, str | None], default_name: str | None) -> Self:
        """Read what config_sentence_transformers.json says; the default prompt stands in for one that is not there."""
        default = prompts.get(default_name or "") or ""
        passage = next((prompt for name in PASSAGE_PROMPTS if (prompt := prompts.get(name))), default)
        return cls(query=prompts.get("query") or default, passage=passage)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrefixes:
    """Prefixes of the user's choice; None leaves the model's."""

    query: str | None = None
    passage: str | None = None

    def over(self, prefixes: Prefixes) -> Prefixes:
        """Return the prefixes to use."""
        return Prefixes(
            query=prefixes.query if self.query is None else self.query,
            passage=prefixes.passage if self.passage is None else self.passage,
        )

    def rename(self, model_name: str) -> str:
        """Return the model's name, another one for each prefix of passages: other prefix, other vectors."""
        if self.passage is None:
            return model_name
        return f"{model_name}+{hashlib.sha256(self.passage.encode()).hexdigest()[:8]}"


MODELS_OWN = OwnPrefixes()
