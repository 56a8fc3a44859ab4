"""Settings as the tests have them."""

from typing import Any

from taskward.settings import Settings, read_settings


def settings_for(database_url: str, **values: Any) -> Settings:
    """Without a limit on requests, which tests would come to when they are quick."""
    return read_settings(database_url=database_url, **({"rate_limit_per_minute": 0} | values))
