"""Waiting for news: no wake-up is lost, within a process and between them."""

import asyncio
import socket

import pytest

from taskward.logs import digest
from taskward.operations.lines import MOST_UNSENT, Lines
from taskward.operations.neighbours import Neighbours
from taskward.resources.news import MAX_WAITING, End, News

ANN = digest("ann")


def soon() -> float:
    return asyncio.get_running_loop().time() + 10


def test_what_is_told_between_the_look_and_the_wait_is_not_missed() -> None:
    async def main() -> None:
        news = News()
        with news.place("ann") as place:  # type: ignore[union-attr]
            news.changed("ann", b"7")
            assert await place.wait(above=6, until=soon()) is End.CHANGED

    asyncio.run(main())


def test_what_the_look_has_seen_already_wakes_nobody() -> None:
    async def main() -> None:
        news = News()
        with news.place("ann") as place:  # type: ignore[union-attr]
            news.changed("ann", b"7")
            assert await place.wait(above=7, until=0) is End.TIME
            news.changed("ann", b"8")
            assert await place.wait(above=7, until=0) is End.CHANGED
            assert await place.wait(above=7, until=0) is End.TIME

    asyncio.run(main())


def test_places_are_few_and_come_back_whatever_happens() -> None:
    async def main() -> None:
        news = News()
        places = [news.place("ann") for _ in range(MAX_WAITING)]
        assert None not in places
        assert news.place("ann") is None
        assert news.place("bob") is not None
        with pytest.raises(ValueError), places[0]:  # type: ignore[union-attr]
            raise ValueError
        assert news.place("ann") is not None
        assert news.count() == MAX_WAITING + 1

    asyncio.run(main())


def test_nobody_waits_once_it_has_stopped() -> None:
    async def main() -> None:
        news = News()
        before = news.place("ann")
        news.stop()
        after = news.place("ann")
        for place in (before, after):
            assert place is not None
            assert await place.wait(above=0, until=soon()) is End.STOPPED

    asyncio.run(main())


def test_a_worker_tells_what_it_wrote_before_it_heard_that_somebody_waits() -> None:
    """The look of the other came too early for it, and so did the word of the place."""

    async def main() -> None:
        ours, supervisors = socket.socketpair()
        with ours, supervisors:
            news = News()
            neighbours = Neighbours(Lines(ours), news)
            neighbours.open()
            supervisor = Lines(supervisors)

            news.changed("ann", b"7")
            await asyncio.sleep(0)
            assert supervisor.hear() == []  # nobody waits
            supervisor.say(b"+" + ANN.encode())
            assert await said(supervisor) == [f"={ANN} 7".encode()]
            news.changed("ann", b"8")
            news.changed("bob", b"9")
            assert await said(supervisor) == [f"={ANN} 8".encode()]
            neighbours.forget()
            supervisor.say(b"+" + ANN.encode())
            assert await said(supervisor) == [f"={ANN} 8".encode()]
            neighbours.forget()
            supervisor.say(b"+" + ANN.encode(), b"-" + ANN.encode(), b"+" + digest("bob").encode())
            await asyncio.sleep(0.05)
            news.changed("ann", b"10")
            news.changed("bob", b"11")
            assert await said(supervisor) == [f"={digest('bob')} 11".encode()]
            asyncio.get_running_loop().remove_reader(ours.fileno())

    asyncio.run(main())


def test_a_worker_says_for_whom_it_waits_from_the_first_call_to_the_last() -> None:
    async def main() -> None:
        ours, supervisors = socket.socketpair()
        with ours, supervisors:
            news = News()
            Neighbours(Lines(ours), news).open()
            supervisor = Lines(supervisors)
            first, second = news.place("ann"), news.place("ann")
            assert first is not None
            assert second is not None
            assert await said(supervisor) == [b"+" + ANN.encode()]

            supervisor.say(f"={ANN} 7".encode())
            assert await first.wait(above=6, until=soon()) is End.CHANGED
            assert await second.wait(above=6, until=soon()) is End.CHANGED
            with first, second:
                pass
            assert await said(supervisor) == [b"-" + ANN.encode()]
            asyncio.get_running_loop().remove_reader(ours.fileno())

    asyncio.run(main())


async def said(lines: Lines) -> list[bytes]:
    async with asyncio.timeout(60):
        while not (found := lines.hear()):  # noqa: ASYNC110 - it is a socket
            await asyncio.sleep(0.001)
    return found


def test_lines_are_whole_however_they_arrive() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b".\n+ab")
        assert Lines(other).hear() == [b"."]
        lines = Lines(other, unread=b"+ab")
        one.sendall(b"c\n-d\n")
        assert lines.hear() == [b"+abc", b"-d"]
        assert lines.hear() == []
        one.close()
        assert lines.hear() is None


def test_nobody_waits_for_one_who_does_not_read_and_no_line_is_cut() -> None:
    one, other = socket.socketpair()
    with one, other:
        lines, reader = Lines(one), Lines(other)
        line = b"=" + b"x" * 999
        said = 0
        while len(lines.unsent) < MOST_UNSENT:
            assert lines.say(line) == bool(lines.unsent)
            said += 1
        lines.say(b"beyond")
        heard: list[bytes] = []
        while lines.flush() or len(heard) < said:
            heard += reader.hear() or []
        assert heard == [line] * said
        assert reader.hear() == []
