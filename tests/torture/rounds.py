"""What the parts have in common: a round in a folder of its own, and many of them beside each other."""

import concurrent.futures
import traceback

from ground import Broken


class Round:
    """
    One round. `play(round)` of a part makes `ground`, adds sentences to `broken`, and fills `rows`; whatever
    happens in it, the programs are ended, and the folder is kept when something was broken.
    """

    def __init__(self, folder, rng, rows):
        self.folder, self.rng, self.rows = folder, rng, rows
        self.ground = None
        self.broken = []

    def count(self):
        found, bound = self.ground.daemon.recovered(), self.ground.most_in_doubt()
        if self.broken:
            self.broken.insert(0, str(self.ground.manner))
        self.broken += [f"a start found {n} copies in doubt, more than the {bound} that there can be"
                        for n in found if n > bound]
        for row in self.rows:
            row.kills = self.ground.kills
            row.most_in_doubt, row.in_doubt_bound = max(found, default=0), bound


def run_round(evidence, name, title, rng, rows, play):
    """Plays one round; returns its rows."""
    this = Round(evidence.folder(name), rng, rows)
    try:
        play(this)
    except (Broken, AssertionError) as trouble:
        this.broken.append(str(trouble))
    except Exception:
        this.broken.append(traceback.format_exc())
    finally:
        if this.ground:
            this.ground.abandon()
    if this.ground:
        this.count()
    for row in rows:
        row.broken = int(bool(this.broken))
    evidence.close(this.folder, title, this.broken)
    return rows


def run_rounds(play_number, count, beside, say):
    """Calls play_number(0 … count-1), some beside each other; returns the sums of their rows by what they are."""
    total = {}
    with concurrent.futures.ThreadPoolExecutor(beside) as pool:
        doing = {pool.submit(play_number, i): i for i in range(count)}
        for n, done in enumerate(concurrent.futures.as_completed(doing), 1):
            rows = done.result()
            for row in rows:
                total[row.part] = total[row.part].plus(row) if row.part in total else row
            say(f"{rows[0].part.split(',')[0]}: {n} of {count} rounds")
    return [total[part] for part in sorted(total)]
