"""The table of attacks at the front door: through a real server, to the same refusal, with nothing let in."""

from collections.abc import Iterator

import pytest

from support.answers import problem
from support.attacks import ATTACKS, Attack
from support.key_server import KeyServer, running_key_server
from support.serving import serving
from support.settings import settings_for
from support.signing import Signer, bearer
from support.wire import ask
from taskward.app import create_app


@pytest.fixture(scope="module")
def key_server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        server.keys = Signer(server.origin).public_keys()
        yield server


@pytest.fixture(scope="module")
def api_of_better_auth(key_server: KeyServer, database_url: str) -> Iterator[str]:
    with serving(create_app(settings_for(database_url, better_auth_url=key_server.origin))) as address:
        yield address


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack.passes_http], ids=str)
def test_an_attack_is_refused_at_the_front_door(api_of_better_auth: str, key_server: KeyServer, attack: Attack) -> None:
    signer = Signer(key_server.origin)
    lines = [name + b": " + value for name, value in attack.build(signer)]

    refused = ask(
        api_of_better_auth, b"POST", b"/tasks", headers=[*lines, b"Origin: http://localhost:3000"], body=b"not JSON"
    )

    assert problem(refused, 401, attack.code)
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert ("error=" in refused.headers["www-authenticate"]) == (attack.code != "token_missing")
    assert refused.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_the_door_is_open_to_a_genuine_token(api_of_better_auth: str, key_server: KeyServer) -> None:
    [(name, value)] = bearer(Signer(key_server.origin).token())

    assert ask(api_of_better_auth, b"GET", b"/tasks", headers=[name + b": " + value]).status_code == 200
