"""Secrets that are given as files: what such a file must look like, and what is said of one that does not."""

import os
from pathlib import Path

import pytest

from service.configuration.secret_files import SECRET_BYTES_MAX, SecretFileError, read_secret, read_secret_line
from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import child_environment, describe, read_settings

CANARY = "kanarienvogel"
ODD = f"{CANARY} @:/?#[]%41,'\"\\ă€&="
URL = "postgresql://numbering@db.example:5432/numbering"

SECRETS = {
    "NUMBERING_DATABASE_URL": f"postgresql://numbering:{CANARY}@db.example/numbering",
    "NUMBERING_DATABASE_PASSWORD": ODD,
    "NUMBERING_NATS_URL": f"nats://numbering:{CANARY}@nats.example",
    "NUMBERING_NATS_PASSWORD": ODD,
    "NUMBERING_TIMESTAMP_URL": f"https://numbering:{CANARY}@stamps.example/tsa",
    "NUMBERING_TRACES_URL": f"https://numbering:{CANARY}@collector.example:4318",
}
"""Each setting that is a secret or may hold one, and a value with one."""

BESIDE = {
    "NUMBERING_DATABASE_PASSWORD": {"NUMBERING_DATABASE_URL": URL},
    "NUMBERING_NATS_PASSWORD": {"NUMBERING_NATS_URL": "nats://numbering@nats.example"},
    "NUMBERING_TIMESTAMP_URL": {"NUMBERING_TIMESTAMP_ROOTS_FILE": __file__},
}
"""What each of them needs."""


def secret(path: Path, content: bytes | str = "", mode: int = 0o600) -> Path:
    path.touch(0o600)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["no line end", "a line end", "a line end of Windows"])
@pytest.mark.parametrize("variable", SECRETS)
def test_a_secret_may_be_given_as_a_file(variable: str, end: str, tmp_path: Path) -> None:
    beside = BESIDE.get(variable, {})
    path = secret(tmp_path / "secret", SECRETS[variable] + end)
    found, same = (
        read_settings(beside | given) for given in ({f"{variable}_FILE": str(path)}, {variable: SECRETS[variable]})
    )
    name = variable.removeprefix("NUMBERING_").lower()
    assert getattr(found, name) == getattr(same, name) == SECRETS[variable]


def test_only_secrets_may_be_given_as_a_file(tmp_path: Path) -> None:
    for line in describe(read_settings({})):
        given = {f"{line.variable}_FILE": str(secret(tmp_path / "secret", "9"))}
        if line.variable not in SECRETS:
            with pytest.raises(SettingsError, match=f"{line.variable}_FILE is not a setting"):
                read_settings(given)


@pytest.mark.parametrize("variable", SECRETS)
def test_a_secret_that_is_given_twice_is_refused(variable: str, tmp_path: Path) -> None:
    path = secret(tmp_path / "secret", SECRETS[variable])
    given = BESIDE.get(variable, {}) | {variable: SECRETS[variable], f"{variable}_FILE": str(path)}
    with pytest.raises(SettingsError) as caught:
        read_settings(given)
    assert caught.value.faults == (f"{variable} and {variable}_FILE are both set; keep one of them",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (f"{CANARY}\n\n".encode(), "holds more than one line"),
        (f"a\n{CANARY}".encode(), "holds more than one line"),
        (f"a\r{CANARY}".encode(), "holds more than one line"),
        (f"a\0{CANARY}".encode(), "holds a NUL, so it is no text"),
        (f"{CANARY}\xff".encode("latin-1"), "is not UTF-8"),
        (b"a" * (SECRET_BYTES_MAX + 1), f"is larger than {SECRET_BYTES_MAX} bytes"),
    ],
    ids=["empty", "a line end alone", "two line ends", "two lines", "a carriage return", "NUL", "latin-1", "large"],
)
@pytest.mark.parametrize("variable", SECRETS)
def test_a_file_that_holds_no_secret_is_named_and_not_shown(
    variable: str, content: bytes, why: str, tmp_path: Path
) -> None:
    path = secret(tmp_path / "secret", content)
    with pytest.raises(SettingsError) as caught:
        read_settings(BESIDE.get(variable, {}) | {f"{variable}_FILE": str(path)})
    assert caught.value.faults == (f"{variable}_FILE: {path} {why}",)


def test_a_secret_of_the_wrong_form_is_named_with_its_file_and_not_shown(tmp_path: Path) -> None:
    path = secret(tmp_path / "secret", f"mysql://user:{CANARY}@host")
    with pytest.raises(SettingsError) as caught:
        read_settings({"NUMBERING_DATABASE_URL_FILE": str(path)})
    said = str(caught.value)
    assert said.startswith(f"NUMBERING_DATABASE_URL_FILE: what {path} holds is 'mysql://user:***@host'; it must be")


def test_a_file_that_is_none_is_named_with_its_variable(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, why in (
        (tmp_path / "missing", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (pipe, "is a pipe or a device, which cannot be read again; name a file"),
        (secret(tmp_path / "open", CANARY, 0o644), f"is open to other users; run: chmod 600 {tmp_path / 'open'}"),
    ):
        with pytest.raises(SettingsError) as caught:
            read_settings({"NUMBERING_NATS_URL_FILE": str(path)})
        assert caught.value.faults == (f"NUMBERING_NATS_URL_FILE: {path} {why}",)


def test_a_secret_of_kubernetes_is_read_through_its_links(tmp_path: Path) -> None:
    """The kubelet swaps the link `..data` when a Secret changes."""
    data = tmp_path / "..2026_11_27"
    data.mkdir()
    secret(data / "password", CANARY)
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "password").symlink_to(Path("..data") / "password")
    assert read_secret_line(tmp_path / "password") == CANARY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_who_must_own_a_secret_is_said(tmp_path: Path) -> None:
    path = secret(tmp_path / "secret", CANARY)
    os.chown(path, 65534, 65534)
    with pytest.raises(SecretFileError, match=rf"belongs to another user \(65534\); run: chown 0 {path}$"):
        read_secret(path)


@pytest.mark.parametrize(
    ("url", "password", "why"),
    [
        ("postgresql://user:one@host/db", "two", "NUMBERING_DATABASE_URL holds a password, and "),
        ("postgresql://user@host/db?password=one", "two", "NUMBERING_DATABASE_URL holds a password, and "),
        ("postgresql://user@host/db?passfile=one", "two", "NUMBERING_DATABASE_URL holds a password, and "),
        ("postgresql://host/db", "two", "NUMBERING_DATABASE_URL names no user for the password of NUMBERING_DATABASE_"),
        ("", "two", "NUMBERING_DATABASE_PASSWORD is set, and NUMBERING_DATABASE_URL is not"),
    ],
)
def test_a_password_apart_needs_a_url_with_a_user_and_without_a_password(url: str, password: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"NUMBERING_DATABASE_URL": url, "NUMBERING_DATABASE_PASSWORD": password})
    (fault,) = caught.value.faults
    assert fault.startswith(why)


def test_every_server_of_nats_needs_a_user_for_a_password_apart() -> None:
    given = {"NUMBERING_NATS_URL": "nats://user@a,nats://b", "NUMBERING_NATS_PASSWORD": "pw"}
    with pytest.raises(SettingsError, match="NUMBERING_NATS_URL names no user"):
        read_settings(given)


def test_a_child_gets_the_file_of_a_secret_and_not_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret(tmp_path / "password", ODD)
    secret(tmp_path / "nats", SECRETS["NUMBERING_NATS_URL"])
    given = {
        "NUMBERING_DATABASE_URL": URL,
        "NUMBERING_DATABASE_PASSWORD_FILE": "password",
        "NUMBERING_NATS_URL_FILE": "nats",
    }
    settings = read_settings(given)
    environment = child_environment(settings)
    assert CANARY not in " ".join(environment.values())
    child = read_settings(environment)
    assert (child.database, child.nats) == (settings.database, settings.nats)
    assert (
        child_environment(settings.at(settings.database, settings.nats)).items()
        >= {"NUMBERING_DATABASE_PASSWORD_FILE": str(tmp_path / "password")}.items()
    )


def test_no_secret_is_shown(tmp_path: Path) -> None:
    path = secret(tmp_path / "secret", ODD)
    for given in (
        SECRETS
        | BESIDE["NUMBERING_TIMESTAMP_URL"]
        | BESIDE["NUMBERING_DATABASE_PASSWORD"]
        | BESIDE["NUMBERING_NATS_PASSWORD"],
        {"NUMBERING_DATABASE_URL": URL, "NUMBERING_DATABASE_PASSWORD_FILE": str(path)},
    ):
        settings = read_settings(given)
        assert CANARY not in repr(settings)
        assert CANARY not in " ".join(str(line) for line in describe(settings))
    assert f"*** (from {path})" in [line.present for line in describe(settings)]
