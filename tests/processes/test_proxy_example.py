"""The HAProxy configuration of `docs/operate.md`, with other addresses and a certificate, in front of a running API."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.answers import problem
from support.people import Person
from support.programs import eventually, running
from support.requirements import require_program
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer

PAGE = Path(__file__).parents[2] / "docs" / "operate.md"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1 in one file, as HAProxy reads them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("haproxy") / "site.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@contextmanager
def proxy(api: str, certificate: Path, *, most: int = 600, also: str = "") -> Iterator[str]:
    """The address of one that lets so many requests of one address through; `also` are lines for its backend."""
    haproxy = require_program("haproxy", "try the configuration of docs/operate.md")
    found = re.search(r"```haproxy\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = found[1]
    for written, here in {
        "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/haproxy/site.pem": str(certificate),
        "127.0.0.1:8000": urlsplit(api).netloc,
        "gt 600": f"gt {most}",
    }.items():
        assert configuration.count(written) == 1
        configuration = configuration.replace(written, here)
    configuration += also
    file = certificate.with_name(f"{port}.cfg")
    file.write_text(configuration)
    checked = subprocess.run([haproxy, "-c", "-f", file], capture_output=True, text=True, timeout=120, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "ALERT" not in checked.stderr
    assert "WARNING" not in checked.stderr

    with running(haproxy, "-f", str(file)) as program:
        eventually(lambda: program.process.poll() is None and is_open(port))
        yield f"https://127.0.0.1:{port}"


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def through(address: str, issuer: LocalIssuer) -> Iterator[Person]:
    person = Person("ann", api=address, issuer=issuer)
    person.close()
    headers = {"Authorization": f"Bearer {person.token}"}
    with httpx.Client(base_url=address, headers=headers, verify=False, trust_env=False) as person.http:
        yield person


def test_a_task_lives_behind_the_proxy(api: str, certificate: Path, issuer: LocalIssuer) -> None:
    with proxy(api, certificate) as address, through(address, issuer) as ann:
        lives_through_a_task(ann)


def test_a_proxy_may_take_a_path_off(database_url: str, certificate: Path, issuer: LocalIssuer) -> None:
    """By the line that stands in the page."""
    [line] = re.findall(r"`(http-request replace-path [^`]+)`", PAGE.read_text())
    settings = settings_for(database_url, root_path="/todo-api")
    with (
        serving(create_app(settings, local_issuer=issuer)) as api,
        proxy(api, certificate, also=f"    {line}\n") as address,
        through(address, issuer) as ann,
    ):
        created = ann.post("/todo-api/tasks", json={"title": "Milk"})
        assert ann.get(created.headers["location"]).json() == created.json()
        for path in re.findall(r"""["'](/[^"']+)["']""", ann.get("/todo-api/docs").text):
            assert ann.get(path).status_code == 200


def test_a_proxy_that_compresses_leaves_the_etag_strong(api: str, certificate: Path, issuer: LocalIssuer) -> None:
    gzip = "    compression algo gzip\n    compression type application/json\n"
    with proxy(api, certificate, also=gzip) as address, through(address, issuer) as ann:
        assert "gzip" in ann.http.headers["accept-encoding"]
        lives_through_a_task(ann)


def lives_through_a_task(ann: Person) -> None:
    task = ann.adds("Milk")
    path = f"/tasks/{task['id']}"

    read = ann.get(path, headers={"X-Request-ID": "through-the-proxy"})
    assert (read.json(), read.headers["x-request-id"]) == (task, "through-the-proxy")
    assert ann.send("HEAD", path).headers["etag"] == read.headers["etag"]
    assert ann.get(path, headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    assert ann.patch(path, json={"status": "Done"}, headers={"If-Match": read.headers["etag"]}).status_code == 200
    problem(ann.patch(path, json={}, headers={"If-Match": read.headers["etag"]}), 412, "version_mismatch")
    problem(ann.post("/tasks", json={"title": ""}), 422, "validation_failed")
    problem(ann.post("/tasks", json={"title": "x" * 70_000}), 413, "body_too_large")
    assert ann.delete(path).status_code == 204
    problem(ann.get(path), 404, "task_not_found")
    problem(ann.get("/tasks", headers={"Authorization": "Bearer x"}), 401, "token_invalid")


def test_one_address_asks_only_so_often(api: str, certificate: Path) -> None:
    """Also without a token."""
    with proxy(api, certificate, most=20) as address, httpx.Client(verify=False, trust_env=False) as client:
        answers = [client.get(f"{address}/health") for _ in range(25)]

    refused = answers[-1]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "10"
    assert refused.json()["code"] == "rate_limited"
