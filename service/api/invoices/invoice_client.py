"""The client of an invoice: from the data of a request to what is printed, and what an update changes of it (D94)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from schemas.api.bodies import ClientChanges, ClientData
from schemas.api.invoice import Client
from service.api.reading.json_text import Tree
from service.api.reading.known_names import name_conflicts, names_of, other_values, shown
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.api.refusals.table import bad_fields

_FOLLOWS: Final = names_of(Client) - names_of(ClientData)
"""What replies show of a client and no request can say."""

_NAMES: Final = (("bank", "bank_name"),)


def new_client(client_id: str | None, data: ClientData | None) -> Client | None:
    """The client with the field names of replies, which differ from those of requests."""
    if data is None:
        return None if client_id is None else Client(id=client_id)
    return _client(client_id, _one_bank(asdict(data)))


def changed_client(client: Client | None, client_id: str | None, changes: ClientChanges | UnsetType) -> Client | None:
    """The client with these changes. What is not named stays as it was printed. Raises RefusedError without a name."""
    if changes is UNSET:
        if client_id is None and (client is None or client.name is None):
            raise bad_fields([invalid("client_id", "an id, because this invoice has no other data of its client")])
        return Client(id=client_id) if client is None else replace(client, id=client_id)
    named = {name: value for name, value in asdict(changes).items() if value is not UNSET}
    data = _data(client) | _one_bank(named)
    if data["name"] is None:
        raise bad_fields([missing("client_data.name")])
    return _client(client_id, data)


def client_faults(data: Tree, *, is_null_a_value: bool = False) -> Iterator[FieldFault]:
    """The faults of `client_data` that show only when several of its fields are seen together."""
    if isinstance(data, dict):
        yield from name_conflicts(data, _NAMES, "client_data", is_null_a_value=is_null_a_value)


def refuse_what_follows(data: Tree, *clients: Client | None) -> None:
    """Raise RefusedError if `client_data` names what follows from its other fields, with another value than these."""
    if not isinstance(data, dict) or not _FOLLOWS & data.keys():
        return
    expected = [
        {name: value for name, value in shown(each).items() if name in _FOLLOWS} for each in clients if each is not None
    ]
    faults = list(
        other_values(data, expected, "follows from other fields of the invoice; leave it out.", "client_data")
    )
    if faults:
        raise bad_fields(faults)


def _one_bank(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the bank under one name; the two names never differ."""
    found = dict(data)
    other = found.pop("bank_name", None)
    if "bank_name" in data and found.get("bank") is None:
        found["bank"] = other
    return found


def _data(client: Client | None) -> dict[str, Any]:
    """What a request says to get this client."""
    if client is None or client.name is None:
        return asdict(ClientData(name="")) | {"name": None}
    kept = {name: getattr(client, name) for name in names_of(ClientData) & names_of(Client)}
    return kept | {"type": "b2b" if client.is_firm else "b2c", "bank": client.bank_name}


def _client(client_id: str | None, data: Mapping[str, Any]) -> Client:
    is_firm, cui = data["type"] == "b2b", data["cui"]
    return Client(
        id=client_id,
        name=data["name"],
        type="company" if is_firm else "individual",
        email=data["email"],
        phone=data["phone"],
        cui=cui,
        cui_prefix="RO" if cui is not None and cui.upper().startswith("RO") else None,
        rc=data["rc"],
        address=data["address"],
        city=data["city"],
        county=data["county"],
        country=data["country"],
        postal_code=data["postal_code"],
        iban=data["iban"],
        bank_name=data["bank"],
        contact_person=data["contact_person"],
        notes=data["notes"],
        is_active=True,
        is_firm=is_firm,
    )
