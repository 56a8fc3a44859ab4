"""What `taskward webhook test` does: it tells the application one event that says nothing."""

import asyncio
import secrets
import time

from taskward.doors.webhook_events import Event, body_of
from taskward.doors.webhook_sending import Outcome, Sender
from taskward.settings import Settings, SettingsError, origin_of

TYPE = "webhook.test"


def tell_test(settings: Settings) -> tuple[bool, str]:
    """Whether it was taken, and a sentence of what came of it.

    Raises:
        SettingsError: there is no webhook.
    """
    if settings.webhook_url is None:
        raise SettingsError("WEBHOOK_URL is not set: it says where your application is told of changes.")
    began = time.time()
    event = Event(TYPE, f"msg_{secrets.token_hex(16)}", body_of(TYPE, at_ms=int(began * 1000), data={}))

    async def sent() -> tuple[Outcome, str]:
        sender = Sender(settings)
        try:
            answer = await sender.send(event)
        finally:
            await sender.close()
        return answer.outcome, answer.said

    outcome, said = asyncio.run(sent())
    return outcome is Outcome.DELIVERED, sentence(origin_of(settings.webhook_url), outcome, said, time.time() - began)


def sentence(where: str, outcome: Outcome, said: str, seconds: float) -> str:
    match outcome:
        case Outcome.DELIVERED:
            return f"{where} has taken an event of type {TYPE}: it answered {said} in {seconds:.2f} s."
        case Outcome.REJECTED if said.startswith("3") and said != "304":
            return f"{where} answered {said}, and redirects are not followed: set WEBHOOK_URL to where it leads."
        case Outcome.REJECTED:
            return f"{where} has not taken it: it answered {said} in {seconds:.2f} s, and 2xx is what takes it."
        case Outcome.TIMEOUT:
            return f"{where} has not taken it: {said}."
        case Outcome.UNREACHABLE:
            return f"{where} cannot be reached, or speaks no HTTP: {said}."
