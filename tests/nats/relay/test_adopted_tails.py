"""What came back from the stream is known for what it is: proved to be ours; what did not come with it is said."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from schemas.events import DocumentVoided, ReservationConsumed
from schemas.record import Record, decode_record, encode_record
from schemas.values import DEFAULT_LOG, Position, Version
from service.access.event_proofs import HEADER, EventProver
from service.access.key_file import SecretKey, ensure
from service.api.catalogue import ROUTES
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.stream import EventStream
from tests.support.domain.golden import every_event
from tests.support.nats.disasters import Disaster, a_disaster
from tests.support.nats.relays import STREAM, stranger
from tests.support.nats.requesting import a_requester
from tests.support.service.client import AN_INVOICE, Answer, Api, an_api
from tests.support.service.command_line import printed, refused

Asked = tuple[str, str, dict[str, Any]]
"""The route of a POST, its path, and its body."""

STRANGER = EventProver((SecretKey("t9", "99" * 32),))


class AllPosts:
    """One POST of every route, each under a key of its own, and each with an event."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    async def work(self, api: Api, disaster: Disaster) -> None:
        """Do them all."""
        series = disaster.series_id

        async def post(route: str, body: dict[str, Any], **places: str) -> Any:
            path = route.format(**places).removeprefix("/v1")
            self.asked.append((route, path, body))
            answer = await api.post(path, body, credential_for(disaster, route), key=route)
            assert answer.status in {200, 201}, answer.body
            return answer.data

        for prefix in ("/v1/invoice-series", "/v1/series"):
            name = prefix.rpartition("/")[2]
            opened = await post(prefix, {"name": name, "document_type": "fiscal"})
            await post(f"{prefix}/{{id}}/set-primary", {}, id=opened["id"])
        await post("/v1/invoice-series/{id}/lock", {}, id=opened["id"])
        await post("/v1/invoice-series/{id}/unlock", {}, id=opened["id"])
        reserved = await post("/v1/invoice-series/{id}/reserve-numbers", {"count": 3}, id=series)
        token = reserved["data"][1]["token"]
        await post("/v1/invoice-series/reservations/{token}/release", {}, token=token)
        explanation = {"first": 5, "last": 5, "code": "training", "text": "A cashier was trained on it"}
        await post("/v1/invoice-series/{id}/gaps/explanations", explanation, id=series)
        issued = await post("/v1/invoices", AN_INVOICE | {"series_id": series})
        await post("/v1/invoices/{id}/storno", {}, id=issued["id"])
        another = await api.issue(disaster.device, series_id=series)
        await post("/v1/invoices/{id}/void", {"reason": "wrong"}, id=another.data["id"])
        await post("/v1/invoices/{id}/unvoid", {}, id=another.data["id"])
        await post("/v1/invoices/{id}/erase", {"reason": "asked"}, id=another.data["id"])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the keys are, which outlive the database."""
    return tmp_path


async def repeated(api: Api, disaster: Disaster, asked: Asked) -> Answer:
    """The same POST under the same key."""
    route, path, body = asked
    return await api.post(path, body, credential_for(disaster, route), key=route)


def credential_for(disaster: Disaster, route: str) -> str:
    """The device's, or the admin's for what only an admin may ask."""
    return disaster.admin if route.endswith(("/erase", "/explanations")) else disaster.device


async def test_a_key_of_the_lost_tail_is_refused_by_name_and_nothing_is_done_twice(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    """By every replica and after a restart, over HTTP and NATS (CONTRACT.md D60)."""
    posts = AllPosts()
    async with a_disaster(database_url, database_admin, nats_url, directory, work=posts.work) as disaster:
        told: dict[str, Any] = printed(await disaster.command("adopt-tail"))
        assert told["answers_lost"] == len(posts.asked)
        async with an_api(disaster.old_url, directory) as first, an_api(disaster.old_url, directory) as second:
            head = await first.dependencies.log.head()
            for asked in posts.asked:
                for api in (first, second):
                    answer = await repeated(api, disaster, asked)
                    assert answer.refusal == (409, "idempotency_answer_lost"), asked
                    assert 0 < answer.error["position"] <= head
            async with a_requester(first, nats_url) as requester:
                body = {"series_id": disaster.series_id, "count": 3}
                key = "/v1/invoice-series/{id}/reserve-numbers"
                reply = await requester.ask("reserve", body, disaster.device, key=key, firm=disaster.firm_id)
                assert reply.refusal == (409, "idempotency_answer_lost")
            assert await first.dependencies.log.head() == head
        async with an_api(disaster.old_url, directory) as again:
            assert (await repeated(again, disaster, posts.asked[-1])).refusal == (409, "idempotency_answer_lost")
            fresh = await again.issue(disaster.device, "a new key", series_id=disaster.series_id)
            assert fresh.status == 201


async def test_every_route_whose_answers_are_kept_is_known_by_its_events(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    """A route that is added must tell `service.api.lost_keys` of its path."""
    posts = AllPosts()
    async with a_disaster(database_url, database_admin, nats_url, directory, work=posts.work):
        pass
    assert {route for route, _, _ in posts.asked} == {route.path for route in ROUTES if route.method == "POST"}


async def test_an_invoice_whose_body_is_lost_says_so_and_one_that_was_erased_says_that(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    """In one view and in a list; neither can be changed or reversed (CONTRACT.md D78)."""
    ids: list[str] = []

    async def work(api: Api, disaster: Disaster) -> None:
        ids.append((await api.issue(disaster.device, series_id=disaster.series_id)).data["id"])

    async with a_disaster(database_url, database_admin, nats_url, directory, work=work) as disaster:
        printed(await disaster.command("adopt-tail"))
        async with an_api(disaster.old_url, directory) as api:
            kept = (await api.issue(disaster.device, series_id=disaster.series_id)).data
            erased = (await api.issue(disaster.device, series_id=disaster.series_id)).data["id"]
            await erase(disaster.old_url, erased)
            assert (await disaster.command("rebuild", "all")).exit_code == 0

            found = {each["id"]: each for each in (await api.get("/invoices", disaster.device)).data["data"]}
            for document_id, lost, gone in ((ids[0], True, False), (erased, False, True), (kept["id"], False, False)):
                one = (await api.get(f"/invoices/{document_id}", disaster.device)).data
                assert (one["content_lost"], one["content_erased"]) == (lost, gone)
                assert found[document_id] == one
            for document_id, word in ((ids[0], "lost"), (erased, "erased")):
                answer = await api.post(f"/invoices/{document_id}/storno", {}, disaster.device)
                assert answer.refusal == (404, "resource_missing")
                assert f"was {word}" in answer.error["message"]


async def test_an_erasure_that_comes_back_from_the_stream_erases_again(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    """The restored copy has what was said; the event that comes back deletes it (CONTRACT.md D111)."""
    ids: list[str] = []

    async def before(api: Api, disaster: Disaster) -> None:
        issued = [await api.issue(disaster.device, series_id=disaster.series_id) for _ in range(2)]
        ids.extend(answer.data["id"] for answer in issued)

    async def work(api: Api, disaster: Disaster) -> None:
        await api.post(f"/invoices/{ids[0]}/erase", {"reason": "asked"}, disaster.admin)

    async with a_disaster(database_url, database_admin, nats_url, directory, work=work, before=before) as disaster:
        async with an_api(disaster.old_url, directory) as api:
            assert (await api.get(f"/invoices/{ids[0]}", disaster.device)).data["client"] is not None
        printed(await disaster.command("adopt-tail"))
        async with an_api(disaster.old_url, directory) as api:
            erased = (await api.get(f"/invoices/{ids[0]}", disaster.device)).data
            assert (erased["client"], erased["erased"], erased["content_erased"]) == (None, "content", True)
            assert (await api.get(f"/invoices/{ids[1]}", disaster.device)).data["client"] is not None


async def erase(database_url: str, document_id: str) -> None:
    """As the operator's guide says."""
    owner = await asyncpg.connect(database_url, server_settings={"role": "numbering_owner"})
    try:
        await owner.execute(
            "DELETE FROM log.content WHERE digest IN (SELECT decode(record::jsonb #>> '{event,content}', 'hex')"
            " FROM log.event WHERE document_id = $1)",
            document_id,
        )
    finally:
        await owner.close()


def voided(last: Record) -> Record:
    """What nobody asked for: the last document does not count any more."""
    assert isinstance(last.event, ReservationConsumed)
    event = DocumentVoided(last.event.number, last.event.full_number, last.event.document_id, None)
    return following(last, event)


def following(last: Record, event: Any) -> Record:
    """The event as the next of its stream, by somebody else."""
    return msgspec.structs.replace(
        last,
        position=Position(last.position + 1),
        version=Version(last.version + 1),
        previous=last.position,
        idempotency_key=None,
        event=event,
    )


Proof = Callable[[bytes, str], dict[str, str]]
"""The headers of a forged message, given its bytes and the proof of another message."""


def no_proof(_canonical: bytes, _stolen: str) -> dict[str, str]:
    """As an earlier release sent them, and as a stranger does."""
    return {}


def foreign_proof(canonical: bytes, _stolen: str) -> dict[str, str]:
    """Made with a key of the stranger's own."""
    return {HEADER: STRANGER.proof_of(canonical)}


def stolen_proof(_canonical: bytes, stolen: str) -> dict[str, str]:
    """Of another message of the stream."""
    return {HEADER: stolen}


@pytest_asyncio.fixture
async def healthy(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> AsyncIterator[Disaster]:
    """A log that lost its tail and got it back: log and stream are one."""
    async with a_disaster(database_url, database_admin, nats_url, directory) as disaster:
        printed(await disaster.command("adopt-tail"))
        yield disaster


async def forge(disaster: Disaster, proof: Proof) -> Record:
    """Publish a well-formed event after the last one, as a peer of the stream can, and let the relay halt the log."""
    async with stranger(disaster.nats_url) as jetstream:
        end = (await jetstream.stream_info(STREAM)).state.last_seq
        async with connected(NatsSettings(url=disaster.nats_url), "test") as client:
            last = await EventStream(client, DEFAULT_LOG).stored_at(Position(end))
        assert last is not None
        assert last.proof is not None
        forged = voided(decode_record(last.body))
        canonical = encode_record(forged)
        headers = proof(canonical, last.proof)
        await jetstream.publish(last.subject, canonical, headers=headers or None)
    await disaster.halted()
    return forged


@pytest.mark.parametrize("proof", [no_proof, foreign_proof, stolen_proof])
async def test_a_forged_event_is_not_adopted(healthy: Disaster, proof: Proof) -> None:
    """Well-formed, at the head, and of another's making: the invoice must not be voided for ever."""
    forged = await forge(healthy, proof)
    told = await healthy.command("adopt-tail")
    assert told.exit_code == 1
    assert f"message {forged.position}" in told.stderr
    async with healthy.log() as log:
        assert await log.head() == forged.position - 1

    lossy: dict[str, Any] = printed(await healthy.command("adopt-tail", "--accept-loss"))
    assert (lossy["adopted"], lossy["messages_lost"]) == (0, 1)
    await healthy.relayed()


async def test_a_wrong_proof_is_not_adopted_by_any_flag(healthy: Disaster) -> None:
    forged = await forge(healthy, stolen_proof)
    told = refused(await healthy.command("adopt-tail", "--unverified"))
    assert f"message {forged.position}" in told
    assert "forged" in told


async def test_events_without_proof_are_shown_and_adopted_only_when_an_operator_says_so(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    """As after an upgrade: the lost tail was published by a release that proved nothing, or with keys that are gone."""
    async with a_disaster(database_url, database_admin, nats_url, directory, prover=STRANGER) as disaster:
        told = await disaster.command("adopt-tail")
        assert told.exit_code == 1
        assert re.findall(r"without proof: \d+ \d{4}-\d\d-\d\d (?:\d\d:?){3}(\+0[23]:00) ", told.stderr) != []
        assert told.stderr.count("without proof: ") == 2
        assert "numbers-reserved/1" in told.stderr
        assert "--unverified" in told.stderr
        adopted: dict[str, Any] = printed(await disaster.command("adopt-tail", "--unverified"))
        assert adopted["adopted"] == 2
        await disaster.relayed()


def test_a_proof_is_good_for_its_bytes_and_after_a_rotation_and_for_nothing_else(tmp_path: Path) -> None:
    old = ensure(tmp_path / "keys.json").keys.token_keys
    prover, rotated = EventProver(old), EventProver((SecretKey("tnew", "11" * 32), *old))
    body = encode_record(every_event()[0])
    assert rotated.judge(body, prover.proof_of(body)).value == "good"
    assert prover.judge(body + b" ", prover.proof_of(body)).value == "wrong"
    assert prover.judge(body, rotated.proof_of(body)).value == "unknown"
    for header in (None, "", ":", "t", f"{old[0].id}", f"{old[0].id}:", f"{old[0].id}:zz", f"{old[0].id}:\u00e9"):
        assert prover.judge(body, header).value in {"unknown", "wrong"}
