"""Build the sample PDFs and Word files from their readable sources: `make_samples.py`, or `--check` to compare only.

Sources are Markdown with three lines of front matter. What is built is the same each time: dates are fixed, PDF streams
are left uncompressed, and only the standard PDF fonts are used. HTML, Markdown and text samples are their own source.
"""

import io
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "samples" / "sources"
DOCUMENTS = ROOT / "samples" / "documents"
WRITTEN_ON = datetime(2026, 1, 5, 12, tzinfo=UTC)
AUTHOR = "Casa do Ribeirão (sample)"
PAGE_LABEL = {"en": "Page {page} of {{nb}}", "pt-BR": "Página {page} de {{nb}}"}
INK, ACCENT, GREY, TINT = (34, 40, 46), (18, 92, 104), (110, 118, 126), (233, 242, 243)
LINE, TEXT_SIZE = 6.1, 11.5
LIST_ITEMS = {"bullet", "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a source: `text` may hold **bold**; `rows` is for tables, the first is the heading."""

    kind: Literal["heading", "paragraph", "note", "bullet", "number", "table"]
    text: str = ""
    level: int = 1
    ordinal: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sample's text, with the language tag it is written in."""

    title: str
    subtitle: str
    language: str
    blocks: tuple[Block, ...]


def read_source(path: Path) -> Source:
    """Read the front matter and the Markdown below it."""
    _, front, body = path.read_text("utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    return Source(
        title=fields["title"], subtitle=fields["subtitle"], language=fields["language"], blocks=tuple(read_blocks(body))
    )


def read_blocks(body: str) -> Iterator[Block]:
    """Flatten Markdown to the few kinds of block that the samples use."""
    inside: list[Token] = []
    ordinals: list[int] = []
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        if token.nesting == 1:
            inside.append(token)
            ordinals += [0] if token.type in {"ordered_list_open", "bullet_list_open"} else []
            rows += [[]] if token.type == "tr_open" else []
        elif token.nesting == -1:
            closed = inside.pop().type
            if closed in {"ordered_list_open", "bullet_list_open"}:
                ordinals.pop()
            elif closed == "table_open":
                yield Block(kind="table", rows=tuple(map(tuple, rows)))
                rows = []
        elif token.type == "inline":
            if inside[-1].type in {"th_open", "td_open"}:
                rows[-1].append(token.content)
            else:
                yield text_block(inside, ordinals, token.content.replace("\n", " "))


def text_block(inside: list[Token], ordinals: list[int], text: str) -> Block:
    """Name the block by what surrounds its text."""
    around = {token.type for token in inside}
    if "heading_open" in around:
        return Block(kind="heading", level=int(inside[-1].tag[1]), text=text)
    if "ordered_list_open" in around:
        ordinals[-1] += 1
        return Block(kind="number", ordinal=ordinals[-1], text=text)
    if "bullet_list_open" in around:
        return Block(kind="bullet", text=text)
    return Block(kind="note" if "blockquote_open" in around else "paragraph", text=text)


class SamplePage(FPDF):
    """A4 pages with a running head from the second page on, and page numbers at the foot."""

    def __init__(self, source: Source) -> None:
        super().__init__(format="A4")
        self.source = source
        self.previous = Block(kind="paragraph")
        self.core_fonts_encoding = "windows-1252"
        self.set_compression(False)
        self.set_creation_date(WRITTEN_ON)
        self.set_producer("Esteira samples")
        self.set_title(source.title)
        self.set_author(AUTHOR)
        self.set_lang(source.language)
        self.set_margins(26, 24, 26)
        self.set_auto_page_break(True, margin=26)

    def header(self) -> None:
        """Repeat the title, small, on every page but the first."""
        if self.page_no() > 1:
            self.set_y(13)
            self.small_line(self.source.title, align="L")
            self.set_draw_color(*ACCENT)
            self.line(self.l_margin, 19.5, self.w - self.r_margin, 19.5)
            self.set_y(27)

    def footer(self) -> None:
        """Write the page number."""
        self.set_y(-17)
        self.small_line(PAGE_LABEL[self.source.language].format(page=self.page_no()), align="C")

    def small_line(self, text: str, *, align: str) -> None:
        """Write one line in the small grey type of head and foot."""
        self.set_font("Helvetica", size=8.5)
        self.set_text_color(*GREY)
        self.cell(0, 5, text, align=align)

    def draw_title(self) -> None:
        """Put title and subtitle on the first page."""
        self.set_fill_color(*ACCENT)
        self.rect(0, 0, self.w, 9, style="F")
        self.set_y(26)
        self.styled("B", 24, ACCENT)
        self.multi_cell(0, 11, self.source.title, align="L", new_x="LMARGIN", new_y="NEXT")
        self.styled("", 11.5, GREY)
        self.multi_cell(0, 6, self.source.subtitle, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(4)

    def styled(self, style: Literal["", "B"], size: float, colour: tuple[int, int, int]) -> None:
        """Choose type and colour."""
        self.set_font("Helvetica", style=style, size=size)
        self.set_text_color(*colour)

    def draw(self, block: Block) -> None:
        """Draw one block, on a new page where it would be torn apart."""
        painter: dict[str, Callable[[FPDF, Block], None]] = {
            "heading": draw_heading,
            "table": draw_table,
            "note": draw_note,
        }
        paint = painter.get(block.kind, draw_text)
        if block.kind in {"table", "note"}:
            with self.offset_rendering() as rehearsal:
                paint(cast("FPDF", rehearsal), block)
            if rehearsal.page_break_triggered:
                self.add_page()
        if self.previous.kind in LIST_ITEMS and block.kind not in LIST_ITEMS:
            self.ln(1.8)
        paint(self, block)
        self.previous = block


def draw_heading(pdf: FPDF, block: Block) -> None:
    """Draw a heading that never stands alone at the end of a page, and note it in the outline."""
    if pdf.get_y() > pdf.h - (86 if block.level == 1 else 62):
        pdf.add_page()
    pdf.ln(5 if block.level == 1 else 2.5)
    pdf.start_section(block.text, level=block.level - 1)
    pdf.set_font("Helvetica", style="B", size=15 if block.level == 1 else 12)
    pdf.set_text_color(*ACCENT)
    pdf.multi_cell(0, 8, block.text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(1)


def draw_text(pdf: FPDF, block: Block) -> None:
    """Draw a paragraph or a list item with a hanging indent."""
    pdf.set_font("Helvetica", size=TEXT_SIZE)
    pdf.set_text_color(*INK)
    margin = pdf.l_margin
    if block.kind != "paragraph":
        mark = "\N{BULLET}" if block.kind == "bullet" else f"{block.ordinal}."
        if pdf.get_y() > pdf.h - 38:
            pdf.add_page()
            pdf.set_font("Helvetica", size=TEXT_SIZE)
            pdf.set_text_color(*INK)
        pdf.set_x(margin + 2)
        pdf.cell(6, LINE, mark, align="R")
        pdf.set_left_margin(margin + 10)
    pdf.multi_cell(0, LINE, block.text, align="L", markdown=True, new_x="LMARGIN", new_y="NEXT")
    pdf.set_left_margin(margin)
    pdf.ln(2.6 if block.kind == "paragraph" else 1.3)


def draw_note(pdf: FPDF, block: Block) -> None:
    """Draw a tinted box for what must not be missed."""
    pdf.ln(1.5)
    pdf.set_font("Helvetica", style="B", size=TEXT_SIZE)
    pdf.set_text_color(*ACCENT)
    pdf.set_fill_color(*TINT)
    pdf.multi_cell(0, LINE, block.text, align="L", fill=True, padding=(3, 5), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)


def draw_table(pdf: FPDF, block: Block) -> None:
    """Draw a table, its columns as wide as their longest texts ask for."""
    pdf.ln(1.5)
    pdf.set_font("Helvetica", size=9.5)
    pdf.set_text_color(*INK)
    pdf.set_fill_color(*TINT)  # fpdf2 paints plain rows in the current fill colour
    pdf.set_draw_color(*ACCENT)
    widths = tuple(
        max(widest(pdf, " ".join(column).split()) + 6, 0.7 * widest(pdf, column))
        for column in zip(*block.rows, strict=True)
    )
    with pdf.table(
        block.rows,
        col_widths=widths,
        line_height=5.2,
        padding=1.3,
        text_align="LEFT",
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", color=(255, 255, 255), fill_color=ACCENT),
    ):
        pass
    pdf.ln(4)


def widest(pdf: FPDF, texts: Sequence[str]) -> float:
    """Return the width of the widest text in the type now chosen."""
    return max(map(pdf.get_string_width, texts))


def build_pdf(source: Source) -> bytes:
    """Lay the source out as a PDF."""
    pdf = SamplePage(source)
    pdf.add_page()
    pdf.draw_title()
    for block in source.blocks:
        pdf.draw(block)
    return bytes(pdf.output())


def build_docx(source: Source) -> bytes:
    """Write the source as a Word file, with real headings, lists and tables."""
    document = docx.Document()
    describe(document, source)
    document.add_heading(source.title, 0)
    document.add_paragraph(source.subtitle, style="Subtitle")
    numbering = 0
    for block in source.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, block.level)
        elif block.kind == "table":
            add_table(document, block.rows)
        elif block.kind == "number":
            numbering = fresh_numbering(document) if block.ordinal == 1 else numbering
            number = write_runs(document.add_paragraph(style="List Number"), block.text)._p.get_or_add_pPr()  # noqa: SLF001 - python-docx has no public way to restart a list
            number.get_or_add_numPr().get_or_add_numId().val = numbering
        else:
            style = {"bullet": "List Bullet", "note": "Intense Quote"}.get(block.kind, "Normal")
            write_runs(document.add_paragraph(style=style), block.text)
    buffer = io.BytesIO()
    document.save(buffer)
    return with_fixed_dates(buffer.getvalue())


def describe(document: WordDocument, source: Source) -> None:
    """Fill in title, author, dates and language, and drop the template's preview picture."""
    facts = document.core_properties
    facts.title, facts.author, facts.language, facts.comments = source.title, AUTHOR, source.language, ""
    facts.created = facts.modified = WRITTEN_ON
    facts.last_modified_by = AUTHOR
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), source.language)
    relations = document.part.package.rels
    for key in [key for key, relation in relations.items() if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]


def add_table(document: WordDocument, rows: tuple[tuple[str, ...], ...]) -> None:
    """Add a table whose first row is its heading."""
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Light Grid Accent 1")
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    repeat = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)  # noqa: SLF001 - python-docx has no public way to repeat a heading row
    document.add_paragraph()


def fresh_numbering(document: WordDocument) -> int:
    """Return the id of a numbering that starts at 1 again."""
    definitions = document.part.numbering_part.element
    style_number = document.styles["List Number"].element.pPr.numPr.numId.val
    abstract = definitions.num_having_numId(style_number).abstractNumId.val
    number = definitions.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def write_runs(paragraph: Paragraph, text: str) -> Paragraph:
    """Write text whose every second piece between ** is bold."""
    for position, piece in enumerate(text.split("**")):
        if piece:
            paragraph.add_run(piece).bold = True if position % 2 else None
    return paragraph


def with_fixed_dates(archive: bytes) -> bytes:
    """Pack a ZIP again so that its bytes do not tell when it was packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, date_time=WRITTEN_ON.timetuple()[:6])
            new.writestr(entry, old.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


BUILDERS: dict[str, Callable[[Source], bytes]] = {
    "cargo-bike-repair-guide.docx": build_docx,
    "conveyor-maintenance-field-guide.pdf": build_pdf,
    "manual-de-conservacao-de-acervos.pdf": build_pdf,
    "regimento-da-biblioteca-comunitaria.docx": build_docx,
    "water-quality-monitoring-handbook.pdf": build_pdf,
}


def build(name: str) -> bytes:
    """Build one sample by its file name."""
    return BUILDERS[name](read_source((SOURCES / name).with_suffix(".md")))


def main() -> int:
    """Write what differs from its source, or with --check only say so."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for name in BUILDERS:
        target, built = DOCUMENTS / name, build(name)
        if target.exists() and target.read_bytes() == built:
            continue
        stale += 1
        print(f"{'stale' if check else 'built'}: samples/documents/{name}")
        if not check:
            target.write_bytes(built)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
