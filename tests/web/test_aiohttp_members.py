"""The private members of aiohttp that `service.web` reads or overrides: a release without one breaks it unseen."""

from collections import deque
from inspect import iscoroutinefunction, signature

import pytest
from aiohttp import web, web_protocol
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

READ_BY_CONNECTION = ("_current_request", "_loop", "_messages", "_request_count", "_task_handler", "_waiter")
READ_BY_SERVER = ("_loop", "request_factory", "request_handler")
OVERRIDDEN_BY_RESPONSE = {"prepare": ["self", "request"], "write_eof": ["self", "data"]}
SET_BY_RESPONSE = ("_keep_alive", "_req")
OVERRIDDEN_BY_CONNECTION = {
    "connection_made": ["self", "transport"],
    "data_received": ["self", "data"],
    "eof_received": ["self"],
    "connection_lost": ["self", "exc"],
    "finish_response": ["self", "request", "resp", "start_time"],
    "handle_error": ["self", "request", "status", "exc", "message"],
}


async def _no_reply(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response()


async def test_aiohttp_has_what_our_server_reads_to_make_a_connection() -> None:
    missing = [name for name in READ_BY_SERVER if name not in vars(web.Server(_no_reply))]
    assert missing == [], "aiohttp.web.Server has these no more: see _Server"


@pytest.mark.parametrize("name", OVERRIDDEN_BY_RESPONSE)
def test_aiohttp_calls_the_methods_that_our_response_overrides(name: str) -> None:
    method = vars(web.StreamResponse).get(name)
    assert iscoroutinefunction(method), f"aiohttp's StreamResponse has no coroutine {name} any more: see Response"
    assert list(signature(method).parameters) == OVERRIDDEN_BY_RESPONSE[name], f"{name} takes other arguments"


def test_aiohttp_has_what_our_response_sets_without_its_constructor() -> None:
    missing = [name for name in SET_BY_RESPONSE if name not in vars(web.StreamResponse)]
    assert missing == [], "aiohttp.web.StreamResponse has these no more: see Response"


async def test_aiohttp_has_what_our_connection_reads_to_see_what_is_waited_for() -> None:
    connection = web.Server(_no_reply)()
    found = {name: getattr(connection, name) for name in READ_BY_CONNECTION if hasattr(connection, name)}
    assert set(READ_BY_CONNECTION) - set(found) == set(), "aiohttp's RequestHandler has these no more: see Connection"
    assert isinstance(found["_messages"], deque), "RequestHandler._messages: see Connection._give_up_on_head"
    assert found["_waiter"] is None, "RequestHandler._waiter: see Connection._is_waiting"


def test_aiohttp_has_the_message_that_our_connection_gives_up_with() -> None:
    message = vars(web_protocol).get("_ErrInfo")
    assert message is not None, "aiohttp.web_protocol has no _ErrInfo any more: see Connection._give_up_on_head"
    assert list(signature(message).parameters) == ["status", "exc", "message"]


@pytest.mark.parametrize("name", OVERRIDDEN_BY_CONNECTION)
def test_aiohttp_calls_the_methods_that_our_connection_overrides(name: str) -> None:
    method = vars(RequestHandler).get(name)
    assert method is not None, f"aiohttp's RequestHandler has no {name} any more: see Connection"
    assert list(signature(method).parameters) == OVERRIDDEN_BY_CONNECTION[name], f"{name} takes other arguments"


def test_aiohttp_can_be_told_to_unpack_no_body() -> None:
    assert "auto_decompress" in signature(RequestHandler).parameters, "see `serving`"


def test_aiohttp_says_how_long_a_head_is() -> None:
    """Its names and values, as they came: see `_head_bytes`."""
    assert {"method", "path", "raw_headers"} <= set(dir(RawRequestMessage))
