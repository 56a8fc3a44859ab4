"""Tells the application what its users have changed (`docs/webhook.md`). Each worker has a dispatcher.

It claims owners of whom something is to be told (`resources/deliveries.py`), and tells it one event after another, in
the order of the changes, each when the one before was taken; many owners at once. What was told is noted after that, so
whoever is killed in between has told it, and another tells it once more, with the same id and the same bytes.

It asks the database when a write of this process was committed, when what it knows of is due again, or a reminder, when
it starts, and once a minute at most while this process writes, for what another host has left. Otherwise never.

While it sends it holds no connection, and for the rest it uses a few of those that requests use.
"""

import asyncio
import json
import logging
import random
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from taskward.doors.changes import FEED
from taskward.doors.webhook_events import Event, event_of, event_of_reminder
from taskward.doors.webhook_retries import is_given_up, seconds_until_next
from taskward.doors.webhook_sending import MOST_AT_ONCE, SEND_SECONDS, Outcome, Sender
from taskward.logs import digest
from taskward.postgres.context import NOBODY
from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, StatementFailed
from taskward.postgres.pool import Pool
from taskward.postgres.statements import Bound, LazyStatement
from taskward.resources import deliveries
from taskward.resources.deliveries import Claimed
from taskward.resources.feed import PLAINLY, Position, each_following, position_of
from taskward.settings import Settings
from taskward.tasks import reminding

log = logging.getLogger("taskward.webhook")

CHANGES = LazyStatement(lambda: each_following(FEED.kinds))

NOTHING_TOLD = {"version": None, "kind": 0, "id": 0, "part": 0}

CLAIM_SECONDS, CLAIM_MS = 60, 60_000
"""A claim that is not extended ends then: far later than a request and what is noted of it can take together."""

RESERVE_SECONDS = SEND_SECONDS + 10
"""What must be left of a claim when a request begins."""

PAGE = 20
FRESH_SECONDS = 5
"""So many changes are read at once, and those that could not be told in this time are read anew: then the latest."""

GATHER_SECONDS = 60
"""At most so often a process that writes looks for what others have left."""

AGAIN_SECONDS = 15
"""After which it looks again when the database did not answer, or nobody knows whether a write was committed."""

LEAST_SECONDS = 0.1
"""Between two looks, when somebody else holds what is due."""

MOST_GATHERED = 5_000
"""Owners at a time, so that a look ends long before its deadline."""

FEW, COUNT_SECONDS = 1_000, 5
"""It is counted how much is pending whenever it has changed while it is little, and otherwise at most so often."""

OWNERS_AT_ONCE = 1_000
"""Of whom it is noted in one statement that something is to be told."""

MOST_DATABASE_CALLS = 2
"""At once, of the connections that requests have too."""

MOST_WOKEN = 10_000
"""Owners whose writes are remembered until it is their turn. Beyond them a look at the database finds the others."""

STOP_SECONDS = 4
"""For which a process that ends lets requests finish."""

NEVER = float("inf")

GIVEN_UP = "given_up"
"""The outcome of an event that was attempted for too long."""


class ClaimLost(Exception):
    """Somebody else has the owner now, or the owner is forgotten."""


@dataclass(frozen=True, slots=True)
class Pending:
    event: Event
    position: Position | None
    """Up to which all is told then."""
    settled: Sequence[Bound]
    """What is noted when it was told, as the owner in one transaction, and twice does no harm. The first extends the
    claim, and answers a row if it is still ours."""


@dataclass(slots=True)
class Page:
    """What is next, as far as it was read."""

    end: Position | None
    pending: list[Pending] = field(default_factory=list)
    has_more: bool = False
    version: int = 0
    """Of the owner's clock then."""


@dataclass(slots=True)
class Turn:
    """Of an owner who is claimed."""

    owner_id: str
    claim: int
    told: Position | None
    """None before the first."""
    attempts: int
    failing_seconds: float
    ends_at: float
    """The claim, in the event loop's time: not later than in the database's."""
    was_woken: bool = False
    """The owner has written meanwhile."""
    task: "asyncio.Task[None] | None" = None


class Dispatcher:
    """`chance` gives numbers from 0 to 1, `clock` seconds since 1970. `leave` is called at the end, when others have to
    look for what is left.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        *,
        leave: Callable[[], None] = lambda: None,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.leave = leave
        self.chance = chance
        self.clock = clock
        self.outcomes: Sequence[str] = (*Outcome, GIVEN_UP)
        self.count: Callable[[str], None] = lambda outcome: None
        self.pending = 0
        """At the last look at the database."""
        self.oldest_at = 0.0
        """Since when, in the event loop's time; of nothing when `pending` is 0."""
        self.counted_at = -NEVER
        self.is_outdated = False
        """Whether what is pending has changed since."""
        self.turns: dict[str, Turn] = {}
        self.woken: dict[str, None] = {}
        """Owners who have written, in their order."""
        self.scan_at = NEVER
        """When the next look at all is due, in the event loop's time."""
        self.gather_at = NEVER
        """When it is also for those whom nobody has begun to tell."""
        self.gathered_at = -NEVER
        self.remind_at = NEVER
        """When the next reminder is due that is known of."""
        self.are_all_armed = False
        """Whether it is noted of all owners whose tasks nobody has looked at for reminders."""
        self.is_stopping = False
        self.running: asyncio.Task[None] | None = None

    def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.sender = Sender(self.settings, clock=self.clock)
        self.events = frozenset(self.settings.webhook_events)
        self.reminds = "reminder.due" in self.events
        self.database = asyncio.Semaphore(MOST_DATABASE_CALLS)
        self.awake = asyncio.Event()
        self.gather(at=self.loop.time())
        self.running = asyncio.create_task(self.run())

    # What it is told

    def wake(self, owner_id: str, *, is_certain: bool) -> None:
        """The owner has written, or nobody can say whether the write will be committed."""
        turn = self.turns.get(owner_id)
        if turn is not None:
            turn.was_woken = True
        elif len(self.woken) < MOST_WOKEN:
            self.woken[owner_id] = None
        else:
            self.gather(at=self.loop.time())
        self.gather(at=self.gathered_at + GATHER_SECONDS)
        if not is_certain:
            self.gather(at=self.loop.time() + AGAIN_SECONDS)
        self.awake.set()

    def scan_soon(self) -> None:
        """Somebody has left something."""
        self.gather(at=self.loop.time())
        self.awake.set()

    def stop(self) -> None:
        """Claims nobody any more, and tells nobody anything new."""
        if self.running is not None and not self.is_stopping:
            self.is_stopping = True
            self.awake.set()
            self.loop.call_later(STOP_SECONDS, self.cancel)

    def cancel(self) -> None:
        for turn in self.turns.values():
            if turn.task is not None:
                turn.task.cancel()

    async def close(self) -> None:
        """Returns when nothing is claimed any more."""
        self.stop()
        if self.running is None:
            return
        await self.running
        await asyncio.gather(*(turn.task for turn in self.turns.values() if turn.task), return_exceptions=True)
        await self.sender.close()
        if self.woken or self.scan_at < NEVER:
            self.leave()

    def oldest_seconds(self) -> float:
        return self.loop.time() - self.oldest_at if self.pending else 0

    # Whose turn it is

    async def run(self) -> None:
        while not self.is_stopping:
            try:
                if await self.has_work():
                    continue
            except (DatabaseUnavailable, DatabaseRefused) as failure:
                log.warning("the database did not say who is to be told of", extra={"error": name_of(failure)})
                self.give_way()
            except Exception:  # a bug here must not end it
                log.exception("who is to be told of cannot be found")
                self.give_way()
            await self.sleep()

    async def has_work(self) -> bool:
        """Does what is next; False when there is nothing but to wait."""
        free = MOST_AT_ONCE - len(self.turns)
        if free and self.scan_at <= self.loop.time():
            if self.reminds:
                await self.note_reminders()
            await self.scan(free)
        elif free and self.woken:
            await self.claim_woken(free)
        elif self.is_outdated and self.count_at() <= self.loop.time():
            await self.look()
        else:
            return False
        return True

    def give_way(self) -> None:
        self.woken.clear()
        self.is_outdated = False
        self.gather(at=self.loop.time() + AGAIN_SECONDS)

    def count_at(self) -> float:
        return self.counted_at + (0 if self.pending < FEW else COUNT_SECONDS)

    async def sleep(self) -> None:
        """Until something is due, it is woken, or somebody's turn has ended."""
        self.awake.clear()
        until = self.scan_at if len(self.turns) < MOST_AT_ONCE else NEVER
        if self.is_outdated:
            until = min(until, self.count_at())
        timer = None if until == NEVER else self.loop.call_at(until, self.awake.set)
        await self.awake.wait()
        if timer is not None:
            timer.cancel()

    async def scan(self, free: int) -> None:
        """Claims those that are due for longest, whoever they are."""
        began, claim = self.loop.time(), new_claim()
        is_gathering = began >= self.gather_at
        if is_gathering:
            self.gathered_at, self.gather_at = began, NEVER
        # What is noted while it looks is for the look after this one.
        self.scan_at = min(self.gather_at, self.remind_at)
        *gathered, found, [(next_in,)] = await self.as_keeper(
            *[deliveries.GATHER(rows=MOST_GATHERED)] * is_gathering,
            deliveries.CLAIM_DUE(claim=claim, ms=CLAIM_MS, rows=free),
            deliveries.NEXT(),
        )
        self.is_outdated = self.is_outdated or self.pending > 0 or next_in is not None
        if gathered and int(gathered[0][0][0] or 0) == MOST_GATHERED:
            self.gather(at=began)
        if len(found) == free:  # there may be more than had a place
            self.look_again(at=began)
        elif next_in is not None:
            self.look_again(at=self.loop.time() + max(float(next_in), LEAST_SECONDS))
        self.begin(found, claim, began)

    async def note_reminders(self) -> None:
        """Of whom a reminder is due something is to be told. So it is of those whose tasks nobody has looked at."""
        if not self.are_all_armed:
            await self.note_all()
        if self.loop.time() >= min(self.remind_at, self.gather_at):
            began, calls = self.loop.time(), [reminding.ENQUEUE_DUE(rows=OWNERS_AT_ONCE), reminding.NEXT()]
            noted, [(next_in,)], *_ = await self.as_keeper(*calls, *[reminding.STILL_ARMED()] * self.are_all_armed)
            # What was armed meanwhile may be due before what was seen.
            self.remind_at = self.remind_at if self.remind_at > began else NEVER
            if len(noted) == OWNERS_AT_ONCE:
                self.remind_in(0)
            elif next_in is not None:
                self.remind_in(float(next_in))

    async def note_all(self) -> None:
        began: bytes | None = None
        last: bytes | None = b""
        while last is not None:
            if self.is_stopping:
                return
            call = reminding.ENQUEUE_UNARMED(behind=last.decode(), rows=OWNERS_AT_ONCE)
            [[(now, last)]] = await self.as_keeper(call)
            began = began or now
        await self.as_keeper(reminding.ARMED_UNTIL(until=(began or b"").decode()))
        self.are_all_armed = True

    def remind_in(self, seconds: float) -> None:
        self.remind_at = min(self.remind_at, self.loop.time() + seconds)
        self.look_again(at=self.remind_at)

    async def claim_woken(self, free: int) -> None:
        owners = list(islice(self.woken, free))
        for owner_id in owners:
            del self.woken[owner_id]
        began, claim = self.loop.time(), new_claim()
        [found] = await self.as_keeper(deliveries.CLAIM_OF(claim=claim, ms=CLAIM_MS, owners=owners))
        self.begin(found, claim, began)

    async def look(self) -> None:
        [counted] = await self.as_keeper(deliveries.PENDING())
        self.note_pending(counted, at=self.loop.time())

    def note_pending(self, counted: list[Row], *, at: float) -> None:
        [(count, age)] = counted
        self.pending, self.oldest_at, self.counted_at = int(count or 0), at - max(float(age or 0), 0), at
        self.is_outdated = False

    def begin(self, found: Sequence[Row], claim: int, began: float) -> None:
        for row in found:
            owner_id, told, attempts, failing_seconds = Claimed.of(row)
            turn = Turn(owner_id, claim, told, attempts, failing_seconds, ends_at=began + CLAIM_SECONDS)
            self.turns[owner_id] = turn
            turn.task = asyncio.create_task(self.take(turn))

    # A turn

    async def take(self, turn: Turn) -> None:
        try:
            await self.tell(turn)
        except ClaimLost:
            pass
        except (DatabaseUnavailable, DatabaseRefused) as failure:
            log.warning("the database did not say what is to be told", extra=about(turn, error=name_of(failure)))
            self.look_again(at=turn.ends_at)
        except asyncio.CancelledError:
            await self.give_back(turn)
        except Exception:  # a bug in the telling of one owner holds back that owner alone
            log.exception("what an owner is to be told cannot be told", extra=about(turn))
            with suppress(DatabaseUnavailable, DatabaseRefused, StatementFailed):
                await self.fail(turn, wish_seconds=None)
        finally:
            if self.turns.get(turn.owner_id) is turn:
                del self.turns[turn.owner_id]
            self.is_outdated = self.is_outdated or self.pending > 0
            if turn.was_woken:
                self.woken[turn.owner_id] = None
            self.awake.set()

    async def tell(self, turn: Turn) -> None:
        """Until all is told, an attempt fails, or the process ends."""
        while not self.is_stopping:
            page = await self.changes(turn)
            read_at = self.loop.time()
            last = page.pending[-1] if page.pending and not page.has_more else None
            for pending in page.pending:
                if self.is_stopping:
                    break
                if not await self.is_told(turn, pending):
                    return
                if pending is not last:
                    await self.hold(turn, *pending.settled)
                elif await self.is_finished(turn, *pending.settled, reached=page.version):
                    return
                turn.told, turn.attempts, turn.failing_seconds = pending.position, 0, 0
                if self.loop.time() > read_at + FRESH_SECONDS:
                    break
            else:
                turn.told = page.end
                if last is None and not page.has_more and await self.is_finished(turn, reached=page.version):
                    return
        await self.give_back(turn)

    async def changes(self, turn: Turn) -> Page:
        """What has changed behind what is told; when nothing has, a reminder that is due."""
        ask, look = partial(self.as_owner, turn), reminding.LOOK if self.reminds else ()
        behind = NOTHING_TOLD if turn.told is None else turn.told._asdict()
        _, found, *looked = await ask(PLAINLY, CHANGES(limit=PAGE, **behind), *look)
        page, changes = Page(end=turn.told), list[dict[str, Any]]()
        for row in found:
            version, position, change, has_more = row
            page.version, page.has_more = int(version or 0), has_more == b"t"
            if position is not None and change is not None:
                page.end = end = position_of(position)
                changes.append(json.loads(change))
                event = event_of(turn.owner_id, end, changes[-1])
                if event is not None and event.type in self.events:
                    call = deliveries.ADVANCE(claim=turn.claim, ms=CLAIM_MS, **end._asdict())
                    page.pending.append(Pending(event, end, [call]))
        if self.reminds and changes:
            # Before the first of them is told: a reminder does not wait for an application that is away to be armed.
            next_in = await reminding.passed(ask, changes)
            if next_in is not None:
                self.remind_in(next_in)
        elif self.reminds and (reminder := await reminding.due(ask, looked)) is not None:
            settled = [deliveries.SETTLE(claim=turn.claim, ms=CLAIM_MS), reminder.settled]
            page.pending.append(Pending(event_of_reminder(turn.owner_id, reminder), page.end, settled))
            page.has_more = reminder.has_more
        return page

    async def is_told(self, turn: Turn, pending: Pending) -> bool:
        """Whether that may be noted, and the next may follow."""
        if self.loop.time() > turn.ends_at - RESERVE_SECONDS:
            await self.hold(turn, deliveries.EXTEND(claim=turn.claim, ms=CLAIM_MS))
        answer = await self.sender.send(pending.event)
        self.count(answer.outcome)
        if answer.outcome is not Outcome.DELIVERED:
            told: dict[str, object] = {
                "event": pending.event.type,
                "webhook_id": pending.event.id,
                "answer": answer.said,
            }
            if not is_given_up(turn.failing_seconds, trash_days=self.settings.trash_days):
                seconds = await self.fail(turn, wish_seconds=answer.wish_seconds)
                told |= {"attempt": turn.attempts + 1, "next_in_seconds": round(seconds)}
                log.warning("the application did not take what it was told", extra=about(turn, **told))
                return False
            self.count(GIVEN_UP)
            log.error("the application was not told, and will not be", extra=about(turn, **told))
        return True

    async def hold(self, turn: Turn, *calls: Bound) -> None:
        """
        Raises:
            ClaimLost: the first of the calls found it so.
        """
        began = self.loop.time()
        [rows, *_] = await self.as_owner(turn, *calls)
        if not rows:
            raise ClaimLost
        turn.ends_at = began + CLAIM_SECONDS

    async def fail(self, turn: Turn, *, wish_seconds: float | None) -> float:
        """In how many seconds it is attempted again."""
        seconds = seconds_until_next(turn.attempts, chance=self.chance(), wish_seconds=wish_seconds)
        self.look_again(at=self.loop.time() + seconds)
        self.is_outdated = True
        await self.as_owner(turn, deliveries.FAIL(claim=turn.claim, ms=int(seconds * 1000)))
        return seconds

    async def is_finished(self, turn: Turn, *settled: Bound, reached: int) -> bool:
        """False when the owner has written meanwhile. In the same transaction what was told last is `settled`.

        Raises:
            ClaimLost
        """
        how = [reminding.FINISH, reminding.REST] if self.reminds else [deliveries.FINISH]
        calls = [statement(claim=turn.claim, reached=reached) for statement in how]
        began = self.loop.time()
        # The clock first, as every write has it: one that erases a task takes the alarm that is settled here.
        clock, *found = await self.as_owner(turn, deliveries.HOLD_CLOCK(), *settled, *calls)
        noted, [gone, *rest] = found[: len(settled)], found[len(settled) :]
        if noted:
            if not noted[0]:
                raise ClaimLost
            turn.ends_at = began + CLAIM_SECONDS
        if rest and rest[0]:
            [[(seconds,)]] = rest
            self.look_again(at=self.loop.time() + float(seconds or 0))
            return True
        if gone:
            return True
        if not clock or int(clock[0][0] or 0) <= reached:
            raise ClaimLost
        return False

    async def give_back(self, turn: Turn) -> None:
        self.look_again(at=self.loop.time())
        with suppress(DatabaseUnavailable, DatabaseRefused):
            await self.as_owner(turn, deliveries.GIVE_BACK(claim=turn.claim))

    async def as_keeper(self, *calls: Bound) -> list[list[Row]]:
        async with self.database:
            deadline = self.pool.new_deadline()
            # Not repeated: what was claimed unheard comes back when the claim ends.
            _, *found = await self.pool.run(
                NOBODY, [deliveries.AS_KEEPER, *calls], deadline=deadline, is_repeatable=False
            )
        return found

    async def as_owner(self, turn: Turn, *calls: Bound) -> list[list[Row]]:
        async with self.database:
            return await self.pool.run(turn.owner_id, calls, deadline=self.pool.new_deadline(), is_repeatable=True)

    def look_again(self, *, at: float) -> None:
        self.scan_at = min(self.scan_at, at)

    def gather(self, *, at: float) -> None:
        """Looks then also for those whom nobody has begun to tell."""
        self.gather_at = min(self.gather_at, at)
        self.look_again(at=at)


def new_claim() -> int:
    return secrets.randbits(63)


def about(turn: Turn, **told: object) -> dict[str, object]:
    return {"owner": digest(turn.owner_id), **told}


def name_of(failure: Exception) -> str:
    return failure.reason if isinstance(failure, DatabaseUnavailable) else type(failure).__name__
