"""The parent of the embedded server: it runs as long as somebody uses it, whatever happens to whom."""

import fcntl
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from support.embedded import (
    Use,
    answer,
    answer_all,
    answers,
    keep,
    kept,
    postmaster,
    processes_of,
    refusal,
    start,
    supervisor,
    value_of,
)
from support.programs import eventually, is_running
from support.requirements import missing
from taskward.operations.embedded import EmbeddedError

pytest_plugins = ["support.embedded_fixtures"]


def test_the_port_is_remembered_and_another_taken_when_it_is_in_use(data_dir: Path) -> None:
    with start(data_dir) as database:
        port = value_of(database, "show port")
    with socket.create_server(("127.0.0.1", int(port))), start(data_dir) as database:
        other_port = value_of(database, "show port")
    with start(data_dir) as database:
        next_port = value_of(database, "show port")

    assert other_port != port
    assert next_port == other_port


def test_the_port_is_waited_for_while_a_server_that_was_left_behind_goes(data_dir: Path) -> None:
    with start(data_dir) as database:
        left_behind = database.folder / "data" / "postmaster.pid"
        text = left_behind.read_text()
    left_behind.write_text(text)
    listener = socket.create_server(("127.0.0.1", int(text.split()[3])))
    threading.Timer(0.5, listener.close).start()

    with start(data_dir) as again:
        assert again.url == database.url


def test_a_port_file_with_nonsense_is_written_anew(data_dir: Path) -> None:
    for nonsense in ("99999", "port"):
        (data_dir / "postgres" / "port").write_text(nonsense)

        with start(data_dir) as database:
            assert answers(database.url)


def test_a_program_that_a_user_started_does_not_keep_the_server(use: Use, data_dir: Path) -> None:
    program = use(data_dir=str(data_dir), child=True)
    database = answer(program)

    try:
        program.end(signal.SIGKILL)
        eventually(lambda: not processes_of(Path(database["folder"])))

        assert is_running(database["child"])
    finally:
        os.kill(database["child"], signal.SIGKILL)


def test_ctrl_c_leaves_the_server_to_an_app_that_finishes_its_work(use: Use, data_dir: Path) -> None:
    program = use(data_dir=str(data_dir), session=True)
    database = answer(program)

    os.killpg(program.pid, signal.SIGINT)

    program.said("finished its work")
    assert program.wait() == 0
    eventually(lambda: not processes_of(Path(database["folder"])))


def test_a_sigterm_to_everybody_leaves_the_server_to_open_connections(data_dir: Path) -> None:
    with start(data_dir) as database:
        with psycopg.connect(database.url) as connection:
            os.kill(supervisor(database.folder), signal.SIGTERM)
            os.kill(postmaster(database.folder), signal.SIGTERM)
            eventually(lambda: not answers(database.url))  # it takes no new ones

            assert connection.execute("select 1").fetchone() == (1,)
        eventually(lambda: not processes_of(database.folder))

        with start(data_dir) as again:
            assert answers(again.url)


def test_nothing_runs_on_after_the_last_user_was_killed_and_nothing_is_lost(use: Use, data_dir: Path) -> None:
    programs = [use(), use()]
    database, _ = answer_all(*programs)
    keep(database["url"], 1)

    for program in programs:
        program.end(signal.SIGKILL)
    eventually(lambda: not processes_of(Path(database["folder"])))

    with start(data_dir) as again:
        assert kept(again.url) == 8


def test_a_killed_server_comes_back_under_the_same_url(data_dir: Path) -> None:
    with start(data_dir) as database:
        os.kill(postmaster(database.folder), signal.SIGKILL)

        eventually(lambda: answers(database.url))

        assert kept(database.url) == 7


def test_the_next_start_recovers_when_the_supervisor_was_killed(data_dir: Path) -> None:
    if sys.platform != "linux":
        missing("Only Linux tells a process that its parent died.")
    with start(data_dir) as database:
        killed = supervisor(database.folder)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: not is_running(killed))

        with start(data_dir) as again:
            assert again.url == database.url
            assert kept(database.url) == 7


def test_a_start_that_meets_a_supervisor_at_its_end_starts_another(data_dir: Path) -> None:
    with (data_dir / "postgres" / "port").open("a") as port:
        fcntl.flock(port, fcntl.LOCK_EX)
        threading.Timer(0.2, port.close).start()

        with start(data_dir) as database:
            assert kept(database.url) == 7


def test_the_next_start_recovers_when_everything_was_killed(use: Use, data_dir: Path) -> None:
    program = use()
    database = answer(program)
    folder = Path(database["folder"])
    keep(database["url"], 1)

    for pid in (supervisor(folder), postmaster(folder), program.pid):
        os.kill(pid, signal.SIGKILL)
    program.wait()

    with start(data_dir) as again:
        assert kept(again.url) == 8


def test_a_frozen_server_is_ended_too(data_dir: Path) -> None:
    database = start(data_dir)
    os.kill(postmaster(database.folder), signal.SIGSTOP)

    database.close()

    eventually(lambda: not processes_of(database.folder))


def test_a_server_that_does_not_start_ends_in_one_sentence_with_the_end_of_its_log(data_dir: Path) -> None:
    with (data_dir / "postgres" / "data" / "postgresql.conf").open("a") as file:
        file.write("nonsense = on\n")

    with pytest.raises(
        EmbeddedError, match=r'did not start in .*: .*unrecognized configuration parameter "nonsense"'
    ) as error:
        start(data_dir)

    assert "\n" not in str(error.value)
    assert not processes_of(data_dir / "postgres")


def test_a_supervisor_that_does_not_start_ends_in_one_sentence(use: Use, data_dir: Path, place: Path) -> None:
    broken = place / "python"
    broken.write_text("#!/bin/sh\necho 'no Python here' >&2\nexit 1\n")
    broken.chmod(0o755)

    sentence = refusal(use(data_dir=str(data_dir), python=str(broken)))

    assert sentence.startswith("PostgreSQL's supervisor did not start: ")
    assert sentence.endswith("no Python here")
