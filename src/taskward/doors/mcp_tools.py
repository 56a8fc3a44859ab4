"""What an assistant can do with tasks: each tool, its arguments and its answer. Nothing of the protocol is here.

A tool calls the action that the HTTP API calls. There is no null: a field that is left out stays, and `clear` empties
one. Nothing erases, and nothing changes more than a few tasks at once, because a model can be wrong, or be told to by
a text that somebody else has written into a task.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

from taskward.lists import actions as lists
from taskward.lists.model import COLOR_SENT, Color, ListCreate, ListRead, Name
from taskward.resources.errors import PreconditionRequired
from taskward.resources.idempotency import Idempotency, fingerprint_of
from taskward.resources.paging import PageRequest
from taskward.resources.references import RowStatement
from taskward.resources.session import Session
from taskward.resources.shapes import REFERENCE, Patch, RowId, at_most, reference
from taskward.settings import Settings
from taskward.tasks import actions, batch, few, finding, moves, recurring
from taskward.tasks.batch import Batch
from taskward.tasks.model import (
    DUE_AT,
    DUE_ON,
    PARENT_ID,
    RECURRENCE,
    RECURRENCE_ANCHOR,
    TIME_ZONE,
    Description,
    DueOn,
    Instant,
    Priority,
    Recurrence,
    RecurrenceAnchor,
    Status,
    Tag,
    Tags,
    TaskPatch,
    TaskRead,
    TimeZone,
    Title,
    day_or_instant,
    known_zone,
)
from taskward.tasks.moves import TaskMove
from taskward.tasks.orders import Sort
from taskward.tasks.recurring import Asked, Completed, CompletionRequest, OccurrenceNumber, whole
from taskward.tasks.reminders import Reminders
from taskward.tasks.trash import TRASH
from taskward.tasks.words import words_asked_for

READ, WRITE = "tasks:read", "tasks:write"
SCOPES = (READ, WRITE)

MOST_FOUND = 100


class Arguments(Patch):
    """None of them may be null. Of those that may be left out the defaults are never read."""


NEVER = datetime.min.replace(tzinfo=UTC)

TaskId = Annotated[RowId, Field(description="The id of the task, or its uid.")]
RequestId = Annotated[
    str,
    Field(
        pattern="^[!-~]{1,255}$",
        description="Makes a repetition safe: a random UUID, new for each new change, and the same when the call is "
        "repeated because its answer was lost. Within 24 hours the repetition changes nothing and is answered as the "
        "first call was.",
    ),
]
Version = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=2**53 - 1,
        description="The `version` that was read: where the task has changed since, nothing is done.",
    ),
    BeforeValidator(whole),
]


def or_word(value: Any, word: str) -> Any:
    try:
        return value if value == word else reference(value)
    except ValueError as reason:
        raise ValueError(f"{reason}, or {word}") from None


def or_word_schema(word: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [*REFERENCE["anyOf"], {"type": "string", "const": word}]})


ListOrInbox = Annotated[Any, BeforeValidator(lambda value: or_word(value, "inbox")), or_word_schema("inbox")]
ParentOrNone = Annotated[Any, BeforeValidator(lambda value: or_word(value, "none")), or_word_schema("none")]


def bound(value: Any) -> date | datetime:
    if not isinstance(value, str):
        raise ValueError("This is a day, YYYY-MM-DD, or an instant with its offset, in quotes")
    return day_or_instant(value)


DueBound = Annotated[
    Any,
    BeforeValidator(bound),
    WithJsonSchema({"type": "string"}),
    Field(
        description="A day (2026-03-10) or an instant with its offset (2026-03-10T18:00:00+01:00), which is not "
        "included itself."
    ),
]


# Reading


class FindTasks(Arguments):
    text: str = Field(
        default_factory=str,
        description="Words that must all occur in title or description, each as a word or the start of one.",
    )
    status: Annotated[list[Status], at_most(3)] = Field(default_factory=list, description="Any of these.")
    priority: Annotated[list[Literal["low", "medium", "high", "none"]], at_most(4)] = Field(
        default_factory=list, description="Any of these; `none` for tasks without a priority."
    )
    tags: Annotated[list[Tag], at_most(20)] = Field(default_factory=list, description="All of these.")
    due_before: DueBound = Field(default_factory=str)
    due_after: DueBound = Field(default_factory=str)
    overdue: bool = Field(default=False, strict=True, description="Only tasks that are due before now and not Done.")
    time_zone: Annotated[str, AfterValidator(known_zone)] = Field(
        default="UTC", description="The IANA name of the zone in which days begin and end, such as Europe/Warsaw."
    )
    list_id: ListOrInbox = Field(
        default_factory=str, description="The id of a list, or its uid; `inbox` for tasks in no list."
    )
    parent_id: ParentOrNone = Field(
        default_factory=str,
        description="The id of the task whose subtasks are asked for, or its uid; `none` for tasks without a parent.",
    )
    sort: Sort = Field(
        default="created_at",
        description="With `-` descending; tasks without it come last either way. By position only with list_id.",
    )
    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_FOUND), BeforeValidator(whole)] = Field(
        default=20, description="How many at most."
    )
    cursor: str = Field(
        default_factory=str, description="The `next_cursor` of the answer before, with the same arguments."
    )

    @model_validator(mode="after")
    def has_a_list_for_positions(self) -> Self:
        if self.sort.endswith("position") and "list_id" not in self.model_fields_set:
            raise ValueError("An order by position is that of one list: send list_id with it")
        return self


class Found(BaseModel):
    tasks: list[TaskRead]
    next_cursor: str | None = Field(description="Where to go on when there are more; null on the last page.")


async def find_tasks(call: "Call", asked: FindTasks) -> bytes:
    sent = asked.model_fields_set
    query = finding.TaskQuery(
        statuses=frozenset(asked.status),
        priorities=frozenset(asked.priority),
        tags=frozenset(asked.tags),
        due_before=asked.due_before if "due_before" in sent else None,
        due_after=asked.due_after if "due_after" in sent else None,
        is_overdue=asked.overdue,
        words=words_asked_for(asked.text),
        time_zone=asked.time_zone,
        sort=asked.sort,
        lists=frozenset([asked.list_id] if "list_id" in sent else ()),
        parent=asked.parent_id if "parent_id" in sent else None,
    )
    page = await finding.list_tasks(
        call.session, PageRequest(asked.limit, asked.cursor if "cursor" in sent else None), query=query
    )
    return b'{"tasks": %b, "next_cursor": %b}' % (page.json, json.dumps(page.next_cursor).encode())


class GetTask(Arguments):
    task_id: TaskId


class OneTask(BaseModel):
    task: TaskRead


async def get_task(call: "Call", asked: GetTask) -> bytes:
    return task_in(await actions.find(call.session, asked.task_id))


class NoArguments(Arguments):
    pass


class Lists(BaseModel):
    lists: list[ListRead]


async def list_lists(call: "Call", _: NoArguments) -> bytes:
    return b'{"lists": %b}' % await lists.list_lists(call.session)


# Writing


class Change(Arguments):
    request_id: RequestId = Field(default_factory=str)

    def idempotency(self, tool: str) -> Idempotency | None:
        if "request_id" not in self.model_fields_set:
            return None
        meaning = self.model_dump_json(exclude_unset=True, exclude={"request_id"})
        return Idempotency(self.request_id, fingerprint_of(f"MCP {tool}", meaning))


class TaskFields(Arguments):
    """What a task has that an assistant may set."""

    description: Description = Field(default_factory=str)
    status: Status = Field(default_factory=lambda: "Todo")
    priority: Priority = Field(default_factory=lambda: "low")
    due_on: Annotated[DueOn, DUE_ON] = Field(default_factory=lambda: date.min)
    due_at: Annotated[Instant, DUE_AT] = Field(default_factory=lambda: NEVER)
    time_zone: Annotated[TimeZone, TIME_ZONE] = Field(default_factory=str)
    tags: Tags = Field(default_factory=tuple)
    recurrence: Annotated[Recurrence, RECURRENCE] = Field(default_factory=str)
    recurrence_anchor: Annotated[RecurrenceAnchor, RECURRENCE_ANCHOR] = Field(default_factory=lambda: "due")
    reminders: Reminders = Field(default_factory=tuple)


class NewTask(TaskFields):
    title: Title
    list_id: RowId = Field(default_factory=int, description="The id of a list, or its uid; the inbox without it.")
    parent_id: Annotated[RowId, PARENT_ID] = Field(default_factory=int)


class AddTasks(Change):
    tasks: Annotated[list[NewTask], Field(min_length=1, max_length=few.MOST), at_most(few.MOST)] = Field(
        description="All of them are added, or none."
    )


class ManyTasks(BaseModel):
    tasks: list[TaskRead]


async def add_tasks(call: "Call", asked: AddTasks) -> bytes:
    operations = [{"op": "create", "task": task} for task in call.arguments["tasks"]]
    answer = await batch.apply(
        call.session,
        Batch.model_validate({"operations": operations}),
        requires_if_match=False,
        idempotency=asked.idempotency(call.tool),
    )
    made = [result["task"] for result in json.loads(answer.json)["results"]]
    return json.dumps({"tasks": made}).encode()


Emptied = Literal["description", "priority", "due", "time_zone", "tags", "recurrence", "reminders"]
EMPTY: Mapping[str, Mapping[str, Any]] = {
    "description": {"description": None},
    "priority": {"priority": None},
    "due": {"due_on": None, "due_at": None},
    "time_zone": {"time_zone": None},
    "tags": {"tags": []},
    "recurrence": {"recurrence": None},
    "reminders": {"reminders": []},
}
"""What a patch sends for it."""


class ChangeTask(TaskFields, Change):
    task_id: TaskId
    title: Title = Field(default_factory=str)
    clear: Annotated[list[Emptied], at_most(len(EMPTY))] = Field(
        default_factory=list, description="Fields to empty. `due` is the day or the instant."
    )
    version: Version = Field(default_factory=int)

    @property
    def fields(self) -> set[str]:
        return self.model_fields_set - {"task_id", "clear", "version", "request_id"}

    @model_validator(mode="after")
    def is_clear(self) -> Self:
        emptied = {name for field in self.clear for name in EMPTY[field]}
        if both := sorted(emptied & self.fields):
            raise ValueError(f"A field is set or cleared, not both: {', '.join(both)}")
        if not emptied and not self.fields:
            raise ValueError("Name a field to change, or one to clear")
        if "description" in emptied | self.fields and "version" not in self.model_fields_set:
            raise ValueError(
                "A description is changed only with the version that was read: read the task, and send its version"
            )
        return self


async def change_task(call: "Call", asked: ChangeTask) -> bytes:
    sent = {name: call.arguments[name] for name in asked.fields}
    for field in asked.clear:
        sent |= EMPTY[field]
    changed = actions.change(
        call.session,
        asked.task_id,
        TaskPatch.model_validate(sent),
        expected=call.expected(asked),
        idempotency=asked.idempotency(call.tool),
    )
    return task_in(await changed)


class CompleteTask(Change):
    task_id: TaskId
    occurrence: OccurrenceNumber = Field(default_factory=int)
    missed: Literal["skip", "keep"] = Field(
        default="skip",
        description="Of a task that recurs: whether its next occurrence lies behind now, or behind the one that is "
        "completed.",
    )
    at: Instant = Field(
        default_factory=lambda: NEVER,
        description="When it really happened; now without it, and when it is later.",
    )
    version: Version = Field(default_factory=int)


async def complete_task(call: "Call", asked: CompleteTask) -> bytes:
    request = {name: call.arguments[name] for name in ("occurrence", "missed", "at") if name in asked.model_fields_set}
    completed = recurring.complete(
        call.limited(few.DONE, asked.task_id),
        asked.task_id,
        Asked.of(
            "done",
            CompletionRequest.model_validate(request),
            expected=[asked.version] if "version" in asked.model_fields_set else None,
            idempotency=asked.idempotency(call.tool),
        ),
    )
    return (await completed).json


class MoveTask(Change):
    task_id: TaskId
    list_id: ListOrInbox = Field(
        default_factory=str,
        description="The list to move to, by its id or uid, or `inbox`. It goes without its parent then.",
    )
    parent_id: ParentOrNone = Field(
        default_factory=str, description="The task whose subtask it becomes, or `none` to make it a task by itself."
    )
    after: RowId = Field(default_factory=int, description="Behind this task of the list.")
    before: RowId = Field(default_factory=int, description="In front of this task of the list.")
    to: Literal["first", "last"] = Field(default_factory=lambda: "last", description="Last without any of the three.")
    version: Version = Field(default_factory=int)


async def move_task(call: "Call", asked: MoveTask) -> bytes:
    names = asked.model_fields_set & {"list_id", "parent_id", "after", "before", "to"}
    sent = {name: None if call.arguments[name] in ("inbox", "none") else call.arguments[name] for name in names}
    moved = moves.move(
        call.limited(few.ALL, asked.task_id) if "list_id" in names else call.session,
        asked.task_id,
        TaskMove.model_validate(sent),
        expected=call.expected(asked),
        idempotency=asked.idempotency(call.tool),
    )
    return task_in(await moved)


class TrashTask(Change):
    task_id: TaskId
    version: Version = Field(default_factory=int)


class Trashed(BaseModel):
    task_id: RowId
    is_in_trash: Literal[True] = Field(description="From where restore_task takes it out again.")


async def trash_task(call: "Call", asked: TrashTask) -> bytes:
    await actions.delete(
        call.limited(few.ALL, asked.task_id),
        asked.task_id,
        expected=call.expected(asked),
        idempotency=asked.idempotency(call.tool),
    )
    return json.dumps({"task_id": asked.task_id, "is_in_trash": True}, default=str).encode()


class RestoreTask(Change):
    task_id: TaskId


async def restore_task(call: "Call", asked: RestoreTask) -> bytes:
    restored = TRASH.restore(
        call.limited(few.TRASHED_WITH_IT, asked.task_id),
        asked.task_id,
        trash_days=call.settings.trash_days,
        idempotency=asked.idempotency(call.tool),
    )
    return task_in(await restored)


class AddList(Change):
    name: Name
    color: Annotated[Color, COLOR_SENT] = Field(default_factory=str)


class OneList(BaseModel):
    list: ListRead


async def add_list(call: "Call", asked: AddList) -> bytes:
    sent = {name: call.arguments[name] for name in ("name", "color") if name in call.arguments}
    made = lists.create(call.session, ListCreate.model_validate(sent), idempotency=asked.idempotency(call.tool))
    return b'{"list": %b}' % (await made).json


def task_in(row: Any) -> bytes:
    return b'{"task": %b}' % row.json


# Tools


@dataclass(slots=True)
class Call:
    """One call of a tool by one caller."""

    tool: str
    arguments: Mapping[str, Any]
    """As they were sent, and valid."""
    session: Session
    settings: Settings

    def expected(self, asked: ChangeTask | MoveTask | TrashTask) -> list[int] | None:
        """The versions that may be changed; None is any.

        Raises:
            PreconditionRequired: none was sent, and the settings demand it.
        """
        if "version" in asked.model_fields_set:
            return [asked.version]
        if self.settings.require_if_match:
            raise PreconditionRequired
        return None

    def limited(self, guard: RowStatement, task_id: Any) -> Session:
        self.session = few.FewTasks.of(self.session, guard, task_id)
        return self.session


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    title: str
    description: str
    scope: str
    arguments: type[Arguments]
    answer: type[BaseModel]
    run: Callable[[Call, Any], Awaitable[bytes]]
    """Answers the JSON of `answer`."""
    overwrites: bool = False
    """Whether something that was there before may be there no more."""
    is_idempotent: bool = False
    """Whether the same call once more has no effect, with or without a `request_id`."""

    def asked(self, arguments: Mapping[str, Any]) -> Arguments:
        """
        Raises:
            pydantic.ValidationError
        """
        return self.arguments.model_validate(dict(arguments))


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "find_tasks",
            "Find tasks",
            "Find the user's tasks by words, status, priority, tags, due or list, in any order. Without arguments: the "
            "oldest first. Tasks in the trash are not found.",
            READ,
            FindTasks,
            Found,
            find_tasks,
        ),
        Tool("get_task", "Read a task", "Read one task as it is now.", READ, GetTask, OneTask, get_task),
        Tool(
            "list_lists",
            "List the lists",
            "List the lists that tasks are kept in. A task in none is in the inbox.",
            READ,
            NoArguments,
            Lists,
            list_lists,
        ),
        Tool(
            "add_tasks",
            "Add tasks",
            f"Add 1 to {few.MOST} tasks, all of them or none.",
            WRITE,
            AddTasks,
            ManyTasks,
            add_tasks,
        ),
        Tool(
            "change_task",
            "Change a task",
            "Set the fields of a task that are named, and empty those in `clear`; every other stays as it is. Setting "
            "due_on empties due_at, and the other way round. A description is replaced as a whole: it needs the "
            "`version` of the task as it was read. To complete a task that recurs, use complete_task.",
            WRITE,
            ChangeTask,
            OneTask,
            change_task,
            overwrites=True,
        ),
        Tool(
            "complete_task",
            "Complete a task",
            "Make a task Done; of one that recurs, complete the open occurrence, so that the next one is open. For a "
            "task that recurs send its `occurrence`, or a `request_id`, so that a repeated call does not complete the "
            "next one too.",
            WRITE,
            CompleteTask,
            Completed,
            complete_task,
            overwrites=True,
            is_idempotent=True,
        ),
        Tool(
            "move_task",
            "Move a task",
            "Move a task to another place in its list, to another list, or below another task. Its subtasks go along.",
            WRITE,
            MoveTask,
            OneTask,
            move_task,
            overwrites=True,
        ),
        Tool(
            "trash_task",
            "Put a task into the trash",
            "Put a task and its subtasks into the trash, from where restore_task takes them out again for some weeks. "
            "Nothing here erases a task.",
            WRITE,
            TrashTask,
            Trashed,
            trash_task,
            overwrites=True,
            is_idempotent=True,
        ),
        Tool(
            "restore_task",
            "Take a task out of the trash",
            "Take a task out of the trash, with the subtasks that went with it.",
            WRITE,
            RestoreTask,
            OneTask,
            restore_task,
            is_idempotent=True,
        ),
        Tool("add_list", "Add a list", "Add a list, behind the others.", WRITE, AddList, OneList, add_list),
    )
}
