"""Pages of a PDF: where the next thing stands, and what stands on every page."""

from collections.abc import Callable
from pathlib import Path

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

from application.reports.contents import Language, ReportContents
from infrastructure.artifacts.pdf_text import BOLD, REGULAR, load_fonts, printable, width_of

INK, SOFT, RULE, BAND, NAVY, RED = (
    HexColor(f"#{colour}") for colour in ("1B2530", "5B6773", "D5DCE3", "F4F6F9", "1F3A5F", "B3261E")
)
MARGIN, TOP, BOTTOM = 42.0, 46.0, 48.0
_TOTAL = "total"
_PAGE_OF = {Language.ENGLISH: "Page {page} of ", Language.PORTUGUESE: "Página {page} de "}


class Pages:
    """A canvas with a place for what comes next: `y` is its upper edge, in points from below."""

    def __init__(self, target: Path, report: ReportContents, *, check: Callable[[], None]) -> None:
        load_fonts()
        size: tuple[float, float] = landscape(A4) if report.is_wide else A4
        self.width, self.height = size
        self.canvas = Canvas(
            str(target),
            pagesize=(self.width, self.height),
            pageCompression=1,
            lang=report.language.value,
            initialFontName=REGULAR,
        )
        self.canvas.setTitle(report.title)
        self.canvas.setAuthor("Esteira")
        self.canvas.setCreator("Esteira")
        self.canvas.setSubject(" · ".join(map(printable, report.subtitle)))
        self._title = printable(report.title)
        self._made = printable(report.subtitle[-1])
        self._page_of = _PAGE_OF[report.language]
        self._check = check
        self.left, self.right = MARGIN, self.width - MARGIN
        self.room = self.right - self.left
        self.page = 0
        self.y = 0.0
        self._begin()

    @property
    def left_over(self) -> float:
        """How high the rest of the page is."""
        return self.y - BOTTOM

    @property
    def is_fresh(self) -> bool:
        """Whether nothing stands on the page yet."""
        return self.y == self.height - TOP

    def need(self, height: float) -> bool:
        """Go on to a new page unless there is so much room; True if it did."""
        if height <= self.left_over or self.is_fresh:
            return False
        self.next_page()
        return True

    def next_page(self) -> None:
        """Begin a page."""
        self.canvas.showPage()
        self._check()
        self._begin()

    def text(
        self, x: float, y: float, text: str, *, font: str = REGULAR, size: float = 8.0, colour: object = INK
    ) -> None:
        """Write a line with its base at `y`."""
        self.canvas.setFont(font, size)
        self.canvas.setFillColor(colour)
        self.canvas.drawString(x, y, text)

    def text_right(self, x: float, y: float, text: str, **look: object) -> None:
        """Write a line that ends at `x`."""
        font, size = str(look.get("font", REGULAR)), float(str(look.get("size", 8.0)))
        self.text(x - width_of(text, font, size), y, text, font=font, size=size, colour=look.get("colour", INK))

    def section(self, title: str, *, with_height: float) -> None:
        """Write a heading which keeps to what follows: so high."""
        self.need(30 + with_height)
        self.y -= 4 if self.is_fresh else 16
        self.y -= 12
        self.text(self.left, self.y, printable(title), font=BOLD, size=12, colour=NAVY)
        self.y -= 8

    def close(self) -> None:
        """End the last page and write the file; only now the number of pages is known."""
        self.canvas.showPage()
        self.canvas.beginForm(_TOTAL, lowerx=0, lowery=-4, upperx=80, uppery=12)
        self.canvas.setFont(REGULAR, 7.5)
        self.canvas.setFillColor(SOFT)
        self.canvas.drawString(0, 0, str(self.page))
        self.canvas.endForm()
        self.canvas.save()

    def _begin(self) -> None:
        self.page += 1
        self.y = self.height - TOP
        self.canvas.setStrokeColor(RULE)
        self.canvas.setLineWidth(0.6)
        self.canvas.line(self.left, BOTTOM - 12, self.right, BOTTOM - 12)
        told = self._page_of.format(page=self.page)
        base = BOTTOM - 24
        self.text(self.left, base, told, size=7.5, colour=SOFT)
        self.canvas.saveState()
        self.canvas.translate(self.left + width_of(told, REGULAR, 7.5), base)
        self.canvas.doForm(_TOTAL)
        self.canvas.restoreState()
        self.text_right(self.right, base, f"{self._title} · {self._made}", size=7.5, colour=SOFT)
