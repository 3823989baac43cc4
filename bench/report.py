"""
The figures as Markdown: a table of what each case did, and a table of the targets. A ratio is taken within a
round, where both sides ran minutes apart on the same machine; the table has the median of the rounds, and from
the lowest to the highest.
"""

import collections
import statistics

Target = collections.namedtuple("Target", "text figure left right relation bound")

AT_MOST, AT_LEAST = "≤", "≥"
CPU, RATE = "cpu_us", "per_second"


def far_target(in_flight, relation=None, bound=None):
    text = f"messages/s, 5 connections, 20 ms, {in_flight} in flight: tocsin ÷ floor"
    return Target(text, RATE, f"tocsin-far-{in_flight}", f"floor-far-{in_flight}", relation, bound)


TARGETS = [
    Target("CPU a message, unsigned: tocsin ÷ floor", CPU, "tocsin-plain", "floor-plain", AT_MOST, 1.5),
    Target("CPU a message, unsigned, 1 in flight: tocsin ÷ floor", CPU, "tocsin-plain-1", "floor-plain-1", AT_MOST, 1.5),
    Target("CPU a message, RSA-2048: tocsin ÷ floor", CPU, "tocsin-signed", "floor-signed", AT_MOST, 1.1),
    Target("messages/s, RSA-2048: tocsin ÷ floor of one thread", RATE, "tocsin-signed", "floor-signed", AT_LEAST, 1.6),
    far_target(1),
    far_target(2),
    far_target(4, AT_LEAST, 0.9),
    Target("messages/s, unsigned: tocsin ÷ Postfix", RATE, "tocsin-plain", "postfix", AT_LEAST, 15),
    Target("messages/s, unsigned: tocsin ÷ nodemailer", RATE, "tocsin-plain", "nodemailer-plain", None, None),
    Target("messages/s, RSA-2048: tocsin ÷ nodemailer", RATE, "tocsin-signed", "nodemailer-signed", AT_LEAST, 5),
]


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values):
    middle = number(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))} to {number(max(values))})"


def table(head, rows, left=1):
    """Markdown lines; the first `left` columns are text."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return ["| " + " | ".join(cells) + " |" for cells in [head, rule, *rows]]


def systems(cases, rounds):
    """One row for each case that ran; `rounds` are dicts, case name -> Figures."""
    head = ["", "messages", "messages/s", "CPU, µs a message", "bytes a message", "TLS handshakes"]
    rows = []
    for case in cases:
        done = [figures[case.name] for figures in rounds if case.name in figures]
        if done:
            rows.append(
                [
                    case.text,
                    f"{done[-1].messages:,}",
                    spread([figures.per_second for figures in done]),
                    spread([figures.cpu_us for figures in done]),
                    number(statistics.median(figures.bytes for figures in done)),
                    f"{done[-1].handshakes:,}",
                ]
            )
    return table(head, rows)


def verdict(value, relation, bound):
    if relation is None:
        return ""
    met = value <= bound if relation == AT_MOST else value >= bound
    return "met" if met else "**missed**"


def ratios(target, rounds):
    both = [figures for figures in rounds if target.left in figures and target.right in figures]
    return [getattr(f[target.left], target.figure) / getattr(f[target.right], target.figure) for f in both]


def bound_text(relation, bound):
    return f"{relation} {bound}" if relation else ""


def targets(rounds):
    rows = []
    for target in TARGETS:
        values = ratios(target, rounds)
        if values:
            middle = statistics.median(values)
            told = verdict(middle, target.relation, target.bound)
            rows.append([target.text, bound_text(target.relation, target.bound), spread(values), told])
    return table(["ratio", "target", "measured", ""], rows) if rows else []


MIB = 1024
SCALE_ROWS = [
    ("imported, rows/s", lambda s: number(s.recipients / s.import_seconds)),
    ("job accepted, durable (`tocsin send` has its answer)", lambda s: f"{s.accepted_seconds:.2f} s"),
    ("everybody in the queue, durable, receiver away", lambda s: f"{s.queued_seconds:.2f} s"),
    ("most memory resident until then (VmHWM)", lambda s: f"{number(s.queued_kib / MIB)} MiB"),
    ("disk for each queued recipient: growth of the file", lambda s: f"{number(s.queued_file)} bytes"),
    ("… pages in use", lambda s: in_bytes(s.queued_pages)),
    ("ready after SIGTERM and start, everybody queued", lambda s: f"{s.start_seconds:.2f} s"),
    ("ready after SIGKILL and start", lambda s: f"{s.start_after_kill_seconds:.2f} s"),
    ("paused; resumed; cancelled, durable",
     lambda s: f"{s.pause_ms:.0f}; {s.resume_ms:.0f}; {s.cancel_ms:.0f} ms"),
    ("messages/s, sent to the end", lambda s: number(s.sent.per_second)),
    ("CPU of `tocsind` a message", lambda s: f"{s.sent.cpu_us:.1f} µs"),
    ("most memory resident while sending", lambda s: f"{number(s.sent_kib / MIB)} MiB"),
    ("disk for each finished recipient, with ledger: growth of the file", lambda s: f"{number(s.finished_file)} bytes"),
    ("… pages in use", lambda s: in_bytes(s.finished_pages)),
]


def in_bytes(value):
    return "not known without mdb_stat" if value is None else f"{number(value)} bytes"


def scale(sizes):
    head = ["recipients", *(f"{s.recipients:,}" for s in sizes)]
    return table(head, [[text, *(value(s) for s in sizes)] for text, value in SCALE_ROWS])


def scale_targets(sizes):
    """The targets of the largest job, and what changes from the smallest to it."""
    last = max(sizes, key=lambda s: s.recipients)
    costs = [s.sent.cpu_us for s in sizes]
    memory = max(last.queued_kib, last.sent_kib) / MIB
    rows = [
        ("memory with everybody queued, and while sending", AT_MOST, 64, memory, "MiB"),
        ("disk for each queued recipient", AT_MOST, 100, last.queued_file, "bytes"),
        ("disk for each finished recipient", AT_MOST, 150, last.finished_file, "bytes"),
        ("everybody in the queue, durable", AT_MOST, 2, last.queued_seconds, "s"),
        ("start with everybody queued, after SIGTERM or SIGKILL", AT_MOST, 2,
         max(last.start_seconds, last.start_after_kill_seconds), "s"),
        ("CPU a message, dearest ÷ cheapest size", AT_MOST, 1.1, max(costs) / min(costs), ""),
    ]
    head = [f"{last.recipients:,} recipients", "target", "measured", ""]
    return table(head, [scale_target(*row) for row in rows])


def scale_target(text, relation, bound, value, unit):
    said = verdict(value, relation, bound)
    return [text, f"{relation} {bound} {unit}".strip(), f"{number(value)} {unit}".strip(), said]


SITES_COLUMNS = [
    ("messages/s", lambda s: s.per_second),
    ("CPU, µs a message", lambda s: s.cpu_us),
    ("… user", lambda s: s.user_us),
    ("… system", lambda s: s.system_us),
    ("connections", lambda s: s.connections),
    ("memory, MiB", lambda s: s.kib / MIB),
]


def sites(cases, done):
    """A row a case: the median of its rounds, with the lowest and the highest."""
    rows = []
    for case in cases:
        mine = [figures for figures in done if figures.case == case.name]
        rows.append([case.text, f"{mine[0].recipients:,}"] + [spread([of(f) for f in mine]) for _, of in SITES_COLUMNS])
    return table(["", "recipients", *(text for text, _ in SITES_COLUMNS)], rows)


def site_rooms(cases, done):
    """By perf: µs a message in each room of the daemon and each library, the dearest first."""
    costs = {case.name: [figures.rooms for figures in done if figures.case == case.name] for case in cases}
    rooms = {room for rounds in costs.values() for rooms in rounds for room in rooms}
    middle = {room: [statistics.median(r.get(room, 0) for r in costs[case.name]) for case in cases] for room in rooms}
    order = sorted(rooms, key=lambda room: -max(middle[room]))
    rows = [[room, *(f"{value:.2f}" for value in middle[room])] for room in order if max(middle[room]) >= 0.05]
    return table(["µs a message", *(case.text for case in cases)], rows)


COMPOSING_ROWS = [
    ("composing a copy, 7-bit (quoted-printable)", lambda c: c.seven.us),
    ("… 8-bit, for receivers that take it", lambda c: c.eight.us),
    ("… 7-bit and signed with RSA-2048", lambda c: c.signed.us),
    ("all that an unsigned message costs `tocsind`", lambda c: c.unsigned_message_us),
    ("all that a signed message costs `tocsind`", lambda c: c.signed_message_us),
    ("rendering the HTML page: tocsin", lambda c: c.rendering_us),
    ("rendering the HTML page: liquidjs", lambda c: c.liquidjs_us),
]
COMPOSING_TARGETS = [
    ("composing, signing apart, µs", AT_MOST, 20, lambda c: c.seven.us),
    ("calls of the heap a copy, unsigned", AT_MOST, 0, lambda c: max(c.seven.heap_calls, c.eight.heap_calls)),
    ("rendering: liquidjs ÷ tocsin", AT_LEAST, 50, lambda c: c.ratio),
    ("composing, of all that an unsigned message costs, %", None, None, lambda c: c.unsigned_percent),
    ("composing without the signature, of all that a signed message costs, %", None, None, lambda c: c.signed_percent),
]


def composing(rounds):
    """What each thing costs; and below it the targets."""
    last = rounds[-1]
    title = f"{last.seven.bytes:,} bytes (8-bit {last.eight.bytes:,}), {last.tracked_links} tracked links"
    values = [(text, [of(c) for c in rounds if of(c) is not None]) for text, of in COMPOSING_ROWS]
    return table([title, "CPU, µs"], [[text, spread(found)] for text, found in values if found])


def composing_targets(rounds):
    rows = []
    for text, relation, bound, of in COMPOSING_TARGETS:
        found = [of(c) for c in rounds if of(c) is not None]
        if found:
            told = verdict(statistics.median(found), relation, bound)
            rows.append([text, bound_text(relation, bound), spread(found), told])
    return table(["", "target", "measured", ""], rows)


LATENCY_TARGET_MS = 200
LATENCY_ROWS = [
    ("until the answer: the job is on disk", "accepted_ms"),
    ("until MAIL is on the wire", "wire_ms"),
    ("until the receiver has all of it", "seen_ms"),
]


def latency(done):
    head = [f"{done.thanks} thank-yous beside {number(done.bulk_per_second)} messages/s", "p50", "p90", "p99", "longest"]
    percents = (50, 90, 99, 100)
    rows = [(text, [percentile(getattr(done, name), p) for p in percents]) for text, name in LATENCY_ROWS]
    return table(head, [[text, *(f"{value:,.0f} ms" for value in values)] for text, values in rows])


def latency_target(done):
    value = percentile(done.wire_ms, 99)
    head = ["", "target", "measured", ""]
    return table(head, [scale_target("until MAIL is on the wire, p99", AT_MOST, LATENCY_TARGET_MS, value, "ms")])


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
