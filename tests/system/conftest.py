"""Fixtures: a folder of its own for each test, and players that are stopped however the test ends."""

import pathlib
import shutil
import tempfile

import pytest

import tocsin


def pytest_configure(config):
    config.addinivalue_line("markers", "threads: also run under ThreadSanitizer")
    config.addinivalue_line("markers", "slow: big jobs; `-m 'not slow'` leaves them out")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture
def folder(request):
    """A short path, because a unix socket's may not be longer than 107 bytes. Kept after a failure."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-"))
    yield path
    if getattr(request.node, "failed", False):
        print(f"the files of this test are in {path}")
    else:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def start(folder):
    """
    start(Sink, …) makes a player in the test's folder and stops it at the end, the last one first. A
    daemon that does not end well fails the test there.
    """
    players = []

    def make(kind, *args, **options):
        player = kind(folder, *args, **options)
        players.append(player)
        return player

    yield make
    troubles = []
    for player in reversed(players):
        try:
            player.stop()
        except Exception as trouble:
            troubles.append(trouble)
    for process in tocsin.Process.started:
        if process.running():
            process.popen.kill()
            process.popen.wait(10)
    tocsin.Process.started.clear()
    if troubles:
        raise troubles[0]


@pytest.fixture
def sink(start):
    return start(tocsin.Sink)


@pytest.fixture
def daemon(start, sink):
    """A daemon that sends everything to `sink`."""
    return start(tocsin.Daemon, sink.port)
