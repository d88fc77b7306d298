"""Control words of RTF (Rich Text Format specification 1.9.1) and what they mean for reading."""

# fmt: off
# Groups that hold no text of the document. Those which begin with `\*` are skipped unless a reader knows them.
SKIPPED = {
    "annotation", "atnauthor", "atnid", "author", "bkmkend", "bkmkstart", "colortbl", "comment", "company", "datafield",
    "do", "fldinst", "filetbl", "footer", "footerf", "footerl", "footerr", "generator", "header", "headerf", "headerl",
    "headerr", "info", "listoverridetable", "listtable", "nonshppict", "objdata", "pict", "pgdsctbl", "revtbl",
    "rsidtbl", "sn", "sv", "tc", "themedata", "txe", "xe", "xmlnstbl",
}
KNOWN_STARRED = {"shpinst", "shptxt"}
MARKERS = {"listtext", "pntext"}  # the bullet or number before a list item
DESTINATIONS = {"fonttbl": "fonts", "stylesheet": "styles", "footnote": "apart", "shptxt": "apart"}
TEXT = {
    "bullet": "•", "emdash": "—", "emspace": " ", "endash": "–", "enspace": " ", "ldblquote": "“",  # noqa: RUF001
    "line": "\n", "lquote": "‘", "qmspace": " ", "rdblquote": "”", "rquote": "’", "tab": "\t", "nestcell": " ",  # noqa: RUF001
    "nestrow": " ", "softline": "\n", "zwj": "\u200d", "zwnj": "\u200c", "ltrmark": "\u200e", "rtlmark": "\u200f",
}
SYMBOLS = {b"\\": "\\", b"{": "{", b"}": "}", b"~": " ", b"_": "-"}
CODE_PAGES = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}
# fmt: on
