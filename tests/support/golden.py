"""What a reviewer should see when it changes: the SQL of every statement, the routes, and the OpenAPI document.

`make golden` writes them anew into `tests/golden`; a test compares.
"""

import ast
import importlib
import json
import pkgutil
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from fastapi.routing import iter_route_contexts

import taskward
from taskward.app import openapi_document, routed
from taskward.postgres.statements import Bound, LazyStatement, Statement
from taskward.resources.feed import Feed
from taskward.resources.references import RowStatement
from taskward.resources.resource import Resource
from taskward.resources.trash import Trash
from taskward.settings import read_settings
from taskward.tasks.actions import TASKS, change_of
from taskward.tasks.batch import KEEPING_STEPS, STEPS, Steps
from taskward.tasks.due import due_statement
from taskward.tasks.finding import CONDITIONS, list_statement
from taskward.tasks.orders import Sort, order_of

FOLDER = Path(__file__).parent.parent / "golden"


def files() -> dict[str, str]:
    """Each file's text by its name."""
    return {f"sql/{name}.sql": as_file(statement) for name, statement in statements()} | {
        "sql/tasks.finding.list_statement.sql": "\n".join(lists()),
        "sql/tasks.due.due_statement.sql": as_file(due_statement(())),
        "sql/tasks.actions.change_of.sql": "\n".join(changes(change_of)),
        "sql/tasks.batch.STEPS.patch_of.sql": "\n".join(changes(STEPS.patch_of)),
        "sql/tasks.batch.KEEPING_STEPS.patch_of.sql": "\n".join(changes(KEEPING_STEPS.patch_of)),
        "routes.txt": routes(),
        "openapi.json": json.dumps(openapi_document(read_settings()), indent=1, ensure_ascii=False) + "\n",
    }


def statements() -> Iterator[tuple[str, Statement]]:
    """Every one that stands at the level of a module, by the module and its name there."""
    seen: set[Statement] = set()
    for module in modules():
        for name in names_assigned(module):
            for part, statement in statements_in(getattr(module, name, None)):
                if statement not in seen:
                    seen.add(statement)
                    yield ".".join([module.__name__.removeprefix("taskward."), name, *part]), statement


def lists() -> Iterator[str]:
    """Lists are of many shapes: each order from its beginning and further on, and each filter."""
    zones = ("UTC", "Europe/Warsaw")
    for sort, zone in product(get_args(Sort.__value__), zones):
        if zone == "UTC" or sort.endswith("due"):
            for goes_on in (False, True):
                title = f"sort={sort}, time_zone={zone}{', from a cursor on' if goes_on else ''}"
                yield f"-- {title}\n{as_file(list_statement((), order_of(sort, zone), goes_on=goes_on))}"
    for name in CONDITIONS:
        yield f"-- {name}\n{as_file(list_statement((name,), order_of('created_at', 'UTC'), goes_on=False))}"
    yield f"-- all filters\n{as_file(list_statement(tuple(CONDITIONS), order_of('created_at', 'UTC'), goes_on=False))}"


def changes(change_of: Callable[[tuple[str, ...]], Any]) -> Iterator[str]:
    """Of each field alone, and of two."""
    for fields in (*((name,) for name in TASKS.changes), ("title", "status")):
        for part, statement in statements_in(change_of(fields)):
            yield f"-- {', '.join((*fields, *part))}\n{as_file(statement)}"


def modules() -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(taskward.__path__, "taskward."):
        if not module.name.startswith("taskward.migrations."):
            yield importlib.import_module(module.name)


def names_assigned(module: ModuleType) -> Iterator[str]:
    """In the module itself: what it imports is another's."""
    for node in ast.parse(Path(str(module.__file__)).read_text()).body:
        targets = getattr(node, "targets", None) or [getattr(node, "target", ast.Pass())]
        for target in targets:
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def statements_in(value: Any) -> Iterator[tuple[tuple[str, ...], Statement]]:
    match value:
        case Statement():
            yield (), value
        case RowStatement():
            yield (), value.by_id
            yield ("by_uid",), value.by_uid
        case Bound() | LazyStatement():
            yield (), value.statement
        case tuple() if hasattr(value, "_asdict"):
            yield from statements_of(value._asdict())
        case dict():
            yield from statements_of({str(name): inner for name, inner in value.items()})
        case Feed() | Resource() | Steps() | Trash():
            yield from statements_of(vars(value))


def statements_of(parts: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Statement]]:
    for name, inner in parts.items():
        for part, statement in statements_in(inner):
            yield (name, *part), statement


def as_file(statement: Statement) -> str:
    numbered = ", ".join(f"${number} {name}" for number, name in enumerate(statement.order, start=1))
    kept = "" if statement.is_prepared else " (not kept by the server)"
    sql = "\n".join(line.rstrip() for line in statement.sql.decode().splitlines() if line.strip())
    shared = " (may share a connection)" if statement.is_quick else ""
    return f"-- {numbered or 'no parameters'}{kept}{shared}\n{sql}\n"


def routes() -> str:
    lines = []
    for context in iter_route_contexts(routed(read_settings()).routes):
        route = context.original_route
        own = getattr(route, "status_code", None) or (200 if hasattr(route, "responses") else "")
        statuses = sorted({str(status) for status in (own, *getattr(route, "responses", ())) if status})
        methods = ",".join(sorted(context.methods or ()))
        lines.append(f"{methods:<9} {context.path:<32} {getattr(route, 'name', ''):<16} {' '.join(statuses)}".rstrip())
    return "\n".join(lines) + "\n"


def write() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, text in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    write()
