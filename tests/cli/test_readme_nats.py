"""The page for services on NATS works as pasted, against `numbering up`."""

import subprocess
import sys
from pathlib import Path

from tests.source.guides import block
from tests.support.nats.examples import Follower
from tests.support.service.up_process import Up

SECONDS_MAX = 60


def test_the_request_works_as_pasted(up: Up) -> None:
    here = block("service/nats/README.md", "python").replace("~/.local/share/invoice-numbering", str(up.data_dir))
    assert up.answer("POST", "/v1/invoice-series", "live_key", {"name": "NATS", "document_type": "fiscal"})[0] == 201

    ended = subprocess.run(
        [sys.executable, "-c", here], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("'success': True") == 3, ended.stdout


def test_the_follower_catches_up_with_the_service(up: Up, tmp_path: Path) -> None:
    follower = Follower(up.demo()["nats_url"], tmp_path)
    follower.start()
    try:
        up.until(lambda: follower.sequence() > 0)
        assert follower.events() >= 1
    finally:
        follower.kill()
