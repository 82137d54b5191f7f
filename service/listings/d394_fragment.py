"""The ranges as XML with the element names of the declaration D394: a fragment, to be put into the firm's declaration.

Names and namespace are those of form v5 (schema of 2025-09-17). Texts are never cut: what is too long for the form is
written as it is, so that its validator names it.
"""

import re
from typing import Final
from xml.etree import ElementTree as ET

from schemas.api.d394 import D394Report, D394Row
from service.listings.words import Language, say

NAMESPACE: Final = "mfp:anaf:dgti:d394:declaratie:v5"

_TIP: Final = {"allocated": "1", "issued": "2"}
_TIP_FACTURA: Final = {"reversed": "1", "voided": "2"}

_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may have."""


def d394_fragment(report: D394Report, language: Language) -> bytes:
    """The fragment, in UTF-8. Comments say what it is, and name what the form cannot hold."""
    root = ET.Element("declaratie394", {"xmlns": NAMESPACE})
    comments = [say(language, "d394.fragment")]
    comments += [say(language, f"d394.warning.{each.code}", name=each.series_name) for each in report.warnings]
    if report.numbers_not_issued:
        comments.append(say(language, "d394.numbers_apart", count=report.numbers_not_issued))
    root.extend(ET.Comment(f" {_comment(each)} ") for each in comments)
    ET.SubElement(root, "informatii", {"nrFacturi": str(report.invoices)})
    for row in report.data:
        if row.part in _TIP:
            ET.SubElement(root, "serieFacturi", _range(row))
    for row in report.data:
        if row.part in _TIP_FACTURA:
            ET.SubElement(root, "facturi", _invoice(row))
    ET.indent(root)
    written: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return written + b"\n"


def _range(row: D394Row) -> dict[str, str]:
    series = {"serieI": _text(row.series_text)} if row.series_text else {}
    return {"tip": _TIP[row.part], **series, "nrI": _text(row.first_text), "nrF": _text(row.last_text)}


def _invoice(row: D394Row) -> dict[str, str]:
    series = {"serie": _text(row.series_text)} if row.series_text else {}
    return {"tip_factura": _TIP_FACTURA[row.part], **series, "nr": _text(row.first_text)}


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _comment(text: str) -> str:
    """The text without two hyphens beside each other, which would end the comment."""
    return _text(text).replace("--", "- -").replace("--", "- -")
