"""The words of listings in every language: the one place for them. Romanian has ș and ț with a comma below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.values import DocumentType, Fate, GapCode, Mode, Word
from service.listings.words_of_romania import ROMANIA


class Language(Word):
    """A language of listings."""

    ENGLISH = "en"
    ROMANIAN = "ro"


Words = Mapping[str, tuple[str, str]]

_PAGE: Final[Words] = {
    "yes": ("yes", "da"),
    "no": ("no", "nu"),
    "total": ("Total", "Total"),
    "page": ("Page {page} of {pages}", "Pagina {page} din {pages}"),
    "listed": ("Listed {time}", "Listat la {time}"),
    "listing_time": ("Time of listing", "Data listării"),
    "software": ("Program", "Program"),
    "entity": ("Firm", "Unitatea"),
    "entity_words": ("{firm}, mode {mode}", "{firm}, mod {mode}"),
    "period": ("Period", "Perioada"),
    "period_between": ("{first} to {last}", "{first} - {last}"),
    "period_until": ("from the first event to {time}", "de la primul eveniment până la {time}"),
    "zone": ("Time zone", "Fusul orar"),
    "moment": ("As of", "Situația la"),
    "moment_words": ("position {position}, {time}", "poziția {position}, {time}"),
    "note": ("Newest note of the log", "Ultima notă a jurnalului"),
    "note_words": ("size {size}, root {root}", "mărime {size}, rădăcină {root}"),
    "digest": ("Digest (SHA-256)", "Amprentă (SHA-256)"),
}

_SERIES: Final[Words] = {
    "series": ("Series", "Seria"),
    "series_words": ("{name} ({id})", "{name} ({id})"),
    "document_type": ("Type of document", "Felul documentului"),
    "format": ("Format of a number", "Formatul numărului"),
    "equation": ("Equation", "Ecuația"),
    "equation_words": (
        "{taken} allocated = {standing} standing + {voided} voided + {withdrawn} withdrawn + {pending} pending + "
        "{released} released + {expired} expired + {lost} lost",
        "{taken} alocate = {standing} în vigoare + {voided} anulate + {withdrawn} retrase + {pending} rezervate + "
        "{released} eliberate + {expired} expirate + {lost} pierdute",
    ),
    "equation_wrong": ("THE EQUATION DOES NOT HOLD: {words}", "ECUAȚIA NU SE VERIFICĂ: {words}"),
    "duplicates": ("Numbers on two documents", "Numere pe două documente"),
    "date_inversions": ("Dates out of order", "Date în afara ordinii"),
}

_GAPS: Final[Words] = {
    "gap_title": ("Numbers without a document", "Situația numerelor fără document"),
    "gap_count": ("Gaps", "Lipsuri"),
    "gap_count_words": (
        "{gaps} with {numbers} numbers, {unexplained} of them not explained",
        "{gaps} cu {numbers} numere, dintre care {unexplained} fără explicație",
    ),
    "gap_none": ("There are no gaps.", "Nu există numere fără document."),
    "gap_note": (
        "A number that never was a document is neither cancelled (anulată) nor reversed (stornată): no invoice with it "
        "was ever issued. It shows only as the difference between the numbers allocated and those issued.",
        "Un număr care nu a fost niciodată pe un document nu este nici „anulat”, nici „stornat”: nicio factură cu el "
        "nu a fost emisă. Apare numai ca diferență între numerele alocate și cele emise.",
    ),
    "withdrawn_note": (
        "A withdrawn number was on a document that was voided and then deleted before another number was taken.",
        "Un număr retras a fost pe un document anulat și apoi șters, înainte ca alt număr să fie luat.",
    ),
    "year_note": (
        "{{year}} in a printed number stands for the year of a document; where there is no document, there is no year.",
        "{{year}} într-un număr tipărit ține locul anului documentului; unde nu există document, nu există an.",
    ),
    "first": ("First", "Primul"),
    "last": ("Last", "Ultimul"),
    "printed_first": ("From number", "De la numărul"),
    "printed_last": ("To number", "Până la numărul"),
    "count": ("Count", "Câte"),
    "reason": ("Reason", "Motivul"),
    "reason_text": ("Reason in words", "Motivul în cuvinte"),
    "device": ("Device", "Dispozitivul"),
    "reserved_at": ("Allocated", "Alocat la"),
    "reserved_by": ("Allocated by", "Alocat de"),
    "expires_at": ("Reserved until", "Rezervat până la"),
    "ended_at": ("Ended", "Încheiat la"),
    "ended_by": ("Ended by", "Încheiat de"),
    "below": ("Document below", "Documentul de dinainte"),
    "below_date": ("Its date", "Data lui"),
    "above": ("Document above", "Documentul de după"),
    "above_date": ("Its date", "Data lui"),
    "events": ("Events", "Evenimente"),
    "reserving_event": ("Allocating event", "Evenimentul alocării"),
    "ending_event": ("Ending event", "Evenimentul încheierii"),
    "is_explained": ("Explained", "Explicat"),
    "explanation": ("Explanation", "Explicația"),
    "unexplained": ("not explained", "fără explicație"),
    "explanation_code": ("Code", "Codul"),
    "explained_at": ("Explained on", "Explicat la"),
    "explained_by": ("Explained by", "Explicat de"),
}

_REGISTER: Final[Words] = {
    "register_title": ("Register of numbers", "Registrul numerelor"),
    "register_none": ("No number was taken yet.", "Nu a fost luat încă niciun număr."),
    "register_goes_on": (
        "The register goes on after number {number}: ask again with after={number}.",
        "Registrul continuă după numărul {number}: cereți din nou cu after={number}.",
    ),
    "register_from": ("Only numbers after {number}.", "Numai numerele de după {number}."),
    "register_fate": ("Only numbers that are: {fate}.", "Numai numerele care sunt: {fate}."),
    "fate": ("Fate", "Starea"),
    "earliest_date": ("Earliest date", "Prima dată"),
    "latest_date": ("Latest date", "Ultima dată"),
    "invoice_id": ("Document", "Documentul"),
}

_EXPLANATIONS: Final[Words] = {
    "explanation_title": ("Explanations of gaps", "Explicațiile numerelor fără document"),
    "explanation_none": ("Nobody has explained a gap.", "Nu există explicații."),
    "explanation_note": (
        "A later explanation of the same numbers is added to the earlier ones; the last one counts.",
        "O explicație ulterioară pentru aceleași numere se adaugă celor dinainte; contează ultima.",
    ),
    "position": ("Event", "Evenimentul"),
}

_VALUES: Final[Words] = {
    f"fate.{Fate.STANDING}": ("standing", "în vigoare"),
    f"fate.{Fate.VOIDED}": ("voided", "anulat"),
    f"fate.{Fate.WITHDRAWN}": ("withdrawn", "retras"),
    f"fate.{Fate.PENDING}": ("pending", "rezervat"),
    f"fate.{Fate.RELEASED}": ("released", "eliberat"),
    f"fate.{Fate.EXPIRED}": ("expired", "rezervare expirată"),
    f"fate.{Fate.LOST}": ("lost", "pierdut"),
    f"code.{GapCode.DEVICE_FAILURE}": ("device failure", "dispozitiv defect"),
    f"code.{GapCode.PRINTER_FAILURE}": ("printer failure", "imprimantă defectă"),
    f"code.{GapCode.NETWORK_FAILURE}": ("network failure", "rețea întreruptă"),
    f"code.{GapCode.OPERATOR_ERROR}": ("operator error", "eroare de operare"),
    f"code.{GapCode.CUSTOMER_LEFT}": ("customer left", "client plecat"),
    f"code.{GapCode.TRAINING}": ("training", "instruire"),
    f"code.{GapCode.DEVICE_RETIRED}": ("device retired", "dispozitiv scos din uz"),
    f"code.{GapCode.DATABASE_RESTORED}": ("database restored", "bază de date restaurată"),
    f"code.{GapCode.OTHER}": ("other", "altele"),
    f"type.{DocumentType.FISCAL}": ("fiscal invoice", "factură fiscală"),
    f"type.{DocumentType.PROFORMA}": ("proforma", "factură proformă"),
    f"mode.{Mode.LIVE}": ("live", "real"),
    f"mode.{Mode.TEST}": ("test", "test"),
}

WORDS: Final[Words] = MappingProxyType(
    {**_PAGE, **_SERIES, **_GAPS, **_REGISTER, **_EXPLANATIONS, **_VALUES, **ROMANIA}
)
"""Every text, in English and in Romanian; `{name}` is a place for a value, the same ones in both."""

_PLACES: Final = {Language.ENGLISH: 0, Language.ROMANIAN: 1}


def say(language: Language, key: str, **values: object) -> str:
    """The text of this key, with the values in their places. Raises KeyError for an unknown key or a missing value."""
    return WORDS[key][_PLACES[language]].format(**values)
