"""
The way to a receiver, by DNS: which exchangers are tried in which order, what is final and what is not, and servers
that are silent, late, broken or untruthful. The queue goes on, and memory is bounded.
"""

import collections
import time

import pytest

from nameserver import (
    CNAME_LOOP,
    CUT_SHORT,
    GARBAGE,
    LATE,
    RCODE,
    SILENT,
    TRUNCATED,
    WRONG_ID,
    WRONG_NAME,
    Liar,
    Lie,
    Names,
)
from shaped import Field, Host, assert_each_once
from tocsin import assert_adds_up, is_sanitized, wait_until

# --- What zones say.

HUNDRED = [f"{10 + i} mx{i}.hundred.test" for i in range(100)]
NAMES = Names(
    mail={
        "preferred.test": ["20 mx2.preferred.test", "10 mx1.preferred.test"],
        "dead-first.test": ["10 dead.test", "20 mx2.dead-first.test"],
        "nameless-first.test": ["10 nowhere.test", "20 mx2.preferred.test"],
        "null.test": ["0 ."],
        "hundred.test": HUNDRED[::-1],
        "six.test": ["10 mx.six.test"],
        "two-addresses.test": ["10 mx.two-addresses.test"],
        "lost.test": ["10 nowhere.test"],
        "real.test": ["10 mx1.preferred.test"],
        "*.wild.test": ["10 mx2.preferred.test"],
    },
    hosts={
        "dead.test": ["127.0.0.99"],
        "mx.six.test": ["::1", "127.0.0.26"],
        "mx.two-addresses.test": ["127.0.0.98", "127.0.0.27"],
    }
    | {f"mx{i}.hundred.test": ["127.0.0.25"] for i in range(100)},
    aliases={"alias.test": "real.test"},
)
HOSTS = {
    "mx1.preferred.test": Host("127.0.0.21"),
    "mx2.preferred.test": Host("127.0.0.22"),
    "mx2.dead-first.test": Host("127.0.0.23"),
    "implicit.test": Host("127.0.0.24"),
    "a.hundred.test": Host("127.0.0.25"),
    "a.six.test": Host("127.0.0.26"),
    "a.two-addresses.test": Host("127.0.0.27"),
}
# Where mail for a domain is to arrive; None: nowhere, and for good.
ARRIVES = {
    "preferred.test": "mx1.preferred.test",
    "dead-first.test": "mx2.dead-first.test",
    "nameless-first.test": "mx2.preferred.test",
    "implicit.test": "implicit.test",
    "hundred.test": "a.hundred.test",
    "six.test": "a.six.test",
    "two-addresses.test": "a.two-addresses.test",
    "alias.test": "mx1.preferred.test",
    "sub.wild.test": "mx2.preferred.test",
    "null.test": None,
    "missing.test": None,
}


def done(view):
    return view["delivered"] + view["bounced"]


@pytest.fixture(scope="module")
def truthful(tmp_path_factory):
    field = Field(tmp_path_factory.mktemp("dns"), HOSTS, NAMES)
    try:
        job, field.addresses = field.send({domain: 12 for domain in [*ARRIVES, "lost.test"]})
        wait_until(lambda: done(field.daemon.job(job)) >= 12 * len(ARRIVES), 25, "all that can be done")
        field.job, field.rows = field.daemon.job(job), field.daemon.recipients(job)
        field.everything = field.record()
    finally:
        field.stop()
    return field


@pytest.mark.parametrize("domain", [domain for domain, host in ARRIVES.items() if host])
def test_mail_arrives_where_dns_says(truthful, domain):
    wanted = {address for address in truthful.addresses if address.endswith("@" + domain)}
    arrived = {t.to for t in truthful.record(ARRIVES[domain]).transactions() if t.code == 250}
    assert wanted <= arrived, f"{len(wanted - arrived)} are missing"


def test_nobody_has_two_copies(truthful):
    assert set(truthful.everything.delivered().values()) == {1}
    assert_adds_up(truthful.job)


@pytest.mark.parametrize("domain, words", [("null.test", "takes no mail"), ("missing.test", "does not exist")])
def test_what_is_final_bounces_with_a_sentence(truthful, domain, words):
    rows = [row for address, row in truthful.rows.items() if address.endswith("@" + domain)]
    assert {row["state"] for row in rows} == {"bounced"}
    for row in rows:
        assert words in row["reply"] and domain in row["reply"], row["reply"]


def test_a_name_that_leads_nowhere_bounces_nobody(truthful):
    """An exchanger without an address may be a mistake of the hour."""
    rows = [row for address, row in truthful.rows.items() if address.endswith("@lost.test")]
    assert {row["state"] for row in rows} <= {"queued", "deferred"}


# --- Servers that are not well.

LIES = {
    "silent.test": Lie(SILENT),
    "servfail.test": Lie(RCODE, "SERVFAIL"),
    "refused.test": Lie(RCODE, "REFUSED"),
    "wrong-id.test": Lie(WRONG_ID),
    "wrong-name.test": Lie(WRONG_NAME),
    "garbage.test": Lie(GARBAGE),
    "cut-short.test": Lie(CUT_SHORT),
    "loop.test": Lie(CNAME_LOOP),
}
# These are well in the end.
HARMLESS = {"truncated.test": Lie(TRUNCATED), "late.test": Lie(LATE, 0.7)}
FREE = [f"free{i}.test" for i in range(20)]


def test_servers_that_lie_delay_nobody_else(start):
    domains = [*LIES, *HARMLESS, *FREE]
    mail = {domain: ["10 mx.test"] for domain in domains}
    field = start(Field, {"mx.test": Host("127.0.0.21")}, mail, server=Liar)
    field.dns.lies = {**LIES, **HARMLESS}
    begun = time.time()
    job, addresses = field.send({domain: 10 for domain in domains})
    wait_until(lambda: field.daemon.job(job)["delivered"] >= 10 * len(FREE), 10, "those with a good server")
    wanted = 10 * (len(FREE) + len(HARMLESS))
    wait_until(lambda: field.daemon.job(job)["delivered"] == wanted, 10, "those whose server is well in the end")
    assert field.dns.asked_tcp["truncated.test", "MX"] >= 1
    record = field.record()
    free = [t.answered - begun for t in record.transactions() if t.to.split("@")[1] in FREE]
    assert len(free) == 10 * len(FREE)

    # The others wait, nobody bounces, and no server is pestered.
    time.sleep(2)
    view = field.daemon.job(job)
    assert view["bounced"] == 0 and view["delivered"] == wanted
    assert_adds_up(view)
    for domain in LIES:
        assert 1 <= field.dns.asked[domain, "MX"] <= 40, (domain, field.dns.asked)
    waiting = field.daemon.cli("site", "list", "--json").json_lines()
    assert any("SERVFAIL" in line["why"] and "servfail.test" in line["why"] for line in waiting), waiting

    # DNS gets well, and so does the mail.
    field.dns.lies = {}
    done = field.daemon.wait_job(job, timeout=40, each=assert_adds_up)
    assert done["delivered"] == len(addresses)
    assert_each_once(field.record(), addresses)


def test_answers_are_kept_for_their_time(start):
    """Many recipients of a domain make one question; an answer that must not be kept is kept for a moment."""
    names = Names({"zero.test": ["10 mx.test"]}, ttl=0)
    field = start(Field, {"mx.test": Host("127.0.0.21")}, names, server=Liar, site='rate = "100/s"')
    begun = time.monotonic()
    job, addresses = field.send({"zero.test": 400})
    field.daemon.wait_job(job)
    assert_each_once(field.record(), addresses)
    # For each loop, and each five seconds.
    loops = 2 * (1 + (time.monotonic() - begun) // 5) * 2
    assert field.dns.asked["zero.test", "MX"] <= loops
    assert field.dns.asked["mx.test", "A"] <= 10 * loops


# --- Many names.


def many_names(start, count):
    """A job to so many domains, one person in each, beside a thousand that no server answers for."""
    field = start(Field, {"mx.test": Host("127.0.0.21")}, Names({"*.many.test": ["10 mx.test"]}), server=Liar)
    field.dns.lies = {"silent.test": Lie(SILENT)}
    before = field.daemon.resident_kib()
    people = {f"d{i}.many.test": 1 for i in range(count)} | {f"d{i}.silent.test": 1 for i in range(1000)}
    job, addresses = field.send(people)
    peak = collections.Counter()

    def look(view):
        assert_adds_up(view)
        peak["resident"] = max(peak["resident"], field.daemon.resident_kib())
        return view["delivered"] >= count

    wait_until(lambda: look(field.daemon.job(job)), 120, f"{count} domains")
    assert set(field.record().delivered()) == {a for a in addresses if a.endswith("many.test")}
    field.daemon.cli("job", "cancel", job)
    return (peak["resident"] - before) / 1024


def test_many_domains_beside_silence(start):
    grown = many_names(start, 2000)
    assert is_sanitized() or grown < 100, f"{grown} MiB more"


@pytest.mark.slow
def test_a_hundred_thousand_domains(start):
    assert many_names(start, 100000) < 250
