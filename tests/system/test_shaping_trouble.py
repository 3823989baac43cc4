"""
One slow receiver never delays another: while some stall, tarpit, refuse, greet with 421 or are suspended by hand, the
others finish as if they were alone; and the rest follows once the trouble is over.
"""

import time

import pytest

from judge import Limits
from shaped import Field, Host, assert_each_once, assert_kept, assert_used
from tocsin import PATIENCE, assert_adds_up, wait_until

GREETING_421 = [{"step": "greeting", "reply": "421 4.3.2 The service is busy, closing transmission channel"}]
FREE = [f"free{i}" for i in range(4)]
TROUBLES = {
    "stalling": {"script": [{"step": "greeting", "reply": None}]},
    "stuck": {"script": [{"step": "end", "reply": None}]},
    "tarpit": {"tarpit": 0.4},
    "refusing": {"listening": False},
    "busy": {"script": GREETING_421},
    "suspended": {},
}
WELL = {"script": [], "tarpit": 0, "listening": True}
# As many as there are, each at its usual pace.
PACED = Limits(connections=3, rates=((60, "s"),), in_flight=1)
COUNT = 180
# Mail to those in trouble: more than their connections can take before they get stuck.
WAITING = 60


def host(name):
    return f"mx.{name}.test"


@pytest.fixture
def field(start):
    names = [*FREE, *TROUBLES]
    hosts = {host(name): Host(f"127.0.0.{20 + i}", TROUBLES.get(name, {})) for i, name in enumerate(names)}
    blocks = "".join(f'site "{host(name)}" {{ {PACED.words()} }}\n' for name in FREE)
    # One thread, so that nothing but the daemon's own care keeps one site from another.
    blocks += "threads { delivery = 1 }\n"
    return start(Field, hosts, {f"{name}.test": [f"10 {host(name)}"] for name in names}, extra=blocks)


def duration(field, begun):
    return max(field.record(host(name)).last() for name in FREE) - begun


def test_the_free_are_not_delayed(field):
    begun = time.time()
    job, addresses = field.send({f"{name}.test": COUNT for name in FREE}, to="alone")
    field.daemon.wait_job(job)
    alone = duration(field, begun)

    # A site that was spoken to is suspended; its mail waits, and nothing else does.
    job, _ = field.send({"suspended.test": 1}, to="first")
    field.daemon.wait_job(job)
    field.daemon.cli("site", "suspend", host("suspended"))
    assert field.site(host("suspended"))["why"]

    begun = time.time()
    people = {f"{name}.test": WAITING for name in TROUBLES} | {f"{name}.test": COUNT for name in FREE}
    job, beside = field.send(people, to="beside")
    wanted = COUNT * len(FREE)
    wait_until(lambda: field.daemon.job(job)["delivered"] >= wanted, 20, "the free sites to be done")
    together = duration(field, begun)
    assert together < 1.3 * alone + 0.5 * PATIENCE, (alone, together)
    for name in FREE:
        assert_kept(field.record(host(name)), PACED)
        assert_used(field.record(host(name)).times(), (60, "s"))

    # Each of the others says why it waits.
    view = field.daemon.job(job)
    assert view["recipients"] - view["delivered"] > WAITING * (len(TROUBLES) - 1)
    for name in TROUBLES:
        if name != "tarpit":
            assert wait_until(lambda: field.site(host(name))["why"], 10, f"{name} to say why")
    assert len(field.record(host("suspended")).times()) == 1
    assert not field.record(host("refusing"))

    field.change(*(host(name) for name in TROUBLES), **WELL)
    field.daemon.cli("site", "resume", host("suspended"))
    done = field.daemon.wait_job(job, timeout=40, each=assert_adds_up)
    assert done["delivered"] == len(beside), done
    assert set(field.record().delivered()) >= {*addresses, *beside}
    for name in ("refusing", "busy", "suspended"):
        mine = [address for address in beside if address.endswith(f"@{name}.test")]
        counts = field.record(host(name)).delivered()
        assert all(counts[address] == 1 for address in mine)


def test_a_site_suspended_for_a_time_goes_on_by_itself(start):
    field = start(Field, {host("own"): Host("127.0.0.21")}, {"own.test": [f"10 {host('own')}"]})
    job, _ = field.send({"own.test": 1}, to="first")
    field.daemon.wait_job(job)
    field.daemon.cli("site", "suspend", host("own"), "2s")
    suspended = time.time()
    job, addresses = field.send({"own.test": 5}, to="second")
    line = wait_until(lambda: field.site(host("own")), 5, "the site")
    assert line["queued"] == 5, line
    queue = field.daemon.cli("queue", "--json").json_lines()
    assert [(entry["job"], entry["queued"]) for entry in queue if entry["site"] == line["site"]] == [(job, 5)]
    shown = field.daemon.cli("site", "show", host("own")).stdout
    assert "suspended" in shown
    assert field.daemon.wait_job(job, timeout=20)["delivered"] == 5
    later = [t for t in field.record().times() if t > suspended]
    assert min(later) >= suspended + 1.9
    assert_each_once(field.record(), ["first0@own.test", *addresses])
    refused = field.daemon.cli("site", "suspend", "no-such-site.test", check=False)
    assert refused.rc == 1 and "no-such-site.test" in refused.stderr


def test_a_suspension_survives_a_restart(start):
    field = start(Field, {host("own"): Host("127.0.0.21")}, {"own.test": [f"10 {host('own')}"]})
    job, _ = field.send({"own.test": 1}, to="first")
    field.daemon.wait_job(job)
    field.daemon.cli("site", "suspend", host("own"))
    field.daemon.stop()
    field.daemon.start()
    job, _ = field.send({"own.test": 5}, to="second")
    time.sleep(1.5)
    assert field.daemon.job(job)["queued"] == 5 and len(field.record().times()) == 1
    field.daemon.cli("site", "resume", host("own"))
    assert field.daemon.wait_job(job, timeout=20)["delivered"] == 5
