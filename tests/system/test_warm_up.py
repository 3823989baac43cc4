"""
A new source address: its budget for each provider on each day, what is more goes by the warm one, and the recipients
who clicked last go first to the new one. Judged by the receivers, who see from which address each connection comes.
"""

import datetime

import pytest

from shaped import Field, Host, assert_each_once
from tocsin import APPEAL, assert_adds_up, wait_until

NEW, OLD = "127.0.0.2", "127.0.0.3"
BUDGET, PEOPLE = 20, 60
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
SOURCES = f"""
source "old" {{ ehlo = "old.send.example"  address = "{OLD}" }}
source "new" {{
    ehlo = "new.send.example"  address = "{NEW}"
    warm_up {{ start = "{TODAY}"  days = {{ {BUDGET}, {BUDGET}, {10 * BUDGET} }} }}
}}
pool "both" {{ sources = {{ "old", "new" }} }}
pool "fresh" {{ sources = {{ "new" }} }}
provider "x" {{ mx = {{ "*.x.test" }} }}
provider "y" {{ mx = {{ "*.y.test" }} }}
"""
DOMAINS = {"x.test": "mx1.x.test", "y.test": "mx1.y.test"}
MAIL = {domain: [f"10 {host}"] for domain, host in DOMAINS.items()}


def start(folder, **manner):
    hosts = {host: Host(f"127.0.0.{21 + i}", manner) for i, host in enumerate(DOMAINS.values())}
    return Field(folder, hosts, MAIL, sources=SOURCES)


def clicked(i):
    """Two thirds have clicked, in an order that is not that of the file; some at a time of that day."""
    rank = i * 37 % PEOPLE
    if rank >= 40:
        return ""
    day = TODAY - datetime.timedelta(days=rank // 2 + 1)
    return f"{day}T0{8 - rank % 2}:00:00Z" if rank < 30 else f"{day - datetime.timedelta(days=rank)}"


def import_people(field, to="everyone", domains=DOMAINS):
    """Returns the addresses, and of each domain those who clicked last."""
    people = {domain: [(clicked(i), f"{to}{i}@{domain}") for i in range(PEOPLE)] for domain in domains}
    rows = ["email,first_name,last_clicked"]
    rows += [f"{address},Ada,{when}" for rows_of in people.values() for when, address in rows_of]
    path = field.daemon.write(f"{to}.csv", "\n".join(rows) + "\n")
    field.daemon.cli("contacts", "import", path, "--list", to)
    last = {d: {a for _, a in sorted(of, reverse=True)[:BUDGET]} for d, of in people.items()}
    return [address for of in people.values() for _, address in of], last


def send(field, to="everyone", pool="both"):
    return field.daemon.send(field.daemon.write("appeal.md", APPEAL), f"list:{to}", "--pool", pool)


@pytest.fixture
def field(tmp_path):
    fields = []

    def begin(**manner):
        fields.append(start(tmp_path, **manner))
        return fields[0]

    yield begin
    for one in fields:
        one.stop()


def from_new(field, domain):
    return field.record(DOMAINS[domain], sources=[NEW]).delivered()


def test_those_who_clicked_last_get_it_from_the_new_source(field):
    field = field()
    addresses, last = import_people(field)
    done = field.daemon.wait_job(send(field), timeout=40, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert_each_once(field.record(), addresses)
    for domain in DOMAINS:
        assert set(from_new(field, domain)) == last[domain]
    # A second job on the same day: everything is overflow.
    more, _ = import_people(field, to="later")
    field.daemon.wait_job(send(field, to="later"), timeout=40)
    assert_each_once(field.record(), addresses + more)
    for domain in DOMAINS:
        assert len(from_new(field, domain)) == BUDGET
    # It is said once for each provider.
    said = [line["provider"] for line in field.daemon.log_lines("warm_up_spent")]
    assert sorted(said) == ["x", "y"]


def test_no_kill_makes_it_send_more(field):
    field = field(delay=0.1)
    addresses, last = import_people(field)
    job = send(field)
    for count in (6, 12):
        enough = lambda: all(len(from_new(field, domain)) >= count for domain in DOMAINS)
        wait_until(enough, 40, f"{count} copies from the new source at each provider")
        field.daemon.kill()
        field.daemon.start()
    done = field.daemon.wait_job(job, timeout=60, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert set(field.record().delivered()) == set(addresses)
    for domain in DOMAINS:
        sent = from_new(field, domain)
        # What is told twice was in doubt; and each kill may lose a part of the budget, which is one copy here.
        begun = field.record(DOMAINS[domain], sources=[NEW]).transactions()
        assert BUDGET - 4 <= len(begun) <= BUDGET, len(begun)
        assert set(sent) <= last[domain]


def test_without_a_warm_source_the_rest_waits(field):
    field = field()
    import_people(field, domains=["x.test"])
    job = send(field, pool="fresh")
    host = DOMAINS["x.test"]
    why = "Source new has used its warm-up budget of 20 for today"
    wait_until(lambda: field.daemon.job(job)["delivered"] >= BUDGET, 30, "the budget to be used")
    wait_until(lambda: why in (field.site(host)["why"] or ""), 10, "the site to say why it waits")
    assert field.site(host)["state"] == "limited"
    assert field.site(host)["queued"] == PEOPLE - BUDGET
    assert len(from_new(field, "x.test")) == BUDGET
    job = field.daemon.job(job)
    assert_adds_up(job)
    assert (job["state"], job["delivered"]) == ("sending", BUDGET)
