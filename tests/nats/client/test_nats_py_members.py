"""The private members of nats-py that `PipelinedClient` uses or overrides: a release without one breaks it unseen."""

from inspect import iscoroutinefunction, signature

import pytest
from nats.aio.client import Client
from nats.aio.subscription import Subscription

PARAMETERS = {
    "_build_message": ["self", "sid", "subject", "reply", "data", "headers"],
    "_close": ["self", "status", "do_cbs"],
    "_flush_pending": ["self", "force_flush"],
    "_process_headers": ["self", "headers"],
    "_process_msg": ["self", "sid", "subject", "reply", "data", "headers"],
    "_process_op_err": ["self", "e"],
    "_read_loop": ["self"],
    "_send_command": ["self", "cmd", "priority"],
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_nats_py_has_the_methods_that_our_client_uses_or_overrides(name: str) -> None:
    method = getattr(Client, name, None)
    assert method is not None, f"nats-py's Client has no {name} any more: see PipelinedClient"
    assert list(signature(method).parameters) == PARAMETERS[name], f"Client.{name} takes other arguments"
    assert iscoroutinefunction(method) is (name != "_build_message"), f"Client.{name} is awaited otherwise"


def test_nats_py_flushes_through_the_queue_that_our_client_looks_at() -> None:
    client = Client()
    assert "_flush_queue" in vars(client), "Client._flush_queue: see PipelinedClient.publish_encoded"
    assert {"out_msgs", "out_bytes"} <= set(client.stats), "Client.stats: see PipelinedClient.publish_encoded"
    assert {"_subs", "_transport"} <= set(vars(client)), "Client._subs, _transport: see PipelinedClient._let_go"
    assert "_stop_processing" in vars(Subscription), "Subscription._stop_processing: see PipelinedClient._let_go"
    assert client.is_connecting is False, "Client.is_connecting: see `connected`"
