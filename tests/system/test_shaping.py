"""
Each receiver at its own pace: no limit of any kind is exceeded in any window, and what is allowed is used.

One daemon finds its way by DNS to a receiver for each kind of limit, and sends to all of them at the same time.
"""

import collections

import pytest

import judge
from judge import Limits
from shaped import LEAST, Field, Host, assert_each_once, assert_kept, assert_used
from tocsin import assert_adds_up

# `limits` is what the configuration says of the site and what its receiver enforces.
Case = collections.namedtuple("Case", "limits people manner", defaults=({},))

SLOW = {"delay": 0.05}  # one answer takes so long: more connections, or more in flight, would be quicker
CASES = {
    "rate": Case(Limits(rates=((50, "s"),), in_flight=1), 330),
    "rates": Case(Limits(rates=((50, "s"), (200, "min")), in_flight=1), 36),
    "tls": Case(Limits(rates=((40, "s"),), in_flight=1), 240, {"starttls": True, "chunking": False}),
    "connections": Case(Limits(connections=3, in_flight=1), 360, SLOW),
    "connection-rate": Case(Limits(connections=20, connection_rate=(10, "s"), messages=1), 60),
    "messages": Case(Limits(connections=4, messages=7, in_flight=1), 280),
    "in-flight": Case(Limits(connections=2, in_flight=2), 300, SLOW),
    "everything": Case(
        Limits(connections=2, connection_rate=(4, "s"), rates=((30, "s"),), messages=15, in_flight=1), 80
    ),
    "unsaid": Case(Limits(), 600, {"delay": 0.02}),
}
PRESETS = Limits(connections=10, messages=100)


def host(name):
    return f"mx.{name}.test"


class Run:
    def __init__(self, field):
        people = {f"{name}.test": case.people for name, case in CASES.items()}
        self.job, self.addresses = field.send(people)
        self.done = field.daemon.wait_job(self.job, timeout=40, each=assert_adds_up)
        self.records = {name: field.record(host(name)) for name in CASES}
        self.all, self.complaints = field.record(), field.receivers.complaints()
        self.listed = field.daemon.cli("site", "list", "--json", check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    hosts = {
        host(name): Host(f"127.0.0.{20 + i}", {**case.manner, "limits": case.limits.manner()})
        for i, (name, case) in enumerate(CASES.items())
    }
    mail = {f"{name}.test": [f"10 {host(name)}"] for name in CASES}
    said = {name: case.limits.words() for name, case in CASES.items() if case.limits != Limits()}
    extra = "".join(f'site "{host(name)}" {{ {words} }}\n' for name, words in said.items())
    field = Field(tmp_path_factory.mktemp("pace"), hosts, mail, extra=extra, site="")
    try:
        return Run(field)
    finally:
        field.stop()


def test_everybody_has_one_copy(run):
    assert run.done["delivered"] == len(run.addresses)
    assert_each_once(run.all, run.addresses)


@pytest.mark.parametrize("name", CASES)
def test_no_limit_is_exceeded(run, name):
    assert_kept(run.records[name], CASES[name].limits)
    assert_kept(run.records[name], PRESETS if name == "unsaid" else Limits())


def test_no_receiver_had_to_refuse(run):
    assert run.complaints == []
    assert {t.code for t in run.all.transactions()} == {250}


@pytest.mark.parametrize("name, stretch", [("rate", 2), ("rates", 8), ("tls", 2)])
def test_a_rate_is_used(run, name, stretch):
    """The slowest of several is the one that is used."""
    assert_used(run.records[name].times(), CASES[name].limits.rates[-1], stretch)


def test_connections_are_used(run):
    assert judge.busiest_share(run.records["connections"], 3, stretch=2) >= LEAST


def test_new_connections_are_used(run):
    assert_used(run.records["connection-rate"].openings(), (10, "s"))


def test_connections_are_filled(run):
    sizes = sorted(len(c.transactions) for c in run.records["messages"])
    assert sizes[4:] == [7] * (len(sizes) - 4), "all but the last of each line of connections are full"


def test_what_is_in_flight_is_used(run):
    peaks = [judge.peak(judge.in_flight_spans(c))[0] for c in run.records["in-flight"]]
    assert set(peaks) == {2}


def test_what_nobody_said_has_presets(run):
    assert judge.busiest_share(run.records["unsaid"], 10, stretch=0.5) >= 0.9


def test_transport_is_as_offered(run):
    assert all(c.tls for c in run.records["tls"]) and not any(c.tls for c in run.records["rate"])


def test_every_site_is_listed(run):
    listed = {line["site"].split(":")[0] for line in run.listed.json_lines()}
    assert listed >= {host(name) for name in CASES}
