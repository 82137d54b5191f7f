"""Settings: what is read, what is refused and in which words, and what is shown."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.inspect import Type

from service.configuration.setting_kinds import SettingsError, said
from service.configuration.settings import FIELDS, Settings, child_environment, describe, read_settings
from service.printable import without_password
from tests.support.kubernetes.service_links import service_links


def test_without_variables_every_setting_has_its_default() -> None:
    assert read_settings({"PATH": "/bin"}) == Settings()


def test_values_are_read_by_their_type() -> None:
    settings = read_settings(
        {
            "NUMBERING_PORT": "9000",
            "NUMBERING_DATA_DIR": "/data",
            "NUMBERING_LOG_FORMAT": "json",
            "NUMBERING_DATABASE_URL": "postgresql://a@b/c",
        }
    )
    assert settings.port == 9000
    assert str(settings.keys_path) == "/data/keys.json"
    assert settings.log_format == "json"
    assert settings.database_url == "postgresql://a@b/c"


SOME_TEXT = {
    # A text that may be unset and has a form of its own: a text of this form.
    "NUMBERING_DATABASE_URL": "postgresql://a@b/c",
    "NUMBERING_NATS_URL": "nats://a",
    "NUMBERING_TIMESTAMP_URL": "https://a/tsa",
    "NUMBERING_TRACES_URL": "http://a:4318",
    "NUMBERING_CORS_ORIGINS": "*",
    "NUMBERING_TRUSTED_PROXIES": "10.0.0.7,fd00::/8",
}


NEEDED = {
    # What must be given with it.
    "NUMBERING_DATABASE_PASSWORD": {"NUMBERING_DATABASE_URL": "postgresql://a@b/c"},
    "NUMBERING_NATS_PASSWORD": {"NUMBERING_NATS_URL": "nats://a@b"},
    "NUMBERING_TIMESTAMP_URL": {"NUMBERING_TIMESTAMP_ROOTS_FILE": __file__},
}

SHOWN = {"NUMBERING_DATABASE_PASSWORD": "***", "NUMBERING_NATS_PASSWORD": "***"}

PRESENT_FILES = (
    "NUMBERING_TIMESTAMP_ROOTS_FILE",
    "NUMBERING_NATS_CREDENTIALS_FILE",
    "NUMBERING_NATS_NKEY_SEED_FILE",
    "NUMBERING_NATS_CA_FILE",
    "NUMBERING_JWKS_FILE",
    "NUMBERING_EVIDENCE_WITNESSES_FILE",
    "NUMBERING_NATS_SERVER",
)


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    present = dict.fromkeys(PRESENT_FILES, str(tmp_path / "file")) | {"NUMBERING_POSTGRES_BINARIES": str(tmp_path)}
    texts = SOME_TEXT | present
    for line in describe(Settings()):
        value = line.default or texts.get(line.variable, "text")
        given = NEEDED.get(line.variable, {}) | {line.variable: value}
        found = {each.variable: each.present for each in describe(read_settings(given))}
        assert found[line.variable] == SHOWN.get(line.variable, value)


def test_an_empty_variable_counts_as_unset() -> None:
    assert read_settings({"NUMBERING_PORT": "", "NUMBERING_NATS_URL": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("NUMBERING_PORT", "99999", "a whole number from 1 to 65535"),
        ("NUMBERING_PORT", "eighty", "a whole number from 1 to 65535"),
        ("NUMBERING_RATE_LIMIT", "-1", "a whole number, 0 or more"),
        ("NUMBERING_RATE_LIMIT", "1.5", "a whole number, 0 or more"),
        ("NUMBERING_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("NUMBERING_TIME_ZONE", "Mars/Olympus", "the IANA name of a time zone"),
        ("NUMBERING_TIME_ZONE", "../../etc/passwd", "the IANA name of a time zone"),
        ("NUMBERING_DATABASE_URL", "mysql://a@b/c", "like postgresql://user:password@host:5432/database"),
        ("NUMBERING_TIMESTAMP_URL", "stamps.example.com", "like https://stamps.example.com/tsa"),
        ("NUMBERING_TRACES_URL", "collector:4318", "like http://collector.example.com:4318"),
        ("NUMBERING_TRACES_RATIO", "1.5", "a number from 0 to 1"),
        ("NUMBERING_TRACES_RATIO", "nan", "a number from 0 to 1"),
        ("NUMBERING_TRACES_RATIO", "half", "a number from 0 to 1"),
        ("NUMBERING_NATS_URL", "localhost", "like nats://user:password@host:4222"),
        ("NUMBERING_TRUSTED_PROXIES", "proxy.example", "like 10.0.0.7,192.168.0.0/16,fd00::/8"),
        ("NUMBERING_TRUSTED_PROXIES", "10.0.0.7, 10.0.0.8", "no blank"),
        ("NUMBERING_TRUSTED_PROXIES", "10.0.0.7/8", "addresses and networks"),
        ("NUMBERING_TRUSTED_PROXIES", "10.0.0.7,0.0.0.0/0", "not all addresses"),
        ("NUMBERING_TRUSTED_PROXIES", "::/0", "not all addresses"),
        ("NUMBERING_NATS_URL", "nats://a:4222,", "several such with commas between"),
        ("NUMBERING_NATS_URL", "nats://a:4222,b:4222", "several such with commas between"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_right(variable: str, value: str, right: str) -> None:
    with pytest.raises(SettingsError, match=variable) as caught:
        read_settings({variable: value})
    assert right in str(caught.value)


TAKES_ANYTHING = {
    "NUMBERING_DATA_DIR",
    "NUMBERING_HOST",
    "NUMBERING_JWKS_AUDIENCE",
    "NUMBERING_JWKS_ISSUER",
    "NUMBERING_KEYS_FILE",
    "NUMBERING_EVIDENCE_KEYS_FILE",
}
"""Whose value cannot be wrong in itself: names, and files that a command may make."""


def wrong_values(kind: Type) -> Iterator[str]:
    """Texts that are no value of this type, for each kind of type that a setting may have."""
    match kind:
        case msgspec.inspect.Metadata():
            yield from wrong_values(kind.type)
        case msgspec.inspect.UnionType():
            yield from (text for each in kind.types for text in wrong_values(each))
        case msgspec.inspect.IntType():
            yield from ("eighty", "1.5", "0x10", " ", *([] if kind.ge is None else [str(kind.ge - 1)]))
            yield from [] if kind.le is None else [str(kind.le + 1)]
        case msgspec.inspect.FloatType():
            yield from ("half", "nan", "inf", str((kind.ge or 0) - 1), str((kind.le or 1e300) * 2))
        case msgspec.inspect.EnumType():
            yield from ("nonsense", kind.cls.__name__)
        case msgspec.inspect.StrType():
            yield from [] if kind.pattern is None else ["two\nlines", "\r", "\udcff"]
        case msgspec.inspect.CustomType():
            yield from {"Path": [], "ZoneName": ["Mars/Olympus", "/"], "Networks": ["nonsense", "1,2"]}[
                kind.cls.__name__
            ]
        case msgspec.inspect.FloatType():
            yield from ["half", "nan", "-0.5", "1.5"]
        case msgspec.inspect.NoneType():
            pass
        case _:
            raise AssertionError(f"say here what is no {kind}")


@pytest.mark.parametrize("variable", sorted(FIELDS))
def test_every_setting_refuses_what_is_none_of_its_values(variable: str, tmp_path: Path) -> None:
    kind = FIELDS[variable].type
    wrong = [
        *wrong_values(msgspec.inspect.type_info(kind)),
        *([str(tmp_path / "missing")] if said(kind).get("require") else []),
    ]
    assert (not wrong) == (variable in TAKES_ANYTHING)
    for text in wrong:
        with pytest.raises(SettingsError) as caught:
            read_settings({variable: text})
        assert caught.value.faults[0].startswith(f"{variable} is ")
        assert "; it must be " in caught.value.faults[0]


def test_every_fault_is_told() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"NUMBERING_PORT": "x", "NUMBERING_NOPE": "1", "NUMBERING_NATS_URL": "a", "NUMBERING_HOST": "::"})
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "NUMBERING_PORT",
        "NUMBERING_NOPE",
        "NUMBERING_NATS_URL",
    ]


@pytest.mark.parametrize("variable", [*PRESENT_FILES, "NUMBERING_POSTGRES_BINARIES"])
def test_a_file_that_is_not_there_is_named_with_its_setting(variable: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(SettingsError) as caught:
        read_settings({variable: str(missing)})
    assert str(caught.value).startswith(f"{variable} is '{missing}'; it must be a ")
    assert str(caught.value).endswith("(No such file or directory)")


@pytest.mark.parametrize("variable", PRESENT_FILES)
def test_a_directory_is_no_file(variable: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"^{variable} is .*a file that this user can read \(Is a directory\)$"):
        read_settings({variable: str(tmp_path)})


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"a directory that this user can read \(Not a directory\)$"):
        read_settings({"NUMBERING_POSTGRES_BINARIES": str(tmp_path / "file")})


@pytest.mark.parametrize(
    "name", ["numbering", "numbering-web", "numbering-nats", "numbering-database", "numbering-port", "numbering-host"]
)
def test_service_links_of_kubernetes_are_passed_over(name: str) -> None:
    assert read_settings(service_links(name)) == Settings()


def test_what_is_set_beside_a_service_link_counts() -> None:
    links = service_links("numbering")
    assert read_settings(links | {"NUMBERING_PORT": "9000"}).port == 9000
    with pytest.raises(SettingsError, match="NUMBERING_PORT is 'eighty'"):
        read_settings(links | {"NUMBERING_PORT": "eighty"})
    with pytest.raises(SettingsError, match="NUMBERING_SERVICE_HOSTS is not a setting"):
        read_settings(links | {"NUMBERING_SERVICE_HOSTS": "a"})


@pytest.mark.parametrize("variable", ["NUMBERING_SERVICE_HOST", "NUMBERING_WEB_SERVICE_PORT", "NUMBERING_PORT"])
def test_what_only_looks_like_a_service_link_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is "):
        read_settings({variable: "tcp://10.0.0.1:80"})


def test_a_variable_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="NUMBERING_RATELIMIT is not a setting"):
        read_settings({"NUMBERING_RATELIMIT": "5"})


def test_the_servers_of_a_cluster_are_given_with_commas_between() -> None:
    urls = "nats://user:password@a:4222,nats://user:password@b:4222,tls://c"
    assert read_settings({"NUMBERING_NATS_URL": urls}).nats_url == urls


def test_variables_of_the_tests_are_let_through() -> None:
    assert read_settings({"NUMBERING_TEST_PARTS": "embedded"}) == Settings()


def test_every_setting_says_its_unit_and_effect() -> None:
    lines = list(describe(Settings()))
    assert len(lines) == len(msgspec.structs.fields(Settings)) - len({"files"})
    assert all(line.unit and line.effect for line in lines)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:secret@host:5432/db?password=secret", "postgresql://user:***@host:5432/db"),
        ("postgresql://user@host/db", "postgresql://user@host/db"),
        ("nats://:secret@host", "nats://:***@host"),
        ("nats://host:4222", "nats://host:4222"),
        ("nats://user:secret@a:1,nats://user:secret@b:2", "nats://user:***@a:1,nats://user:***@b:2"),
        ("postgresql://user:sec,ret@host/db", "postgresql://user:***@host/db"),
        ("postgresql://user:secret@[host/db", "***"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_an_error_about_a_url_shows_no_password() -> None:
    for value in ("mysql://user:secret@host", "user:secret@host", "postgresql://user:secret@ host"):
        with pytest.raises(SettingsError) as caught:
            read_settings({"NUMBERING_DATABASE_URL": value})
        assert "secret" not in str(caught.value)


def test_a_child_process_sees_the_same_settings_but_for_the_changes() -> None:
    settings = read_settings({"NUMBERING_PORT": "9000", "NUMBERING_NATS_URL": "nats://h", "NUMBERING_DATA_DIR": "here"})
    environment = child_environment(settings, sweep_seconds=1)
    same = msgspec.structs.replace(settings, data_dir=Path.cwd() / "here")
    assert read_settings(environment) == msgspec.structs.replace(same, sweep_seconds=1)
