"""Owners that another claim than `sub` makes: members of an organization share its tasks, and no stranger does."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.answers import problem
from support.people import NO_CERTIFICATES
from support.serving import serving
from support.settings import settings_for
from support.signing import SECRET, signed
from taskward.app import create_app

CLAIMS = "activeOrganizationId,org.id,sub"

Member = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def shared_api(database_url: str) -> Iterator[str]:
    settings = settings_for(database_url, jwt_hs256_secret=SECRET, owner_claim=CLAIMS)
    with serving(create_app(settings)) as address:
        yield address


@pytest.fixture
def member(shared_api: str) -> Iterator[Member]:
    """Somebody by a `sub`, which is a new one if none is given, and other claims."""
    clients: list[httpx.Client] = []

    def make(sub: str | None = None, *, api: str = shared_api, **claims: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {signed(sub or uuid4().hex, **claims)}"}
        clients.append(httpx.Client(base_url=api, headers=headers, timeout=60, trust_env=False, verify=NO_CERTIFICATES))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def acme() -> str:
    return f"acme-{uuid4().hex}"


def titles(client: httpx.Client) -> list[str]:
    answer = client.get("/tasks")
    assert answer.status_code == 200, answer.text
    return [task["title"] for task in answer.json()]


@pytest.mark.parametrize(
    "claims", [lambda name: {"activeOrganizationId": name}, lambda name: {"org": {"id": name, "slug": "x"}}]
)
def test_members_of_an_organization_share_its_tasks_and_have_their_own_without_it(
    member: Member, acme: str, claims: Callable[[str], dict[str, Any]]
) -> None:
    ann, bob, carol = (uuid4().hex for _ in range(3))
    milk = member(ann, **claims(acme)).post("/tasks", json={"title": "Milk"})
    own = member(ann).post("/tasks", json={"title": "Diary"})

    assert milk.status_code == own.status_code == 201
    assert titles(member(ann, **claims(acme))) == titles(member(bob, **claims(acme))) == ["Milk"]
    assert member(bob, **claims(acme)).patch(milk.headers["location"], json={"status": "Done"}).status_code == 200
    assert titles(member(ann)) == ["Diary"]
    for stranger in (member(bob), member(carol), member(ann), member(bob, **claims(f"{acme}-2"))):
        assert "Milk" not in titles(stranger)
        problem(stranger.get(milk.headers["location"]), 404, "task_not_found")


def test_claims_that_say_the_same_are_owners_of_their_own(member: Member, acme: str) -> None:
    for claims in ({"activeOrganizationId": acme}, {"org": {"id": acme}}, {"sub": acme}):
        assert titles(member(**claims)) == []
        member(**claims).post("/tasks", json={"title": next(iter(claims))})
        assert titles(member(**claims)) == [next(iter(claims))]


@pytest.mark.parametrize("own", [{}, {"activeOrganizationId": "my-own"}])
def test_no_sub_reads_the_rows_of_an_organization(member: Member, acme: str, own: dict[str, Any]) -> None:
    member(activeOrganizationId=acme).post("/tasks", json={"title": "Milk"})
    member(org={"id": acme}).post("/tasks", json={"title": "Eggs"})

    for name in ("activeOrganizationId", "org.id"):
        prefixed = f"{name}:{acme}"
        for sub in (prefixed, f"{name}:", f"{prefixed}:", f"{name}::{acme}"):
            problem(member(sub, **own).get("/tasks"), 401, "token_invalid")
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in name)
        looks_alike = {
            *(prefixed.upper(), prefixed.lower(), prefixed.title(), prefixed.replace("i", "\u0131")),
            *(prefixed.replace(":", "\uff1a"), prefixed.replace("-", "\u2010"), f"{wide}:{acme}", f"\u200d{prefixed}"),
            *(f"org:id:{acme}", f"org:{acme}", f"sub:{prefixed}", f"{name}.x:{acme}", f'"{prefixed}"', f"%{prefixed}%"),
            *(f"{prefixed} ", f" {prefixed}", f"{prefixed}\0"),
        }
        for sub in looks_alike - {prefixed}:
            answer = member(sub, **own).get("/tasks")
            assert answer.status_code == 401 or answer.json() == []


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"activeOrganizationId": 7}, "activeOrganizationId"),
        ({"activeOrganizationId": ["acme"]}, "activeOrganizationId"),
        ({"activeOrganizationId": " acme"}, "activeOrganizationId"),
        ({"activeOrganizationId": "x" * 256}, "activeOrganizationId"),
        ({"org": "acme"}, "org.id"),
        ({"org": {"id": {}}}, "org.id"),
    ],
)
def test_a_claim_that_makes_no_owner_is_401_and_named(member: Member, claims: dict[str, Any], named: str) -> None:
    detail = problem(member(**claims).get("/tasks"), 401, "token_invalid")["detail"]

    assert f"The claim {named} of the token" in detail


def test_the_longest_claim_of_the_widest_characters_owns_tasks(member: Member) -> None:
    widest = "".join(chr(0x20000 + number) for number in range(255))

    assert member(activeOrganizationId=widest).post("/tasks", json={"title": widest}).status_code == 201
    assert titles(member(activeOrganizationId=widest)) == [widest]


def test_without_the_sub_in_the_list_a_token_needs_the_claim(member: Member, database_url: str, acme: str) -> None:
    settings = settings_for(database_url, jwt_hs256_secret=SECRET, owner_claim="org.id")
    with serving(create_app(settings)) as api:
        document = problem(member(api=api, activeOrganizationId=acme).get("/tasks"), 401, "token_invalid")

        assert document["detail"] == "The token has no org.id, which says whose the tasks are (OWNER_CLAIM)."
        assert titles(member(api=api, org={"id": acme})) == []


def test_an_organization_shares_its_limit_of_requests_and_its_idempotency_keys(
    member: Member, database_url: str, acme: str
) -> None:
    settings = settings_for(database_url, jwt_hs256_secret=SECRET, owner_claim=CLAIMS, rate_limit_per_minute=3)
    with serving(create_app(settings)) as api:
        ann, bob = (member(api=api, activeOrganizationId=acme) for _ in range(2))
        made = ann.post("/tasks", json={"title": "Milk"}, headers={"Idempotency-Key": "1"})
        again = bob.post("/tasks", json={"title": "Milk"}, headers={"Idempotency-Key": "1"})
        other = bob.post("/tasks", json={"title": "Eggs"}, headers={"Idempotency-Key": "1"})

        assert (again.status_code, again.content) == (201, made.content)
        problem(other, 422, "idempotency_key_reused")
        problem(ann.get("/tasks"), 429, "rate_limited")
        problem(bob.get("/tasks"), 429, "rate_limited")
        assert member(api=api).get("/tasks").status_code == 200
