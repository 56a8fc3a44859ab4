"""What paths and queries take and refuse, and in which words. A value of each type goes over HTTP in tests/api."""

import pytest

from support.answers import problem
from support.refusals import refusal

PARAMETERS = (
    "known are count, cursor, due_after, due_before, limit, list, overdue, parent, priority, q, skip, sort, status, "
    "tag, time_zone"
)


WRONG_IDS = (
    "0 00 01 007 -0 -1 +1 1.0 1. 1e0 1E3 1_000 1,000 0x1 1n NaN abc null true 1' 1;2 1:2 * ~ () .. %2e%2e "
    "9007199254740992 9999999999999999 10000000000000000 18446744073709551617 %20 %201 1%20 %2B1 %0A 1%0A %0A1 1%0D "
    "%00 1%00 %001 1%09 %C2%A01 %EF%BC%91 %D9%A1 %E0%A5%A7 %C2%B2 %F0%9F%A7%80 %ff 1%ff %ED%A0%80 %25%31 1%3F 1%23 "
    "1%3Fx=1 %7B%7D %22 1%5C " + "1" * 400 + " " + "9" * 5000
).split()


@pytest.mark.parametrize("task_id", WRONG_IDS)
def test_an_id_that_can_be_none_is_refused(task_id: str) -> None:
    assert refusal("HEAD", f"/tasks/{task_id}").status_code == 422
    for method, body in [("GET", ...), ("DELETE", ...), ("PUT", {"title": "x"}), ("PATCH", {})]:
        document = problem(refusal(method, f"/tasks/{task_id}", body), 422, "validation_failed")
        assert document["errors"][0]["loc"] == ["path", "task_id"]


WRONG_NUMBERS = (
    "-1 -0 %2B1 +1 1.0 1e2 1_0 0x1 x null %20 1%20 %0A1 1%0A %00 %EF%BC%91 2147483648 9223372036854775808 "
    + "9" * 400
    + " "
    + "1" * 5000
).split()


@pytest.mark.parametrize("name", ["skip", "limit"])
@pytest.mark.parametrize(
    "value",
    ["", *WRONG_NUMBERS],
)
def test_skip_and_limit_are_plain_numbers(name: str, value: str) -> None:
    document = problem(refusal("GET", f"/tasks?{name}={value}"), 422, "validation_failed")

    assert document["errors"][0]["loc"] == ["query", name]


WRONG = [
    *("status=todo", "status=", "status=Todo,Done", "status=Todo&status=x"),
    *("priority=High", "priority=null", "priority=", "priority=low&priority=x"),
    *("tag=", "tag=" + "x" * 51, "tag=a%00b", "tag=home&tag="),
    *("overdue=false", "overdue=", "overdue=True", "overdue=1", "overdue=true&overdue=true"),
    *("sort=", "sort=due_on", "sort=+due", "sort=--due", "sort=due,title", "sort=TITLE", "sort=due&sort=due"),
    *("time_zone=", "time_zone=europe/berlin", "time_zone=posix/UTC", "time_zone=right/UTC", "time_zone=localtime"),
    *("time_zone=..%2Fzones", "time_zone=%2Fetc%2Fpasswd", "time_zone=%00", "time_zone=UTC&time_zone=UTC"),
    *("time_zone=+02:00", "time_zone=UTC%20", "time_zone=Europe"),
    *("q=a&q=a", "unknown=1", "Status=Todo", "due=2026-03-10", "status[]=Todo", "tags=home"),
    *("limit=0", "limit=501", "limit=x", "skip=-1"),
]
WRONG_BOUNDS = [
    *("", "today", "2026-3-10", "20260310", "2026-02-30", "2026-13-01", "0000-01-01", "10000-01-01", "2026-W11-2"),
    *("2026-03-10T12:00:00", "2026-03-10T12:00Z", "2026-03-10T12Z", "2026-03-10T24:00:00Z", "2026-03-10T12:00:60Z"),
    *("2026-03-10T12:00:00%2B0200", "2026-03-10T12:00:00%2B24:00", "2026-03-10T12:00:00.Z", "2026-03-10 12:00:00Z"),
    *("2026-03-10T12:00:00[UTC]", "1773144000", "2026-03-10T12:00:00,5Z", "%D9%A2026-03-10", "2026-03-10Z", "-1"),
    *("0000-12-31T23:59:59Z", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-00:01", "2026-03-10%00", "NaN"),
    *("2026-03-10T12:00:00  02:00", "2026-03-10T12:00:00 02:00 "),
]


@pytest.mark.parametrize("query", WRONG + [f"due_before={bound}" for bound in WRONG_BOUNDS] + ["due_after=x"])
def test_an_unknown_parameter_value_or_sort_is_refused(query: str) -> None:
    document = problem(refusal("GET", f"/tasks?{query}"), 422, "validation_failed")

    assert document["errors"][0]["loc"][0] == "query"


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("skip=0&skip=0", "query.skip: This parameter may stand only once."),
        ("limit=1&sk%69p=1&skip=1", "query.skip: This parameter may stand only once."),
        ("cursor=a&cursor=a", "query.cursor: This parameter may stand only once."),
        ("page=1", f"query.page: Unknown parameter; {PARAMETERS}."),
        ("Limit=1", f"query.Limit: Unknown parameter; {PARAMETERS}."),
        ("limit[]=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("limit%00=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("%ff=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("due", f"query.due: Unknown parameter; {PARAMETERS}."),
        ("x" * 64 + "=1", f"query.{'x' * 64}: Unknown parameter; {PARAMETERS}."),
        ("x" * 65 + "=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("limit=1%26skip=1", "query.limit: This must be a whole number in digits."),
        ("limit=1;skip=1", "query.limit: This must be a whole number in digits."),
    ],
)
def test_a_query_says_each_thing_once_and_nothing_unknown(query: str, detail: str) -> None:
    assert problem(refusal("GET", f"/tasks?{query}"), 422, "validation_failed")["detail"] == detail


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("skip=1&cursor=x&sort=due_on&limit=0", ["skip", "limit", "sort"]),
        ("cursor=x&skip=x", ["skip"]),
        ("page=1&per_page=2&limit=0&page=3", ["page", "per_page", "limit"]),
        ("skip=1&skip=2&cursor=x&q=a&q=b&time_zone=x", ["skip", "q", "time_zone"]),
        ("a[]=1&b[]=1&sort=x", ["", "sort"]),
        ("&".join(f"p{number}=1" for number in range(500)) + "&limit=0", [f"p{number}" for number in range(20)]),
    ],
)
def test_all_that_is_wrong_in_a_query_is_told(query: str, wrong: list[str]) -> None:
    errors = problem(refusal("GET", f"/tasks?{query}"), 422, "validation_failed")["errors"]

    assert list(dict.fromkeys(".".join(error["loc"][1:]) for error in errors)) == wrong
    assert len(errors) <= 20


def test_a_wrong_query_hides_no_wrong_path_or_body() -> None:
    errors = problem(refusal("PATCH", "/tasks/0", {"title": ""}), 422, "validation_failed")["errors"]
    assert [error["loc"] for error in errors] == [["path", "task_id"], ["body", "title"]]

    errors = problem(refusal("DELETE", "/trash/0?force=1"), 422, "validation_failed")["errors"]
    assert [error["loc"] for error in errors] == [["query", "force"], ["path", "task_id"]]
    assert errors[0]["message"] == "Unknown parameter; this call takes none."
