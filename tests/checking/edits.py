"""What a superuser may do to the log and its evidence, and what is then found where."""

from typing import Final

from service.checking.faults import FaultKind
from tests.checking.edit import Edit
from tests.checking.table_edits import ANSWERS, ROWS

CONSUMED: Final = "SELECT min(position) FROM log.event WHERE tag LIKE 'reservation-consumed/%'"
DESCRIBED: Final = "SELECT max(position) - 20 FROM log.event"
DRAFT: Final = "SELECT min(position) FROM log.event WHERE tag LIKE 'draft-saved/%'"
PLACES: Final = {"consumed": CONSUMED, "described": DESCRIBED, "draft": DRAFT}


AT: Final = "position {}"


def _records(name: str, where: str) -> dict[str, Edit]:
    """What is done to the record of one event."""
    return {
        f"flip {name}": Edit(
            FaultKind.EVENT_UNSEALED,
            where,
            (
                'UPDATE log.event SET record = regexp_replace(record, \'"command_id":"..\', \'"command_id":"xx\')'
                " WHERE position = $1",
            ),
            AT,
            is_exported=True,
        ),
        f"spoil {name}": Edit(
            FaultKind.EVENT_UNREADABLE,
            where,
            ("UPDATE log.event SET record = replace(record, '\"log\"', '\"lag\"') WHERE position = $1",),
            AT,
            is_exported=True,
        ),
        f"blank {name}": Edit(
            FaultKind.EVENT_UNREADABLE,
            where,
            ("UPDATE log.event SET record = record || ' ' WHERE position = $1",),
            AT,
            is_exported=True,
        ),
    }


def _positions(name: str, where: str) -> dict[str, Edit]:
    """What is done to the position of one event."""
    return {
        f"delete {name}": Edit(
            FaultKind.EVENT_MISSING, where, ("DELETE FROM log.event WHERE position = $1",), AT, is_exported=True
        ),
        f"swap {name}": Edit(
            FaultKind.EVENT_MISPLACED,
            where,
            (
                "UPDATE log.event AS e SET record = o.record FROM log.event AS o"
                " WHERE e.position - $1::bigint IN (0, 1) AND o.position - $1::bigint IN (0, 1)"
                " AND o.position <> e.position",
            ),
            AT,
            is_exported=True,
        ),
    }


def _columns(name: str, where: str) -> dict[str, Edit]:
    """What is done to the columns of one event, and to its place in its stream."""
    return {
        f"backdate {name}": Edit(
            FaultKind.EVENT_COLUMNS, where, ("UPDATE log.event SET at = at - 1 WHERE position = $1",), AT
        ),
        f"move {name}": Edit(
            FaultKind.EVENT_COLUMNS,
            where,
            ("UPDATE log.event SET firm_id = 'another' WHERE position = $1",),
            AT,
            is_exported=True,
        ),
        f"chain {name}": Edit(
            FaultKind.EVENT_CHAIN,
            where,
            (
                "UPDATE log.event SET record = regexp_replace(record, '\"previous\":[0-9]+', '\"previous\":9999')"
                " WHERE position = $1",
            ),
            AT,
            is_exported=True,
        ),
    }


def _of_event(name: str, where: str) -> dict[str, Edit]:
    return _records(name, where) | _positions(name, where) | _columns(name, where)


LOG: Final = {
    "insert": Edit(
        FaultKind.EVENT_MISPLACED,
        DESCRIBED,
        (
            "UPDATE log.event SET position = position + 100000, version = version + 100000 WHERE position >= $1",
            "UPDATE log.event SET position = position - 99999, version = version - 99999 WHERE position > 100000"
            " AND $1::bigint > 0",
            "INSERT INTO log.event SELECT log_id, $1::bigint, stream, version - 1, firm_id, mode, at, tag, number,"
            " document_id, record FROM log.event WHERE position = $1::bigint + 1",
            "UPDATE log.head SET position = position + 1 WHERE $1::bigint > 0",
        ),
        "position ",
        is_exported=True,
    ),
    "append": Edit(
        FaultKind.LOG_HEAD,
        "SELECT max(position) FROM log.event",
        (
            "INSERT INTO log.event SELECT log_id, position + 1, stream, version + 1, firm_id, mode, at, tag, number,"
            " document_id, record FROM log.event WHERE position = $1",
        ),
        "log 1",
    ),
    "cut the end": Edit(
        FaultKind.LOG_HEAD,
        "SELECT max(position) FROM log.event",
        ("DELETE FROM log.event WHERE position = $1",),
        "log 1",
        is_exported=True,
    ),
    "roll back": Edit(
        FaultKind.EVENT_UNSEALED,
        "SELECT max(position) FROM log.event",
        (
            "DELETE FROM log.event WHERE position = $1",
            "UPDATE log.head SET position = $1 - 1",
            "UPDATE log.stream SET version = version - 1 WHERE version = (SELECT max(version) FROM log.stream)"
            " AND $1::bigint > 0",
        ),
        "position {}",
        is_exported=True,
    ),
    "stream version": Edit(
        FaultKind.LOG_STREAM,
        "SELECT stream FROM log.stream ORDER BY version DESC LIMIT 1",
        ("UPDATE log.stream SET version = version + 1 WHERE stream = $1",),
        "stream {}",
    ),
    "stream firm": Edit(
        FaultKind.LOG_STREAM,
        "SELECT stream FROM log.stream ORDER BY version DESC LIMIT 1",
        ("UPDATE log.stream SET firm_id = 'another' WHERE stream = $1",),
        "position 1",
    ),
    "allocation": Edit(
        FaultKind.LOG_ALLOCATION,
        "SELECT stream FROM log.allocation ORDER BY next DESC LIMIT 1",
        (
            "UPDATE log.allocation AS a SET next = next + 5 WHERE stream = $1 AND"
            " next = (SELECT max(o.next) FROM log.allocation AS o)",
        ),
        "series {}",
    ),
    "content": Edit(
        FaultKind.CONTENT,
        "SELECT content FROM invoices.invoice WHERE total_ron IS NOT NULL AND number IS NOT NULL LIMIT 1",
        (
            "ALTER TABLE log.content DROP CONSTRAINT content_matches_digest",
            "UPDATE log.content SET body = replace(body, 'Acme', 'Akme') WHERE digest = decode($1, 'hex')",
        ),
        "content {}",
    ),
}

SIZE: Final = "SELECT size FROM evidence.tree"
FIRST_NOTE: Final = "SELECT min(size) FROM evidence.note"
EVIDENCE: Final = {
    "tile's entry": Edit(
        FaultKind.EVENT_UNSEALED,
        "SELECT 2::bigint",
        (
            "UPDATE evidence.tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 7)"
            " WHERE level = 0 AND place = 0 AND $1::bigint > 0",
        ),
        "position {}",
        is_exported=True,
    ),
    "tile's hash": Edit(
        FaultKind.TILE,
        SIZE,
        (
            "UPDATE evidence.tile SET hashes = set_byte(hashes, 4, get_byte(hashes, 4) # 7)"
            " WHERE level = 1 AND $1::bigint > 0",
        ),
        "tile 0 of level 0",
        is_exported=False,
    ),
    "no tile": Edit(
        FaultKind.TILE,
        SIZE,
        ("DELETE FROM evidence.tile WHERE level = 1 AND $1::bigint > 0",),
        "tree of {} entries",
    ),
    "tree's size": Edit(
        FaultKind.NOTE, SIZE, ("UPDATE evidence.tree SET size = $1 - 1",), "note {}", is_exported=False
    ),
    "note's root": Edit(
        FaultKind.NOTE,
        FIRST_NOTE,
        ("UPDATE evidence.note SET note = replace(note, '=\n\n', 'A=\n\n') WHERE size = $1",),
        "note {}",
        is_exported=True,
    ),
    "note's signature": Edit(
        FaultKind.NOTE,
        FIRST_NOTE,
        (
            "UPDATE evidence.note AS n SET note = split_part(n.note, E'\\n\\n', 1) || E'\\n\\n'"
            " || split_part(o.note, E'\\n\\n', 2) FROM evidence.note AS o WHERE n.size = $1 AND o.size > $1",
        ),
        "note {}",
        is_exported=True,
    ),
    "newest note": Edit(
        FaultKind.NOTE,
        SIZE,
        ("DELETE FROM evidence.note WHERE size = $1",),
        "note ",
        is_exported=False,
    ),
    "co-signature": Edit(
        FaultKind.COSIGNATURE,
        FIRST_NOTE,
        (
            "UPDATE evidence.cosignature AS c SET line = o.line FROM evidence.cosignature AS o WHERE c.size = $1"
            " AND o.size > $1 AND o.key_id = c.key_id",
        ),
        "note {}",
        is_exported=True,
    ),
    "no co-signature's line": Edit(
        FaultKind.COSIGNATURE,
        FIRST_NOTE,
        ("UPDATE evidence.cosignature SET line = 'signed' WHERE size = $1",),
        "note {}",
        is_exported=True,
    ),
    "verifier key": Edit(
        FaultKind.VERIFIER_KEY,
        "SELECT verifier_key FROM evidence.verifier_key WHERE rotation IS NULL",
        ("UPDATE evidence.verifier_key SET verifier_key = replace(verifier_key, '+A', '+B') WHERE verifier_key = $1",),
        "verifier key ",
        is_exported=True,
    ),
    "no verifier key": Edit(
        FaultKind.VERIFIER_KEY,
        "SELECT encode(key_id, 'hex') FROM evidence.verifier_key WHERE rotation IS NULL",
        ("DELETE FROM evidence.verifier_key WHERE encode(key_id, 'hex') = $1",),
        "verifier key {}",
        is_exported=True,
    ),
    "rotation": Edit(
        FaultKind.VERIFIER_KEY,
        "SELECT encode(key_id, 'hex') FROM evidence.verifier_key WHERE rotation IS NOT NULL",
        ("UPDATE evidence.verifier_key SET rotation = 'nobody' WHERE encode(key_id, 'hex') = $1",),
        "verifier key {}",
        is_exported=True,
    ),
}

EDITS: Final[dict[str, Edit]] = {
    **{name: edit for place in PLACES.items() for name, edit in _of_event(*place).items()},
    **LOG,
    **ROWS,
    **ANSWERS,
    **EVIDENCE,
}
