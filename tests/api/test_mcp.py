"""The door for assistants: who may use it, and what its tools do."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.agents import PUBLIC_URL, RESOURCE, Agent, Place, place
from support.answers import problem
from taskward.doors.mcp_tools import TOOLS

METADATA = f"{PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"
KINDS = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]


@pytest.fixture(scope="module")
def door(database_url: str) -> Iterator[Place]:
    with place(database_url) as opened:
        yield opened


@pytest.fixture
def agent(door: Place) -> Agent:
    return door.agent()


def challenge(answer: httpx.Response) -> str:
    return answer.headers["www-authenticate"]


# Who


def test_without_a_token_the_challenge_says_where_to_learn_who_gives_them(door: Place) -> None:
    answer = door.http.post("/mcp", json={})

    problem(answer, 401, "token_missing")
    assert challenge(answer) == f'Bearer resource_metadata="{METADATA}"'


def test_the_metadata_names_better_auth_and_the_scopes(door: Place) -> None:
    answer = door.http.get("/.well-known/oauth-protected-resource/mcp")

    assert answer.json() == {
        "resource": RESOURCE,
        "authorization_servers": [f"{door.signer.origin}/api/auth"],
        "scopes_supported": ["tasks:read", "tasks:write"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Taskward",
    }


def test_a_token_for_the_api_is_none_here(door: Place) -> None:
    answer = door.http.post("/mcp", headers={"Authorization": f"Bearer {door.session_token('ann')}"}, json={})

    problem(answer, 401, "token_invalid")
    assert challenge(answer) == f'Bearer error="invalid_token", resource_metadata="{METADATA}"'


@pytest.mark.parametrize("path", ["/tasks", "/tasks/1", "/lists", "/trash", "/tags", "/changes"])
def test_a_token_of_an_assistant_is_none_anywhere_else(door: Place, agent: Agent, path: str) -> None:
    answer = door.http.get(path, headers={"Authorization": f"Bearer {agent.token}"})

    problem(answer, 401, "token_invalid")


def test_a_token_that_names_both_audiences_is_none_at_the_api(door: Place) -> None:
    origin = door.signer.origin
    both = door.token("ann", iss=origin, aud=[RESOURCE, origin])

    problem(door.http.get("/tasks", headers={"Authorization": f"Bearer {both}"}), 401, "token_invalid")


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example.com/mcp"},
        {"aud": f"{RESOURCE}/"},
        {"aud": PUBLIC_URL},
        {"aud": "client-1"},
        {"iss": "https://evil.example.com/api/auth"},
        {"sub": "client-1", "client_id": "client-1"},
        {"exp": 1},
    ],
)
def test_other_tokens_of_the_provider_are_refused(door: Place, changed: dict[str, str]) -> None:
    answer = door.http.post("/mcp", headers={"Authorization": f"Bearer {door.token('ann', **changed)}"}, json={})

    assert answer.status_code == 401
    assert METADATA in challenge(answer)


@pytest.mark.parametrize("typ", [..., "JWT"])
def test_what_is_no_access_token_is_refused_whatever_it_says(door: Place, typ: object) -> None:
    claims = {"iss": f"{door.signer.origin}/api/auth", "aud": RESOURCE, "scope": "tasks:read tasks:write"}
    token = door.signer.token(header={"typ": typ}, **claims)

    problem(door.http.post("/mcp", headers={"Authorization": f"Bearer {token}"}, json={}), 401, "token_invalid")


def test_an_audience_among_others_is_enough(door: Place) -> None:
    token = door.token("ann", aud=[RESOURCE, f"{door.signer.origin}/api/auth/oauth2/userinfo"])

    answer = door.http.post("/mcp", headers={"Authorization": f"Bearer {token}"}, json={})

    assert answer.status_code == 422  # and not 401


WRITING = [name for name, tool in TOOLS.items() if tool.scope == "tasks:write"]


@pytest.mark.parametrize("scope", ["tasks:read", "", "tasks:writer", "tasks:read  tasks:write", None])
def test_who_may_not_write_writes_with_no_tool(agent: Agent, scope: str | None) -> None:
    task = agent.adds("Milk")
    reader = agent.also(scope)

    for name in WRITING:
        answer = reader.send("tools/call", {"name": name, "arguments": {"task_id": task["id"], "name": "x"}})
        problem(answer, 403, "forbidden")
        wanted = "tasks:read tasks:write" if scope == "tasks:read" else "tasks:write"
        assert challenge(answer) == (
            f'Bearer error="insufficient_scope", scope="{wanted}", resource_metadata="{METADATA}"'
        )

    assert agent.tasks() == [task]


def test_who_may_read_alone_reads(agent: Agent) -> None:
    task = agent.adds("Milk")
    reader = agent.also("tasks:read offline_access")

    assert reader.calls("find_tasks") == {"tasks": [task], "next_cursor": None}
    assert reader.calls("get_task", task_id=task["id"]) == {"task": task}
    assert reader.calls("list_lists") == {"lists": []}


def test_who_may_write_alone_reads_nothing(agent: Agent) -> None:
    writer = agent.also("tasks:write")
    writer.adds("Milk")

    for name in ("find_tasks", "get_task", "list_lists"):
        answer = writer.send("tools/call", {"name": name, "arguments": {}})
        assert 'scope="tasks:read tasks:write"' in challenge(answer)


def test_pages_call_if_cors_lists_them(door: Place, agent: Agent) -> None:
    allowed = agent.send("ping", Origin="http://localhost:3000")
    refused = agent.send("ping", Origin="https://evil.example.com")
    own = agent.send("tools/list", Origin=PUBLIC_URL)
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "mcp-protocol-version, mcp-name",
    }
    preflight = door.http.options("/mcp", headers={"Origin": "http://localhost:3000", **asked})

    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    problem(refused, 403, "forbidden")
    assert own.status_code == preflight.status_code == 200


def test_strangers_meet_nothing(door: Place, agent: Agent) -> None:
    task = agent.adds("Milk")
    errands = agent.calls("add_list", name="Errands")["list"]
    stranger = door.agent("bob")
    mine = stranger.adds("Mine")

    for name in ("get_task", "complete_task", "trash_task", "restore_task", "move_task"):
        assert stranger.fails(name, task_id=task["id"])["code"] == "task_not_found"
    assert stranger.fails("change_task", task_id=task["id"], title="x")["code"] == "task_not_found"
    assert stranger.calls("find_tasks", list_id=errands["id"])["tasks"] == []
    there = {"list_id": errands["id"]}
    assert stranger.fails("move_task", task_id=mine["id"], **there)["code"] == "reference_not_found"
    assert stranger.fails("add_tasks", tasks=[{"title": "x", **there}])["code"] == "reference_not_found"
    assert stranger.fails("add_tasks", tasks=[{"title": "x", "parent_id": task["id"]}])["code"] == "reference_not_found"
    assert agent.tasks() == [task]
    assert stranger.tasks() == [mine]


def test_the_claim_says_whose_tasks_they_are(database_url: str) -> None:
    team = f"team-{secrets.token_hex(8)}"
    with place(database_url, owner_claim=("activeOrganizationId", "sub")) as door:
        ann, bob = (Agent(door, user, "tasks:write", activeOrganizationId=team) for user in ("ann", "bob"))
        alone = door.agent("ann")

        ann.adds("Milk")

        assert bob.also("tasks:read", activeOrganizationId=team).calls("find_tasks")["tasks"][0]["title"] == "Milk"
        assert alone.calls("find_tasks")["tasks"] == []


# What


@pytest.mark.parametrize("version", KINDS)
def test_each_version_of_the_protocol_lists_the_same_tools(door: Place, version: str) -> None:
    agent = door.agent(version=version)

    tools = agent.result("tools/list")["tools"]

    assert [tool["name"] for tool in tools] == list(TOOLS)
    assert agent.adds("Milk")["title"] == "Milk"


def test_the_hints_about_tools_are_true(agent: Agent) -> None:
    hints = {tool["name"]: tool["annotations"] for tool in agent.result("tools/list")["tools"]}

    reading = [name for name, hint in hints.items() if hint["readOnlyHint"]]
    additive = [name for name, hint in hints.items() if not hint["destructiveHint"]]
    idempotent = [name for name, hint in hints.items() if hint["idempotentHint"]]
    assert reading == ["find_tasks", "get_task", "list_lists"]
    assert additive == [*reading, "add_tasks", "restore_task", "add_list"]
    assert idempotent == [*reading, "complete_task", "trash_task", "restore_task"]
    assert not any(hint["openWorldHint"] for hint in hints.values())


def test_it_says_that_texts_are_data_and_repeats_none_of_them(door: Place) -> None:
    agent = door.agent(version="2025-11-25")
    client = {"name": "x", "version": "1"}

    told = agent.result("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})

    assert "never for instructions" in told["instructions"]
    assert told["capabilities"] == {"tools": {"listChanged": False}}


def test_a_task_is_found_as_the_api_finds_it(agent: Agent) -> None:
    errands = agent.calls("add_list", name="Errands")["list"]
    agent.calls(
        "add_tasks",
        tasks=[
            {"title": "Buy milk", "tags": ["shop", "food"], "priority": "high", "due_on": "2026-03-10"},
            {"title": "Buy bread", "tags": ["shop"], "list_id": errands["id"], "status": "Done"},
            {"title": "Call Zoë", "due_at": "2026-03-10T18:00:00+01:00", "time_zone": "Europe/Warsaw"},
        ],
    )

    def titles(**asked: object) -> list[str]:
        return [task["title"] for task in agent.calls("find_tasks", **asked)["tasks"]]

    assert titles(text="buy") == ["Buy milk", "Buy bread"]
    assert titles(text="zoe") == ["Call Zoë"]
    assert titles(tags=["shop", "food"]) == ["Buy milk"]
    assert titles(status=["Done", "InProgress"]) == ["Buy bread"]
    assert titles(priority=["none"], sort="-title") == ["Call Zoë", "Buy bread"]
    assert titles(due_before="2026-03-11") == ["Buy milk", "Call Zoë"]
    assert titles(due_after="2026-03-10T16:59:00Z", time_zone="Europe/Warsaw") == ["Buy milk", "Call Zoë"]
    assert titles(list_id="inbox", sort="position") == ["Buy milk", "Call Zoë"]
    assert titles(list_id=errands["id"]) == ["Buy bread"]
    assert titles(overdue=True) == ["Buy milk", "Call Zoë"]
    assert len(titles(overdue=False)) == 3
    assert titles(parent_id="none", limit=1) == ["Buy milk"]
    assert agent.fails("find_tasks", sort="position")["code"] == "validation_failed"


def test_a_walk_shows_every_task_once(agent: Agent) -> None:
    made = agent.calls("add_tasks", tasks=[{"title": f"{number}"} for number in range(20)])["tasks"]

    found, cursor = [], {}
    while True:
        page = agent.calls("find_tasks", limit=7, sort="-created_at", **cursor)
        found += page["tasks"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert found == made[::-1]
    assert agent.fails("find_tasks", **cursor)["code"] == "cursor_invalid"


def test_a_task_goes_by_its_uid_too(agent: Agent) -> None:
    uid = "6F1D3C1E-8a4b-4c57-9d0e-2b7f5a9c1e34"
    task = agent.at_api("POST", "/tasks", json={"title": "Milk", "uid": uid})

    assert agent.calls("get_task", task_id=uid) == {"task": task}
    assert agent.calls("trash_task", task_id=uid) == {"task_id": uid.lower(), "is_in_trash": True}
    assert agent.calls("restore_task", task_id=uid)["task"]["id"] == task["id"]


def test_a_change_needs_a_field_and_a_description_the_version(agent: Agent) -> None:
    task = agent.adds("Milk", description="Two litres", due_on="2026-03-10", tags=["shop"])

    nothing = agent.fails("change_task", task_id=task["id"])
    blind = agent.fails("change_task", task_id=task["id"], description="x")
    emptied = agent.fails("change_task", task_id=task["id"], clear=["description"])
    both = agent.fails("change_task", task_id=task["id"], due_on="2026-03-11", clear=["due"])
    late = agent.fails("change_task", task_id=task["id"], description="x", version=task["version"] - 1)

    assert {one["code"] for one in (nothing, blind, emptied, both)} == {"validation_failed"}
    assert "version" in blind["detail"]
    assert late["code"] == "version_mismatch"
    assert "If-Match" not in late["detail"]
    assert agent.tasks() == [task]
    changed = agent.calls(
        "change_task", task_id=task["id"], description="One", clear=["due", "tags"], version=task["version"]
    )["task"]
    assert (changed["description"], changed["due_on"], changed["tags"], changed["title"]) == ("One", None, [], "Milk")


@pytest.mark.parametrize("field", ["title", "description", "status", "due_on", "tags", "version", "clear", "task_id"])
def test_nothing_may_be_null(agent: Agent, field: str) -> None:
    task = agent.adds("Milk")

    refused = agent.fails("change_task", {"task_id": task["id"], "title": "x", field: None})

    assert refused["code"] == "validation_failed"
    assert refused["errors"][0]["loc"] == [field]
    assert agent.tasks() == [task]


def test_a_task_that_recurs_is_completed_once(agent: Agent) -> None:
    task = agent.adds("Rent", due_on="2020-03-01", recurrence="FREQ=MONTHLY")

    blind = agent.fails("complete_task", task_id=task["id"])
    by_status = agent.fails("change_task", task_id=task["id"], status="Done")
    first = agent.calls("complete_task", task_id=task["id"], request_id="once", missed="keep")
    again = agent.calls("complete_task", task_id=task["id"], request_id="once", missed="keep")
    late = agent.calls("complete_task", task_id=task["id"], occurrence=1)

    assert blind["code"] == "precondition_required"
    assert "request_id" in blind["detail"]
    assert by_status["code"] == "recurring_task"
    assert first == again
    assert first["task"]["due_on"] == "2020-04-01"
    assert late["task"] == first["task"]
    assert agent.fails("complete_task", task_id=task["id"], occurrence=9)["code"] == "occurrence_not_open"


def test_a_task_moves(agent: Agent) -> None:
    errands = agent.calls("add_list", name="Errands")["list"]
    milk, bread, eggs = agent.calls("add_tasks", tasks=[{"title": title} for title in ("Milk", "Bread", "Eggs")])[
        "tasks"
    ]

    agent.calls("move_task", task_id=eggs["id"], before=milk["id"])
    below = agent.calls("move_task", task_id=bread["id"], parent_id=milk["id"])["task"]
    moved = agent.calls("move_task", task_id=milk["id"], list_id=errands["id"])["task"]

    assert below["parent_id"] == milk["id"]
    assert moved["list_id"] == errands["id"]
    found = agent.calls("find_tasks", list_id=errands["id"], sort="position")["tasks"]
    assert [task["title"] for task in found] == ["Milk", "Bread"]
    back = agent.calls("move_task", task_id=bread["id"], list_id="inbox", parent_id="none", to="first")["task"]
    assert (back["list_id"], back["parent_id"]) == (None, None)
    two_places = agent.fails("move_task", task_id=milk["id"], to="first", after=eggs["id"])
    assert two_places["code"] == "validation_failed"


REPEATED = {
    "add_tasks": lambda task: {"tasks": [{"title": "One"}, {"title": "Two"}]},
    "change_task": lambda task: {"task_id": task["id"], "title": "Other"},
    "complete_task": lambda task: {"task_id": task["id"]},
    "move_task": lambda task: {"task_id": task["id"], "to": "first"},
    "trash_task": lambda task: {"task_id": task["id"]},
    "restore_task": lambda task: {"task_id": task["id"]},
    "add_list": lambda task: {"name": "Errands"},
}


@pytest.mark.parametrize("tool", REPEATED)
def test_a_repeated_request_id_does_nothing(agent: Agent, tool: str) -> None:
    task = agent.adds("Milk")
    if tool == "restore_task":
        agent.calls("trash_task", task_id=task["id"])
    asked = REPEATED[tool](task) | {"request_id": secrets.token_hex(16)}
    first = agent.calls(tool, **asked)
    before = agent.at_api("GET", "/changes")["changes"]

    again = agent.calls(tool, **asked)

    assert again == first
    assert agent.at_api("GET", "/changes")["changes"] == before
    other = agent.fails("add_list", name="Another", request_id=asked["request_id"])
    assert other["code"] == "idempotency_key_reused"
    assert "request_id" in other["detail"]


def test_every_writing_tool_is_among_those_that_are_repeated() -> None:
    assert list(REPEATED) == WRITING


@pytest.mark.parametrize("tool", ["trash_task", "move_task"])
def test_no_call_takes_more_than_twenty_tasks_along(agent: Agent, tool: str) -> None:
    errands = agent.calls("add_list", name="Errands")["list"]
    parent = agent.adds("Party")
    agent.calls("add_tasks", tasks=[{"title": "x", "parent_id": parent["id"]} for _ in range(19)])
    where = {"list_id": errands["id"]} if tool == "move_task" else {}
    agent.calls(tool, task_id=parent["id"], **where)
    agent.calls("restore_task", task_id=parent["id"]) if tool == "trash_task" else None
    agent.adds("The twentieth", parent_id=parent["id"])
    before = agent.tasks()

    refused = agent.fails(tool, task_id=parent["id"], **({"list_id": "inbox"} if where else {}))

    assert refused["code"] == "limit_reached"
    assert agent.tasks() == before
    assert agent.fails("add_tasks", tasks=[{"title": "x"}] * 21)["code"] == "validation_failed"
    assert agent.calls("complete_task", task_id=parent["id"])["task"]["status"] == "Done"


def test_a_family_that_grows_meanwhile_is_counted_as_it_is_then(agent: Agent) -> None:
    parent = agent.adds("Party")
    agent.calls("add_tasks", tasks=[{"title": "x", "parent_id": parent["id"]} for _ in range(12)])

    def grows() -> None:
        for _ in range(12):
            body = {"name": "add_tasks", "arguments": {"tasks": [{"title": "x", "parent_id": parent["id"]}]}}
            agent.send("tools/call", body)

    with ThreadPoolExecutor(1) as threads:
        growing = threads.submit(grows)
        agent.send("tools/call", {"name": "trash_task", "arguments": {"task_id": parent["id"]}})
        growing.result()

    went = agent.at_api("GET", "/trash")
    assert len(went) <= 20
    assert bool(went) != bool(agent.tasks())


def test_no_call_brings_back_more_than_twenty_tasks(agent: Agent) -> None:
    parent = agent.adds("Party")
    agent.calls("add_tasks", tasks=[{"title": "x", "parent_id": parent["id"]} for _ in range(20)])
    agent.at_api("DELETE", f"/tasks/{parent['id']}")

    assert agent.fails("restore_task", task_id=parent["id"])["code"] == "limit_reached"

    assert agent.tasks() == []
    assert len(agent.at_api("GET", "/trash")) == 21


def test_completing_makes_no_more_than_twenty_subtasks_to_do_again(agent: Agent) -> None:
    parent = agent.adds("Weekly", due_on="2026-03-01", recurrence="FREQ=WEEKLY")
    some = [{"title": "x", "parent_id": parent["id"], "status": "Done"}]
    agent.calls("add_tasks", tasks=some * 20)

    refused = agent.fails("complete_task", task_id=parent["id"], occurrence=1)

    assert refused["code"] == "limit_reached"
    assert agent.calls("get_task", task_id=parent["id"])["task"] == parent


def test_a_version_is_needed_where_the_settings_want_one(database_url: str) -> None:
    with place(database_url, require_if_match=True) as door:
        agent = door.agent()
        task = agent.adds("Milk")

        for tool, more in {"change_task": {"title": "x"}, "move_task": {}, "trash_task": {}}.items():
            refused = agent.fails(tool, task_id=task["id"], **more)
            assert refused["code"] == "precondition_required"
            assert "If-Match" not in refused["detail"]
        agent.calls("trash_task", task_id=task["id"], version=task["version"])


def test_an_answer_has_what_every_answer_has(agent: Agent) -> None:
    answer = agent.send("tools/list", **{"X-Request-ID": "mine"})

    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_keys_that_cannot_be_fetched_are_no_reason_to_sign_out(database_url: str) -> None:
    with place(database_url, better_auth_jwks_url="http://127.0.0.1:1/jwks") as door:
        problem(door.agent().send("tools/list"), 503, "keys_unavailable")


def test_it_counts_for_the_rate_limit(database_url: str) -> None:
    with place(database_url, rate_limit_per_minute=3) as door:
        agent = door.agent()
        answers = [agent.send("tools/list") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(problem(answers[3], 429, "rate_limited") and answers[3].headers["retry-after"]) > 0
