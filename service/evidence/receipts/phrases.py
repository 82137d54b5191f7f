"""The sentences of a number's life in both languages: the one home of these words.

Where a sentence is about one number or several, its name has the forms `.one` and `.many`. Romanian writes ș and ț with
a comma below. A number that never was on a document is neither *anulată* nor *stornată*, so no sentence says that.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from schemas.values import DocumentType, Fate, GapCode


class Phrase(Struct, frozen=True):
    """One sentence, or a part of one, with names in braces for what it is about."""

    en: str
    ro: str


HAPPENED: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        "opened": Phrase(
            "{time}, {by} opened the series {series} for {documents}, with {start} as its first number.",
            "{time}, {by} a deschis seria {series} pentru {documents}, primul număr fiind {start}.",
        ),
        "reserved.one": Phrase(
            "{time}, {by} reserved number {numbers} until {until}{block}.",
            "{time}, {by} a rezervat numărul {numbers} până {until}{block}.",
        ),
        "reserved.many": Phrase(
            "{time}, {by} reserved the numbers {numbers} until {until}{block}.",
            "{time}, {by} a rezervat numerele {numbers} până {until}{block}.",
        ),
        "taken": Phrase(
            "{time}, {by} took number {numbers} from the series to issue a document.",
            "{time}, {by} a luat numărul {numbers} din serie pentru a emite un document.",
        ),
        "issued": Phrase(
            "{time}, {by} issued the document {full_number}, dated {date}, with number {number}.",
            "{time}, {by} a emis documentul {full_number}, cu data de {date} și numărul {number}.",
        ),
        "issued.reversal": Phrase(
            "{time}, {by} issued the document {full_number}, dated {date}, with number {number}, as the "
            "reversal of the document {reverses}.",
            "{time}, {by} a emis documentul {full_number}, cu data de {date} și numărul {number}, care stornează "
            "documentul {reverses}.",
        ),
        "released": Phrase(
            "{time}, {by} gave up number {number}, which was on no document.",
            "{time}, {by} a renunțat la numărul {number}, care nu era pe niciun document.",
        ),
        "expired.one": Phrase(
            "{time}, the reservation of number {numbers} was found to have run out; the number was on no document.",
            "{time}, s-a constatat că rezervarea numărului {numbers} a expirat; numărul nu era pe niciun document.",
        ),
        "expired.many": Phrase(
            "{time}, the reservation of the numbers {numbers} was found to have run out; none was on a document.",
            "{time}, s-a constatat că rezervarea numerelor {numbers} a expirat; niciunul nu era pe vreun document.",
        ),
        "lost.one": Phrase(
            "{time}, {by} stepped over number {numbers}, because the log had lost what became of it. "
            "The reason given: “{reason}”.",
            "{time}, {by} a trecut peste numărul {numbers}, pentru că jurnalul pierduse ce se întâmplase cu el. "
            "Motivul consemnat: „{reason}”.",
        ),
        "lost.many": Phrase(
            "{time}, {by} stepped over the numbers {numbers}, because the log had lost what became of them. "
            "The reason given: “{reason}”.",
            "{time}, {by} a trecut peste numerele {numbers}, pentru că jurnalul pierduse ce se întâmplase cu ele. "
            "Motivul consemnat: „{reason}”.",
        ),
        "voided": Phrase(
            "{time}, {by} voided the document {full_number}; it keeps its number and no longer counts.",
            "{time}, {by} a anulat documentul {full_number}; el își păstrează numărul și nu mai este valabil.",
        ),
        "unvoided": Phrase(
            "{time}, {by} took back the voiding of the document {full_number}; it counts again, under its number.",
            "{time}, {by} a retras anularea documentului {full_number}; el este din nou valabil, sub numărul său.",
        ),
        "withdrawn": Phrase(
            "{time}, {by} deleted the voided document {full_number}, whose number was the last one of the series.",
            "{time}, {by} a șters documentul anulat {full_number}, al cărui număr era ultimul din serie.",
        ),
        "changed": Phrase(
            "{time}, {by} changed what the document {full_number} says.",
            "{time}, {by} a modificat conținutul documentului {full_number}.",
        ),
        "changed.date": Phrase(
            "{time}, {by} changed what the document {full_number} says, and its date from {before} to {date}.",
            "{time}, {by} a modificat conținutul documentului {full_number} și data lui, din {before} în {date}.",
        ),
        "reversed": Phrase(
            "{time}, {by} reversed the document {full_number} by the document {reversal}.",
            "{time}, {by} a stornat documentul {full_number} prin documentul {reversal}.",
        ),
        "erased": Phrase(
            "{time}, {by} erased what the document {full_number} said; its number and its events stay.",
            "{time}, {by} a șters ce spunea documentul {full_number}; numărul și evenimentele lui rămân.",
        ),
        "erased.customer": Phrase(
            "{time}, {by} erased who the customer of the document {full_number} was; the rest of it stays.",
            "{time}, {by} a șters datele clientului din documentul {full_number}; restul rămâne.",
        ),
        "explained.one": Phrase(
            "{time}, {by} explained why number {numbers} is on no document ({code}): “{text}”.",
            "{time}, {by} a explicat de ce numărul {numbers} nu este pe niciun document ({code}): „{text}”.",
        ),
        "explained.many": Phrase(
            "{time}, {by} explained why the numbers {numbers} are on no document ({code}): “{text}”.",
            "{time}, {by} a explicat de ce numerele {numbers} nu sunt pe niciun document ({code}): „{text}”.",
        ),
    }
)
"""What each event says."""

_NEVER: Final = (
    Phrase(
        "Number {numbers} never was on a document, so it is neither a voided nor a reversed one. "
        "It is not given again.",
        "Numărul {numbers} nu a fost niciodată pe un document, deci nu este nici anulat, nici stornat. "
        "El nu se mai atribuie.",
    ),
    Phrase(
        "The numbers {numbers} never were on a document, so they are neither voided nor reversed ones. "
        "They are not given again.",
        "Numerele {numbers} nu au fost niciodată pe un document, deci nu sunt nici anulate, nici stornate. "
        "Ele nu se mai atribuie.",
    ),
)

BECAME: Final[Mapping[Fate, tuple[Phrase, Phrase]]] = MappingProxyType(
    {
        Fate.STANDING: (
            Phrase("Number {numbers} is on a document that counts.", "Numărul {numbers} este pe un document valabil."),
            Phrase(
                "The numbers {numbers} are on documents that count.",
                "Numerele {numbers} sunt pe documente valabile.",
            ),
        ),
        Fate.VOIDED: (
            Phrase(
                "Number {numbers} is on a voided document, which does not count.",
                "Numărul {numbers} este pe un document anulat, care nu este valabil.",
            ),
            Phrase(
                "The numbers {numbers} are on voided documents, which do not count.",
                "Numerele {numbers} sunt pe documente anulate, care nu sunt valabile.",
            ),
        ),
        Fate.WITHDRAWN: (
            Phrase(
                "Number {numbers} is on no document any more: the voided document that carried it was deleted. "
                "It is not given again.",
                "Numărul {numbers} nu mai este pe niciun document: documentul anulat care îl purta a fost șters. "
                "El nu se mai atribuie.",
            ),
            Phrase(
                "The numbers {numbers} are on no document any more: the voided documents that carried them were "
                "deleted. They are not given again.",
                "Numerele {numbers} nu mai sunt pe niciun document: documentele anulate care le purtau au fost șterse. "
                "Ele nu se mai atribuie.",
            ),
        ),
        Fate.PENDING: (
            Phrase(
                "Number {numbers} is reserved, and on no document so far.",
                "Numărul {numbers} este rezervat și nu este deocamdată pe niciun document.",
            ),
            Phrase(
                "The numbers {numbers} are reserved, and on no document so far.",
                "Numerele {numbers} sunt rezervate și nu sunt deocamdată pe niciun document.",
            ),
        ),
        Fate.RELEASED: _NEVER,
        Fate.EXPIRED: _NEVER,
        Fate.LOST: (
            Phrase(
                "Number {numbers} is on no document that the log knows, and is not given again.",
                "Numărul {numbers} nu este pe niciun document cunoscut de jurnal și nu se mai atribuie.",
            ),
            Phrase(
                "The numbers {numbers} are on no document that the log knows, and are not given again.",
                "Numerele {numbers} nu sunt pe niciun document cunoscut de jurnal și nu se mai atribuie.",
            ),
        ),
    }
)
"""What became of one number, and of several."""

ENDS: Final = Phrase(
    "This is what the log says up to its position {position}.",
    "Aceasta este situația din jurnal până la poziția {position}.",
)
IS_TEST: Final = Phrase(
    "The series belongs to the test mode: no number of it is on a real document.",
    "Seria este din modul de test: niciun număr al ei nu este pe un document real.",
)

TIME: Final = Phrase("On {day} at {clock} ({offset})", "La {day}, ora {clock} ({offset})")
UNTIL: Final = Phrase("{day} at {clock} ({offset})", "la {day}, ora {clock} ({offset})")
NO_TIME: Final = Phrase("{seconds} seconds after 1970", "la {seconds} secunde după 1970")
DAY: Final = Phrase("%Y-%m-%d", "%d.%m.%Y")
RANGE: Final = Phrase("{first} to {last}", "de la {first} la {last}")
BLOCK: Final = Phrase(", in one block with the numbers {numbers}", ", într-un bloc cu numerele {numbers}")

BY_DEVICE: Final = Phrase("device {id}", "dispozitivul {id}")
BY_KEY: Final = Phrase("API key {id}", "cheia API {id}")
BY_SESSION: Final = Phrase("session {id}", "sesiunea {id}")
BY_OPERATOR: Final = Phrase("an operator", "un operator")
BY_SERVICE: Final = Phrase("the service", "serviciul")
OF_USER: Final = Phrase("{by} (user {user})", "{by} (utilizatorul {user})")

DOCUMENTS: Final[Mapping[DocumentType, Phrase]] = MappingProxyType(
    {
        DocumentType.FISCAL: Phrase("invoices", "facturi"),
        DocumentType.PROFORMA: Phrase("proforma invoices", "facturi proforme"),
    }
)

CODES: Final[Mapping[GapCode, Phrase]] = MappingProxyType(
    {
        GapCode.DEVICE_FAILURE: Phrase("a device failed", "defecțiune a dispozitivului"),
        GapCode.PRINTER_FAILURE: Phrase("a printer failed", "defecțiune a imprimantei"),
        GapCode.NETWORK_FAILURE: Phrase("the network failed", "întrerupere a rețelei"),
        GapCode.OPERATOR_ERROR: Phrase("a mistake of the person who used it", "greșeală a utilizatorului"),
        GapCode.CUSTOMER_LEFT: Phrase("the customer left", "clientul a renunțat"),
        GapCode.TRAINING: Phrase("training", "instruire"),
        GapCode.DEVICE_RETIRED: Phrase("the device was retired", "dispozitiv scos din uz"),
        GapCode.DATABASE_RESTORED: Phrase("the database was restored", "restaurare a bazei de date"),
        GapCode.OTHER: Phrase("another reason", "alt motiv"),
    }
)
