"""Files as they are written by other programs, and as nobody should write them: what is read of them."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskward.operations.files.checking import Unfit, checked, values_in
from taskward.operations.files.formats import FORMATS
from taskward.operations.files.records import Flawed, LeftOut, Record, TaskLine, uid_from
from taskward.operations.files.report import MOST_NAMES, reporting
from taskward.operations.files.source import MAX_LINE_BYTES, FileRefused, opened

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SAMPLES = Path(__file__).parents[1] / "support" / "other_programs"

Entry = Record | Flawed | LeftOut
Read = Callable[..., list[Entry]]


def entries(name: str, path: Path) -> list[Entry]:
    with opened(path) as source:
        source.check()
        FORMATS[name].check(source)
        found = list(FORMATS[name].read(source, NOW))
        assert found == list(FORMATS[name].read(source, NOW))  # the same each time
        return found


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(name: str, content: str | bytes) -> list[Entry]:
        path = tmp_path / "Some project.file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return entries(name, path)

    return read


@pytest.fixture
def refused(read: Read) -> Callable[..., str]:
    def refused(name: str, content: str | bytes) -> str:
        with pytest.raises(FileRefused) as refusal:
            read(name, content)
        sentence = str(refusal.value)
        assert sentence.endswith(" Nothing was written.")
        return sentence

    return refused


def tasks(found: list[Entry]) -> dict[str, dict[str, Any]]:
    """By their titles."""
    return {each.fields["title"]: each.fields for each in found if isinstance(each, Record) and each.kind == "task"}


# Samples


def test_every_row_of_todoist_is_accounted_for() -> None:
    found = entries("todoist-csv", SAMPLES / "House move.csv")

    made = tasks(found)
    call, plates, boxes, large = (made[title] for title in list(made)[:4])
    assert (call["title"], call["priority"], call["tags"]) == ("Call the landlord", "high", ["phone", "urgent"])
    assert (call["due_at"], call["time_zone"]) == ("2027-03-10T16:30:00+00:00", "Europe/Warsaw")
    assert call["description"] == "Ask about the keys,\nand the deposit\n\nHe is in on Tuesdays"
    assert (plates["recurrence"], plates["recurrence_anchor"]) == ("FREQ=DAILY;INTERVAL=3", "completion")
    assert plates["tags"] == ["Kitchen"]
    assert boxes["parent_uid"] == large["parent_uid"] == plates["uid"]
    assert made["Water the plants"]["description"] == "DATE: every full moon"
    assert made["Hand over the flat"]["due_on"] == "2027-03-31"
    assert made["Pay the electrician"]["description"] == "DATE: jeden Tag"
    assert [each.name for each in found if isinstance(each, LeftOut)] == [
        "how the project looks in Todoist",
        "a comment, kept in the description of its task",
        "a section, kept as a tag of its tasks",
        "a section, kept as a tag of its tasks",
    ]
    assert len(made) == 9
    assert len(found) == 1 + len(made) + 4  # the list; and the line of commas is no row


def test_every_row_of_google_is_accounted_for() -> None:
    found = entries("google-tasks", SAMPLES / "Tasks.json")

    made = tasks(found)
    lists = [each.fields["name"] for each in found if isinstance(each, Record) and each.kind == "list"]
    assert lists == ["My Tasks", "Garden", "Empty one"]
    assert made["Book the train"]["due_on"] == "2026-03-10"
    assert made["Book the train"]["created_at"] == "2026-02-09T18:30:00.000Z"
    assert made["Compare prices"]["parent_uid"] == made["Book the train"]["uid"]
    assert (made["Compare prices"]["status"], made["Compare prices"]["completed_at"]) == (
        "Done",
        "2026-02-10T08:00:00.000Z",
    )
    assert [each.name for each in found if isinstance(each, LeftOut)] == ["deleted in Google Tasks"]
    assert {name for each in found if isinstance(each, Record) for name in each.left_out} == {"hidden", "links"}
    assert set(made) == {"Book the train", "Compare prices", "", "Order seeds"}
    assert [each.line for each in found][:3] == [4, 10, 24]


def test_every_component_of_a_calendar_is_accounted_for() -> None:
    found = entries("ics", SAMPLES / "errands.ics")

    made = tasks(found)
    parcel, letter = made["Pick up the parcel, and the letter"], made["Write to grandmother"]
    assert (parcel["status"], parcel["priority"], parcel["tags"]) == ("InProgress", "high", ["errand", "town, old"])
    assert (parcel["due_at"], parcel["time_zone"]) == ("2026-03-10T17:00:00+00:00", "Europe/Berlin")
    assert parcel["description"] == "At the post office in Lange Straße.\nBring the card: the one with the photo"
    assert parcel["reminders"] == [{"minutes_before": 30}, {"at": "2026-03-10T07:00:00+00:00"}]
    assert (letter["due_on"], letter["recurrence"]) == ("2026-03-01", "FREQ=MONTHLY;BYMONTHDAY=1")
    assert letter["reminders"] == [{"days_before": 1, "time": "09:00"}]
    assert made["Buy stamps"]["parent_uid"] == letter["uid"]
    assert made["Buy stamps"]["completed_at"] == "2026-02-06T10:15:00+00:00"
    assert (made["Stretch"]["due_on"], made["Stretch"]["description"]) == ("2026-03-01", "RRULE: FREQ=HOURLY")
    assert made[""]["status"] == "Done"  # it was cancelled; without a title it fails later
    assert [each.name for each in found if isinstance(each, LeftOut)] == [
        "a changed occurrence of a series (RECURRENCE-ID)",
        "VEVENT, which is no to-do",
        "VJOURNAL, which is no to-do",
    ]


@pytest.mark.parametrize("name", ["House move.csv", "Tasks.json", "errands.ics"])
def test_every_task_of_a_sample_with_a_title_is_one_that_the_api_takes(name: str) -> None:
    form = {"csv": "todoist-csv", "json": "google-tasks", "ics": "ics"}[name.rpartition(".")[2]]
    records = [each for each in entries(form, SAMPLES / name) if isinstance(each, Record)]

    for record in records:
        if record.kind == "task" and record.fields["title"]:
            line = checked(record)
            assert isinstance(line, TaskLine)
            assert values_in(line)["title"] == record.fields["title"]


# What is refused as a whole


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty."),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"PK\x03\x04....", "unpack"),
        ("TYPE,CONTENT\ntask,Äpfel".encode("latin-1"), "not UTF-8, near byte 18"),
        ("TYPE,CONTENT".encode("utf-16"), "UTF-16"),
        (b"TYPE,CONTENT\ntask,\xc3", "not UTF-8"),
        (b"\x00" * 1000, "is no"),
        (b"[" * 100_000, "is no"),
        (b"nothing of the kind\n", "is no"),
        (b"\n\n\n", ""),
    ],
)
def test_what_is_of_no_format_is_refused_in_a_sentence(
    refused: Callable[..., str], name: str, content: bytes, said: str
) -> None:
    assert said in refused(name, content).replace("is not of", "is no")


HEAD = '{"format": "taskward/1", "exported_at": "2026-11-01T00:00:00+00:00"}\n'
TASK = '{"task": {"uid": "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34", "title": "Milk"}}\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD, "is cut"),
        (HEAD + TASK, "is cut"),
        (HEAD + TASK + '{"lines": ', "is cut"),
        (HEAD + TASK + '{"lines": 1}\n' + TASK, "is cut"),
        (HEAD + TASK + '{"lines": true}', "is cut"),
        (HEAD + TASK + '{"lines": 2}\n', "has 1 row, and had 2"),
        (HEAD + TASK + TASK + '{"lines": 1}\n', "has 2 rows, and had 1"),
        ('{"format": "taskward/2"}\n{"lines": 0}', "newer release"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "--format ics"),
        ("TYPE,CONTENT\n", "--format todoist-csv"),
        ('{\n "kind": "tasks#taskLists"}', "--format google-tasks"),
    ],
)
def test_a_file_of_ours_that_is_cut_is_refused(refused: Callable[..., str], content: str, said: str) -> None:
    assert said in refused("taskward", content)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_an_editor_may_have_touched_a_file_of_ours(read: Read, end: str) -> None:
    found = read("taskward", "\ufeff" + (HEAD + TASK + '{"lines": 1}').replace("\n", end or "\n") + end)

    assert [each.fields["title"] for each in found if isinstance(each, Record)] == ["Milk"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "none", "cannot be read"),
        (loop, "cannot be read"),
        (Path("/dev/zero"), "is no file"),
        (Path("a\0b"), "cannot be read"),
    ):
        with pytest.raises(FileRefused) as refusal, opened(path):
            pass
        assert said in str(refusal.value)


# Rows that fail, and those around them that do not


def test_a_line_of_ours_that_is_none_is_told_and_the_others_are_read(read: Read) -> None:
    wrong = [
        "[]",
        "{}",
        '{"task": {}, "list": {}}',
        '{"task": []}',
        '{"other": {}}',
        '{"task": {"title": "\\ud800"}}',
        '{"task": {"a": 1, "a": 2}}',
        "{" * 1000,
        '{"task": ' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"task": {"title": NaN}}',
        "9" * 10_000,
        "x" * (3 * MAX_LINE_BYTES),
    ]
    found = read("taskward", HEAD + TASK + "".join(f"{line}\n" for line in wrong) + TASK + '{"lines": 14}\n')

    assert [each.line for each in found] == list(range(2, 16))
    assert [each.line for each in found if isinstance(each, Record)] == [2, 15]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": ""}, "title: "),
        ({"title": "x" * 256}, "title: "),
        ({"title": None}, "title: "),
        ({"title": 7}, "title: "),
        ({}, "title: This field is required."),
        ({"title": "x", "description": "x" * 10_001}, "description: "),
        ({"title": "x\0"}, "title: A text holds the character U+0000"),
        ({"title": "x", "due_on": "2026-02-30"}, "due_on: There is no such day in the calendar."),
        ({"title": "x", "due_on": "2026-02-01", "due_at": "2026-02-01T00:00:00Z"}, "not both"),
        ({"title": "x", "time_zone": "Mars/Olympus"}, "time_zone: This is no IANA time zone."),
        ({"title": "x", "tags": ["a", "a"]}, "tags: The same tag stands twice."),
        ({"title": "x", "recurrence": "FREQ=DAILY"}, "recurrence: A task that recurs needs due_on"),
        ({"title": "x", "recurrence": "FREQ=DAILY;COUNT=1", "due_on": "2026-02-01"}, "Nothing follows"),
        ({"title": "x", "reminders": [{"minutes_before": 5}]}, "reminders: minutes_before counts from an instant"),
        ({"title": "x", "completed_at": "2026-02-01T00:00:00Z"}, "Only a task that is Done"),
        ({"title": "x", "place": -1}, "place: "),
        ({"title": "x", "place": 10**20}, "place: "),
        ({"title": "x", "id": "7"}, "id: "),
        ({"title": "x", "uid": "6F1D"}, "uid: "),
    ],
)
def test_what_the_api_would_refuse_fails_in_its_sentence(fields: dict[str, Any], said: str) -> None:
    assert said in failure_of(fields)


def failure_of(fields: dict[str, Any]) -> str:
    try:
        values_of(fields)
    except Unfit as unfit:
        return str(unfit)
    return ""


def values_of(fields: dict[str, Any]) -> dict[str, Any]:
    line = checked(Record(1, "task", fields))
    assert isinstance(line, TaskLine)
    return values_in(line)


SERIES = {
    "title": "x",
    "due_on": "2026-02-05",
    "recurrence": "FREQ=WEEKLY;BYDAY=MO",
    "occurrence": 5,
    "occurrence_date": "2026-02-02",
    "last_occurrence": 5,
    "series_start": "2026-01-05",
    "series_first": 1,
}


def test_a_series_in_its_middle_is_taken_as_it_is() -> None:
    found = values_of(SERIES)

    assert {name: found[name] for name in SERIES} == {**SERIES, "due_on": date(2026, 2, 5)}


@pytest.mark.parametrize(
    "changes",
    [
        {"occurrence": None},
        {"series_first": 6},
        {"occurrence_date": "2026-01-04"},
        {"occurrence_date": "2026-02-30"},
        {"occurrence_date": "2026-02-02T10:00:00"},
        {"series_start": "20260105"},
        {"series_start": None},
        {"series_start": "2026-01-05T10:00:00", "occurrence_date": "2026-02-02T10:00:00"},
        {"due_on": None, "due_at": "2026-02-05T10:00:00Z"},
        {"due_on": None},
        {"recurrence_anchor": "completion"},
        {"recurrence": "FREQ=SECONDLY"},
        {"occurrence": 0},
        {"occurrence": 2**60},
        {"occurrence": True},
    ],
)
def test_a_series_that_no_task_can_have_fails(changes: dict[str, Any]) -> None:
    assert failure_of({**SERIES, **changes})


def test_a_csv_goes_on_behind_what_is_broken(read: Read) -> None:
    lines = [
        "TYPE;CONTENT;INDENT;PRIORITY;DATE",
        "task;First;1;1;",
        "task;Too many cells;1;1;;;;;",
        "job;Of no type;1;1;",
        "task;" + "x" * (2 * MAX_LINE_BYTES),
        f"task;Indent;{'9' * 5000};9;{'9' * 5000}",
        'task;"Two\nlines; and more";2;4;',
        "task;Last;1;;",
        'task;"never closed',
    ]
    found = read("todoist-csv", "\ufeff" + "\r\n".join(lines))

    assert list(tasks(found)) == ["First", "Indent", "Two\nlines; and more", "Last", "never closed"]
    assert [each.line for each in found if isinstance(each, Flawed)] == [3, 4, 5]


def test_a_cell_that_never_ends_is_one_failure(read: Read) -> None:
    found = read("todoist-csv", 'TYPE,CONTENT\ntask,First\ntask,"' + "never closed\n" * 90_000)

    assert list(tasks(found)) == ["First"]
    assert isinstance(found[1], Flawed)
    assert all(isinstance(each, Record | Flawed) for each in found)


def test_a_google_file_of_any_layout_is_read(read: Read) -> None:
    many = [{"id": f"t{number}", "title": f"{number}", "notes": "ü" * 300} for number in range(3000)]
    whole = {"items": [{"items": many, "id": "l", "title": "List"}, {"id": 7}], "kind": "tasks#taskLists"}
    for text in (json.dumps(whole), json.dumps(whole, ensure_ascii=False, indent=1)):
        found = read("google-tasks", text)

        assert len(tasks(found)) == 3000
        assert tasks(found)["2999"]["description"] == "ü" * 300


@pytest.mark.parametrize(
    "content",
    [
        '{"items": [',
        '{"items": [{"items": [{"id": "x"',
        '{"items": [{"items": [1, 2}]}',
        '{"items": []} more',
        '{"items": [{"items": [NaN]}]}',
        '{"items": [{"items": ["' + "x" * (3 * MAX_LINE_BYTES) + '"]}]}',
        '{"kind": "tasks#taskLists"}',
        '{"items": {}}',
        '{"a": ' + "[" * 10_000 + "]" * 10_000 + "}",
    ],
)
def test_a_google_file_that_is_broken_is_refused_before_anything_is_written(
    refused: Callable[..., str], content: str
) -> None:
    assert "Google Takeout" in refused("google-tasks", content)


@pytest.mark.parametrize(
    ("todo", "said"),
    [
        ("SUMMARY:a\r\nno content line", Flawed),
        ("SUMMARY:" + "x" * 300_000, Flawed),
        ("ATTACH:" + "x" * (2 * MAX_LINE_BYTES), Flawed),
        ("SUMMARY:a\r\n" + "BEGIN:X\r\n" * 100 + "END:X\r\n" * 100, Flawed),
        ("SUMMARY:a\r\n" + "BEGIN:VALARM\r\nEND:VALARM\r\n" * 101, Flawed),
        ("SUMMARY:a\r\nBEGIN:VALARM\r\nTRIGGER:-P1W\r\nEND:VALARM", Record),
        ("SUMMARY:a\r\nDUE:20261332T999999Z\r\nPRIORITY:x\r\nPERCENT-COMPLETE:y\r\nSTATUS:?", Record),
        ("SUMMARY:a\r\nDUE;TZID=Nowhere/Land:20260310T180000\r\nDURATION:P1D\r\nCREATED:x", Record),
        ("SUMMARY:a\r\nDTSTART:99991231T235959Z\r\nDURATION:P9999999D\r\nRRULE:FREQ=DAILY", Record),
        ("SUMMARY;LANGUAGE=en:a\r\nDUE;VALUE=DATE:20260310\r\nRRULE:FREQ=WEEKLY;UNTIL=20261231T225959Z", Record),
        ("SUMMARY:a\r\nCATEGORIES:" + ",".join(map(str, range(100))), Record),
        ("SUMMARY:a\r\nRELATED-TO;RELTYPE=SIBLING:x\r\nRELATED-TO:y\r\nRELATED-TO:z", Record),
    ],
)
def test_a_todo_that_is_odd_is_read_or_told(read: Read, todo: str, said: type) -> None:
    text = f"BEGIN:VTODO\r\nUID:1\r\n{todo}\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:2\r\nSUMMARY:b\r\nEND:VTODO\r\n"
    first, second = read("ics", f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n")

    assert isinstance(first, said)
    assert isinstance(second, Record)
    if isinstance(first, Record):
        line = checked(first)
        assert isinstance(line, TaskLine)
        assert values_in(line)["title"] == "a"


def test_a_calendar_that_ends_in_the_middle_of_a_todo_says_so(read: Read) -> None:
    [flawed] = read("ics", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\n")

    assert flawed == Flawed(2, "The file ends in the middle of it.")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/citadel.org/20210210_1/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Nowhere", None),
        ("posix/Europe/Berlin", "Europe/Berlin"),
        ("/" * 10_000, None),
    ],
)
def test_zones_go_by_their_names(read: Read, name: str, zone: str | None) -> None:
    todo = f'UID:1\nSUMMARY:a\nDUE;TZID="{name}":20260310T180000\n'
    [record] = read("ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\n{todo}END:VTODO\nEND:VCALENDAR\n")

    assert isinstance(record, Record)
    assert record.fields.get("time_zone") == zone
    assert ("due_on" in record.fields) == (zone is None)


STARTS = {"taskward": HEAD, "ics": "BEGIN:VCALENDAR\n", "todoist-csv": "TYPE,CONTENT\n", "google-tasks": ""}
ODD = """
BEGIN:VTODO END:VTODO BEGIN:VALARM END:VALARM UID:1 SUMMARY:x DUE:20260310T180000Z DUE;VALUE=DATE:20260310 TRIGGER:-PT5M
RRULE:FREQ=DAILY X-WR-CALNAME:n DURATION:P1D STATUS:COMPLETED RELATED-TO:1 END:VCALENDAR END: TYPE,CONTENT task,a
note,"b section,c { } "items": [ ] "id":"x", {"lines":1}
"""
PIECES = st.sampled_from([*ODD.split(), " folded", "\0", "\u2028"])


@settings(max_examples=40)
@given(st.lists(PIECES | st.text(max_size=20), max_size=30))
def test_no_file_is_too_odd_to_be_read_or_refused(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.file"
    text = "\n".join(pieces).encode(errors="replace")
    for name, start in STARTS.items():
        path.write_bytes(start.encode() + text)
        try:
            found = entries(name, path)
        except FileRefused:
            continue
        for each in found:
            if isinstance(each, Record):
                try:
                    line = checked(each)
                    if isinstance(line, TaskLine):
                        values_in(line)
                except Unfit:
                    pass


# Names


def test_what_a_row_is_called_comes_from_its_source_alone() -> None:
    assert uid_from("ics", "1") == uid_from("ics", "1") != uid_from("google-tasks", "1")


def test_two_projects_with_equal_rows_have_tasks_of_their_own(tmp_path: Path) -> None:
    found = []
    for name in ("One.csv", "Two.csv"):
        (tmp_path / name).write_text("TYPE,CONTENT\ntask,Buy milk\ntask,Buy milk\n")
        found += [each.fields["uid"] for each in entries("todoist-csv", tmp_path / name) if isinstance(each, Record)]

    assert len(set(found)) == len(found) == 6


# The report


def test_a_report_has_a_bounded_number_of_names_and_no_control_characters() -> None:
    with reporting() as told:
        told.leave_out_fields(1, ["\x1b[31mred\n"])
        for number in range(10 * MOST_NAMES):
            told.leave_out_fields(number, [f"field {number}" + "x" * 10_000])
        lines = list(told.lines(is_dry_run=False))

    assert len(lines) < MOST_NAMES + 10
    assert all(line.isprintable() and len(line) < 200 for line in lines)
