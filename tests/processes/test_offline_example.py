"""`examples/offline` in real browsers: two devices of one person, one without a line or reloaded so, and ten tabs."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
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
from taskward.resources.news import News, Place

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "offline"
WHY = "run the example that works offline"


class Pages(SimpleHTTPRequestHandler):
    are_down = False
    """As to a browser without a line: a connection, and no answer on it."""

    def do_GET(self) -> None:
        if not self.are_down:
            super().do_GET()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


class CountedNews(News):
    """Knows how many calls have waited at the same time."""

    most = 0

    def place(self, owner_id: str) -> Place | None:
        place = super().place(owner_id)
        self.most = max(self.most, self.count())
        return place


@dataclass(frozen=True)
class Site:
    """Where the page is, and the Better Auth and the Taskward under it."""

    address: str
    better_auth: BetterAuth
    api: str
    news: CountedNews


class Device:
    """A browser with the page, as a person uses it."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        # The page makes its lists anew, in between any two commands too.
        self.wait = WebDriverWait(browser, 120, ignored_exceptions=[StaleElementReferenceException])
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": BEFORE_THE_PAGE})
        browser.get(address)

    def signs_in(self, email: str) -> None:
        for name, value in {"email": email, "password": "correct horse"}.items():
            self.browser.find_element(By.NAME, name).send_keys(value)
        self.browser.find_element(By.CSS_SELECTOR, "form button").click()
        self.is_in_step()

    def is_in_step(self) -> None:
        self.wait.until(lambda browser: browser.find_element(By.TAG_NAME, "output").text == "in step")

    def adds(self, title: str, *, to: str = "Inbox") -> None:
        self.does("const form = section(arguments[0]).querySelector('form'); type(form.title, arguments[1])", to, title)

    def types(self, keys: str) -> WebElement:
        """Key by key, in the field of the first list."""

        def typed(browser: Chrome) -> WebElement:
            field = browser.find_element(By.CSS_SELECTOR, "section > form > input")
            field.send_keys(keys)
            return field

        return self.wait.until(typed)

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

    def keeps(self) -> list[str] | None:
        """The titles of the tasks that the page will show when it is opened without a line."""
        kept: list[str] | None = self.browser.execute_async_script(WHAT_IS_KEPT)
        return kept

    def is_cut_off(self, cut_off: bool) -> None:
        conditions = {"offline": cut_off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def does(self, script: str, *arguments: str) -> Any:
        return self.browser.execute_script(WORDS + script, *arguments)


class Tab(Device):
    """One of several of the same browser."""

    def __init__(self, browser: Chrome, address: str) -> None:
        if browser.current_url != "data:,":
            browser.switch_to.new_window("tab")
        super().__init__(browser, address)
        self.handle = browser.current_window_handle

    def does(self, script: str, *arguments: str) -> Any:
        self.comes_first()
        return super().does(script, *arguments)

    def comes_first(self) -> None:
        self.browser.switch_to.window(self.handle)

    def waits(self) -> bool:
        """Whether it has a call at the API that waits."""
        return bool(self.does("return waiting > 0"))

    def is_frozen(self, frozen: bool) -> None:
        self.comes_first()
        self.browser.execute_cdp_cmd("Page.setWebLifecycleState", {"state": "frozen" if frozen else "active"})

    def goes_elsewhere(self) -> None:
        self.does("window.isKept = true; location = '/nowhere'")
        self.wait.until(lambda browser: browser.current_url.endswith("/nowhere"))

    def goes_back(self) -> None:
        self.comes_first()
        self.browser.execute_script("history.back()")
        self.wait.until(lambda browser: browser.find_elements(By.TAG_NAME, "output"))

    def is_closed(self) -> None:
        self.comes_first()
        self.browser.close()


BEFORE_THE_PAGE = """
window.waiting = 0;
const ask = window.fetch;
window.fetch = async (url, init) => {
  const waits = /wait=[1-9]/.test(url) ? 1 : 0;
  waiting += waits;
  try {
    return await ask(url, init);
  } finally {
    waiting -= waits;
  }
};
"""

WHAT_IS_KEPT = """
const [done] = arguments;
const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
(async () => {
  const { active } = await navigator.serviceWorker.ready;
  const names = (await indexedDB.databases()).map(({ name }) => name).filter((name) => /^taskward-copy-/.test(name));
  if (!names.length || active.state !== "activated" || !(await caches.match("/"))) return null;
  const database = await answered(indexedDB.open(names[0]));
  const parts = database.transaction(["copy", "task"]);
  const [mark, tasks] = await Promise.all(["copy", "task"].map((part) => answered(parts.objectStore(part).getAll())));
  database.close();
  return mark[0]?.isWhole ? tasks.map(({ title }) => title) : null;
})().then(done, (error) => done([String(error)]));
"""

WORDS = """
const section = (name) =>
  [...document.querySelectorAll("section")].find((each) => each.firstChild.textContent === name);
const item = (title) => [...document.querySelectorAll("li")].find((each) => each.children[1].value === title);
const type = (field, text) => { field.value = text; field.form.requestSubmit(); };
"""


@pytest.fixture(scope="module")
def site(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page, over a Better Auth and a Taskward of its own."""
    install(EXAMPLE, what="the example that works offline")
    folder = tmp_path_factory.mktemp("page")
    pages = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=folder))
    origin = f"http://localhost:{pages.server_port}"
    Thread(target=pages.serve_forever, daemon=True).start()
    news = CountedNews()
    with running_better_auth(FRONT_END=origin) as better_auth, taskward(database_url, better_auth, origin, news) as api:
        env = {"PATH": os.environ["PATH"], "VITE_TASKWARD_URL": api, "VITE_BETTER_AUTH_URL": better_auth.origin}
        command = [require_program("npm", WHY), "run", "build", "--", "--outDir", str(folder), "--emptyOutDir"]
        run = subprocess.run(command, cwd=EXAMPLE, env=env, capture_output=True, text=True, timeout=200)
        assert run.returncode == 0, run.stdout + run.stderr
        yield Site(origin, better_auth, api, news)
    pages.shutdown()
    pages.server_close()


def taskward(database_url: str, better_auth: BetterAuth, origin: str, news: News) -> Any:
    settings = settings_for(database_url, better_auth_url=better_auth.origin, cors_origins=origin)
    return serving(create_app(settings, news=news))


@pytest.fixture
def device(site: Site) -> Iterator[Callable[[], Device]]:
    opened = []

    def open_one() -> Device:
        context = running_browser(WHY)
        opened.append(context)
        return Device(context.__enter__(), site.address)

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


def test_what_is_being_written_stays_while_others_change_things(device: Callable[[], Device]) -> None:
    phone, laptop = device(), device()
    phone.signs_in("eve@example.com")
    laptop.signs_in("eve@example.com")
    laptop.adds("Milk")
    eventually(lambda: phone.shows() == ["Milk"])

    field = phone.types("Half a ")
    laptop.adds("Bread")
    eventually(lambda: laptop.shows() == ["Milk", "Bread"])
    field.send_keys("l")
    phone.browser.find_element(By.NAME, "name").click()
    eventually(lambda: phone.shows() == ["Milk", "Bread"])
    phone.types("oaf\n")
    eventually(lambda: phone.shows() == ["Milk", "Bread", "Half a loaf"])
    phone.wait.until(lambda browser: browser.switch_to.active_element.send_keys("Salt\n") is None)

    eventually(lambda: laptop.shows() == ["Milk", "Bread", "Half a loaf", "Salt"])


def test_a_page_that_is_reloaded_without_a_line_goes_on(
    site: Site, device: Callable[[], Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = device()
    phone.signs_in("dora@example.com")
    phone.adds("Milk")
    phone.adds("Bread")
    eventually(lambda: set(phone.keeps() or ()) == {"Milk", "Bread"})

    phone.is_cut_off(True)
    monkeypatch.setattr(Pages, "are_down", True)
    phone.browser.refresh()
    eventually(lambda: phone.shows() == ["Milk", "Bread"])
    phone.renames("Milk", "Oat milk")
    phone.adds("Salt")
    phone.clicks("[title=up]", "Salt")
    phone.browser.refresh()
    eventually(lambda: phone.shows() == ["Oat milk", "Salt", "Bread"])
    phone.clicks("[type=checkbox]", "Bread")
    adds_elsewhere(site, "dora@example.com", "Butter")
    assert phone.browser.find_element(By.TAG_NAME, "output").text in ("not in step yet", "no line")

    monkeypatch.setattr(Pages, "are_down", False)
    phone.is_cut_off(False)
    eventually(lambda: phone.shows() == ["Oat milk", "Salt", "(Bread)", "Butter"])
    phone.is_in_step()
    eventually(lambda: titles_at(site, "dora@example.com") == ["Oat milk", "Salt", "Bread", "Butter"])

    phone.browser.find_element(By.ID, "out").click()
    phone.wait.until(lambda browser: browser.find_elements(By.NAME, "password"))
    assert phone.keeps() is None


@pytest.fixture
def tab(site: Site) -> Iterator[Callable[[], Tab]]:
    """Tabs of one browser."""
    with running_browser(WHY) as browser:
        yield lambda: Tab(browser, site.address)


def all_show(tabs: list[Tab], *titles: str) -> None:
    for each in tabs:
        eventually(lambda each=each: sorted(each.shows()) == sorted(titles))


def the_one_that_waits(site: Site, tabs: list[Tab]) -> Tab:
    """When it waits for all, and no other call waits."""
    return eventually(lambda: site.news.count() == 1 and next((each for each in tabs if each.waits()), None))


def adds_elsewhere(site: Site, email: str, title: str) -> None:
    """Not in this browser."""
    token = site.better_auth.sign_in(email).token()
    body, headers = {"title": title}, {"Authorization": f"Bearer {token}"}
    httpx.post(f"{site.api}/tasks", json=body, headers=headers, trust_env=False).raise_for_status()


def titles_at(site: Site, email: str) -> list[str]:
    """Of the inbox in its order, as the API has it."""
    headers = {"Authorization": f"Bearer {site.better_auth.sign_in(email).token()}"}
    params = {"list": "inbox", "sort": "position"}
    answer = httpx.get(f"{site.api}/tasks", params=params, headers=headers, trust_env=False)
    return [task["title"] for task in answer.raise_for_status().json()]


def test_of_ten_tabs_one_waits_for_all(site: Site, tab: Callable[[], Tab]) -> None:
    tabs = [tab()]
    tabs[0].signs_in("carl@example.com")
    the_one_that_waits(site, tabs)
    site.news.most = 0
    tabs += [tab() for _ in range(9)]
    for each in tabs:
        each.comes_first()
        each.is_in_step()
    for number, each in enumerate(tabs):
        each.adds(f"{number}")
    adds_elsewhere(site, "carl@example.com", "from elsewhere")
    titles = [*map(str, range(10)), "from elsewhere"]
    all_show(tabs, *titles)
    assert site.news.most == 1

    closed = the_one_that_waits(site, tabs)
    closed.is_closed()
    tabs.remove(closed)
    adds_elsewhere(site, "carl@example.com", "while one closes")
    all_show(tabs, *titles, "while one closes")

    def meanwhile(title: str, stop: Callable[[Tab], object], go_on: Callable[[Tab], object]) -> None:
        stopped = the_one_that_waits(site, tabs)
        stop(stopped)
        others = [each for each in tabs if each is not stopped]
        adds_elsewhere(site, "carl@example.com", title)
        titles.append(title)
        all_show(others, *titles)
        the_one_that_waits(site, others)
        go_on(stopped)
        all_show([stopped], *titles)

    titles.append("while one closes")
    meanwhile("while one is frozen", lambda tab: tab.is_frozen(True), lambda tab: tab.is_frozen(False))
    meanwhile("while one is on another page", lambda tab: tab.goes_elsewhere(), lambda tab: tab.goes_back())
    assert any(each.does("return window.isKept") for each in tabs)  # or the browser has made it anew
    assert site.news.most <= 2  # of one that has just stopped the call may not have ended yet
