"""What a superuser may do to projections and kept answers, and what is then found where."""

from typing import Final

from service.checking.faults import FaultKind
from tests.checking.edit import Edit

LOCKED: Final = "SELECT min(position) FROM log.event WHERE tag LIKE 'series-locked/%'"
SERIES: Final = "SELECT series_id FROM counters.counter ORDER BY next_number DESC LIMIT 1"
DOCUMENT: Final = "SELECT document_id FROM invoices.invoice WHERE number = 1 LIMIT 1"
A_DRAFT: Final = "SELECT document_id FROM invoices.invoice WHERE number IS NULL LIMIT 1"

ROWS: Final = {
    "counter": Edit(
        FaultKind.ROW_CHANGED,
        SERIES,
        ("UPDATE counters.counter SET standing = standing - 1, voided = voided + 1 WHERE series_id = $1",),
        "counters.counter of series {}",
    ),
    "no counter": Edit(
        FaultKind.ROW_MISSING,
        SERIES,
        ("DELETE FROM counters.counter WHERE series_id = $1",),
        "counters.counter of series {}",
    ),
    "strange counter": Edit(
        FaultKind.ROW_STRANGE,
        SERIES,
        (
            "INSERT INTO counters.counter SELECT 'forged', log_id, firm_id, mode, 'X', document_type, opened_at,"
            " position, 1, 1 FROM counters.counter WHERE series_id = $1",
        ),
        "counters.counter of series forged",
    ),
    "gap": Edit(
        FaultKind.ROW_CHANGED,
        "SELECT min(first) FROM gaps.gap",
        ("UPDATE gaps.gap SET reason = 'expired' WHERE first = $1",),
        "numbers {0}-{0}",
    ),
    "no gap": Edit(
        FaultKind.ROW_MISSING, "SELECT min(first) FROM gaps.gap", ("DELETE FROM gaps.gap WHERE first = $1",), "{0}-{0}"
    ),
    "gap printed": Edit(
        FaultKind.ROW_CHANGED,
        "SELECT max(first) FROM gaps.gap WHERE full_number IS NOT NULL",
        ("UPDATE gaps.gap SET full_number = 'X' WHERE first = $1",),
        "gaps.gap of series ",
    ),
    "strange gap": Edit(
        FaultKind.ROW_STRANGE,
        "SELECT min(first) FROM gaps.gap",
        (
            "INSERT INTO gaps.gap (series_id, first, last, reason, reserved_at, reserved_by, ended_at, ended_by,"
            " reserved_position, ended_position) SELECT series_id, 900, 901, 'lost', 1, 'x', 1, 'x', 1, 1"
            " FROM gaps.gap WHERE first = $1",
        ),
        "numbers 900-901",
    ),
    "explanation": Edit(
        FaultKind.ROW_CHANGED,
        "SELECT position FROM gaps.explanation",
        ("UPDATE gaps.explanation SET text = 'nobody tried anything' WHERE position = $1",),
        "position {}",
    ),
    "block": Edit(
        FaultKind.ROW_CHANGED,
        "SELECT position FROM register.block LIMIT 1",
        ("UPDATE register.block SET expires_at = expires_at + 1 WHERE position = $1",),
        "register.block of series ",
    ),
    "ending": Edit(
        FaultKind.ROW_CHANGED,
        "SELECT min(last) FROM register.ending",
        ("UPDATE register.ending SET document_id = 'inv_other' WHERE last = $1",),
        "numbers {0}-{0}",
    ),
    "no ending": Edit(
        FaultKind.ROW_MISSING,
        "SELECT max(last) FROM register.ending",
        ("DELETE FROM register.ending WHERE last = $1",),
        "numbers {0}-{0}",
    ),
    "invoice": Edit(
        FaultKind.ROW_CHANGED,
        DOCUMENT,
        ("UPDATE invoices.invoice SET fate = 'voided' WHERE document_id = $1",),
        "document {}",
    ),
    "invoice total": Edit(
        FaultKind.ROW_CHANGED,
        DOCUMENT,
        ("UPDATE invoices.invoice SET total_ron = total_ron - 1 WHERE document_id = $1",),
        "document {}",
    ),
    "no invoice": Edit(
        FaultKind.ROW_MISSING,
        DOCUMENT,
        ("DELETE FROM invoices.invoice WHERE document_id = $1",),
        "document {}",
    ),
    "draft": Edit(
        FaultKind.ROW_CHANGED,
        A_DRAFT,
        ("UPDATE invoices.invoice SET modified_at = modified_at + 1 WHERE document_id = $1",),
        "document {}",
    ),
    "no draft": Edit(
        FaultKind.ROW_MISSING, A_DRAFT, ("DELETE FROM invoices.invoice WHERE document_id = $1",), "document {}"
    ),
    "strange draft": Edit(
        FaultKind.ROW_STRANGE,
        A_DRAFT,
        ("UPDATE invoices.invoice SET document_id = 'inv_forged' WHERE document_id = $1",),
        "document inv_forged",
    ),
    "total": Edit(
        FaultKind.ROW_CHANGED,
        "SELECT count(*) FROM invoices.total",
        ("UPDATE invoices.total SET total_ron = total_ron + 1 WHERE grain = 'whole' AND $1::bigint > 0",),
        "invoices.total",
    ),
}

RESERVED: Final = 'SELECT position FROM log.event WHERE record LIKE \'%"idempotency_key":"reserve"%\''
"""The event that the request under the key `reserve` made."""


def _answer(outcome: str, change: str) -> str:
    statement = 'UPDATE log.answer SET outcome = {} WHERE outcome LIKE \'%"type":"{}"%\' AND $1::bigint > 0'
    return statement.format(change, outcome)


ANSWERS: Final = {
    "answer's numbers": Edit(
        FaultKind.ANSWER_CHANGED,
        RESERVED,
        (_answer("reserved", "replace(outcome, '\"last\":10', '\"last\":11')"),),
        "position {}",
    ),
    "answer's document": Edit(
        FaultKind.ANSWER_CHANGED,
        'SELECT min(position) FROM log.event WHERE record LIKE \'%"idempotency_key":"first 0"%\''
        " AND tag LIKE 'reservation-consumed/%'",
        (_answer("document", "replace(outcome, 'inv_', 'inx_')"),),
        "position {}",
    ),
    "answer's lock": Edit(
        FaultKind.ANSWER_CHANGED,
        LOCKED,
        (_answer("series", 'replace(outcome, \'"device_id":"device-a"\', \'"device_id":"device-b"\')'),),
        "position {}",
    ),
    "answer's release": Edit(
        FaultKind.ANSWER_CHANGED,
        "SELECT min(position) FROM log.event WHERE tag LIKE 'reservation-released/%'",
        (_answer("released", "replace(outcome, '\"number\":4', '\"number\":6')"),),
        "position {}",
    ),
    "answer's explanation": Edit(
        FaultKind.ANSWER_CHANGED,
        "SELECT position FROM gaps.explanation",
        (_answer("explained", "replace(outcome, '\"at\":', '\"at\":1')"),),
        "position {}",
    ),
    "answer's place": Edit(
        FaultKind.ANSWER_CHANGED,
        RESERVED,
        ("UPDATE log.answer SET position = $1 - 2 WHERE outcome LIKE '%\"reserved\"%'",),
        "position {}",
    ),
    "no outcome": Edit(
        FaultKind.ANSWER_CHANGED,
        RESERVED,
        (_answer("reserved", "'{}'"),),
        "position {}",
    ),
    "no answer": Edit(
        FaultKind.ANSWER_MISSING,
        RESERVED,
        ("DELETE FROM log.answer WHERE outcome LIKE '%\"reserved\"%' AND $1::bigint > 0",),
        "position {}",
    ),
    "another key": Edit(
        FaultKind.ANSWER_MISSING,
        RESERVED,
        ("UPDATE log.answer SET key = sha256(key) WHERE outcome LIKE '%\"reserved\"%' AND $1::bigint > 0",),
        "position {}",
    ),
    "strange answer": Edit(
        FaultKind.ANSWER_CHANGED,
        RESERVED,
        (
            "INSERT INTO log.answer (key, log_id, request, outcome, position) SELECT sha256('x'), log_id, request,"
            " replace(outcome, '\"first\":1,', '\"first\":5,'), position FROM log.answer"
            " WHERE outcome LIKE '%\"reserved\"%' AND $1::bigint > 0",
        ),
        "answer ",
    ),
}
