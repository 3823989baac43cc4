"""
The judge: what the receivers took against what the ledger says. It knows nothing of daemons, files or kills, so it
can be checked with forged evidence (tests/system/test_torture.py).

For each copy (a recipient of one job), with `doubts` as the number of its attempts that ended without an answer
after the last byte:

    lost         the ledger has no final state for it, or says delivered and nobody took it, or, at least once, nobody
                 took it and the ledger does not say why (bounced, expired, skipped, cancelled)
    duplicated   it was taken more often than once and once for each doubt; at most once: more often than once
    untrue       it was taken, and the ledger says that it cannot have been; or it was in doubt, and was sent again
                 although the job is at most once

A power cut may make the daemon forget the last answers. What is too much is then counted for the cut that made it
so, and is a broken promise only beyond the bound, or where there was no cut.
"""

import bisect
import collections
import dataclasses

AT_LEAST_ONCE, AT_MOST_ONCE = "at-least-once", "at-most-once"
FINAL = {"delivered", "bounced", "skipped", "expired", "cancelled"}


@dataclasses.dataclass
class Findings:
    lost: dict = dataclasses.field(default_factory=dict)  # address -> sentence; so are the next two
    duplicated: dict = dataclasses.field(default_factory=dict)
    untrue: dict = dataclasses.field(default_factory=dict)
    doubts: int = 0  # as the ledger counts them
    forgotten: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # by number of the cut
    forgotten_of: dict = dataclasses.field(default_factory=dict)  # address -> sentence

    def broken(self, bound=0):
        """Sentences about promises that were not kept; a cut may have cost `bound` copies (None: any number)."""
        said = [f"{kind} {address}: {why}" for kind in ("lost", "duplicated", "untrue")
                for address, why in getattr(self, kind).items()]
        for cut, count in sorted(self.forgotten.items()):
            if bound is not None and count > bound:
                said.append(f"cut {cut}: {count} copies were sent again that had been answered, more than {bound}")
        return said

    def add(self, other):
        self.lost.update(other.lost)
        self.duplicated.update(other.duplicated)
        self.untrue.update(other.untrue)
        self.doubts += other.doubts
        self.forgotten.update(other.forgotten)
        self.forgotten_of.update(other.forgotten_of)


@dataclasses.dataclass(frozen=True)
class Copy:
    address: str
    guarantee: str
    row: dict  # of `job recipients --json`; None when it has none
    times: list  # when receivers took it
    again: int = 0  # how often somebody asked for it to be sent again, whatever had become of it

    @property
    def state(self):
        return self.row["state"] if self.row else None

    @property
    def doubts(self):
        return self.row.get("doubts", 0) if self.row else 0


def why_lost(copy):
    final = FINAL | ({"in_doubt"} if copy.guarantee == AT_MOST_ONCE else set())
    if not copy.row:
        return "the ledger does not know it"
    if copy.state not in final:
        return f"it is {copy.state} at the end"
    if copy.state == "delivered" and not copy.times:
        return "the ledger says delivered, and nobody took it"
    return None


def surplus(copy):
    """How many copies were taken beyond those that may have been."""
    allowed = 1 + copy.again + (copy.doubts if copy.guarantee == AT_LEAST_ONCE else 0)
    return max(0, len(copy.times) - allowed)


def is_denied(copy):
    """Somebody took it, and the ledger leaves no room for that. Without the number of doubts it cannot be said."""
    counted = copy.row and "doubts" in copy.row
    return counted and copy.times and copy.state != "delivered" and not copy.doubts


def is_sent_again(copy):
    return (copy.guarantee == AT_MOST_ONCE and copy.doubts and not copy.again
            and copy.state not in ("in_doubt", "cancelled"))


def cut_after(cuts, time):
    """The number (from 1) of the first cut after `time`, the only one that can have taken an answer that was seen, or a
    doubt that was noted, at `time`; 0: there is none."""
    i = bisect.bisect_right(cuts, time)
    return i + 1 if i < len(cuts) else 0


def blame_surplus(findings, copy, count, cuts):
    times = sorted(copy.times)
    guilty = sorted((cut_after(cuts, time) for time in times[:-1]), reverse=True)[:count]
    if all(guilty):
        findings.forgotten.update(guilty)
        findings.forgotten_of[copy.address] = f"taken {len(times)} times, in doubt {copy.doubts} times, {copy.state}"
        return
    findings.duplicated[copy.address] = (
        f"taken {len(times)} times, in doubt {copy.doubts} times, {copy.state} ({copy.guarantee}), at "
        + ", ".join(f"{t:.6f}" for t in times)
    )


def blame_denial(findings, copy, cuts):
    cut = cut_after(cuts, min(copy.times))
    if cut:
        findings.forgotten[cut] += 1
        findings.forgotten_of[copy.address] = f"taken, and the ledger says {copy.state}"
    else:
        findings.untrue[copy.address] = f"it was taken, and the ledger says {copy.state} and never in doubt"


def judge(findings, copy, cuts):
    why = why_lost(copy)
    if why:
        findings.lost[copy.address] = why
    findings.doubts += copy.doubts
    count = surplus(copy)
    if count:
        blame_surplus(findings, copy, count, cuts)
    elif is_denied(copy):
        blame_denial(findings, copy, cuts)
    if is_sent_again(copy):
        findings.untrue[copy.address] = f"it was in doubt, is {copy.state} now, and at most once was asked for"


def compare(expected, ledger, taken, cuts=(), again=None, cancelled=()):
    """
    expected: address -> guarantee, all that jobs accepted. ledger: address -> row. taken: address -> times.
    cuts: when the power came back, in order. again: address -> how often it was retried by hand.
    cancelled: addresses whose job was cancelled, where in doubt is an end too.
    """
    findings = Findings()
    again = again or {}
    for address, guarantee in expected.items():
        copy = Copy(address, guarantee, ledger.get(address), taken.get(address, []), again.get(address, 0))
        if copy.state == "in_doubt" and address in cancelled:  # it stays so for good
            copy = dataclasses.replace(copy, row={**copy.row, "state": "cancelled"})
        judge(findings, copy, cuts)
    for address in ledger.keys() - expected.keys():
        findings.untrue[address] = "the ledger has it, and no job was for it"
    for address in taken.keys() - expected.keys():
        findings.untrue[address] = "it was taken, and no job was for it"
    return findings
