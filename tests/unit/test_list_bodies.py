"""What the bodies of lists take and refuse, and in which words."""

from typing import Any

import pytest

from support.answers import problem
from support.refusals import refusal
from taskward.lists.model import ListCreate, ListPatch, ListReplace

BODIES = [("POST", "/lists"), ("PUT", "/lists/1"), ("PATCH", "/lists/1")]
FIELDS = f"allowed are {', '.join(ListReplace.model_fields)}"
FIELDS_OF_NEW = f"allowed are {', '.join(ListCreate.model_fields)}"


@pytest.mark.parametrize(("sent", "kept"), [("#2E7D32", "#2e7d32"), ("#abcdef", "#abcdef"), (None, None)])
def test_a_color_is_kept_in_lower_case(sent: str | None, kept: str | None) -> None:
    for shape in (ListCreate, ListReplace, ListPatch):
        assert shape.model_validate({"name": "Errands", "color": sent}).color == kept


WRONG: dict[str, list[Any]] = {
    "name": ["", " ", "\t\u3000", "x" * 256, None, 1, True, [], {}],
    "color": [
        "",
        "red",
        "2e7d32",
        "#2e7d3",
        "#2e7d322",
        "#2e7d3g",
        "#２e7d32",
        "#2e7d32\n",
        " #2e7d32",
        0x2E7D32,
        True,
        [],
    ],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_what_a_field_does_not_take_is_refused_by_every_write(field: str, value: Any) -> None:
    for method, path in BODIES:
        document = problem(refusal(method, path, {"name": "Errands", field: value}), 422, "validation_failed")
        assert document["errors"][0]["loc"] == ["body", field]


def test_a_color_that_is_none_is_told_how_to_be_written() -> None:
    document = problem(refusal("POST", "/lists", {"name": "Errands", "color": "red"}), 422, "validation_failed")

    assert document["detail"] == "body.color: A color is written as #rrggbb, in hexadecimal digits."


@pytest.mark.parametrize("field", ["id", "position", "created_at", "updated_at", "version", "owner_id", "tasks"])
def test_no_other_field_is_taken(field: str) -> None:
    for method, path in BODIES:
        document = problem(refusal(method, path, {"name": "Errands", field: "1"}), 422, "validation_failed")
        assert document["detail"].endswith(f"{FIELDS_OF_NEW if method == 'POST' else FIELDS}.")


def test_put_needs_a_name_and_points_to_patch() -> None:
    document = problem(refusal("PUT", "/lists/1", {"color": "#2e7d32"}), 422, "validation_failed")

    assert document["detail"].startswith("body.name: ")
    assert "PATCH" in document["detail"]


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/lists?color=x", {"name": "Errands"}),
        ("GET", "/lists?limit=1", ...),
        ("GET", "/lists?skip=1", ...),
        ("GET", "/lists/1?tasks=inbox", ...),
        ("PUT", "/lists/1?x=", {"name": "Errands"}),
        ("PATCH", "/lists/1?x", {"name": "Errands"}),
    ],
)
def test_unknown_parameters_are_refused(method: str, target: str, body: Any) -> None:
    problem(refusal(method, target, body), 422, "validation_failed")


@pytest.mark.parametrize("list_id", ["0", "07", "-1", "1.0", "1e3", "x", "%F0%9D%9F%99", str(2**53), "9" * 17])
def test_what_is_no_id_is_refused(list_id: str) -> None:
    for method, body in [("GET", ...), ("PUT", {"name": "Errands"}), ("PATCH", {})]:
        problem(refusal(method, f"/lists/{list_id}", body), 422, "validation_failed")
