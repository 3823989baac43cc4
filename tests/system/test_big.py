"""
A job of 200,000 over TLS: exactly one copy for each recipient by the receiver's own log, numbers that
add up at every moment, and memory that does not grow with the job. TOCSIN_BIG is the number.
"""

import os
import time

import pytest

from tocsin import APPEAL, Daemon, Sink, assert_adds_up, import_people, is_sanitized

BIG = int(os.environ.get("TOCSIN_BIG", 10000 if is_sanitized() else 200000))


@pytest.mark.slow
def test_big_job_exactly_once(start):
    sink = start(Sink)
    # A short key, because signing would take most of the time and is tested elsewhere.
    daemon = start(Daemon, sink.port, key_bits=1024)
    addresses = import_people(daemon, BIG)
    assert len(set(addresses)) == BIG
    began = time.monotonic()
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    polls, resident = [], []

    def look(view):
        assert_adds_up(view)
        polls.append((view["delivered"], view["queued"]))
        resident.append(daemon.resident_kib())

    done = daemon.wait_job(job, timeout=900, each=look)
    seconds = time.monotonic() - began
    assert (done["recipients"], done["delivered"]) == (BIG, BIG)
    assert len(set(polls)) > 5
    counts = sink.recipients()
    assert counts.total() == len(counts) == BIG
    assert set(counts) == set(addresses)
    assert sink.faults() == []
    assert all(message.tls for message in sink.messages())
    print(f"{BIG} copies in {seconds:.1f} s, {BIG / seconds:.0f}/s, {max(resident) / 1024:.0f} MiB resident")
    if not is_sanitized():
        assert max(resident) < 100 * 1024
