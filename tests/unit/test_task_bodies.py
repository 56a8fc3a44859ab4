"""What the bodies of tasks take and refuse, and in which words. A value of each type goes over HTTP in tests/api."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from support.answers import problem
from support.refusals import BODY_METHODS, refusal
from taskward.tasks.model import TaskCreate, TaskPatch, TaskReplace

FIELDS = f"allowed are {', '.join(TaskReplace.model_fields)}"
FIELDS_OF_NEW = f"allowed are {', '.join(TaskCreate.model_fields)}"


# Fields


INSTANTS = [
    ("2026-03-10T18:00:00+01:00", "2026-03-10T17:00:00+00:00"),
    ("2026-03-10T18:00:00.123456Z", "2026-03-10T18:00:00.123456+00:00"),
    ("2026-03-10t18:00:00z", "2026-03-10T18:00:00+00:00"),
    ("2026-03-10T18:00:00-00:00", "2026-03-10T18:00:00+00:00"),
    ("2026-03-10T00:00:00.5+23:59", "2026-03-09T00:01:00.5+00:00"),
    ("2026-03-10T18:00:00.1234569Z", "2026-03-10T18:00:00.123456+00:00"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
    ("0999-06-01T12:00:00-05:00", "0999-06-01T17:00:00+00:00"),
    ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999+00:00"),
]


@pytest.mark.parametrize(("sent", "answered"), INSTANTS)
def test_an_instant_is_read_in_utc_to_the_microsecond(sent: str, answered: str) -> None:
    for shape in (TaskCreate, TaskReplace, TaskPatch):
        due_at = shape.model_validate({"title": "Milk", "due_at": sent}).due_at
        assert (due_at, due_at.tzinfo) == (datetime.fromisoformat(answered), UTC)


WRONG: dict[str, list[Any]] = {
    "priority": ["", "High", "urgent", 1, True, [], ["low"]],
    "due_on": [
        *("", "2026-3-10", "2026-02-30", "2026-13-01", "0000-01-01", "10000-01-01", "20260310", "2026-W11-2"),
        *("2026-03-10T00:00:00Z", "2026-03-10 ", " 2026-03-10", "+2026-03-10", "-2026-03-10", "２026-03-10"),
        *(0, 1773100800, 1.5, True, [], {}),
    ],
    "due_at": [
        *("", "2026-03-10", "2026-03-10T18:00:00", "2026-03-10T18:00Z", "2026-03-10 18:00:00Z"),
        *("2026-03-10T18:00:60Z", "2026-12-31T23:59:60Z", "2026-03-10T24:00:00Z", "2026-03-10T18:60:00Z"),
        *("2026-W11-2T18:00:00Z", "20260310T180000Z", "2026-03-10T18:00:00+1", "2026-03-10T18:00:00+0100"),
        *("2026-03-10T18:00:00+24:00", "2026-03-10T18:00:00+01:60", "2026-03-10T18:00:00+01:00:00"),
        *("2026-03-10T18:00:00,5Z", "2026-03-10T18:00:00.Z", "2026-03-10T18:00:00Z[UTC]", "2026-02-29T00:00:00Z"),
        *("0000-12-31T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z"),
        *("now", "infinity", 0, 1773100800, 1.5, True, [], {}),
    ],
    "time_zone": [
        *("", "europe/warsaw", "Europe/Nowhere", "posix/UTC", "right/UTC", "posix/Europe/Warsaw", "localtime", "CET "),
        *("+01:00", "GMT+25", "../UTC", "/etc/localtime", "Europe", "tzdata.zi", "UTC\n", 1, True, [], "x" * 10_000),
    ],
    "tags": [
        *("home", {}, 1, [1], [None], [[]], [""], ["x" * 51], ["a", "a"], ["a", "b", "a"], [True]),
        [f"{number}" for number in range(21)],
    ],
}
NEVER_NULL = [("tags", None)]


@pytest.mark.parametrize(
    ("field", "value"), [*((field, value) for field, values in WRONG.items() for value in values), *NEVER_NULL]
)
def test_what_a_field_does_not_take_is_refused_by_every_write(field: str, value: Any) -> None:
    for method, path in BODY_METHODS:
        answer = refusal(method, path, {"title": "Milk", field: value})
        document = problem(answer, 422, "validation_failed")
        assert document["errors"][0]["loc"][:2] == ["body", field]
        assert "2026-" not in answer.text


OTHER_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "x" * 256}, "title"),
    ({"title": "🧀" * 256}, "title"),
    ({"title": " "}, "title"),
    ({"title": "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0"}, "title"),
    ({"title": "\u1680\u2000\u2001\u2009\u200a\u2028\u2029\u202f\u205f\u3000"}, "title"),
    ({"title": None}, "title"),
    ({"title": 1}, "title"),
    ({"title": True}, "title"),
    ({"title": ["Milk"]}, "title"),
    ({"title": {"a": "Milk"}}, "title"),
    ({"description": "x" * 10_001}, "description"),
    ({"description": 0}, "description"),
    ({"description": False}, "description"),
    ({"description": []}, "description"),
    ({"status": None}, "status"),
    ({"status": ""}, "status"),
    ({"status": "todo"}, "status"),
    ({"status": "Done "}, "status"),
    ({"status": "In Progress"}, "status"),
    ({"status": 0}, "status"),
    ({"status": ["Done"]}, "status"),
    ({"owner_id": "bob"}, "owner_id"),
    ({"user_id": "bob"}, "user_id"),
    ({"id": 1}, "id"),
    ({"created_at": "2026-01-01T00:00:00Z"}, "created_at"),
    ({"updated_at": None}, "updated_at"),
    ({"version": 1}, "version"),
    ({"deleted_at": None}, "deleted_at"),
    ({"Title": "Milk"}, "Title"),
]


@pytest.mark.parametrize(("wrong", "field"), OTHER_FIELDS)
def test_a_wrong_field_is_refused_by_every_write(wrong: dict[str, Any], field: str) -> None:
    for method, path in BODY_METHODS:
        sent = wrong if method == "PATCH" else {"title": "Milk", **wrong}
        document = problem(refusal(method, path, sent), 422, "validation_failed")
        assert [error["loc"] for error in document["errors"]] == [["body", field]]
        assert document["detail"].startswith(f"body.{field}: ")


# Names


@pytest.mark.parametrize("name", ["owner_id", "user_id", "deleted_at", "ID", "Title", "x" * 64])
def test_an_unknown_field_is_named_with_those_that_are_allowed(name: str) -> None:
    document = problem(refusal("POST", "/tasks", {"title": "Milk", name: "hunter2"}), 422, "validation_failed")

    assert document["detail"] == f"body.{name}: Unknown field; {FIELDS_OF_NEW}."
    assert document["errors"][0]["loc"] == ["body", name]


READ_ONLY = (
    "This field is read only: "
    f"leave out id, created_at, updated_at, completed_at, occurrence, occurrence_date, version; {FIELDS}."
)
READ_ONLY_OF_NEW = (
    "This field is read only: leave out id, created_at, updated_at, occurrence, occurrence_date, version, position; "
    f"{FIELDS_OF_NEW}."
)


@pytest.mark.parametrize("name", ["id", "created_at", "updated_at", "completed_at", "occurrence", "version"])
def test_a_read_only_field_is_told_with_all_that_are(name: str) -> None:
    for method, path in BODY_METHODS:
        if method == "POST" and name == "completed_at":
            continue  # a new task takes it
        document = problem(refusal(method, path, {"title": "Milk", name: None}), 422, "validation_failed")

        assert document["detail"] == f"body.{name}: {READ_ONLY_OF_NEW if method == 'POST' else READ_ONLY}"


@pytest.mark.parametrize(
    "name",
    ["cls", "self", "__pydantic_self__", "__class__", "__init__", "data", "args", "kwargs", "model_config", "values"],
)
def test_an_unknown_field_may_have_a_name_that_means_something_in_python(name: str) -> None:
    problem(refusal("POST", "/tasks", {"title": "Milk", name: 1}), 422, "validation_failed")
    problem(refusal("PUT", "/tasks/1", {"title": "Milk", name: {name: 1}}), 422, "validation_failed")
    problem(refusal("PATCH", "/tasks/1", {name: None}), 422, "validation_failed")


@pytest.mark.parametrize("name", ["", " title", "ti tle", "<script>", "title\n", "é", "x" * 65, "a.b", "0"])
def test_an_unknown_field_with_an_odd_name_is_not_repeated(name: str) -> None:
    document = problem(refusal("POST", "/tasks", {"title": "Milk", name: 1}), 422, "validation_failed")

    assert document["errors"][0]["loc"] == ["body"]
    assert document["detail"] == f"body: Unknown field; {FIELDS_OF_NEW}."


@pytest.mark.parametrize(
    "body",
    [
        {"title": "hunter2" * 100},
        {"title": ["hunter2"]},
        {"title": "Milk", "status": "hunter2"},
        {"title": "Milk", "description": {"hunter2": 1}},
        {"title": "Milk", "owner_id": "hunter2"},
        ["hunter2"],
        "hunter2",
        b'{"title": "hunter2',
        b'{"title": "hunter2", "title": "hunter2"}',
        b'{"title": "hunter2\\u0000"}',
    ],
)
def test_no_refusal_repeats_what_was_sent(body: Any) -> None:
    for method, path in BODY_METHODS:
        assert "hunter2" not in json.dumps(problem(refusal(method, path, body), 422, "validation_failed"))


# Bodies


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b'""', b"0", b"false", b'"title"', b"1.5", b"true", b'[{"title":"a"}]']
)
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    for method, path in BODY_METHODS:
        document = problem(refusal(method, path, body), 422, "validation_failed")
        assert document["detail"] == "body: The body must be a JSON object."
        assert [error["loc"] for error in document["errors"]] == [["body"]]


BODIES = [
    b"", b" ", b"\0", b"\xff", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "{}".encode("utf-32"), b"{", b"}", b"[]]",
    b"nul", b"NaN", b"-Infinity", b"1e400", b"-1e400", b"9" * 400, b"9" * 5000, b"-0", b"0.1e-400", b"null", b"[]",
    b'""', b"0", b'{"title":NaN}', b'{"title":1e400}', b'{"title":' + b"9" * 5000 + b"}", rb'{"title":"\u0000"}',
    rb'{"title":"a\u0000b"}', rb'{"title":"\ud800"}', rb'{"title":"\udfff\ud800"}', b'{"title":"\xed\xa0\x80"}',
    b'{"title":"\xff"}', rb'{"\ud800":1}', rb'{"\u0000":1}', b'{"title":"a","title":"b"}',
    b'{"title":"a","x":{"y":[{"z":1,"z":1}]}}', b"[" * 32 + b"]" * 32, b"[" * 33 + b"]" * 33, b"[" * 65_000,
    b'{"a":' * 13_000, b"[" * 30_000 + b"]" * 30_000, b'{"title":' + b"[" * 31 + b"]" * 31 + b"}",
    b'{"title":' + b"[" * 32 + b"]" * 32 + b"}", b'{"title":"' + b"x" * 65_000 + b'"}',
    b'{"description":"' + b"\xf0\x9f\xa7\x80" * 16_000 + b'"}', b'{"title":"a","cls":1}', b'{"self":1}',
    b'{"__class__":1}', b'{"":1}', b'{"title":"a\n"}', b'{"status":"\xc3\xa9"}', b'{"title":{"title":{"title":"a"}}}',
    b"[" + b"0," * 30_000 + b"0]", b'{"x":' + b"1" * 60_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_no_body_is_a_bug(body: bytes) -> None:
    for method, path in BODY_METHODS:
        problem(refusal(method, path, body), 422, "validation_failed")


# Media types


def test_a_body_that_is_called_json_is_read() -> None:
    for media_type in (
        "application/json",
        "APPLICATION/Json",
        "application/json;charset=utf-8",
        "application/json ; charset=UTF-16",
        "application/json;;=",
        "application/merge-patch+json",
        "application/vnd.a-b.c_d+json; v=1",
    ):
        document = problem(refusal("POST", "/tasks", {}, media_type=media_type), 422, "validation_failed")
        assert document["detail"] == "body.title: This field is required."


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "json",
        "text/json",
        "text/plain",
        "application/jsonp",
        "application/json5",
        "application/+json",
        "application/json, text/plain",
        "application/json text/plain",
        "application/a/b+json",
        "application/json+xml",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=json",
    ],
)
def test_a_body_that_is_not_called_json_is_not_read(media_type: str | None) -> None:
    for method, path in BODY_METHODS:
        answer = refusal(method, path, b"{", media_type=media_type)
        assert "application/json" in problem(answer, 415, "unsupported_media_type")["detail"]
