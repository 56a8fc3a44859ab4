import json
import stat
import subprocess
import sys
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import jwt
import pytest

from taskward.auth.issuer import LocalIssuer, local_issuer
from taskward.settings import SettingsError, read_settings


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def test_a_token_has_the_shape_of_better_auths(tmp_path: Path) -> None:
    issuer = local_issuer(tmp_path)
    token = issuer.token("ann", expires_in_seconds=60, now=1000.9)

    (key,) = issuer.key_set.keys.values()
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": key.id[0]}
    assert claims_of(token) == {
        "iat": 1000,
        "exp": 1060,
        "iss": "urn:taskward:local-issuer",
        "aud": "urn:taskward:local",
        "sub": "ann",
    }


def test_its_issuer_and_audience_can_be_the_origin_of_no_server() -> None:
    for name in (LocalIssuer.issuer, LocalIssuer.audience):
        with pytest.raises(SettingsError):
            read_settings(better_auth_url=name)


@pytest.mark.parametrize("user", ["", " ann", "ann\n", "a" * 256, "\0", "\ud800"])
def test_a_user_that_no_token_could_name_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(ValueError, match="1 to 255 printable characters"):
        local_issuer(tmp_path).token(user, expires_in_seconds=60, now=0)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    first = local_issuer(folder)
    path = folder / "issuer.json"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"kid", "kty", "crv", "x", "d"}
    path.chmod(0o644)
    assert same_key(local_issuer(folder), first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not same_key(local_issuer(tmp_path), first)
    assert [found.name for found in folder.iterdir()] == ["issuer.json"]


def same_key(one: LocalIssuer, other: LocalIssuer) -> bool:
    return claims_signed(one) == claims_signed(other)


def claims_signed(issuer: LocalIssuer) -> str:
    """Ed25519 signs the same words in the same way each time."""
    return issuer.token("ann", expires_in_seconds=1, now=0)


def test_processes_that_begin_together_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from taskward.auth.issuer import local_issuer; sys.stdin.read();"
        "print(local_issuer(pathlib.Path(sys.argv[1])).token('ann', expires_in_seconds=1, now=0))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / "data"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None

    printed = {process.communicate()[0] for process in started}

    assert printed == {claims_signed(local_issuer(tmp_path / "data")).encode() + b"\n"}


def test_a_key_that_a_process_could_not_finish_to_write_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "issuer.json").touch()

    assert same_key(local_issuer(tmp_path), local_issuer(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"{",
        lambda _: b"\xff",
        lambda _: b"[]",
        lambda _: b"null",
        lambda key: json.dumps({**key, "kid": ""}).encode(),
        lambda key: json.dumps({**key, "kid": 5}).encode(),
        lambda key: json.dumps({**key, "crv": "Ed448"}).encode(),
        lambda key: json.dumps({**key, "d": None}).encode(),
        lambda key: json.dumps({**key, "d": "AAAA"}).encode(),
        lambda key: json.dumps({**key, "d": "A" * 43}).encode(),
        lambda key: json.dumps({name: value for name, value in key.items() if name != "d"}).encode(),
        lambda key: json.dumps({name: value for name, value in key.items() if name != "kid"}).encode(),
        lambda key: json.dumps(key).encode()[:-9],
    ],
    ids=range(13),
)
def test_a_damaged_key_is_told_in_one_sentence(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "issuer.json"
    local_issuer(tmp_path)
    path.write_bytes(change(json.loads(path.read_text())))

    with pytest.raises(SettingsError) as refused:
        local_issuer(tmp_path)
    assert str(refused.value) == f"{path} is damaged: delete it, and a new key is made in its place."


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    with pytest.raises(SettingsError) as refused:
        local_issuer(in_the_way)
    assert str(refused.value) == f"DATA_DIR must be writable, but {in_the_way}/issuer.json is not: File exists."

    (tmp_path / "issuer.json").mkdir()
    with pytest.raises(SettingsError, match=r"issuer.json is not: Is a directory\.$"):
        local_issuer(tmp_path)
