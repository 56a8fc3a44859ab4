"""The docs page in a real browser: it needs no other host, and a pasted token makes its calls work."""

import json
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, visibility_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

from support.browsers import running_browser
from support.people import Person
from support.programs import PATIENCE_SECONDS


@pytest.fixture
def browser() -> Iterator[Chrome]:
    with running_browser("open the docs page") as chrome:
        yield chrome


def test_a_pasted_token_makes_the_docs_page_work(browser: Chrome, api: str, ann: Person) -> None:
    ann.adds("Read the documentation")
    # The page draws again what it has shown, also between a look and a click.
    again = (StaleElementReferenceException, ElementClickInterceptedException)
    wait = WebDriverWait(browser, PATIENCE_SECONDS, ignored_exceptions=again)

    def click(css: str) -> None:
        wait.until(lambda browser: is_clicked(element_to_be_clickable((By.CSS_SELECTOR, css))(browser)))

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


def test_nothing_on_the_docs_page_is_wider_than_a_screen_or_a_phone(browser: Chrome, api: str) -> None:
    wait = WebDriverWait(browser, PATIENCE_SECONDS)

    browser.get(f"{api}/docs")
    wait.until(visibility_of_element_located((By.CSS_SELECTOR, "section.models")))
    groups = ["tasks", "recurrence", "batch", "trash", "lists", "changes", "calendar", "account", "operations"]
    assert texts(browser, ".opblock-tag a") == groups
    assert browser.find_elements(By.CSS_SELECTOR, "section.models article") == []  # folded

    for operation in ("tasks-list_tasks", "tasks-find_task", "batch-apply_batch"):
        browser.execute_script(CLICK, f"#operations-{operation} .opblock-summary-control")
        wait.until(visibility_of_element_located((By.CSS_SELECTOR, f"#operations-{operation} .responses-table")))
    assert texts(browser, "#operations-tasks-list_tasks [data-param-name=overdue] option") == ["--", "true"]
    browser.execute_script(CLICK, "section.models h4 button")
    wait.until(visibility_of_element_located((By.CSS_SELECTOR, "section.models article")))
    browser.execute_script(CLICK, "section.models article:last-of-type .json-schema-2020-12-expand-deep-button")
    assert too_wide(browser, 390) == too_wide(browser, 1280) == []

    browser.execute_script(CLICK, "button.authorize")
    dialog = wait.until(visibility_of_element_located((By.CSS_SELECTOR, ".auth-container")))
    assert "taskward token" in dialog.text
    assert too_wide(browser, 390) == []


def is_clicked(element: WebElement | Literal[False]) -> bool:
    if element:
        element.click()
    return bool(element)


CLICK = "document.querySelector(arguments[0]).click()"
TOO_WIDE = """
return [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > arguments[0] + 1)
  .map((element) => element.outerHTML.slice(0, 100))
"""


def too_wide(browser: Chrome, width: int) -> list[str]:
    """What reaches beyond a screen of so many pixels."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    found: list[str] = browser.execute_script(TOO_WIDE, width)
    return found


def texts(browser: Chrome, css: str) -> list[str]:
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, css)]


def hosts_asked(browser: Chrome) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    urls = [urlsplit(each["request"]["url"]) for each in sent]
    return {url.netloc for url in urls if url.scheme in ("http", "https", "ws", "wss")}
