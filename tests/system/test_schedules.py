"""
When copies are tried again, and when they are given up: the age of a copy counts also where nothing can be sent, each
lane and each kind of failure has its schedule, and what the receiver said last is kept.
"""

import collections
import time

import pytest

from receivers import write_people
from tocsin import APPEAL, QUICK_RETRY, Daemon, Sink, assert_adds_up, free_port, wait_until


def retry(max_age, first="300ms", more=""):
    return f'retry {{ first = "{first}"  factor = 1  max = "{first}"  max_age = "{max_age}" }}\n{more}\n'


def send(daemon, count, *options, local="user"):
    addresses = write_people(daemon, ["one.example", "two.example"], count // 2, local=local, to=local)
    return daemon.send(daemon.write("appeal.md", APPEAL), f"list:{local}", *options), addresses


def replies(daemon, job, state):
    return [row["reply"] for row in daemon.recipients(job).values() if row["state"] == state]


def test_copies_for_a_receiver_that_is_away_expire(start):
    """At their time, and not when the receiver is tried again: 7 seconds after the start, and then after 15."""
    daemon = start(Daemon, free_port(), site='rate = "1/min"', extra=retry("9s"))
    job, addresses = send(daemon, 2000)
    done = daemon.wait_job(job, timeout=13, each=assert_adds_up)
    assert done["expired"] == len(addresses)
    reasons = replies(daemon, job, "expired")
    assert all("refused" in reason for reason in reasons), collections.Counter(reasons).most_common(3)


def test_copies_for_a_throttled_receiver_expire(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site='rate = "1/min"', extra=retry("3s"))
    job, addresses = send(daemon, 2000)
    done = daemon.wait_job(job, timeout=15, each=assert_adds_up)
    assert 0 < done["delivered"] < 5
    assert done["expired"] == len(addresses) - done["delivered"]
    assert len(sink.messages()) == done["delivered"]
    assert all("turn" in reason for reason in replies(daemon, job, "expired"))


def test_what_the_receiver_said_last_is_kept(start):
    sink = start(Sink, "--defer-times", "1000")
    daemon = start(Daemon, sink.port, extra=retry("5s", first="4s"))
    job, addresses = send(daemon, 40, local="defer")
    wait_until(lambda: daemon.job(job)["deferred"] == len(addresses), 4, "all copies to be deferred")
    sink.process.end()
    done = daemon.wait_job(job, timeout=20, each=assert_adds_up)
    assert done["expired"] == len(addresses)
    assert all(reply.startswith("450 ") for reply in replies(daemon, job, "expired"))


@pytest.mark.parametrize("receiver", ["away", "throttled"])
def test_a_paused_job_does_not_age(start, receiver):
    """Neither what is in the queue, nor, at a site that is throttled, what was loaded of it."""
    port = start(Sink).port if receiver == "throttled" else free_port()
    daemon = start(Daemon, port, site='rate = "1/min"', extra=retry("3s"))
    job, addresses = send(daemon, 200)
    if receiver == "throttled":
        wait_until(lambda: daemon.job(job)["delivered"], 3, "the only one that may go")
    daemon.cli("job", "pause", job)
    time.sleep(5)
    paused = daemon.job(job)
    assert paused["queued"] + paused["delivered"] == len(addresses)
    daemon.cli("job", "resume", job)
    done = daemon.wait_job(job, timeout=15)
    assert done["delivered"] < 5 and done["expired"] == len(addresses) - done["delivered"]


def test_each_lane_has_its_age(start):
    daemon = start(Daemon, free_port(), extra=retry("1h", more='schedule "transactional" { max_age = "2s" }'))
    bulk, letters = send(daemon, 100)
    urgent, alerts = send(daemon, 100, "--lane", "transactional", local="alert")
    assert daemon.wait_job(urgent, timeout=15)["expired"] == len(alerts)
    assert daemon.job(bulk)["queued"] == len(letters)


def test_greylisting_is_tried_again_early(start):
    sink = start(Sink, "--fault", "rcpt-450:50:4.7.1 Greylisted, please come back later")
    daemon = start(Daemon, sink.port, extra=retry("3d", first="1h", more='schedule "greylisted" { max = "1s" }'))
    job, addresses = send(daemon, 20)
    done = daemon.wait_job(job, timeout=40, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert max(row["attempts"] for row in daemon.recipients(job).values()) > 1


def test_a_receiver_that_says_when_is_heard(start):
    sink = start(Sink, "--fault", "rcpt-451:100:4.7.1 Greylisting in action, please come back in 00:10:00")
    daemon = start(Daemon, sink.port)
    job, addresses = send(daemon, 20)
    wait_until(lambda: len(daemon.log_lines("deferred")) == len(addresses), 20, "all copies to be deferred")
    waits = [int(line["again_in_s"]) for line in daemon.log_lines("deferred")]
    assert all(600 <= wait <= 660 for wait in waits)


def test_a_short_plain_schedule_is_quick_for_every_kind(start):
    sink = start(Sink, "--fault", "rcpt-450:30:4.2.0 Greylisted", "--fault", "rcpt-452:30:4.2.2 Mailbox full")
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    job, addresses = send(daemon, 20)
    assert daemon.wait_job(job, timeout=40)["delivered"] == len(addresses)
