import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from io import BytesIO
from pathlib import Path

import openpyxl
import psutil
import pytest

from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.documents import archive
from tests.support.extraction import SMALL, DocumentReading
from tests.support.open_documents import open_document
from tests.support.repacking import repacked

Bad = Callable[[], bytes]
SPREADSHEETML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
EMPTY_ROW = '<row r="{0}" spans="1:3" ht="15" customHeight="1"><c r="A{0}" s="1"/><c r="B{0}" s="1"/></row>'


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(SMALL) as extractor:
        yield extractor


@pytest.fixture
def reading(extractor: SandboxedExtractor, tmp_path: Path) -> DocumentReading:
    return DocumentReading(extractor, tmp_path)


def xlsx(*sheets: list[list[object]], formats: dict[str, str] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for number, rows in enumerate(sheets, 1):
        sheet = workbook.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
        for address, code in (formats or {}).items():
            sheet[address].number_format = code
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def with_rows(rows: str) -> bytes:
    """Return a workbook whose only sheet holds these rows, as XML."""
    sheet = f'<worksheet xmlns="{SPREADSHEETML}"><sheetData>{rows}</sheetData></worksheet>'
    return repacked(xlsx([["x"]]), {"xl/worksheets/sheet1.xml": lambda _: sheet.encode()})


def peak_bytes() -> int:
    """Return the largest size so far of the child that waits for the next document."""
    (child,) = (process for process in psutil.Process().children() if "sandbox.child" in " ".join(process.cmdline()))
    status = Path(f"/proc/{child.pid}/status").read_text("ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def ods(rows: str) -> bytes:
    return open_document("spreadsheet", f'<table:table table:name="Stock">{rows}</table:table>')


# --- XLSX


def test_a_sheet_is_a_heading_and_a_line_a_row(reading: DocumentReading) -> None:
    data = xlsx([["Name", "Kg"], ["Pão", 2.0], ["大根 وثيقة", 0.1 + 0.2]], [], [["alone"]])
    assert reading.text(data, "stock.xlsx") == ("Sheet 1\n\nName | Kg\nPão | 2\n大根 وثيقة | 0.3\n\nSheet 3\n\nalone")
    assert reading.titles(data) == [(1, "Sheet 1"), (2, "Name | Kg"), (1, "Sheet 3")]


def test_empty_rows_and_columns_leave_no_trace_but_empty_cells_do(reading: DocumentReading) -> None:
    data = xlsx([[], [None, "a", None, "b", "c"], [], [None, "d", None, None, "e"], [None, "f"]])
    assert reading.text(data) == "Sheet 1\n\na | b | c\nd |  | e\nf"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (date(2024, 2, 29), "dd/mm/yyyy", "2024-02-29"),
        (datetime.fromisoformat("2024-02-29T08:05"), "d mmm yy h:mm", "2024-02-29 08:05"),
        (time_of_day(8, 5, 9), "h:mm:ss AM/PM", "08:05:09"),
        (timedelta(hours=30), "[h]:mm", "30:00:00"),
        (0.125, "0.0%", "12.5%"),
        (45351, '"Code" 0', "45351"),
        (45351, "[Red]#,##0;-0", "45351"),
        (1.5e300, "General", "1.5e+300"),
        (10**15, "0", "1e+15"),
        (True, "General", "TRUE"),
        ("=1/0", "General", ""),
        ("line\none", "@", "line one"),
        ("tab_x0009_ed", "@", "tab ed"),
    ],
)
def test_values_are_shown_as_people_read_them(reading: DocumentReading, value: object, code: str, shown: str) -> None:
    assert reading.text(xlsx([["first", "x"], [value, "last"]], formats={"A2": code})).endswith(f"\n{shown} | last")


def test_dates_that_count_from_1904(reading: DocumentReading) -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    workbook.active.append([date(2024, 2, 29)])
    out = BytesIO()
    workbook.save(out)
    assert reading.text(out.getvalue()) == "Sheet\n\n2024-02-29"


def test_shared_strings_rich_text_and_phonetic_guides(reading: DocumentReading) -> None:
    strings = (
        f'<sst xmlns="{SPREADSHEETML}"><si><t>plain</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si>'
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si></sst>'
    )
    relationship = b'<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    data = repacked(
        with_rows("<row>" + "".join(f'<c t="s"><v>{number}</v></c>' for number in range(4)) + "</row>"),
        {"xl/_rels/workbook.xml.rels": lambda xml: xml.replace(b"</Relationships>", relationship)},
        {"xl/sharedStrings.xml": strings.encode()},
    )
    assert reading.text(data) == "Sheet 1\n\nplain | rich | 東京"


def test_inline_strings_formulas_and_nonsense(reading: DocumentReading) -> None:
    data = with_rows(
        '<row><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r><rPh sb="0"><t>guide</t></rPh></is></c>'
        '<c t="str"><v>formula</v></c><c t="e"><v>#N/A</v></c><c t="s"><v>99</v></c><c><v>nonsense</v></c></row>'
    )
    assert reading.text(data) == "Sheet 1\n\ninline | formula | #N/A | nonsense"


def test_the_column_names_are_in_the_heading_path_to_the_last_passage(reading: DocumentReading) -> None:
    data = xlsx([["Stock of the mill"], ["Item", "Weight"], *([f"item {number}", number] for number in range(3000))])
    pages = reading.pages(data)
    assert len(pages) > 3
    assert reading.titles(data) == [(1, "Sheet 1"), (2, "Item | Weight")]
    assert pages[-1].text.endswith("item 2999 | 2999")


def test_a_first_row_of_values_or_prose_is_no_heading(reading: DocumentReading) -> None:
    assert reading.titles(xlsx([["a", 1], ["b", 2]])) == [(1, "Sheet 1")]
    assert reading.titles(xlsx([["word " * 20, "x"], ["b", 2]])) == [(1, "Sheet 1")]
    assert reading.titles(xlsx([["a", "b"]])) == [(1, "Sheet 1")]


def test_hidden_sheets_are_read(reading: DocumentReading) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["shown"])
    hidden = workbook.create_sheet("Secret")
    hidden.append(["hidden"])
    hidden.sheet_state = "veryHidden"
    out = BytesIO()
    workbook.save(out)
    assert reading.text(out.getvalue()) == "Sheet\n\nshown\n\nSecret\n\nhidden"


def test_a_million_empty_rows_cost_seconds_and_no_memory(reading: DocumentReading) -> None:
    rows = "".join(EMPTY_ROW.format(number) for number in range(1, 300_000))
    data = with_rows(rows + "<row/>" * 700_000 + '<row r="1048576"><c r="XFD1048576"><v>42</v></c></row>')
    began_at = time.monotonic()
    assert reading.text(data) == "Sheet 1\n\n42"
    assert time.monotonic() - began_at < 25


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of another process")
def test_a_huge_sheet_is_read_in_bounded_memory(reading: DocumentReading) -> None:
    row = "".join(f"<c><v>{column}.25</v></c>" for column in range(20))
    data = with_rows(f"<row>{row}</row>" * 30_000)
    reading.text(xlsx([["small"]]))
    before = peak_bytes()
    assert sum(page.text.count("19.25") for page in reading.pages(data)) == 30_000
    assert peak_bytes() - before < 40 * MIB


def test_macros_and_templates_are_read_like_others(reading: DocumentReading) -> None:
    macros = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    usual = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    data = repacked(xlsx([["x"]]), {"[Content_Types].xml": lambda xml: xml.replace(usual, macros.encode())})
    assert reading.text(data, "book.xlsm") == "Sheet 1\n\nx"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: xlsx([]), "no_text"),
        (lambda: xlsx([["words"]] * 500)[:4000], "corrupt"),
        (lambda: with_rows("<row><c>"), "corrupt"),
        (lambda: repacked(xlsx([["x"]]), {}, {"xl/media/bomb": bytes(100 * MIB)}), "too_large_unpacked"),
        (lambda: repacked(xlsx([["x"]]), {"xl/worksheets/sheet1.xml": entity}), "corrupt"),
        (lambda: repacked(xlsx([["x"]]), {"xl/_rels/workbook.xml.rels": outwards}), "no_text"),
    ],
    ids=["empty", "cut off", "broken", "bomb", "entity", "pointing outside"],
)
def test_an_xlsx_that_cannot_be_read_says_why(reading: DocumentReading, make: Bad, code: str) -> None:
    assert reading.code(make(), "book.xlsx") == code


def entity(xml: bytes) -> bytes:
    return b'<!DOCTYPE worksheet [<!ENTITY j SYSTEM "file:///etc/passwd">]>' + xml.replace(b">x<", b">&j;<")


def outwards(xml: bytes) -> bytes:
    return xml.replace(b"/xl/worksheets/sheet1.xml", b"../../../etc/passwd")


def test_rows_without_end_run_into_the_limit(reading: DocumentReading) -> None:
    assert reading.code(with_rows("<row/>" * (12 * MIB))) == "too_large_unpacked"


# --- ODS


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def test_an_ods_is_read_like_an_xlsx(reading: DocumentReading) -> None:
    data = ods(
        f"<table:table-row>{cell('Item')}{cell('Weight')}{cell('Since')}</table:table-row><table:table-row>"
        + cell("<text:span>Pão</text:span>")
        + cell("2,00 kg", 'office:value-type="float" office:value="2"')
        + cell("29/02/24", 'office:value-type="date" office:date-value="2024-02-29T00:00:00"')
        + "</table:table-row>"
        + f"<table:table-row>{cell('Milk<office:annotation><text:p>a comment</text:p></office:annotation>')}"
        + '<table:table-cell/><table:table-cell office:value-type="percentage" office:value="0.5"><text:p>50 %</text:p>'
        + "</table:table-cell></table:table-row>"
    )
    assert reading.text(data) == "Stock\n\nItem | Weight | Since\nPão | 2 | 2024-02-29\nMilk |  | 50 %"
    assert reading.titles(data) == [(1, "Stock"), (2, "Item | Weight | Since")]


def test_rows_and_cells_that_stand_for_millions(reading: DocumentReading) -> None:
    empty = '<table:table-cell table:number-columns-repeated="1000000000"/>'
    data = ods(
        f'<table:table-row table:number-rows-repeated="1048574">{empty}</table:table-row>'
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3"/>'
        + cell("x", 'table:number-columns-repeated="2"')
        + f'</table:table-row><table:table-row table:number-rows-repeated="99999999999999999999">{cell("y")}'
        + "</table:table-row>"
    )
    assert reading.text(data) == "Stock\n\n | x | x\n | x | x" + "\ny" * 100


def test_a_million_empty_rows_of_an_ods_cost_seconds(reading: DocumentReading) -> None:
    assert reading.text(
        ods("<table:table-row/>" * 1_000_000 + f"<table:table-row>{cell('end')}</table:table-row>")
    ) == ("Stock\n\nend")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: ods(""), "no_text"),
        (lambda: ods("<table:table-row>"), "corrupt"),
        (lambda: open_document("spreadsheet", "<table:table/>", prolog="<!DOCTYPE x [<!ENTITY a 'b'>]>"), "corrupt"),
        (lambda: archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "corrupt"),
    ],
)
def test_an_ods_that_cannot_be_read_says_why(reading: DocumentReading, make: Bad, code: str) -> None:
    assert reading.code(make()) == code


# --- CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_in_text_is_divided_by_what_divides_it(reading: DocumentReading, delimiter: str) -> None:
    rows = [["Name", "Height", "Remark"], ["Ana", '"1,75"', '"says ""hi"",\nthen goes"'], ["Zé", '"1,80"', ""]]
    data = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    assert reading.text(data, "people.csv") == 'Name | Height | Remark\nAna | 1,75 | says "hi", then goes\nZé | 1,80'
    assert reading.titles(data, "people.csv") == [(1, "Name | Height | Remark")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_quoted_first_heading_after_a_byte_order_mark_is_one_cell(reading: DocumentReading, encoding: str) -> None:
    data = '"Name, first","Age"\n"Ann, B",3\n"Carl, D",4\n'.encode(encoding)
    assert reading.text(data, "a.csv") == "Name, first | Age\nAnn, B | 3\nCarl, D | 4"
    assert reading.titles(data, "a.csv") == [(1, "Name, first | Age")]


def test_decimal_commas_do_not_divide_what_semicolons_do(reading: DocumentReading) -> None:
    assert reading.text("1,5;2,5\n3,5;4,5\n", "a.csv") == "1,5 | 2,5\n3,5 | 4,5"


def test_a_declared_delimiter_is_believed(reading: DocumentReading) -> None:
    assert reading.text("sep=:\na:b\nc:d,e\n", "a.csv") == "a | b\nc | d,e"
    assert reading.text("\ufeffsep=:\r\na:b\r\nc:d,e\r\n", "a.csv") == "a | b\nc | d,e"


def test_a_table_in_an_old_encoding(reading: DocumentReading) -> None:
    assert reading.text("nome;situação\nJoão;não há\nÂngela;há\n".encode("cp1252"), "a.csv").startswith(
        "nome | situação"
    )
    assert reading.text("名前,住所\n佐藤,東京\n".encode("utf-16"), "a.tsv") == "名前 | 住所\n佐藤 | 東京"


def test_prose_stays_prose_whatever_its_name(reading: DocumentReading) -> None:
    prose = "First, there was a mill, then, a wheel.\nNothing else.\nThen, at last, bread, jam, tea, and rest.\n"
    assert reading.text(prose, "notes.txt") == prose.strip()
    assert reading.text(prose, "notes.csv") == prose.strip()


def test_a_quote_that_is_never_closed_loses_no_words(reading: DocumentReading) -> None:
    lines = ["a,b"] * 1000 + ['c,"d'] + [f"e{number},f" for number in range(100_000)]
    found = reading.text("\n".join(lines), "a.csv")
    assert all(f"e{number}" in found for number in range(0, 100_000, 997))


def test_one_endless_line_and_one_endless_field(reading: DocumentReading) -> None:
    assert reading.text("word " * 1_000_000, "a.csv").count("word") == 1_000_000
    assert reading.text("a,b\n" * 10 + '"' + "word\n" * 500_000, "a.csv").count("word") == 500_000


def test_a_csv_larger_than_the_memory_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    line = b"name;value;" + b"x" * 1000 + b"\n"
    with path.open("wb") as file:
        for _ in range(40):
            file.write(line * 2000)
    limits = ExtractionLimits(memory_bytes=48 * MIB)
    with (
        SandboxedExtractor(limits) as strict,
        strict.open(path, filename="large.csv", check=lambda: None) as stream,
    ):
        assert sum(page.text.count("name") for page in stream) == 80_000


# --- XLS

LIBREOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(not LIBREOFFICE, reason="LIBREOFFICE IS NOT INSTALLED: no old files to read")


@pytest.fixture(scope="module")
def xls(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("xls")
    rows: list[list[object]] = [["Item", "Kg", "Since"], ["Pão", 2.0, date(2024, 2, 29)], ["大根", 2.5, True]]
    (folder / "book.xlsx").write_bytes(xlsx(rows, [], [[timedelta(hours=30)]], formats={"A1": "[h]:mm"}))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [str(LIBREOFFICE), profile, "--headless", "--convert-to", "xls", "--outdir", str(folder)]
    subprocess.run([*command, str(folder / "book.xlsx")], check=True, capture_output=True)
    return (folder / "book.xls").read_bytes()


@needs_libreoffice
def test_an_old_workbook_is_read_like_a_new_one(reading: DocumentReading, xls: bytes) -> None:
    assert reading.text(xls) == (
        "Sheet 1\n\nItem | Kg | Since\nPão | 2 | 2024-02-29\n大根 | 2.5 | TRUE\n\nSheet 3\n\n30:00:00"
    )


@needs_libreoffice
def test_an_old_workbook_cut_off_or_damaged_is_corrupt(reading: DocumentReading, xls: bytes) -> None:
    assert reading.code(xls[: len(xls) // 2]) == "corrupt"


def test_an_old_workbook_of_nothing_but_its_name_is_corrupt(reading: DocumentReading) -> None:
    assert reading.code(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le")) == "corrupt"


def test_a_zip_of_sheets_alone_is_no_workbook(reading: DocumentReading) -> None:
    with zipfile.ZipFile(BytesIO(xlsx([["x"]]))) as file:
        parts = {name: file.read(name) for name in file.namelist() if name.startswith("xl/worksheets")}
    assert reading.code(archive(parts)) == "unsupported_type"
