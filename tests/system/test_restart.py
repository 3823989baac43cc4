"""
Starts and stops at awkward moments: killed or stopped in the middle of work, with other options than before, on a disk
that is full. Nobody is lost, nobody gets a second copy, jobs are what they were, and what happened to a copy is told.
"""

import collections
import signal
import subprocess
import sys
import time

import pytest

from receivers import hurry, write_people
from test_trouble import MIB, disk, leave, make_room  # noqa: F401
from tocsin import APPEAL, BUILD, PATIENCE, QUICK_RETRY, ROOT, Daemon, Process, Sink, assert_adds_up, wait_until

sys.path.insert(0, str(ROOT / "tests/torture"))

from compare import AT_LEAST_ONCE, AT_MOST_ONCE, compare  # noqa: E402


def submit(daemon, to, *options):
    return daemon.send(daemon.write("appeal.md", APPEAL), to, *options)


def await_delivered(daemon, job, count):
    wait_until(lambda: daemon.job(job)["delivered"] >= count, 30, f"{count} copies to be delivered")


def await_flight(daemon, job, count):
    wait_until(lambda: daemon.job(job)["in_flight"] >= count, 30, f"{count} copies on the wire")


def taken(sink):
    """When each address got a copy."""
    times = collections.defaultdict(list)
    for message in sink.messages():
        for address in message.recipients:
            times[address].append(message.time)
    return times


def judge(daemon, sink, jobs, cancelled=()):
    """jobs: number -> (addresses, guarantee), all of them over. What the sink took is held against the ledger."""
    expected, ledger = {}, {}
    for job, (addresses, guarantee) in jobs.items():
        expected.update(dict.fromkeys(addresses, guarantee))
        ledger.update(daemon.recipients(job))
    assert compare(expected, ledger, taken(sink), cancelled=cancelled).broken() == []


def check_data(daemon):
    """The data folder is whole; nobody runs on it."""
    argv = [BUILD / "tocsind", "--config", daemon.config, "--check-data"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def end(process, how):
    """Ends a daemon that may not be ready yet; how it ended."""
    process.popen.send_signal(how)
    return process.popen.wait(20 * PATIENCE)


# --- Killed, and started with other options.


def reconfigure(daemon, threads, journal_size):
    lines = [line for line in daemon.config.read_text().splitlines() if not line.startswith(("threads", "store"))]
    lines += [f"threads {{ delivery = {threads} }}", f'store {{ journal_size = "{journal_size}" }}']
    daemon.config.write_text("\n".join(lines) + "\n")


@pytest.mark.threads
def test_other_threads_and_journals_of_another_size(start):
    """A start finds journals as they were then: more or fewer than it will have, smaller or larger."""
    sink = start(Sink, "--listen", "0.0.0.0:0", "--delay", "20")
    domains = [f"d{i}.example" for i in range(8)]
    routes = [f'route "{d}" {{ host = "127.0.1.{i + 1}"  port = {sink.port} }}' for i, d in enumerate(domains)]
    site = "connections = 2  in_flight = 4"
    daemon = start(Daemon, sink.port, site=site, extra=hurry(5) + "\n".join(routes))
    addresses = write_people(daemon, domains, 500)
    job = submit(daemon, "list:everyone")
    sent = 0
    for threads, size in [(4, "1MiB"), (1, "64KiB"), (3, "8MiB"), (4, "128KiB")]:
        await_delivered(daemon, job, sent + 200)
        await_flight(daemon, job, 10)
        daemon.kill()
        check_data(daemon)
        reconfigure(daemon, threads, size)
        daemon.start()
        sent = daemon.job(job)["delivered"]
        assert sorted(path.name for path in (daemon.folder / "data").glob("journal-*")) == [
            f"journal-{i}" for i in range(threads)
        ]
    daemon.wait_job(job, each=assert_adds_up)
    judge(daemon, sink, {job: (addresses, AT_LEAST_ONCE)})
    # Each kill left no more in doubt than there was on the wire.
    assert sum(row["doubts"] for row in daemon.recipients(job).values()) <= 4 * 8 * 2 * 4


# --- Killed, with jobs in every state.


def test_jobs_are_after_a_kill_what_they_were(start):
    """One that may send each copy once only, one in the fast lane, one that is paused and one that is cancelled."""
    sink = start(Sink, "--delay", "150")
    site = "connections = 10  in_flight = 4"
    daemon = start(Daemon, sink.port, site=site, extra=hurry(5) + "threads { delivery = 2 }\n")
    names = ("gone", "rests", "once", "fast")
    people = {name: write_people(daemon, ["dest.example"], 200, name, name) for name in names}
    gone, rests = submit(daemon, "list:gone"), submit(daemon, "list:rests")
    await_delivered(daemon, gone, 1)
    daemon.cli("job", "cancel", gone)
    await_delivered(daemon, rests, 1)
    daemon.cli("job", "pause", rests)
    once = submit(daemon, "list:once", "--at-most-once")
    await_flight(daemon, once, 10)
    fast = submit(daemon, "list:fast", "--lane", "transactional")
    await_flight(daemon, fast, 10)
    daemon.kill()
    daemon.start()
    states = [daemon.job(job)["state"] for job in (gone, rests, once, fast)]
    assert states == ["cancelled", "paused", "sending", "sending"]
    assert (daemon.job(once)["guarantee"], daemon.job(fast)["lane"]) == ("at-most-once", "transactional")
    resting = set(people["gone"] + people["rests"])
    before = resting & taken(sink).keys()
    assert daemon.wait_job(fast, each=assert_adds_up)["delivered"] == 200
    daemon.wait_job(once, each=assert_adds_up)
    assert resting & taken(sink).keys() == before, "what is paused or cancelled sends nothing"
    daemon.cli("job", "resume", rests)
    daemon.wait_job(rests, each=assert_adds_up)
    assert daemon.job(gone)["cancelled"] > 100
    jobs = {job: (people[name], AT_LEAST_ONCE) for job, name in zip((gone, rests, once, fast), names)}
    jobs[once] = (people["once"], AT_MOST_ONCE)
    judge(daemon, sink, jobs, cancelled=people["gone"])
    daemon.stop()
    check_data(daemon)


def test_what_a_kill_left_in_doubt_is_told(start):
    """Right after it, and when the second copy has arrived."""
    sink = start(Sink, "--delay", "300")
    retry = f'retry {{ first = "{2 * PATIENCE}s"  factor = 1  max = "{2 * PATIENCE}s"  max_age = "1h" }}\n'
    daemon = start(Daemon, sink.port, extra=retry, site="connections = 2  in_flight = 1")
    [often] = write_people(daemon, ["dest.example"], 1, "often", "often")
    [once] = write_people(daemon, ["dest.example"], 1, "once", "once")
    jobs = submit(daemon, "list:often"), submit(daemon, "list:once", "--at-most-once")
    for job in jobs:
        await_flight(daemon, job, 1)
    daemon.kill()
    daemon.start()
    for job, address in zip(jobs, (often, once)):
        row = daemon.recipients(job)[address]
        facts = {key: row[key] for key in ("state", "attempts", "doubts", "code", "source", "message_version")}
        assert facts == {
            "state": "in_doubt", "attempts": 1, "doubts": 1, "code": None, "source": "local", "message_version": 1
        }  # fmt: skip
        assert row["reply"] == "tocsind ended before the answer came."
        assert (row["again_at"] is None) == (address == once)
        [copy] = daemon.cli_json("why", address, job)["copies"]
        assert {key: copy[key] for key in facts} == facts
        told = " ".join(copy["sentences"])
        assert "It was tried once, on " in told and ": tocsind ended before the answer came. It went out" in told
        assert 'from the source "local", with version 1 of the message.' in told
        assert "The last byte was sent and no answer came: it may have arrived." in told
    assert daemon.job(jobs[1])["state"] == "finished" and "so it is not sent again" in told
    assert "It will be tried again after " in daemon.cli("why", often, jobs[0]).stdout
    assert daemon.wait_job(jobs[0], each=assert_adds_up)["delivered"] == 1
    row = daemon.recipients(jobs[0])[often]
    assert (row["state"], row["attempts"], row["doubts"], row["code"]) == ("delivered", 2, 1, 250)
    told = daemon.cli("why", often, jobs[0]).stdout
    assert "It was tried 2 times" in told
    assert "Once its last byte was sent and no answer came: there may be up to 2 copies." in told


# --- Stopped in order, in the middle of work.


@pytest.mark.threads
def test_a_stop_while_recipients_are_queued(start):
    count = 60000 // PATIENCE
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site='rate = "50/s"  connections = 2')
    rows = "email\n" + "".join(f"user{i}@d{i % 50}.example\n" for i in range(count))
    daemon.cli("contacts", "import", daemon.write("people.csv", rows), "--list", "everyone")
    job = submit(daemon, "list:everyone")
    daemon.stop()
    check_data(daemon)
    daemon.start()
    queued = wait_until(
        lambda: (view := daemon.job(job))["queueing"]["done"] == count and view, 30, "all recipients to be queued"
    )
    assert_adds_up(queued)
    daemon.cli("job", "cancel", job)
    daemon.stop()
    check_data(daemon)
    assert set(sink.recipients().values()) <= {1}


@pytest.mark.threads
def test_a_stop_while_a_retry_is_under_way(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY + "\nthreads { delivery = 2 }\n")
    write_people(daemon, ["dest.example"], 5200, "bounce")
    job = submit(daemon, "list:everyone")
    assert daemon.wait_job(job)["bounced"] == 5200
    daemon.cli("job", "retry", job, "--state", "bounced")
    daemon.stop()
    check_data(daemon)
    daemon.start()
    assert daemon.wait_job(job, each=assert_adds_up)["bounced"] == 5200
    assert {row["attempts"] for row in daemon.recipients(job).values()} == {2}
    assert not sink.recipients()


# --- A disk without any room.


ON_DISK = hurry(5) + 'store { min_free = "0B"  map_size = "4MiB"  journal_size = "1MiB" }\nthreads { delivery = 2 }\n'


def start_beside(daemon):
    """Starts it without waiting until it is ready."""
    daemon.process = Process("tocsind", [BUILD / "tocsind", "--config", daemon.config], daemon.folder)
    return daemon.process


def test_answers_are_taken_over_when_there_is_room_again(start, disk):
    """Killed when the disk is full: their only copy is in the journal. A start waits, and can be stopped meanwhile."""
    sink = start(Sink, "--delay", "100")
    daemon = start(Daemon, sink.port, extra=ON_DISK, site="connections = 5  in_flight = 4")
    addresses = write_people(daemon, ["dest.example"], 500)
    job = submit(daemon, "list:everyone")
    await_delivered(daemon, job, 50)
    leave(disk, 0)
    wait_until(lambda: daemon.metrics()["tocsin_store_healthy"] == 0, 30, "a commit that fails")
    time.sleep(0.5)
    daemon.kill()
    before = len(sink.messages())
    for how in (signal.SIGTERM, signal.SIGKILL):
        waiting = start_beside(daemon)
        wait_until(lambda: "The disk is full: " in waiting.stderr(), 20, "the reason why it waits")
        assert "it is tried again every second" in waiting.stderr() and waiting.running()
        assert end(waiting, how) == -how
        waiting.stderr_path.unlink()
    waiting = start_beside(daemon)
    wait_until(lambda: "The disk is full: " in waiting.stderr(), 20, "the reason why it waits")
    assert len(sink.messages()) == before
    make_room(disk)
    wait_until(daemon._answers, 20, "the daemon to go on by itself")
    assert daemon.log_lines("recovered")[0]["answers"] != "0"
    daemon.wait_job(job, each=assert_adds_up)
    judge(daemon, sink, {job: (addresses, AT_LEAST_ONCE)})
    assert sum(row["doubts"] for row in daemon.recipients(job).values()) == 0
    daemon.stop()
    check_data(daemon)


def test_a_start_on_a_full_disk(start, disk):
    """It changes nothing, so it needs no room; and what it does need, it asks for in a sentence."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=ON_DISK)
    addresses = write_people(daemon, ["dest.example"], 100)
    job = submit(daemon, "list:everyone")
    daemon.wait_job(job)
    daemon.stop()
    leave(disk, 0)
    daemon.start()
    assert daemon.job(job)["delivered"] == 100
    daemon.stop()
    for missing in ("lock", "lock.mdb", "journal-1"):
        make_room(disk)
        (disk / missing).unlink()
        leave(disk, 0)
        refused = start_beside(daemon)
        assert refused.popen.wait(20 * PATIENCE) == 1
        last = refused.stderr().splitlines()[-1]
        assert str(disk / missing) in last and "Make room on the disk" in last, last
        make_room(disk)
        daemon.start()
        daemon.stop()
        leave(disk, 0)
    make_room(disk)
    check_data(daemon)
    daemon.start()
    judge(daemon, sink, {job: (addresses, AT_LEAST_ONCE)})


def test_a_new_folder_on_a_full_disk(start, disk):
    """Page by page, every file that a first start makes is the one that has no room."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=ON_DISK)
    daemon.stop()
    said = set()
    for kib in (0, 4, 40, 48, 52, 56, 60, 800):
        for path in disk.iterdir():
            path.unlink() if path.is_file() else path.rmdir()
        leave(disk, kib * MIB // 1024)
        refused = start_beside(daemon)
        assert refused.popen.wait(20 * PATIENCE) == 1
        last = refused.stderr().splitlines()[-1]
        assert "ake room on " in last, last
        said.add(last)
    assert len(said) >= 4, said
    make_room(disk)
    daemon.start()
    assert daemon.cli_json("status")["healthy"]
