from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.resources.errors import CursorInvalid
from taskward.resources.paging import cursor_for, digest, position_in

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LIST = "tasks by id"
PLACES_OF_SORTED = ['["Milk 1", 12]', '["-infinity", 12]', "[12]"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(TEXTS, TEXTS, TEXTS)
def test_a_cursor_leads_back_to_its_place(place: str, owner: str, of: str) -> None:
    cursor = cursor_for(place, owner_id=owner, of=of)

    assert position_in(cursor, owner_id=owner, of=of) == place
    assert set(cursor) <= set(ALPHABET)


@pytest.mark.parametrize("place", ["1", "12", "123", "9007199254740991", "é", "", *PLACES_OF_SORTED])
def test_a_cursor_is_invalid_when_any_character_of_it_is_another(place: str) -> None:
    cursor = cursor_for(place, owner_id="ann", of=LIST)

    for at in range(len(cursor)):
        for other in set(ALPHABET + "=+/ \n\0é.") - {cursor[at]}:
            assert is_invalid(cursor[:at] + other + cursor[at + 1 :])


@pytest.mark.parametrize("place", ["1", "12", "123", "9007199254740991", *PLACES_OF_SORTED])
def test_a_cursor_is_invalid_when_it_is_cut_or_longer(place: str) -> None:
    cursor = cursor_for(place, owner_id="ann", of=LIST)

    assert all(is_invalid(cursor[:end]) for end in range(len(cursor)))
    assert all(is_invalid(cursor[start:]) for start in range(1, len(cursor)))
    assert all(is_invalid(cursor[:at] + extra + cursor[at:]) for at in range(len(cursor) + 1) for extra in "A=\n \0-é")


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_cursor_belongs_to_its_owner_and_list(owner: str, of: str, other_owner: str, other_list: str) -> None:
    cursor = cursor_for("7", owner_id=owner, of=of)

    if (other_owner, other_list) != (owner, of):
        assert is_invalid(cursor, owner_id=other_owner, of=other_list)


@pytest.mark.parametrize(
    ("ann", "bob"),
    [(("a\0b", "x"), ("b", "x\0a")), (("ab", "x"), ("b", "xa")), (('a", "b', "x"), ("b", 'x", "a'))],
)
def test_owner_and_list_cannot_be_shifted_into_each_other(ann: tuple[str, str], bob: tuple[str, str]) -> None:
    cursor = cursor_for("7", owner_id=ann[0], of=ann[1])

    assert is_invalid(cursor, owner_id=bob[0], of=bob[1])


@given(st.text(max_size=60) | st.text(ALPHABET, max_size=60))
def test_an_invented_cursor_is_invalid_and_nothing_else(cursor: str) -> None:
    assert is_invalid(cursor)


@pytest.mark.parametrize("place", [b"\xff", b"\xed\xa0\x80"])
def test_a_place_that_is_no_text_is_invalid(place: bytes) -> None:
    assert is_invalid(urlsafe_b64encode(digest("", "ann", LIST) + place).rstrip(b"=").decode())


def is_invalid(cursor: str, *, owner_id: str = "ann", of: str = LIST) -> bool:
    try:
        position_in(cursor, owner_id=owner_id, of=of)
    except CursorInvalid:
        return True
    return False
