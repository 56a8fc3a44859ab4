import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.http.conditions import IfMatchCondition, IfNoneMatchCondition
from taskward.resources.errors import PreconditionRequired
from taskward.resources.versions import entity_tag

NOTHING: set[int] = set()


def allowed_by(value: str | None) -> set[int] | None:
    """The versions that may be changed; None is any."""
    versions = IfMatchCondition(value, is_required=False).versions()
    return None if versions is None else set(versions)


@pytest.mark.parametrize(
    ("value", "versions"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"1"', {1}),
        (' \t"1"\t ', {1}),
        ('"9007199254740991"', {2**53 - 1}),
        ('"9999999999999999"', {9999999999999999}),
        ('"1", "2","3"', {1, 2, 3}),
        ('"1","1"', {1}),
        # RFC 9110 §5.6.1.2: empty elements of a list are nothing
        (',, "1" ,\t, "2",', {1, 2}),
        ('"1", W/"2"', {1}),
        # RFC 9110 §8.8.3: an opaque tag may hold what looks like a list
        ('"a,b", "1"', {1}),
        ('"\xe9", "1"', {1}),
        ('"", "1"', {1}),
        # never given out, so never a version
        ('"0"', NOTHING),
        ('"01"', NOTHING),
        ('"+1"', NOTHING),
        ('"1_0"', NOTHING),
        ('"1.0"', NOTHING),
        ('"99999999999999999"', NOTHING),
        ('"' + "9" * 5000 + '"', NOTHING),
        ('"abc"', NOTHING),
        # weak
        ('W/"1"', NOTHING),
        ('W/"1", W/"2"', NOTHING),
        # malformed
        ("", NOTHING),
        (" ", NOTHING),
        (",", NOTHING),
        ("1", NOTHING),
        ("'1'", NOTHING),
        ('"1', NOTHING),
        ('1"', NOTHING),
        ('"', NOTHING),
        ('""1""', NOTHING),
        ('w/"1"', NOTHING),
        ('W/ "1"', NOTHING),
        ('"1" "2"', NOTHING),
        ('"1";"2"', NOTHING),
        ('"1", x', NOTHING),
        ('x, "1"', NOTHING),
        ('*, "1"', NOTHING),
        ('"1", *', NOTHING),
        ("**", NOTHING),
        ('"1 "', NOTHING),
        ('"\x7f", "1"', NOTHING),
        ('"1"\n', NOTHING),
    ],
)
def test_if_match_names_the_versions_that_may_be_changed(value: str | None, versions: set[int] | None) -> None:
    assert allowed_by(value) == versions


def test_if_match_can_be_required_but_what_it_says_is_free() -> None:
    with pytest.raises(PreconditionRequired):
        IfMatchCondition(None, is_required=True).versions()

    assert IfMatchCondition("*", is_required=True).versions() is None
    assert IfMatchCondition("x", is_required=True).versions() == []


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (None, True),
        ("*", False),
        (" *\t", False),
        ('"7"', False),
        ('W/"7"', False),
        ('"6", W/"7"', False),
        (', "7",', False),
        ('"6"', True),
        ('"07"', True),
        ('"77"', True),
        ('"6","8"', True),
        ("7", True),
        ('"7', True),
        ('w/"7"', True),
        ('"7" x', True),
        ('*, "7"', True),
        ("", True),
    ],
)
def test_if_none_match_holds_unless_the_version_is_named(value: str | None, holds: bool) -> None:
    assert IfNoneMatchCondition(value).holds(7) is holds


VERSIONS = st.integers(1, 2**53 - 1)
SPACE = st.text(" \t", max_size=2)


@given(st.lists(st.tuples(VERSIONS, st.booleans(), SPACE, SPACE), min_size=1, max_size=6))
def test_every_list_of_tags_is_read_as_the_strong_ones_in_it(tags: list[tuple[int, bool, str, str]]) -> None:
    value = ",".join(
        f"{before}{'W/' * weak}{entity_tag(version).decode()}{after}" for version, weak, before, after in tags
    )

    assert allowed_by(value) == {version for version, weak, *_ in tags if not weak}
    for version, *_ in tags:
        assert not IfNoneMatchCondition(value).holds(version)


@given(st.text(alphabet='*W/", \t19a\xe9\x7f', max_size=40) | st.text(max_size=40))
def test_no_header_does_anything_but_name_versions(value: str) -> None:
    versions = allowed_by(value)

    if versions is None:
        assert value.strip(" \t") == "*"
    else:
        assert versions <= {int(digits) for digits in re.findall(r"[0-9]{1,16}", value)}
    IfNoneMatchCondition(value).holds(1)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("part", ['"1",', ",", " ,", '"1", ', " ", '"', 'W/"1",', "\t,\t"])
@pytest.mark.parametrize("end", ["", "x", '"'])
def test_a_long_hostile_list_takes_no_time(part: str, end: str) -> None:
    IfMatchCondition(part * 20_000 + end, is_required=False).versions()
