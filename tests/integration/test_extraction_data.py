import json
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.failure import DocumentUnreadable
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.text.json_flattening import flattened
from infrastructure.extraction.text.json_tokens import tokens
from tests.support.documents import archive
from tests.support.mails import epub
from tests.support.reader import Reader


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(ExtractionLimits(memory_bytes=400 * MIB, max_unpacked_bytes=64 * MIB)) as extractor:
        yield extractor


@pytest.fixture
def reader(extractor: SandboxedExtractor, tmp_path: Path) -> Reader:
    return Reader(extractor, tmp_path)


# --- EPUB


def test_a_book_is_read_in_the_order_of_its_spine(reader: Reader) -> None:
    data = epub(
        {"two.xhtml": "<h1>Two</h1><p>later</p>", "one.xhtml": "<h1>One</h1><h2>Inner</h2><p>words</p>"},
        spine=["one.xhtml", "two.xhtml"],
    )
    assert reader.text(data, "a.txt") == "A Book\n\nAn Author\n\nOne\n\nInner\n\nwords\n\nTwo\n\nlater"
    assert reader.titles(data) == [(1, "A Book"), (1, "One"), (2, "Inner"), (1, "Two")]


def test_names_of_chapters_may_be_quoted_and_have_fragments(reader: Reader) -> None:
    data = epub({"a b.xhtml": "<p>words</p>"}, spine=["a%20b.xhtml#part", "./x/../a%20b.xhtml"])
    assert reader.text(data) == "A Book\n\nAn Author\n\nwords"


def test_chapters_that_are_missing_or_lie_outside_are_left_out(reader: Reader) -> None:
    outside = {"../../../../etc/passwd": "<p>root</p>", "/etc/passwd": "<p>root</p>"}
    spine = ["one.xhtml", "none.xhtml", "../../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://x/y"]
    data = epub({"one.xhtml": "<p>words</p>"}, spine=spine, parts=outside)
    assert reader.text(data) == "A Book\n\nAn Author\n\nwords"


def test_a_book_without_chapters_is_corrupt(reader: Reader) -> None:
    assert reader.code(epub({}, spine=["none.xhtml"])) == "corrupt"
    assert reader.code(archive({"mimetype": "application/epub+zip", "x.xhtml": "<html>"})) == "corrupt"
    assert reader.code(epub({"one.xhtml": "<p>x</p>"}, parts={"OEBPS/book.opf": "<package><mani"})) == "corrupt"
    whole = epub({f"{n}.xhtml": f"<p>{n * 7919}</p>" for n in range(200)})
    assert reader.code(whole[: len(whole) // 2]) in {"corrupt", "unsupported_type"}


def test_a_book_without_words_has_no_text(reader: Reader) -> None:
    package = '<package><manifest><item id="i" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    parts = {"OEBPS/book.opf": f'{package}<spine><itemref idref="i"/></spine></package>'}
    assert reader.code(epub({"a.xhtml": "<svg/>"}, parts=parts)) == "no_text"


def test_drm_is_encrypted_and_a_scrambled_font_is_not(reader: Reader) -> None:
    def encrypted(algorithm: str) -> bytes:
        data = f'<EncryptedData><EncryptionMethod Algorithm="{algorithm}"/></EncryptedData>'
        parts = {"META-INF/encryption.xml": f"<encryption>{data}</encryption>"}
        return epub({"one.xhtml": "<p>words</p>"}, parts=parts)

    assert reader.code(encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc")) == "encrypted"
    assert reader.text(encrypted("http://www.idpf.org/2008/embedding")) == "A Book\n\nAn Author\n\nwords"


def test_an_element_closed_at_once_swallows_nothing(reader: Reader) -> None:
    head = '<?xml version="1.0"?><html><head><title/><script src="x"/></head>'
    chapter = f'{head}<body><a id="x"/><p/><p>words</p></body></html>'
    data = epub({"one.xhtml": ""}, parts={"OEBPS/one.xhtml": chapter})
    assert reader.text(data) == "A Book\n\nAn Author\n\nwords"


@pytest.mark.parametrize(
    "name",
    ["audio", "video", "object", "canvas", "select", "noscript", "template", "iframe", "textarea", "svg", "math", "h2"],
)
def test_no_element_closed_at_once_swallows_the_rest_of_a_chapter(reader: Reader, name: str) -> None:
    data = epub({"one.xhtml": f'<p>Before</p><{name} src="a>b"/><p>After text</p>'})
    assert reader.text(data) == "A Book\n\nAn Author\n\nBefore\n\nAfter text"
    assert reader.titles(data) == [(1, "A Book")]


def test_a_book_that_is_a_bomb_is_too_large(reader: Reader) -> None:
    assert reader.code(epub({"one.xhtml": "<p>x</p>" * 9 * MIB})) == "too_large_unpacked"
    assert reader.code(epub({"one.xhtml": "<p>x</p>"}, parts={"big.css": bytes(80 * MIB)})) == "too_large_unpacked"


# --- XML


def test_xml_is_its_text_in_order(reader: Reader) -> None:
    data = (
        '<?xml version="1.0" encoding="UTF-8"?><article><title>The  Title</title><info><due>2024-01-02</due>'
        '<line sku="A-1" price="12"/></info><!-- no --><?no pi?><para>some <b>bold</b> words, H<sub>2</sub>O\n'
        "<i>x</i> <i>y</i></para><para><b>Lead</b> and more</para><section><title>Inner</title><para><![CDATA[a < b]]>"
        "</para></section></article>"
    )
    assert reader.text(data, "a.txt") == (
        "The Title\n\ndue: 2024-01-02\nline | sku: A-1 | price: 12\n\nsome bold words, H2O x y\n\nLead and more\n\n"
        "Inner\n\na < b"
    )
    assert reader.titles(data) == [(1, "The Title"), (2, "Inner")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_xml_in_the_encoding_that_it_declares(reader: Reader, encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?><a><p>ação útil</p></a>'.encode(encoding)
    assert reader.text(data) == "ação útil"


def test_without_a_declaration_the_name_tells_xml_from_text(reader: Reader) -> None:
    assert reader.text("<rss><item><title>News</title></item></rss>", "feed.xml") == "News"
    assert reader.text("<rss><item>x</item></rss>", "feed.txt") == "<rss><item>x</item></rss>"


def test_a_doctype_is_no_harm_and_known_entities_are_read(reader: Reader) -> None:
    doctype = '<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "http://127.0.0.1:1/docbookx.dtd">'
    data = f'<?xml version="1.0"?>{doctype}<article><para>caf&eacute; &amp; ch&acirc;&nbsp;x &unknown;</para></article>'
    assert reader.text(data) == "café & châ x"


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
            f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9)
        ) + "]>",
        "<!DOCTYPE d [<!ENTITY j SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE d [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/x.dtd'> %p;]>",
        "<!DOCTYPE d SYSTEM 'http://127.0.0.1:1/x.dtd' [<!ENTITY j 'x'>]>",
    ],
    ids=["bomb", "external", "parameter", "dtd"],
)  # fmt: skip
def test_entities_of_the_documents_own_are_refused(reader: Reader, prolog: str) -> None:
    assert reader.code(f'<?xml version="1.0"?>{prolog}<d>&j;</d>') == "corrupt"


def test_damaged_xml_is_corrupt(reader: Reader) -> None:
    for damaged in ("<a><b></a>", "<a>", "<a>" * 100_000, "<a>&#0;</a>", f"<a>{'x' * 11 * MIB}</a>"):
        assert reader.code(f'<?xml version="1.0"?>{damaged}') == "corrupt"
    assert reader.code('<?xml version="1.0"?><a><b/><c> </c></a>') == "no_text"


def test_a_large_xml_file_is_read_in_little_memory(reader: Reader) -> None:
    row = "<row><name>Ana</name><city>Recife</city></row>"
    text = reader.text(f'<?xml version="1.0"?><rows>{row * 50_000}</rows>')
    assert text.count("name: Ana\ncity: Recife") == 50_000


# --- JSON


def test_json_keys_and_values_stand_together(reader: Reader) -> None:
    data = {
        "orders": [
            {"id": 1, "customer": {"name": "Ana", "tags": ["a", "b", 3]}, "note": None, "empty": {}, "none": []},
            {"id": 2, "lines": [{"sku": "Q-1"}, {"sku": "Q-2"}], "text": "one\n\ntwo"},
        ],
        "total": 12.50,
        "paid": False,
    }
    assert reader.text(json.dumps(data), "a.txt") == (
        "orders.id: 1\norders.customer.name: Ana\norders.customer.tags: a, b, 3\n\norders.id: 2\n\n"
        "orders.lines.sku: Q-1\n\norders.lines.sku: Q-2\n\norders.text: one\n\ntwo\n\ntotal: 12.5\npaid: false"
    )


def test_json_lines_are_a_paragraph_each(reader: Reader) -> None:
    assert (
        reader.text('{"a": 1, "b": "x"}\n{"a": 2}\n\n{"a": "\\u00e9 \\ud83d\\ude00"}\n')
        == "a: 1\nb: x\n\na: 2\n\na: é 😀"
    )
    assert reader.text('\ufeff["one", "two"]') == "one, two"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("depth", [10_000, 100_000])
def test_json_of_any_depth_is_read(reader: Reader, opening: str, depth: int) -> None:
    closing = opening.translate({ord("["): "]", ord("{"): "}", ord('"'): None, ord("a"): None, ord(":"): None})[::-1]
    assert reader.text(opening * depth + '"deep"' + closing * depth).endswith("deep")
    assert reader.code(opening * depth, "a.json") == "corrupt"


@pytest.mark.parametrize(
    "text",
    ['{"a": 1', '{"a": "x', '["a",', '{"a"', '{"a": tru', "[1, 2", '{"a": "\\'],
)
def test_truncated_json_is_corrupt(reader: Reader, text: str) -> None:
    assert reader.code(text, "a.json") == "corrupt"


@pytest.mark.parametrize(
    "text",
    ["[1] Smith, J. A title. 2020.", "{color: red}", "[link](there) and more", "{'a': 1}", '{"a": 1,}', '["a" "b"]',
     '{"a": 1]', "{1: 2}", "[verse]\nwords", '{"a": 01x}', "[,]", '{"a"}'],
)  # fmt: skip
def test_what_is_no_json_is_text(reader: Reader, text: str) -> None:
    assert reader.text(text, "a.json") == text


@pytest.mark.parametrize("text", ["[1] Hello", "{draft", "[draft", "[2024] Relatorio", '["Quoted', '{"a": 1', "[1, 2"])
@pytest.mark.parametrize("filename", ["note.txt", "note.md", "note"])
def test_a_short_text_that_only_begins_like_json_is_text(reader: Reader, text: str, filename: str) -> None:
    assert reader.text(f"{text}\n", filename) == text


def test_damage_behind_the_beginning_is_corrupt(reader: Reader) -> None:
    rows = [{"id": number, "name": f"name {number}"} for number in range(5_000)]
    whole = json.dumps(rows)
    assert reader.code(whole[: len(whole) // 2]) == "corrupt"
    assert reader.code(whole.replace('"id": 4000', "id: 4000")) == "corrupt"


def test_strings_and_numbers_may_lie_across_portions(reader: Reader) -> None:
    words = ['ação "quoted" \\ back\\u' * 3 + str(number) for number in range(9_000)]
    found = reader.text(json.dumps({"list": [{"w": word, "n": 123456789} for word in words]}))
    assert [line.removeprefix("list.w: ") for line in found.splitlines() if line.startswith("list.w")] == words
    assert found.count("list.n: 123456789") == 9_000


def test_a_picture_within_json_is_cut(reader: Reader) -> None:
    found = reader.text(json.dumps({"before": "x", "picture": "A" * 20 * MIB, "after": "y"}))
    assert found.startswith("before: x")
    assert found.endswith("after: y")
    assert len(found) < 6 * MIB


def test_a_large_json_file_needs_little_memory() -> None:
    row = json.dumps({"id": 1, "name": "Ana", "items": [1, 2, {"deep": [[["x"]]]}]})
    portions = (f"{row},\n" * 100 for _ in range(100))

    def text() -> Iterator[str]:
        yield "["
        yield from portions
        yield row + "]"

    tracemalloc.start()
    count = sum(1 for _ in flattened(tokens(text())))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 2 * 10_001
    assert peak < MIB


def test_json_with_random_damage_ends_with_text_or_a_code(reader: Reader) -> None:
    chance = random.Random(6)  # noqa: S311 - repeatable, not secret
    whole = json.dumps({"a": [1, -2.5e3, True, None, {"b": 'é "x" \\'}], "c": {"d": []}}, ensure_ascii=False).encode()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b'{}[]",:\\ 0a-')
        try:
            assert reader.text(bytes(damaged))
        except DocumentUnreadable as error:
            assert error.failure_code.value in {"corrupt", "no_text"}  # noqa: PT017 - it may as well be read
