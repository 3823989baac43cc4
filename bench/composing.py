"""
What it costs to compose a copy, alone and as a share of all that a message costs the daemon; and to render the
HTML page of it alone, beside liquidjs with the same template and the same values.

The letter is bench/letter-loop.md: a newsletter in French in the layout `newsletter`, with ten values, a loop of five
and eight tracked links. Everybody in the store follows five causes, for the loop.
"""

import contextlib
import csv
import dataclasses
import json
import re
import shutil
import subprocess

import tocsin as players

from peers import ground as base
from peers import liquidjs, tocsind

LETTER = players.ROOT / "bench/letter-loop.md"
COPIES, RENDERINGS = 100000, 400000
RENDERINGS_LIQUIDJS = 20000
UNSIGNED, SIGNED = 60000, 10000  # messages of the two jobs
CAUSES = ["liberté d'expression", "prisons", "torture", "peine de mort", "droits des femmes", "réfugiés", "climat"]

CONFIG = """\
data_dir = "data"
control {{{{ socket = "control.sock" }}}}
log {{{{ file = "tocsind.log" }}}}
identity "signed" {{{{
    domain = "{domain}"
    track = true
    dkim {{{{ selector = "{selector}"  key = "dkim.pem" }}}}
}}}}
identity "unsigned" {{{{ domain = "plain.{domain}"  track = true }}}}
source "local" {{{{ ehlo = "mail.{domain}" }}}}
route "*" {{{{ host = "127.0.0.1"  port = {{port}} }}}}
site "*" {{{{ connections = 20  messages_per_connection = 1000  in_flight = 4 }}}}
"""

TOKEN = "aaaaaaibaeaqcaibaeaqcaibae"
DATA = {
    "contact": {
        "id": 48213,
        "email": base.MODEL["email"],
        "first_name": base.MODEL["first_name"],
        "last_name": "Vandenbroucke",
        "country": "BE",
        "signed_at": "2024-03-09",
        "causes": ";".join(CAUSES[:5]),
    },
    "message": {
        "subject": "Aurélienne, cinq nouvelles que vous avez rendues possibles",
        "language": "fr",
        "topic": "newsletter",
        "preheader": "Un stylo, une porte qui s'est ouverte, et cinq minutes que vous pouvez donner cette semaine.",
    },
    "identity": {"name": "Amnesty", "domain": base.DOMAIN, "footer": ""},
    "links": {
        "tracked": True,
        "unsubscribe": f"https://{base.DOMAIN}/u/{TOKEN}",
        "preferences": f"https://{base.DOMAIN}/u/{TOKEN}",
        "web": f"https://{base.DOMAIN}/w/{TOKEN}",
        "share": f"https://{base.DOMAIN}/w/{TOKEN}",
    },
}


@dataclasses.dataclass
class Copies:
    """bench/compose of one kind of copies."""

    us: float
    heap_calls: float  # a copy
    bytes: int


@dataclasses.dataclass
class Composing:
    seven: Copies
    eight: Copies
    signed: Copies
    tracked_links: int
    unsigned_message_us: float  # of tocsind, all that a message of a job costs
    signed_message_us: float
    rendering_us: float
    rendering_heap_calls: float
    rendering_bytes: int
    liquidjs_us: float | None

    @property
    def ratio(self):
        return self.liquidjs_us and self.liquidjs_us / self.rendering_us

    @property
    def unsigned_percent(self):
        """Of a job to a receiver that takes 8BITMIME, as the sink does."""
        return 100 * self.eight.us / self.unsigned_message_us

    @property
    def signed_percent(self):
        """Without the signature."""
        return 100 * self.seven.us / self.signed_message_us


def contacts(ground, count):
    path = ground.folder / f"followers-{count}.csv"
    if path.exists():
        return path
    with open(ground.contacts(count), encoding="utf-8", newline="") as people:
        rows = [
            {**row, "causes": ";".join(CAUSES[(i + k) % len(CAUSES)] for k in range(5))}
            for i, row in enumerate(csv.DictReader(people))
        ]
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@contextlib.contextmanager
def daemon(ground, folder, port):
    shutil.copy(ground.key, folder / "dkim.pem")
    config = CONFIG.format(domain=base.DOMAIN, selector=base.SELECTOR)
    with base.running(players.Daemon(folder, port, config=config)) as started:
        yield started


def send(player, sink, count, identity, to):
    """µs of CPU a message, until the job is finished."""
    pid = player.process.pid
    cpu = base.process_cpu_us(pid)
    number = player.send(LETTER, to, "--identity", identity)
    sink.wait(sink.lines + count)
    tocsind.wait_finished(player, number)
    return (base.process_cpu_us(pid) - cpu) / count


def send_both(ground, folder):
    """All that a message costs, unsigned and signed. Leaves a data folder without a daemon."""
    with base.running(base.Receiver(folder)) as sink:
        with daemon(ground, folder, sink.port) as player:
            for name, count in (("everyone", UNSIGNED), ("some", SIGNED)):
                player.cli("contacts", "import", contacts(ground, count), "--list", name, timeout=base.TIMEOUT)
            unsigned = send(player, sink, UNSIGNED, "unsigned", "list:everyone")
            signed = send(player, sink, SIGNED, "signed", "list:some")
        sink.stop()
        if sink.read_log().messages != UNSIGNED + SIGNED:
            raise base.Wrong(f"{UNSIGNED + SIGNED} messages were sent, and the sink has {sink.read_log().messages}.")
    return unsigned, signed


def run(name, *arguments):
    argv = [str(players.BUILD / "bench" / name), *map(str, arguments)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=base.TIMEOUT).stdout


def compose(folder):
    """(tracked links, kind -> Copies) of a daemon's folder."""
    told = run("compose", folder / "tocsin.conf", LETTER, COPIES)
    kinds = {}
    for kind, us, calls, composed, of, size in re.findall(
        r"^(\S+): (\S+) us a copy; (\d+) heap calls; (\d+) of (\d+) composed; (\d+) bytes$", told, re.M
    ):
        if composed != of:
            raise base.Wrong(f"{composed} of {of} copies could be composed.")
        kinds[kind] = Copies(float(us), int(calls) / int(of), int(size))
    return int(re.search(r"^(\d+) tracked links$", told, re.M)[1]), kinds


def write_template(folder):
    """The HTML page of the letter as a template, with values for it."""
    page = json.loads(run("page", LETTER))
    clicks = {str(i + 1): f"https://{base.DOMAIN}/c/{TOKEN}/{i + 1}" for i in range(len(page["links"]))}
    data = {**DATA, "links": {**DATA["links"], "click": clicks}}
    path = folder / "page.json"
    path.write_text(json.dumps({"template": page["template"], "data": data}))
    return path


def render(template, folder):
    output = folder / "tocsin.html"
    told = run("render", template, RENDERINGS, output)
    found = re.match(r"(\S+) us a rendering; (\d+) heap calls; (\d+) bytes$", told)
    return float(found[1]), int(found[2]) / RENDERINGS, output.read_text(encoding="utf-8")


def compare(mine, theirs):
    """The same text, but for how a quotation mark is escaped."""
    if mine != theirs.replace("&#34;", "&quot;"):
        raise base.Wrong("tocsin and liquidjs make different pages of the same template.")


def measure(ground, with_liquidjs):
    """One round; without liquidjs if that is missing."""
    with ground.room("compose") as room:
        unsigned, signed = send_both(ground, room)
        tracked, kinds = compose(room)
        template = write_template(room)
        us, calls, page = render(template, room)
        peer = liquidjs.measure(template, RENDERINGS_LIQUIDJS, room) if with_liquidjs else None
        if peer:
            compare(page, peer.text)
        return Composing(
            seven=kinds["7-bit"],
            eight=kinds["8-bit"],
            signed=kinds["signed"],
            tracked_links=tracked,
            unsigned_message_us=unsigned,
            signed_message_us=signed,
            rendering_us=us,
            rendering_heap_calls=calls,
            rendering_bytes=len(page.encode()),
            liquidjs_us=peer.cpu_us if peer else None,
        )
