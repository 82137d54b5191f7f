"""CONTRACT.md D94: a client's name and every reason can be printed."""

from typing import Final

from tests.support.service.all_fields import refused_for
from tests.support.service.client import Api

BLANKS: Final = ["", " ", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2028", "\u3164", "\u2800", "\u2060"]
CONTROLS: Final = ["a\nb", "a\tb", "\x1b[2J", "a\x7f", "a\x85b", "a\u2029b", "a\u202eb", "a\u2066b", "a\x00"]
OF_EVERY_SCRIPT: Final = [
    *("x", "Ștefan cel Mare", "O'Brien & <Co>", "Ș" * 255, "\u65e5\u672c"),
    *("\u05d1\u05d9\u05ea\u200f", "\u0645\u06cc\u200c\u062e\u0648", "\U0001f468\u200d\U0001f469"),
]


async def test_a_name_or_a_reason_that_shows_nothing_or_controls_the_line_is_refused(api: Api) -> None:
    await api.a_series()
    path = f"/invoices/{(await api.issue()).data['id']}"

    for text in BLANKS + CONTROLS:
        refused_for(await api.issue(client_data={"name": text}), "client_data.name")
        refused_for(await api.ask("PATCH", path, json={"client_data": {"name": text}}), "client_data.name")
        refused_for(await api.post(f"{path}/void", {"reason": text}), "reason")


async def test_names_and_reasons_of_every_script_are_taken(api: Api) -> None:
    await api.a_series()

    for text in OF_EVERY_SCRIPT:
        invoice = (await api.issue(client_data={"name": text})).data
        assert invoice["client"]["name"] == text
        assert (await api.post(f"/invoices/{invoice['id']}/void", {"reason": text})).data["void_reason"] == text
