"""A real browser, without a window."""

from collections.abc import Iterator
from contextlib import contextmanager

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from support.requirements import require_program

SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage "
    "--disable-background-networking --disable-component-update --disable-sync --window-size=1200,2400"
)


@contextmanager
def running_browser(why: str, *switches: str) -> Iterator[Chrome]:
    """`why` completes the sentence "chromium is not on PATH, and it is needed to …"."""
    options = ChromeOptions()
    options.binary_location = require_program("chromium", why)
    for switch in (*SWITCHES.split(), *switches):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    chrome = Chrome(options, ChromeService(require_program("chromedriver", why)))
    try:
        yield chrome
    finally:
        chrome.quit()
