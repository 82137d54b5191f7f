"""The waits before new tries."""

from service.backoff import Backoff


def test_waits_double_up_to_the_last_and_begin_again_when_all_is_well() -> None:
    backoff = Backoff(0.1, 0.5, is_jittered=False)
    assert [backoff.step() for _ in range(5)] == [0.1, 0.2, 0.4, 0.5, 0.5]
    backoff.reset()
    assert backoff.step() == 0.1


def test_jittered_waits_differ_within_half_of_what_they_are_about() -> None:
    found = [Backoff(1, 1).step() for _ in range(100)]
    assert len(set(found)) > 1
    assert all(0.5 <= each <= 1.5 for each in found)
