"""The alternative releases: each of them fits the source, and none gives itself away."""

import compileall
import re
import shutil

import pytest
from examples.meeting_scheduler.releases import RELEASES
from examples.meeting_scheduler.stack import Stack
from examples.support.releases import apply, load_release

RELEASES_OF = "examples.meeting_scheduler.releases"
#: Named after what the release brings, not after what is wrong with it.
FEATURES = {
    "service_account", "api_key", "webhooks", "allowed_hosts", "shared_session", "response_model", "deputies", "imports", "licence",
}  # fmt: skip


@pytest.fixture
def package(tmp_path):
    target = tmp_path / "meeting_scheduler"
    shutil.copytree(Stack.source(), target, ignore=shutil.ignore_patterns("releases", "__pycache__"))
    return target


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_fits_the_source_and_compiles(name, package):
    before = {path: path.read_text() for path in package.rglob("*.py")}

    apply(load_release(RELEASES_OF, name), package)

    after = {path: path.read_text() for path in package.rglob("*.py")}
    assert after != before
    assert compileall.compile_dir(package, quiet=1, force=True)


@pytest.mark.parametrize("name", RELEASES)
def test_no_release_names_its_fault(name):
    release = load_release(RELEASES_OF, name)
    text = " ".join([release.message, *(edit.new for edit in release.edits)])

    if name not in FEATURES:
        assert name not in text
    assert not re.search(r"\b(leak|bug|fault|inject|broken|deadlock|crash)", text, re.IGNORECASE)


def test_an_edit_that_does_not_fit_is_refused(package):
    apply(load_release(RELEASES_OF, "crashes"), package)

    with pytest.raises(ValueError, match="0 times"):
        apply(load_release(RELEASES_OF, "crashes"), package)


def test_an_unknown_release_is_refused_with_the_names_that_exist():
    with pytest.raises(ValueError, match="harmless"):
        load_release(RELEASES_OF, "perfect")
