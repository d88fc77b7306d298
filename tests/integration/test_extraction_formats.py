import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import docx as python_docx
import fpdf
import pytest
from fpdf.enums import EncryptionMethod
from PIL import Image

from domain.extracted_page import ExtractedPage
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.text.xhtml import as_html
from tests.support.documents import archive, assemble, docx, paragraph, pdf
from tests.support.unhurried import unhurried

Read = Callable[..., list[ExtractedPage]]
Text = Callable[..., str]
Code = Callable[..., str]


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    limits = ExtractionLimits(memory_bytes=400 * MIB, max_unpacked_bytes=64 * MIB, open_seconds=30, page_seconds=30)
    with SandboxedExtractor(limits) as extractor:
        yield extractor


@pytest.fixture
def read(extractor: SandboxedExtractor, tmp_path: Path) -> Read:
    def read(data: bytes | str, filename: str = "upload.bin") -> list[ExtractedPage]:
        path = tmp_path / "file"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with extractor.open(path, filename=filename, check=unhurried) as stream:
            return [page for page in stream if isinstance(page, ExtractedPage)]

    return read


@pytest.fixture
def text(read: Read) -> Text:
    return lambda *arguments: "\n".join(page.text for page in read(*arguments))


@pytest.fixture
def code(read: Read) -> Code:
    def code(*arguments: bytes | str) -> str:
        with pytest.raises(DocumentUnreadable) as caught:
            read(*arguments)
        assert len(caught.value.detail) > 20
        return caught.value.failure_code.value

    return code


def titles(pages: list[ExtractedPage]) -> list[tuple[int, str]]:
    for page in pages:
        for heading in page.headings:
            assert page.text[heading.offset :].startswith(heading.title)
    return [(heading.level, heading.title) for page in pages for heading in page.headings]


def fpdf_document() -> fpdf.FPDF:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=12)
    return document


# --- which type


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(60), "program"),
        (archive({"a.txt": "text"}), "ZIP"),
        (archive({"mimetype": "application/vnd.oasis.opendocument.graphics"}), "drawing"),
        (archive({"[Content_Types].xml": "ms-excel.sheet.binary.macroEnabled.main"}), "XLSB"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"\x00\xff\x80\x01\x03\x02" * 50, "unknown"),
    ],
)
def test_what_cannot_be_read_is_called_by_its_name(read: Read, data: bytes, named: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        read(data, "report.pdf")
    assert caught.value.failure_code is FailureCode.UNSUPPORTED_TYPE
    assert named in caught.value.detail
    assert "Supported are" in caught.value.detail


@pytest.mark.parametrize("filename", ["a.docx", "a.md", "a.pdf", "", "../../\x00etc/passwd", "x" * 4000, "\udcff"])
def test_the_name_does_not_make_the_type(text: Text, filename: str) -> None:
    assert text(pdf(["it is a PDF"]), filename) == "it is a PDF"


def test_the_name_chooses_between_markdown_and_plain_text(text: Text) -> None:
    assert text("# Title\n\n*word*", "a.MD") == "Title\n\nword"
    assert text("# Title\n\n*word*", "a.txt") == "# Title\n\n*word*"


def test_a_text_about_pdfs_is_a_text(text: Text) -> None:
    assert text("A PDF starts with %PDF-1.7, they say.") == "A PDF starts with %PDF-1.7, they say."


def test_a_markdown_file_that_starts_with_html_is_markdown(text: Text) -> None:
    assert text('<p align="center">Logo</p>\n\n# Title\n\n- one\n', "README.md") == "Logo\n\nTitle\n\n- one"


# --- PDF


def test_pdf_lines_and_paragraphs(text: Text) -> None:
    document = fpdf_document()
    document.multi_cell(90, 6, "The first paragraph is long enough to be broken into several lines of text here.")
    document.ln(9)
    document.multi_cell(90, 6, "The second paragraph, too, is long enough to be broken into several lines of text.")
    paragraphs = text(bytes(document.output())).split("\n\n")
    assert [" ".join(found.split()) for found in paragraphs] == [
        "The first paragraph is long enough to be broken into several lines of text here.",
        "The second paragraph, too, is long enough to be broken into several lines of text.",
    ]


def test_pdf_headings_come_from_the_outline(read: Read) -> None:
    document = fpdf_document()
    document.start_section("Introduction")
    document.cell(text="Introduction", new_x="LMARGIN", new_y="NEXT")
    document.add_page()
    document.start_section("Methods", level=1)
    document.cell(text="2. Methods", new_x="LMARGIN", new_y="NEXT")
    assert titles(read(bytes(document.output()))) == [(1, "Introduction"), (2, "Methods")]


@pytest.mark.parametrize("method", [EncryptionMethod.RC4, EncryptionMethod.AES_128, EncryptionMethod.AES_256])
def test_pdf_with_a_password_is_encrypted(code: Code, text: Text, method: EncryptionMethod) -> None:
    document = fpdf_document()
    document.cell(text="secret words")
    document.set_encryption("owner", "user", encryption_method=method)
    assert code(bytes(document.output())) == "encrypted"
    document = fpdf_document()
    document.cell(text="words to read")
    document.set_encryption("owner", encryption_method=method)
    assert text(bytes(document.output())) == "words to read"


def test_pdf_of_pictures_needs_ocr_but_one_page_of_text_is_enough(code: Code, text: Text) -> None:
    picture = BytesIO()
    Image.new("L", (60, 60), 100).save(picture, "PNG")
    document = fpdf_document()
    document.image(picture, w=100)
    assert code(bytes(document.output())) == "needs_ocr"
    document = fpdf_document()
    document.image(picture, w=100)
    document.add_page()
    document.cell(text="a caption")
    assert text(bytes(document.output())).strip() == "a caption"


def test_pdf_garbage_is_corrupt(code: Code) -> None:
    assert code(b"%PDF-1.7\n" + bytes(range(256)) * 20) == "corrupt"
    assert code(b"%PDF-1.4\n") == "corrupt"


def test_pdf_truncated_is_corrupt(code: Code) -> None:
    whole = pdf([f"page {number}" for number in range(20)])
    assert code(whole[: len(whole) // 2]) == "corrupt"


def test_pdf_of_ten_thousand_pages_has_too_many_at_opening(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(pdf([""] * 10_000))
    with pytest.raises(DocumentUnreadable) as caught, extractor.open(path, filename="a.pdf", check=unhurried):
        pass
    assert caught.value.failure_code is FailureCode.TOO_MANY_PAGES


def test_pdf_whose_pages_are_their_own_parents_ends(code: Code) -> None:
    loop = assemble([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 3/Kids[2 0 R 2 0 R]>>"])
    assert code(loop) in {"corrupt", "no_text"}


# --- DOCX


def test_docx_by_python_docx(read: Read) -> None:
    document = python_docx.Document()
    document.add_heading("Report", 0)
    document.add_heading("Results", 1)
    document.add_paragraph("Some words.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(2, 2)
    for row, values in zip(table.rows, [("a", "b"), ("c", "d")], strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_heading("Détails", 2)
    document.add_paragraph("The end.")
    out = BytesIO()
    document.save(out)
    pages = read(out.getvalue())
    assert [page.text for page in pages] == [
        "Report\n\nResults\n\nSome words.\n\n- one\n- two\na | b\nc | d\n\nDétails\n\nThe end."
    ]
    assert titles(pages) == [(1, "Report"), (1, "Results"), (2, "Détails")]
    assert pages[0].number is None


def test_docx_heading_by_a_style_of_another_language(read: Read) -> None:
    styles = (
        '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:style w:styleId="Ttulo2"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="Meu"><w:name w:val="Meu"/><w:basedOn w:val="Ttulo2"/></w:style>'
        '<w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style></w:styles>'
    )
    body = (
        paragraph("Seção", '<w:pStyle w:val="Meu"/>')
        + paragraph("Nível", '<w:outlineLvl w:val="2"/>')
        + paragraph("texto", '<w:pStyle w:val="Loop"/>')
    )
    assert titles(read(docx(body, {"word/styles.xml": styles}))) == [(2, "Seção"), (3, "Nível")]


def test_docx_deletions_are_left_out_and_notes_and_boxes_come_along(text: Text) -> None:
    body = (
        "<w:p><w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>added</w:t></w:r></w:ins><w:r><w:footnoteReference w:id='2'/></w:r>"
        "<w:r><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent></w:r></w:p>"
    )
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:footnote w:id='2'><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    assert text(docx(body, {"word/footnotes.xml": notes})) == "kept added\n\nin a box\n\na note"


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_paragraphs_and_cells_of_a_docx_note_stand_apart(text: Text, kind: str) -> None:
    cells = f"<w:tr><w:tc>{paragraph('a')}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr>"
    box = f"<w:p><w:r><w:t>Third</w:t><w:txbxContent>{paragraph('in a box')}</w:txbxContent></w:r></w:p>"
    note = paragraph("First end.") + paragraph("Second start") + f"<w:tbl>{cells}</w:tbl>{box}"
    notes = (
        f'<w:{kind}s xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:{kind} w:id='2'>{note}</w:{kind}></w:{kind}s>"
    )
    body = f"<w:p><w:r><w:t>Main</w:t></w:r><w:r><w:{kind}Reference w:id='2'/></w:r></w:p>"
    assert text(docx(body, {f"word/{kind}s.xml": notes})) == "Main\n\nFirst end. Second start a | b Third in a box"


def test_docx_headers_and_footers_come_once(read: Read) -> None:
    document = python_docx.Document()
    document.add_paragraph("Body.")
    for number in range(3):
        section = document.add_section()
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Mill race, part 7"
        section.header.paragraphs[0].style = "Heading 1"
        section.footer.paragraphs[0].text = str(number)
        document.add_paragraph(f"Section {number}.")
    out = BytesIO()
    document.save(out)
    pages = read(out.getvalue())
    assert [page.text for page in pages] == ["Body.\n\nSection 0.\n\nSection 1.\n\nSection 2.\n\nMill race, part 7"]
    assert titles(pages) == []


@pytest.mark.parametrize("kind", ["document.macroEnabled", "template", "template.macroEnabledTemplate"])
def test_docx_with_macros_and_templates_are_read_like_others(text: Text, kind: str) -> None:
    types = f'<Types><Override PartName="/word/main.xml" ContentType="x/ms-word.{kind}.main+xml"/></Types>'
    body = docx(paragraph("words"))
    with zipfile.ZipFile(BytesIO(body)) as file:
        main = file.read("word/document.xml")
    assert text(archive({"[Content_Types].xml": types, "word/main.xml": main}), "a.docm") == "words"


def test_docx_zip_bomb_by_its_directory(code: Code) -> None:
    assert code(docx(paragraph("x"), {"word/media/bomb": b"\0" * (100 * MIB)})) == "too_large_unpacked"


def test_docx_zip_bomb_that_lies_about_its_size(code: Code) -> None:
    body = paragraph("x") + "<w:p/>" * (12 * MIB)
    data = bytearray(docx(body))
    with zipfile.ZipFile(BytesIO(data)) as file:
        size = struct.pack("<L", file.getinfo("word/document.xml").file_size)
    assert size in data
    assert code(bytes(data.replace(size, struct.pack("<L", 5000)))) in {"too_large_unpacked", "corrupt"}


def test_docx_with_too_many_entries(code: Code) -> None:
    assert code(docx(paragraph("x"), {f"word/{number}": "" for number in range(10_001)})) == "too_large_unpacked"


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
            f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9)
        ) + "]>",
        "<!DOCTYPE d [<!ENTITY j SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE d SYSTEM 'http://127.0.0.1:1/x.dtd' [<!ENTITY j 'x'>]>",
    ],
    ids=["bomb", "external", "dtd"],
)  # fmt: skip
def test_docx_entities_are_refused(code: Code, prolog: str) -> None:
    assert code(docx(paragraph("&j;"), prolog=prolog)) == "corrupt"


def test_docx_nested_a_hundred_thousand_deep_is_corrupt(code: Code) -> None:
    cell = "<w:tbl><w:tr><w:tc>"
    assert code(docx(cell * 100_000 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 100_000)) == "corrupt"


def test_docx_damaged_is_corrupt(code: Code) -> None:
    whole = docx("".join(paragraph(f"number {number}") for number in range(4000)))
    assert code(whole[: len(whole) // 2]) == "corrupt"
    middle = bytearray(whole)
    middle[len(whole) // 2 : len(whole) // 2 + 40] = bytes(40)
    assert code(bytes(middle)) == "corrupt"
    assert code(docx("<w:p><w:r></w:p>")) == "corrupt"


def test_docx_with_a_password_is_encrypted(code: Code) -> None:
    package = "EncryptedPackage".encode("utf-16-le")
    assert code(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + package) == "encrypted"


def test_docx_without_text(code: Code) -> None:
    assert code(docx(paragraph("  "))) == "no_text"


# --- HTML


def test_html_blocks_headings_lists_and_tables(read: Read) -> None:
    pages = read(
        "<!DOCTYPE html><html><head><title>no</title><style>x{}</style></head><body><h1>The  <b>Title</b></h1>"
        "<script>no()</script><noscript>no</noscript><p>One\ntwo<br>three &amp; four</p><ul><li>a<ul><li>b</li></ul>"
        "</li><li><p>c</p></li></ul><h2>Table</h2><table><tr><th>A</th><th>B</th></tr><tr><td><p>1</p></td>"
        "<td>2 <i>3</i></td></tr></table><pre>x = 1\n  y = 2</pre><template>no</template></body></html>"
    )
    assert pages[0].text == (
        "The Title\n\nOne two\nthree & four\n\n- a\n- b\n- c\n\nTable\n\nA | B\n1 | 2 3\n\nx = 1\n  y = 2"
    )
    assert titles(pages) == [(1, "The Title"), (2, "Table")]


def test_html_layout_tables_keep_their_paragraphs(text: Text) -> None:
    markup = "<html><table><tr><td><h1>News</h1><p>one</p></td><td><table><tr><td>a</td><td>b</td></tr></table>"
    assert text(markup) == "News\n\none\n\na | b"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=windows-1252>", "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', "cp1252"),
        ("<meta charset='shift_jis'>", "cp932"),
        ("<meta charset='utf-8'>", "utf-16"),
        ("<meta charset='nonsense'>", "utf-8"),
        ("", "utf-8-sig"),
    ],
)
def test_html_encodings(text: Text, head: str, encoding: str) -> None:
    words = "日本語の文書" if encoding == "cp932" else "A ação é útil"
    assert text(f"<html><head>{head}</head><body><p>{words}</p>".encode(encoding)) == words


def test_a_byte_order_mark_does_not_make_the_title_of_html_text(text: Text) -> None:
    assert text("\ufeff<html><head><title>no</title></head><body><p>words</p>") == "words"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "utf-8"),
        ('<!-- <meta charset="koi8-r"> --><meta charset="windows-1252">', "cp1252"),
        ("<script>var m = '<meta charset=koi8-r>'</script><meta charset=windows-1252>", "cp1252"),
        ('<meta name="description" content="charset=koi8-r"><meta charset="windows-1252">', "cp1252"),
        ('<title><meta charset="koi8-r"></title>', "cp1252"),
        ('<meta data-x="a>b" charset="koi8-r">', "koi8-r"),
        ("<META CONTENT='text/html;charset=koi8-r' HTTP-EQUIV='content-type' />", "koi8-r"),
        ('<meta charset="nonsense"><meta charset="koi8-r">', "koi8-r"),
        ('<meta charset="utf-8">', "cp1252"),
        (f'<meta charset="iso-8859-1"><style>{" " * 100_000}</style>', "utf-8"),
    ],
)
def test_html_is_in_the_encoding_that_its_bytes_or_a_real_declaration_tell(
    text: Text, head: str, encoding: str
) -> None:
    words = "старая книга" if encoding == "koi8-r" else "São Paulo, ação"
    assert text(f"<html><head>{head}</head><body><p>{words}</p>".encode(encoding)) == words


def test_html_called_latin_1_is_read_as_windows_1252(text: Text) -> None:
    markup = '<html><head><meta charset="iso-8859-1"></head><body><p>Preço: €50 – “ótimo” ação…</p>'  # noqa: RUF001
    assert text(markup.encode("cp1252")) == "Preço: €50 – “ótimo” ação…"  # noqa: RUF001


def test_html_nested_a_hundred_thousand_deep_is_read(text: Text) -> None:
    assert text("<html><body>" + "<div>" * 100_000 + "deep" + "</div>" * 100_000) == "deep"
    assert "deep" in text("<html><body>" + "<table><tr><td>" * 2_000 + "deep")


XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize("start", [f"{XML}<html>", XHTML, f"\ufeff{XML}<!-- <title/> --><!DOCTYPE html>{XHTML}"])
@pytest.mark.parametrize("head", ["<title/>", '<script src="a.js"/>', "<style/>", "<title>no<b/></title><meta/>"])
def test_an_element_of_xhtml_closed_at_once_swallows_nothing(text: Text, start: str, head: str) -> None:
    assert text(f"{start}<head>{head}</head><body><h1>Report</h1><p>All<br/> the text.</p></body></html>") == (
        "Report\n\nAll\nthe text."
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("""<p><object data="a>b/" title='>'/>after</p>""", "after"),
        ("<p><SELECT\n/>after</p>", "after"),
        ("<p><a href=http://x/>link</a> <object data=x/>no</object>after</p>", "link after"),
        ("<p><![CDATA[1 < 2 & <b/>]]> after</p>", "1 < 2 & <b/> after"),
        ("<script>//<![CDATA[\nwrite('<script/>')\n//]]></script><p>after</p>", "after"),
        ("<!-- <object> --><!-- <object/> --><p>after</p>", "after"),
        ("<table><tr><td/><td>b</td></tr></table>", " | b"),
        ("<p>1<2 <i>it's</i> x=\"<object/>after</p>", "1<2 it's x=\"after"),
    ],
)
def test_markup_of_xhtml_is_read_as_xml_means_it(text: Text, body: str, words: str) -> None:
    assert text(f"{XHTML}<body>{body}</body></html>") == words


def test_html_that_is_no_xhtml_keeps_its_own_rules(text: Text) -> None:
    assert text("<html><body><p>one <object/>fallback</object> two</p></body></html>") == "one two"


@pytest.mark.parametrize(
    "part", ["<!--", "<![CDATA[", '<a b="', "<a b='\" c=", "<a b=\"'<", "<script>", "<a/", "<a =", "<b "]
)
def test_hostile_xhtml_costs_no_more_than_its_size(part: str) -> None:
    began_at = time.monotonic()
    as_html(part * (2 * MIB // len(part)))
    assert time.monotonic() - began_at < 10


def test_html_of_scripts_alone_has_no_text(code: Code) -> None:
    assert code("<html><body><script>var x = 1;</script></body></html>") == "no_text"


# --- Markdown


def test_markdown(read: Read) -> None:
    source = (
        "---\ntitle: dropped\n---\n# Title\n\nSome *emphasised* [link](http://x) and `code`,\nnext line.\n\n"
        "1. one\n2. two\n   - inner\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n\ny = 2\n```\n\n"
        "<div>html &amp; more</div>\n\nSetext\n------\n\n![a picture](x.png)\n"
    )
    pages = read(source, "notes.md")
    assert pages[0].text == (
        "Title\n\nSome emphasised link and code,\nnext line.\n\n1. one\n2. two\n  - inner\nA | B\n1 | 2\n\nx = 1\n\n"
        "y = 2\n\nhtml & more\n\nSetext\n\na picture"
    )
    assert titles(pages) == [(1, "Title"), (2, "Setext")]


def test_markdown_that_starts_with_a_rule_loses_nothing(text: Text) -> None:
    assert "first" in text("---\n\nfirst\n\nsecond", "a.md")


@pytest.mark.parametrize(
    "words",
    [
        "# Title\n\nImportant first part.\n",
        "Note: this comes first.\n\nAnd this second.\n",
        "- one\n- two\n",
        "# Only a heading\n",
        "http://example.com/first\n",
    ],
)
def test_words_between_two_rules_are_no_front_matter(text: Text, words: str) -> None:
    found = text(f"---\n{words}\n---\n\nSecond part.\n", "a.md")
    assert [line.strip("- #") for line in found.splitlines() if line] == [
        *(line.strip("- #") for line in words.splitlines() if line),
        "Second part.",
    ]


@pytest.mark.parametrize(
    "data",
    [
        "title: a",
        "# a comment\ntitle: >\n  of two\n\n  paragraphs\ntags:\n- a\n- b",
        "'quoted key': 1\nemails:\n  a: b",
        "título: é\r\nog.type:\tb\r",
    ],
)
def test_front_matter_is_dropped(text: Text, data: str) -> None:
    assert text(f"---\n{data}\n---\n\nwords\n", "a.md") == "words"
    assert text(f"\ufeff---\n{data}\n...\nwords\n", "a.md") == "words"


def test_a_long_markdown_file_loses_nothing(text: Text) -> None:
    source = "".join(
        f"## Part {number}\n\n```\ncode {number}\n\n# no heading\n```\n\nword{number}\n\n" for number in range(9000)
    )
    found = text(source, "a.md").split()
    assert sum(word.startswith("word") for word in found) == 9000
    assert found.count("heading") == 9000


# --- plain text


def test_paragraphs_of_plain_text_are_kept(text: Text) -> None:
    assert text("one\r\ntwo\r\n\r\n\r\n\r\n  three\t4  \rfive") == "one\ntwo\n\n  three\t4\nfive"


def test_nul_and_lone_surrogates_and_controls_are_cleaned(text: Text) -> None:
    assert text(b"a\x00b \xed\xa0\x80 c\x07d\x1b e\xc2\xadf\n") == "ab \ufffd cd ef"


def test_accents_written_apart_are_joined(text: Text) -> None:
    assert text("ac\u0327a\u0303o") == "ação"


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("A avaliação da operação não é só uma questão de opinião.", "cp1252"),
        ("Die Prüfung größerer Mengen läuft – „täglich“.", "cp1252"),  # noqa: RUF001
        ("Это обычный русский текст, который написан в старой кодировке.", "cp1251"),
        ("これは日本語で書かれた普通の文章です。エンコーディングを確認します。", "cp932"),
        ("Grüße aus München", "utf-16"),
        ("Grüße aus München", "utf-16-le"),
        ("Grüße aus München", "utf-16-be"),
        ("Grüße aus München", "utf-8-sig"),
        ("Grüße aus München", "utf-32"),
    ],
)
def test_encodings_of_plain_text(text: Text, words: str, encoding: str) -> None:
    assert text(words.encode(encoding)) == words


def test_a_character_across_two_portions_is_whole(text: Text) -> None:
    words = "x" + "ção " * 40_000
    assert text(words).replace("\n", " ").split() == words.split()


def test_white_space_alone_is_no_text(code: Code) -> None:
    assert code(" \n\t\r\n  \n") == "no_text"
    assert code("\ufeff") == "no_text"
    assert code("# \n\n", "a.md") == "no_text"


def test_long_text_comes_in_pieces_at_paragraph_ends(read: Read) -> None:
    paragraphs = [f"Paragraph {number}. " + "word " * 50 for number in range(400)]
    pages = read("\n\n".join(paragraphs))
    assert len(pages) > 5
    assert all(len(page.text) <= 20_000 for page in pages)
    joined = "\n".join(page.text for page in pages)
    assert joined.split("\n\n") == [found.strip() for found in paragraphs]


def test_one_endless_line_is_cut_at_spaces(read: Read) -> None:
    pages = read("word " * 100_000)
    assert all(len(page.text) <= 20_001 for page in pages)
    assert sum(page.text.split().count("word") for page in pages) == 100_000
