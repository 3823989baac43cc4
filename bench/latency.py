"""
How soon a thank-you is on the wire while a big job runs at full speed: single recipients in the lane
`transactional`, submitted over the control socket at an even pace, beside a bulk job to the same site. When
the bulk job is finished before the thank-yous are, it is submitted again, and is queued anew meanwhile.

Each is timed from the moment before its request: until the daemon has answered (the job is on disk), until
MAIL leaves (by the daemon's log: when the answer came, less how long that took), and until the receiver has
all of it (by the sink's log).
"""

import dataclasses
import datetime
import threading
import time

import tocsin as players

from peers import ground as base
from peers import tocsind

THANKS = """\
Subject: Merci !
From: Amnesty <agir@send.example>

Merci d'avoir signé. [Partagez maintenant](https://example.org/partager).
"""
SOON = 1.0  # seconds of bulk mail alone before the first thank-you


@dataclasses.dataclass
class Latency:
    thanks: int
    bulk_per_second: float  # messages beside them
    bulk_jobs: int
    accepted_ms: list
    wire_ms: list
    seen_ms: list


class Bulk(threading.Thread):
    """A job to everybody, again and again, until it is told to stop."""

    def __init__(self, player, letter):
        super().__init__(daemon=True)
        self.player, self.letter = player, letter.read_text()
        self.jobs, self.enough = [], threading.Event()

    def run(self):
        while not self.enough.is_set():
            self.jobs.append(submit(self.player, self.letter, "list:everyone", "bulk"))
            while tocsind.job(self.player, self.jobs[-1])["state"] != "finished":
                if self.enough.wait(0.2):
                    self.player.api("POST", f"/v1/jobs/{self.jobs[-1]}/cancel")
                    return

    def stop(self):
        self.enough.set()
        self.join(base.TIMEOUT)


def submit(player, message, to, lane):
    status, answer = player.api("POST", "/v1/jobs", {"message": message, "to": to, "lane": lane})
    if status != 201:
        raise base.Wrong(f"tocsind answers {status} to a job for {to}: {answer}")
    return answer["id"]


def send_thanks(player, addresses, pace):
    """Address -> when its job was submitted and answered, seconds since 1970."""
    times, start = {}, time.time()
    for i, address in enumerate(addresses):
        time.sleep(max(0, start + i / pace - time.time()))
        began = time.time()
        submit(player, THANKS, f"email:{address}", "transactional")
        times[address] = (began, time.time())
    return times


def seen(sink, addresses):
    """Address -> when the receiver had its message."""
    with open(sink.sink.log, encoding="ascii") as log:
        received = [players.parse_received(line) for line in log if " thanks" in line and line.endswith("\n")]
    return {m.recipients[0]: m.time for m in received if m.recipients[0] in addresses}


def on_wire(log, addresses):
    """Address -> when its MAIL left."""
    times = {}
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            row = players.parse_log_line(line) if " to=thanks" in line else None
            if row and row["event"] == "delivered" and row["to"] in addresses:
                answered = datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp()
                times[row["to"]] = answered - int(row["ms"]) / 1000
    return times


def write_addresses(path, count):
    addresses = [f"thanks{i:04}@dest.example" for i in range(count)]
    path.write_text("email\n" + "\n".join(addresses) + "\n")
    return addresses


def beside(player, sink, ground, addresses, pace):
    """Both together; returns the times of the thank-yous, and what the bulk mail came to."""
    bulk = Bulk(player, ground.letter)
    bulk.start()
    time.sleep(SOON)
    began, before = time.time(), sink.sink_count()
    times = send_thanks(player, addresses, pace)
    rate = (sink.sink_count() - before) / (time.time() - began)
    bulk.stop()
    players.wait_until(lambda: len(seen(sink, set(addresses))) == len(addresses), 60, "all thank-yous at the sink")
    return times, rate, len(bulk.jobs)


class CountingReceiver(base.Receiver):
    def sink_count(self):
        self.has(0)
        return self.lines


def milliseconds(times, until):
    return [1000 * (until[address] - began) for address, (began, _) in times.items()]


def measure(ground, thanks, bulk, pace, **options):
    with ground.room("latency") as room, base.running(CountingReceiver(room)) as sink:
        with tocsind.daemon(ground, room, sink.port, **options) as player:
            tocsind.import_contacts(player, ground.contacts(bulk))
            addresses = write_addresses(room / "thanks.csv", thanks)
            player.cli("contacts", "import", room / "thanks.csv", "--list", "signers")
            times, rate, jobs = beside(player, sink, ground, addresses, pace)
        wire = on_wire(room / "tocsind.log", set(addresses))
        return Latency(
            thanks=thanks,
            bulk_per_second=rate,
            bulk_jobs=jobs,
            accepted_ms=[1000 * (answered - began) for began, answered in times.values()],
            wire_ms=milliseconds(times, wire),
            seen_ms=milliseconds(times, seen(sink, set(addresses))),
        )
