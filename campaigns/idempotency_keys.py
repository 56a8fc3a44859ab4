"""A POST that is repeated with its Idempotency-Key: because its answer was lost, or many times at once."""

import asyncio
import random
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Size, exactly, none, p99
from campaigns.processes import PostgreSQL, postgresql, service
from campaigns.proxy import Link, Proxy, proxy

WORKERS = {"short": 1, "long": 2}

LOST_REPLIES = {"short": 5, "long": 100}
OWNERS = 4
MOST_TRIES = 50
RETRY_SECONDS = 0.05

KEYS = {"short": 5, "long": 100}
POSTS = {"short": 20, "long": 100}


async def idempotency_keys(size: Size) -> list[Outcome]:
    """First a proxy passes a POST and its commit on to the database and cuts the connection before the reply has come
    through, one to three times: when the reply comes, or at once. The service may repeat it once by itself, because of
    its key; the client repeats it until it gets an answer. A hit is a POST that was told 503 although its commit had
    happened. The same without a key: nobody but the client may repeat it, and the client does not.

    Then many POSTs come at the same time with one key and one body, and again with the next key. A hit is a POST that
    was answered as a replay.
    """
    async with (
        postgresql() as database,
        proxy(database.port) as between,
        service(database.url_at(between.port), workers=WORKERS[size]) as api,
    ):
        async with clients_of(api) as clients:
            with_key = await lose_replies(database, between, clients, LOST_REPLIES[size])
        async with clients_of(api) as clients:
            without_key = await lose_replies_without_key(database, between, clients, LOST_REPLIES[size])
        async with clients_of(api) as clients:
            at_once = await repeat_at_once(database, clients, keys=KEYS[size], posts=POSTS[size])
        return [with_key, without_key, at_once]


@dataclass(frozen=True, slots=True)
class Post:
    title: str
    tries: list[Answer]

    def is_hit(self) -> bool:
        return self.tries[0].status == 503 and is_replay(self.tries[-1])

    def task_id(self) -> int | None:
        """As told in the end."""
        return int(self.tries[-1].json()["id"]) if self.tries[-1].status == 201 else None


def is_replay(answer: Answer) -> bool:
    return bool(answer.headers.get("idempotent-replayed") == "true")


async def lose_replies(database: PostgreSQL, between: Proxy, clients: Clients, hits_wanted: int) -> Outcome:
    cuts: dict[bytes, int] = {}
    chance = random.Random(1)  # noqa: S311 - the same every time
    posts: list[Post] = []

    def cut(link: Link, data: bytes) -> None:
        for title in [title for title, count in cuts.items() if count and title in data]:
            cuts[title] -= 1
            link.is_cut_at_reply = True
            if chance.random() < 0.2:  # perhaps before the commit has happened
                asyncio.get_running_loop().call_later(chance.uniform(0, 0.002), link.cut)

    async def post_until_answered(owner: str) -> None:
        while sum(post.is_hit() for post in posts) < hits_wanted and len(posts) < 4 * hits_wanted:
            title = secrets.token_hex(12)
            cuts[title.encode()] = chance.randint(1, 3)
            tries: list[Answer] = []
            while len(tries) < MOST_TRIES and (not tries or tries[-1].status in (0, 503)):
                await asyncio.sleep(RETRY_SECONDS if tries else 0)
                tries.append(await clients.send(owner, "POST", "/tasks", {"title": title}, idempotency_key=title))
            posts.append(Post(title, tries))
            del cuts[title.encode()]

    between.on_request = cut
    await asyncio.gather(*(post_until_answered(f"owner-{number}") for number in range(OWNERS)))
    between.on_request = None

    found = tasks_by_title(database)
    return Outcome(
        "Reply to a commit lost, POST with a key",
        sum(post.is_hit() for post in posts),
        hits_wanted,
        [
            exactly("POSTs with one task each", sum(len(found[post.title]) == 1 for post in posts), len(posts)),
            exactly("POSTs told that task", sum(found[post.title] == [post.task_id()] for post in posts), len(posts)),
            *clients.rows(),
        ],
    )


async def lose_replies_without_key(database: PostgreSQL, between: Proxy, clients: Clients, count: int) -> Outcome:
    titles = [secrets.token_hex(12) for _ in range(count)]

    def cut(link: Link, data: bytes) -> None:
        link.is_cut_at_reply = any(title.encode() in data for title in titles)

    between.on_request = cut
    answers: list[Answer] = []
    for title in titles:
        answers.append(await clients.send("bob", "POST", "/tasks", {"title": title}))
        for _ in range(MOST_TRIES):  # until the service trusts its database again
            if (await clients.send("bob", "GET", "/tasks?limit=1")).is_success:
                break
            await asyncio.sleep(RETRY_SECONDS)
    between.on_request = None

    found = tasks_by_title(database)
    return Outcome(
        "Reply to a commit lost, POST without a key",
        sum(len(found[title]) > 0 for title in titles),
        count,
        [
            exactly("POSTs told 503", sum(answer.status == 503 for answer in answers), count),
            none("POSTs with more than one task", sum(len(found[title]) > 1 for title in titles)),
            *clients.rows(),
        ],
    )


def tasks_by_title(database: PostgreSQL) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for title, task_id in database.rows("select title, id from tasks"):
        found[str(title)].append(int(str(task_id)))
    return found


async def repeat_at_once(database: PostgreSQL, clients: Clients, *, keys: int, posts: int) -> Outcome:
    groups: list[Sequence[Answer]] = []
    for number in range(keys):
        key, body = secrets.token_urlsafe(16), {"title": f"Task {number}"}
        groups.append(
            await asyncio.gather(
                *(clients.send("ann", "POST", "/tasks", body, idempotency_key=key) for _ in range(posts))
            )
        )
    tasks = database.rows("select count(*) from tasks where owner_id = 'ann' group by title")
    return Outcome(
        f"{keys} times {posts} POSTs at once with one key",
        sum(map(is_replay, clients.answers)),
        keys * (posts - 1),
        [
            exactly("keys with one task each", sum(count == (1,) for count in tasks), keys),
            exactly("keys whose answers were all equal", sum(map(are_equal, groups)), keys),
            none("answers other than 201", sum(answer.status != 201 for answer in clients.answers)),
            p99("answers, p99", [answer.seconds for answer in clients.answers], below=2),
            *clients.rows(),
        ],
    )


def are_equal(answers: Sequence[Answer]) -> bool:
    return len({(a.status, a.body, a.headers.get("location"), a.headers.get("etag")) for a in answers}) == 1
