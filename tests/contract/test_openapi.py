"""The document describes every call completely, and the answers hold to it."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from support.answers import PROBLEM_MEMBERS, problem, task
from support.expected_tasks import WRITABLE
from support.people import Person
from taskward.app import openapi_document
from taskward.errors import codes
from taskward.lists.model import ListCreate, ListPatch, ListReplace
from taskward.settings import read_settings
from taskward.tasks.batch import Batch, BatchRead
from taskward.tasks.model import TaskCreate, TaskPatch, TaskRead, TaskReplace, TrashedTask
from taskward.tasks.moves import TaskMove

COMMON = {401, 422, 429, 431, 500, 503}
OF_A_BODY = {408, 413, 415}

STATUSES = {
    ("post", "/tasks"): {201, 409} | OF_A_BODY | COMMON,
    ("get", "/tasks"): {200} | COMMON,
    ("get", "/tasks/{task_id}"): {200, 304, 404} | COMMON,
    ("put", "/tasks/{task_id}"): {200, 404, 409, 412, 428} | OF_A_BODY | COMMON,
    ("patch", "/tasks/{task_id}"): {200, 404, 409, 412, 428} | OF_A_BODY | COMMON,
    ("delete", "/tasks/{task_id}"): {204, 404, 412, 428} | COMMON,
    ("post", "/tasks/batch"): {200, 404, 409, 412, 428} | OF_A_BODY | COMMON,
    ("post", "/tasks/{task_id}/complete"): {200, 404, 409, 412, 428} | OF_A_BODY | COMMON,
    ("post", "/tasks/{task_id}/skip"): {200, 404, 409, 412, 428} | OF_A_BODY | COMMON,
    ("post", "/tasks/{task_id}/reopen"): {200, 404, 409, 412} | OF_A_BODY | COMMON,
    ("get", "/tasks/{task_id}/completions"): {200, 404} | COMMON,
    ("get", "/tasks/{task_id}/occurrences"): {200, 404} | COMMON,
    ("post", "/tasks/{task_id}/move"): {200, 404, 409, 412, 428} | OF_A_BODY | COMMON,
    ("post", "/tasks/{task_id}/restore"): {200, 404} | COMMON,
    ("get", "/trash"): {200} | COMMON,
    ("delete", "/trash"): {204} | COMMON,
    ("delete", "/trash/{task_id}"): {204, 404} | COMMON,
    ("get", "/tags"): {200} | COMMON,
    ("post", "/lists"): {201, 409} | OF_A_BODY | COMMON,
    ("get", "/lists"): {200} | COMMON,
    ("get", "/lists/{list_id}"): {200, 304, 404} | COMMON,
    ("put", "/lists/{list_id}"): {200, 404, 412, 428} | OF_A_BODY | COMMON,
    ("patch", "/lists/{list_id}"): {200, 404, 412, 428} | OF_A_BODY | COMMON,
    ("delete", "/lists/{list_id}"): {200, 204, 404, 409, 412, 428} | COMMON,
    ("post", "/lists/{list_id}/move"): {200, 404, 412, 428} | OF_A_BODY | COMMON,
    ("get", "/changes"): {200, 410} | COMMON,
    ("post", "/calendar"): {201} | COMMON,
    ("delete", "/calendar"): {204} | COMMON,
    ("get", "/calendar/{secret}.ics"): {200, 304, 404, 422, 429, 431, 500, 503},
    ("delete", "/me"): {204, 403} | COMMON,
    ("get", "/health"): {200, 431, 500},
    ("get", "/ready"): {200, 431, 500, 503},
}

OPERATION_IDS = {
    "create_task",
    "list_tasks",
    "find_task",
    "replace_task",
    "change_task",
    "delete_task",
    "apply_batch",
    "complete_task",
    "skip_occurrence",
    "reopen_task",
    "list_completions",
    "list_occurrences",
    "move_task",
    "restore_task",
    "list_trash",
    "empty_trash",
    "erase_task",
    "list_tags",
    "create_list",
    "delete_list",
    "move_list",
    "list_lists",
    "find_list",
    "replace_list",
    "change_list",
    "list_changes",
    "make_calendar_link",
    "remove_calendar_link",
    "read_calendar",
    "forget_me",
    "health",
    "ready",
}


@pytest.fixture(scope="module")
def document(api: str) -> dict[str, Any]:
    answer = httpx.get(f"{api}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def answers(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            yield status, answer, operation


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].removeprefix("#/components/schemas/")]
    return schema


def test_every_status_that_a_call_can_give_is_listed_and_no_other(document: dict[str, Any]) -> None:
    listed = {
        (method, path): {int(status) for status in operation["responses"]}
        for method, path, operation in operations(document)
    }

    assert listed == STATUSES


def test_every_operation_has_a_plain_name_a_summary_and_a_tag(document: dict[str, Any]) -> None:
    found = [operation for _, _, operation in operations(document)]

    assert {operation["operationId"] for operation in found} == OPERATION_IDS
    assert len(found) == len(OPERATION_IDS)
    for operation in found:
        assert operation["summary"]
        assert operation["description"].endswith(".")

    groups = {group: [each["operationId"] for each in found if each["tags"] == [group]] for group in GROUPS}
    assert groups == GROUPS
    assert [group["name"] for group in document["tags"]] == list(GROUPS)


GROUPS = {
    "tasks": [
        "create_task",
        "list_tasks",
        "find_task",
        "replace_task",
        "change_task",
        "delete_task",
        "move_task",
        "list_tags",
    ],
    "recurrence": ["complete_task", "skip_occurrence", "reopen_task", "list_completions", "list_occurrences"],
    "batch": ["apply_batch"],
    "trash": ["list_trash", "empty_trash", "restore_task", "erase_task"],
    "lists": [
        *("create_list", "list_lists", "find_list", "replace_list", "change_list", "delete_list"),
        "move_list",
    ],
    "changes": ["list_changes"],
    "calendar": ["make_calendar_link", "remove_calendar_link", "read_calendar"],
    "account": ["forget_me"],
    "operations": ["health", "ready"],
}


WITHOUT_A_TOKEN = ("/health", "/ready", "/calendar/{secret}.ics")


def test_calls_on_tasks_need_a_bearer_token_and_the_operators_do_not(document: dict[str, Any]) -> None:
    [(name, scheme)] = document["components"]["securitySchemes"].items()

    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    for _, path, operation in operations(document):
        assert operation.get("security") == (None if path in WITHOUT_A_TOKEN else [{name: []}])


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for status, answer, _ in answers(document):
        if int(status) >= 400:
            [(media_type, content)] = answer["content"].items()
            assert media_type == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["example"]["status"] == int(status)
            assert f"`{content['example']['code']}`" in answer["description"]
    schema = document["components"]["schemas"]["Problem"]
    assert set(schema["required"]) == PROBLEM_MEMBERS
    assert schema["properties"].keys() == PROBLEM_MEMBERS | {"errors", "operation"}
    assert set(schema["properties"]["code"]["enum"]) == set(codes())
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_code_is_told_where_it_can_come(document: dict[str, Any]) -> None:
    told = {
        code
        for _, answer, _ in answers(document)
        for code in re.findall(r"`([a-z_]+)`", answer["description"].rpartition("(")[2])
    }

    # Of a route or a page, and so of no operation
    assert told == set(codes()) - {"route_not_found", "method_not_allowed", "preflight_refused"}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers"),
    [
        ("post", "/tasks", "201", {"Location", "ETag"}),
        ("post", "/lists", "201", {"Location", "ETag"}),
        ("get", "/lists/{list_id}", "200", {"ETag"}),
        ("post", "/tasks", "409", {"Location"}),
        ("get", "/tasks", "200", {"Link"}),
        ("get", "/tasks/{task_id}", "200", {"ETag"}),
        ("get", "/tasks/{task_id}", "304", {"ETag"}),
        ("put", "/tasks/{task_id}", "200", {"ETag"}),
        ("patch", "/tasks/{task_id}", "200", {"ETag"}),
        ("get", "/calendar/{secret}.ics", "200", {"ETag", "Content-Disposition"}),
        ("get", "/calendar/{secret}.ics", "304", {"ETag"}),
        ("post", "/tasks/batch", "200", {"Idempotent-Replayed"}),
        ("post", "/tasks/{task_id}/restore", "200", {"ETag"}),
        ("get", "/trash", "200", {"Link"}),
        ("delete", "/tasks/{task_id}", "401", {"WWW-Authenticate"}),
        ("delete", "/tasks/{task_id}", "503", {"Retry-After"}),
        ("get", "/ready", "503", {"Retry-After"}),
    ],
)
def test_headers_of_an_answer_are_described(
    document: dict[str, Any], method: str, path: str, status: str, headers: set[str]
) -> None:
    described = document["paths"][path][method]["responses"][status]["headers"]

    assert described.keys() >= headers
    assert all(header["description"] for header in described.values())


@pytest.mark.parametrize(
    ("method", "path", "parameters"),
    [
        (
            "get",
            "/tasks",
            {
                *("skip", "limit", "cursor", "status", "priority", "tag", "q", "sort", "time_zone"),
                *("due_before", "due_after", "overdue", "count", "list", "parent"),
            },
        ),
        ("get", "/tasks/{task_id}", {"task_id", "If-None-Match"}),
        ("put", "/tasks/{task_id}", {"task_id", "If-Match", "Idempotency-Key"}),
        ("patch", "/tasks/{task_id}", {"task_id", "If-Match", "Idempotency-Key"}),
        ("delete", "/tasks/{task_id}", {"task_id", "If-Match", "Idempotency-Key"}),
        ("post", "/tasks/{task_id}/move", {"task_id", "If-Match", "Idempotency-Key"}),
        ("post", "/tasks/{task_id}/restore", {"task_id", "Idempotency-Key"}),
        ("delete", "/trash/{task_id}", {"task_id", "Idempotency-Key"}),
        ("get", "/trash", {"limit", "cursor"}),
        ("post", "/lists", {"Idempotency-Key"}),
        ("get", "/lists/{list_id}", {"list_id", "If-None-Match"}),
        ("put", "/lists/{list_id}", {"list_id", "If-Match", "Idempotency-Key"}),
        ("patch", "/lists/{list_id}", {"list_id", "If-Match", "Idempotency-Key"}),
        ("post", "/lists/{list_id}/move", {"list_id", "If-Match", "Idempotency-Key"}),
        ("delete", "/lists/{list_id}", {"list_id", "tasks", "If-Match", "Idempotency-Key"}),
    ],
)
def test_parameters_are_described_with_their_bounds(
    document: dict[str, Any], method: str, path: str, parameters: set[str]
) -> None:
    described = {parameter["name"]: parameter for parameter in document["paths"][path][method]["parameters"]}

    assert described.keys() == parameters
    bounds = {"skip": (0, 2**31 - 1), "limit": (1, 500)}
    for name, parameter in described.items():
        schema = parameter["schema"]
        assert parameter["required"] is (name in ("task_id", "list_id"))
        if name in ("task_id", "list_id"):
            number, uid = schema["anyOf"]
            assert (number["type"], number["minimum"], number["maximum"]) == ("integer", 1, 2**53 - 1)
            assert (uid["type"], uid["format"]) == ("string", "uuid")
        elif name in bounds:
            assert (schema["type"], (schema["minimum"], schema["maximum"])) == ("integer", bounds[name])
        else:
            assert "string" in str(resolved(document, schema.get("items", schema)))
        # Repeated is what OpenAPI takes an array in a query for, unless another style is named
        assert (schema.get("type") == "array") is (name in ("status", "priority", "tag", "list"))
        assert not parameter.keys() & {"style", "explode"}
    if path == "/tasks":
        assert (described["skip"]["schema"]["default"], described["limit"]["schema"]["default"]) == (0, 100)


def test_the_shapes_are_those_of_the_contract(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas.keys() == {
        *(
            "TaskCreate",
            "TaskReplace",
            "TaskPatch",
            "TaskRead",
            "TrashedTask",
            "Status",
            "Priority",
            "PriorityAsked",
            "RecurrenceAnchor",
            "Reminder",
            "CompletionRequest",
            "ReopeningRequest",
            "Completed",
            "CompletionRead",
            "CompletionKind",
            "Sort",
            "Problem",
            "Health",
            "CalendarLinkRead",
        ),
        "TaskMove",
        *("Batch", "CreateOperation", "PatchOperation", "MoveOperation", "DeleteOperation"),
        *("BatchRead", "CreateResult", "PatchResult", "MoveResult", "DeleteResult"),
        *("ChangesRead", "TaskPut", "ListPut", "CompletionPut", "Removal", "CompletionRemoval"),
        *("ListCreate", "ListReplace", "ListPatch", "ListRead", "ListMove", "TasksLeft"),
    }
    assert schemas["Status"]["enum"] == ["Todo", "InProgress", "Done"]
    assert schemas["Priority"]["enum"] == ["low", "medium", "high"]
    sorts = ("created_at", "updated_at", "completed_at", "due", "priority", "title", "position")
    assert set(schemas["Sort"]["enum"]) == {*sorts, *(f"-{sort}" for sort in sorts)}
    for name in ("TaskCreate", "TaskReplace", "TaskPatch"):
        shape = schemas[name]
        of_new = {"completed_at", "uid", "list_id", "parent_id"} if name == "TaskCreate" else set()
        assert shape["properties"].keys() - of_new == set(WRITABLE)
        assert shape["additionalProperties"] is False
        assert shape.get("required", []) == ([] if name == "TaskPatch" else ["title"])
        title, (description, null) = shape["properties"]["title"], shape["properties"]["description"]["anyOf"]
        assert (title["type"], title["minLength"], title["maxLength"]) == ("string", 1, 255)
        assert (description["type"], description["maxLength"], null) == ("string", 10_000, {"type": "null"})
        assert shape["properties"]["status"]["$ref"].endswith("/Status")
        assert shape["properties"]["priority"]["anyOf"][0]["$ref"].endswith("/Priority")
        assert shape["properties"]["due_on"]["anyOf"][0]["format"] == "date"
        assert shape["properties"]["due_at"]["anyOf"][0]["format"] == "date-time"
        tags = shape["properties"]["tags"]
        assert (tags["maxItems"], tags["uniqueItems"]) == (20, True)
        assert (tags["items"]["minLength"], tags["items"]["maxLength"]) == (1, 50)
        defaults = {field: found["default"] for field, found in shape["properties"].items() if "default" in found}
        # An absent field of a patch stays as it is, which no default could say
        assert defaults == ({} if name == "TaskPatch" else NEW)
    assert {"version", "completed_at"} <= schemas["TaskRead"]["properties"].keys() - set(WRITABLE)
    operations = schemas["Batch"]["properties"]["operations"]
    assert (operations["minItems"], operations["maxItems"]) == (1, 100)
    for name in ("TaskRead", "ListRead"):
        read = schemas[name]
        assert set(read["required"]) == read["properties"].keys()
        assert (read["properties"]["id"]["minimum"], read["properties"]["id"]["maximum"]) == (1, 2**53 - 1)
        assert read["properties"]["created_at"]["format"] == "date-time"
    for name in ("ListCreate", "ListReplace", "ListPatch"):
        shape = schemas[name]
        assert shape["additionalProperties"] is False
        assert shape.get("required", []) == ([] if name == "ListPatch" else ["name"])
        assert shape["properties"].keys() == {"name", "color", *(["uid"] if name == "ListCreate" else [])}


NEW = {"status": "Todo", "tags": [], "recurrence_anchor": "due", "reminders": []}


def test_bodies_and_answers_have_their_shapes(document: dict[str, Any]) -> None:
    for path, method, shape in [
        ("/tasks", "post", "TaskCreate"),
        ("/tasks/{task_id}", "put", "TaskReplace"),
        ("/tasks/{task_id}", "patch", "TaskPatch"),
        ("/tasks/batch", "post", "Batch"),
        ("/lists", "post", "ListCreate"),
        ("/lists/{list_id}", "put", "ListReplace"),
        ("/lists/{list_id}", "patch", "ListPatch"),
    ]:
        body = document["paths"][path][method]["requestBody"]
        assert body["required"] is True
        assert body["content"] == {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape}"}}}
    one = {"schema": {"$ref": "#/components/schemas/TaskRead"}}
    for status, answer, operation in answers(document):
        match operation["operationId"], status:
            case ("create_task", "201") | ("find_task" | "replace_task" | "change_task" | "restore_task", "200"):
                assert {**answer["content"]["application/json"], "example": None} == {**one, "example": None}
            case "list_tasks", "200":
                schema = answer["content"]["application/json"]["schema"]
                assert (schema["type"], schema["items"]) == ("array", {"$ref": "#/components/schemas/TaskRead"})
            case ("create_list", "201") | ("find_list" | "replace_list" | "change_list", "200"):
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ListRead")
            case ("list_lists", "200"):
                assert answer["content"]["application/json"]["schema"]["items"]["$ref"].endswith("/ListRead")
            case ("list_trash", "200"):
                assert answer["content"]["application/json"]["schema"]["items"]["$ref"].endswith("/TrashedTask")
            case ("apply_batch", "200"):
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/BatchRead")
            case ("list_tags", "200"):
                assert answer["content"]["application/json"]["schema"]["items"] == {"type": "string"}
            case _, ("204" | "304"):
                assert "content" not in answer


@pytest.mark.parametrize("shape", [TaskCreate, TaskReplace, TaskPatch, TaskMove, ListCreate, ListReplace, ListPatch])
def test_every_body_has_an_example_that_is_accepted(document: dict[str, Any], shape: type[BaseModel]) -> None:
    examples = document["components"]["schemas"][shape.__name__]["examples"]

    assert examples
    assert all(shape.model_validate(example).model_fields_set == example.keys() for example in examples)


def test_every_example_of_a_task_could_be_one(document: dict[str, Any]) -> None:
    def walk(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if isinstance(node.get("id"), int) and "completed_at" in node:
                yield node
            node = list(node.values())
        if isinstance(node, list):
            for below in node:
                yield from walk(below)

    examples = list(walk(document))
    # A new one, one, one moved, in the trash, one that has changed, one that was completed, and three of a batch.
    assert len(examples) == 9
    for example in examples:
        shape = TrashedTask if "deleted_at" in example else TaskRead
        assert shape.model_validate(example).model_fields_set == shape.model_fields.keys()
        assert None in (example["due_on"], example["due_at"])
        assert (example["status"] == "Done") is (example["completed_at"] is not None)
        assert example["created_at"] <= (example["updated_at"] or example["created_at"])
    created = document["paths"]["/tasks"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    assert created["updated_at"] is None
    batch = document["components"]["schemas"]["Batch"]["examples"][0]
    results = document["components"]["schemas"]["BatchRead"]["examples"][0]
    assert [each["op"] for each in Batch.model_validate(batch).model_dump()["operations"]] == [
        each["op"] for each in BatchRead.model_validate(results).model_dump()["results"]
    ]


def test_every_example_of_a_refusal_is_what_is_answered(document: dict[str, Any], ann: Person) -> None:
    def example(method: str, path: str, status: int) -> dict[str, Any]:
        content = document["paths"][path][method.lower()]["responses"][str(status)]["content"]
        found: dict[str, Any] = content["application/problem+json"]["example"]
        return found

    milk = f"/tasks/{ann.adds('Milk')['id']}"
    for method, path, status, sent in [
        ("POST", "/tasks", 422, {"json": {"title": "Milk", "owner_id": "bob"}}),
        ("PUT", "/tasks/{task_id}", 422, {"json": {"title": "Milk", "owner_id": "bob"}}),
        ("PATCH", "/tasks/{task_id}", 422, {"json": {"owner_id": "bob"}}),
        ("POST", "/tasks/batch", 422, {"json": {"operations": [{"op": "delete", "id": 7}], "owner_id": "bob"}}),
        ("POST", "/tasks", 415, {"content": b"{}"}),
        ("POST", "/tasks", 413, {"content": b" " * 65_537, "headers": {"Content-Type": "application/json"}}),
        ("POST", "/tasks/batch", 413, {"content": b" " * 1_048_577, "headers": {"Content-Type": "application/json"}}),
        ("GET", "/tasks", 422, {"params": {"limit": 501}}),
        ("GET", "/trash", 422, {"params": {"limit": 501}}),
        ("GET", "/tags", 422, {"params": {"page": 1}}),
        ("GET", "/lists", 422, {"params": {"page": 1}}),
        ("POST", "/lists", 422, {"json": {"name": "Errands", "owner_id": "bob"}}),
        ("DELETE", "/trash", 422, {"params": {"page": 1}}),
        ("DELETE", "/me", 422, {}),
        ("GET", "/calendar/{secret}.ics", 422, {"params": {"as": "x"}}),
        ("GET", "/calendar/{secret}.ics", 404, {}),
        ("POST", "/calendar", 422, {"params": {"page": 1}}),
        ("PATCH", "/tasks/{task_id}", 412, {"json": {"title": "x"}, "headers": {"If-Match": '"1"'}}),
    ]:
        answer = ann.send(method, path.replace("/tasks/{task_id}", milk).replace("{secret}", "a" * 32), **sent)
        assert answer.status_code == status
        assert answer.json() == example(method, path, status)
    for method, path in [("GET", "/tasks/{task_id}"), ("DELETE", "/trash/{task_id}"), ("GET", "/lists/{list_id}")]:
        for row_id, status in (("07", 422), (2**53 - 1, 404)):
            answer = ann.send(method, path.format(task_id=row_id, list_id=row_id))
            assert answer.json() == example(method, path, status)


def test_every_example_of_a_parameter_is_accepted(document: dict[str, Any], ann: Person) -> None:
    parameters = document["paths"]["/tasks"]["get"]["parameters"]
    examples = [(found["name"], example) for found in parameters for example in found["schema"].get("examples", ())]

    assert {name for name, _ in examples} == {"tag", "list", "due_before", "due_after", "q", "time_zone"}
    assert all(ann.get("/tasks", params={name: example}).status_code == 200 for name, example in examples)


def test_every_reference_leads_somewhere_within_the_document(document: dict[str, Any]) -> None:
    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for name, value in node.items() if name == "$ref")
            node = list(node.values())
        if isinstance(node, list):
            for below in node:
                yield from walk(below)

    found = set(walk(document))

    assert found
    assert all(resolved(document, {"$ref": reference}) for reference in found)


def test_the_paths_bear_the_prefix_and_the_operators_do_not() -> None:
    document = openapi_document(read_settings(api_prefix="/api/v1"))

    assert document["paths"].keys() == {
        *("/api/v1/tasks", "/api/v1/tasks/{task_id}", "/api/v1/tasks/batch", "/api/v1/tasks/{task_id}/restore"),
        *(f"/api/v1/tasks/{{task_id}}/{call}" for call in ("complete", "skip", "reopen", "completions", "occurrences")),
        "/api/v1/tasks/{task_id}/move",
        *("/api/v1/trash", "/api/v1/trash/{task_id}", "/api/v1/tags", "/api/v1/me", "/health", "/ready"),
        *("/api/v1/lists", "/api/v1/lists/{list_id}", "/api/v1/lists/{list_id}/move", "/api/v1/changes"),
        *("/api/v1/calendar", "/api/v1/calendar/{secret}.ics"),
    }
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"]
    assert openapi_document(read_settings()) == openapi_document(read_settings())


def test_the_document_that_is_served_is_the_one_of_the_command(document: dict[str, Any]) -> None:
    assert document == openapi_document(read_settings())


def test_every_success_and_error_met_here_is_listed_for_its_operation(document: dict[str, Any], ann: Person) -> None:
    milk = f"/tasks/{ann.adds('Milk')['id']}"

    def listed(answer: httpx.Response) -> bool:
        path = "/tasks" if answer.request.url.path == "/tasks" else "/tasks/{task_id}"
        operation = document["paths"][path][answer.request.method.lower()]
        return str(answer.status_code) in operation["responses"]

    met = [
        ann.post("/tasks", json={"title": "Milk"}),
        ann.post("/tasks", json={}),
        ann.post("/tasks", content=b"{}"),
        ann.get("/tasks"),
        ann.get("/tasks?cursor=x"),
        ann.get(milk),
        ann.get(milk, headers={"If-None-Match": "*"}),
        ann.put(milk, json={"title": "Milk"}, headers={"If-Match": "x"}),
        ann.patch(milk, json={}),
        ann.delete("/tasks/0"),
        ann.delete(milk),
        ann.get(milk),
        ann.get(milk, headers={"Authorization": ""}),
    ]

    task(met[0], 201)
    problem(met[1], 422, "validation_failed")
    assert all(listed(answer) for answer in met)
