"""
What many receivers, and a throttled one, cost the daemon: the processor's time a message and the memory, for the
same letter to the same number of people.

Receivers are found by MX, from bench/nameserver, and all are one sink, on many loopback addresses, without TLS: a
hundred thousand receivers would be as many handshakes, which is no scheduler's cost. What is compared with what is in
bench/README.md; `--profile` tells by perf in which room of the daemon the time went.
"""

import collections
import contextlib
import dataclasses
import pathlib
import re
import shutil
import signal
import subprocess
import time

import tocsin as players

from peers import ground as base
from peers import tocsind
from scale import forget_peak, peak_kib, wait_queued

CONFIG = """\
data_dir = "data"
control {{{{ socket = "control.sock" }}}}
log {{{{ file = "tocsind.log" }}}}
identity "bench" {{{{ domain = "{domain}" }}}}
source "local" {{{{ ehlo = "mail.{domain}" }}}}
tls {{{{ policy = none }}}}
dns {{{{ server = "127.0.0.1:{dns}"  mx_port = {{port}} }}}}
site "*" {{{{ connections = 20  in_flight = 4  messages_per_connection = {per_connection}  {limits} }}}}
"""
SETTLE = 3.0  # seconds before a window is measured


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    text: str
    domain: str  # with the recipient's number where each has its own
    per_connection: int = 1000
    limits: str = ""
    throttled: bool = False  # a window of the job is measured, not its end waited for


CASES = [
    Case("one", "1 domain", "people.shared.test"),
    Case("shared", "a domain each, 1 site", "d{}.shared.test"),
    Case("each", "1 domain, a connection for each message", "people.shared.test", per_connection=1),
    Case("own", "a domain and a site each", "d{}.own.test"),
    Case("paced", "a domain and a site each, which have rates", "d{}.own.test",
         limits='connection_rate = "100/min"  rate = "100/s"'),
    Case("free", "1 domain, no rate, a window", "people.shared.test", throttled=True),
    Case("fast", "1 domain, 20,000/s", "people.shared.test", limits='rate = "20000/s"', throttled=True),
    Case("slow", "1 domain, 2,000/s", "people.shared.test", limits='rate = "2000/s"', throttled=True),
]


@dataclasses.dataclass
class Sites:
    case: str
    recipients: int
    messages: int
    seconds: float
    user_us: float  # a message
    system_us: float
    kib: int  # most memory resident
    connections: int
    rooms: dict | None  # room or library -> µs a message

    @property
    def per_second(self):
        return self.messages / self.seconds

    @property
    def cpu_us(self):
        return self.user_us + self.system_us


class Nameserver:
    def __init__(self, folder):
        self.process = players.Process("nameserver", [players.BUILD / "bench/nameserver"], folder)
        self.port = players.wait_until(self._port, 10, "the name server's first line")

    def _port(self):
        self.process.assert_running()
        found = re.match(r"listening \S+:(\d+)\n", self.process.stdout())
        return int(found[1]) if found else None

    def stop(self):
        self.process.end()


class EverywhereSink(base.Receiver):
    """On all loopback addresses; what came is counted, not read."""

    def __init__(self, folder):
        super().__init__(folder, options=("--listen", "0.0.0.0:0"))


def contacts(ground, case, count):
    path = ground.folder / f"contacts-{case.domain.format('')}{count}.csv"
    if not path.exists():
        with open(path, "w", encoding="ascii") as out:
            out.write("email,first_name,country\n")
            out.writelines(f"p{i}@{case.domain.format(i)},Ana,BE\n" for i in range(count))
    return path


@contextlib.contextmanager
def daemon(folder, case, sink, dns):
    config = CONFIG.format(domain=base.DOMAIN, dns=dns, per_connection=case.per_connection, limits=case.limits)
    with base.running(players.Daemon(folder, sink.port, config=config)) as started:
        yield started


def times(pid):
    """(user, system) in µs."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) * base.TICK_US, int(words[12]) * base.TICK_US


class Profile:
    """perf beside a process, and where its samples lie."""

    def __init__(self, folder, pid):
        self.file, self.pid = folder / "perf.data", pid
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
        self.start = int(re.search(r"^([0-9a-f]+)-\S+ \S+ 00000000 .*/tocsind$", maps, re.M)[1], 16)
        argv = ["perf", "record", "-F", "1999", "-o", self.file, "-p", pid]
        self.process = players.Process("perf", argv, folder)
        time.sleep(0.5)

    def shares(self):
        """Room or library -> share of the samples."""
        self.process.end(signal.SIGINT)
        argv = ["perf", "script", "-i", self.file, "-F", "ip,dso"]
        told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout
        samples = re.findall(r"^\s*([0-9a-f]+) .*\((.*)\)$", told, re.M)
        own = sorted({ip for ip, dso in samples if dso.endswith("/tocsind")})
        rooms = dict(zip(own, self.rooms_of(own)))
        counts = collections.Counter(rooms.get(ip) or library_of(dso) for ip, dso in samples)
        return {name: count / len(samples) for name, count in counts.items()}

    def rooms_of(self, addresses):
        text = "".join(f"{int(ip, 16) - self.start:x}\n" for ip in addresses)
        argv = ["addr2line", "-e", players.BUILD / "tocsind"]
        told = subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=300).stdout
        for line in told.splitlines():
            found = re.search(r"/daemon/(\w+)/", line)
            yield found[1] if found else "other"


def library_of(dso):
    if "kernel" in dso or dso in ("[vdso]", "[unknown]"):
        return "kernel"
    return re.sub(r"[.-].*", "", pathlib.PurePath(dso).name)


def until_end(player, sink, number, count):
    sink.wait(count)
    tocsind.wait_finished(player, number)
    return count


def for_a_while(sink, window):
    sink.has(0)
    before = sink.lines
    time.sleep(window)
    sink.has(0)
    return sink.lines - before


def start(ground, player, count):
    """A job that is all in the queue, and has been sent from for a while; its number."""
    number = player.send(ground.letter, "list:everyone")
    wait_queued(player, number, count)
    time.sleep(SETTLE)
    return number


def run(ground, room, case, count, window, profiled):
    with base.running(EverywhereSink(room)) as sink, base.running(Nameserver(room)) as dns:
        with daemon(room, case, sink, dns.port) as player:
            tocsind.import_contacts(player, contacts(ground, case, count))
            pid = player.process.pid
            forget_peak(pid)
            number = start(ground, player, count) if case.throttled else None
            profile = Profile(room, pid) if profiled else None
            user, system, began = *times(pid), time.time()
            if case.throttled:
                messages = for_a_while(sink, window)
            else:
                number = player.send(ground.letter, "list:everyone")
                messages = until_end(player, sink, number, count)
            seconds, (user_after, system_after) = time.time() - began, times(pid)
            kib, shares = peak_kib(pid), profile.shares() if profile else None
            player.api("POST", f"/v1/jobs/{number}/cancel")
    cpu = (user_after - user + system_after - system) / messages
    return Sites(
        case=case.name,
        recipients=count,
        messages=messages,
        seconds=seconds,
        user_us=(user_after - user) / messages,
        system_us=(system_after - system) / messages,
        kib=kib,
        connections=sink.summary["connections"],
        rooms=shares and {name: share * cpu for name, share in shares.items()},
    )


def measure(ground, case, count, window, profiled):
    if profiled and not shutil.which("perf"):
        raise base.Missing("perf is not installed (linux-perf).")
    with ground.room(case.name) as room:
        return run(ground, room, case, count, window, profiled)
