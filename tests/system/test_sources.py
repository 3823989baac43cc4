"""
Several source addresses: their shares, their limits beside the limits of all together, one that a provider blocks, and
one that is new. Receivers on this machine see from which address each connection comes.
"""

import datetime

import pytest

from judge import Limits
from shaped import Field, Host, assert_each_once, assert_kept, assert_used
from tocsin import assert_adds_up

ONE, TWO, NEW = "127.0.0.2", "127.0.0.3", "127.0.0.4"
BUDGET = 20
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
SOURCES = f"""
source "one" {{ ehlo = "one.send.example"  address = "{ONE}"  weight = 1 }}
source "two" {{ ehlo = "two.send.example"  address = "{TWO}"  weight = 3 }}
source "new" {{
    ehlo = "new.send.example"  address = "{NEW}"  weight = 1000
    warm_up {{ start = "{TODAY}"  days = {{ {BUDGET}, {BUDGET}, {10 * BUDGET} }} }}
}}
pool "both" {{ sources = {{ "one", "two" }} }}
pool "alone" {{ sources = {{ "one" }} }}
pool "warming" {{ sources = {{ "new", "one" }} }}
"""

# From each source; and from all together, where their sum would be more.
CAPPED = Limits(connections=2, rates=((20, "s"),), in_flight=1)
FROM_EACH = Limits(connections=2, rates=((20, "s"),))
FROM_ALL = Limits(connections=3, rates=((30, "s"),))
BLOCKS = f"""
site "mx.capped.test" {{ {CAPPED.words()} }}
provider "sum" {{ mx = {{ "*.sum.test" }}  {FROM_EACH.words()}  total {{ {FROM_ALL.words()} }} }}
provider "strict" {{ mx = {{ "*.strict.test" }} }}
provider "warmed" {{ mx = {{ "*.warmed.test" }} }}
rule "listed" {{
    provider = "strict"  reply = "553 * blocked using *"
    action = "block"  scope = "provider"  for = "1h"
}}
"""
BLOCKED = "553 5.7.1 [BL21] Connections will not be accepted from {ip}, blocked using Spamhaus PBL"
STRICT = {"script": [{"step": "mail", "reply": BLOCKED, "source": TWO}]}
HOSTS = {
    "mx.plain.test": Host("127.0.0.21"),
    "mx.capped.test": Host("127.0.0.22"),
    "mx.sum.test": Host("127.0.0.23"),
    "mx.a.strict.test": Host("127.0.0.24", STRICT),
    "mx.b.strict.test": Host("127.0.0.25", STRICT),
    "mx.alone.test": Host("127.0.0.26"),
    "mx.a.warmed.test": Host("127.0.0.27"),
    "mx.b.warmed.test": Host("127.0.0.28"),
}
PEOPLE = {
    "both": {"plain.test": 400, "capped.test": 160, "sum.test": 170, "a.strict.test": 40, "b.strict.test": 40},
    "alone": {"alone.test": 40},
    "warming": {"a.warmed.test": 40, "b.warmed.test": 40},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    mail = {name.removeprefix("mx."): [f"10 {name}"] for name in HOSTS}
    field = Field(tmp_path_factory.mktemp("pools"), HOSTS, mail, sources=SOURCES, extra=BLOCKS)
    try:
        # The first pool is the usual one.
        options = {"both": [], "alone": ["--pool", "alone"], "warming": ["--pool", "warming"]}
        sent = {pool: field.send(people, *options[pool], to=pool) for pool, people in PEOPLE.items()}
        field.addresses = [address for _, addresses in sent.values() for address in addresses]
        jobs = {pool: job for pool, (job, _) in sent.items()}
        field.done = {pool: field.daemon.wait_job(job, timeout=40, each=assert_adds_up) for pool, job in jobs.items()}
        field.everything = field.record()
        field.refusal = field.daemon.cli("send", "appeal.md", "--to", "list:both", "--pool", "nobody", check=False)
    finally:
        field.stop()
    return field


def share(record, source):
    return len(record.of(sources=[source]).times()) / len(record.times())


def test_everybody_has_one_copy(run):
    assert sum(done["delivered"] for done in run.done.values()) == len(run.addresses)
    assert sum(done["bounced"] for done in run.done.values()) == 0
    assert_each_once(run.everything, run.addresses)


def test_sources_share_by_weight(run):
    record = run.record("mx.plain.test")
    assert record.sources() == [ONE, TWO]
    assert share(record, TWO) == pytest.approx(0.75, abs=0.1)


def test_each_source_says_its_name(run):
    names = {ONE: "one.send.example", TWO: "two.send.example", NEW: "new.send.example"}
    said = {(c.source, c.ehlo) for c in run.everything if c.ehlo}
    assert said == set(names.items())


def test_limits_hold_for_each_source(run):
    record = run.record("mx.capped.test")
    for source in (ONE, TWO):
        assert_kept(record.of(sources=[source]), CAPPED)
    assert_used(record.of(sources=[TWO]).times(), (20, "s"))


def test_limits_of_all_sources_together_hold(run):
    record = run.record("mx.sum.test")
    for source in (ONE, TWO):
        assert_kept(record.of(sources=[source]), FROM_EACH)
    assert_kept(record, FROM_ALL)
    assert_used(record.times(), (30, "s"))


def test_a_blocked_source_is_left_out_at_that_provider_only(run):
    strict = run.record("mx.a.strict.test", "mx.b.strict.test")
    refused = [t for t in strict.of(sources=[TWO]).transactions()]
    assert 1 <= len(refused) <= 20 and {t.code for t in refused} == {553}
    assert len(strict.of(sources=[ONE]).delivered()) == 80
    last = max(t.begun for t in refused)
    assert [t for t in run.record("mx.plain.test", "mx.sum.test").of(sources=[TWO]).times() if t > last]


def test_a_job_names_its_pool(run):
    assert run.record("mx.alone.test").sources() == [ONE]
    assert run.refusal.rc == 1
    assert all(name in run.refusal.stderr for name in ("both", "alone", "warming"))


def test_a_new_source_has_its_budget_at_each_provider(run):
    record = run.record("mx.a.warmed.test", "mx.b.warmed.test")
    assert record.sources() == [ONE, NEW]
    assert 0.9 * BUDGET <= len(record.of(sources=[NEW]).times()) <= BUDGET
