"""The command: finds the service, plays the day, shows the gap report, and checks the equation."""

import secrets
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import click
import msgspec
import uvloop

from service.access.key_file import KeyFile
from service.cli.auditing.gap_reports import show
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.first_start import DemoCredentials, ensure_demo, read_demo
from service.cli.starting.present import Runtime, database_url
from service.configuration.settings import Settings, read_settings
from service.demo import day
from service.demo.caller import Caller
from service.demo.stage import Series, Stage, report_of


@click.command()
@click.option("--base-url", help="Where the service is, such as http://127.0.0.1:8080.  [default: as demo.json says]")
@click.option("--demo-file", type=click.Path(path_type=Path), help="The demo firm's credentials.  [default: data dir]")
@click.option("--make-firm", "makes_firm", is_flag=True, help="Make the firm and that file, unless they are there.")
def demo(*, base_url: str | None, demo_file: Path | None, makes_firm: bool) -> None:
    """Play a working day of three tills against the running service, over HTTP, and show what became of every number.

    Each run opens new series, so it can be repeated. The exit status is 1 if the accounting equation does not hold.
    """
    settings = read_settings()
    file = demo_file or settings.data_dir / "demo.json"
    if makes_firm:
        _make_firm(settings, file, base_url or settings.base_url)
    credentials = read_demo(file)
    if credentials is None:
        raise CommandFault(
            f"there is no demo firm in {file}; `numbering up` makes one, and so does --make-firm; "
            "--demo-file says where it is"
        )
    # The second process must read the same database with the same keys as the first: those beside demo.json.
    second = msgspec.structs.replace(
        settings.at(credentials.database_url, credentials.nats_url), data_dir=file.absolute().parent
    )
    address = (base_url or credentials.base_url).rstrip("/").removesuffix("/v1")
    if not address.startswith("http://"):
        raise CommandFault(f"the demo speaks plain http, so {address} must begin with http://")
    uvloop.run(_play(address, credentials, second))


def _make_firm(settings: Settings, file: Path, base_url: str) -> None:
    """Make the demo firm and its file, as `numbering up` does."""
    url = database_url(settings)
    runtime = Runtime(url, settings.nats or "", base_url)
    with explaining_postgres(url):
        uvloop.run(ensure_demo(file, runtime, KeyFile(settings.keys_path)))


async def _play(address: str, credentials: DemoCredentials, second: Settings) -> None:
    async with aiohttp.ClientSession() as http:
        stage = Stage(
            console=out(),
            office=Caller(http, address, "Office", credentials.live_key),
            till_a=Caller(http, address, "Till A", credentials.device_a),
            till_b=Caller(http, address, "Till B", credentials.device_b),
            manager=Caller(http, address, "Manager", credentials.device_admin),
        )
        series_a, series_b, series_m = await day.morning(stage, secrets.token_hex(3).upper())
        invoices = await day.offline(stage, series_a)
        await day.discarded_draft(stage, series_b)
        await day.voided(stage, invoices)
        if second.keys_path.exists():
            await day.expired(stage, http, second, series_m)
        else:
            stage.console.print(f"\nNothing expires today: the key file {second.keys_path} is not on this machine.")
        await _close_the_books(stage, [series_a, series_b, series_m], second.zone)


async def _close_the_books(stage: Stage, series: list[Series], zone: ZoneInfo) -> None:
    """Show each gap report; raises CommandFault unless every number of every series is accounted for."""
    stage.scene("Evening: what became of every number\n")
    for each in series:
        report = await report_of(stage, each)
        show(report, zone)
        counter = await stage.office.ask("GET", f"/v1/invoice-series/{each.id}")
        taken = counter["next_number"] - counter["start_number"]
        if not report.equation.is_balanced or report.equation.taken != taken:
            raise CommandFault(f"the equation of {each.name} does not hold: {taken} taken, {report.equation.words()}")
    stage.console.print("The equation holds: every number ever handed out is accounted for.", style="bold green")
