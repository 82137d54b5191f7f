"""`numbering erase`: erases what a document says, or only who the customer was (CONTRACT.md D111)."""

from contextlib import AsyncExitStack
from datetime import date
from typing import Any, Final

import click
import uvloop

from schemas.record import Record
from schemas.rejections import DocumentHasChanged
from schemas.values import DocumentId
from service.cli.operator_commands import operator_for, operator_log
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, print_json
from service.cli.screen.log_lines import write_log_lines
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import database_url, present_settings
from service.clock import now
from service.configuration.settings import Settings
from service.core.prepare import Prepared
from service.documents.content import VoidContent
from service.documents.erasing import erasing, erasure_of, said_by
from service.documents.facts import Facts, NumberedFacts, fold_document
from service.documents.new import sealed

KEPT_YEARS: Final = 5
"""Books and supporting documents are kept so long in Romania, counted from 1 July of the year after the financial year
(OMFP 2634/2015 point 37^1, since 24 May 2023)."""


@click.command("erase")
@click.option("--document", "document_id", metavar="ID", required=True, help="The document; also a deleted invoice.")
@click.option("--reason", required=True, help="Why, 1 to 255 characters; it is kept apart. Name no person.")
@click.option("--keep-amounts", is_flag=True, help="Erase only who the customer was; lines and amounts stay.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would be erased, and do nothing.")
def erase(*, document_id: str, reason: str, keep_amounts: bool, is_dry: bool) -> None:
    """Erase what a document says, for good, with all that it ever said before and why it was voided.

    Its number, its dates and its events stay. This works beside a running service, and on a halted log.
    """
    text = printable_option(reason, "--reason")
    settings = present_settings()
    write_log_lines(settings)
    found = _erase(settings, DocumentId(document_id), text, keeps_amounts=keep_amounts, is_dry=is_dry)
    print_json(uvloop.run(found))


async def _erase(
    settings: Settings, document_id: DocumentId, text: str, *, keeps_amounts: bool, is_dry: bool
) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        operator = await operator_log(database_url(settings), stack)
        records = [each.record for each in await operator.log.document(document_id)]
        facts = fold_document(records)
        if facts is None:
            raise CommandFault(f"there is no document {document_id}")
        kept = await operator.log.contents(said_by(records))
        left = erasing(facts, kept, keeps_amounts=keeps_amounts)
        _warn_if_young(settings, facts)
        position = None
        if left is not None and not is_dry:
            reason = sealed(VoidContent(text))
            command = erasure_of(facts, left, reason.digest)
            contents = [reason] if left.content is None else [left.content, reason]
            done = await operator.do(command, operator_for(records[0].firm_id, records[0].mode), contents)
            position = _position_of(facts, records[-1], done)
    return {
        "document": document_id,
        "erased": "nothing" if left is None else "content" if left.content is None else "customer",
        "contents": len(kept),
        "position": position,
        "is_dry_run": is_dry,
    }


def _position_of(facts: Facts, last: Record, done: object) -> int:
    if isinstance(done, DocumentHasChanged):
        raise CommandFault(f"document {facts.document_id} was changed in this moment; run the command again")
    if not isinstance(done, Prepared):
        why = "a draft that was deleted takes no event" if facts.is_deleted else f"position {last.position} is its last"
        raise CommandFault(f"document {facts.document_id} cannot be erased so: {why}; see the operator's guide")
    return done.records[-1].position


def _warn_if_young(settings: Settings, facts: Facts) -> None:
    if not isinstance(facts, NumberedFacts):
        return
    until = kept_until(date.fromisoformat(facts.date))
    if date.fromtimestamp(now()) < until:  # noqa: DTZ012 - a day more or less changes no warning
        err().print(
            f"Warning: a document of {facts.date} is to be kept until {until} in Romania (OMFP 2634/2015 point 37^1: "
            f"{KEPT_YEARS} years from 1 July of the year after the financial year; 10 by older rules)."
        )


def kept_until(issued: date) -> date:
    """The first day on which a document of this date need not be kept, if the financial year is the calendar's."""
    return date(issued.year + 1 + KEPT_YEARS, 7, 1)
