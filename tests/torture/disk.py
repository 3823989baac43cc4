"""
A full disk. The data folder is a small tmpfs that fills up while the daemon sends. It must stop sending and taking
work before it would lose an answer, say so (log, metric, API), lose nothing when it is killed in that state, and go
on by itself when there is room again.

Mounting needs a mount namespace of one's own: `run` starts this part through unshare.
"""

import errno
import random
import shutil
import subprocess
import time

from ground import Broken, Ground, Manner, usual_receivers
from rounds import run_round, run_rounds
from table import rows_of
from tocsin import PATIENCE, parse_log_line, wait_until

SIZE_MIB = 96
COMPLAINTS = ("warn", "error")


class NoMount(Exception):
    """This machine does not let us mount."""


def mount(folder):
    folder.mkdir(mode=0o700)
    options = f"size={SIZE_MIB}m,mode=0700"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, text=True)
    if done.returncode:
        raise NoMount(done.stderr.strip())


def fill(path):
    """Takes all the room that there is."""
    with open(path, "wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise


def last_complaint(daemon):
    """The last line of the log that speaks of the disk or of room."""
    lines = daemon.process.stderr().splitlines()[-2000:]
    found = [parse_log_line(line) for line in lines if "disk" in line or "space" in line or "room" in line]
    found = [line for line in found if line and line["level"] in COMPLAINTS]
    return found[-1] if found else None


def says_so(ground):
    """Whether metric and API tell of it."""
    return ground.daemon.metrics()["tocsin_store_healthy"] == 0 and ground.daemon.cli("status", check=False).rc != 0


def check_stopped(ground):
    time.sleep(1.5 * PATIENCE)  # what was under way ends
    before = sum(len(sink.lines()) for sink in ground.sinks)
    time.sleep(1.5)
    after = sum(len(sink.lines()) for sink in ground.sinks)
    if after > before:
        raise Broken(f"The disk is full, and {after - before} more copies were sent in 1.5 s.")


def check_refused(ground):
    status, answer = ground.daemon.api("POST", "/v1/jobs", {"message": "Subject: x\n\nx\n", "to": "list:least"})
    if status != 503:
        raise Broken(f"The disk is full, and a job was answered with {status}: {answer}")


def trouble(ground, ballast):
    """Fills the disk and waits until the daemon has noticed."""
    fill(ballast)
    wait_until(lambda: says_so(ground), 30, "the daemon to say that the disk is full, in metric and API")
    if not last_complaint(ground.daemon):
        raise Broken("The disk is full, and the log has no warning of it.")
    check_refused(ground)
    check_stopped(ground)


def survive(ground, ballast, rng):
    """Kills it in that state, by chance; it may refuse to start as long as there is no room."""
    killed = rng.random() < 0.7
    if killed:
        ground.kill()
    if killed and rng.random() < 0.5:
        ground.daemon.launch()
        time.sleep(rng.uniform(0.1, 1))
        if ground.daemon.process.running():
            ground.kill()
    ballast.unlink()
    if killed:
        ground.restart()
    wait_until(lambda: not says_so(ground), 30, "the daemon to go on by itself")


def play(this, size):
    """One round."""
    rng, data = this.rng, this.folder / "data"
    mount(data)
    try:
        ground = this.ground = Ground(this.folder, rng, usual_receivers(rng, 40), Manner.draw(rng))
        ground.submit_both(size)
        wait_until(lambda: ground.delivered() > size / 10, 60, "a beginning")
        trouble(ground, data / "ballast")
        survive(ground, data / "ballast", rng)
        ground.wait_finished()
        ledger = ground.ledger()
        ground.stop()
        for row, findings in zip(this.rows, ground.judge(ledger).values()):
            row.findings = findings
            this.broken += findings.broken()
    finally:
        if this.ground:
            this.ground.abandon()
        if this.ground and this.broken:
            shutil.copytree(data, this.folder / "evidence")
        subprocess.run(["umount", "-l", data], check=True)


def can_mount():
    """Whether a mount namespace may be had here."""
    done = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True)
    return done.returncode == 0


def run(evidence, seed, rounds, size, say=lambda _: None):
    """Rounds one after the other; returns one row for each guarantee."""

    def play_number(i):
        rng = random.Random(f"{seed}/disk/{i}")
        rows = list(rows_of("full disk", size).values())
        return run_round(evidence, f"disk-{i}", f"seed {seed}", rng, rows, lambda this: play(this, size))

    return run_rounds(play_number, rounds, 1, say)
