"""The docs page in a real browser: it needs no other host, and a pasted token makes its calls work."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, visibility_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

from support.people import Person
from support.requirements import require_program

SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage "
    "--disable-background-networking --disable-component-update --disable-sync --window-size=1200,2400"
)


@pytest.fixture
def browser() -> Iterator[Chrome]:
    why = "open the docs page"
    options = ChromeOptions()
    options.binary_location = require_program("chromium", why)
    for switch in SWITCHES.split():
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    chrome = Chrome(options, ChromeService(require_program("chromedriver", why)))
    yield chrome
    chrome.quit()


def test_a_pasted_token_makes_the_docs_page_work(browser: Chrome, api: str, ann: Person) -> None:
    ann.adds("Read the documentation")
    wait = WebDriverWait(browser, 30)

    def click(css: str) -> None:
        wait.until(element_to_be_clickable((By.CSS_SELECTOR, css))).click()

    browser.get(f"{api}/docs")
    click("button.authorize")
    token = wait.until(visibility_of_element_located((By.CSS_SELECTOR, ".auth-container input")))
    token.send_keys(ann.token)
    click(".auth-btn-wrapper .authorize")
    click(".auth-btn-wrapper .btn-done")
    operation = "#operations-tasks-list_tasks"
    click(f"{operation} .opblock-summary-control")
    click(f"{operation} .execute")
    status = wait.until(
        visibility_of_element_located(
            (By.CSS_SELECTOR, f"{operation} .live-responses-table tbody .response-col_status")
        )
    )

    assert "200" in status.text
    assert "Read the documentation" in browser.find_element(By.CSS_SELECTOR, operation).text
    assert hosts_asked(browser) == {urlsplit(api).netloc}
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_on_the_docs_page_is_wider_than_the_screen(browser: Chrome, api: str, width: int) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wait = WebDriverWait(browser, 30)

    browser.get(f"{api}/docs")
    wait.until(visibility_of_element_located((By.CSS_SELECTOR, "section.models")))
    assert texts(browser, ".opblock-tag a") == ["tasks", "batch", "trash", "operations"]
    assert browser.find_elements(By.CSS_SELECTOR, "section.models .model-container, section.models article") == []
    assert too_wide(browser) == []

    browser.execute_script(OPEN_ALL, ".opblock-summary-control, section.models h4 button")
    wait.until(lambda _: len(browser.find_elements(By.CSS_SELECTOR, ".opblock .responses-table")) == 14)
    wait.until(visibility_of_element_located((By.CSS_SELECTOR, "section.models article")))
    choices = texts(browser, "#operations-tasks-list_tasks [data-param-name=overdue] option")
    assert choices == ["--", "true"]
    assert too_wide(browser) == []

    schemas = len(browser.find_elements(By.CSS_SELECTOR, "section.models .json-schema-2020-12-expand-deep-button"))
    browser.execute_script(OPEN_ALL, "section.models .json-schema-2020-12-expand-deep-button")
    wait.until(lambda _: texts(browser, "section.models .json-schema-2020-12-expand-deep-button").count("") < schemas)
    assert too_wide(browser) == []

    browser.execute_script(OPEN_ALL, "button.authorize")
    dialog = wait.until(visibility_of_element_located((By.CSS_SELECTOR, ".auth-container")))
    assert "taskward token" in dialog.text
    assert too_wide(browser) == []


OPEN_ALL = "for (const button of document.querySelectorAll(arguments[0])) button.click()"
TOO_WIDE = """
return [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.outerHTML.slice(0, 100))
"""


def too_wide(browser: Chrome) -> list[str]:
    found: list[str] = browser.execute_script(TOO_WIDE)
    return found


def texts(browser: Chrome, css: str) -> list[str]:
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, css)]


def hosts_asked(browser: Chrome) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    urls = [urlsplit(each["request"]["url"]) for each in sent]
    return {url.netloc for url in urls if url.scheme in ("http", "https", "ws", "wss")}
