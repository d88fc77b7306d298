import pytest

from infrastructure.extraction.text.encoding_labels import known_encoding


@pytest.mark.parametrize(
    ("labels", "encoding"),
    [
        ("iso-8859-1 ISO_8859-1 iso88591 latin1 l1 us-ascii ansi_x3.4-1968 windows-1252 x-cp1252", "cp1252"),
        ("iso-8859-9 latin5 windows-1254", "cp1254"),
        ("iso-8859-11 tis-620 windows-874 dos-874", "cp874"),
        ("gb2312 gbk gb18030 x-gbk chinese csgb2312", "gb18030"),
        ("ks_c_5601-1987 euc-kr korean windows-949 cseuckr", "cp949"),
        ("shift_jis sjis x-sjis windows-31j ms_kanji", "cp932"),
        ("big5 big5-hkscs x-x-big5 cn-big5", "big5hkscs"),
        ("euc-jp x-euc x-euc-jp", "euc_jp"),
        ("iso-8859-8-i logical visual hebrew", "iso8859-8"),
        ("unicode-1-1-utf-8 utf8", "utf-8"),
        ("macintosh x-mac-roman", "mac-roman"),
    ],
)
def test_a_label_is_read_as_browsers_do(labels: str, encoding: str) -> None:
    assert {known_encoding(f" {label} ") for label in labels.split()} == {encoding}


@pytest.mark.parametrize("label", ["", "nonsense", "base64", "rot13", "punycode", "iso-8859-99", "a\x00b"])
def test_what_is_no_encoding_is_unknown(label: str) -> None:
    assert known_encoding(label) is None
