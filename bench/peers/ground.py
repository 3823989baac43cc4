"""
What every measurement stands on: the folder, the letter, the contacts, the sink, the processor's time.

A measurement starts a sink of its own, lets one system send `count` copies of the letter to it, and hands
back Figures. The players come from the system tests (tests/system/tocsin.py): each is bounded in time and
ended by its process id. Nothing here knows a particular system.
"""

import contextlib
import dataclasses
import email
import email.policy
import os
import pathlib
import shutil
import signal

import tocsin as players

TIMEOUT = 900
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
DOMAIN = "send.example"
SELECTOR = "s1"

# The recipient of the copy that the other systems send: what is personal in it can be found again.
MODEL = {"email": "aurelienne.vandenbroucke@mail.example", "first_name": "Aurélienne", "country": "BE"}


class Missing(Exception):
    """A system that is not installed; the sentence says how to install it."""


class Wrong(Exception):
    """A measurement that counts for nothing, because the sink did not get what was sent."""


@dataclasses.dataclass
class Figures:
    messages: int
    seconds: float
    cpu_us: float  # a message, all processes of the system
    bytes: float  # a message, as the sink received it
    connections: int
    handshakes: int
    resumed: int
    sink_cpu_us: float

    @property
    def per_second(self):
        return self.messages / self.seconds

    def as_dict(self):
        return {**dataclasses.asdict(self), "per_second": self.per_second}


@dataclasses.dataclass
class Log:
    messages: int
    recipients: int  # how many different ones
    bytes: int
    last: float  # seconds since 1970


class Ground:
    """Everything is under `folder`, which whoever made it removes."""

    def __init__(self, folder, letter):
        self.folder = folder
        self.letter = letter
        self.key = folder / "dkim.pem"  # RSA-2048
        self.message = folder / "message.eml"  # the letter as tocsin composed it for MODEL
        self.measurements = 0
        players.make_rsa_key(self.key)

    @contextlib.contextmanager
    def room(self, name):
        """A folder for one measurement, gone afterwards; Postfix's own users have to get through it."""
        self.measurements += 1
        path = self.folder / f"{self.measurements}-{name}"
        path.mkdir(mode=0o755)
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def contacts(self, count):
        """A CSV of so many invented people, made once."""
        path = self.folder / f"contacts-{count}.csv"
        return path if path.exists() else players.make_contacts(path, count)

    def model(self):
        """A CSV with MODEL alone."""
        path = self.folder / "model.csv"
        path.write_text(",".join(MODEL) + "\n" + ",".join(MODEL.values()) + "\n")
        return path

    def parts(self):
        """The message as Python's email package reads it: .text, .html and .headers."""
        message = email.message_from_bytes(self.message.read_bytes(), policy=email.policy.default)
        names = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID")
        return Parts(
            subject=message["Subject"],
            sender=message["From"],
            text=message.get_body(("plain",)).get_content(),
            html=message.get_body(("html",)).get_content(),
            headers={name: str(message[name]) for name in names if message[name]},
        )


@dataclasses.dataclass
class Parts:
    subject: str
    sender: str
    text: str
    html: str
    headers: dict


@contextlib.contextmanager
def running(player):
    """A player that is stopped at the end, or, when something failed before that, at least ended."""
    try:
        yield player
    except BaseException:
        with contextlib.suppress(Exception):
            player.stop()
        raise
    player.stop()


def end_all():
    """Kills what is still running of all that was started here, each by its id."""
    for process in players.Process.started:
        if process.running():
            process.popen.send_signal(signal.SIGKILL)
            process.popen.wait(10)
    players.Process.started.clear()


def read_stat(pid):
    """(parent, CPU of the process, CPU of its children that ended), in µs."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    words = text[text.rindex(")") + 2 :].split()
    own, ended = int(words[11]) + int(words[12]), int(words[13]) + int(words[14])
    return int(words[1]), own * TICK_US, ended * TICK_US


def process_cpu_us(pid):
    return read_stat(pid)[1]


def family_cpu_us(pid):
    """The process with all its children, those that ended as well as those that run."""
    total = sum(read_stat(pid)[1:])
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            parent, own, ended = read_stat(entry.name)
            total += own + ended if parent == pid else 0
    return total


class Receiver:
    """The sink of one measurement, and afterwards what it received."""

    def __init__(self, folder, delay_ms=0, options=()):
        delay = ("--delay", str(delay_ms)) if delay_ms else ()
        self.sink = players.Sink(folder, *delay, *options)
        self.port = self.sink.port
        self.summary = None
        self.cpu_us = 0
        self.lines = 0
        self.read_to = 0

    def stop(self):
        if self.summary is None:
            self.cpu_us = process_cpu_us(self.sink.process.pid)
            self.summary = self.sink.stop()

    def has(self, count):
        """Whether the log has so many lines; reads only what is new in it."""
        with open(self.sink.log, "rb") as log:
            log.seek(self.read_to)
            new = log.read()
        self.read_to += len(new)
        self.lines += new.count(b"\n")
        return self.lines >= count

    def wait(self, count):
        players.wait_until(lambda: self.has(count), TIMEOUT, f"{count} messages at the sink")

    def figures(self, count, began, cpu_us, *, warm_up=0, copies=1):
        """
        Stops the sink and reads its log: exactly `count` messages beside those of the warm-up, over TLS, so many
        copies to each recipient; the time is from `began` (seconds since 1970) to the last of them.
        """
        self.stop()
        total = count + warm_up
        log = self.read_log()
        if log.messages != total or self.summary["messages"] != total:
            raise Wrong(f"{total} messages were sent, and the sink has {log.messages}.")
        if log.recipients * copies != total:
            raise Wrong(f"{total} messages went to {log.recipients} recipients, and {copies} to each were sent.")
        return Figures(
            messages=count,
            seconds=log.last - began,
            cpu_us=cpu_us / count,
            bytes=log.bytes / total,
            connections=self.summary["connections"],
            handshakes=self.summary["handshakes"],
            resumed=self.summary["resumed"],
            sink_cpu_us=self.cpu_us / total,
        )

    def read_log(self):
        seen, size, last, messages = set(), 0, 0.0, 0
        with open(self.sink.log, encoding="ascii") as log:
            for line in log:
                words = line.split(" ")
                if words[0] == "FAULT" or words[5] != "1":
                    raise Wrong(f"The sink complains, or a message came without TLS: {line.strip()}")
                messages += 1
                seen.add(words[1])
                size += int(words[3])
                last = float(words[7])
        return Log(messages, len(seen), size, last)
