"""
What a receiver allows, and whether it got more: a pure look at what receivers wrote down.

    Limits        the limits of one receiver: as the daemon's configuration says them, and as the receiver enforces them
    Connection    one connection with its transactions, as the receiver saw it
    violations()  every limit that was not kept, with its worst moment
    used()        how much of a rate was used where it was used best

Times are seconds since 1970, of the moment when the kernel of this machine took the bytes in: a receiver that was busy
does not make two messages seem closer together than they came.
"""

import bisect
import collections
import dataclasses
import json

SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400}


@dataclasses.dataclass(frozen=True)
class Limits:
    """None and (): no limit. Rates are (count, unit) with a unit of SECONDS."""

    connections: int = None
    connection_rate: tuple = None
    rates: tuple = ()
    messages: int = None  # on one connection
    in_flight: int = None

    def words(self):
        """As a block of the configuration says them."""
        said = {
            "connections": self.connections,
            "connection_rate": self.connection_rate and '"{}/{}"'.format(*self.connection_rate),
            "rate": self.rates and "{ " + ", ".join('"{}/{}"'.format(*rate) for rate in self.rates) + " }",
            "messages_per_connection": self.messages,
            "in_flight": self.in_flight,
        }
        return "  ".join(f"{name} = {value}" for name, value in said.items() if value)

    def manner(self):
        """As shaped_receiver.py reads them."""
        return {
            "connections": self.connections,
            "connection_rate": self.connection_rate and in_seconds(self.connection_rate),
            "rates": [in_seconds(rate) for rate in self.rates],
            "messages": self.messages,
            "in_flight": self.in_flight,
        }


def in_seconds(rate):
    return [rate[0], SECONDS[rate[1]]]


@dataclasses.dataclass
class Transaction:
    """From MAIL to its last answer. `to` is None where no recipient was named, `code` 0 where no answer was given."""

    begun: float
    answered: float
    to: str
    code: int
    reply: str = ""


@dataclasses.dataclass
class Connection:
    number: int
    place: str  # the receiver's address
    source: str  # the client's
    opened: float
    ended: float = float("inf")
    ehlo: str = ""
    tls: bool = False
    transactions: list = dataclasses.field(default_factory=list)


class Record(list):
    """Connections, in the order of their opening; every selection is a Record again."""

    def of(self, places=None, sources=None):
        return Record(
            c for c in self if (not places or c.place in places) and (not sources or c.source in sources)
        )

    def places(self):
        return sorted({c.place for c in self})

    def sources(self):
        return sorted({c.source for c in self})

    def transactions(self):
        return sorted((t for c in self for t in c.transactions), key=lambda t: t.begun)

    def times(self):
        """When messages were begun."""
        return [t.begun for t in self.transactions()]

    def openings(self):
        return sorted(c.opened for c in self)

    def delivered(self):
        """How many copies each address was sent."""
        return collections.Counter(t.to for t in self.transactions() if t.code == 250)

    def last(self):
        """When the last copy was taken."""
        return max((t.answered for t in self.transactions() if t.code == 250), default=0)


def read_record(lines):
    """The connections that these lines of a receiver's log tell of, and the sentences in which it complains."""
    connections, complaints = {}, []
    for line in lines:
        event = json.loads(line)
        kind, number = event.pop("event"), event.pop("number", None)
        if kind == "opened":
            connections[number] = Connection(number, event["place"], event["source"], event["at"])
        elif kind == "ehlo":
            connections[number].ehlo, connections[number].tls = event["name"], event["tls"]
        elif kind == "transaction":
            connections[number].transactions.append(Transaction(**event))
        elif kind == "ended":
            connections[number].ended = event["at"]
        else:
            complaints.append(event)
    return Record(sorted(connections.values(), key=lambda c: c.opened)), complaints


# --- The judge.


Violation = collections.namedtuple("Violation", "limit allowed seen at")


def worst_window(times, seconds):
    """The most moments in any window of so many seconds (its end is not part of it), and where that one begins."""
    times = sorted(times)
    worst, begin, first = 0, None, 0
    for last, moment in enumerate(times):
        while times[first] <= moment - seconds:
            first += 1
        if last - first + 1 > worst:
            worst, begin = last - first + 1, times[first]
    return worst, begin


def peak(spans):
    """The most spans at the same time, and since when; one that ends when another begins does not overlap it."""
    edges = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    now, most, since = 0, 0, None
    for moment, step in edges:
        now += step
        if now > most:
            most, since = now, moment
    return most, since


TICKS = 0.012  # beginnings and ends are known within three ticks of the kernel's clock, of 4 ms each


def connection_spans(record, since=0):
    """From the beginning of each to its end, which may be known late: two that touch do not overlap."""
    spans = [(max(c.opened, since), c.ended) for c in record if c.ended > since]
    return [(begin, max(end - TICKS, (begin + end) / 2)) for begin, end in spans]


def in_flight_spans(connection):
    return [(t.begun, t.answered) for t in connection.transactions]


def later(times, since):
    return [t for t in times if t >= since]


def judgements(record, limits, since):
    """(limit, allowed, (seen, at)) for each limit, and for each connection where the limit is a connection's."""
    if limits.connections:
        yield "connections", limits.connections, peak(connection_spans(record, since))
    if limits.connection_rate:
        count, seconds = in_seconds(limits.connection_rate)
        yield f"new connections in {seconds} s", count, worst_window(later(record.openings(), since), seconds)
    for rate in limits.rates:
        count, seconds = in_seconds(rate)
        yield f"messages in {seconds} s", count, worst_window(later(record.times(), since), seconds)
    for c in record:
        if limits.messages and c.opened >= since:
            yield f"messages on connection {c.number}", limits.messages, (len(c.transactions), c.opened)
        if limits.in_flight and c.opened >= since:
            yield f"in flight on connection {c.number}", limits.in_flight, peak(in_flight_spans(c))


def violations(record, limits, since=0):
    """
    For each limit that was not kept, its worst moment. All of the record counts together: choose it before. With
    `since`, only what happened from then on counts, and connections that were open then.
    """
    return [
        Violation(limit, allowed, seen, at)
        for limit, allowed, (seen, at) in judgements(record, limits, since)
        if seen > allowed
    ]


def used(times, rate, stretch):
    """
    The part of a rate that was used in the best stretch of so many seconds. A limit that is kept too well shows in
    every stretch; a moment in which this machine was busy with something else does not show in the best.
    """
    count, seconds = in_seconds(rate)
    return worst_window(times, stretch)[0] * seconds / (count * stretch)


def share_of_time(spans, allowed, begin, end):
    """The part of `allowed` spans at once that there were on average between two moments."""
    together = sum(max(0.0, min(last, end) - max(first, begin)) for first, last in spans)
    return together / (allowed * (end - begin))


def busiest_share(record, allowed, stretch):
    """The part of the allowed connections that was open in the best stretch of so many seconds."""
    spans = connection_spans(record)
    ends = [last for _, last in spans if last != float("inf")] + record.times()
    begins = [first for first, _ in spans if first + stretch <= max(ends)]
    return max((share_of_time(spans, allowed, begin, begin + stretch) for begin in begins), default=0.0)


def gap_after(times, moment):
    """Seconds from a moment to the next time; infinite if there is none."""
    times = sorted(times)
    at = bisect.bisect_left(times, moment)
    return times[at] - moment if at < len(times) else float("inf")
