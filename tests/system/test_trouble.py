"""
Trouble of the machine that is nobody's fault but its own: a disk that fills up, a clock that somebody sets, file
descriptors that run out. The daemon says so, waits, blames no receiver and no copy, and goes on by itself.
"""

import os
import resource
import shutil
import struct
import subprocess
import time

import pytest

from receivers import FAST, write_people
from tocsin import APPEAL, BUILD, PATIENCE, Daemon, Process, Sink, assert_adds_up, wait_until


def send(daemon, count, *options, local="user"):
    addresses = write_people(daemon, ["dest.example"], count, local)
    return daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone", *options), addresses


def assert_once(sink, addresses):
    counts = sink.recipients()
    assert set(counts) == set(addresses)
    assert set(counts.values()) == {1}, [pair for pair in counts.items() if pair[1] > 1][:5]


def assert_first_attempt(daemon, job):
    attempts = {row["attempts"] for row in daemon.recipients(job).values()}
    assert attempts == {1}, "no attempt is spent on trouble of our own"


# --- The disk.


MIB = 1 << 20
DISK_MIB = 48
MIN_FREE_MIB = 16


@pytest.fixture
def disk(folder):
    """A small file system where the daemon's data folder will be."""
    path = folder / "data"
    path.mkdir(mode=0o700)
    options = f"size={DISK_MIB}m,mode=0700"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", path], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk needs a mount, which this user may not make: {done.stderr.strip()}")
    yield path
    # The daemon may hold it for a moment longer than its test.
    subprocess.run(["umount", "--lazy", path], check=True)


def free(disk):
    about = os.statvfs(disk)
    return about.f_bavail * about.f_frsize


def leave(disk, room):
    """Takes so much of the disk that only `room` bytes of it are left."""
    with open(disk / "ballast", "ab", buffering=0) as ballast:
        size = free(disk) - room
        os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, size)


def make_room(disk):
    (disk / "ballast").unlink()


def with_min_free(size):
    return FAST + f'store {{ min_free = "{size}"  map_size = "4MiB" }}\n'


def healthy(daemon):
    return daemon.metrics()["tocsin_store_healthy"] == 1


def assert_says(daemon, *words):
    """Status, its exit code, the health check and the refusal of a job all name the trouble."""
    told = daemon.cli("status", check=False)
    assert told.rc == 1
    status, answer = daemon.api("GET", "/v1/status")
    assert status == 200 and answer["healthy"] is False
    refused, why = daemon.api("POST", "/v1/jobs", {"message": APPEAL, "to": "list:everyone"})
    assert refused == 503
    for word in words:
        assert word in told.stderr, told
        assert word in answer["trouble"], answer
        assert word in why["error"], why


def test_little_room_is_no_time_to_begin(start, disk):
    sink = start(Sink, "--delay", "10")
    daemon = start(Daemon, sink.port, extra=with_min_free(f"{MIN_FREE_MIB}MiB"), site="connections = 2  in_flight = 1")
    job, addresses = send(daemon, 1000)
    wait_until(lambda: daemon.job(job)["delivered"] > 50, 20, "a beginning")
    assert healthy(daemon) and daemon.metrics()["tocsin_store_free_bytes"] > MIN_FREE_MIB * MIB
    leave(disk, 8 * MIB)
    wait_until(lambda: not healthy(daemon), 20, "the daemon to see it")
    assert_says(daemon, "nearly full", "8.0 MiB are free", "16.0 MiB")
    time.sleep(0.5)
    stopped = daemon.job(job)
    time.sleep(2)
    still = daemon.job(job)
    assert 50 < stopped["delivered"] == still["delivered"] < 1000, "nothing is sent, and what was sent is written down"
    assert still["in_flight"] == 0
    # What staff decide is not new work.
    assert daemon.job(job)["state"] == "sending"
    daemon.cli("job", "pause", job)
    daemon.cli("job", "resume", job)
    daemon.cli("contacts", "suppress", addresses[-1])
    make_room(disk)
    wait_until(lambda: healthy(daemon), 20, "the daemon to go on")
    done = daemon.wait_job(job, each=assert_adds_up)
    assert (done["delivered"], done["skipped"]) == (999, 1)
    assert_once(sink, addresses[:-1])
    assert len(daemon.log_lines("store_room_low")) == len(daemon.log_lines("store_room_again")) == 1
    assert daemon.cli_json("status")["trouble"] is None


def test_a_full_disk_is_named_and_survived(start, disk):
    sink = start(Sink, "--delay", "10")
    daemon = start(Daemon, sink.port, extra=with_min_free("0B"), site="connections = 2  in_flight = 1")
    job, addresses = send(daemon, 2000)
    wait_until(lambda: daemon.job(job)["delivered"] > 50, 20, "a beginning")
    leave(disk, 0)
    wait_until(lambda: not healthy(daemon), 60, "a commit that fails")
    assert_says(daemon, "The disk is full", "0.0 MiB of the disk are free")
    time.sleep(0.5)
    before = len(sink.messages())
    time.sleep(2)
    assert len(sink.messages()) == before < 2000, "nothing is sent that could not be written down"
    make_room(disk)
    wait_until(lambda: healthy(daemon), 20, "the daemon to go on")
    done = daemon.wait_job(job, each=assert_adds_up)
    assert done["delivered"] == 2000
    assert_once(sink, addresses)


def test_a_site_with_nothing_on_its_way_goes_on_too(start, disk):
    """The copy's time comes while there is no room; no commit of an outcome will ask its site to work again."""
    sink = start(Sink)
    retry = FAST.replace('first = "1s"  factor = 1  max = "1s"', 'first = "3s"  factor = 1  max = "3s"')
    daemon = start(Daemon, sink.port, extra=retry + with_min_free(f"{MIN_FREE_MIB}MiB").replace(FAST, ""))
    job, _ = send(daemon, 1, local="defer")
    wait_until(lambda: daemon.job(job)["deferred"] == 1, 20, "the deferral")
    leave(disk, 8 * MIB)
    wait_until(lambda: not healthy(daemon), 20, "the daemon to see it")
    time.sleep(4)
    assert daemon.job(job)["deferred"] == 1
    make_room(disk)
    assert daemon.wait_job(job, timeout=5)["delivered"] == 1


def test_an_import_says_that_it_waits(start, disk):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=with_min_free(f"{MIN_FREE_MIB}MiB"))
    rows = "email,name\n" + "".join(f"user{i}@dest.example,{'x' * 150}\n" for i in range(60000))
    path = daemon.write("people.csv", rows)
    # Enough for the upload; applied, it is as much again.
    leave(disk, MIN_FREE_MIB * MIB + 14 * MIB)
    argv = [BUILD / "tocsin", "--socket", daemon.socket, "contacts", "import", path, "--list", "everyone"]
    importing = Process("import", argv, daemon.folder)
    wait_until(lambda: not healthy(daemon), 60, "the import to take what there is")
    wait_until(lambda: "The import waits. The disk is nearly full" in importing.stderr(), 20, "the import to say so")
    time.sleep(1.5)  # for the part that the writer has already
    waiting = daemon.api("GET", "/v1/imports/1")[1]
    assert waiting["state"] == "applying" and "nearly full" in waiting["waiting"]
    assert free(disk) > 0
    time.sleep(1.5)
    again = daemon.api("GET", "/v1/imports/1")[1]
    assert again["added"] == waiting["added"] < 60000, "what is left of the disk is not for new work"
    subprocess.run(["mount", "-o", "remount,size=256m", disk], check=True)
    assert importing.popen.wait(60 * PATIENCE) == 0, importing.stderr()
    over = daemon.api("GET", "/v1/imports/1")[1]
    assert over["added"] == 60000 and over["waiting"] is None


# --- The clock.


class Wrapped(Daemon):
    """A daemon started by another program, which becomes it."""

    def __init__(self, folder, port, *, wrapper, **options):
        self.wrapper = wrapper
        super().__init__(folder, port, **options)

    def start(self):
        argv = [*self.wrapper, BUILD / "tocsind", "--config", self.config]
        self.process = Process("tocsind", argv, self.folder)
        wait_until(self._answers, 20, "the daemon's control socket")


class Clock:
    """What the daemon takes for the time of day."""

    def __init__(self, folder):
        self.path = folder / "clock"
        self.set(0)
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.wrapper = [
            "env",
            f"SET_CLOCK={self.path}",
            f"LD_PRELOAD={BUILD / 'tests/set_clock.so'}",
            f"ASAN_OPTIONS={options}",
        ]

    def set(self, seconds):
        # In one piece: the daemon reads it at any time.
        with open(self.path, "r+b" if self.path.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("=q", seconds))


DAYS_10 = 10 * 86400


@pytest.mark.parametrize("first", [DAYS_10, -DAYS_10])
def test_a_clock_that_jumps_changes_nothing(start, folder, first):
    clock = Clock(folder)
    sink = start(Sink, "--defer-times", "2")
    # Long enough to set the clock while all wait; a wall clock would make of it ten days, or nothing.
    retry = 'retry { first = "4s"  factor = 1  max = "4s"  max_age = "1h" }\n'
    daemon = start(Wrapped, sink.port, wrapper=clock.wrapper, extra=retry)
    job, addresses = send(daemon, 200, local="defer")
    wait_until(lambda: daemon.job(job)["deferred"] == 200, 20, "all deferred")
    began = time.monotonic()
    clock.set(first)
    wait_until(lambda: daemon.log_lines("clock_jumped"), 20, "the daemon to notice")
    assert {row["attempts"] for row in daemon.recipients(job).values()} == {1}, "nobody is tried early"
    wait_until(lambda: {row["attempts"] for row in daemon.recipients(job).values()} == {2}, 20, "the second attempt")
    assert 2 < time.monotonic() - began < 8 * PATIENCE
    clock.set(-first)
    done = daemon.wait_job(job, timeout=20, each=assert_adds_up)
    assert done["delivered"] == 200 and done["expired"] == 0
    assert_once(sink, addresses)
    assert {row["attempts"] for row in daemon.recipients(job).values()} == {3}
    jumps = [line["message"] for line in daemon.log_lines("clock_jumped")]
    assert len(jumps) == 2 and ("forward" in jumps[0]) == (first > 0) and ("back" in jumps[1]) == (first > 0), jumps


# --- File descriptors.


def limited(limit):
    return ["prlimit", f"--nofile={limit}:{limit}", "--"]


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not there")
def test_more_connections_than_descriptors(start):
    sink = start(Sink, "--delay", "20")
    site = "connections = 100  messages_per_connection = 20  in_flight = 1"
    daemon = start(Wrapped, sink.port, wrapper=limited(48), site=site, extra=FAST + "threads { delivery = 1 }\n")
    warned = daemon.log_lines("descriptors_few")
    assert len(warned) == 1 and "100 connections" in warned[0]["message"] and "48" in warned[0]["message"]
    job, addresses = send(daemon, 3000)

    def look(view):
        assert_adds_up(view)
        assert daemon.metrics()["tocsin_connections"] < 48

    assert daemon.wait_job(job, each=look)["delivered"] == 3000
    assert_once(sink, addresses)
    assert_first_attempt(daemon, job)
    out = daemon.log_lines("descriptors_out")
    assert len(out) == 1 and "48" in out[0]["message"] and "LimitNOFILE" in out[0]["message"]
    assert daemon.metrics()["tocsin_connections_held_total"] > 0
    for event in ("site_unreachable", "deferred", "accept-rests", "connect_held"):
        assert not daemon.log_lines(event), event


def test_descriptors_that_go_and_come_back(start):
    """The limit falls below what is open: nothing new can be opened at all, until it rises again."""
    sink = start(Sink, "--delay", "20")
    site = "connections = 30  messages_per_connection = 10  in_flight = 1"
    daemon = start(Daemon, sink.port, site=site, extra=FAST)
    job, addresses = send(daemon, 3000)
    wait_until(lambda: daemon.job(job)["delivered"] > 300, 20, "a beginning")
    old = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    # The log goes to standard error, which is open; the API and everything else have to wait.
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (8, old[1]))
    wait_until(lambda: daemon.log_lines("descriptors_out"), 20, "the shortage")
    time.sleep(3)
    before = len(sink.messages())
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, old)
    done = daemon.wait_job(job, each=assert_adds_up)
    assert before < 3000 and done["delivered"] == 3000
    assert_once(sink, addresses)
    assert_first_attempt(daemon, job)
    assert not daemon.log_lines("site_unreachable")


def test_an_address_that_this_machine_has_lost(start):
    """The source address is not (yet) here: mail waits for it, and nobody is unreachable."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=FAST)
    text = daemon.config.read_text().replace('ehlo = "mail.send.example"', 'ehlo = "mail.send.example"  address = "192.0.2.1"')
    daemon.stop()
    daemon.config.write_text(text)
    daemon.start()
    job, addresses = send(daemon, 700)
    wait_until(lambda: daemon.log_lines("connect_held"), 20, "the reason")
    time.sleep(3)
    view = daemon.job(job)
    assert view["queued"] == 700
    assert not daemon.log_lines("site_unreachable")
    assert len(daemon.log_lines("connect_held")) == 1
    daemon.cli("job", "cancel", job)
    assert daemon.wait_job(job, "cancelled")["cancelled"] == 700
