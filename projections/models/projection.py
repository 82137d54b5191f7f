"""What a projection is: the tables it keeps, and a pure function from a batch of records to a few statements."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from projections.statements import statement
from schemas.record import Record
from schemas.values import Digest, SeriesId

_encoder: Final = msgspec.json.Encoder()
_BACKSLASH: Final = "\\"
_QUOTE: Final = '"'


class Asked(Struct, frozen=True):
    """What a batch must know besides its records: contents, and the types of documents that series are for."""

    contents: Sequence[Digest] = ()
    series: Sequence[SeriesId] = ()


class Found(Struct, frozen=True):
    """What was asked: contents by their digest, without those that were erased, and types of documents by series."""

    bodies: Mapping[Digest, str]
    types: Mapping[SeriesId, str]


class Write(Struct, frozen=True):
    """One statement for a whole batch; its parameters are columns, each the text of an array.

    The copy is broken if the statement does not change `rows` rows; None means that any number is right.
    """

    sql: str
    parameters: tuple[object, ...]
    rows: int | None


class Addition(Struct, frozen=True):
    """Rows that a batch adds to a table, each with a value for each column; the copy is broken if one is there.

    PostgreSQL takes half the time that it takes for a statement with the same rows in arrays.
    """

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


def asks_nothing(_records: Sequence[Record]) -> Asked:
    """For projections that are made from the events alone."""
    return Asked()


class Projection(Struct, frozen=True):
    """A read model in a schema of its own.

    `tables` are the statements that make its tables, and `indexes` those that make, unless they are there, the
    indexes that only readers need: an empty copy of a long log gets them when it is nearly filled. Each of `digests`
    returns every row of one table as text, in the order of its primary key. `collapse` is pure and returns what a
    batch of contiguous records of one log writes; it also gets what `asks` asks for. A programmer who
    changes `tables` or `indexes`, or what `collapse` writes, raises `version`: runners then rebuild every copy.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    digests: tuple[str, ...]
    collapse: Callable[[Sequence[Record], Found], list[Write | Addition]]
    asks: Callable[[Sequence[Record]], Asked] = asks_nothing
    indexes: tuple[str, ...] = ()

    @property
    def definition(self) -> str:
        """The mark in every copy that this program makes: the version, and a digest of the statements in `tables`."""
        code = "\n".join(map(_without_comments, (statement("checkpoint_table"), *self.tables, *self.indexes)))
        return f"{self.version} {hashlib.sha256(code.encode()).hexdigest()[:16]}"


def write_rows(sql: str, rows: Iterable[Sequence[object]], *before: object) -> list[Write]:
    """The statement with `before` and then the columns of `rows` as parameters; nothing if there are no rows."""
    columns = list(zip(*rows, strict=True))
    return [Write(sql, (*before, *map(array_text, columns)), len(columns[0]))] if columns else []


def add_rows(table: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> list[Addition]:
    """The addition of the rows; nothing if there are none."""
    return [Addition(table, columns, rows)] if rows else []


def write_some(sql: str, rows: Iterable[Sequence[object]]) -> list[Write]:
    """As write_rows, for a statement that may change fewer rows."""
    return [Write(write.sql, write.parameters, None) for write in write_rows(sql, rows)]


def array_text(values: Sequence[object]) -> str:
    """What PostgreSQL reads as an array of these texts, numbers and nulls: `{"a",1,null}`.

    The driver takes eight times as long to send a list. JSON is the same text, unless a value has a backslash in it:
    after one, PostgreSQL reads the next character as it is.
    """
    text = _encoder.encode(values).decode()
    if "\\" in text:
        text = f"[{','.join(map(_quoted, values))}]"
    return f"{{{text[1:-1]}}}"


def csv_text(rows: Sequence[Sequence[object]]) -> bytes:
    """What COPY reads as these rows of texts, numbers and nulls, in CSV whose escape is a backslash.

    Every text is in quotation marks and a null is not: `"a",1,null`.

    Rows of JSON are the same text without their brackets, unless a value has a backslash in it. A line break inside a
    text has one in JSON, so the one between two rows is found with certainty.
    """
    lines = _encoder.encode_lines(rows)
    if b"\\" in lines:
        return "".join(f"{','.join(map(_quoted, row))}\n" for row in rows).encode()
    return lines.replace(b"]\n[", b"\n")[1:-2]


def _quoted(value: object) -> str:
    if isinstance(value, str):
        return f'"{value.replace(_BACKSLASH, _BACKSLASH * 2).replace(_QUOTE, _BACKSLASH + _QUOTE)}"'
    return "null" if value is None else str(value)


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
