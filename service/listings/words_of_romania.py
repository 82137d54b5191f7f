"""The words of the listings that Romanian rules ask for: the ranges of D394 and the numbering decision."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_D394: Final[Mapping[str, tuple[str, str]]] = {
    "d394.title": ("Ranges of invoice numbers for D394", "Plaje de numere ale facturilor pentru D394"),
    "d394.none": ("There are no numbers in this period.", "Nu există numere în această perioadă."),
    "d394.part": ("What", "Ce"),
    "d394.series_name": ("Series", "Seria"),
    "d394.series_text": ("Before the number (serieI)", "Seria (serieI)"),
    "d394.first_text": ("From (nrI)", "De la (nrI)"),
    "d394.last_text": ("To (nrF)", "Până la (nrF)"),
    "d394.text_after": ("After the number", "După număr"),
    "d394.count": ("Count", "Câte"),
    "d394.date": ("Date of the invoice", "Data facturii"),
    "d394.invoice_id": ("Invoice", "Factura"),
    "d394.reason": ("Reason", "Motivul"),
    "d394.part.allocated": ("allocated", "alocate"),
    "d394.part.issued": ("issued", "emise"),
    "d394.part.reversed": ("reversed (stornată)", "stornată"),
    "d394.part.voided": ("cancelled (anulată)", "anulată"),
    "d394.part.not_issued": ("no invoice in the period", "fără factură în perioadă"),
    "d394.reason.released": ("reserved, then released", "rezervat, apoi eliberat"),
    "d394.reason.expired": ("reserved, then expired", "rezervat, apoi expirat"),
    "d394.reason.withdrawn": ("invoice deleted", "factură ștearsă"),
    "d394.reason.lost": ("lost when the database was restored", "pierdut la restaurarea bazei de date"),
    "d394.reason.pending": ("reserved when the period ended", "rezervat la sfârșitul perioadei"),
    "d394.reason.other_period": ("invoice of another period", "factură din altă perioadă"),
    "d394.invoices": ("Invoices dated in the period (nrFacturi)", "Facturi datate în perioadă (nrFacturi)"),
    "d394.invoices_reversed": ("of which with a negative total", "din care cu total negativ"),
    "d394.invoices_voided": ("of which cancelled", "din care anulate"),
    "d394.numbers_not_issued": ("Numbers without an invoice", "Numere fără factură"),
    "d394.range_size": ("Numbers planned for a year", "Numere prevăzute pe an"),
    "d394.range_size_none": ("only those that were taken", "numai cele luate"),
    "d394.warning": ("Cannot be declared", "Nu se poate declara"),
    "d394.warning.d394_text_after_number": (
        "series {name}: D394 has no place for what is printed behind the number",
        "seria {name}: D394 nu are loc pentru textul de după număr",
    ),
    "d394.warning.d394_series_text_too_long": (
        "series {name}: more than 20 characters stand before the number",
        "seria {name}: textul dinaintea numărului are peste 20 de caractere",
    ),
    "d394.fragment": (
        "A fragment of the declaration D394: only the elements serieFacturi and facturi and the number of invoices "
        "(nrFacturi). Put it into the firm's declaration; it cannot be filed as it is. Invoices issued by buyers or "
        "third parties are not in it.",
        "Fragment al declarației 394: numai elementele serieFacturi și facturi și numărul facturilor (nrFacturi). Se "
        "preia în declarația firmei; nu se depune ca atare. Facturile emise de beneficiari sau de terți nu sunt aici.",
    ),
    "d394.numbers_apart": (
        "Numbers that no invoice of the period carries: {count}. They are neither cancelled (anulate) nor reversed "
        "(stornate) invoices; D394 has no element for them.",
        "Numere pe care nu le poartă nicio factură a perioadei: {count}. Nu sunt facturi anulate și nici stornate; "
        "D394 nu are un element pentru ele.",
    ),
    "d394.not_issued_note": (
        "A number that no invoice of the period carries is neither cancelled (anulată) nor reversed (stornată); D394 "
        "has no element for it. It shows only as the difference between the ranges allocated and issued.",
        "Un număr pe care nu îl poartă nicio factură a perioadei nu este nici „anulat”, nici „stornat”; D394 nu are un "
        "element pentru el. Apare numai ca diferență între plajele alocate și cele emise.",
    ),
    "d394.note": (
        "Invoices issued by buyers or third parties in the firm's name are not in it. Confirm it with an accountant "
        "before it is filed.",
        "Facturile emise de beneficiari sau de terți în numele firmei nu sunt cuprinse. Se confirmă de un contabil "
        "înainte de depunere.",
    ),
}

_DECISION: Final[Mapping[str, tuple[str, str]]] = {
    "decision.title": ("Internal decision on numbering", "Decizie internă de numerotare"),
    "decision.stem": ("numbering-decision", "decizie-numerotare"),
    "decision.none": ("The firm has no series.", "Firma nu are serii."),
    "decision.year": ("Year {year}", "Anul {year}"),
    "decision.decision": ("Decision", "Decizia"),
    "decision.words": ("no. {number} of {date}", "nr. {number} din {date}"),
    "decision.tax_id": ("CUI", "CUI"),
    "decision.register_number": ("Trade register number", "Nr. registrul comerțului"),
    "decision.address": ("Address", "Adresa"),
    "decision.basis": ("Legal basis", "Temei legal"),
    "decision.basis_words": (
        "OMFP no. 2634/2015, annex 1, point 24; Cod fiscal, art. 319 (20) a)",
        "pct. 24 din anexa nr. 1 la OMFP nr. 2634/2015; art. 319 alin. (20) lit. a) din Codul fiscal",
    ),
    "decision.article_1": (
        "Art. 1. In {year} documents are numbered sequentially, in the series and ranges of the table. The number of "
        "the first document of the year in each series is the one in the column “From number”.",
        "Art. 1. În anul {year} documentele se numerotează secvențial, în seriile și plajele din tabel. Numărul "
        "primului document al anului, pentru fiecare serie, este cel din coloana „De la numărul”.",
    ),
    "decision.article_2": (
        "Art. 2. Numbers are allocated and managed by: {manager}.",
        "Art. 2. Numerele sunt alocate și gestionate de: {manager}.",
    ),
    "decision.article_3": (
        "Art. 3. Each series is used at the store, work point or office of its row, by the person named there.",
        "Art. 3. Fiecare serie se folosește la gestiunea, punctul de lucru sau biroul din rândul ei, de persoana "
        "numită acolo.",
    ),
    "decision.plan_note": (
        "The last number is a plan, not a limit: first number + size - 1, extended to the highest number that was "
        "taken (practice).",
        "Ultimul număr este o prevedere, nu o limită: primul număr + mărimea plajei - 1, extins până la cel mai mare "
        "număr deja luat (practică).",
    ),
    "decision.form_note": (
        "The table and the signatures follow practice; no official form is known. To be confirmed by an accountant "
        "before it is signed. The English text is a reading aid; the Romanian one is signed.",
        "Tabelul și semnăturile urmează practica; nu se cunoaște un model oficial. Se confirmă de un contabil "
        "înainte de semnare.",
    ),
    "decision.row": ("No.", "Nr. crt."),
    "decision.series_name": ("Series", "Seria"),
    "decision.document_type": ("Type of document", "Felul documentului"),
    "decision.from_number": ("From number", "De la numărul"),
    "decision.to_number": ("To number (planned)", "Până la numărul (prevăzut)"),
    "decision.responsible": ("Person responsible", "Persoana responsabilă"),
    "decision.work_point": ("Store / work point", "Gestiune / punct de lucru"),
    "decision.remarks": ("Remarks", "Observații"),
    "decision.first_numbers": ("First number of each year", "Primul număr al fiecărui an"),
    "decision.signed_by": ("Administrator", "Administrator"),
    "decision.managed_by": ("Person who manages the numbers", "Persoana care gestionează numerele"),
    "decision.signature": ("{who}: {name}      signature: {blank}", "{who}: {name}      semnătura: {blank}"),
}

ROMANIA: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({**_D394, **_DECISION})
"""The texts of these listings, in English and in Romanian."""
