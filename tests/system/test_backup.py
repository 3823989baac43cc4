"""A copy of the data folder that is taken while mail goes out, and what a daemon that starts on it does and does not."""

import os
import shutil
import subprocess
import threading
import time

import pytest

from tocsin import APPEAL, PATIENCE, QUICK_RETRY, SITE, Daemon, Sink, assert_adds_up, import_people, wait_until

MANY = 20000 if PATIENCE == 1 else 5000
SOME = MANY // 4

# So that SOME take five seconds, and a backup is taken before they are all sent.
STEADY = f'{SITE}  rate = "{SOME // 5}/s"'


def restore(daemon, copy):
    """Puts a backup in the place of the data folder, as an administrator does, and starts."""
    shutil.move(daemon.folder / "data", daemon.folder / f"data.before-{copy.name}")
    shutil.copytree(copy, daemon.folder / "data")
    daemon.start()


def begin_job(start, *, share, count=SOME):
    """A daemon, at full speed if it has MANY to send to, with this share of a job delivered: (daemon, sink, addresses, job)."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY, site=SITE if count == MANY else STEADY)
    addresses = import_people(daemon, count)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= count * share, 60, f"{share} of the job delivered")
    return daemon, sink, addresses, job


def finish_restored(daemon, sink, addresses, job):
    """
    From the start on a backup to the end of its job: it waits for somebody's decision, and then everybody
    gets a copy of whom the backup does not know that they have one, and nobody else.
    """
    before = sink.recipients()
    view = daemon.job(job)
    assert_adds_up(view)
    assert view["state"] == "paused" and view["in_flight"] == 0
    states = {address: row["state"] for address, row in daemon.recipients(job).items()}
    known = {address for address, state in states.items() if state == "delivered"}
    assert known and len(known) == view["delivered"] and known <= set(before)
    time.sleep(1)
    assert sink.recipients() == before, "a restored job sent before it was resumed"
    daemon.cli("job", "resume", job)
    done = daemon.wait_job(job, timeout=120, each=assert_adds_up)
    again = sink.recipients() - before
    assert set(again) & known == set(), "sent again to somebody whom the restored ledger knows as delivered"
    assert set(again) == set(addresses) - known
    assert set(again.values()) <= {1}
    assert done["recipients"] == done["delivered"] == len(addresses)
    assert sink.faults() == []
    return known


def test_a_restored_copy_sends_to_nobody_whom_it_knows(start):
    daemon, sink, addresses, job = begin_job(start, share=0.25, count=MANY)
    copy = daemon.folder / "copy"
    record = daemon.cli_json("backup", "copy")
    assert record["state"] == "done" and record["dir"] == str(copy) and record["bytes"] > 0
    at_backup = daemon.job(job)
    done = daemon.wait_job(job, timeout=120, each=assert_adds_up)
    assert done["delivered"] == MANY and set(sink.recipients().values()) == {1}
    daemon.stop()
    restore(daemon, copy)
    assert daemon.cli_json("status")["restored_at"]
    assert daemon.log_lines("job_paused_by_restore")
    known = finish_restored(daemon, sink, addresses, job)
    assert MANY * 0.25 <= len(known) <= at_backup["delivered"] + at_backup["in_flight"]
    assert not (daemon.folder / "data/backup").exists()
    assert list((daemon.folder / "data").glob("restored-*"))


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
def test_a_daemon_that_was_killed_is_restored(start, share):
    """The one that was copied was killed at once; the one that starts on the copy is killed while it finishes."""
    daemon, sink, addresses, job = begin_job(start, share=share)
    copy = daemon.folder / "copy"
    daemon.cli("backup", copy)
    daemon.kill()
    restore(daemon, copy)
    daemon.kill()
    daemon.start()
    finish_restored(daemon, sink, addresses, job)


def test_the_second_start_is_an_ordinary_one(start):
    daemon, sink, addresses, job = begin_job(start, share=0.2)
    copy = daemon.folder / "copy"
    daemon.cli("backup", copy)
    daemon.kill()
    restore(daemon, copy)
    daemon.cli("job", "resume", job)
    daemon.stop()
    daemon.start()
    done = daemon.wait_job(job, timeout=120, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert set(sink.recipients()) == set(addresses)


def take_backups(daemon, stop, made):
    while not stop.is_set():
        copy = daemon.folder / f"copy{len(made)}"
        daemon.cli("backup", copy)
        made.append(copy)


def test_backups_one_after_the_other_do_not_disturb(start):
    """Each is whole, each knows at least as much as the one before, and the job goes its way."""
    daemon, sink, _, job = begin_job(start, share=0, count=MANY)
    stop, made = threading.Event(), []
    taking = threading.Thread(target=take_backups, args=(daemon, stop, made))
    taking.start()
    try:
        daemon.wait_job(job, timeout=180, each=assert_adds_up)
    finally:
        stop.set()
        taking.join()
    assert set(sink.recipients().values()) == {1}
    assert len(made) >= 3
    daemon.stop()
    delivered = []
    for copy in (made[0], made[len(made) // 2], made[-1]):
        restore(daemon, copy)
        view = daemon.job(job)
        assert_adds_up(view)
        delivered.append(view["delivered"])
        daemon.stop()
    assert delivered == sorted(delivered)


def begin_backup(daemon, copy):
    """`tocsin backup` that nobody waits for; the daemon has begun it when this returns."""
    status, record = daemon.api("POST", "/v1/backup", {"dir": str(copy), "wait": False})
    assert status == 202, record
    return record


def test_killed_while_it_copies(start):
    daemon, sink, addresses, job = begin_job(start, share=0.2)
    copy = daemon.folder / "copy"
    begin_backup(daemon, copy)
    daemon.kill()
    if copy.exists():  # it was quicker
        assert not (daemon.folder / "copy.part").exists()
    daemon.start()
    assert daemon.job(job)["state"] == "sending"
    daemon.cli("backup", daemon.folder / "other")
    done = daemon.wait_job(job, timeout=120, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert set(sink.recipients()) == set(addresses)


def test_stopped_while_it_copies(start):
    daemon, _, _, _ = begin_job(start, share=0.2)
    copy = daemon.folder / "copy"
    begin_backup(daemon, copy)
    began = time.monotonic()
    daemon.stop()
    assert time.monotonic() - began < 15 * PATIENCE
    assert not (daemon.folder / "copy.part").exists()


def test_what_is_refused_is_refused_with_a_sentence(daemon):
    full = daemon.folder / "full"
    full.mkdir()
    (full / "file").touch()
    for folder, words in [(full, "not an empty folder"), ("no/such/folder", "as the user")]:
        refused = daemon.cli("backup", folder, check=False)
        assert refused.rc == 1 and words in refused.stderr, refused
    assert daemon.cli("backup", check=False).rc == 2
    assert daemon.cli("backup", "copy").stdout.startswith(f"The backup {daemon.folder}/copy is complete: ")


@pytest.fixture
def small_disk(folder):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    path = folder / "small"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", path]).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    yield path
    subprocess.run(["umount", path], check=True)


def fill_disk(path, leave):
    stat = os.statvfs(path)
    (path / "filler").write_bytes(bytes(stat.f_bavail * stat.f_frsize - leave))


def test_a_disk_that_has_no_room(start, small_disk):
    """Sending goes on, and nothing is left on the disk."""
    daemon, _, addresses, job = begin_job(start, share=0.1)
    fill_disk(small_disk, 1 << 20)
    refused = daemon.cli("backup", small_disk / "copy", check=False)
    assert refused.rc == 1 and "no room" in refused.stderr, refused
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler"]
    assert daemon.wait_job(job, timeout=120)["delivered"] == len(addresses)
