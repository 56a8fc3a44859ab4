"""The embedded database: how it is made, who may use it, and where it is kept."""

import os
import re
import shutil
import signal
import stat
import sys
from pathlib import Path
from typing import Any

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
    processes_with,
    refusal,
    start,
    value_of,
)
from support.programs import eventually
from support.requirements import missing
from taskward.operations.embedded import EmbeddedError
from taskward.operations.embedded import cluster as embedded

pytest_plugins = ["support.embedded_fixtures"]


def test_the_first_start_makes_a_database_and_says_so_and_the_next_finds_it_again(new_data_dir: Path) -> None:
    said: list[str] = []

    with start(new_data_dir, said) as first:
        keep(first.url, 7)
    with start(new_data_dir, said) as second:
        found = kept(second.url)

    assert found == 7
    assert second.url == first.url
    assert second.folder == new_data_dir.resolve() / "postgres"
    (line,) = said
    assert str(second.folder) in line


def test_the_cluster_is_durable_utf8_and_reachable_on_loopback_alone(data_dir: Path) -> None:
    with start(data_dir) as database, psycopg.connect(database.url) as connection:
        settings: dict[str, str] = dict(connection.execute("select name, setting from pg_settings").fetchall())
        provider, collation, encoding, version = connection.execute(
            "select datlocprovider, datcollate, pg_encoding_to_char(encoding),"
            " current_setting('server_version_num')::int from pg_database where datname = current_database()"
        ).fetchone() or ("", "", "", 0)

    expected = {"fsync": "on", "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "TimeZone": "UTC"}
    assert expected.items() <= settings.items()
    assert int(settings["max_connections"]) >= 100
    assert encoding == "UTF8"
    assert (provider, collation) == (("b", "C") if version >= 170000 else ("c", "C.UTF-8"))


def test_the_password_is_random_needed_and_for_the_owner_alone(data_dir: Path) -> None:
    with start(data_dir) as database:
        file = database.folder / "password"
        password = file.read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            value_of(database.url.replace(password, "postgres"), "select 1")

        assert len(password) >= 32
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(database.folder.stat().st_mode) & 0o067 == 0
        assert value_of(database, "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'postgres'")


def test_relative_long_and_odd_paths_work(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)

    with start(f"{'long ' * 40}/{'länger ' * 25}/日本 'q' & %s;") as database:
        assert answers(database.url)

    assert database.folder.is_relative_to(place.resolve())
    assert len(str(database.folder)) > 400


def test_a_grown_log_is_put_aside(data_dir: Path) -> None:
    log = data_dir / "postgres" / "server.log"
    log.write_text("grown\n" * 200_000)

    start(data_dir).close()

    assert log.with_name("server.log.1").read_text().startswith("grown")
    assert log.stat().st_size < 10_000


def test_two_first_starts_at_once_make_one_database(use: Use) -> None:
    first, second = answer_all(use(), use())

    assert first["url"] == second["url"]
    assert len(first["said"] + second["said"]) == 1


def test_the_server_stops_with_its_last_user(data_dir: Path) -> None:
    first = start(data_dir)
    second = start(data_dir)
    first.close()
    first.close()

    assert answers(second.url)
    second.close()

    assert not answers(second.url)
    assert not processes_of(second.folder)


def test_a_user_that_comes_while_the_server_stops_gets_a_server(use: Use, data_dir: Path) -> None:
    for number in range(3):
        leaving = use()
        answer(leaving)
        leaving.send(signal.SIGTERM)
        with start(data_dir) as database:
            keep(database.url, 10**number)

            assert kept(database.url) == 7 + int("1" * (number + 1))


def test_closing_survives_that_the_folder_was_removed(data_dir: Path) -> None:
    database = start(data_dir)
    shutil.rmtree(data_dir)

    database.close()

    eventually(lambda: not processes_of(database.folder))


def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(use: Use, new_data_dir: Path) -> None:
    program = use()
    eventually(lambda: list(new_data_dir.glob("postgres/new-*/base/*")))
    program.end(signal.SIGKILL)
    assert not (new_data_dir / "postgres" / "data").exists()
    eventually(lambda: not processes_with(str(new_data_dir)))

    with start(new_data_dir) as database:
        assert answers(database.url)

    assert not list(new_data_dir.glob("postgres/new-*"))


def test_an_ordinary_user_needs_nobodys_leave(use: Use, place: Path, ordinary: dict[str, Any]) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    if ordinary:
        os.chown(private, ordinary["uid"], ordinary["gid"])

    program = use(data_dir=str(private / "data"), **ordinary)
    database = answer(program)

    assert answers(database["url"])
    assert Path(database["folder"]) == (private / "data" / "postgres").resolve()
    program.end()
    assert not processes_of(Path(database["folder"]))


@pytest.mark.usefixtures("root")
def test_an_account_without_a_name_is_sent_to_database_url(use: Use, place: Path, ordinary: dict[str, Any]) -> None:
    home = place / "home"
    home.mkdir()
    os.chown(home, 54321, 54321)

    sentence = refusal(use(data_dir=str(home / "data"), **ordinary | {"uid": 54321, "gid": 54321}))

    assert "uid 54321 has none on this system" in sentence
    assert sentence.endswith("or set DATABASE_URL.")


def test_a_read_only_parent_ends_in_one_sentence(use: Use, place: Path, ordinary: dict[str, Any]) -> None:
    parent = place / "parent"
    parent.mkdir(mode=0o555)

    sentence = refusal(use(data_dir=str(parent / "data"), **ordinary))

    assert f"{parent}/data (Permission denied)" in sentence


def test_a_data_dir_under_a_file_ends_in_one_sentence(place: Path) -> None:
    (place / "file").touch()

    with pytest.raises(EmbeddedError, match=r"cannot use .*file/data \(Not a directory\): set DATA_DIR"):
        start(place / "file" / "data")


@pytest.mark.usefixtures("root")
def test_root_gives_only_the_cluster_away_and_changes_no_folder_above(new_data_dir: Path) -> None:
    new_data_dir.mkdir(mode=0o755)
    above = [new_data_dir, *new_data_dir.parents]
    before = [folder.stat().st_mode for folder in above]

    with start(new_data_dir) as database:
        owners = [path.stat().st_uid for path in (new_data_dir, database.folder, database.folder / "data")]

    assert [folder.stat().st_mode for folder in above] == before
    assert owners[:2] == [0, 0]
    assert owners[2] != 0


@pytest.mark.usefixtures("root")
def test_root_keeps_the_database_elsewhere_when_its_account_cannot_enter_the_folder(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []

    with start(closed / "data", said) as database:
        keep(database.url, 7)
    try:
        with start(closed / "data", said) as again:
            assert kept(again.url) == 7
            assert again.folder == database.folder
        assert (again.folder / "belongs-to").read_text() == str(closed / "data")
    finally:
        shutil.rmtree(database.folder)

    assert database.folder.parent == embedded.RELOCATED
    assert (closed / "data" / "postgres").readlink() == database.folder
    assert len([line for line in said if str(database.folder) in line and str(closed) in line]) == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    with pytest.raises(EmbeddedError, match=f"{database.folder}, which is gone: bring it back, or remove"):
        start(closed / "data")


@pytest.mark.usefixtures("root")
def test_root_is_told_when_its_account_cannot_enter_an_old_database_any_more(data_dir: Path) -> None:
    data_dir.chmod(0o700)

    with pytest.raises(EmbeddedError, match=f"cannot enter {data_dir}/postgres"):
        start(data_dir)


@pytest.mark.usefixtures("root")
def test_root_is_told_whose_the_database_is(data_dir: Path) -> None:
    os.chown(data_dir / "postgres", 12345, 12345)

    with pytest.raises(EmbeddedError, match="postgres belongs to another user: run as that user"):
        start(data_dir)


@pytest.mark.usefixtures("root")
def test_the_account_that_owns_a_cluster_stays_its_owner(data_dir: Path) -> None:
    cluster = data_dir / "postgres" / "data"
    for path in (cluster, *cluster.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)

    with start(data_dir) as again:
        assert kept(again.url) == 7
        assert Path(f"/proc/{postmaster(again.folder)}").stat().st_uid == 12345


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("capability", [pytest.param(0, id="CHOWN"), pytest.param(7, id="SETUID")])
def test_a_root_without_capabilities_is_told_what_it_lacks(use: Use, capability: int) -> None:
    if sys.platform != "linux":
        missing("Only Linux has capabilities.")

    sentence = refusal(use(without_capability=capability))

    assert "CHOWN, SETUID or SETGID" in sentence


def test_a_full_disk_ends_in_one_sentence_and_leaves_nothing_half_made(use: Use, new_data_dir: Path) -> None:
    sentence = refusal(use(largest_file=100_000))

    # Where the account that runs them cannot read the programs, their copies are the first to find no room.
    assert re.search(rf"(could not make a database in|cannot use) {re.escape(str(new_data_dir))}/postgres", sentence)
    assert "File too large" in sentence
    assert not list(new_data_dir.glob("postgres/data")) + list(new_data_dir.glob("postgres/new-*"))
