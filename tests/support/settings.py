"""Settings as the tests have them."""

from typing import Any

from taskward.settings import Settings, read_settings

DEADLINE_SECONDS = 30
"""Which a crowded machine meets too. What ends at a deadline is tested with others."""

PATIENT = {"REQUEST_DEADLINE_SECONDS": str(DEADLINE_SECONDS)}
"""The same for a program."""


def settings_for(database_url: str, **values: Any) -> Settings:
    """Without a limit on requests, which tests would come to when they are quick."""
    ours = {"rate_limit_per_minute": 0, "request_deadline_seconds": DEADLINE_SECONDS}
    return read_settings(database_url=database_url, **(ours | values))
