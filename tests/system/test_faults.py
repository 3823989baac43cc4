"""
Receivers that misbehave, daemons that are stopped: every copy arrives once and is accounted for. Single stories are
told here; test_modes.py goes through all modes and all ways to fail.
"""

import collections
import concurrent.futures
import re
import resource
import signal
import socketserver
import subprocess
import time

import pytest

from receivers import FAST, hurry, outcomes, write_people
from tocsin import APPEAL, BUILD, PATIENCE, Daemon, Sink, assert_adds_up, free_port, wait_until


def send(daemon, count, *options, domain="dest.example"):
    """A job to so many people of one domain: its number and their addresses."""
    addresses = write_people(daemon, [domain], count)
    return daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone", *options), addresses


def assert_once(sink, addresses):
    counts = sink.recipients()
    assert set(counts) == set(addresses)
    assert set(counts.values()) == {1}, [pair for pair in counts.items() if pair[1] > 1][:5]


@pytest.mark.parametrize("guarantee", [[], ["--at-most-once"]])
def test_in_doubt_stays_in_doubt_when_the_job_is_cancelled(start, guarantee):
    sink = start(Sink, "--fault", "drop-after-log:30", "--delay", "20")
    daemon = start(Daemon, sink.port, site="connections = 1  in_flight = 1", extra=FAST)
    job, _ = send(daemon, 300, *guarantee)
    wait_until(lambda: daemon.job(job)["in_doubt"] > 2, 30, "some copies in doubt")
    daemon.cli("job", "cancel", job)
    done = wait_until(lambda: next((j for j in [daemon.job(job)] if not j["in_flight"]), None), 20, "nothing in flight")
    assert_adds_up(done)
    assert done["cancelled"] > 0 and done["in_doubt"] > 0
    states = collections.Counter(row["state"] for row in daemon.recipients(job).values())
    assert {name: done[name] for name in ("in_doubt", "cancelled", "delivered")} == states


def test_what_breaks_off_after_a_cancellation_is_written_down(start):
    """It was not sent and is in no doubt: it goes no more, it was an attempt, and the daemon is done with the job."""
    sink = start(Sink, "--no-chunking", "--fault", "rcpt-stall:100")
    daemon = start(Daemon, sink.port, site="connections = 1  in_flight = 1", extra=hurry(3))
    job, _ = send(daemon, 10)
    wait_until(lambda: daemon.job(job)["in_flight"] == 1, 20, "a copy on the wire")
    daemon.cli("job", "cancel", job)
    assert daemon.job(job)["in_flight"] == 1
    wait_until(lambda: daemon.cli_json("status")["active_jobs"] == 0, 20, "the end of the job")
    done = daemon.job(job)
    assert_adds_up(done)
    assert done["cancelled"] == 10
    assert sorted(row["attempts"] for row in daemon.recipients(job).values()) == [0] * 9 + [1]


@pytest.mark.parametrize("fault", ["starttls-fail", "starttls-close", "starttls-stall", "starttls-garbage"])
def test_failing_tls_is_remembered(start, fault):
    sink = start(Sink, "--fault", f"{fault}:100")
    daemon = start(Daemon, sink.port, site="connections = 1  messages_per_connection = 5", extra=FAST)
    job, addresses = send(daemon, 20)
    done = daemon.wait_job(job, each=assert_adds_up)
    assert done["delivered"] == 20
    assert_once(sink, addresses)
    assert not any(message.tls for message in sink.messages())
    assert len(daemon.log_lines("site_tls_failed")) == 1
    assert sink.stop()["injected"] == 1, "STARTTLS was tried once only"


def test_required_tls_never_falls_back(start):
    sink = start(Sink, "--fault", "starttls-fail:100")
    extra = FAST.replace('"10m"', '"4s"')
    daemon = start(Daemon, sink.port, tls="required", extra=extra)
    job, _ = send(daemon, 700)
    done = daemon.wait_job(job, each=assert_adds_up)
    assert done["expired"] == 700
    assert sink.messages() == []


def test_a_receiver_that_is_never_there(start):
    """More copies than a site loads ahead: none may be forgotten."""
    daemon = start(Daemon, free_port(), extra=FAST.replace('"10m"', '"4s"'))
    job, _ = send(daemon, 3000)
    done = daemon.wait_job(job, each=assert_adds_up)
    assert done["expired"] == 3000
    # One connection at a time, further and further apart.
    assert len(daemon.log_lines("connection_ended")) < 30


def test_a_receiver_that_comes_back(start):
    port = free_port()
    daemon = start(Daemon, port, extra=FAST)
    job, addresses = send(daemon, 1000)
    wait_until(lambda: daemon.log_lines("site_unreachable"), 20, "a connection that failed")
    assert daemon.job(job)["queued"] == 1000
    sink = start(Sink, port=port)
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 1000
    assert_once(sink, addresses)


@pytest.mark.threads
def test_a_dead_receiver_does_not_keep_a_cancelled_job(start):
    port = free_port()
    daemon = start(Daemon, port, extra=FAST)
    job, _ = send(daemon, 50)
    wait_until(lambda: daemon.log_lines("site_unreachable"), 20, "a connection that failed")
    daemon.cli("job", "cancel", job)
    time.sleep(3)
    tries = len(daemon.log_lines("site_unreachable"))
    time.sleep(3)
    assert len(daemon.log_lines("site_unreachable")) == tries, "nobody has anything to send there"


@pytest.mark.threads
@pytest.mark.parametrize("in_flight", [1, 4])
def test_restarts_lose_and_repeat_nothing(start, in_flight):
    sink = start(Sink, "--delay", "30", "--fault", "rcpt-450:5")
    daemon = start(Daemon, sink.port, site=f"connections = 4  in_flight = {in_flight}", extra=FAST)
    job, addresses = send(daemon, 800)
    for done in (100, 300, 500):
        wait_until(lambda: daemon.job(job)["delivered"] >= done, 60, f"{done} delivered")
        daemon.stop()
        daemon.start()
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 800
    assert_once(sink, addresses)
    assert sink.faults() == []
    assert outcomes(daemon, "in_doubt") == {}


def test_a_restart_in_the_middle_of_fan_out(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, key_bits=1024)
    job, addresses = send(daemon, 21000)
    daemon.stop()
    daemon.start()
    assert daemon.wait_job(job, timeout=120, each=assert_adds_up)["delivered"] == 21000
    assert_once(sink, addresses)


def test_deferred_copies_survive_a_restart(start):
    sink = start(Sink, "--fault", "rcpt-450:100")
    daemon = start(Daemon, sink.port, extra=FAST)
    job, addresses = send(daemon, 200)
    wait_until(lambda: daemon.job(job)["deferred"] == 200, 20, "all deferred")
    daemon.stop()
    sink.stop()
    again = start(Sink, port=sink.port, name="again")
    daemon.start()
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 200
    assert_once(again, addresses)


def test_deferred_copies_survive_a_pause(start):
    sink = start(Sink, "--defer-times", "1")
    # Late enough that the pause is there before the first of them is tried again.
    later = FAST.replace('first = "1s"  factor = 1  max = "1s"', 'first = "6s"  factor = 1  max = "6s"')
    assert later != FAST
    daemon = start(Daemon, sink.port, extra=later)
    rows = "email\n" + "".join(f"defer{i}@dest.example\n" for i in range(100))
    daemon.cli("contacts", "import", daemon.write("people.csv", rows), "--list", "everyone")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["deferred"] == 100, 20, "all deferred")
    daemon.cli("job", "pause", job)
    time.sleep(8)  # their time comes while the job is paused
    view = daemon.job(job)
    assert_adds_up(view)
    assert view["state"] == "paused" and view["deferred"] == 100
    daemon.cli("job", "resume", job)
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 100
    assert set(sink.recipients().values()) == {1}


def timed_stop(daemon):
    began = time.monotonic()
    daemon.stop()
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["banner-stall", "mail-stall", "data-stall"])
def test_stopping_does_not_wait_for_a_silent_receiver(start, fault):
    sink = start(Sink, "--fault", f"{fault}:100")
    # The time-outs are the usual ones: minutes.
    daemon = start(Daemon, sink.port, extra='timeouts { stop = "1s" }')
    job, addresses = send(daemon, 20)
    wait_until(lambda: daemon.metrics()["tocsin_connections"] > 0, 20, "a connection")
    time.sleep(0.5)
    assert timed_stop(daemon) < 5 * PATIENCE
    # What was sent whole is in doubt, everything else is as it was; nothing is lost.
    in_doubt = set(outcomes(daemon, "in_doubt"))
    assert bool(in_doubt) == (fault != "banner-stall")
    daemon.start()
    assert_adds_up(daemon.job(job))
    ledger = daemon.recipients(job)
    assert set(ledger) == set(addresses)
    assert {a for a, row in ledger.items() if row["attempts"]} == in_doubt


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_stopping_while_a_connection_is_sought(start, host):
    extra = FAST + f'route "far.example" {{ host = "{host}"  port = 25 }}\n'
    daemon = start(Daemon, free_port(), extra=extra)
    send(daemon, 20, domain="far.example")
    time.sleep(0.3)
    assert timed_stop(daemon) < 8 * PATIENCE


def reload(daemon, old, new):
    text = daemon.config.read_text()
    assert old in text
    daemon.config.write_text(text.replace(old, new))
    before = len(daemon.log_lines("reloaded")) + len(daemon.log_lines("reload_refused"))
    daemon.process.popen.send_signal(signal.SIGHUP)
    wait_until(
        lambda: len(daemon.log_lines("reloaded")) + len(daemon.log_lines("reload_refused")) > before, 20, "the reload"
    )


@pytest.mark.threads
def test_reload_changes_limits_at_once(start):
    sink = start(Sink, "--delay", "50")
    daemon = start(Daemon, sink.port, site="connections = 2  in_flight = 1", extra=FAST)
    job, addresses = send(daemon, 600)
    wait_until(lambda: daemon.job(job)["delivered"] > 20, 20, "a beginning")
    assert daemon.metrics()["tocsin_connections"] <= 2
    reload(daemon, "connections = 2  in_flight = 1", "connections = 12  in_flight = 2")
    wait_until(lambda: daemon.metrics()["tocsin_in_flight"] > 12, 20, "more connections that carry more")
    reload(daemon, "connections = 12  in_flight = 2", "connections = 1  in_flight = 1")
    wait_until(lambda: daemon.metrics()["tocsin_connections"] <= 1, 20, "a single connection")
    reload(daemon, "connections = 1 ", "connections = 0 ")
    assert daemon.log_lines("reload_refused")
    reload(daemon, "connections = 0 ", "connections = 20 ")
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 600
    assert_once(sink, addresses)
    assert sink.faults() == []


def test_reload_to_required_tls_holds_at_once(start):
    sink = start(Sink, "--no-starttls", "--delay", "30")
    daemon = start(Daemon, sink.port, site="connections = 2", extra=FAST)
    job, _ = send(daemon, 600)
    wait_until(lambda: daemon.job(job)["delivered"] > 20, 20, "a beginning")
    reload(daemon, '"opportunistic"', '"required"')
    time.sleep(1)
    before = daemon.job(job)["delivered"]
    assert 20 < before < 600
    time.sleep(1)
    assert daemon.job(job)["delivered"] == before, "no more mail in clear"


def test_a_rate_is_kept(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site='connections = 5  in_flight = 4  rate = "100/s"')
    job, addresses = send(daemon, 300)
    daemon.wait_job(job)
    times = sorted(message.time for message in sink.messages())
    assert 2.5 < times[-1] - times[0] < 3.6 * PATIENCE
    assert_once(sink, addresses)


def test_a_second_daemon_is_refused(start):
    sink = start(Sink, "--delay", "20")
    daemon = start(Daemon, sink.port)
    job, addresses = send(daemon, 200)
    for change in ((), ('"data"', '"other"'), ("control.sock", "other.sock")):
        text = re.sub(r"metrics .*\n", "", daemon.config.read_text())
        second = daemon.folder / "second.conf"
        second.write_text(text.replace(*change) if change else text)
        argv = [str(BUILD / "tocsind"), "--config", str(second)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20 * PATIENCE, cwd=daemon.folder)
        assert done.returncode == 1
        sentence = done.stderr.strip().splitlines()[-1]
        assert sentence.endswith(".") and ("data" in sentence or "control.sock" in sentence), done.stderr
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 200
    assert_once(sink, addresses)


class Mailmax(socketserver.StreamRequestHandler):
    """A server that takes `most` messages a connection (RFC 9422) and counts what it was sent."""

    most = 3

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        mails, in_body = 0, False
        self.say("220 mx.example")
        for line in self.rfile:
            word = line[:4].upper()
            if in_body:
                in_body = line != b".\r\n"
                if not in_body:
                    self.say("250 taken")
            elif word == b"EHLO":
                self.say(f"250-mx.example\r\n250-PIPELINING\r\n250 LIMITS RCPTMAX=100 MAILMAX={self.most}")
            elif word == b"DATA":
                self.say("354 go on")
                in_body = True
            elif word == b"QUIT":
                self.say("221 bye")
                break
            else:
                mails += word == b"MAIL"
                self.say("250 fine")
        if mails:
            self.server.mails.append(mails)


def test_the_servers_limit_of_messages_is_obeyed(start):
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        mails = []

    with Server(("127.0.0.1", 0), Mailmax) as server:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(server.serve_forever)
            try:
                daemon = start(Daemon, server.server_address[1], site="connections = 2  in_flight = 4")
                job, _ = send(daemon, 30)
                assert daemon.wait_job(job)["delivered"] == 30
                wait_until(lambda: sum(server.mails) == 30, 20, "all connections closed")
            finally:
                server.shutdown()
    assert max(server.mails) == Mailmax.most


QUIET = 'log { level = "warn" }\n'  # the log is a file that must not grow, too


def forbid_growth(daemon, most):
    """As a full disk would: no file of the daemon may be written beyond `most` bytes."""
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@pytest.mark.threads
def test_a_store_that_cannot_be_written_for_a_while(start):
    sink = start(Sink, "--delay", "10")
    daemon = start(Daemon, sink.port, extra=FAST + QUIET)
    job, addresses = send(daemon, 3000)
    wait_until(lambda: daemon.job(job)["delivered"] > 50, 20, "a beginning")
    forbid_growth(daemon, 65536)
    wait_until(lambda: daemon.log_lines("store_write_failed"), 20, "a commit that fails")
    assert_adds_up(daemon.job(job))
    time.sleep(2)
    forbid_growth(daemon, resource.RLIM_INFINITY)
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 3000
    assert_once(sink, addresses)


@pytest.mark.threads
def killed_and_mended(daemon, sink, start):
    """The daemon, killed at this moment, starts again, and its receiver is another that makes no trouble."""
    daemon.kill()
    sink.stop()
    mended = start(Sink, port=sink.port, name="mended")
    daemon.start()
    return mended


def test_what_began_is_in_doubt_after_a_kill(start):
    """Written down before the first byte goes out, not when the last has gone: then it would be too late."""
    sink = start(Sink, "--no-chunking", "--fault", "mail-stall:100")
    daemon = start(Daemon, sink.port, site="connections = 1  in_flight = 1", extra=hurry(10))
    job, _ = send(daemon, 10, "--at-most-once")
    wait_until(lambda: daemon.job(job)["in_flight"] == 1, 20, "a copy on the wire")
    mended = killed_and_mended(daemon, sink, start)
    done = daemon.wait_job(job, each=assert_adds_up)
    assert (done["in_doubt"], done["delivered"]) == (1, 9)
    in_doubt = {address for address, row in daemon.recipients(job).items() if row["state"] == "in_doubt"}
    assert len(in_doubt) == 1 and not in_doubt & set(mended.recipients())


def test_what_came_back_unsent_is_in_no_doubt_after_a_kill(start):
    """It began, its connection broke before it could count, and it waits for the next one."""
    sink = start(Sink, "--no-chunking", "--fault", "rcpt-close:100")
    daemon = start(Daemon, sink.port, site="connections = 1  in_flight = 4", extra=FAST)
    job, addresses = send(daemon, 10, "--at-most-once")
    wait_until(
        lambda: daemon.log_lines("connection_ended") and daemon.job(job)["in_flight"] == 0, 20, "the end of a connection"
    )
    mended = killed_and_mended(daemon, sink, start)
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 10
    assert_once(mended, addresses)


def test_answers_to_a_later_attempt_survive_a_kill(start):
    """The store has the first attempt; of the second one, only the journal knows."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=FAST + "store { commit_interval = 5s }\n")
    addresses = write_people(daemon, ["dest.example"], 100, local="defer")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: len(sink.messages()) == 100, 30, "the second attempt of all")
    assert daemon.job(job)["delivered"] < 100, "the store does not have all of it"
    daemon.kill()
    daemon.start()
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 100
    assert_once(sink, addresses)
    assert {row["attempts"] for row in daemon.recipients(job).values()} == {2}


def test_no_more_is_ahead_of_the_store_than_asked_for(start):
    """What receivers took, and the ledger does not have yet, is what a power cut can take: one group of commits."""
    sink = start(Sink)
    site = "connections = 5  messages_per_connection = 1000  in_flight = 4"
    store = "threads { delivery = 1 }\nstore { commit_interval = 500ms  unsynced = 100 }\n"
    daemon = start(Daemon, sink.port, site=site, extra=store)
    job, _ = send(daemon, 1000)
    ahead, view = [], {"state": "sending"}
    while view["state"] == "sending":
        taken = len(sink.messages())
        view = daemon.job(job)
        ahead.append(taken - view["delivered"])
    assert view["delivered"] == 1000
    assert 50 < max(ahead) <= 100 + 5 * 4


def test_stopping_while_the_store_cannot_be_written(start):
    sink = start(Sink, "--delay", "10")
    daemon = start(Daemon, sink.port, extra=QUIET + FAST.replace('stop = "5s"', 'stop = "1s"'))
    job, addresses = send(daemon, 3000)
    wait_until(lambda: daemon.job(job)["delivered"] > 50, 20, "a beginning")
    forbid_growth(daemon, 65536)
    wait_until(lambda: daemon.log_lines("store_write_failed"), 20, "a commit that fails")
    assert daemon.process.end() == 0
    assert daemon.log_lines("outcomes_kept")
    daemon.start()
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 3000
    assert_once(sink, addresses)
