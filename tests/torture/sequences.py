"""
Anything in any order: random sequences of submit, pause, resume, cancel, retry, suppress, kill and stop, against a
model of what may become of each copy. Receivers do nothing by chance here: the first word of an address says all.
"""

import collections
import random
import signal
import subprocess
import time

from compare import AT_LEAST_ONCE, AT_MOST_ONCE
from ground import Broken, BUILD, Ground, Manner, Receiver, offers
from rounds import run_round, run_rounds
from table import Row
from tocsin import PATIENCE

WORDS = {"bounce": 100, "spam": 60, "defer": 120, "late": 100, "drop": 60, "lost": 60, "hang": 20}
GRACE_S = 1.0 * PATIENCE  # what is under way when a job is paused still arrives
UNSURE = {"drop", "lost", "hang"}  # words that end an attempt without an answer
REFUSED = {"bounce", "spam"}


class Story:
    """What was done to one job, and what may therefore have become of its copies."""

    def __init__(self, name, job):
        self.name, self.job = name, job
        self.paused_since = None
        self.silences = []  # (from, until) in which nobody may take a copy
        self.suppressed = {}  # address -> since when

    def pause(self):
        self.paused_since = time.time()

    def resume(self, now):
        self.silences.append((self.paused_since + GRACE_S, now))
        self.paused_since = None

    def cancel(self):
        self.job.cancelled = True
        self.silences.append((time.time() + GRACE_S, float("inf")))

    def may_end_as(self, address, calm):
        """The states that this copy may end in; `calm`: nothing was killed, and no copy can harm its neighbour."""
        word = address.split("@")[0].rstrip("0123456789")
        states = {"bounced"} if word in REFUSED else {"delivered"}
        if self.job.guarantee == AT_MOST_ONCE:
            if word in UNSURE and calm and not self.job.again.get(address):
                states = {"in_doubt"}
            elif word in UNSURE or not calm:
                states.add("in_doubt")
        if self.job.cancelled:
            states |= {"cancelled", "in_doubt"}
        if address in self.suppressed:
            states.add("skipped")
        return states

    def check(self, ledger, taken, calm):
        """Sentences about what must not be."""
        for address in self.job.addresses:
            state, allowed = ledger[address]["state"], self.may_end_as(address, calm)
            if state not in allowed:
                yield f"job {self.job.id} ({self.job.guarantee}): {address} is {state}, not one of {sorted(allowed)}"
            silences = list(self.silences)
            if address in self.suppressed:
                silences.append((self.suppressed[address] + GRACE_S, float("inf")))
            for at in taken.get(address, ()):
                if any(a < at < b for a, b in silences):
                    yield f"job {self.job.id}: {address} was taken at {at:.3f}, when nothing should be sent"


class Sequence:
    """One sequence as it goes on. Each step is a method; `steps` says how often it is chosen."""

    def __init__(self, ground, rng):
        self.ground, self.rng = ground, rng
        self.stories = []
        self.done = []  # what was done, for the evidence
        self.stops = 0
        self.has_retry, self.has_key = offers("", "job", "retry"), offers("--key", "send")

    def steps(self):
        return {self.submit: 4, self.pause: 3, self.resume: 3, self.cancel: 1, self.kill: 3, self.kill_twice: 1,
                self.kill_in_stop: 1, self.stop: 1, self.suppress: 2, self.wait: 4, self.retry: 3 * self.has_retry,
                self.submit_killed: 2 * self.has_key, self.submit_again: 2 * self.has_key}

    def step(self):
        steps = self.steps()
        chosen = self.rng.choices(list(steps), list(steps.values()))[0]
        self.done.append(f"{time.time():.3f} {chosen.__name__}")
        chosen()

    def _running(self):
        return [s for s in self.stories if not s.job.cancelled]

    def _some(self, stories):
        return self.rng.choice(stories) if stories else None

    def _say(self, text):
        self.done[-1] += f" {text}"

    # Jobs.

    def _people(self):
        name = f"j{len(self.stories)}"
        return name, self.ground.import_people(name, self.rng.choice((5, 40, 120)))

    def submit(self):
        if len(self.stories) >= 5:
            return
        name, people = self._people()
        guarantee = self.rng.choice((AT_LEAST_ONCE, AT_MOST_ONCE))
        options = ["--key", name] if self.has_key else []
        self.stories.append(Story(name, self.ground.submit(name, guarantee, people, *options)))
        self._say(f"{self.stories[-1].job.id} {guarantee}")

    def submit_killed(self):
        """The daemon dies while it takes the job; the client asks again with the same key."""
        if len(self.stories) >= 5:
            return
        name, people = self._people()
        words = [BUILD / "tocsin", "--socket", self.ground.daemon.socket, "send", self.ground.folder / "message.md"]
        asking = subprocess.Popen([*words, "--to", f"list:{name}", "--key", name], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        time.sleep(self.rng.uniform(0, 0.03))
        self.kill()
        asking.wait(30)
        job = self.ground.submit(name, AT_LEAST_ONCE, people, "--key", name)
        self.stories.append(Story(name, job))
        self._say(f"{job.id}")

    def submit_again(self):
        story = self._some(self.stories)
        if not story:
            return
        options = ["--at-most-once"] if story.job.guarantee == AT_MOST_ONCE else []
        message = self.ground.folder / "message.md"
        again = self.ground.daemon.send(message, f"list:{story.name}", "--key", story.name, *options)
        if again != story.job.id:
            raise Broken(f"The key of job {story.job.id} made job {again} as well.")

    def _unpaused(self):
        return [s for s in self._running() if not s.paused_since]

    def pause(self):
        story = self._some(self._unpaused())
        if story and self.ground.daemon.cli("job", "pause", story.job.id, check=False).rc == 0:
            story.pause()
            self._say(f"{story.job.id}")

    def resume(self):
        story = self._some([s for s in self._running() if s.paused_since])
        if story:
            self._resume(story)
            self._say(f"{story.job.id}")

    def _resume(self, story):
        """A job that was paused is finished all the same when its last copies were on their way."""
        now = time.time()
        done = self.ground.daemon.cli("job", "resume", story.job.id, check=False)
        if done.rc and "is finished" not in done.stderr:
            raise Broken(f"Job {story.job.id} is not resumed: {done.stderr}")
        story.resume(now)

    def cancel(self):
        story = self._some(self._running())
        if story and self.ground.daemon.cli("job", "cancel", story.job.id, check=False).rc == 0:
            story.cancel()
            self._say(f"{story.job.id}")

    def retry(self):
        """Those in doubt may then be sent once more, also at most once."""
        story = self._some(self._unpaused())
        states = self.rng.sample(("deferred", "bounced", "expired", "in_doubt"), self.rng.randint(1, 3))
        if not story:
            return
        before = self.ground.daemon.recipients(story.job.id)
        done = self.ground.daemon.cli("job", "retry", story.job.id, "--state", ",".join(states), check=False)
        self._say(f"{story.job.id} {states}: {done.rc}")
        if done.rc or "in_doubt" not in states or story.job.guarantee == AT_LEAST_ONCE:
            return
        # What was on its way may have come to be in doubt between the two calls.
        for address, row in before.items():
            if row["state"] in ("in_doubt", "queued", "deferred"):
                story.job.again[address] = story.job.again.get(address, 0) + 1

    def suppress(self):
        story = self._some(self._running())
        if story:
            address = self.rng.choice(story.job.addresses)
            self.ground.daemon.cli("contacts", "suppress", address)
            story.suppressed.setdefault(address, time.time())
            self._say(address)

    # The daemon.

    def kill(self):
        self.ground.kill()
        self.ground.restart()

    def kill_twice(self):
        self.ground.kill()
        self.ground.daemon.launch()
        time.sleep(self.rng.uniform(0.005, 0.05))
        self.kill()

    def kill_in_stop(self):
        self.ground.daemon.process.popen.send_signal(signal.SIGTERM)
        time.sleep(self.rng.uniform(0, 0.1))
        self.ground.kill(stopping=True)
        self.stops += 1
        self.ground.restart()

    def stop(self):
        self.ground.daemon.stop()
        self.stops += 1
        self.ground.restart()

    def wait(self):
        time.sleep(self.rng.choice((0.05, 0.3, 1.5)))

    # The end.

    def finish(self):
        for story in self._running():
            if story.paused_since:
                self._resume(story)
        self.ground.wait_finished(60)

    def is_calm(self):
        return self.ground.kills == 0 and self.stops == 0 and self.ground.manner.in_flight == 1


def play(this, steps):
    """One sequence."""
    rng = this.rng
    receiver = Receiver((), rng.randint(1, 4), rng.choice((5, 30)), rng.random() < 0.3)
    manner = Manner(in_flight=rng.choice((1, 1, 4)), commit_interval=rng.choice(("0ms", "50ms", "300ms")))
    ground = this.ground = Ground(this.folder, rng, [receiver], manner, words=WORDS)
    sequence = Sequence(ground, rng)
    try:
        sequence.done.append(f"{time.time():.3f} submit")
        sequence.submit()
        for _ in range(steps):
            sequence.step()
        sequence.finish()
        judge(this, sequence)
    finally:
        (this.folder / "steps.txt").write_text("\n".join(sequence.done) + "\n")


def judge(this, sequence):
    ground = this.ground
    ledger = ground.ledger()
    listed = collections.Counter(job["id"] for job in ground.daemon.cli("job", "list", "--json").json_lines())
    ground.stop()
    if set(listed) != {job.id for job in ground.jobs}:
        this.broken.append(f"jobs {sorted(listed)} are there, and {len(ground.jobs)} were submitted")
    taken = ground.taken()
    row = this.rows[0]
    row.messages = len(ledger)
    for findings in ground.judge(ledger).values():
        row.findings.add(findings)
    this.broken += row.findings.broken()
    for story in sequence.stories:
        this.broken += story.check(ledger, taken, sequence.is_calm())


def run(evidence, seed, sequences, steps=12, beside=4, say=lambda _: None):
    """Returns one row."""

    def play_number(i):
        rng = random.Random(f"{seed}/property/{i}")
        return run_round(evidence, f"property-{i}", f"seed {seed}", rng, [Row("any order", 1)],
                         lambda this: play(this, steps))

    return run_rounds(play_number, sequences, beside, say)
