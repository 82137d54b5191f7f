"""Every cell of the lock matrix (CONTRACT.md section 8): which caller may do what, locked or unlocked."""

import pytest

from schemas.commands import Caller, Command, UnlockSeries
from schemas.events import NumbersReserved, ReservationConsumed, ReservationReleased, SeriesLocked, SeriesUnlocked
from schemas.rejections import (
    DeviceIdMissing,
    ForceNeedsAdmin,
    LockHeldByOtherDevice,
    NotYourReservation,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
    SeriesNotLockedToDevice,
    SeriesUnknown,
)
from schemas.values import DeviceId, Mode, Number, Platform, SeriesId
from service.core.decision import Append, Done
from tests.support.domain.commands import (
    NOW,
    OTHER_FIRM,
    SERIES,
    a_consumption,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_series,
    a_session_without_device,
    a_slot,
    an_issue,
)
from tests.support.domain.history import a_history, verdict

HOLDER = a_device("till_1")
HOLDER_AGAIN = a_device("till_1", session_id=99)
STRANGER = a_device("till_2")
ADMIN = a_device("till_2", is_admin=True)
KEY = a_key()
NO_DEVICE = a_session_without_device()
NO_DEVICE_ADMIN = a_session_without_device(is_admin=True)

LOCK = a_lock()
UNLOCK = UnlockSeries(SERIES)
FORCE = UnlockSeries(SERIES, is_forced=True)
RESERVE = a_reservation_of(1)
ISSUE = an_issue()
RELEASE = a_release(a_slot(1))
DEVICES = {"the device": HOLDER, "any other device": STRANGER, "an admin's device": ADMIN}
EVERYONE = {**DEVICES, "a key": KEY, "a session without a device": NO_DEVICE}
COMMANDS: dict[str, Command] = {"lock": LOCK, "unlock": UNLOCK, "force": FORCE, "reserve": RESERVE, "issue": ISSUE}

OTHER = SeriesLockedToOtherDevice(SERIES)
NOT_LOCKED_TO = SeriesNotLockedToDevice(SERIES, is_locked=True)
UNLOCKED_SERIES = SeriesNotLockedToDevice(SERIES, is_locked=False)
NOT_YOURS = NotYourReservation(Number(1))

Row = tuple[str, Caller, Command, object]

LOCKED: list[Row] = [
    ("the holder locks again and nothing happens", HOLDER, LOCK, Done()),
    ("another session of the holder locks again and nothing happens", HOLDER_AGAIN, LOCK, Done()),
    ("another device cannot lock", STRANGER, LOCK, LockHeldByOtherDevice(SERIES)),
    ("an admin's device cannot lock either", ADMIN, LOCK, LockHeldByOtherDevice(SERIES)),
    ("a key cannot lock", KEY, LOCK, DeviceIdMissing()),
    ("a session without a device cannot lock", NO_DEVICE, LOCK, DeviceIdMissing()),
    ("the holder unlocks", HOLDER, UNLOCK, SeriesUnlocked),
    ("another session of the holder unlocks", HOLDER_AGAIN, UNLOCK, SeriesUnlocked),
    ("another device cannot unlock", STRANGER, UNLOCK, OTHER),
    ("an admin's device must force", ADMIN, UNLOCK, OTHER),
    ("a key must force", KEY, UNLOCK, OTHER),
    ("a session without a device must force", NO_DEVICE, UNLOCK, OTHER),
    ("an admin without a device must force", NO_DEVICE_ADMIN, UNLOCK, OTHER),
    ("the holder unlocks with force", HOLDER, FORCE, SeriesUnlocked),
    ("another device cannot force", STRANGER, FORCE, ForceNeedsAdmin(SERIES)),
    ("an admin's device forces", ADMIN, FORCE, SeriesUnlocked),
    ("a key forces", KEY, FORCE, SeriesUnlocked),
    ("a session without a device cannot force", NO_DEVICE, FORCE, ForceNeedsAdmin(SERIES)),
    ("an admin without a device forces", NO_DEVICE_ADMIN, FORCE, SeriesUnlocked),
    ("the holder issues", HOLDER, ISSUE, ReservationConsumed),
    ("another device cannot issue", STRANGER, ISSUE, OTHER),
    ("an admin's device cannot issue", ADMIN, ISSUE, OTHER),
    ("a key cannot issue", KEY, ISSUE, SeriesLockedToDevice(SERIES)),
    ("a session without a device cannot issue", NO_DEVICE, ISSUE, SeriesLockedToDevice(SERIES)),
    ("the holder reserves", HOLDER, RESERVE, NumbersReserved),
    ("another session of the holder reserves", HOLDER_AGAIN, RESERVE, NumbersReserved),
    ("another device cannot reserve", STRANGER, RESERVE, NOT_LOCKED_TO),
    ("an admin's device cannot reserve", ADMIN, RESERVE, NOT_LOCKED_TO),
    ("a key cannot reserve", KEY, RESERVE, NOT_LOCKED_TO),
    ("a session without a device cannot reserve", NO_DEVICE, RESERVE, NOT_LOCKED_TO),
    ("another device cannot release", STRANGER, RELEASE, NOT_YOURS),
    ("an admin's device cannot release", ADMIN, RELEASE, NOT_YOURS),
    ("a key cannot release", KEY, RELEASE, NOT_YOURS),
    ("a session without a device cannot release", NO_DEVICE, RELEASE, NOT_YOURS),
    ("the holder releases", HOLDER, RELEASE, ReservationReleased),
    ("another session of the holder releases", HOLDER_AGAIN, RELEASE, ReservationReleased),
]

UNLOCKED: list[Row] = [
    *((f"{who} locks", caller, LOCK, SeriesLocked) for who, caller in DEVICES.items()),
    ("a key cannot lock", KEY, LOCK, DeviceIdMissing()),
    ("a session without a device cannot lock", NO_DEVICE, LOCK, DeviceIdMissing()),
    *((f"{who} unlocks and nothing happens", caller, UNLOCK, Done()) for who, caller in EVERYONE.items()),
    *((f"{who} forces and nothing happens", caller, FORCE, Done()) for who, caller in EVERYONE.items()),
    *((f"{who} issues", caller, ISSUE, ReservationConsumed) for who, caller in EVERYONE.items()),
    *((f"{who} cannot reserve", caller, RESERVE, UNLOCKED_SERIES) for who, caller in EVERYONE.items()),
]

ABROAD = [
    *((f"to another firm's device, {word}", a_device(firm=OTHER_FIRM), command) for word, command in COMMANDS.items()),
    *((f"to the firm's test mode, {word}", a_device(mode=Mode.TEST), command) for word, command in COMMANDS.items()),
    *((f"to another firm's key, {word}", a_key(firm=OTHER_FIRM), command) for word, command in COMMANDS.items()),
]


def table(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("caller", "command", "expected"), [row[1:] for row in rows], ids=[row[0] for row in rows]
    )


@table(LOCKED)
def test_on_a_series_locked_to_a_device(caller: Caller, command: Command, expected: object) -> None:
    assert verdict(a_history(LOCK, RESERVE).decide(command, caller)) == expected


@table(UNLOCKED)
def test_on_an_unlocked_series(caller: Caller, command: Command, expected: object) -> None:
    assert verdict(a_history().decide(command, caller)) == expected


@table([(words, caller, command, SeriesUnknown(SERIES)) for words, caller, command in ABROAD])
def test_a_series_does_not_exist(caller: Caller, command: Command, expected: object) -> None:
    assert verdict(a_history((LOCK, HOLDER)).decide(command, caller)) == expected


def test_an_unknown_series_is_unknown_before_the_device_is_missing() -> None:
    """CONTRACT.md D74."""
    assert a_history().decide(a_lock(SeriesId("nowhere")), KEY) == SeriesUnknown(SeriesId("nowhere"))


def test_a_lock_says_who_and_since_when_and_a_second_lock_changes_neither() -> None:
    history = a_history((LOCK, HOLDER, NOW + 5))
    before = history.series().lock
    assert before is not None
    assert (before.device_id, before.session_id, before.user_id, before.platform, before.locked_at) == (
        "till_1",
        7,
        3,
        Platform.ANDROID,
        NOW + 5,
    )
    history.attempt(LOCK, HOLDER_AGAIN, NOW + 60)
    assert history.series().lock == before


@pytest.mark.parametrize(("caller", "is_forced"), [(HOLDER, False), (ADMIN, True), (KEY, True)])
def test_an_unlock_says_whose_lock_it_was_and_whether_by_force(caller: Caller, *, is_forced: bool) -> None:
    decision = a_history(LOCK).decide(FORCE, caller)
    assert decision == Append([(SERIES, SeriesUnlocked(DeviceId("till_1"), is_forced=is_forced))])


def test_a_device_may_hold_several_series() -> None:
    """CONTRACT.md D48."""
    second = SeriesId("second")
    history = a_history(LOCK, (a_series(second, "OTHER"), KEY), a_lock(second))
    assert all(series.lock is not None for series in history.state.series.values())


def test_a_lock_changes_neither_counter_nor_preference() -> None:
    """CONTRACT.md D53."""
    before, after = a_history().series(), a_history(LOCK).series()
    assert (before.next_number, before.is_primary) == (after.next_number, after.is_primary)


def test_a_lock_does_not_end_by_itself() -> None:
    """CONTRACT.md D53."""
    history, much_later = a_history(LOCK), NOW + 100 * 365 * 86_400
    assert history.decide(LOCK, STRANGER, much_later) == LockHeldByOtherDevice(SERIES)
    assert history.decide(ISSUE, KEY, much_later) == SeriesLockedToDevice(SERIES)
    assert verdict(history.decide(RESERVE, HOLDER, much_later)) is NumbersReserved


def test_unlocking_leaves_the_tokens_of_the_former_holder_as_they_were() -> None:
    """CONTRACT.md D51."""
    history = a_history(LOCK, a_reservation_of(3), (FORCE, KEY), (LOCK, STRANGER), (an_issue(), STRANGER))
    assert verdict(history.decide(a_consumption(a_slot(2), a_document("inv_2")), HOLDER)) == ReservationConsumed
    assert verdict(history.decide(a_release(a_slot(3)), HOLDER)) == ReservationReleased
    assert history.series().next_number == 5
