"""`taskward export` and `import`: what was exported comes back whole, once, whatever is in between."""

import json
import os
import pty
import resource
import signal
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from support.databases import asked
from support.full_owner import fills
from support.people import Person
from support.programs import TASKWARD, Ended, Program, environment, eventually

pytest_plugins = ["support.commands"]

SAMPLES = Path(__file__).parents[1] / "support" / "other_programs"
HEAD = {"format": "taskward/1", "exported_at": "2026-11-01T00:00:00+00:00"}

COMPLETION = {
    "occurrence": 1,
    "occurrence_date": "2026-01-01",
    "kind": "done",
    "completed_at": "2026-01-01T00:00:00Z",
}

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def run(taskward: Callable[..., Ended], database_url: str) -> Callable[..., Ended]:
    return lambda *arguments: taskward(*map(str, arguments), DATABASE_URL=database_url)


@pytest.fixture
def run_on_a_small_disk(run: Callable[..., Ended]) -> Callable[..., Ended]:
    """On which no file can have more than a few pages: a disk of its own takes root."""

    def run_there(*arguments: str) -> Ended:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            return run(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return run_there


def written(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    lines = [HEAD, *rows, {"lines": len(rows)}]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def rows_in(path: Path) -> Rows:
    """But for ids, versions and times of change."""
    found: Rows = {"list": [], "task": [], "completion": []}
    _, *lines, last = map(json.loads, path.read_text().splitlines())
    assert last == {"lines": len(lines)}
    for line in lines:
        [(kind, row)] = line.items()
        new_here = {"id", "list_id", "parent_id", "task_id", "version", "updated_at", "position"}
        found[kind].append({name: value for name, value in row.items() if name not in new_here})
    return found


def uid(name: object) -> str:
    return str(uuid5(NAMESPACE_URL, str(name)))


def a_task(name: object, **fields: Any) -> dict[str, Any]:
    return {"task": {"uid": uid(name), "title": f"Task {name}", **fields}}


# There and back


def test_what_was_exported_is_the_same_in_another_owner(
    run: Callable[..., Ended], ann: Person, bob: Person, tmp_path: Path
) -> None:
    fills(ann)

    assert run("export", ann.id, "--output", "ann.jsonl").err.startswith(f"Exported of {ann.id}: 2 lists, 10 tasks")
    ended = run("import", "--owner", bob.id, "ann.jsonl")
    run("export", bob.id, "-o", "bob.jsonl")

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines()[:3] == [
        "made           2 lists, 10 tasks, 3 in the trash, 5 completions",
        "there already  nothing",
        "failed         0",
    ]
    assert rows_in(tmp_path / "ann.jsonl") == rows_in(tmp_path / "bob.jsonl")


def test_an_imported_owner_lives_on_as_the_one_it_was_exported_from(
    run: Callable[..., Ended], ann: Person, bob: Person
) -> None:
    fills(ann)
    run("export", ann.id, "--output", "ann.jsonl")
    run("import", "--owner", bob.id, "ann.jsonl")

    def story(person: Person) -> list[Any]:
        """What each does next, and how it comes out, without what is anybody's own."""
        told: list[Any] = [[each["name"] for each in person.get("/lists").json()]]
        errands, garden = (
            next(each["id"] for each in person.get("/lists").json() if each["name"] == name)
            for name in ("Errands", "Garden")
        )
        tasks = {task["title"]: task["id"] for task in person.tasks(limit=500)}
        lists = (errands, garden, "inbox")
        told += [[task["title"] for task in person.tasks(list=one, sort="position")] for one in lists]
        trash = {task["title"]: task["id"] for task in person.get("/trash").json()}
        told.append(list(trash))
        told.append(person.post(f"/trash/{trash['Trashed']}").status_code)
        restored = person.post(f"/tasks/{trash['Trashed']}/restore").json()
        told += [restored["title"], restored["list_id"] == garden]
        told.append([task["title"] for task in person.tasks(list=garden, sort="position")])
        told.append(person.post(f"/tasks/{tasks['Weekly']}/reopen").json()["due_on"])
        open_one = person.get(f"/tasks/{tasks['Weekly']}").json()["occurrence"]
        done = person.post(f"/tasks/{tasks['Weekly']}/complete", json={"occurrence": open_one, "missed": "keep"}).json()
        told += [done["task"]["due_on"], done["task"]["occurrence"], done["completion"]["occurrence_date"]]
        told.append(person.get(f"/tasks/{tasks['Weekly']}/occurrences").json())
        told.append(person.post(f"/tasks/{tasks['Twice']}/reopen").json()["due_at"])
        told.append([each["occurrence"] for each in person.get(f"/tasks/{tasks['Twice']}/completions").json()])
        told.append(person.post(f"/tasks/{tasks['Due']}/move", json={"before": tasks["Younger"]}).status_code)
        person.adds("New")
        told.append([task["title"] for task in person.tasks(list="inbox", sort="position")])
        told.append(sorted(task["title"] for task in person.tasks(q="subtask")))
        return told

    assert story(ann) == story(bob)


def test_twice_adds_nothing(run: Callable[..., Ended], ann: Person, bob: Person, tmp_path: Path) -> None:
    fills(ann)
    run("export", ann.id, "--output", "ann.jsonl")
    run("import", "--owner", bob.id, "ann.jsonl")
    run("export", bob.id, "--output", "bob.jsonl")

    again = [run("import", "--owner", owner, file) for owner in (bob.id, ann.id) for file in ("ann.jsonl", "bob.jsonl")]

    for ended in again[:3]:  # what ann has without uids is found again by ids alone, which are hers
        assert (ended.status, ended.out.splitlines()) == (
            0,
            [
                "made           nothing",
                "there already  2 lists, 10 tasks, 3 in the trash, 5 completions",
                "failed         0",
            ],
        )


def test_a_dry_run_writes_nothing_and_says_the_same(
    run: Callable[..., Ended], ann: Person, bob: Person, tmp_path: Path
) -> None:
    fills(ann)
    run("export", ann.id, "--output", "ann.jsonl")
    lines = (tmp_path / "ann.jsonl").read_text().splitlines()
    more = [
        a_task("alone", parent_uid=uid("nobody")),
        a_task("of a subtask", parent_uid=uid("child")),
        a_task("child", parent_uid=uid("top")),
        a_task("top"),
        a_task("top"),
        {"completion": {**COMPLETION, "task_uid": uid("top")}},
        {"completion": {**COMPLETION, "task_uid": uid("none")}},
        {"completion": {"task_uid": uid("top"), "occurrence": 1}},
        {"list": {"uid": uid("list"), "name": ""}},
        a_task("in it", list_uid=uid("list"), colour="red"),
    ]
    text = [*lines[:-1], *map(json.dumps, more), json.dumps({"lines": len(lines) - 2 + len(more)})]
    (tmp_path / "more.jsonl").write_text("\n".join(text))

    dry = run("import", "--owner", bob.id, "--dry-run", "more.jsonl")
    wrote = run("export", bob.id)
    made = run("import", "--owner", bob.id, "more.jsonl")

    assert (dry.status, made.status) == (1, 1)
    assert dry.out.replace("would be made  ", "made           ") == made.out
    assert wrote.err == f"There is nothing of {bob.id}.\n"
    assert "made           2 lists, 12 tasks, 3 in the trash, 5 completions\n" in made.out
    assert "there already  1 task\n" in made.out
    assert "failed         7\n" in made.out


def test_the_order_of_a_file_is_that_of_its_list_whatever_the_order_of_its_lines(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    ann.adds("Before")
    rows = [
        a_task("c", place=3, parent_uid=uid("d")),
        a_task("b", place=2),
        a_task("d", place=4),
        a_task("a", place=1, parent_uid=uid("d")),
    ]

    run("import", "--owner", ann.id, written(tmp_path / "file", rows))
    ann.adds("Behind")

    order = [task["title"] for task in ann.tasks(list="inbox", sort="position")]
    assert order == ["Before", "Task a", "Task b", "Task c", "Task d", "Behind"]
    tasks = {task["title"]: task for task in ann.tasks()}
    assert tasks["Task a"]["parent_id"] == tasks["Task c"]["parent_id"] == tasks["Task d"]["id"]


def test_a_run_that_broke_off_goes_on_in_the_order_of_the_file(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    rows = [a_task(number, place=number) for number in range(10)]
    # As if it had been stopped behind the first rows it made, which were not the first in order.
    run("import", "--owner", ann.id, written(tmp_path / "file", [rows[7], rows[2], rows[4]]))
    ann.adds("Meanwhile")

    run("import", "--owner", ann.id, written(tmp_path / "file", rows))

    order = [task["title"] for task in ann.tasks(list="inbox", sort="position")]
    assert order == [*(f"Task {number}" for number in range(10)), "Meanwhile"]


# What does not go in


def test_a_file_that_is_cut_is_refused_before_anything_is_written(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    whole = written(tmp_path / "whole", [a_task(number) for number in range(1200)]).read_bytes()

    for length in (len(whole) - 2, len(whole) // 2, 100):
        (tmp_path / "cut").write_bytes(whole[:length])
        ended = run("import", "--owner", ann.id, "cut")
        assert (ended.status, ended.out) == (1, "")
        assert (
            ended.err == "cut is cut: the last line, which says how many there are, is missing. Nothing was written.\n"
        )

    assert ann.tasks() == []


def test_a_row_that_breaks_a_rule_fails_and_the_others_go_in(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    ann.post("/lists", json={"name": "Mine", "uid": uid("mine")}).raise_for_status()
    rows = [
        {"list": {"uid": uid("theirs"), "name": "Theirs", "color": "red"}},
        a_task(1),
        a_task(2, title=""),
        a_task(3, list_uid=uid("theirs")),
        a_task(4, list_uid=uid("mine")),
        a_task(5, parent_uid=uid(2)),
        a_task(6, parent_uid=uid(1)),
        a_task(7, parent_uid=uid(6)),
        {"task": {"title": "Without a uid"}},
        a_task(8, id=7, color="blue"),
    ]

    ended = run("import", "--owner", ann.id, written(tmp_path / "file", rows))

    assert ended.status == 1
    assert ended.out.splitlines() == [
        "made           4 tasks",
        "there already  nothing",
        "failed         6",
        "  line 2: color: A color is written as #rrggbb, in hexadecimal digits.",
        "  line 4: title: At least one character must be one that is not white space.",
        "  line 5: list_uid: The list of this task was not made.",
        "  line 7: parent_uid: There is no such task.",
        "  line 9: Subtasks have one level: a parent has no parent itself, and what has subtasks gets none.",
        "  line 10: uid: This field is required.",
        "fields left out",
        "  color: 1 (line 11)",
    ]
    assert [task["title"] for task in ann.tasks()] == ["Task 1", "Task 4", "Task 6", "Task 8"]


def test_a_task_of_another_program_goes_in_without_a_parent_that_is_not_there(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    pairs = [
        ("lone", "gone"),
        ("own", "own"),
        ("one", "other"),
        ("other", "one"),
        ("deep", "low"),
        ("low", "top"),
        ("top", ""),
    ]
    todos = [
        f"BEGIN:VTODO\nUID:{name}\nSUMMARY:{name}\n{f'RELATED-TO:{parent}' if parent else 'PRIORITY:1'}\nEND:VTODO\n"
        for name, parent in pairs
    ]
    file = tmp_path / "file.ics"
    file.write_text("BEGIN:VCALENDAR\nVERSION:2.0\n" + "".join(todos) + "END:VCALENDAR\n")
    parents = {
        "kind": "tasks#taskLists",
        "items": [{"title": "L", "items": [{"id": "1", "title": "child", "parent": "2"}]}],
    }
    (tmp_path / "file.json").write_text(json.dumps(parents))

    dry, ended = (
        run("import", "--owner", ann.id, "--format", "ics", *options, file) for options in (["--dry-run"], [])
    )
    google = run("import", "--owner", ann.id, "--format", "google-tasks", tmp_path / "file.json")

    assert dry.out.replace("would be made  ", "made           ") == ended.out
    assert (ended.status, google.status) == (0, 0)
    assert ended.out.splitlines()[0] == "made           7 tasks"
    assert (
        "  a parent that is not there: it has become a task of its own: 4 (line 3, 8, 13, 23)" in ended.out.splitlines()
    )
    titles = {task["id"]: task["title"] for task in ann.tasks()}
    parents_of = {task["title"]: titles.get(task["parent_id"]) for task in ann.tasks()}
    assert parents_of == {
        "lone": None,
        "own": None,
        "one": None,
        "other": "one",
        "deep": None,
        "low": "top",
        "top": None,
        "child": None,
    }


def test_limits_of_the_api_are_those_of_a_file(
    run: Callable[..., Ended], ann: Person, bob: Person, tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [{"list": {"uid": uid(f"list {number}"), "name": "List"}} for number in range(501)]
    rows += [a_task("top"), *(a_task(number, parent_uid=uid("top")) for number in range(502))]
    file = written(tmp_path / "file", rows)

    dry, ended = (run("import", "--owner", ann.id, *options, file) for options in (["--dry-run"], []))

    assert dry.out.replace("would be made  ", "made           ") == ended.out
    assert ended.out.splitlines()[:3] == [
        "made           500 lists, 501 tasks",
        "there already  nothing",
        "failed         3",
    ]
    assert "line 502: There are 500 lists" in ended.out
    assert ended.out.count("The parent has 500 subtasks") == 2


def test_a_reminder_whose_time_has_passed_was_not_waited_for_here(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    past = {"created_at": "2020-01-01T00:00:00Z", "reminders": [{"at": "2024-01-01T00:00:00Z"}]}

    run("import", "--owner", ann.id, written(tmp_path / "file", [a_task(1, **past), a_task(2)]))

    old, new = ann.tasks()
    assert old["created_at"].startswith("2020-01-01")
    assert old["updated_at"] == new["created_at"]  # since when the server knows of it, as `since_of` has it
    assert new["updated_at"] is None


def test_a_uid_of_somebody_else_is_free(run: Callable[..., Ended], ann: Person, bob: Person, tmp_path: Path) -> None:
    ann.adds("Hers", uid=uid(1))

    ended = run("import", "--owner", bob.id, written(tmp_path / "file", [a_task(1)]))

    assert ended.out.startswith("made           1 task\n")
    assert [task["title"] for task in (*ann.tasks(), *bob.tasks())] == ["Hers", "Task 1"]


def test_what_the_owner_has_changed_since_stays(run: Callable[..., Ended], ann: Person, tmp_path: Path) -> None:
    file = written(tmp_path / "file", [a_task("top"), a_task("sub", parent_uid=uid("top")), a_task("third")])
    run("import", "--owner", ann.id, file)
    ann.patch(f"/tasks/{uid('third')}", json={"title": "Changed"}).raise_for_status()
    ann.post(f"/tasks/{uid('sub')}/move", json={"parent_id": None}).raise_for_status()
    ann.delete(f"/tasks/{uid('top')}").raise_for_status()

    assert run("import", "--owner", ann.id, file).out.startswith("made           nothing\nthere already  3 tasks\n")
    assert {task["title"]: task["parent_id"] for task in ann.tasks()} == {"Task sub": None, "Changed": None}


def test_a_trash_past_its_retention_stays_away(run: Callable[..., Ended], ann: Person, tmp_path: Path) -> None:
    rows = [
        a_task(1, deleted_at="2020-01-01T00:00:00Z", last_occurrence=2),
        a_task(2, deleted_at="2999-01-01T00:00:00Z"),
        {"completion": {**COMPLETION, "task_uid": uid(1)}},
    ]

    ended = run("import", "--owner", ann.id, written(tmp_path / "file", rows))

    assert (ended.status, ended.out.splitlines()) == (
        0,
        [
            "made           1 in the trash",
            "there already  nothing",
            "failed         0",
            "rows left out",
            "  a completion of a task that was left out: 1 (line 4)",
            "  in the trash for longer than 30 days: 1 (line 2)",
        ],
    )
    assert [task["title"] for task in ann.get("/trash").json()] == ["Task 2"]


@pytest.mark.parametrize(
    ("name", "form", "report"),
    [
        ("House move.csv", "todoist-csv", ("made           1 list, 8 tasks", "failed         1")),
        ("Tasks.json", "google-tasks", ("made           3 lists, 3 tasks", "failed         1")),
        ("errands.ics", "ics", ("made           1 list, 5 tasks", "failed         1")),
    ],
)
def test_files_of_other_programs_go_in_once(
    run: Callable[..., Ended], ann: Person, name: str, form: str, report: tuple[str, str]
) -> None:
    dry, first, second = (
        run("import", "--owner", ann.id, "--format", form, *options, SAMPLES / name)
        for options in (["--dry-run"], [], [])
    )

    assert dry.out.replace("would be made  ", "made           ") == first.out
    made, there, failed = first.out.splitlines()[:3]
    assert (made, there, failed) == (report[0], "there already  nothing", report[1])
    again = second.out.splitlines()
    assert again[:3] == ["made           nothing", made.replace("made         ", "there already"), failed]
    assert "kept in the description" in first.out or form == "google-tasks"


# Refusals


@pytest.mark.parametrize("owner", ["", "x" * 321, "a\nb"])
def test_what_can_be_no_owner_is_refused(refusal: Callable[..., str], database_url: str, owner: str) -> None:
    assert "1 to 320" in refusal("export", owner, DATABASE_URL=database_url)
    assert "1 to 320" in refusal("import", "--owner", owner, "file", DATABASE_URL=database_url)


def test_an_owner_of_whom_there_is_nothing_is_no_file(
    refusal: Callable[..., str], database_url: str, tmp_path: Path
) -> None:
    assert refusal("export", "nobody-at-all", "-o", "file", DATABASE_URL=database_url).startswith("There is nothing of")
    assert list(tmp_path.iterdir()) == []


def test_an_owner_who_has_erased_all_is_an_empty_file(run: Callable[..., Ended], ann: Person, tmp_path: Path) -> None:
    ann.delete(f"/tasks/{ann.adds('Milk')['id']}").raise_for_status()
    ann.delete("/trash").raise_for_status()

    assert run("export", ann.id, "-o", "file").status == 0
    assert run("import", "--owner", ann.id, "file").status == 0
    assert rows_in(tmp_path / "file") == {"list": [], "task": [], "completion": []}


def test_a_database_that_does_not_answer_is_one_sentence(refusal: Callable[..., str], tmp_path: Path) -> None:
    file = str(written(tmp_path / "file", [a_task(1)]))
    nowhere = "postgresql://app:open-sesame@127.0.0.1:1/app"

    for arguments in (("export", "ann"), ("import", "--owner", "ann", file)):
        sentence = refusal(*arguments, DATABASE_URL=nowhere)
        assert "127.0.0.1" in sentence
        assert "open-sesame" not in sentence


def test_an_old_schema_is_one_sentence(
    refusal: Callable[..., str], new_database: Callable[..., str], tmp_path: Path
) -> None:
    file = str(written(tmp_path / "file", [a_task(1)]))

    for arguments in (("export", "ann"), ("import", "--owner", "ann", file)):
        assert "taskward migrate" in refusal(*arguments, DATABASE_URL=new_database())


@pytest.mark.parametrize("output", ["none/file", ".", "x" * 300])
def test_an_export_that_cannot_be_written_is_one_sentence(
    run: Callable[..., Ended], ann: Person, output: str, tmp_path: Path
) -> None:
    ann.adds("Milk")

    ended = run("export", ann.id, "--output", output)

    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("login", ["superuser", "neon", "ordinary"])
def test_every_login_that_works_exports_and_imports(
    taskward: Callable[..., Ended], logins: dict[str, str], tmp_path: Path, login: str
) -> None:
    file = str(written(tmp_path / "file", [a_task(1), a_task(2, parent_uid=uid(1))]))

    def run(*arguments: str) -> Ended:
        return taskward(*arguments, DATABASE_URL=logins[login])

    assert run("import", "--owner", "ann", file).out.startswith("made           2 tasks\n")
    assert run("export", "ann", "-o", "export").err == "Exported of ann: 2 tasks.\n"
    assert run("export", "ann's neighbour").err == "There is nothing of ann's neighbour.\n"
    assert run("import", "--owner", "ann", "export").out.startswith("made           nothing\nthere already  2 tasks\n")


# Files, pipes and terminals


def test_an_export_is_whole_and_readable_for_its_owner_alone(
    run: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    ann.adds("Milk")
    (tmp_path / "file").write_text("older")
    (tmp_path / "link").symlink_to("file")

    run("export", ann.id, "--output", "link")
    printed = run("export", ann.id).out

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text().splitlines()[1:] == printed.splitlines()[1:]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


def test_an_export_goes_through_a_pipe_into_an_import(database_url: str, ann: Person, bob: Person) -> None:
    fills(ann)

    pipe = f"{TASKWARD} export {ann.id} | {TASKWARD} import --owner {bob.id} -"
    ended = subprocess.run(
        ["sh", "-c", pipe], env=environment(DATABASE_URL=database_url), capture_output=True, text=True, timeout=120
    )

    assert ended.stdout.startswith("made           2 lists, 10 tasks, 3 in the trash, 5 completions\n")
    assert "Traceback" not in ended.stderr


def test_a_reader_that_leaves_is_no_traceback(database_url: str, ann: Person) -> None:
    for number in range(3):
        ann.adds("Milk", description="x" * 9_000, uid=uid(number))
    pipe = f"{TASKWARD} export {ann.id} | true"
    ended = subprocess.run(
        ["sh", "-c", pipe], env=environment(DATABASE_URL=database_url), capture_output=True, text=True, timeout=120
    )

    assert "Traceback" not in ended.stderr


def test_a_terminal_shows_how_far_it_is_and_nothing_else_does(database_url: str, ann: Person, tmp_path: Path) -> None:
    file = written(tmp_path / "file", [a_task(number) for number in range(20)])
    command = [TASKWARD, "import", "--owner", ann.id, str(file)]
    terminal, theirs = pty.openpty()

    settings = environment(DATABASE_URL=database_url, TERM="xterm", COLUMNS="100")
    shown = subprocess.run(command, env=settings, stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    os.close(theirs)
    seen = os.read(terminal, 100_000)
    os.close(terminal)

    assert b"Importing" in seen
    assert shown.stdout.startswith(b"made           20 tasks\n")


def test_an_interrupted_import_keeps_what_it_has_made_and_goes_on_when_it_is_run_again(
    run: Callable[..., Ended], database_url: str, ann: Person, tmp_path: Path
) -> None:
    rows = [a_task(number, place=number, description="word " * 200) for number in range(2_000)]
    file = written(tmp_path / "file", rows)
    counting = "select count(*) from tasks where owner_id = %s"
    program = Program(TASKWARD, "import", "--owner", ann.id, str(file), env=environment(DATABASE_URL=database_url))

    eventually(lambda: asked(database_url, counting, ann.id)[0][0], within_seconds=120)
    program.process.send_signal(signal.SIGINT)
    status = program.process.wait(timeout=120)
    [(made,)] = asked(database_url, counting, ann.id)
    again = run("import", "--owner", ann.id, file)

    if status:  # it was not quicker than the signal
        eventually(lambda: any("the same command goes on" in line for line in program.err))
        assert not any("Traceback" in line for line in program.err)
        assert 0 < made < 2_000
    assert (again.status, again.out.splitlines()[1]) == (0, f"there already  {made} tasks")
    order = [ann.tasks(list="inbox", sort="position", limit=500, skip=skip) for skip in (0, 1_500)]
    assert [task["title"] for page in order for task in page] == [
        f"Task {number}" for number in (*range(500), *range(1_500, 2_000))
    ]


def test_an_import_without_room_for_why_rows_failed_makes_the_others_and_says_so(
    run_on_a_small_disk: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    unfit = [a_task(number, title="") | {"padding": number} for number in range(30_000)]
    file = written(tmp_path / "file", [a_task("first"), *unfit, a_task("last")])

    ended = run_on_a_small_disk("import", "--owner", ann.id, str(file))

    assert ended.status == 1
    assert ended.out.splitlines() == [
        "made           2 tasks",
        "there already  nothing",
        "failed         30000",
        "  why could not be kept until here: there is no room for temporary files. Set TMPDIR to a folder with more, "
        "and run the same command again.",
    ]
    assert ended.err == ""
    assert [task["title"] for task in ann.tasks()] == ["Task first", "Task last"]


def test_a_dry_run_without_room_for_what_it_would_make_is_one_sentence(
    run_on_a_small_disk: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    families = [[a_task(f), *(a_task((f, n), parent_uid=uid(f)) for n in range(500))] for f in range(46)]
    file = written(tmp_path / "file", [task for family in families for task in family])

    ended = run_on_a_small_disk("import", "--dry-run", "--owner", ann.id, str(file))

    assert (ended.status, ended.err) == (
        1,
        "There is no room for temporary files: set TMPDIR to a folder with more. Nothing was written.\n",
    )
    assert ended.out.startswith("would be made  ")


def test_a_file_that_has_no_room_is_one_sentence(
    run_on_a_small_disk: Callable[..., Ended], ann: Person, tmp_path: Path
) -> None:
    for number in range(20):
        ann.adds("Milk", description="x" * 9_000, uid=uid(number))
    os.mkfifo(tmp_path / "pipe")
    rows = [a_task(number, description="x" * 9_000) for number in range(20)]
    writing = threading.Thread(target=lambda: written(tmp_path / "pipe", rows), daemon=True)
    writing.start()

    for arguments in (["export", ann.id], ["import", "--owner", ann.id, "pipe"]):
        ended = run_on_a_small_disk(*arguments)

        assert (ended.status, ended.out) == (1, "")
        assert ended.err == f"What is read cannot be kept in {gettempdir()}: File too large.\n"


def test_an_export_where_no_disk_has_room_is_one_sentence(database_url: str, ann: Person) -> None:
    ann.adds("Milk")

    # Without coverage, which would have nowhere to write to either.
    ended = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; exec env -u COVERAGE_PROCESS_CONFIG {TASKWARD} export {ann.id}"],
        env=environment(DATABASE_URL=database_url),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("What is read cannot be kept: No usable temporary directory found in ")


def test_what_is_imported_is_told_to_the_application_where_it_has_a_webhook(
    taskward: Callable[..., Ended], database_url: str, ann: Person, bob: Person, tmp_path: Path
) -> None:
    file = str(written(tmp_path / "file", [a_task(1)]))
    webhook = {"WEBHOOK_URL": "https://app.example/hook", "WEBHOOK_SECRET": f"whsec_{b64encode(bytes(32)).decode()}"}

    for owner, settings in ((ann, webhook), (bob, {})):
        assert taskward("import", "--owner", owner.id, file, DATABASE_URL=database_url, **settings).status == 0

    noting = "select news_since is not null from owner where owner_id = %s"
    assert [asked(database_url, noting, owner.id) for owner in (ann, bob)] == [[(True,)], [(False,)]]
