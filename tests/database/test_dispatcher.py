"""The dispatcher of the webhook, without a server around it."""

import asyncio

from support.databases import using
from support.receiver import SECRET
from support.settings import settings_for
from taskward.doors.webhook import Dispatcher


def test_one_that_was_never_opened_stops_and_closes(database_url: str) -> None:
    """As when a start is refused after the application was made."""
    settings = settings_for(database_url, webhook_url="https://app.example.com", webhook_secret=SECRET)

    async def main() -> None:
        async with using(database_url) as pool:
            dispatcher = Dispatcher(settings, pool)
            dispatcher.stop()
            await dispatcher.close()

    asyncio.run(main())
