"""
The players of the tests about pace: receivers that enforce their limits (shaped_receiver.py), and a field: receivers
with names, their DNS, and a daemon that finds its way to them by MX. Nothing here knows what a test wants to show.
"""

import collections
import json
import signal
import socket
import time

import judge
from nameserver import Names, NameServer
from receivers import hurry
from tocsin import APPEAL, PATIENCE, ROOT, Daemon, Process, is_sanitized, make_certificate, wait_until

PYTHON = "/usr/bin/python3"


class Shaped:
    """shaped_receiver.py with a manner for each address of this machine, all on one port."""

    def __init__(self, folder, places, name="shaped"):
        self.log, self.socket_path = folder / f"{name}.log", folder / f"{name}.sock"
        settings = {"log": str(self.log), "control": str(self.socket_path), "places": places}
        if any(manner.get("starttls") for manner in places.values()):
            settings["cert"], settings["key"] = map(str, make_certificate(folder))
        path = folder / f"{name}.json"
        path.write_text(json.dumps(settings))
        self.process = Process(name, [PYTHON, ROOT / "tests/system/shaped_receiver.py", path], folder)
        self.port = wait_until(self._find_port, 10, "the receivers to listen")
        wait_until(self.socket_path.exists, 10, "the receivers' control socket")
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(20)
        self.control.connect(str(self.socket_path))
        self.answers = self.control.makefile("rb")

    def _find_port(self):
        self.process.assert_running()
        words = self.process.stdout().split()
        return int(words[1]) if len(words) > 1 else None

    def _ask(self, request):
        self.control.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(self.answers.readline())

    def change(self, *addresses, **manner):
        """The places behave so from now on."""
        self._ask({"places": addresses, "manner": manner})

    def open(self):
        """How many connections each place has now."""
        return self._ask({})["open"]

    def _read(self):
        if self.process.running():
            self._ask({})  # what was seen before now is in the log after it
        text = self.log.read_text()
        return judge.read_record(text[: text.rfind("\n") + 1].splitlines())

    def record(self):
        return self._read()[0]

    def complaints(self):
        """What was too much for a receiver, as it noticed itself."""
        return self._read()[1]

    def stop(self):
        self.control.close()
        code = self.process.end()
        errors = self.process.stderr()
        assert code == 0 and not errors, f"the receivers ended with {code}:\n{errors[-4000:]}"


CONFIG = """\
data_dir = "data"
control {{ socket = "control.sock" }}
metrics {{ listen = "127.0.0.1:{metrics_port}" }}
identity "example" {{
    domain = "send.example"
    dkim {{ selector = "s1"  key = "dkim.pem" }}
}}
tls {{ policy = "{tls}"  verify = false }}
site "*" {{ {site} }}
{extra}
"""

ONE_SOURCE = 'source "local" { ehlo = "mail.send.example" }\n'

# A receiver's host: its address, and how it behaves there.
Host = collections.namedtuple("Host", "address manner", defaults=({},))


class Field:
    """
    hosts: {name: Host}; mail: {domain: ["10 mx1.example", …]}, or Names, to which the hosts are added. `extra` and
    `sources` are blocks of the daemon's configuration. `server` is NameServer or Liar.
    """

    def __init__(self, folder, hosts, mail, *, extra="", sources=ONE_SOURCE, server=NameServer, **daemon):
        self.folder, self.hosts = folder, hosts
        self.players = []
        names = mail if isinstance(mail, Names) else Names(mail)
        names.hosts = {**{name: [host.address] for name, host in hosts.items()}, **names.hosts}
        try:
            self._start(server, names, sources + extra, daemon)
        except BaseException:
            for player in self.players:
                player.stop()
            raise

    def _start(self, server, names, extra, daemon):
        self.receivers = self._play(Shaped, {host.address: host.manner for host in self.hosts.values()})
        self.dns = self._play(server, names)
        waits = hurry(5 if is_sanitized() else 3)
        daemon.setdefault("site", "connections = 10")
        dns = f'dns {{ server = "127.0.0.1:{self.dns.port}"  mx_port = {self.receivers.port}  timeout = "1s" }}\n'
        self.daemon = self._play(Daemon, 0, config=CONFIG, key_bits=1024, extra=waits + dns + extra, **daemon)

    def _play(self, kind, *args, **options):
        player = kind(self.folder, *args, **options)
        self.players.append(player)
        return player

    def send(self, people, *options, to="everyone"):
        """people: {domain: how many}. Returns the job's number and its addresses."""
        rows = ["email,first_name"] + [f"{to}{i}@{domain},Ada" for domain, many in people.items() for i in range(many)]
        path = self.daemon.write(f"{to}.csv", "\n".join(rows) + "\n")
        self.daemon.cli("contacts", "import", path, "--list", to)
        job = self.daemon.send(self.daemon.write("appeal.md", APPEAL), f"list:{to}", *options)
        return job, [row.split(",")[0] for row in rows[1:]]

    def change(self, *names, **manner):
        self.receivers.change(*(self.hosts[name].address for name in names), **manner)

    def record(self, *names, sources=None):
        """What these hosts saw; of all hosts, if none is named."""
        return self.receivers.record().of([self.hosts[name].address for name in names], sources)

    def wait_messages(self, name, count, timeout=30):
        wait_until(lambda: len(self.record(name).times()) >= count, timeout, f"{count} messages at {name}")

    def site(self, host):
        """
        The line of `site list` for the site of this host: "site", "state" (slowed, suspended, blocked or another word),
        "why" (a sentence, or empty) and "queued", the recipients that wait.
        """
        lines = self.daemon.cli("site", "list", "--json").json_lines()
        found = [line for line in lines if line["site"].split("+")[0].split(":")[0] == host]
        assert len(found) == 1, (host, lines)
        return found[0]

    def reload(self, old, new):
        """Changes the configuration; returns the time since which it holds."""
        text = self.daemon.config.read_text()
        assert old in text
        self.daemon.config.write_text(text.replace(old, new))
        before = len(self.daemon.log_lines("reloaded"))
        self.daemon.process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.daemon.log_lines("reloaded")) > before, 20, "the reload")
        # Its threads are told at the same time, and may be busy for a moment.
        time.sleep(0.1 * PATIENCE)
        return time.time()

    def stop(self):
        troubles = []
        for player in reversed(self.players):
            try:
                player.stop()
            except Exception as trouble:
                troubles.append(trouble)
        if troubles:
            raise troubles[0]


HOST = "mx.pace.test"


def begin(start, limits, people, manner=None, to="everyone"):
    """A field with one receiver at this pace, and a job that has begun: the field, the job and its addresses."""
    block = f'site "{HOST}" {{ {limits.words()} }}\n'
    field = start(Field, {HOST: Host("127.0.0.21", manner or {})}, {"pace.test": [f"10 {HOST}"]}, extra=block)
    job, addresses = field.send({"pace.test": people}, to=to)
    field.wait_messages(HOST, 20)
    return field, job, addresses


def assert_kept(record, limits, since=0):
    """No limit was exceeded, in any window."""
    found = judge.violations(record, limits, since)
    assert not found, "\n".join(map(str, found))


# What a daemon in a hurry uses of a rate; the sanitizers' one is too slow to be on time always.
LEAST = 0.9 if is_sanitized() else 0.95


def assert_used(times, rate, stretch=2):
    """Enough of a rate was used, in the best stretch of so many seconds."""
    part = judge.used(times, rate, stretch)
    assert part >= LEAST, f"{part:.3f} of {rate} were used in the best {stretch} s of {len(times)} moments"


def assert_each_once(record, addresses):
    counts = record.delivered()
    missing, unasked = set(addresses) - set(counts), set(counts) - set(addresses)
    assert not missing and not unasked, (sorted(missing)[:5], sorted(unasked)[:5])
    assert set(counts.values()) == {1}, [pair for pair in counts.items() if pair[1] > 1][:5]
