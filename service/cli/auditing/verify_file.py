"""`numbering audit verify`: runs the verifier that is in every bundle, and nothing more than it does."""

from pathlib import Path

import click

from service.cli.screen.console import err, out, print_json
from service.evidence.verifying.verify import UnusableError, given_keys, in_words
from service.evidence.verifying.verify import verify as verified

UNUSABLE = 2
"""The exit code where a file or a key cannot be read, as that of verify.py."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, help="A verifier key of the log, or a file of them; may be repeated.")
@click.option("--witness", "witnesses", multiple=True, help="The same of a witness; may be repeated.")
@click.option(
    "--trust-keys-in-file", is_flag=True, help="Trust the keys that the file brings, also where keys are given."
)
@click.option("--json", "is_json", is_flag=True, help="For programs: a list with a result for each file.")
@click.pass_context
def verify(
    context: click.Context,
    *,
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    trust_keys_in_file: bool,
    is_json: bool,
) -> None:
    """Verify bundles and receipts, without a network and without a database.

    Exits with 1 if one of them did not verify, and with 2 if a file or a key could not be read. Take the keys from
    `numbering evidence key` of the installation, by another way than the file came.
    """
    try:
        log_keys = [] if trust_keys_in_file else given_keys(list(keys))
        results = [(file, verified(file, log_keys, given_keys(list(witnesses)))) for file in files]
    except UnusableError as error:
        err().print(f"Error: {error}")
        context.exit(UNUSABLE)
    if is_json:
        print_json([{"file": str(file), **result.as_json()} for file, result in results])
    else:
        for file, result in results:
            out().print(in_words(file, result))
    context.exit(1 if any(result.fault for _, result in results) else 0)
