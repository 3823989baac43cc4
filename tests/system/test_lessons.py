"""
Receivers that offer what they cannot do: everybody gets one copy, nobody bounces, and the site is remembered as one that
wants plainer mail, across restarts too.
"""

import collections

import pytest

from receivers import hurry, outcomes, write_people
from tocsin import APPEAL, Daemon, Sink, assert_adds_up, is_sanitized, wait_until

PEOPLE = 120
# Answers come late, so that flights overlap at the receiver, too.
SLOW = ("--delay", "30")
WAIT = hurry(4 if is_sanitized() else 2)

Fault = collections.namedtuple("Fault", "name options lesson in_doubt")
FAULTS = [
    # Where the receiver says what is wrong, nothing is in doubt; where it breaks off, what was sent whole is.
    Fault("no-bdat", ("--fault", "bdat-502"), "no_chunking", False),
    Fault("overlap-503", ("--fault", "overlap-503"), "no_overlap", False),
    Fault("overlap-503-data", ("--fault", "overlap-503", "--no-chunking"), "no_overlap", False),
    Fault("overlap-drop", ("--fault", "overlap-close"), "no_overlap", True),
    Fault("overlap-hang", ("--fault", "overlap-stall"), "no_overlap", True),
    Fault("overlap-garbage", ("--fault", "overlap-garbage"), "no_overlap", True),
    Fault("pipeline-drop", ("--fault", "pipeline-close"), "plain", True),
]


def by_name(fault):
    return fault.name


def send(daemon, local):
    """A job to people whose names begin so: its number and their addresses."""
    addresses = write_people(daemon, ["dest.example"], PEOPLE, local=local, to=local)
    return daemon.send(daemon.write("appeal.md", APPEAL), f"list:{local}"), addresses


def lessons(daemon):
    counted = {name: count for name, count in daemon.metrics().items() if name.startswith("tocsin_site_lessons_total")}
    return {name.split('"')[1]: count for name, count in counted.items() if count}


def assert_received(sink, daemon, addresses):
    """Each got one copy, and more only where one was in doubt."""
    counts, doubts = sink.recipients(), outcomes(daemon, "in_doubt")
    assert set(counts) >= set(addresses)
    for address in addresses:
        assert 1 <= counts[address] <= 1 + doubts[address], (address, counts[address], doubts[address])
    return doubts


def assert_plainer(summary, lesson):
    """What the receiver saw of a daemon that keeps the lesson."""
    assert summary["messages"] == PEOPLE
    assert summary["bdat"] == (PEOPLE if lesson == "no_overlap" and not summary["no_chunking"] else 0)
    assert (summary["overlapped"] == 0) == (lesson != "no_chunking")
    assert (summary["pipelined"] == 0) == (lesson == "plain")


@pytest.mark.parametrize("fault", FAULTS, ids=by_name)
def test_a_lesson_is_learned_and_kept(start, fault):
    sink = start(Sink, *SLOW, *fault.options)
    daemon = start(Daemon, sink.port, site="connections = 4  in_flight = 4", extra=WAIT, key_bits=1024)
    job, addresses = send(daemon, "first")
    done = daemon.wait_job(job, timeout=90, each=assert_adds_up)
    assert (done["delivered"], done["bounced"]) == (PEOPLE, 0)
    doubts = assert_received(sink, daemon, addresses)
    assert bool(doubts) == fault.in_doubt
    assert lessons(daemon) == {fault.lesson: 1}
    assert daemon.metrics()["tocsin_sites_plain"] == 1
    assert [line["lesson"] for line in daemon.log_lines("site_lesson")] == [fault.lesson]
    daemon.stop()
    sink.stop()

    # The receiver is as bad as before, and never has occasion to show it.
    again = start(Sink, *SLOW, *fault.options, port=sink.port, name="again")
    daemon.start()
    job, addresses = send(daemon, "second")
    assert daemon.wait_job(job, timeout=90, each=assert_adds_up)["delivered"] == PEOPLE
    assert set(again.recipients().values()) == {1}
    assert again.faults() == []
    assert daemon.metrics()["tocsin_sites_plain"] == 1 and lessons(daemon) == {}
    summary = again.stop()
    assert summary["injected"] == 0
    assert_plainer({**summary, "no_chunking": "--no-chunking" in fault.options}, fault.lesson)


@pytest.mark.threads
def test_threads_learn_without_a_race(start):
    """Several sites at once, each in its own thread, and all write what they learn."""
    sinks = [start(Sink, *SLOW, *fault.options, name=fault.name) for fault in FAULTS[:4]]
    routes = "".join(
        f'route "{i}.example" {{ host = "127.0.0.1"  port = {sink.port} }}\n' for i, sink in enumerate(sinks)
    )
    extra = WAIT + routes + "threads { delivery = 3 }\n"
    daemon = start(Daemon, sinks[0].port, site="connections = 4  in_flight = 4", extra=extra, key_bits=1024)
    addresses = write_people(daemon, [f"{i}.example" for i in range(len(sinks))], 60)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    done = daemon.wait_job(job, timeout=90, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert daemon.metrics()["tocsin_sites_plain"] == len(sinks)
    assert lessons(daemon) == {"no_chunking": 1, "no_overlap": 3}


def test_what_makes_no_difference_is_no_lesson(start):
    """A receiver that drops every message, however it comes: the daemon tries plainer ways, and leaves them again."""
    sink = start(Sink, *SLOW, "--fault", "data-close")
    daemon = start(Daemon, sink.port, site="connections = 2  in_flight = 4", extra=WAIT, key_bits=1024)
    job, _ = send(daemon, "user")
    wait_until(lambda: len(daemon.log_lines("site_trial_over")) == 2, 60, "two experiments")
    assert lessons(daemon) == {} and daemon.metrics()["tocsin_sites_plain"] == 0
    daemon.cli("job", "cancel", job)


def test_a_connection_that_is_lost_now_and_then_is_no_lesson(start):
    """A session with many messages behind it breaks off, and later another: that is the network."""
    sink = start(Sink, *SLOW)
    daemon = start(Daemon, sink.port, site="connections = 2  in_flight = 4", extra=WAIT, key_bits=1024)
    names = ["drop" if i in (80, 160) else f"user{i}" for i in range(200)]
    rows = "email\n" + "".join(f"{name}@{i}.example\n" for i, name in enumerate(names))
    daemon.cli("contacts", "import", daemon.write("people.csv", rows), "--list", "everyone")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    assert daemon.wait_job(job, timeout=90, each=assert_adds_up)["delivered"] == len(names)
    assert_received(sink, daemon, [f"{name}@{i}.example" for i, name in enumerate(names)])
    assert lessons(daemon) == {} and daemon.log_lines("site_trial") == []
    assert sink.stop()["injected"] == 2
