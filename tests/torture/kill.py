"""
SIGKILL at any moment. A round is a fresh data folder, three receivers that fail, and two jobs at the same time, one
at least once and one at most once, whose daemon is killed again and again: while it fans out, sends, recovers and
stops. Then it is left in peace until both jobs are over, and the receivers' logs are held against the ledger.
"""

import random
import signal
import time

from ground import Ground, Manner, usual_receivers
from rounds import run_round, run_rounds
from table import rows_of

BIG = 22000  # more than one group of the fan-out


def round_sizes(rounds, messages):
    """How many recipients each guarantee has in each round; where there are many, two rounds are big."""
    big = 2 if messages >= 4 * BIG and rounds >= 4 else 0
    rest = -(-(messages - big * BIG) // (rounds - big))
    return [BIG if big and i in (rounds // 3, 2 * rounds // 3) else rest for i in range(rounds)]


# Ways to kill. Each leaves a daemon that runs and answers.


def kill_while_sending(ground, rng):
    time.sleep(rng.uniform(0, 0.9))
    ground.kill()
    ground.restart()


def kill_at_once(ground, rng):
    """As the first copies after a start go out."""
    time.sleep(rng.uniform(0, 0.05))
    ground.kill()
    ground.restart()


def kill_while_recovering(ground, rng):
    time.sleep(rng.uniform(0, 0.3))
    ground.kill()
    for _ in range(rng.randint(1, 3)):
        ground.daemon.launch()
        time.sleep(rng.uniform(0.005, 0.05))
        ground.kill()
    ground.restart()


def kill_while_stopping(ground, rng):
    time.sleep(rng.uniform(0, 0.6))
    ground.daemon.process.popen.send_signal(signal.SIGTERM)
    time.sleep(rng.uniform(0, 0.3))
    ground.kill(stopping=True)
    ground.restart()


WAYS = (kill_while_sending, kill_while_sending, kill_at_once, kill_while_recovering, kill_while_stopping)


def torment(ground, rng):
    """Kills until the jobs are over, but not for ever."""
    kill_at_once(ground, rng)  # in the middle of the fan-out
    for _ in range(rng.randint(3, 7)):
        if not ground.unfinished():
            return
        rng.choice(WAYS)(ground, rng)


def play(this, size):
    """One round."""
    rng = this.rng
    manner = Manner.draw(rng)
    receivers = usual_receivers(rng, 5 if size >= BIG else rng.choice((10, 20, 40)))
    ground = this.ground = Ground(this.folder, rng, receivers, manner)
    ground.submit_both(size)
    torment(ground, rng)
    ground.wait_finished(timeout=120 + size / 200)
    ledger = ground.ledger()
    ground.stop()
    for row, findings in zip(this.rows, ground.judge(ledger).values()):
        row.findings = findings
        this.broken += findings.broken()


def run(evidence, seed, rounds, messages, beside=2, say=lambda _: None):
    """All rounds; returns one row for each guarantee."""
    sizes = round_sizes(rounds, messages)

    def play_number(i):
        rng = random.Random(f"{seed}/kill/{i}")
        rows = list(rows_of("kill -9", sizes[i]).values())
        return run_round(evidence, f"kill-{i}", f"seed {seed}", rng, rows, lambda this: play(this, sizes[i]))

    return run_rounds(play_number, rounds, beside, say)
