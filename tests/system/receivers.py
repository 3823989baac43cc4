"""
Many receivers behind one daemon, so that a test can ask its question of two hundred of them in the time of one.

A receiver is a domain with a route and a site of its own. Receivers that are to misbehave in the same way share one
sink: each has its own address of this machine (127.0.x.y), which is how the daemon tells sites apart, and its own
domain, which is how the sink's log does. Nothing here knows what a test wants to show.
"""

import collections
import concurrent.futures

from tocsin import Daemon, Sink, free_port, is_sanitized


def hurry(seconds):
    """Time-outs of so many seconds and a retry after one, for tests that wait for them."""
    waits = "connect greeting ehlo tls_handshake mail rcpt data_init data_end command".split()
    timeouts = "  ".join(f'{name} = "{seconds}s"' for name in waits)
    return (
        'retry { first = "1s"  factor = 1  max = "1s"  max_age = "10m" }\n'
        f'timeouts {{ {timeouts}  stop = "5s" }}\n'
    )


FAST = hurry(3 if is_sanitized() else 1)

# `behaviour` is a tuple of the sink's options: receivers with the same one share a sink. `tls` is the route's policy,
# and `messages` is how many a connection may carry.
Receiver = collections.namedtuple(
    "Receiver", "name behaviour in_flight tls connections messages", defaults=("opportunistic", 1, 1000)
)

# With this one, every kind of failure strikes on the first connections already.
SEED = 1345

OUTCOMES = ("delivered", "bounced", "deferred", "in_doubt", "expired", "skipped")


def write_people(daemon, domains, each, local="user", to="everyone"):
    """Imports so many people of each domain into a list and returns their addresses."""
    rows = ["email,first_name"] + [f"{local}{i}@{domain},Ada" for domain in domains for i in range(each)]
    daemon.cli("contacts", "import", daemon.write(f"{to}.csv", "\n".join(rows) + "\n"), "--list", to)
    return [row.split(",")[0] for row in rows[1:]]


def outcomes(daemon, state):
    """How often the log gives an address this outcome."""
    return collections.Counter(line["to"] for line in daemon.log_lines(state))


class Receivers:
    """The sinks that `receivers` need, and one daemon that knows the way to all of them."""

    # Seconds to wait for an answer: a receiver should not seem silent merely because the machine is busy.
    patience = 5 if is_sanitized() else 3

    def __init__(self, folder, receivers):
        self.folder = folder
        self.receivers = receivers
        self.sinks = {}  # by behaviour
        self.summaries = {}
        self.daemon = None

    def start(self):
        behaviours = list(dict.fromkeys(r.behaviour for r in self.receivers))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self._start_sink, range(len(behaviours)), behaviours))
        extra = hurry(self.patience) + "".join(self._configure(i, r) for i, r in enumerate(self.receivers))
        self.daemon = Daemon(self.folder, free_port(), extra=extra, key_bits=1024)

    def _start_sink(self, i, behaviour):
        # The last --listen counts: on every address of this machine.
        options = ("--listen", "0.0.0.0:0", "--seed", str(SEED + i), *behaviour)
        self.sinks[behaviour] = Sink(self.folder, *options, name=f"sink{i}")

    def host(self, i):
        return f"127.0.{1 + i // 200}.{1 + i % 200}"

    def _configure(self, i, receiver):
        port = self.sinks[receiver.behaviour].port
        return (
            f'route "{receiver.name}.example" {{ host = "{self.host(i)}"  port = {port}  tls = "{receiver.tls}" }}\n'
            f'site "{self.host(i)}" {{ connections = {receiver.connections}  in_flight = {receiver.in_flight}'
            f"  messages_per_connection = {receiver.messages} }}\n"
        )

    def write_people(self, each, local, to):
        return write_people(self.daemon, [f"{r.name}.example" for r in self.receivers], each, local, to)

    def stop(self):
        """Ends all programs; what they wrote stays to be read."""
        try:
            if self.daemon:
                self.daemon.stop()
        finally:
            for behaviour, sink in self.sinks.items():
                self.summaries[behaviour] = sink.stop()

    def read(self):
        """Sorts what the programs wrote, once they have ended: by address, and the ends of connections by receiver."""
        names = {self.host(i): receiver.name for i, receiver in enumerate(self.receivers)}
        self.story = collections.defaultdict(list)
        self.messages = collections.defaultdict(list)
        self.ends = collections.Counter()
        for line in self.daemon.log_lines():
            if line["event"] in OUTCOMES:
                self.story[line["to"]].append(line)
            elif line["event"] == "connection_ended":
                self.ends[names[line["peer"]], line["end"]] += 1
        for sink in self.sinks.values():
            for message in sink.messages():
                for address in message.recipients:
                    self.messages[address].append(message)
