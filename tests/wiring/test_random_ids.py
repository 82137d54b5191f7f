"""Ids that no caller can guess."""

from service.random_ids import BASE36, BASE62, random_text


def test_an_id_has_its_length_and_may_hold_every_letter_of_its_alphabet_everywhere() -> None:
    for alphabet in (BASE36, BASE62):
        drawn = [random_text(alphabet, 4) for _ in range(2_000)]
        assert {len(each) for each in drawn} == {4}
        assert len(set(drawn)) > 1_900
        for place in range(4):
            assert {each[place] for each in drawn} == set(alphabet)
