import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.strict_json import MAX_DEPTH, NotStrict, decoded, flaw_in, parse


def nested(depth: int, inside: str, *, of: str = "[]") -> bytes:
    opening, closing = ("[", "]") if of == "[]" else ('{"a":', "}")
    return (opening * depth + inside + closing * depth).encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"{}", {}),
        (b' \t\r\n{"a" : [1, -2.5e3, true, null]} ', {"a": [1, -2500.0, True, None]}),
        ('{"title":"Käse 🧀"}'.encode(), {"title": "Käse 🧀"}),
        (rb'"\ud83e\uddc0"', "🧀"),
        (rb'"\u0001\u001f\ufeff\uffff"', "\x01\x1f\ufeff\uffff"),
        (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
        (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
        (b'{"a":1,"A":2,"":3}', {"a": 1, "A": 2, "": 3}),
        (b"1e308", 1e308),
        (b"1e-400", 0.0),
        (b"9" * 400, int("9" * 400)),
    ],
)
def test_json_with_one_meaning_is_read(text: bytes, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not valid JSON"),
        (b" ", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":1,}', "not valid JSON"),
        (b"[1,]", "not valid JSON"),
        (b"01", "not valid JSON"),
        (b"+1", "not valid JSON"),
        (b".5", "not valid JSON"),
        (b"0x10", "not valid JSON"),
        (b"// hello\n1", "not valid JSON"),
        (b'"a\nb"', "not valid JSON"),
        (b'"a\0b"', "not valid JSON"),
        (rb'"\x41"', "not valid JSON"),
        (b"\xa01", "not UTF-8"),
        ("\xa01".encode(), "not valid JSON"),
        (b"9" * 5000, "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        ("{}".encode("utf-16"), "not UTF-8"),
        ("{}".encode("utf-16-le"), "not valid JSON"),
        ("{}".encode("utf-32-be"), "not valid JSON"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xc0\x80"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xf4\x90\x80\x80"', "not UTF-8"),
        (b"NaN", "NaN and Infinity"),
        (b'{"a":[Infinity]}', "NaN and Infinity"),
        (b"-Infinity", "NaN and Infinity"),
        (b"nan", "not valid JSON"),
        (b"1e400", "too large"),
        (b'{"a":-1.0e999}', "too large"),
        (rb'"\u0000"', "0000"),
        (rb'{"a":["x", "\u0000"]}', "0000"),
        (rb'{"\u0000":1}', "0000"),
        ('{"é\\u0000":1}'.encode(), "0000"),
        (rb'"\ud800"', "surrogate"),
        (rb'"\udc00\ud800"', "surrogate"),
        (rb'"\ud83e\u0041"', "surrogate"),
        (rb'{"a":[{"\udfff":1}]}', "surrogate"),
        (b'{"a":1,"a":1}', "stands twice"),
        (rb'{"a":1,"\u0061":2}', "stands twice"),
        (b'{"b":[{"c":{"":1,"":2}}]}', "stands twice"),
    ],
)
def test_json_that_readers_could_take_differently_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(NotStrict, match=reason) as refused:
        parse(text)

    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (rb'"\u0000"', ()),
        (rb'{"a":[{}, {"b":["x", "\u0000"]}], "c":"\u0000"}', ("a", 1, "b", 1)),
        (rb'{"a":[{"b":1, "\ud800":"\u0000"}]}', ("a", 0)),
        (b'{"a":' + nested(MAX_DEPTH, "1") + b"}", ("a", *[0] * (MAX_DEPTH - 1))),
    ],
)
def test_a_flaw_has_its_place(text: bytes, place: tuple[str | int, ...]) -> None:
    flaw = flaw_in(decoded(text))

    assert flaw is not None
    assert flaw.path == place


@pytest.mark.parametrize("of", ["[]", "{}"])
@pytest.mark.parametrize("inside", ["1", '""', "[]", "{}", '[{"b":1}]'])
def test_nesting_ends_at_32(of: str, inside: str) -> None:
    own = {"[": 1, "{": 1}.get(inside[0], 0) + inside.startswith("[{")
    deepest = nested(MAX_DEPTH - own, inside, of=of)
    too_deep = nested(MAX_DEPTH - own + 1, inside, of=of)

    assert parse(deepest) == json.loads(deepest)
    with pytest.raises(NotStrict, match="more than 32 deep"):
        parse(too_deep)


@pytest.mark.parametrize("depth", [33, 500, 5_000, 65_000])
@pytest.mark.parametrize("of", ["[]", "{}"])
def test_nesting_without_end_is_refused_like_any_other(depth: int, of: str) -> None:
    with pytest.raises(NotStrict, match="more than 32 deep"):
        parse(nested(depth, "1", of=of))


@pytest.mark.parametrize("text", [b"[" * 65_000, b'{"a":' * 10_000])
def test_an_endless_opening_is_refused(text: bytes) -> None:
    with pytest.raises(NotStrict):
        parse(text)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_whatever_a_json_writer_writes_is_read_back(value: Any, ensure_ascii: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ensure_ascii).encode()) == value


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\u0019eE+-.dDnN \ufeff\ud83e', max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text: bytes | str) -> None:
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    try:
        value = parse(raw)
    except NotStrict:
        return
    assert value == json.loads(raw.decode())
