"""
tocsind, as it ships: TLS where it is offered, 20 connections, up to 1,000 messages on each, in_flight 4,
one composer and one delivery loop a core, a line in its log for each message. The job is measured, not the import: from the start of `tocsin
send` to the last message at the sink, and the processor's time until the job is finished, ledger and all.
"""

import contextlib
import shutil
import time

import tocsin as players

from peers import ground as base

CONFIG = """\
data_dir = "data"
control {{{{ socket = "control.sock" }}}}
log {{{{ file = "tocsind.log" }}}}
identity "bench" {{{{
    domain = "{domain}"
    {dkim}
}}}}
source "local" {{{{ ehlo = "mail.{domain}" }}}}
route "*" {{{{ host = "127.0.0.1"  port = {{port}} }}}}
site "*" {{{{ connections = {connections}  messages_per_connection = 1000  in_flight = {in_flight} }}}}
"""
DKIM = f'dkim {{{{ selector = "{base.SELECTOR}"  key = "dkim.pem" }}}}'


@contextlib.contextmanager
def daemon(ground, folder, port, *, signed=False, connections=20, in_flight=4):
    shutil.copy(ground.key, folder / "dkim.pem")
    dkim = DKIM if signed else ""
    config = CONFIG.format(domain=base.DOMAIN, dkim=dkim, connections=connections, in_flight=in_flight)
    with base.running(players.Daemon(folder, port, config=config)) as started:
        yield started


def import_contacts(player, path):
    player.cli("contacts", "import", path, "--list", "everyone", timeout=base.TIMEOUT)


def job(player, number):
    status, answer = player.api("GET", f"/v1/jobs/{number}")
    if status != 200:
        raise base.Wrong(f"tocsind answers {status} when it is asked for job {number}.")
    return answer


def wait_finished(player, number):
    while job(player, number)["state"] != "finished":
        time.sleep(0.05)
        player.process.assert_running()


def send(player, sink, letter, count):
    """Sends the letter to everyone and waits for the end; returns when it began, and the CPU that it took."""
    pid = player.process.pid
    cpu, began = base.process_cpu_us(pid), time.time()
    number = player.send(letter, "list:everyone")
    # The daemon is asked at the end only: its answers would cost it time.
    sink.wait(sink.lines + count)
    wait_finished(player, number)
    cpu = base.process_cpu_us(pid) - cpu
    delivered = job(player, number)["delivered"]
    if delivered != count:
        raise base.Wrong(f"tocsind says that {delivered} of {count} messages were delivered.")
    return began, cpu


def measure(ground, count, *, delay_ms=0, **options):
    with ground.room("tocsind") as room, base.running(base.Receiver(room, delay_ms)) as sink:
        with daemon(ground, room, sink.port, **options) as player:
            import_contacts(player, ground.contacts(count))
            began, cpu = send(player, sink, ground.letter, count)
        return sink.figures(count, began, cpu)


def compose_model(ground):
    """Writes ground.message: the letter as an unsigned copy of it arrives."""
    with ground.room("model") as room:
        keep = room / "kept"
        keep.mkdir()
        with base.running(base.Receiver(room, options=("--keep", str(keep)))) as sink:
            with daemon(ground, room, sink.port) as player:
                import_contacts(player, ground.model())
                send(player, sink, ground.letter, 1)
        shutil.copy(keep / "000001.eml", ground.message)
