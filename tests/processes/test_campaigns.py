"""The fault campaigns in their short form: every row of `docs/reliability.md`, with small numbers.

What a row says of speed is judged by `make campaign`, which has the machine to itself.
"""

import asyncio
import sys
from pathlib import Path

import pytest

from support.requirements import require_program

sys.path.append(str(Path(__file__).parents[2]))

from campaigns.__main__ import CAMPAIGNS, lines_of
from campaigns.outcome import Campaign

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="The campaigns look into /proc, which Linux alone has."),
]


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.__name__)
def test_clients_come_through_the_campaign(campaign: Campaign) -> None:
    if campaign.__name__ == "behind_pgbouncer":
        require_program("pgbouncer", "run the campaign through it")

    outcomes = asyncio.run(campaign("short"))

    assert all(outcome.is_met(judges_speed=False) for outcome in outcomes), "\n".join(["", *lines_of(outcomes)])
