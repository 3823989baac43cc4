"""
The forecast: what `send --dry-run` and `job show` say of each receiver, against what it takes then. The receivers can
do no more than their limits; what the daemon supposes before it has seen them is meant to be roughly right.
"""

import time

import pytest

from nameserver import SILENT, Liar, Lie
from shaped import Field, Host
from tocsin import APPEAL, BUILD, PATIENCE, Process, wait_until

SLOW = 'rate = "12/s"'
HOSTS = {
    "mx.slow.test": Host("127.0.0.21"),
    "mx.a.pair.test": Host("127.0.0.31", {"delay": 0.2}),
    "mx.b.pair.test": Host("127.0.0.32", {"delay": 0.2}),
    "mx.free.test": Host("127.0.0.41"),
}
MAIL = {
    "slow.test": ["10 mx.slow.test"],
    "also-slow.test": ["10 mx.slow.test"],
    "a.test": ["10 mx.a.pair.test"],
    "b.test": ["10 mx.b.pair.test"],
    "free.test": ["10 mx.free.test"],
    "refuses.test": ["0 ."],
}
BLOCKS = f"""
site "mx.slow.test" {{ {SLOW} }}
provider "pair" {{ mx = {{ "*.pair.test" }}  connections = 2  each {{ connections = 5 }} }}
"""
PEOPLE = {"slow.test": 150, "also-slow.test": 50, "a.test": 40, "b.test": 60, "free.test": 20, "refuses.test": 3}

GROUP = "group kind sites recipients rate_per_hour observed_per_hour seconds limited_by waits_until".split()


def silent(folder, names):
    """A DNS server that never answers for silent.test."""
    return Liar(folder, names, {"silent.test": Lie(SILENT)})


def groups(answer):
    for group in answer["forecast"]:
        assert list(group) == GROUP
    return {group["group"]: group for group in answer["forecast"]}


def begin(folder, people=PEOPLE, **more):
    """A field whose contacts are known, with nothing sent."""
    field = Field(folder, HOSTS, MAIL, extra=BLOCKS, **more)
    rows = ["email"] + [f"p{i}@{domain}" for domain, many in people.items() for i in range(many)]
    field.daemon.cli("contacts", "import", field.daemon.write("all.csv", "\n".join(rows) + "\n"), "--list", "all")
    field.message = field.daemon.write("appeal.md", APPEAL)
    return field


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    field = begin(tmp_path_factory.mktemp("forecast"))
    try:
        field.plan = field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run")
        field.table = field.daemon.cli("send", field.message, "--to", "list:all", "--dry-run").stdout
        began = time.monotonic()
        field.job = field.daemon.send(field.message, "list:all")
        field.wait_messages("mx.slow.test", 20)
        field.shown = field.daemon.job(field.job)
        field.shown_table = field.daemon.cli("job", "show", field.job).stdout
        field.daemon.wait_job(field.job, timeout=60)
        field.took = time.monotonic() - began
        field.over = field.daemon.job(field.job)
        begun = min(field.record().times())
        hosts = {"mx.slow.test": ["mx.slow.test"], "pair": ["mx.a.pair.test", "mx.b.pair.test"]}
        field.lasted = {name: field.record(*some).last() - begun for name, some in hosts.items()}
    finally:
        field.stop()
    return field


def test_a_dry_run_rolls_domains_up_to_receivers(run):
    plan = groups(run.plan)
    assert {name: group["recipients"] for name, group in plan.items()} == {
        "mx.slow.test": 200,
        "pair": 100,
        "mx.free.test": 20,
        "no mail": 3,
    }
    assert [group["recipients"] for group in run.plan["forecast"]] == [200, 100, 20, 3]
    assert (plan["pair"]["kind"], plan["pair"]["sites"]) == ("provider", 2)
    assert plan["mx.slow.test"]["kind"] == "site"
    assert plan["no mail"]["limited_by"] == "they bounce"


def test_it_says_what_binds(run):
    plan = groups(run.plan)
    assert plan["mx.slow.test"]["limited_by"] == "12/s"
    assert plan["pair"]["limited_by"] == "2 connections"
    assert 0.94 * 12 * 3600 < plan["mx.slow.test"]["rate_per_hour"] <= 12 * 3600
    assert run.plan["finished_in_s"] == max(group["seconds"] for group in run.plan["forecast"])


def test_the_forecast_is_what_it_took(run):
    for name, lasted in run.lasted.items():
        expected = groups(run.plan)[name]["seconds"]
        assert expected / 2.5 < lasted < 2.5 * PATIENCE * expected, (name, expected, lasted)
    assert run.plan["finished_in_s"] / 2 < run.took < 2 * PATIENCE * run.plan["finished_in_s"]


def test_people_see_a_table(run):
    lines = run.table.splitlines()
    assert lines[0] == "323 contacts would get this message; nothing was sent."
    assert lines[1].split() == ["RECEIVER", "RECIPIENTS", "SHARE", "PACE", "FINISHED", "LIMITED", "BY"]
    assert "61.9 %" in lines[2] and "12/s" in lines[2]
    assert lines[-1].startswith("All of it is finished in about ")
    assert lines[-1].endswith("; what takes longest is mx.slow.test: 12/s.")


def test_a_job_that_runs_says_what_is_left(run):
    left = groups(run.shown)
    # Two reads of one moment: what is on the wire may end between them.
    open_now = run.shown["queued"] + run.shown["deferred"] + run.shown["in_flight"]
    assert abs(sum(group["recipients"] for group in left.values()) - open_now) <= 20
    slow = left["mx.slow.test"]
    assert 0 < slow["recipients"] < 200
    assert slow["seconds"] <= groups(run.plan)["mx.slow.test"]["seconds"]
    assert run.shown["finished_in_s"] >= slow["seconds"]
    assert "What is left of it:" in run.shown_table and "mx.slow.test" in run.shown_table


def test_a_job_that_is_over_has_no_forecast(run):
    assert run.over["state"] == "finished"
    assert run.over["forecast"] is None and run.over["finished_in_s"] is None


def test_what_is_suspended_waits(tmp_path):
    field = begin(tmp_path, {"slow.test": 100, "a.test": 10, "free.test": 5})
    try:
        field.daemon.cli("site", "suspend", "pair", "10m")
        plan = field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run")
        pair = groups(plan)["pair"]
        assert pair["limited_by"] == "suspended" and pair["waits_until"] and pair["rate_per_hour"] == 0
        # It comes back step by step.
        assert 590 < pair["seconds"] < 1200
        job = field.daemon.send(field.message, "list:all")
        field.wait_messages("mx.slow.test", 10)
        shown = groups(field.daemon.job(job))["pair"]
        assert shown["recipients"] == 10 and shown["limited_by"] == "suspended"
        field.daemon.cli("site", "resume", "pair")
        field.daemon.cli("site", "suspend", "pair")
        shown = field.daemon.job(job)
        assert groups(shown)["pair"]["seconds"] is None and shown["finished_in_s"] is None
        assert "pair: suspended until somebody resumes it." in field.daemon.cli("job", "show", job).stdout
        field.daemon.cli("job", "pause", job)
        assert field.daemon.job(job)["forecast"] is None
    finally:
        field.stop()


def test_another_job_at_the_same_receiver_is_counted(tmp_path):
    field = begin(tmp_path, {"slow.test": 400})
    try:
        alone = field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run")["finished_in_s"]
        field.daemon.send(field.message, "list:all")
        field.wait_messages("mx.slow.test", 10)

        def beside(*options):
            return field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run", *options)

        # The other job has sent some already.
        assert 1.5 * alone < beside()["finished_in_s"] <= 2 * alone + 1
        assert beside("--weight", 1000)["finished_in_s"] < 1.2 * alone
        assert beside("--lane", "transactional")["finished_in_s"] <= alone + 1
    finally:
        field.stop()


def test_domains_of_which_dns_says_nothing_are_a_group_of_their_own(tmp_path):
    field = begin(tmp_path, {"free.test": 10, "silent.test": 7}, server=silent)
    try:
        began = time.monotonic()
        plan = groups(field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run"))
        assert time.monotonic() - began < 8 * PATIENCE
        assert plan["mx.free.test"]["recipients"] == 10
        assert plan["other domains"]["recipients"] == 7 and plan["other domains"]["kind"] == "other_domains"
    finally:
        field.stop()


def test_a_stop_does_not_wait_for_dns(tmp_path):
    field = begin(tmp_path, {"silent.test": 7}, server=silent)
    try:
        argv = [BUILD / "tocsin", "--socket", field.daemon.socket, "send", field.message, "--to", "list:all", "--dry-run"]
        asking = Process("tocsin", argv, tmp_path)
        wait_until(lambda: field.dns.asked["silent.test", "MX"], 10, "the question")
        began = time.monotonic()
        field.daemon.stop()
        assert time.monotonic() - began < 4 * PATIENCE
        assert asking.popen.wait(20) != 0
        field.daemon.start()
    finally:
        field.stop()


@pytest.mark.slow
def test_what_the_receiver_takes_corrects_it(tmp_path):
    """Two connections, a message in 0.5 s: half of what was supposed."""
    field = begin(tmp_path, {"a.test": 400})
    try:
        field.change("mx.a.pair.test", delay=0.5)
        plan = groups(field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run"))["pair"]
        assert 40 < plan["seconds"] < 65
        job = field.daemon.send(field.message, "list:all")
        time.sleep(50)
        shown = groups(field.daemon.job(job))["pair"]
        assert 3600 * 3.2 < shown["observed_per_hour"] < 3600 * 4.1
        assert abs(shown["seconds"] - shown["recipients"] / 3.9) < 0.15 * shown["seconds"]
        # The next job is told what this one has learned.
        again = groups(field.daemon.cli_json("send", field.message, "--to", "list:all", "--dry-run"))["pair"]
        assert again["seconds"] > 1.5 * plan["seconds"]
    finally:
        field.stop()
