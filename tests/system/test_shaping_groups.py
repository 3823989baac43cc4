"""
Limits that several share: domains with the same mail exchangers are one site, and a provider's sites have a limit
together, beside that of each. What they share is judged over the addresses of all their hosts together.
"""

import pytest

from judge import Limits
from shaped import Field, Host, assert_each_once, assert_kept, assert_used
from tocsin import assert_adds_up

ROLL = Limits(connections=3, rates=((30, "s"),), messages=10, in_flight=1)
BIG = Limits(connections=4, rates=((40, "s"),), in_flight=1)
EACH = Limits(connections=3, rates=((30, "s"),))
WIDE = Limits(connection_rate=(6, "s"), messages=5, connections=20)


def together(group, limits, **manner):
    """Receivers that count together."""
    return {"group": group, "total": limits.manner(), **manner}


HOSTS = {
    "mx1.roll.test": Host("127.0.0.21", together("roll", ROLL)),
    "mx2.roll.test": Host("127.0.0.22", together("roll", ROLL)),
    "mx9.roll.test": Host("127.0.0.29"),
    "mx.a.big.test": Host("127.0.0.31", together("big", BIG, delay=0.05)),
    "mx.b.big.test": Host("127.0.0.32", together("big", BIG, delay=0.05)),
    "mx1.wide.test": Host("127.0.0.41", together("wide", WIDE)),
    "mx2.wide.test": Host("127.0.0.42", together("wide", WIDE)),
    "mx3.wide.test": Host("127.0.0.43", together("wide", WIDE)),
}
MAIL = {
    # The same set, said differently.
    "one.test": ["10 mx1.roll.test", "10 mx2.roll.test"],
    "two.test": ["10 MX2.Roll.Test", "10 mx1.roll.test"],
    "other.test": ["10 mx9.roll.test"],
    "a.test": ["10 mx.a.big.test"],
    "b.test": ["10 mx.b.big.test"],
    # Three sites that could do more than their provider.
    "w1.test": ["5 mx1.wide.test"],
    "w2.test": ["5 mx2.wide.test"],
    "w3.test": ["5 mx3.wide.test"],
}
BLOCKS = f"""
site "mx1.roll.test" {{ {ROLL.words()} }}
provider "big" {{ mx = {{ "*.big.test" }}  {BIG.words()}  each {{ {EACH.words()} }} }}
provider "wide" {{ mx = {{ "*.wide.test" }}  {WIDE.words()} }}
"""
PEOPLE = {"one.test": 90, "two.test": 90, "other.test": 300, "a.test": 130, "b.test": 130}
PEOPLE |= {f"w{i}.test": 60 for i in (1, 2, 3)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    field = Field(tmp_path_factory.mktemp("groups"), HOSTS, MAIL, extra=BLOCKS)
    try:
        job, field.addresses = field.send(PEOPLE)
        field.done = field.daemon.wait_job(job, timeout=40, each=assert_adds_up)
        field.everything = field.record()
        field.listed = field.daemon.cli("site", "list", "--json", check=False)
    finally:
        field.stop()
    return field


def test_everybody_has_one_copy(run):
    assert run.done["delivered"] == len(run.addresses)
    assert_each_once(run.everything, run.addresses)


def test_no_receiver_had_to_refuse(run):
    assert run.receivers.complaints() == []


def test_domains_with_the_same_exchangers_are_one_site(run):
    record = run.record("mx1.roll.test", "mx2.roll.test")
    assert_kept(record, ROLL)
    assert_used(record.times(), (30, "s"))
    sites = [line["site"] for line in run.listed.json_lines()]
    assert len([site for site in sites if site.startswith("mx1.roll.test")]) == 1


def test_equal_preferences_share_the_mail(run):
    counts = [len(run.record(name).times()) for name in ("mx1.roll.test", "mx2.roll.test")]
    assert min(counts) > 0.15 * sum(counts), counts


def test_another_site_is_not_slowed(run):
    assert run.record("mx9.roll.test").last() < run.record("mx1.roll.test", "mx2.roll.test").last() - 1


def test_a_provider_caps_its_sites_together(run):
    both = run.record("mx.a.big.test", "mx.b.big.test")
    assert_kept(both, BIG)
    assert_used(both.times(), (40, "s"))
    for name in ("mx.a.big.test", "mx.b.big.test"):
        assert_kept(run.record(name), EACH)


def test_the_sites_of_a_provider_get_their_turn(run):
    """While both have work, neither waits for the other to be done."""
    a, b = run.record("mx.a.big.test"), run.record("mx.b.big.test")
    until = min(a.last(), b.last())
    counts = [len([t for t in record.times() if t < until]) for record in (a, b)]
    assert min(counts) > 0.25 * sum(counts), counts


def test_new_connections_to_a_provider_are_counted_together(run):
    record = run.record(*(f"mx{i}.wide.test" for i in (1, 2, 3)))
    assert_kept(record, WIDE)
    assert_used(record.openings(), (6, "s"), 4)
