"""The HTML page in a real browser: drawn, readable, accessible, and without requests."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import team_history
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from workbench import missing, wait_until

from instrumented_make.text import printable

QUESTIONS = [
    "What changed?",
    "Did the change of 2026-04-28T10:00Z help?",
    "Did people work differently after the change of 2026-04-28T10:00Z?",
    "Does it depend on the operating system?",
    "Which commands take up the most of people's time?",
    "Why do people wait more or less?",
    "Which commands fail or are killed, and when?",
    "What leads to debugging?",
    "Which commands are used most often?",
    "What do people run before and after what?",
    "How long from a pull until people work again?",
    "Which commands are new, gone or renamed?",
    "Do people work in different ways?",
    "How long do people stay on old commits?",
    "What happened over time?",
]
# What changed and what is after a pull is in sentences and charts.
TABLES = len(QUESTIONS) - 2
# In CSS pixels: a telephone's, a laptop's, and that of A4 paper less its margins.
WIDTHS = {"phone": 390, "laptop": 1280, "paper": 672}


OPTIONS = ["--change", "2026-04-28T10:00Z", "--by", "operating_system", "--catalog", "examples/team_targets.yaml"]
# The time at which the page says that it was made.
EPOCH = "1780000000"


def fail_on_monday_mornings(path: Path) -> None:
    """Every fourth run from 8 to 12 on Mondays fails, but for those of the command that the change helped."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(path)
    columns = (table[name].to_pylist() for name in ("command", "start_time", "exit_status"))
    statuses = [
        2
        if start.weekday() == 0 and 8 <= start.hour < 12 and number % 4 == 0 and command != team_history.REPAIRED
        else status
        for number, (command, start, status) in enumerate(zip(*columns, strict=True))
    ]
    place = table.schema.get_field_index("exit_status")
    pq.write_table(table.set_column(place, "exit_status", pa.array(statuses)), path)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a team's history, made as a user makes it. It has every chart: hours differ, and there is a habit."""
    folder = tmp_path_factory.mktemp("page")
    team_history.write(folder / "team.parquet", 40_000)
    fail_on_monday_mornings(folder / "team.parquet")
    command = [sys.executable, "-m", "generator", "report", str(folder / "team.parquet"), *OPTIONS]
    variables = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    subprocess.run(
        [*command, "--html", str(folder / "page.html")], env=variables, check=True, stderr=subprocess.DEVNULL
    )
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Headless Chromium."""
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        missing("Chromium")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    flags += "disable-component-update disable-sync disable-dev-shm-usage"
    for flag in [*flags.split(), f"user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(f"--{flag}")
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def show(browser: webdriver.Chrome, page: Path, width: str = "laptop", *, dark: bool = False) -> None:
    """Open the page, as on a medium of that width."""
    metrics = {"width": WIDTHS[width], "height": 900, "deviceScaleFactor": 1, "mobile": width == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media: dict[str, Any] = {"media": "print" if width == "paper" else "screen"}
    media["features"] = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(page.as_uri())


def script(browser: webdriver.Chrome, text: str, *arguments: Any) -> Any:
    return browser.execute_script(text, *arguments)


def complaints(browser: webdriver.Chrome) -> list[Any]:
    """The browser's log, which includes refused requests."""
    return browser.get_log("browser")  # type: ignore[no-untyped-call, no-any-return]


def drawings(browser: webdriver.Chrome) -> list[WebElement]:
    """The visible charts."""
    return [svg for svg in browser.find_elements(By.CSS_SELECTOR, "figure svg") if svg.is_displayed()]


def test_the_page_is_one_file_that_loads_nothing(page: Path) -> None:
    """No script, no address to fetch from, and a policy that would forbid it; small enough to mail."""
    text = page.read_text()
    assert not re.search(r"<script|<iframe|<img|<object|@import|url\(|\bon\w+=", text)
    assert set(re.findall(r"(?:https?:)?//[\w.]+", text)) <= {"http://www.w3.org"}
    addresses = {match for match in re.findall(r'\b(?:href|src)="([^"]*)"', text) if match[0] != "#"}
    assert {address.partition(",")[0] for address in addresses} == {"data:", "data:text/csv;charset=utf-8;base64"}
    assert "default-src 'none'" in text
    assert page.stat().st_size < 1_500_000
    assert "team.parquet: all commands; all branches; without test data" in text
    assert "made 2026-05-28T20:26Z by instrumented-make " in text


# Somebody whom this machine does not know, and who has no home.
STRANGER = ["unshare", "--user", "--map-user=54321"]


@pytest.mark.parametrize("somebody", [[], STRANGER], ids=["known", "stranger"])
def test_the_page_is_the_same_on_every_machine(page: Path, tmp_path: Path, somebody: list[str]) -> None:
    """Neither its clock, nor its time zone, nor its language, nor its having no home changes a byte."""
    if somebody and subprocess.run([*somebody, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no namespace can be made here")
    command = [*somebody, sys.executable, "-m", "generator", "report", str(page.with_name("team.parquet"))]
    variables = {"PATH": os.environ["PATH"], "TZ": "Pacific/Auckland", "LC_ALL": "C", "SOURCE_DATE_EPOCH": EPOCH}
    options = [*OPTIONS, "--html", str(tmp_path / "a.html")]
    subprocess.run([*command, *options], env=variables, check=True, stderr=subprocess.DEVNULL)
    assert (tmp_path / "a.html").read_text() == page.read_text()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_question_has_its_charts(browser: webdriver.Chrome, page: Path, width: str, dark: bool) -> None:
    """At every width each is drawn once, fits and has marks, and the console has no messages."""
    show(browser, page, width, dark=dark)
    assert [heading.text for heading in browser.find_elements(By.TAG_NAME, "h2")] == QUESTIONS
    assert script(browser, "return document.documentElement.scrollWidth <= window.innerWidth")
    seen = drawings(browser)
    # Two small ones of what changed, one or two for each other question, two of the weeks, six of commands over time.
    assert len(seen) == 2 + (2 + 2 + 2 + 2 + 1 + 2 + 1 + 1 + 1 + 1 + 1 + 2 + 1) + 2 + 6
    for svg in seen:
        box = svg.rect
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTHS[width]
        assert box["width"] >= 280
        assert box["height"] >= 50
        marks = ", ".join(f".mark-{kind} > *" for kind in ("rect", "rule", "line", "symbol"))
        assert len(svg.find_elements(By.CSS_SELECTOR, marks)) > 5
    assert script(browser, "return performance.getEntriesByType('resource').length") == 0
    assert complaints(browser) == []


@pytest.mark.parametrize("width", ["phone", "laptop"])
def test_no_text_in_a_chart_is_cut_off(browser: webdriver.Chrome, page: Path, width: str) -> None:
    """All text of a chart is inside it."""
    show(browser, page, width)
    outside = script(
        browser,
        """
        const found = [];
        for (const svg of document.querySelectorAll('figure svg')) {
          const frame = svg.getBoundingClientRect();
          for (const text of frame.width ? svg.querySelectorAll('text') : []) {
            const box = text.getBoundingClientRect();
            if (box.width && (box.left < frame.left - 1 || box.right > frame.right + 1)) found.push(text.textContent);
          }
        }
        return found;
        """,
    )
    assert outside == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_have_enough_contrast(browser: webdriver.Chrome, page: Path, dark: bool) -> None:
    """4.5 or more for text and 3 for marks (WCAG 2.2, 1.4.3 and 1.4.11); on paper the page is always light."""
    show(browser, page, dark=dark)
    colours = {
        name: _colour(
            script(
                browser, "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0])", f"--{name}"
            )
        )
        for name in ("paper", "ink", "soft", "accent", "failed", "better", "worse", "unsure")
    }
    assert (_luminance(colours["paper"]) < 0.5) is dark
    for name, colour in colours.items():
        if name != "paper":
            assert _contrast(colour, colours["paper"]) >= (4.5 if name in ("ink", "soft", "accent") else 3), name
    show(browser, page, "paper", dark=dark)
    assert (
        _luminance(
            _colour(script(browser, "return getComputedStyle(document.documentElement).getPropertyValue('--paper')"))
        )
        > 0.9
    )


def _colour(text: str) -> tuple[int, int, int]:
    digits = text.strip().removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _luminance(colour: tuple[int, int, int]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(item: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    low, high = sorted((_luminance(item), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_keyboard_reaches_everything(browser: webdriver.Chrome, page: Path) -> None:
    """Tab goes from the skip link to the questions, to each table's switch, which Enter opens, and into the table."""
    show(browser, page)
    reached = []
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    while (focus := browser.switch_to.active_element).tag_name != "body":
        assert script(browser, "return arguments[0].matches(':focus-visible')", focus)
        reached.append((focus.tag_name, focus.text or focus.get_attribute("aria-label") or ""))
        if focus.tag_name == "summary":
            focus.send_keys(Keys.ENTER)
        assert len(reached) < 80
        focus.send_keys(Keys.TAB)
    assert reached[0] == ("a", "Skip to the answers")
    links = [text for tag, text in reached if tag == "a"][1:]
    assert links[: len(QUESTIONS)] == QUESTIONS
    assert set(links[len(QUESTIONS) :]) == {"Download these figures (CSV)"}
    assert [tag for tag, _ in reached].count("summary") == TABLES
    tables = [element for element in browser.find_elements(By.TAG_NAME, "table") if element.is_displayed()]
    assert len(tables) == TABLES
    assert [tag for tag, _ in reached].count("div") == TABLES


def test_charts_and_tables_are_accessible(browser: webdriver.Chrome, page: Path) -> None:
    """Each chart is one image with a text, tables have header cells, and the language and landmarks are set."""
    show(browser, page)
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names: dict[str, list[str]] = {}
    for node in tree:
        if not node.get("ignored"):
            names.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    pictures = names.get("image", []) + names.get("img", [])
    assert len(pictures) == len(drawings(browser))
    assert all(len(name) > 30 for name in pictures)
    assert {"main", "navigation", "banner", "contentinfo"} <= set(names)
    assert names["navigation"] == ["Questions"]
    assert [name for name in names["heading"] if name in QUESTIONS] == QUESTIONS
    assert set(QUESTIONS) <= set(names["region"])
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    for table in browser.find_elements(By.TAG_NAME, "table"):
        assert table.find_elements(By.CSS_SELECTOR, "thead th[scope=col]")
        assert table.find_elements(By.CSS_SELECTOR, "tbody th[scope=row]")


def test_tables_are_printed(browser: webdriver.Chrome, page: Path) -> None:
    """On a screen they must be opened first."""
    show(browser, page, "paper")
    assert all(table.rect["height"] > 50 for table in browser.find_elements(By.TAG_NAME, "table"))
    assert not browser.find_element(By.TAG_NAME, "nav").is_displayed()


def test_each_bar_has_a_tooltip(browser: webdriver.Chrome, page: Path) -> None:
    """It shows the bar's figures."""
    show(browser, page)
    titles = [
        element.get_attribute("textContent")
        for drawing in drawings(browser)
        for element in drawing.find_elements(By.TAG_NAME, "title")
    ]
    assert any(re.fullmatch(r"dev\.up\.lms: [\d,]+ runs", title or "") for title in titles)


HOSTILE = "<script>alert(1)</script>\"'&amp;%s{{7*7}}\u202e\x07"


def test_command_names_are_only_text(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """HTML in a name is shown, not run."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    team_history.write(tmp_path / "a.parquet", 500)
    table = pq.read_table(tmp_path / "a.parquet")
    names = pa.array([HOSTILE if name == "dev.up.lms" else name for name in table["command"].to_pylist()])
    pq.write_table(table.set_column(table.schema.get_field_index("command"), "command", names), tmp_path / "a.parquet")
    command = [sys.executable, "-m", "generator", "report", str(tmp_path / "a.parquet"), "--change", "2026-04-28"]
    subprocess.run([*command, "--html", str(tmp_path / "a.html")], check=True)
    show(browser, tmp_path / "a.html")
    assert printable(HOSTILE) in " ".join(answer.text for answer in browser.find_elements(By.CSS_SELECTOR, ".answer"))
    assert script(browser, "return document.scripts.length") == 0
    assert complaints(browser) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("rows", [0, 1, 2, 30])
def test_a_short_history_is_drawn(browser: webdriver.Chrome, tmp_path: Path, rows: int) -> None:
    """With no run, one or a few, there is no error and no NaN."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    team_history.write(tmp_path / "a.parquet", 1_000)
    table = pq.read_table(tmp_path / "a.parquet", filters=[("is_test", "=", "false")])
    pq.write_table(table.slice(0, rows), tmp_path / "a.parquet")
    command = [sys.executable, "-m", "generator", "report", str(tmp_path / "a.parquet"), "--change", "2026-04-28"]
    subprocess.run([*command, "--min-people", "1", "--html", str(tmp_path / "a.html")], check=True)
    show(browser, tmp_path / "a.html")
    assert ("No matching runs." in browser.find_element(By.TAG_NAME, "body").text) is (rows == 0)
    assert "nan" not in browser.find_element(By.TAG_NAME, "body").text.lower().split()
    assert complaints(browser) == []


def test_figures_are_downloaded_from_the_page_itself(browser: webdriver.Chrome, page: Path, tmp_path: Path) -> None:
    """Each chart links to its figures as CSV, which the browser saves without a request."""
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    show(browser, page)
    links = browser.find_elements(By.CSS_SELECTOR, ".download a")
    assert len({link.get_attribute("download") for link in links}) == len(links) == 22
    figures = {}
    for link in links:
        text = base64.b64decode((link.get_attribute("href") or "").partition("base64,")[2]).decode()
        figures[link.get_attribute("download")] = list(csv.DictReader(io.StringIO(text)))
    assert all(figures.values())
    weeks = figures["durations-by-week.csv"]
    assert {row["command"] for row in weeks} >= {"dev.up.lms", "dev.provision"}
    assert all(float(row["median_ms"]) <= float(row["p90_ms"]) <= float(row["p95_ms"]) for row in weeks)
    links[0].send_keys(Keys.ENTER)
    wait_until((tmp_path / "changes.csv").exists, "the file")
    assert (tmp_path / "changes.csv").read_text().startswith("command,measure,week,level,since\n")


def test_long_names_are_told_apart_on_a_phone(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """Names of 40 and 300 characters that begin alike: none is wider than the screen, and no two labels are equal."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    team_history.write(tmp_path / "a.parquet", 3_000)
    table = pq.read_table(tmp_path / "a.parquet")
    longer = {
        "dev.up.lms": "dev." + "very.long.name." * 19 + "of.lms",
        "dev.attach.lms": "dev." + "very.long.name." * 19 + "of.cms",
        "dev.shell.lms": "dev.shell.of.the.learning.system.in.test.1",
        "dev.down": "dev.shell.of.the.learning.system.in.test.2",
    }
    names = pa.array([longer.get(name, name) for name in table["command"].to_pylist()])
    pq.write_table(table.set_column(table.schema.get_field_index("command"), "command", names), tmp_path / "a.parquet")
    command = [sys.executable, "-m", "generator", "report", str(tmp_path / "a.parquet"), "--change", "2026-04-28"]
    subprocess.run([*command, "--html", str(tmp_path / "a.html")], check=True)
    show(browser, tmp_path / "a.html", "phone")
    assert script(browser, "return document.documentElement.scrollWidth <= window.innerWidth")
    bars = next(svg for svg in drawings(browser) if "is used most" in (svg.get_attribute("aria-label") or ""))
    shown = [text.get_attribute("textContent") for text in bars.find_elements(By.CSS_SELECTOR, ".role-axis-label text")]
    commands = [text for text in shown if text and not text.replace(",", "").isdigit()]
    assert len(set(commands)) == len(commands) >= 8
    assert sum("…" in text for text in commands) >= 4


@pytest.mark.parametrize("width", ["phone", "laptop"])
def test_axes_of_durations_have_at_least_three_labels(browser: webdriver.Chrome, page: Path, width: str) -> None:
    """In every chart that has one."""
    show(browser, page, width)
    for svg in drawings(browser):
        texts = [
            text.get_attribute("textContent") or ""
            for text in svg.find_elements(By.CSS_SELECTOR, ".role-axis-label text")
        ]
        durations = [text for text in texts if re.fullmatch(r"[\d.,]+ (ms|s|min|h)", text)]
        assert not durations or len(durations) >= 3
    assert any(" min" in (svg.text or "") for svg in drawings(browser))
