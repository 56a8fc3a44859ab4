"""What libraries read of the environment: one sentence at the start, of every command that would meet it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.programs import TASKWARD, Ended, environment, running
from support.signing import SECRET

pytest_plugins = ["support.commands"]

ISSUER = {"BETTER_AUTH_URL": "https://app.example.com"}
HOOK = {"WEBHOOK_URL": "https://app.example.com/tasks", "WEBHOOK_SECRET": f"whsec_{'c2VjcmV0' * 4}"}
NOWHERE = {"DATABASE_URL": "postgresql://app:open-sesame@127.0.0.1:1/app"}

FAULTS = [
    (ISSUER | {"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE names /nowhere/ca.pem, which cannot be read"),
    (ISSUER | {"SSL_CERT_FILE": "/etc/passwd"}, "SSL_CERT_FILE names /etc/passwd, in which there is no certificate"),
    (
        ISSUER | {"SSL_CERT_FILE": "", "SSL_CERT_DIR": "/nowhere"},
        "SSL_CERT_DIR names /nowhere, where there is no folder",
    ),
    (HOOK | {"SSL_CERT_FILE": "/nowhere/hook.pem"}, "SSL_CERT_FILE names /nowhere/hook.pem, which cannot be read"),
    (ISSUER | {"SSLKEYLOGFILE": "/nowhere/keys"}, "SSLKEYLOGFILE names /nowhere/keys, which cannot be written"),
    ({"PGOPTIONS": "-c row_security=off"}, "PGOPTIONS must not set row_security"),
    ({"PGOPTIONS": "-c search_path=a --default-transaction-read-only=on"}, "PGOPTIONS must not set default-"),
    ({"PGOPTIONS": "-crole=postgres"}, "PGOPTIONS must not set role"),
    (
        {"PGOPTIONS": r"-c default_transaction_isolation=repeatable\ read"},
        "PGOPTIONS must not set default_transaction_isolation",
    ),
    ({"PGTARGETSESSIONATTRS": "read-only"}, "PGTARGETSESSIONATTRS must not ask for a server that is read-only"),
    (
        {"DATABASE_URL": "postgresql://u:open-sesame@h/d?options=-c%20row_security%3Doff"},
        "options of DATABASE_URL must not set row_security",
    ),
]


@pytest.mark.parametrize("command", ["serve", "doctor", "migrate", "purge"])
@pytest.mark.parametrize(("settings", "sentence"), FAULTS, ids=[sentence for _, sentence in FAULTS])
def test_what_would_make_everything_fail_is_one_sentence_that_names_it(
    taskward: Callable[..., Ended], command: str, settings: dict[str, str], sentence: str
) -> None:
    verified = {} if "BETTER_AUTH_URL" in settings else {"JWT_HS256_SECRET": SECRET}

    status, out, err = taskward(command, **(NOWHERE | verified | settings))

    assert status == 1
    [said] = (out + err).splitlines()
    assert sentence in said
    assert said.endswith(".")
    assert "open-sesame" not in said


def test_dev_says_it_before_it_makes_anything(tmp_path: Path) -> None:
    for settings, sentence in (
        (ISSUER | {"SSL_CERT_FILE": "/nowhere"}, "SSL_CERT_FILE names /nowhere"),
        ({"PGSERVICE": "nowhere"}, "PGSERVICE must not be set for the embedded database"),
    ):
        with running(TASKWARD, "dev", "--port", "0", env=environment(**settings), cwd=tmp_path) as program:
            assert program.wait() == 1
        [said] = program.err
        assert sentence in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"PGOPTIONS": "-c search_path=a -c statement_timeout=5s"},
        {"PGOPTIONS": "endpoint=ep-a"},
        {"PGTARGETSESSIONATTRS": "read-write"},
        ISSUER | {"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""},
        {"SSL_CERT_FILE": "/nowhere"},  # nothing is fetched by https
    ],
)
def test_what_does_no_harm_is_let_be(taskward: Callable[..., Ended], settings: dict[str, str]) -> None:
    assert "Connection refused; nothing listens there" in taskward("migrate", **(NOWHERE | settings)).err


@pytest.mark.parametrize("name", ["PGHOSTADDR", "PGREQUIREAUTH", "PGSSLMODE", "PGGSSENCMODE"])
def test_the_embedded_database_is_reached_whatever_a_developer_has_set(
    taskward: Callable[..., Ended], name: str
) -> None:
    value = {"PGHOSTADDR": "127.0.0.9", "PGREQUIREAUTH": "none"}.get(name, "require")

    assert taskward("migrate", **{name: value}).status == 0
