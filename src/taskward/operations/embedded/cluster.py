"""The cluster of a data folder: made at the first start, and its server shared by every process that uses it.

In `<data_dir>/postgres`:

- `data`: the cluster. As root it belongs to the account that the server runs as, and the folder around it to root.
- `password`, `server.log`, and `port`, which the supervisor keeps locked for as long as it lives.
- `sharers.lock`: every process that uses the database holds it shared; the kernel lets go of it even after kill -9.
- `starting.lock`: held by a process while it starts, so that two first starts make one cluster.
"""

import errno
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from taskward.operations.embedded import EmbeddedError, supervisor
from taskward.operations.embedded.files import POLL_SECONDS, atomic_folder, digest, is_locked, lock, try_lock
from taskward.operations.embedded.programs import (
    Account,
    account_for,
    find_programs,
    has_name,
    installations,
    may_enter,
    run,
)
from taskward.operations.embedded.supervisor import STOP_SECONDS, cluster_name

RELOCATED = Path("/var/lib/taskward")
START_SECONDS = 30


class EmbeddedPostgres:
    """The server, which runs at least until `close` or until this process has ended, however that comes."""

    def __init__(self, url: str, folder: Path, use_lock: int) -> None:
        self.url = url
        self.folder = folder
        self._use_lock: int | None = use_lock

    def close(self) -> None:
        """Returns when the server has stopped or another process uses it, after STOP_SECONDS at the latest."""
        held, self._use_lock = self._use_lock, None
        if held is None:
            return
        deadline = time.monotonic() + STOP_SECONDS
        with suppress(OSError):  # the folder may be gone by now
            while time.monotonic() < deadline:
                # The supervisor alone ever keeps the lock exclusively, while it stops the server.
                has_other_users = not try_lock(held, fcntl.LOCK_EX) and try_lock(held, fcntl.LOCK_SH)
                fcntl.flock(held, fcntl.LOCK_UN)
                if has_other_users or not is_locked(self.folder / "port"):
                    break
                time.sleep(POLL_SECONDS)
        os.close(held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_made(data_dir: Path) -> bool:
    """Whether `start` would find a cluster there. Also true where nobody may look: `start` says why."""
    postgres = data_dir / "postgres"
    try:
        return postgres.is_symlink() or (postgres / "data").exists()
    except OSError:
        return True


def start(data_dir: Path, *, say: Callable[[str], None]) -> EmbeddedPostgres:
    """Makes the cluster if there is none and the server run if it does not; returns when it answers.

    `say` gets a line for a person when something is made. A child that is forked without exec keeps the server too.

    Raises:
        EmbeddedError: no programs, no right, no space, a cluster of another version, a server that does not answer.
    """
    try:
        return start_or_join(Path(os.path.realpath(data_dir)), say)
    except OSError as error:
        if error.errno == errno.EPERM and os.geteuid() == 0:
            raise EmbeddedError(
                "PostgreSQL does not run as root, and this root lacks the capabilities CHOWN, SETUID or SETGID to run "
                "it as another account: run the program as an ordinary user, or set DATABASE_URL."
            ) from None
        unusable = error.filename2 or error.filename or data_dir  # of a copy that failed, what was written
        raise EmbeddedError(
            f"The embedded PostgreSQL cannot use {unusable} ({error.strerror}): "
            "set DATA_DIR to another folder, or set DATABASE_URL."
        ) from None


def start_or_join(data_dir: Path, say: Callable[[str], None]) -> EmbeddedPostgres:
    data_dir.mkdir(parents=True, exist_ok=True)
    account = account_for(data_dir / "postgres" / "data")
    folder = prepare_folder(data_dir, account, say)
    start_lock = lock(folder / "starting.lock", fcntl.LOCK_EX)
    try:
        # A supervisor that stops its server keeps this for itself until the end; from here on it cannot begin to.
        use_lock = lock(folder / "sharers.lock", fcntl.LOCK_SH)
        try:
            url = wait_until_ready(folder) if is_locked(folder / "port") else None
            if url is None and not is_locked(folder / "port"):  # also when the one that there was has just been killed
                start_supervisor(folder, account, say)
                url = wait_until_ready(folder)
            if url is None:
                raise EmbeddedError(f"PostgreSQL did not start in {folder}: {last_lines(folder / 'server.log')}")
            return EmbeddedPostgres(url, folder, use_lock)
        except BaseException:
            os.close(use_lock)
            raise
    finally:
        os.close(start_lock)


def prepare_folder(data_dir: Path, account: Account | None, say: Callable[[str], None]) -> Path:
    """The cluster's folder: elsewhere, with a link to it, where the account cannot enter `data_dir`.

    No mode of any folder but ours is changed.
    """
    postgres = data_dir / "postgres"
    if postgres.is_symlink() and not postgres.exists():
        raise EmbeddedError(
            f"The database of {data_dir} is kept in {postgres.readlink()}, which is gone: "
            f"bring it back, or remove {postgres} to begin with an empty one."
        )
    if account and not postgres.exists() and not may_enter(account, data_dir):
        RELOCATED.mkdir(parents=True, exist_ok=True)
        RELOCATED.chmod(0o711)
        # The link decides, not the name: a data_dir that was removed and made again begins with an empty database.
        elsewhere = Path(tempfile.mkdtemp(prefix=f"{digest(data_dir)}-", dir=RELOCATED))
        try:
            postgres.symlink_to(elsewhere)
            (elsewhere / "belongs-to").write_bytes(os.fsencode(data_dir))
            say(f"PostgreSQL's account cannot enter {data_dir}, so its database is kept in {elsewhere}.")
        except FileExistsError:  # another process was faster
            elsewhere.rmdir()
    postgres.mkdir(mode=0o700, exist_ok=True)
    folder = postgres.resolve()
    if folder.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{folder} belongs to another user: run as that user, or set DATA_DIR to another folder.")
    if account:
        os.chown(folder, -1, account.gid)
        folder.chmod(0o710)
        if not may_enter(account, folder):
            raise EmbeddedError(f"The account that PostgreSQL runs as (uid {account.uid}) cannot enter {folder}.")
    return folder


def start_supervisor(folder: Path, account: Account | None, say: Callable[[str], None]) -> None:
    """Makes the cluster if there is none, and starts the supervisor."""
    for half_made in folder.glob("new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    data, log = folder / "data", folder / "server.log"
    made_by = (data / "PG_VERSION").read_text().strip() if data.exists() else None
    programs, version = find_programs(installations(), folder, account, made_by)
    for old in set(folder.glob("programs-*")).difference(programs.parents):
        shutil.rmtree(old, ignore_errors=True)
    if made_by is None:
        if account is None and not has_name(os.geteuid()):
            raise EmbeddedError(
                f"PostgreSQL makes a database only for accounts with a name, and uid {os.geteuid()} has none on this "
                "system: run the program as a user with a name, or set DATABASE_URL."
            )
        say(f"Making a database in {folder} with PostgreSQL {version}.")
        make_cluster(data, programs, version, account)
    if log.exists() and log.stat().st_size > 1 << 20:
        log.replace(folder / "server.log.1")
    arguments = [str(folder), str(programs), *map(str, account or ())]
    with log.open("ab") as output:
        started = subprocess.run(
            [sys.executable, "-P", "-m", supervisor.__name__, *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # else Ctrl-C would end the server under an app that has work to finish
            check=False,
        )
    if started.returncode != 0:
        raise EmbeddedError(f"PostgreSQL's supervisor did not start: {last_lines(log)}")


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
    with atomic_folder(data) as new:
        if account:
            os.chown(password, *account)
            os.chown(new, *account)
        made = run([programs / "initdb", "-D", new, "--pwfile", password, *options], account)
        if made.returncode != 0:
            problem = " | ".join(made.stderr.splitlines()[-4:])
            raise EmbeddedError(f"PostgreSQL could not make a database in {data.parent}: {problem}")


def wait_until_ready(folder: Path) -> str | None:
    """The URL of the database, once a real connection to the server has been made; None when its supervisor gave up.

    The URL says what a developer's environment must not: PGSSLMODE=require, as Neon proposes it, and its like would
    shut out this server.
    """
    import psycopg  # here, because the supervisor does without, and because the server starts in the meantime

    password = (folder / "password").read_text()
    deadline = time.monotonic() + START_SECONDS
    while is_locked(folder / "port") and time.monotonic() < deadline:
        port = (folder / "port").read_text()
        if not port.endswith("\n"):
            time.sleep(POLL_SECONDS)
            continue
        server = f"postgresql://postgres:{password}@127.0.0.1:{port.strip()}"
        parameters = (
            "sslmode=disable&channel_binding=disable&gssencmode=disable&hostaddr=127.0.0.1&require_auth=scram-sha-256"
        )
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
    return None


def last_lines(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-4:])
