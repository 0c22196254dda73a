"""A real Chromium, and a dashboard that is served to it."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Without these it asks hosts on the internet for updates and settings.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for all tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own; an error in its scripts, or a refused load, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    context.close()
    assert not wrong


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """Serve an ASGI application on a free port; returns its address."""
    import uvicorn

    running: list[tuple[uvicorn.Server, threading.Thread, Any]] = []

    def start(app: Any, port: int = 0) -> str:
        listener = socket.create_server(("127.0.0.1", port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread, app))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def stop() -> None:
        for server, thread, app in running:
            app.state.closing = True
            server.should_exit = True
            thread.join(10)
        running.clear()

    start.stop = stop  # type: ignore[attr-defined]
    yield start
    stop()


@pytest.fixture
def shot(tmp_path: Path) -> Callable[[Any, str], None]:
    """Take a picture of the page; into ``docs/images`` when DIAGNOSE_UPDATE_IMAGES is set."""

    def take(page: Any, name: str) -> None:
        folder = IMAGES if os.environ.get("DIAGNOSE_UPDATE_IMAGES") else tmp_path
        picture = folder / f"dashboard-{name}.png"
        page.screenshot(path=picture, full_page=True)
        assert picture.stat().st_size > 5_000

    return take
