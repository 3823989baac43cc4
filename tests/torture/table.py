"""What a part found, as rows of a table for docs/reliability.md, and where it keeps the evidence."""

import dataclasses
import pathlib
import shutil
import tempfile
import threading

from compare import AT_LEAST_ONCE, AT_MOST_ONCE, Findings


@dataclasses.dataclass
class Row:
    """One line of the table, added up over rounds."""

    part: str
    rounds: int = 0
    broken: int = 0  # rounds in which a promise was broken
    messages: int = 0
    kills: int = 0
    most_in_doubt: int = 0  # after one kill
    in_doubt_bound: int = 0
    forgotten: int = 0  # copies sent again because a power cut had taken their answer
    most_forgotten: int = 0  # by one cut
    forgotten_bound: int = 0
    findings: Findings = dataclasses.field(default_factory=Findings)

    def plus(self, other):
        """The sum of two rows of one part."""
        total = Row(self.part, self.rounds + other.rounds)
        total.messages = self.messages + other.messages
        total.kills = self.kills + other.kills
        total.broken = self.broken + other.broken
        total.most_in_doubt = max(self.most_in_doubt, other.most_in_doubt)
        total.in_doubt_bound = max(self.in_doubt_bound, other.in_doubt_bound)
        total.forgotten = self.forgotten + other.forgotten
        total.most_forgotten = max(self.most_forgotten, other.most_forgotten)
        total.forgotten_bound = max(self.forgotten_bound, other.forgotten_bound)
        total.findings.add(self.findings)
        total.findings.add(other.findings)
        return total

    def cells(self):
        cuts, doubt = "–", "–"
        if self.forgotten_bound:
            cuts = f"{self.forgotten} ({self.most_forgotten} of {self.forgotten_bound} by one)"
        if self.in_doubt_bound:
            doubt = f"{self.most_in_doubt} of {self.in_doubt_bound}"
        found = self.findings
        rounds = f"{self.rounds} ({self.broken} broken)" if self.broken else self.rounds
        return [self.part, rounds, self.messages, self.kills, len(found.lost), len(found.duplicated),
                len(found.untrue), found.doubts, doubt, cuts]


def rows_of(what, size):
    """The rows of one round, one for each guarantee."""
    return {guarantee: Row(f"{what}, {guarantee}", 1, messages=size) for guarantee in (AT_LEAST_ONCE, AT_MOST_ONCE)}


HEAD = ["what", "rounds", "messages", "kills", "lost", "duplicated", "untrue", "in doubt",
        "most in doubt after one kill", "forgotten by power cuts"]


def markdown(rows):
    lines = [HEAD, ["---"] + ["---:"] * (len(HEAD) - 1), *(row.cells() for row in rows)]
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in texts)


class Evidence:
    """Folders of rounds: those in which a promise was broken stay, with the sentences in `broken.txt`."""

    def __init__(self, top=None):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="torture-", dir=top))
        self.broken = []
        self.lock = threading.Lock()

    def folder(self, name):
        path = self.top / name
        path.mkdir()
        return path

    def close(self, folder, title, sentences):
        """Keeps the folder when something was broken in it."""
        if not sentences:
            shutil.rmtree(folder, ignore_errors=True)
            return
        (folder / "broken.txt").write_text("\n".join([title, *sentences]) + "\n")
        with self.lock:
            self.broken += [f"{folder.name}: {sentence}" for sentence in sentences]

    def end(self):
        if not self.broken:
            shutil.rmtree(self.top, ignore_errors=True)
        return self.broken
