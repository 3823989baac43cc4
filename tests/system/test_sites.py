"""
Hands on: what `site list`, `site show` and `queue` say of receivers, and that suspending and resuming one is seen where
it matters, at the receiver. Routes lead to two receivers on literal addresses, so that DNS plays no part.
"""

import json
import time
import urllib.parse

import pytest

from receivers import hurry
from shaped import Shaped
from tocsin import APPEAL, Daemon, Sink, free_port, wait_until

ROUTES = """\
data_dir = "data"
control {{ socket = "control.sock" }}
metrics {{ listen = "127.0.0.1:{metrics_port}" }}
identity "example" {{
    domain = "send.example"
    dkim {{ selector = "s1"  key = "dkim.pem" }}
}}
source "local" {{ ehlo = "mail.send.example" }}
route "one.test" {{ host = "127.0.0.21"  port = {port} }}
route "two.test" {{ host = "127.0.0.22"  port = {port} }}
tls {{ policy = "{tls}"  verify = false }}
site "*" {{ {site} }}
site "127.0.0.21" {{ messages_per_connection = 50 }}
{extra}
"""


class Places:
    """Two receivers, and a daemon that knows the way to them."""

    def __init__(self, start):
        self.receivers = start(Shaped, {"127.0.0.21": {}, "127.0.0.22": {}})
        self.port = self.receivers.port
        self.one, self.two = f"127.0.0.21:{self.port}", f"127.0.0.22:{self.port}"
        self.daemon = start(
            Daemon, self.port, config=ROUTES, key_bits=1024, site="connections = 4", extra=hurry(3)
        )

    def send(self, people, name, *options):
        """people: {domain: how many}."""
        rows = ["email"] + [f"{name}{i}@{domain}" for domain, many in people.items() for i in range(many)]
        path = self.daemon.write(f"{name}.csv", "\n".join(rows) + "\n")
        self.daemon.cli("contacts", "import", path, "--list", name)
        return self.daemon.send(self.daemon.write(f"{name}.md", APPEAL), f"list:{name}", *options)

    def line(self, site):
        lines = self.daemon.cli("site", "list", "--json").json_lines()
        return next((line for line in lines if line["site"] == site), None)

    def shown(self, site):
        (found,) = self.daemon.cli_json("site", "show", site)["sites"]
        return found

    def queue(self):
        return self.daemon.cli("queue", "--json").json_lines()

    def arrived(self, address):
        return len(self.receivers.record().of([address], None).times())


@pytest.fixture
def places(start):
    return Places(start)


def test_a_receiver_that_is_down_is_listed_with_the_reason(start):
    port = free_port()
    daemon = start(Daemon, port, extra=hurry(3))
    daemon.cli("contacts", "import", daemon.write("all.csv", "email\na@dest.test\nb@dest.test\n"), "--list", "all")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:all")
    site = f"127.0.0.1:{port}"

    def down():
        lines = daemon.cli("site", "list", "--json").json_lines()
        return next((line for line in lines if line["site"] == site and line["state"] == "unreachable"), None)

    line = wait_until(down, 10, "the receiver to be found unreachable")
    assert "refused" in line["why"] and line["queued"] == 2 and line["connections"] == 0
    table = daemon.cli("site", "list").stdout
    assert table.splitlines()[0].split() == "SITE PROVIDER STATE QUEUED FLYING CONN RATE WHY".split()
    assert site in table and "unreachable" in table and "refused" in table
    # Resuming tries it at once, whatever failed before.
    sink = start(Sink, port=port)
    daemon.cli("site", "resume", site)
    assert daemon.wait_job(job, timeout=20)["delivered"] == 2
    assert len(sink.messages()) == 2


def test_suspending_is_seen_at_the_receiver(places):
    daemon = places.daemon
    job = places.send({"one.test": 1, "two.test": 1}, "first")
    daemon.wait_job(job)
    done = daemon.cli("site", "suspend", places.one, "--reason", "Too many complaints")
    assert done.stdout == f"{places.one} is suspended until resumed.\n"
    job = places.send({"one.test": 5, "two.test": 5}, "second")
    wait_until(lambda: daemon.job(job)["delivered"] == 5, 10, "the other receiver's five")
    time.sleep(1)
    assert (places.arrived("127.0.0.21"), places.arrived("127.0.0.22")) == (1, 6)

    line = places.line(places.one)
    assert (line["state"], line["queued"]) == ("suspended", 5)
    assert line["why"] == "Suspended by hand: Too many complaints"
    (restraint,) = line["restraints"]
    assert restraint["action"] == "suspend" and restraint["rule"] is None and restraint["until"] is None
    assert places.line(places.two)["state"] in ("idle", "sending")
    again = daemon.cli("site", "suspend", places.one, "3h").stdout
    assert "until" in again and "5 recipients wait there." in again
    until = daemon.cli("site", "show", places.one).stdout
    assert "Too many complaints" not in until, "the new suspension replaces the old one"
    assert "in 2 h 59 min" in until or "in 3 h" in until

    # It survives a restart, and being killed.
    daemon.kill()
    daemon.start()
    wait_until(lambda: (places.line(places.one) or {}).get("queued") == 5, 10, "the site after the restart")
    time.sleep(1)
    assert places.line(places.one)["state"] == "suspended" and places.arrived("127.0.0.21") == 1

    done = daemon.cli("site", "resume", places.one)
    assert done.stdout == f"{places.one} goes on: 1 restraint was lifted.\n"
    assert daemon.wait_job(job, timeout=20)["delivered"] == 10
    assert places.arrived("127.0.0.21") == 6
    assert places.line(places.one)["restraints"] == []
    wait_until(lambda: daemon.log_lines("site_resumed"), 5, "the line in the log")
    assert daemon.log_lines("site_resumed")[0]["place"] == places.one


def test_a_site_is_suspended_before_the_job_begins(places):
    daemon = places.daemon
    refused = daemon.cli("site", "suspend", places.two, check=False)
    assert refused.rc == 1 and f'"{places.two}"' in refused.stderr and "--force" in refused.stderr
    daemon.cli("site", "suspend", places.two, "--force")
    assert f"Also in force at {places.two}: suspended until resumed, by hand\n" in daemon.cli("site", "list").stdout
    job = places.send({"one.test": 2, "two.test": 3}, "all")
    wait_until(lambda: daemon.job(job)["delivered"] == 2, 10, "those of the other receiver")
    time.sleep(0.5)
    assert places.arrived("127.0.0.22") == 0 and places.line(places.two)["state"] == "suspended"
    daemon.cli("site", "resume", places.two)
    daemon.wait_job(job, timeout=20)


def test_a_source_is_suspended_everywhere(places):
    daemon = places.daemon
    assert "local is suspended until " in daemon.cli("site", "suspend", "local", "2h").stdout
    job = places.send({"one.test": 2, "two.test": 2}, "all")
    wait_until(lambda: (places.line(places.two) or {}).get("queued") == 2, 10, "the queue")
    time.sleep(0.5)
    assert daemon.job(job)["delivered"] == 0
    # What holds for the source is not lifted at one site, and that is said.
    still = daemon.cli("site", "resume", places.one).stdout
    assert f"{places.one} is still suspended: Suspended by hand." in still
    assert "restraint was lifted" in daemon.cli("site", "resume", "local").stdout
    assert daemon.wait_job(job, timeout=20)["delivered"] == 4


def test_the_queue_is_shown_by_site_and_job(places):
    daemon = places.daemon
    for site in (places.one, places.two):
        daemon.cli("site", "suspend", site, "--force")
    assert daemon.cli("queue").stdout == "Nobody waits.\n"
    small = places.send({"one.test": 3}, "small", "--lane", "transactional")
    large = places.send({"one.test": 4, "two.test": 7}, "large", "--weight", 5)
    paused = places.send({"two.test": 2}, "later")
    daemon.cli("job", "pause", paused)
    wait_until(lambda: sum(entry["queued"] for entry in places.queue()) == 16, 10, "all of the queue")
    rows = {(entry["site"], entry["job"]): entry for entry in places.queue() if entry["job"] != paused}
    assert {key: entry["queued"] for key, entry in rows.items()} == {
        (places.one, small): 3,
        (places.one, large): 4,
        (places.two, large): 7,
    }
    entry = rows[places.one, small]
    assert (entry["lane"], entry["weight"], entry["name"]) == ("transactional", 1, "small.md")
    assert (entry["site_state"], entry["job_state"], entry["held_until"]) == ("suspended", "sending", None)
    assert rows[places.one, large]["weight"] == 5
    assert {entry["job_state"] for entry in places.queue() if entry["job"] == paused} == {"paused"}
    assert [entry["queued"] for entry in places.queue()] == [7, 4, 3, 2], "the largest first"

    table = daemon.cli("queue", "--limit", 2).stdout.splitlines()
    assert table[0].startswith("SITE") and len(table) == 4
    assert table[-1] == "16 recipients wait; 2 lines more are shown with --limit."
    shown = places.shown(places.one)
    assert [(job["job"], job["queued"]) for job in shown["jobs"]] == [(large, 4), (small, 3)]
    daemon.cli("job", "cancel", large)
    wait_until(lambda: sum(entry["queued"] for entry in places.queue()) == 5, 10, "the cancelled job to be gone")


def test_a_site_is_shown_with_where_its_limits_come_from(places):
    daemon = places.daemon
    daemon.wait_job(places.send({"one.test": 3}, "all"))
    shown = places.shown(places.one)
    assert shown["limits"]["connections"] == {"value": "4", "from": 'site "*"'}
    assert shown["limits"]["messages_per_connection"] == {"value": "50", "from": 'site "127.0.0.21"'}
    assert shown["answered"] == 3 and shown["queued"] == 0 and shown["provider"] is None
    (source,) = shown["sources"]
    assert source["source"] == "local" and source["limits"]["connections"] == 4
    text = daemon.cli("site", "show", places.one).stdout
    assert '50, of site "127.0.0.21"' in text and "local" in text

    google = daemon.cli_json("site", "show", "google")
    assert google["scope"] == "provider" and google["sites"] == []
    assert google["limits"]["together"]["connections"] == 5
    assert "at most 5 connections" in daemon.cli("site", "show", "google").stdout


def test_the_last_refusal_is_shown(places):
    places.receivers.change("127.0.0.21", script=[{"step": "rcpt", "reply": "450 4.2.1 Come back later", "times": 1}])
    places.send({"one.test": 1}, "all")
    line = wait_until(lambda: (places.line(places.one) or {}).get("reply") and places.line(places.one), 10, "the reply")
    assert "Come back later" in line["reply"] and line["reply_at"].startswith("20")
    assert "ago: 450" in places.daemon.cli("site", "show", places.one).stdout


def test_what_cannot_be_is_refused_with_a_sentence(places):
    daemon = places.daemon
    name = "mx1.none.test+2#1a2b3c4d"
    for args in (("show", name), ("suspend", name), ("resume", name)):
        refused = daemon.cli("site", *args, check=False)
        assert refused.rc == 1 and f'"{name}"' in refused.stderr and "tocsin site list" in refused.stderr
    refused = daemon.cli("site", "suspend", "google", "soon", check=False)
    assert refused.rc == 1 and "is not a duration" in refused.stderr
    assert daemon.cli("site", "list", "--limit", "some", check=False).rc == 2
    assert daemon.cli("queue", "--limit", "0", check=False).rc == 2
    # Names go through URLs as they are, spaces and all.
    odd = "no DNS: x.example"
    assert daemon.cli_json("site", "suspend", odd, "--force")["name"] == odd.lower()
    status, answer = daemon.api("GET", "/v1/sites/" + urllib.parse.quote(odd.lower(), safe=""))
    assert status == 200 and answer["restraints"][0]["place"] == odd.lower(), answer
    status, answer = daemon.api("POST", "/v1/sites/google/suspend", {"for": "1h", "until": "noon"})
    assert status == 400 and "until" in answer["error"]


def test_with_json_there_is_nothing_but_json(places):
    daemon = places.daemon
    daemon.wait_job(places.send({"one.test": 2, "two.test": 1}, "all"))
    lines = daemon.cli("site", "list", "--json", "--limit", 1).stdout.splitlines()
    assert len(lines) == 1 and {"site", "state", "why", "queued", "sources", "restraints"} <= set(json.loads(lines[0]))
    suspended = daemon.cli_json("site", "suspend", places.one, "30m")
    assert suspended["name"] == places.one and suspended["restraints"][0]["until"]
    assert daemon.cli_json("site", "resume", places.one)["lifted"] == 1
    assert daemon.cli("queue", "--json").stdout == ""
