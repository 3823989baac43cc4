"""
tocsin alone with a job of a given size: whether what a message costs, and the memory, stay the same as jobs
grow, and what a recipient takes on disk.

First to a receiver that is not there, so that everybody stays in the queue; then, with a new data folder, to
the sink. Small jobs are sent several times over, because a second of work is too short to be measured.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import time

import tocsin as players

from peers import ground as base
from peers import tocsind

ENOUGH = 50000  # messages, for small jobs
PAGE = 4096


@dataclasses.dataclass
class Scale:
    recipients: int
    import_seconds: float
    accepted_seconds: float  # until `tocsin send` has its answer
    queued_seconds: float  # until everybody is in the queue, nothing sent
    queued_kib: int  # most memory resident until then
    queued_file: float  # bytes of disk a recipient
    queued_pages: float | None  # the same, without what is free inside the file
    start_seconds: float  # until the control socket answers, after SIGTERM, everybody queued
    start_after_kill_seconds: float  # the same after SIGKILL
    pause_ms: float  # until the answer that it is on disk
    resume_ms: float
    cancel_ms: float
    sent: object  # Figures
    sent_kib: int
    finished_file: float
    finished_pages: float | None


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_kib(pid):
    return int(re.search(r"^VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def file_bytes(player):
    return sum(path.stat().st_blocks * 512 for path in (player.folder / "data").rglob("*"))


def page_bytes(player):
    """What the tables of the store hold; None without mdb_stat (lmdb-utils)."""
    if not shutil.which("mdb_stat"):
        return None
    argv = ["mdb_stat", "-a", str(player.folder / "data")]
    told = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
    return PAGE * sum(int(count) for count in re.findall(r"(?:Branch|Leaf|Overflow) pages: (\d+)", told))


class Disk:
    """What the data folder has grown by since this was made, a recipient."""

    def __init__(self, player):
        self.player = player
        self.file, self.pages = file_bytes(player), page_bytes(player)

    def grown(self, recipients):
        pages = None if self.pages is None else (page_bytes(self.player) - self.pages) / recipients
        return (file_bytes(self.player) - self.file) / recipients, pages


def wait_queued(player, number, recipients):
    queued = lambda: tocsind.job(player, number)["queueing"]["done"] == recipients
    players.wait_until(queued, base.TIMEOUT, f"{recipients} recipients in the queue")


def timed(action, *arguments):
    began = time.monotonic()
    action(*arguments)
    return time.monotonic() - began


def control(player, number, verb):
    """Milliseconds until the daemon has answered."""

    def ask():
        status, answer = player.api("POST", f"/v1/jobs/{number}/{verb}")
        if status != 200:
            raise base.Wrong(f"tocsind answers {status} to {verb}: {answer}")

    return 1000 * timed(ask)


def start_and_control(player, number):
    """With everybody in the queue: how soon the daemon is ready, and how soon it obeys."""
    player.stop()
    start = timed(player.start)
    player.kill()
    return {
        "start_seconds": start,
        "start_after_kill_seconds": timed(player.start),
        "pause_ms": control(player, number, "pause"),
        "resume_ms": control(player, number, "resume"),
        "cancel_ms": control(player, number, "cancel"),
    }


def fill_queue(ground, recipients):
    """The first half: everybody is queued, and nobody can be sent to."""
    with ground.room("queue") as room, tocsind.daemon(ground, room, players.free_port()) as player:
        began = time.monotonic()
        tocsind.import_contacts(player, ground.contacts(recipients))
        imported = time.monotonic() - began
        disk = Disk(player)
        forget_peak(player.process.pid)
        began = time.monotonic()
        number = player.send(ground.letter, "list:everyone")
        accepted = time.monotonic() - began
        wait_queued(player, number, recipients)
        queued = time.monotonic() - began
        file, pages = disk.grown(recipients)
        queued_kib = peak_kib(player.process.pid)
        return {
            **start_and_control(player, number),
            "import_seconds": imported,
            "accepted_seconds": accepted,
            "queued_seconds": queued,
            "queued_kib": queued_kib,
            "queued_file": file,
            "queued_pages": pages,
        }


def send_all(ground, recipients):
    """The second half: the job is sent, as often as makes ENOUGH messages."""
    times = max(1, ENOUGH // recipients)
    with ground.room("sent") as room, base.running(base.Receiver(room)) as sink:
        with tocsind.daemon(ground, room, sink.port) as player:
            tocsind.import_contacts(player, ground.contacts(recipients))
            disk = Disk(player)
            forget_peak(player.process.pid)
            runs = [timed_send(ground, player, sink, recipients) for _ in range(times)]
            file, pages = disk.grown(recipients * times)
            kib = peak_kib(player.process.pid)
        figures = sink.figures(recipients * times, 0, sum(cpu for _, cpu in runs), copies=times)
    figures = dataclasses.replace(figures, seconds=sum(seconds for seconds, _ in runs))
    return {"sent": figures, "sent_kib": kib, "finished_file": file, "finished_pages": pages}


def timed_send(ground, player, sink, recipients):
    began, cpu = tocsind.send(player, sink, ground.letter, recipients)
    return time.time() - began, cpu


def measure(ground, recipients, say):
    say(f"{recipients:,} recipients")
    queue = fill_queue(ground, recipients)
    say(f"  in the queue after {queue['queued_seconds']:.2f} s")
    sent = send_all(ground, recipients)
    figures = sent["sent"]
    say(f"  {figures.messages:,} sent: {figures.per_second:,.0f}/s, {figures.cpu_us:.1f} us")
    return Scale(recipients=recipients, **queue, **sent)
