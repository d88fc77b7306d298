"""Which languages are told apart, and which stemmer each has."""

STEMMERS = {
    "ar": "arabic",
    "hy": "armenian",
    "eu": "basque",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "nl": "dutch",
    "en": "english",
    "eo": "esperanto",
    "et": "estonian",
    "fi": "finnish",
    "fr": "french",
    "de": "german",
    "el": "greek",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "ga": "irish",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "no": "norwegian",
    "fa": "persian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "es": "spanish",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
UNDETERMINED = "und"
# Told apart too, though they have no stemmer; without them their texts would pass for a neighbour's. Rarer ones are
# left out: short texts in Portuguese would pass for Galician.
OTHERS = ("zh", "ja", "ko", "th", "vi", "he", "uk", "bg", "be", "mk", "ka", "bn", "ur", "te", "ml", "kn", "gu", "pa")
OTHERS_IN_LATIN = ("hr", "sk", "sl", "lv", "sq", "is", "ms", "sw", "tl", "az", "cy", "af", "la")
