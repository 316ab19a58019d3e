"""A headless Chromium for tests of pages: its own profile, no network of its own, any width, light or dark, print."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 60.0
"""Seconds until a page that is not drawn counts as one that never will be; machines may be busy."""


def why_no_browser() -> str:
    """Why no browser can be driven here; empty if one can."""
    if not any(map(shutil.which, BROWSERS)):
        return f"no browser: install the distribution's package of one of {', '.join(BROWSERS)}"
    if not shutil.which("chromedriver"):
        return "no chromedriver: install the distribution's package chromium-driver"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed: python -m pip install 'eacu[test]'"
    return ""


class Page:
    """A page in the browser."""

    def __init__(self, driver: Any):
        self._driver = driver

    def open(self, file: Path, width: int, scheme: str = "light") -> None:
        """Load the file at a width in a colour scheme, and wait until its plots are drawn."""
        self._command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self._command("Emulation.setDeviceMetricsOverride", **size)
        self._driver.get(file.resolve().as_uri())
        deadline = time.monotonic() + PATIENCE
        while not self.ask("return document.documentElement.dataset.drawn"):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"the plots of {file.name} were not drawn within {PATIENCE:g} s: {self.console()}"
                )
            time.sleep(0.05)

    def ask(self, script: str) -> Any:
        """What a script returns."""
        return self._driver.execute_script(script)

    def console(self) -> list[str]:
        """Messages of the console since the last call."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses that pages asked for, but for the browser's own and for data inside the page."""
        events = [json.loads(entry["message"])["message"] for entry in self._driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("chrome:", "data:", "blob:"))]

    def printed(self) -> bytes:
        """The page as a PDF."""
        answer = self._command("Page.printToPDF", preferCSSPageSize=True)
        return base64.b64decode(answer["data"])

    def media(self, name: str) -> None:
        """Show the page as on this medium, such as ``print``."""
        self._command("Emulation.setEmulatedMedia", media=name)

    def _command(self, name: str, **arguments: Any) -> Any:
        return self._driver.execute_cdp_cmd(name, arguments)


@contextmanager
def open_browser() -> Iterator[Page]:
    """A browser with a fresh profile, closed and forgotten afterwards."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for argument in (*QUIET, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield Page(driver)
        finally:
            driver.quit()
