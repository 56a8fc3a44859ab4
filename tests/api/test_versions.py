"""Conditional requests: entity tags, If-Match and If-None-Match."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from support.answers import problem, task
from support.people import Person
from support.wire import ask
from support.writes import NEVER_GIVEN, WRITES, etag_of, path_of, write


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_write_can_be_held_to_the_version_it_is_based_on(ann: Person, method: str, body: Any) -> None:
    milk = ann.adds("Milk")
    stale = etag_of(ann, milk)
    ann.patch(path_of(milk), json={"title": "Oat milk"})
    current = etag_of(ann, milk)

    for wrong in (stale, f"W/{current}", current.strip('"'), f"{stale}, W/{current}", "", '""', f"*, {current}", "x"):
        problem(write(ann, path_of(milk), method, body, if_match=wrong), 412, "version_mismatch")
    assert ann.tasks()[0]["title"] == "Oat milk"
    assert etag_of(ann, milk) == current

    assert write(ann, path_of(milk), method, body, if_match=f"{stale} ,, {current}").status_code in (200, 204)


@pytest.mark.parametrize(
    ("made_of", "told"),
    [
        (lambda etag: etag.strip('"'), "no entity tag: it is the version in double quotes"),
        (lambda etag: f"W/{etag}", "a proxy on the way has weakened the ETag"),
        (lambda etag: f'W/"1", W/{etag}', "The strong one is `version` in double quotes."),
        (lambda etag: etag[:-1] + '-gzip"', "a proxy on the way may have changed the ETag"),
        (lambda etag: '"1"', "The task has changed since"),
        (lambda etag: f'"1", W/{etag}', "The task has changed since"),
    ],
)
def test_what_can_match_no_version_is_told_apart_from_a_change(
    ann: Person, made_of: Callable[[str], str], told: str
) -> None:
    milk = ann.adds("Milk")
    sent = made_of(etag_of(ann, milk))
    delete = {"op": "delete", "id": milk["id"], "if_match": sent}

    for method, body in [*WRITES, ("PATCH", {})]:
        document = problem(write(ann, path_of(milk), method, body, if_match=sent), 412, "version_mismatch")
        assert told in document["detail"]
        assert "If-Match" in document["detail"] or "changed" in document["detail"]
    answer = ann.post("/tasks/batch", json={"operations": [delete]}, headers={"If-Match": "x"})
    document = problem(answer, 412, "version_mismatch", 0)
    assert told in document["detail"]
    assert "if_match" in document["detail"] or "changed" in document["detail"]
    problem(write(ann, f"/tasks/{NEVER_GIVEN}", "DELETE", None, if_match=sent), 404, "task_not_found")


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_star_matches_any_version_but_no_absent_task(ann: Person, method: str, body: Any) -> None:
    milk = ann.adds("Milk")

    problem(write(ann, f"/tasks/{NEVER_GIVEN}", method, body, if_match="*"), 404, "task_not_found")
    problem(write(ann, f"/tasks/{NEVER_GIVEN}", method, body, if_match='"1"'), 404, "task_not_found")
    assert write(ann, path_of(milk), method, body, if_match="*").status_code in (200, 204)


def test_several_if_match_lines_are_one_list(api: str, ann: Person) -> None:
    milk = ann.adds("Milk")
    lines = [b'If-Match: "1"', b"If-Match: " + etag_of(ann, milk).encode()]

    def patch(headers: list[bytes]) -> httpx.Response:
        body = b'{"title":"x"}'
        return ask(api, b"PATCH", path_of(milk).encode(), token=ann.token, headers=headers, body=body, is_json=True)

    problem(patch(lines[:1]), 412, "version_mismatch")
    problem(patch([*lines, b"If-Match: *"]), 412, "version_mismatch")
    task(patch(lines))


def test_of_writes_based_on_one_version_one_succeeds(ann: Person) -> None:
    milk = ann.adds("Milk")
    version = etag_of(ann, milk)

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: write(ann, path_of(milk), "PATCH", {"title": f"{n}"}, if_match=version), range(16))
        )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert ann.tasks() == [winner.json()]


def test_a_reader_is_spared_what_it_has(ann: Person) -> None:
    milk = ann.adds("Milk")
    version = etag_of(ann, milk)

    for has_it in (version, f"W/{version}", f'"1", {version}', "*"):
        answer = ann.get(path_of(milk), headers={"If-None-Match": has_it})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", version)
        assert "content-type" not in answer.headers
    for has_it_not in ('"1"', "", version.strip('"'), f"*, {version}", f"{version} x"):
        assert task(ann.get(path_of(milk), headers={"If-None-Match": has_it_not})) == milk

    changed = ann.patch(path_of(milk), json={"title": "Oat milk"})
    answer = ann.get(path_of(milk), headers={"If-None-Match": version})
    assert (task(answer), answer.headers["etag"]) == (changed.json(), changed.headers["etag"])


def test_what_is_not_there_is_not_found_whatever_the_reader_has(ann: Person) -> None:
    problem(ann.get(f"/tasks/{NEVER_GIVEN}", headers={"If-None-Match": "*"}), 404, "task_not_found")


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_version_can_be_demanded_from_every_write(
    careful_api: str, person: Callable[..., Person], method: str, body: Any
) -> None:
    ann = person("ann", api=careful_api)
    milk = ann.adds("Milk")

    for path in (path_of(milk), f"/tasks/{NEVER_GIVEN}"):
        problem(write(ann, path, method, body), 428, "precondition_required")
    problem(write(ann, f"/tasks/{NEVER_GIVEN}", method, body, if_match="*"), 404, "task_not_found")
    problem(write(ann, path_of(milk), method, body, if_match='"1"'), 412, "version_mismatch")
    assert ann.tasks() == [milk]

    assert write(ann, path_of(milk), method, body, if_match=etag_of(ann, milk)).status_code in (200, 204)


def test_a_location_leads_to_the_task_below_a_prefix(careful_api: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=careful_api)

    for path in ("/tasks", "/tasks/"):
        created = ann.post(path, json={"title": "Milk"})
        assert created.headers["location"] == f"/api/v1/tasks/{created.json()['id']}"
        assert (
            httpx.get(urljoin(careful_api, created.headers["location"]), headers=ann.http.headers).json()
            == created.json()
        )
