"""Guesses encodings from before Unicode: Latin ones by the letters of languages, all others by charset-normalizer."""

import re

from charset_normalizer import from_bytes

from infrastructure.extraction.text.encoding_labels import known_encoding

MAX_CHARACTER_BYTES = 4
MOST_WORD_BYTES = 8 * 1024
FITTING = 0.9  # of the characters that are not ASCII
MARGIN = 0.05  # by which others must fit better than Western: a few names in a long text do not
IN_A_ROW, MOST_IN_A_ROW = 4, 0.15  # of such letters: Latin words have few, and hardly ever four together
MOST_TO_AN_ASCII_LETTER, FEW = 1.0, 2

_WORDS = re.compile(rb"[\x21-\x7e]*[\x80-\xff]\S*|[?!]")
_ASCII_LETTERS = re.compile(rb"[A-Za-z]")
_HIGH = re.compile(r"[^\x00-\x7f]")
_ROWS = re.compile(rf"[^\x00-\x7f\xa0‘’“”„«»–—…•]{{{IN_A_ROW},}}")  # noqa: RUF001
_LETTER = r"[^\W\d_ºª]"
# Signs where they usually stand: what is one in Western text is a letter in other encodings.
_SIGNS = (
    r"[’‘´–—…·•\xad]"  # noqa: RUF001
    rf"|(?<!{_LETTER})[\xa0€£¥¢§©®™°“”«»‹›±×÷½¼¾¶†‡‰µ¬]|[©®™°“”«»‹›†‡](?!{_LETTER})|\xa0(?![\s,])"  # noqa: RUF001
    r"|(?<!\w)[‚„](?=\w)|¿(?=[A-Z]|[^¿]*\?)|¡(?=[A-Z]|[^¡]*!)"  # noqa: RUF001
    r"|(?<=m)[²³]|(?<![a-z])[¹²³ºª](?![a-z])|(?:(?<=\b[A-Za-z])|(?<=\b[A-Z][a-z]))[ºª](?![a-z])"
)
_WESTERN = (
    "[áâãàçéêíóôúü]|õ(?=[esm])",  # Portuguese
    "[áéíóúüñç]",  # Spanish
    "[àâæçéèêëîïôûüÿ]|œ(?=[uid])|(?<=o)ù",  # French
    r"[àèéìòù](?!\w)",  # Italian
    "[äöüßéàè]",  # German
    "[éèëïöüáóíêç]",  # Dutch, and what English took over
    "[æøåéòôüïçñ]",  # Danish, Norwegian, and names from there
    "[åäöéàüšž]",  # Swedish, Finnish
    "[àèéíïòóúüç]",  # Catalan
    "[áéíóúýþæöð]",  # Icelandic
)
_CENTRAL = (
    "[ąćęłńóśźż]",  # Polish
    "[áčďéíňóřšťúýž]|(?<=[bpvmdtnf])ě|(?<=[bcčdďhjklmnprřsštvzž])ů",  # Czech
    "[áäčďéíľňóôšťúýž]|(?<=[bcdhkmpstvz])[ŕĺ](?=[bcčdkľmnňpsštvzž])",  # Slovak
    "[áéíóöőúüű]",  # Hungarian
    "[ăâîşţ]",  # Romanian
    "[čšžćđ]",  # Slovene, Croatian
)
# In order: of those that fit equally well the first is taken.
_LATIN = (
    ("cp1252", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859-2", _CENTRAL),
    ("cp1254", ("[çğıöşüâîûİ]",)),  # Turkish
    ("cp1257", ("[ąčęėįšųūž]", "[āčēģīķļņšūž]", "[äöüõšž]")),  # Lithuanian, Latvian, Estonian
)


def _fitting(letters: str) -> re.Pattern[str]:
    return re.compile(f"{letters}|(?-i:{_SIGNS})", re.IGNORECASE)


_LANGUAGES = tuple((encoding, _fitting(letters)) for encoding, alphabets in _LATIN for letters in alphabets)
_ANY_WESTERN = _fitting("|".join(_WESTERN))


def legacy_encoding(sample: bytes) -> str:
    """Return the likeliest encoding of text that is not in Unicode."""
    if found := _latin(sample):
        return found
    best = None
    for cut in range(MAX_CHARACTER_BYTES):  # a cut off sample may end within a character
        best = best or from_bytes(sample[: len(sample) - cut]).best()
    return (known_encoding(best.encoding) if best else None) or "cp1252"


def _latin(sample: bytes) -> str | None:
    """Return the encoding in which all fits one language, else Western where all fits several, else None."""
    words = b" ".join(_WORDS.findall(sample))[:MOST_WORD_BYTES]
    western = words.decode("cp1252", "replace")
    high = len(_HIGH.findall(western))
    letters = high - len(re.findall(_SIGNS, western))
    if letters > max(MOST_TO_AN_ASCII_LETTER * len(_ASCII_LETTERS.findall(sample)), FEW):
        return None
    if sum(map(len, _ROWS.findall(western))) > MOST_IN_A_ROW * high:
        return None
    shares = [(_share(fit, words.decode(encoding, "replace")), encoding) for encoding, fit in _LANGUAGES]
    share, encoding = max(shares, key=lambda found: found[0] + MARGIN * (found[1] == "cp1252"))
    if share >= FITTING:
        return encoding
    return "cp1252" if _share(_ANY_WESTERN, western) >= FITTING else None


def _share(fit: re.Pattern[str], text: str) -> float:
    return len(_HIGH.findall("".join(fit.findall(text)))) / max(len(_HIGH.findall(text)), 1)
