"""The commands of the program `taskward`. What an operator can mend is one sentence on standard error, and status 1.

What a command needs it imports itself, so that the small ones answer at once.
"""

import gc
import ipaddress
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from socket import socket

    from taskward.operations.doctor import Finding
    from taskward.operations.files.source import Source
    from taskward.operations.supervisor import Supervisor
    from taskward.settings import Settings

LONGEST_TOKEN_SECONDS = 10 * 365 * 24 * 3600

log = logging.getLogger("taskward")

app = typer.Typer(
    help="A task API for applications whose users sign in with Better Auth.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one.", show_default="PORT, or 8000")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the embedded PostgreSQL and the local issuer.", show_default="DATA_DIR, or .taskward"),
]
OWNER = "The `sub` of the tokens, or CLAIM:VALUE of another (OWNER_CLAIM)."


class FileFormat(StrEnum):
    TASKWARD = "taskward"
    TODOIST = "todoist-csv"
    GOOGLE = "google-tasks"
    ICALENDAR = "ics"


class Refused(Exception):
    """An argument that will not do, as one sentence."""


# By name, because importing them all would keep a refusal waiting for a second.
EXPECTED = {
    "taskward.operations.cli.Refused",
    "taskward.settings.SettingsError",
    "taskward.operations.listener.CannotListen",
    "taskward.operations.supervisor.StartRefused",
    "taskward.operations.embedded.EmbeddedError",
    "taskward.postgres.failures.DatabaseRefused",
    "taskward.migrations.MigrationRefused",
    "taskward.operations.retention.RetentionRefused",
    "taskward.operations.exporting.ExportRefused",
    "taskward.operations.files.source.FileRefused",
}


def run(arguments: Sequence[str], supervisor: "Supervisor | None") -> None:
    """`supervisor` is for `serve`, which has one."""
    try:
        app(arguments, obj=supervisor)
    except Exception as error:
        if f"{type(error).__module__}.{type(error).__qualname__}" not in EXPECTED:
            raise
        typer.echo(str(error), err=True)
        sys.exit(1)


def print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib import metadata

        typer.echo(metadata.version("taskward"))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Another than this machine alone needs BETTER_AUTH_URL.")] = "127.0.0.1",
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Run the API to try it, with a database, a token and a curl line. Reads .env too; Ctrl-C ends it."""
    gc.disable()  # what start-up makes stays; the application turns it on when it has started
    from taskward import logs
    from taskward.operations.exposition import exposed
    from taskward.operations.listener import listen

    settings = read(data_dir, env_file=".env")
    refuse_surroundings(settings)
    signal.signal(signal.SIGTERM, leave)
    logs.configure(format=settings.log_format or "console", level=settings.log_level)
    with listen(host, settings.port if port is None else port) as listener:
        is_private = ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
        if not is_private and not can_verify(settings):
            raise Refused(f"To listen on {host} set BETTER_AUTH_URL: the local issuer is for this machine alone.")
        if not can_verify(settings) and "sub" not in settings.owner_claim:
            raise Refused("OWNER_CLAIM must list sub too, which is all that tokens of the local issuer say of a user.")
        # The application is imported, which is most of a start, while the database is made or starts.
        importing = threading.Thread(target=import_module, args=["taskward.app"], daemon=True)
        importing.start()
        with exposed(settings.metrics_at), database_of(settings, say=typer.echo) as (url, direct_url):
            importing.join()
            run_dev(settings, listener, url, direct_url, is_private=is_private)


def run_dev(settings: "Settings", listener: "socket", url: str, direct_url: str, *, is_private: bool) -> None:
    from pydantic import SecretStr

    from taskward.app import create_app
    from taskward.auth.issuer import local_issuer
    from taskward.migrations import migrate
    from taskward.operations import worker
    from taskward.operations.exposition import observe
    from taskward.postgres.connecting import database_at
    from taskward.resources.news import News

    if settings.database_url is not None:
        typer.echo(f"Migrating the database {database_at(direct_url)}.")
    migrate(direct_url)
    is_local = is_private and settings.jwt_hs256_secret is None and "sub" in settings.owner_claim
    issuer = local_issuer(settings.data_dir) if is_local else None
    token = issuer.token("alice", expires_in_seconds=3600, now=time.time()) if issuer is not None else None
    complete = settings if settings.database_url else settings.model_copy(update={"database_url": SecretStr(url)})
    base = base_url(listener.getsockname())
    news = News()
    app = create_app(complete, local_issuer=issuer, observe=observe, news=news)
    worker.run(app, listener, ready=lambda: welcome(settings, base, token), news=news)


def welcome(settings: "Settings", base: str, token: str | None) -> None:
    trusted = (
        "signed with JWT_HS256_SECRET"
        if settings.jwt_hs256_secret is not None
        else f"of {' and '.join(settings.issuers)}"
    )
    lines = [f"Taskward is at {base}, its documentation at {base}/docs."]
    if token is None:
        lines += [f"Tokens {trusted} are accepted; the local issuer is off."]
    elif settings.issuers:
        lines += [f"Tokens {trusted} are accepted, and those of `taskward token`."]
    pages = " and ".join(settings.cors_origins)
    lines += [f"Pages of {pages or 'no origin'} may call it: CORS_ORIGINS names them."]
    if settings.mcp_audience is not None:
        lines += [f"Assistants are let in at {settings.mcp_audience}."]
    if token is not None:
        lines += ["", "A token for alice, good for an hour:", token]
    lines += [
        "",
        "Try it:",
        f"curl {base}{settings.api_prefix}/tasks -H 'Authorization: Bearer {token or 'TOKEN'}' "
        """-H 'Content-Type: application/json' -d '{"title": "Buy milk"}'""",
        "",
    ]
    with suppress(OSError):  # nobody reads it any more, which is no reason to stop
        typer.echo("\n".join(lines))


@app.command()
def token(
    user: Annotated[str, typer.Option(help="The `sub` of the token: whose tasks it opens.")] = "alice",
    expires_in: Annotated[int, typer.Option(help="Seconds.")] = 3600,
    data_dir: DataDir = None,
) -> None:
    """Print a token of the local issuer, which `taskward dev` accepts."""
    from taskward.auth.issuer import local_issuer

    if not 1 <= expires_in <= LONGEST_TOKEN_SECONDS:
        raise Refused(f"--expires-in must be 1 to {LONGEST_TOKEN_SECONDS} seconds.")
    # With `.env`, as `dev` reads it: both must come to the same folder.
    issuer = local_issuer(read(data_dir, env_file=".env").data_dir)
    try:
        typer.echo(issuer.token(user, expires_in_seconds=expires_in, now=time.time()))
    except ValueError as error:
        raise Refused(str(error)) from None


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[
        str | None,
        typer.Option(help="An address of this machine.", show_default="HOST, or 0.0.0.0, which is all of them"),
    ] = None,
    port: Port = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Processes that answer requests.", show_default="WORKERS, or 1"),
    ] = None,
) -> None:
    """Run the API in production: needs BETTER_AUTH_URL or JWT_HS256_SECRET. SIGHUP renews the workers."""
    gc.disable()  # what start-up makes stays
    from taskward import logs
    from taskward.auth.authenticator import authenticator
    from taskward.operations.exposition import FOLDER, exposed
    from taskward.operations.listener import listen

    signal.signal(signal.SIGTERM, leave)
    supervisor: Supervisor = context.obj
    settings = read()
    if not can_verify(settings):
        raise Refused("BETTER_AUTH_URL is missing: it names the Better Auth server whose tokens are accepted.")
    refuse_surroundings(settings)
    authenticator(settings)  # refuses before a database is made what each worker would refuse
    logs.configure(format=settings.log_format or "json", level=settings.log_level)
    with (
        listen(host or settings.host, settings.port if port is None else port) as listener,
        exposed(settings.metrics_at) as forget_process,
        database_of(settings, say=log.info) as (url, direct_url),
    ):
        if settings.database_url is None:
            from taskward.migrations import migrate

            folder = settings.data_dir.absolute()
            log.warning("DATABASE_URL is not set: serving from the embedded database in %s", folder)
            migrate(direct_url)
        environment = {"DATABASE_URL": url, "DATABASE_DIRECT_URL": direct_url}
        if FOLDER in os.environ:
            environment[FOLDER] = os.environ[FOLDER]
        address = base_url(listener.getsockname())
        gc.freeze()
        gc.enable()
        status = supervisor.run(
            listener,
            workers=workers or settings.workers,
            environment=environment,
            ready=lambda: log.info("listening at %s", address),
            on_worker_exit=forget_process,
        )
    raise typer.Exit(status)


@app.command()
def migrate(
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL for psql, and change nothing.")] = False,
) -> None:
    """Bring the schema to this release, over DATABASE_DIRECT_URL (by default DATABASE_URL, unpooled)."""
    from taskward import migrations
    from taskward.postgres.connecting import database_at

    if sql:
        typer.echo(migrations.script())
        return
    with database_of(read(), say=typer.echo, is_direct_enough=True) as (_, direct_url):
        before = migrations.migrate(direct_url, say=typer.echo)
    where = database_at(direct_url)
    if before == migrations.HEAD:
        typer.echo(f"The database {where} is at {before} already, which is this release's.")
    else:
        typer.echo(f"Migrated the database {where} from {before or 'nothing'} to {migrations.HEAD}.")


@app.command()
def purge() -> None:
    """End what is past its retention: idempotency keys after a day, the trash after TRASH_DAYS. Run it daily."""
    from taskward.operations import retention
    from taskward.operations.numbers import number_of

    settings = read()
    with database_of(settings, say=typer.echo) as (_, direct_url):
        purged = retention.purge(direct_url, trash_days=settings.trash_days)
    for table, count in purged.items():
        erased = f", erased the content of {count.erased}" if table == "tasks" else ""
        typer.echo(f"{table}: removed {number_of(count.removed, 'expired row')}{erased}.")


@app.command()
def export(
    owner: Annotated[str, typer.Argument(help=OWNER)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file, made whole or not at all.", show_default="standard output"),
    ] = None,
) -> None:
    """Write all that one owner has, the trash too, as lines of JSON, which `taskward import` reads."""
    from datetime import UTC, datetime

    from taskward.operations import exporting
    from taskward.operations.files.report import counted

    settings = read()
    refuse_owner(owner)
    with (
        database_of(settings, say=warn) as (_, direct_url),
        exporting.exported(direct_url, owner, trash_days=settings.trash_days, now=datetime.now(UTC)) as (file, counts),
    ):
        if output is None:
            exporting.print_out(file)
        else:
            exporting.save(file, output)
    warn(f"Exported of {owner}: {counted(counts)}.")


WRITTEN_STAYS = "What is written stays; the same command goes on where this one stopped."


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="- is standard input.")],
    owner: Annotated[str, typer.Option(help=OWNER)],
    file_format: Annotated[FileFormat, typer.Option("--format", help="Whose file it is.")] = FileFormat.TASKWARD,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, and tell what would be made.")] = False,
) -> None:
    """Make what is in a file: of `taskward export`, Todoist, Google Takeout or a calendar. Twice adds nothing."""
    from taskward.operations import importing
    from taskward.operations.files.report import reporting

    settings = read()
    refuse_owner(owner)
    logging.getLogger("taskward.database").addHandler(logging.NullHandler())  # what it says is the refusal's sentence
    with reporting() as rows, database_of(settings, say=warn) as (url, _):
        stopped = importing.imported(
            file,
            rows=rows,
            name=file_format,
            url=url,
            owner_id=owner,
            trash_days=settings.trash_days,
            is_told=settings.webhook_url is not None,
            is_dry_run=dry_run,
            show=progress,
        )
        for line in rows.lines(is_dry_run=dry_run):
            typer.echo(line)
    if stopped is not None:
        raise Refused(f"{stopped} {'Nothing was written.' if dry_run else WRITTEN_STAYS}")
    if rows.failed:
        raise typer.Exit(1)


@contextmanager
def progress(source: "Source") -> "Iterator[Callable[[], None]]":
    """A bar on a terminal; what is called tells it that there is progress."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Importing", total=source.size)
        yield lambda: bar.update(task, completed=source.bytes_read)


def refuse_owner(owner: str) -> None:
    from taskward.resources.clock import MAX_OWNER_LENGTH

    if not owner or len(owner) > MAX_OWNER_LENGTH or not owner.isprintable():
        raise Refused(f"An owner has 1 to {MAX_OWNER_LENGTH} printable characters.")


def warn(sentence: str) -> None:
    """Beside what is written to standard output."""
    typer.echo(sentence, err=True)


@app.command()
def forget(
    owner: Annotated[str, typer.Argument(help=OWNER)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove every row of one owner, for good."""
    from taskward.operations import retention
    from taskward.operations.numbers import number_of
    from taskward.postgres.connecting import database_at

    with database_of(read(), say=typer.echo) as (_, direct_url):
        if not yes:
            typer.confirm(f"Remove everything of {owner} from the database {database_at(direct_url)}?", abort=True)
        removed = retention.forget(direct_url, owner)
    counts = ", ".join(f"{number_of(count, 'row')} of {table}" for table, count in removed.items())
    typer.echo(f"Forgot {owner}: removed {counts}." if any(removed.values()) else f"There was nothing of {owner}.")


@app.command()
def restored(
    ids: Annotated[
        int, typer.Option(min=1, max=10**12, help="By how many the ids are lifted: more than were made since.")
    ] = 1_000_000,
) -> None:
    """Run it once a backup is restored, or a Neon branch reset: no id, version or ETag from after it comes again."""
    from taskward.operations import restored
    from taskward.operations.numbers import number_of
    from taskward.postgres.connecting import database_at

    with database_of(read(), say=typer.echo, is_direct_enough=True) as (_, direct_url):
        done = restored.restored(direct_url, ids=ids, say=typer.echo)
    stamped = f"{number_of(done.rows, 'row')} of {number_of(done.owners, 'owner')}"
    typer.echo(f"Stamped {stamped} in the database {database_at(direct_url)}.")


@app.command()
def doctor() -> None:
    """Check settings, keys, database, isolation and clock: a line each, and status 1 when something is wrong."""
    from taskward.operations.doctor import Finding, examine
    from taskward.operations.embedded.cluster import is_made
    from taskward.operations.surroundings import fault_in_surroundings

    settings = read()
    fault = fault_in_surroundings(settings)
    if fault is not None:  # with which nothing that is looked at below tells anything
        raise typer.Exit(report([Finding("fail", "settings", fault)]))
    has_database = settings.direct_url is not None or is_made(settings.data_dir)
    database = database_of(settings, say=lambda _: None) if has_database else nullcontext((None, None))
    with database as (url, direct_url):
        status = report(examine(settings, url, direct_url, clock=time.time))
    raise typer.Exit(status)


def report(findings: "Iterable[Finding]") -> int:
    """A line each, as they are made; the exit status that they come to."""
    status = 0
    for finding in findings:
        typer.echo(f"{finding.level:<4}  {finding.about:<10}  {finding.sentence}")
        if finding.level == "fail":
            status = 1
    return status


webhook = typer.Typer(help="Where your own application is told of changes (WEBHOOK_URL).", no_args_is_help=True)
app.add_typer(webhook, name="webhook")


@webhook.command()
def test() -> None:
    """Send one signed event of type webhook.test, and say what was answered; status 1 when it was not taken."""
    from taskward.operations.webhook import tell_test

    settings = read()
    refuse_surroundings(settings)
    is_taken, sentence = tell_test(settings)
    typer.echo(sentence, err=not is_taken)
    raise typer.Exit(0 if is_taken else 1)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from taskward.app import openapi_document

    typer.echo(json.dumps(openapi_document(read()), indent=2))


def read(data_dir: Path | None = None, *, env_file: str | None = None) -> "Settings":
    from taskward.settings import read_settings

    options: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    try:
        return read_settings(_env_file=env_file, **options)
    except (OSError, UnicodeError) as error:
        raise Refused(f"{env_file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None


def can_verify(settings: "Settings") -> bool:
    return settings.jwt_hs256_secret is not None or settings.jwks_url is not None


@contextmanager
def database_of(
    settings: "Settings", *, say: Callable[[str], None], is_direct_enough: bool = False
) -> Iterator[tuple[str, str]]:
    """The database's URL and its direct URL; of the embedded one, which runs meanwhile, when the settings name none."""
    refuse_surroundings(settings)
    if settings.direct_url is None:
        from taskward.operations.embedded import cluster as embedded

        with embedded.start(settings.data_dir, say=say) as database:
            yield database.url, database.url
        return
    if settings.database_url is None and not is_direct_enough:
        raise Refused("DATABASE_URL is missing: DATABASE_DIRECT_URL alone is enough for `migrate` and `restored`.")
    if settings.dropped_parameters:
        names = ", ".join(settings.dropped_parameters)
        log.warning("left out of the database's URL, because only other clients know it: %s", names)
    yield settings.url or settings.direct_url, settings.direct_url


def refuse_surroundings(settings: "Settings") -> None:
    from taskward.operations.surroundings import fault_in_surroundings

    fault = fault_in_surroundings(settings)
    if fault is not None:
        raise Refused(fault)


def base_url(address: tuple[Any, ...]) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104 - where a client finds it
    return f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}"


def leave(*_: object) -> None:
    sys.exit(0)
