"""
The power cut. The daemon runs with tests/torture/powercut preloaded, which keeps a shadow of the data folder with
only what was synced. A cut is a SIGKILL, and the shadow in the place of the folder; by chance some sectors that
were not synced are there too, for a disk writes what it has in any order. What the receivers' logs then show twice,
although the daemon had its answer, are answers that were not yet synced: no more of them than the bound.
"""

import os
import random
import shutil
import time

from compare import Findings
from ground import BUILD, Ground, Manner, usual_receivers
from rounds import run_round, run_rounds
from table import rows_of

SECTOR, PAGE = 512, 4096
SHIM = BUILD / "tests/powercut.so"


class Disk:
    """The data folder, what of it would survive, and cuts."""

    def __init__(self, folder, rng):
        self.rng = rng
        self.data, self.shadow = folder / "data", folder / "synced"
        for path in (self.data, self.shadow):
            path.mkdir(mode=0o700, parents=True)
        self.wrapper = ["/usr/bin/env", f"LD_PRELOAD={SHIM}", f"POWERCUT_DATA={self.data}",
                        f"POWERCUT_SHADOW={self.shadow}"]

    def cut(self):
        """To be called when the daemon was killed. What it left in memory stays beside, until the next cut."""
        killed = self.data.with_name("killed")
        shutil.rmtree(killed, ignore_errors=True)
        self.data.rename(killed)
        shutil.copytree(self.shadow, self.data)
        share = self.rng.choice((0, 0, 0.05, 0.5, 0.95))
        unit = self.rng.choice((SECTOR, PAGE, PAGE))
        if share:
            for path in sorted(p for p in killed.iterdir() if p.is_file()):
                self._keep_some(path, self.data / path.name, share, unit)
        self.data.chmod(0o700)
        shutil.rmtree(self.shadow)
        shutil.copytree(self.data, self.shadow)

    def _keep_some(self, killed, left, share, unit):
        """Lets units of a file that were written, and not synced, have reached the disk by chance."""
        if not left.exists():
            return
        with open(killed, "rb") as source, open(left, "r+b") as target:
            size = os.fstat(target.fileno()).st_size
            for at in range(0, size, unit):
                bytes_then = source.read(unit)
                if not bytes_then:
                    break
                if target.read(unit) != bytes_then and self.rng.random() < share:
                    target.seek(at)
                    target.write(bytes_then)
                target.seek(at + unit)


def cut_power(ground, disk, rng):
    """One cut, now; returns when the power came back."""
    ground.kill()
    disk.cut()
    time.sleep(0.1)  # what was on its way to the receivers arrives
    back = time.time()
    if rng.random() < 0.2:  # and the daemon dies once more, while it recovers
        ground.daemon.launch()
        time.sleep(rng.uniform(0.005, 0.1))
        ground.kill()
    ground.restart()
    return back


def cut_until_done(ground, disk, rng, most):
    """Returns when the power came back, each time."""
    cuts = []
    while len(cuts) < most and ground.unfinished():
        time.sleep(rng.choice((rng.uniform(0, 0.05), rng.uniform(0, 0.9))))
        cuts.append(cut_power(ground, disk, rng))
    return cuts


def fill_rows(this, found, bound):
    """A cut may cost both jobs together no more than the bound."""
    together = Findings()
    for row, findings in zip(this.rows, found.values()):
        row.findings, row.forgotten_bound = findings, bound
        row.forgotten = sum(findings.forgotten.values())
        row.most_forgotten = max(findings.forgotten.values(), default=0)
        together.add(findings)
    this.broken += together.broken(bound)


def play(this, size, cuts_wanted, unsynced):
    """One round."""
    rng, disk = this.rng, Disk(this.folder, this.rng)
    manner = Manner.draw(rng, unsynced=unsynced, max_age="1h")
    receivers = usual_receivers(rng, rng.choice((10, 20, 40)))
    ground = this.ground = Ground(this.folder, rng, receivers, manner, wrapper=disk.wrapper)
    ground.submit_both(size)
    cuts = cut_until_done(ground, disk, rng, cuts_wanted)
    ground.wait_finished(timeout=120 + size / 200)
    ledger = ground.ledger()
    ground.stop()
    fill_rows(this, ground.judge(ledger, cuts), ground.forgotten_bound())


def run(evidence, seed, cuts, size, unsynced, beside=2, say=lambda _: None):
    """Rounds of five cuts each; returns one row for each guarantee."""
    counts = [5] * (cuts // 5) + ([cuts % 5] if cuts % 5 else [])

    def play_number(i):
        rng = random.Random(f"{seed}/power/{i}")
        rows = list(rows_of("power cut", size).values())
        return run_round(evidence, f"power-{i}", f"seed {seed}", rng, rows,
                         lambda this: play(this, size, counts[i], unsynced))

    return run_rounds(play_number, len(counts), beside, say)
