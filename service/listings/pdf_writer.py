"""A listing as PDF, on A4: what a law asks of a listing stands on each page. Texts are drawn, so none is a command."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from msgspec import Struct

from schemas.values import UnixSeconds
from service.listings.listing import Cell, Column, FormatMissingError, Kind, Listing, ListingTooLongError, Row, Where
from service.listings.locale import amount_text, date_text, full_time_text, number_text, time_text
from service.listings.page_facts import page_facts
from service.listings.words import say
from service.printable import harmless

ROWS_MAX: Final = 10_000
"""About 400 pages. All rows are in memory until the number of pages is known, which stands on each of them."""

LINES_MAX: Final = 30
"""How many lines a cell may have; a longer text is cut, with three points at its end."""

_MILLIMETRE: Final = 72 / 25.4
_WIDTH, _HEIGHT = 297 * _MILLIMETRE, 210 * _MILLIMETRE
_SIDE: Final = 12 * _MILLIMETRE
_TOP: Final = _HEIGHT - 10 * _MILLIMETRE
_BODY_TOP: Final = _TOP - 12 * _MILLIMETRE
_BODY_BOTTOM: Final = 16 * _MILLIMETRE
_PADDING: Final = 2.0
_SIZE: Final = 7.0
_WORD_MIN: Final = 12.0
_WORD_MAX: Final = 90.0
_LEADING: Final = 8.6
_ROW_GAP: Final = 3.0
_FACT_SIZE: Final = 8.0
_FACT_LEADING: Final = 11.0
_LABEL_WIDTH: Final = 50 * _MILLIMETRE
_PLAIN: Final = "Listing"
_BOLD: Final = "Listing-Bold"
_FONTS: Final = {_PLAIN: "DejaVuSansCondensed.ttf", _BOLD: "DejaVuSansCondensed-Bold.ttf"}
_TO_THE_RIGHT: Final = frozenset({Kind.NUMBER, Kind.AMOUNT})


class _Block(Struct):
    """One row of the table, or one line above it, as lines of text by place; `height` in points.

    `kept_with` is the height of what must stand on the same page below it.
    """

    cells: list[list[str]]
    height: float
    kind: str
    kept_with: float = 0.0


class PdfWriter:
    """Writes a listing as PDF into `out`, which `close` fills. Raises FormatMissingError without the extra `pdf`."""

    def __init__(self, listing: Listing, out: BinaryIO) -> None:
        _register_fonts()
        self._listing = listing
        self._language = listing.surroundings.language
        self._out = out
        self._columns = [each for each in listing.columns if each.where is not Where.SHEET]
        self._places = [place for place, each in enumerate(listing.columns) if each.where is not Where.SHEET]
        self._texts: list[list[str]] = []
        self._totals: list[str] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Keep these rows, below those before. Raises ListingTooLongError."""
        for row in rows:
            if len(self._texts) >= ROWS_MAX:
                raise ListingTooLongError(ROWS_MAX, "CSV or XLSX")
            self._texts.append(self._texts_of(row))

    def close(self, totals: Row | None = None) -> None:
        """Lay all pages out, draw them, and write them."""
        titles = [each.title for each in self._columns]
        self._totals = [] if totals is None or not self._texts else self._texts_of(totals)
        self._widths = _widths(self._columns, [titles, self._totals or titles], self._texts)
        self._head = self._block(titles, _BOLD, "head")
        pages = list(self._pages())
        around = self._listing.surroundings
        canvas = _canvas(self._out, str(around.language))
        canvas.setTitle(harmless(self._listing.title))
        canvas.setAuthor(harmless(self._listing.entity))
        canvas.setCreator(around.software)
        canvas.setSubject(harmless(self._listing.period))
        for number, blocks in enumerate(pages, 1):
            self._draw_page(canvas, blocks, number, len(pages))
            canvas.showPage()
        canvas.save()

    def _texts_of(self, row: Row) -> list[str]:
        return [self._text(column, row[place]) for column, place in zip(self._columns, self._places, strict=True)]

    def _text(self, column: Column, value: Cell) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return date_text(self._language, value) if column.kind is Kind.DATE else value
        if column.kind is Kind.TIME:
            return time_text(self._language, UnixSeconds(int(value)), self._listing.surroundings.zone)
        return number_text(self._language, value) if isinstance(value, int) else amount_text(self._language, value)

    def _block(self, texts: Sequence[str], font: str, kind: str) -> _Block:
        cells = [
            _lines(text, font, _SIZE, width - 2 * _PADDING) for text, width in zip(texts, self._widths, strict=True)
        ]
        return _Block(cells, max(map(len, cells)) * _LEADING + _ROW_GAP, kind)

    def _above(self) -> Iterator[_Block]:
        """The facts, each a label and its value, and the notes; what the head of the page says is left out."""
        value_width = _WIDTH - 2 * _SIDE - _LABEL_WIDTH
        for fact in page_facts(self._listing):
            lines = _lines(fact.value, _PLAIN, _FACT_SIZE, value_width)
            label = _lines(fact.label, _BOLD, _FACT_SIZE, _LABEL_WIDTH - 2 * _PADDING)
            yield _Block([label, lines], max(len(lines), len(label)) * _FACT_LEADING, "fact")
        yield from map(_note, self._listing.notes)
        if not self._texts and self._listing.empty:
            yield _Block([["", "", harmless(self._listing.empty)]], 3 * _FACT_LEADING, "note")
        yield _Block([[""]], _FACT_LEADING, "note")

    def _table(self) -> Iterator[_Block]:
        for texts in self._texts[:-1]:
            yield self._block(texts, _PLAIN, "row")
        if self._texts:
            last = self._block(self._texts[-1], _PLAIN, "row")
            total = [self._block(self._totals, _BOLD, "total")] if self._totals else []
            last.kept_with = sum(block.height for block in total)  # the totals stand on no page alone
            yield from (last, *total)

    def _pages(self) -> Iterator[list[_Block]]:
        """The blocks of each page, each page with rows beginning the table again with its head."""
        page: list[_Block] = []
        left = _BODY_TOP - _BODY_BOTTOM
        has_head = False
        for block in chain(self._above(), self._table(), map(_note, self._listing.below)):
            is_row = block.kind in {"row", "total"}
            needed = block.height + block.kept_with + (self._head.height if is_row and not has_head else 0)
            if needed > left and page:
                yield page
                page, left, has_head = [], _BODY_TOP - _BODY_BOTTOM, False
            if is_row and not has_head:
                page.append(self._head)
                left -= self._head.height
                has_head = True
            page.append(block)
            left -= block.height
        yield page

    def _draw_page(self, canvas: Any, blocks: list[_Block], number: int, count: int) -> None:
        self._draw_frame(canvas, number, count)
        top, row_number = _BODY_TOP, 0
        for block in blocks:
            if block.kind in {"fact", "note"}:
                self._draw_above(canvas, block, top)
            else:
                row_number += 1
                self._draw_row(canvas, block, top, is_shaded=block.kind == "row" and row_number % 2 == 1)
            top -= block.height

    def _draw_frame(self, canvas: Any, number: int, count: int) -> None:
        around, right = self._listing.surroundings, _WIDTH - _SIDE
        canvas.setFillGray(0)
        canvas.setFont(_BOLD, 11)
        canvas.drawString(_SIDE, _TOP - 9, _cut(self._listing.title, _BOLD, 11, (_WIDTH - 2 * _SIDE) * 0.55))
        canvas.setFont(_PLAIN, 8)
        canvas.drawRightString(right, _TOP - 8, _cut(self._listing.entity, _PLAIN, 8, (_WIDTH - 2 * _SIDE) * 0.44))
        canvas.drawRightString(right, _TOP - 19, _cut(self._listing.period, _PLAIN, 8, (_WIDTH - 2 * _SIDE) * 0.6))
        canvas.setLineWidth(0.7)
        canvas.line(_SIDE, _TOP - 24, right, _TOP - 24)
        canvas.setLineWidth(0.3)
        canvas.line(_SIDE, _BODY_BOTTOM - 6, right, _BODY_BOTTOM - 6)
        canvas.setFont(_PLAIN, 7.5)
        foot = _BODY_BOTTOM - 17
        listed = full_time_text(self._language, around.listed_at, around.zone)
        canvas.drawString(_SIDE, foot, harmless(around.software))
        canvas.drawCentredString(_WIDTH / 2, foot, say(self._language, "listed", time=listed))
        canvas.drawRightString(right, foot, say(self._language, "page", page=number, pages=count))

    def _draw_above(self, canvas: Any, block: _Block, top: float) -> None:
        lefts = [_SIDE] if block.kind == "note" else [_SIDE, _SIDE + _LABEL_WIDTH]
        fonts = [_PLAIN] if block.kind == "note" else [_BOLD, _PLAIN]
        canvas.setFillGray(0)
        for left, font, lines in zip(lefts, fonts, block.cells, strict=True):
            canvas.setFont(font, _FACT_SIZE)
            for place, line in enumerate(lines):
                canvas.drawString(left, top - _FACT_LEADING * (place + 1) + 3, line)

    def _draw_row(self, canvas: Any, block: _Block, top: float, *, is_shaded: bool) -> None:
        right = _WIDTH - _SIDE
        if is_shaded or block.kind == "head":
            canvas.setFillGray(0.88 if block.kind == "head" else 0.96)
            canvas.rect(_SIDE, top - block.height, right - _SIDE, block.height, stroke=0, fill=1)
        canvas.setFillGray(0)
        if block.kind == "total":
            canvas.setLineWidth(0.7)
            canvas.line(_SIDE, top, right, top)
        font = _PLAIN if block.kind == "row" else _BOLD
        text = canvas.beginText()  # one for the row: one for each cell took twice the time
        text.setFont(font, _SIZE)
        left = _SIDE
        for column, width, lines in zip(self._columns, self._widths, block.cells, strict=True):
            for place, line in enumerate(lines):
                base = top - _LEADING * (place + 1) + 0.4
                is_right = column.kind in _TO_THE_RIGHT
                start = left + width - _PADDING - _wide(line, font, _SIZE) if is_right else left + _PADDING
                text.setTextOrigin(start, base)
                text.textOut(line)
            left += width
        canvas.drawText(text)


def _note(text: str) -> _Block:
    lines = _lines(text, _PLAIN, _FACT_SIZE, _WIDTH - 2 * _SIDE)
    return _Block([["", *lines]], (len(lines) + 1) * _FACT_LEADING, "note")


def _widths(columns: Sequence[Column], bold: Sequence[list[str]], plain: Sequence[list[str]]) -> list[float]:
    """The width of each column in points; together they fill the page.

    A column is as wide as its longest word, if that is not too long; what is left is shared by usual widths.
    """
    words = [_WORD_MIN] * len(columns)
    for font, rows in ((_BOLD, bold), (_PLAIN, plain)):
        for row in rows:
            for place, text in enumerate(row):
                if len(text) * _SIZE > words[place]:  # no letter is wider than the font is high
                    longest = max((_wide(word, font, _SIZE) for word in harmless(text).split()), default=0.0)
                    words[place] = max(words[place], min(longest, _WORD_MAX))
    least = [width + 2 * _PADDING + 0.1 for width in words]
    room = _WIDTH - 2 * _SIDE
    if sum(least) > room:
        return [width * room / sum(least) for width in least]
    wanted = [column.width * _SIZE * 0.55 for column in columns]
    more = [max(0.0, want - has) for want, has in zip(wanted, least, strict=True)]
    share = (room - sum(least)) / (sum(more) or 1.0)
    return [width + extra * share for width, extra in zip(least, more, strict=True)]


def _lines(text: str, font: str, size: float, width: float) -> list[str]:
    """The text, broken between words where it can be, into lines that fit the width."""
    found: list[str] = []
    for paragraph in harmless(text).split("\n"):
        if _wide(paragraph, font, size) <= width:
            found.append(paragraph)
            continue
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and _wide(longer, font, size) > width:
                found.append(line)
                longer = word
            *full, line = _pieces(longer, font, size, width)
            found += full
        found.append(line)
    return found if len(found) <= LINES_MAX else [*found[: LINES_MAX - 1], "..."]


def _pieces(word: str, font: str, size: float, width: float) -> Iterator[str]:
    """The word, or what is left of it after each piece that fills a line."""
    while word and _wide(word, font, size) > width:
        fits = max(1, int(len(word) * width / _wide(word, font, size)))
        while fits > 1 and _wide(word[:fits], font, size) > width:
            fits -= 1
        if fits >= len(word):
            break
        yield word[:fits]
        word = word[fits:]
    yield word


def _cut(text: str, font: str, size: float, width: float) -> str:
    shown = harmless(text).replace("\n", " ")[:200]
    while shown and _wide(shown, font, size) > width:
        shown = shown[:-4] + "..." if len(shown) > 4 else ""
    return shown


@lru_cache(8192)
def _wide(text: str, font: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - of the extra `pdf`

    return float(stringWidth(text, font, size))


@cache
def _register_fonts() -> None:
    try:
        from reportlab import rl_config  # noqa: PLC0415
        from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
        from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415
    except ImportError as error:
        raise FormatMissingError("pdf") from error
    rl_config.useA85 = 0  # binary streams: a fifth smaller, and made faster
    metrics: Any = pdfmetrics  # its stubs do not say what it takes
    for name, file in _FONTS.items():
        metrics.registerFont(TTFont(name, str(Path(__file__).parent / "fonts" / file)))


def _canvas(out: BinaryIO, language: str) -> Any:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    return Canvas(out, pagesize=(_WIDTH, _HEIGHT), pageCompression=1, lang=language)
