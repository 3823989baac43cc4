"""
The ground of one torture: a folder with receivers that misbehave (bench/sink), a daemon that knows the way to them
and is killed, its jobs, and the evidence that both sides leave.
"""

import collections
import dataclasses
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import tocsin
from compare import AT_LEAST_ONCE, AT_MOST_ONCE, compare
from tocsin import BUILD, PATIENCE, Process, Sink, wait_until


class Broken(Exception):
    """The daemon did what it must not do; the sentence says what."""


MESSAGE = """\
Subject: {{ contact.email }}
From: Agir <agir@send.example>

One of many.
"""

CONFIG = """\
data_dir = "data"
control {{ socket = "control.sock" }}
metrics {{ listen = "127.0.0.1:{metrics_port}" }}
identity "example" {{ domain = "send.example" }}
source "local" {{ ehlo = "mail.send.example" }}
route "*" {{ host = "127.0.0.1"  port = {port} }}
tls {{ policy = "opportunistic"  verify = false }}
site "*" {{ {site} }}
{extra}
"""

# What an address asks of bench/sink by its first word, and how many of 1000 addresses ask for it.
WORDS = {"bounce": 15, "spam": 10, "defer": 20, "late": 15, "drop": 8, "lost": 8, "hang": 2}

# How receivers fail, beside that. Shares are small: a failure takes its connection's whole flight with it.
PLAIN = ("rcpt-450:3", "rcpt-550:1", "data-451:2", "data-554:1", "drop-after-log:0.4")
ROUGH = ("mail-421:0.4", "mail-close:0.3", "rcpt-close:0.3", "body-close:0.4", "data-close:0.4", "data-garbage:0.2",
         "drop-after-log:0.8", "banner-close:3", "ehlo-421:2", "data-421:0.3")
STALLING = ("mail-stall:0.1", "rcpt-stall:0.1", "body-stall:0.1", "data-stall:0.2", "data-450:2",
            "drop-after-log:0.5")


@dataclasses.dataclass(frozen=True)
class Receiver:
    faults: tuple
    connections: int
    delay_ms: int = 20
    tls: bool = False


def usual_receivers(rng, delay_ms):
    """Three receivers with twenty connections between them."""
    return [Receiver(faults, connections, delay_ms, rng.random() < 0.4)
            for faults, connections in ((PLAIN, 10), (ROUGH, 6), (STALLING, 4))]


@dataclasses.dataclass(frozen=True)
class Manner:
    """How a daemon is configured."""

    in_flight: int = 4
    threads: int = 2
    commit_interval: str = "50ms"
    journal_size: str = "4MiB"
    unsynced: int = 8192
    max_age: str = "1h"
    patience: str = "1s"  # for receivers' answers

    @staticmethod
    def draw(rng, **fixed):
        drawn = dict(
            in_flight=rng.choice((1, 2, 4, 4, 4, 4, 8)),
            threads=rng.choice((1, 2, 2)),
            commit_interval=rng.choice(("0ms", "10ms", "50ms", "500ms")),
            # The smallest turns over many times in a round.
            journal_size=rng.choice(("64KiB", "256KiB", "4MiB")),
            max_age=rng.choice(("1h", "1h", "1h", "4s")),
        )
        return Manner(**{**drawn, **fixed})


class Daemon(tocsin.Daemon):
    """The system tests' daemon, which can also be started without waiting and through a wrapper."""

    def __init__(self, folder, config, wrapper=()):
        self.wrapper = list(wrapper)
        self.may_start = False
        (folder / "dkim.pem").touch()  # mail is not signed here, and a key takes time to make
        super().__init__(folder, 1, config=config)
        self.may_start = True

    def launch(self):
        self.process = Process("tocsind", [*self.wrapper, BUILD / "tocsind", "--config", self.config], self.folder)

    def start(self):
        if self.may_start:  # not in the constructor: what is there must be there to be ended
            self.launch()
            self.wait_ready()

    def wait_ready(self):
        try:
            wait_until(self._answers, 30, "the daemon's control socket")
        except AssertionError as silence:
            raise Broken(f"The daemon did not start again: {silence}") from None

    def kill(self, stopping=False):
        """SIGKILL. A daemon that is already gone died of something else, unless it is stopping and ended well."""
        self.process.popen.kill()
        code = self.process.popen.wait(30)
        if code != -signal.SIGKILL and (code or not stopping):
            raise Broken(f"The daemon ended by itself with {code}: {self.last_words()}")

    def last_words(self):
        return self.process.stderr()[-1000:]

    def recovered(self):
        """How many copies each start found in doubt, in the order of starts that found any."""
        if not self.process:
            return []
        lines = self.process.stderr_path.read_text(errors="replace").splitlines()
        found = (tocsin.parse_log_line(line) for line in lines if " recovered " in line)
        return [int(line.get("in_doubt", 0)) for line in found if line and line["event"] == "recovered"]


@dataclasses.dataclass
class Job:
    id: int
    guarantee: str
    addresses: list
    again: dict = dataclasses.field(default_factory=dict)
    cancelled: bool = False


class Ground:
    def __init__(self, folder, rng, receivers, manner, *, wrapper=(), words=None):
        self.folder, self.rng, self.receivers, self.manner = folder, rng, receivers, manner
        self.words = WORDS if words is None else words
        self.jobs = []
        self.kills = 0
        self.sinks = [self._start_sink(i, r) for i, r in enumerate(receivers)]
        self.daemon = Daemon(folder, self._config(), wrapper)
        self.daemon.write("message.md", MESSAGE)
        try:
            self.daemon.start()
        except Broken:
            self.abandon()
            raise

    def _start_sink(self, i, receiver):
        words = ["--listen", f"127.0.0.{i + 1}:0", "--seed", str(self.rng.randrange(1 << 30))]
        words += ["--delay", str(receiver.delay_ms)]
        for fault in receiver.faults:
            words += ["--fault", fault]
        return Sink(self.folder, *words, tls=receiver.tls, name=f"sink{i}")

    def _config(self):
        m = self.manner
        waits = "connect greeting ehlo tls_handshake mail rcpt data_init data_end command".split()
        lines = [
            f'retry {{ first = "200ms"  factor = 1  max = "1s"  max_age = "{m.max_age}" }}',
            f"timeouts {{ {'  '.join(f'{wait} = {m.patience}' for wait in waits)}  stop = 1s }}",
            f"threads {{ delivery = {m.threads} }}",
            f"store {{ commit_interval = {m.commit_interval}  journal_size = {m.journal_size}",
            f"  unsynced = {m.unsynced} }}",
        ]
        for i, (receiver, sink) in enumerate(zip(self.receivers, self.sinks)):
            host = f"127.0.0.{i + 1}"
            lines += [
                f'route "*.r{i}.example" {{ host = "{host}"  port = {sink.port} }}',
                f'site "{host}" {{ connections = {receiver.connections}  in_flight = {m.in_flight}'
                "  messages_per_connection = 500 }",
            ]
        site = f"connections = 1  in_flight = {m.in_flight}"
        extra = "\n".join(lines).replace("{", "{{").replace("}", "}}")
        return CONFIG.replace("{extra}", extra).replace("{site}", site)

    def in_flight_bound(self):
        """The most transactions that can be under way at one time."""
        return self.manner.in_flight * sum(r.connections for r in self.receivers)

    def most_in_doubt(self):
        """The most copies that a start may find in doubt. A power cut leaves holes in the journal, and so beginnings
        whose ends are gone."""
        return self.forgotten_bound() if self.daemon.wrapper else self.in_flight_bound()

    def forgotten_bound(self):
        """What a power cut may take: answers that were not synced, and what was in flight and not yet written down."""
        return self.manner.unsynced * self.manner.threads + self.in_flight_bound()

    # Jobs.

    def _invent(self, name, count):
        words, weights = list(self.words), list(self.words.values())
        words, weights = words + ["user"], weights + [1000 - sum(weights)]
        shares = [r.connections for r in self.receivers]
        drawn = self.rng.choices(words, weights, k=count)
        where = self.rng.choices(range(len(shares)), shares, k=count)
        return [f"{word}{i}@{name}.r{at}.example" for i, (word, at) in enumerate(zip(drawn, where))]

    def import_people(self, name, count):
        """Contacts of a list `name`, at all receivers; returns their addresses."""
        addresses = self._invent(name, count)
        path = self.daemon.write(f"{name}.csv", "\n".join(["email", *addresses]) + "\n")
        self.daemon.cli("contacts", "import", path, "--list", name)
        return addresses

    def submit(self, name, guarantee, addresses, *options):
        more = ["--at-most-once"] if guarantee == AT_MOST_ONCE else []
        job = Job(self.daemon.send(self.folder / "message.md", f"list:{name}", *more, *options), guarantee, addresses)
        self.jobs.append(job)
        return job

    def submit_both(self, size):
        """A job of `size` recipients for each guarantee."""
        people = {name: self.import_people(name, size) for name in ("least", "most")}
        self.submit("least", AT_LEAST_ONCE, people["least"])
        self.submit("most", AT_MOST_ONCE, people["most"])

    def delivered(self):
        return sum(self.daemon.job(job.id)["delivered"] for job in self.jobs)

    def unfinished(self):
        over = ("finished", "cancelled")
        views = [self.daemon.job(job.id) for job in self.jobs]
        return [view for view in views if view["state"] not in over or view["in_flight"]]

    def kept_jobs(self):
        """A sentence while the daemon has not let go of every job: it does when the last copy on the wire is counted."""
        active = self.daemon.cli_json("status")["active_jobs"]
        return f"{active} jobs are over and still kept" if active else None

    def wait_finished(self, timeout=120):
        end = time.monotonic() + timeout * PATIENCE
        while True:
            self.daemon.process.assert_running()
            left = self.unfinished() or self.kept_jobs()
            if not left:
                return
            if time.monotonic() > end:
                raise Broken(f"Jobs are not over {timeout} s after the last start: {left}")
            time.sleep(0.05)

    # Ends and starts.

    def kill(self, stopping=False):
        self.daemon.kill(stopping)
        self.kills += 1

    def restart(self):
        self.daemon.start()

    # Evidence.

    def ledger(self):
        """address -> row of all jobs; the numbers of each job must be those of its rows."""
        rows = {}
        for job in self.jobs:
            view = self.daemon.job(job.id)
            tocsin.assert_adds_up(view)
            mine = self.daemon.recipients(job.id)
            counts = collections.Counter(row["state"] for row in mine.values())
            said = {name: view[name] for name in tocsin.JOB_PARTS if view[name]}
            if said != dict(counts):
                raise Broken(f"Job {job.id} says {said}, and its recipients {dict(counts)}.")
            rows.update(mine)
        return rows

    def taken(self):
        """address -> times, of all receivers; they must have ended."""
        times = collections.defaultdict(list)
        for sink in self.sinks:
            for message in sink.messages():
                for address in message.recipients:
                    times[address].append(message.time)
        return times

    def stop(self):
        """Ends all programs well."""
        self.daemon.stop()
        for sink in self.sinks:
            sink.stop()

    def abandon(self):
        """Ends all programs somehow."""
        for process in [self.daemon.process, *(sink.process for sink in self.sinks)]:
            if process and process.running():
                process.popen.kill()
                process.popen.wait(30)

    def judge(self, ledger, cuts=()):
        """Findings for each guarantee; all programs must have ended."""
        taken = self.taken()
        found = {}
        for guarantee in (AT_LEAST_ONCE, AT_MOST_ONCE):
            jobs = [job for job in self.jobs if job.guarantee == guarantee]
            mine = {address: guarantee for job in jobs for address in job.addresses}
            others = {address for job in self.jobs if job.guarantee != guarantee for address in job.addresses}
            found[guarantee] = compare(
                mine,
                {a: row for a, row in ledger.items() if a not in others},
                {a: times for a, times in taken.items() if a not in others},
                cuts,
                {a: n for job in jobs for a, n in job.again.items()},
                {a for job in jobs if job.cancelled for a in job.addresses},
            )
        return found


def offers(option, *command):
    """Whether a command of the client has an option already (or exists, with an empty one)."""
    done = subprocess.run([BUILD / "tocsin", *command, "--help"], capture_output=True, text=True, timeout=30)
    return done.returncode == 0 and option in done.stdout
