"""The model's tokenizer: what the encoder reads of a text, and where each token lies in it."""

import re
from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase
from tokenizers.normalizers import Sequence as NormalizerSequence

LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class TextTokenizer:
    """Tokenizes with and without the special tokens. Never changed after it was made, so threads may share it.

    `definition` is the text of a tokenizer.json; the truncation and padding in it are left out, for whoever wrote
    them had another use in mind.
    """

    def __init__(self, definition: str, *, max_sequence_tokens: int, lowercase: bool = False) -> None:
        self._whole = self._plain(definition, lowercase=lowercase)
        self._cut = self._plain(definition, lowercase=lowercase)
        self._cut.enable_truncation(max_sequence_tokens)
        self.max_tokens = max_sequence_tokens - self._whole.num_special_tokens_to_add(is_pair=False)

    @classmethod
    def _plain(cls, definition: str, *, lowercase: bool) -> Tokenizer:
        tokenizer = Tokenizer.from_str(definition)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if lowercase:
            rest = [tokenizer.normalizer] if tokenizer.normalizer else []
            tokenizer.normalizer = NormalizerSequence([Lowercase(), *rest])
        return tokenizer

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token ids with the special tokens, cut to what the model sees."""
        return [encoding.ids for encoding in self._cut.encode_batch_fast([readable(text) for text in texts])]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return (start, end) of each token in code points, without the special tokens and not cut.

        Space before a word, which some tokenizers take into the token, is left out.
        """
        offsets = self._whole.encode(readable(text), add_special_tokens=False).offsets
        return [(end - len(text[start:end].lstrip()), end) for start, end in offsets]


def readable(text: str) -> str:
    """Replace lone surrogates: half a pair is no character and stops the tokenizer. Offsets stay as they are."""
    return LONE_SURROGATE.sub("\ufffd", text)
