"""`examples/offline` in real browsers: two devices of one person, of which one has no line for a while."""

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import alert_is_present
from selenium.webdriver.support.wait import WebDriverWait

from support.better_auth import BetterAuth, running_better_auth
from support.browsers import running_browser
from support.npm import install
from support.programs import eventually
from support.requirements import require_program
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "offline"
WHY = "run the example that works offline"


class Pages(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


class Device:
    """A browser with the page, as a person uses it."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        self.wait = WebDriverWait(browser, 60)
        browser.execute_cdp_cmd("Network.enable", {})
        browser.get(address)

    def signs_in(self, email: str) -> None:
        for name, value in {"email": email, "password": "correct horse"}.items():
            self.browser.find_element(By.NAME, name).send_keys(value)
        self.browser.find_element(By.CSS_SELECTOR, "form button").click()
        self.wait.until(lambda browser: browser.find_element(By.TAG_NAME, "output").text == "in step")

    def adds(self, title: str, *, to: str = "Inbox") -> None:
        self.does("const form = section(arguments[0]).querySelector('form'); type(form.title, arguments[1])", to, title)

    def adds_list(self, name: str) -> None:
        self.does("type(document.querySelector('main > form').elements.name, arguments[0])", name)

    def renames(self, title: str, to: str) -> None:
        self.does(
            "const field = item(arguments[0]).querySelector('.title'); field.value = arguments[1]; "
            "field.dispatchEvent(new Event('change'))",
            title,
            to,
        )

    def clicks(self, control: str, title: str) -> None:
        self.does("item(arguments[1]).querySelector(arguments[0]).click()", control, title)

    def shows(self, of: str = "Inbox") -> list[str]:
        """The titles of a list in its order, done ones in brackets."""
        script = """
          const own = section(arguments[0]);
          return own && [...own.querySelectorAll("li")].map((item) => {
            const [done, title] = item.children;
            return done.checked ? `(${title.value})` : title.value;
          })"""
        shown: list[str] = self.does(script, of)
        return shown

    def is_cut_off(self, cut_off: bool) -> None:
        conditions = {"offline": cut_off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def does(self, script: str, *arguments: str) -> Any:
        return self.browser.execute_script(WORDS + script, *arguments)


WORDS = """
const section = (name) =>
  [...document.querySelectorAll("section")].find((each) => each.firstChild.textContent === name);
const item = (title) => [...document.querySelectorAll("li")].find((each) => each.children[1].value === title);
const type = (field, text) => { field.value = text; field.form.requestSubmit(); };
"""


@pytest.fixture(scope="module")
def address(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is, over a Better Auth and a Taskward of its own."""
    install(EXAMPLE, what="the example that works offline")
    folder = tmp_path_factory.mktemp("page")
    pages = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=folder))
    origin = f"http://localhost:{pages.server_port}"
    Thread(target=pages.serve_forever, daemon=True).start()
    with running_better_auth(FRONT_END=origin) as better_auth, taskward(database_url, better_auth, origin) as api:
        env = {"PATH": os.environ["PATH"], "VITE_TASKWARD_URL": api, "VITE_BETTER_AUTH_URL": better_auth.origin}
        command = [require_program("npm", WHY), "run", "build", "--", "--outDir", str(folder), "--emptyOutDir"]
        run = subprocess.run(command, cwd=EXAMPLE, env=env, capture_output=True, text=True, timeout=200)
        assert run.returncode == 0, run.stdout + run.stderr
        yield origin
    pages.shutdown()
    pages.server_close()


def taskward(database_url: str, better_auth: BetterAuth, origin: str) -> Any:
    return serving(create_app(settings_for(database_url, better_auth_url=better_auth.origin, cors_origins=origin)))


@pytest.fixture
def device(address: str) -> Iterator[Callable[[], Device]]:
    opened = []

    def open_one() -> Device:
        context = running_browser(WHY)
        opened.append(context)
        return Device(context.__enter__(), address)

    yield open_one
    for context in opened:
        context.__exit__(None, None, None)


def test_two_devices_are_in_step_again_after_one_had_no_line(device: Callable[[], Device]) -> None:
    phone, laptop = device(), device()
    phone.signs_in("ann@example.com")
    laptop.signs_in("ann@example.com")
    phone.adds_list("Home")
    phone.adds("Milk")
    phone.adds("Bread")
    eventually(lambda: phone.shows("Home") is not None)
    phone.adds("Paint the door", to="Home")
    eventually(lambda: (laptop.shows(), laptop.shows("Home")) == (["Milk", "Bread"], ["Paint the door"]))

    phone.is_cut_off(True)
    phone.adds("Salt")
    phone.renames("Milk", "Oat milk")
    phone.clicks("[title=up]", "Salt")
    phone.clicks("[type=checkbox]", "Paint the door")
    assert (phone.shows(), phone.shows("Home")) == (["Oat milk", "Salt", "Bread"], ["(Paint the door)"])
    laptop.adds("Butter")
    laptop.clicks("[title=delete]", "Bread")
    eventually(lambda: laptop.shows() == ["Milk", "Butter"])
    phone.is_cut_off(False)

    for each in (phone, laptop):
        eventually(
            lambda each=each: (
                (sorted(each.shows()), each.shows("Home")) == (["Butter", "Oat milk", "Salt"], ["(Paint the door)"])
            )
        )
    eventually(lambda: phone.shows() == laptop.shows())


def test_a_conflict_is_asked_of_the_person(device: Callable[[], Device]) -> None:
    phone, laptop = device(), device()
    phone.signs_in("bob@example.com")
    laptop.signs_in("bob@example.com")
    phone.adds("Milk")
    eventually(lambda: laptop.shows() == ["Milk"])

    phone.is_cut_off(True)
    phone.renames("Milk", "Oat milk")
    laptop.renames("Milk", "Cream")
    eventually(lambda: laptop.shows() == ["Cream"])
    phone.is_cut_off(False)

    question = phone.wait.until(alert_is_present())
    assert question.text == 'Somebody else has set title "Cream". Set title "Oat milk" all the same?'
    question.accept()
    for each in (phone, laptop):
        eventually(lambda each=each: each.shows() == ["Oat milk"])
