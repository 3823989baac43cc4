"""A job's pool and weight, from the command line to the connection that its mail leaves by."""

import signal

import pytest

from tocsin import Daemon, Sink, wait_until

MESSAGE = "Subject: Hello\nFrom: Us <us@send.example>\n\nHello {{ contact.email }}\n"
EXTRA = """\
source "second" { ehlo = "second.send.example"  address = "127.0.0.1" }
source "third" { ehlo = "third.send.example"  address = "127.0.0.1" }
pool "main" { sources = {"local"} }
pool "news" { sources = {"second"} }
pool "late" { sources = {"third"} }
"""


@pytest.fixture
def daemon(start):
    daemon = start(Daemon, start(Sink).port, extra=EXTRA)
    daemon.cli("contacts", "import", daemon.write("p.csv", "email\na@dest.example\nb@dest.example\n"), "--list", "all")
    daemon.write("m.md", MESSAGE)
    return daemon


def reload(daemon, old="", new=""):
    daemon.config.write_text(daemon.config.read_text().replace(old, new))
    count = len(daemon.log_lines("reloaded"))
    daemon.process.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: len(daemon.log_lines("reloaded")) > count, 10, "the reload")


def sources(daemon, job):
    daemon.wait_job(job)
    return {row["source"] for row in daemon.recipients(job).values()}


def test_a_job_leaves_by_the_pool_that_it_names(daemon):
    job = daemon.send("m.md", "list:all", "--pool", "news", "--weight", "3")
    shown = daemon.job(job)
    assert (shown["pool"], shown["weight"]) == ("news", 3)
    assert sources(daemon, job) == {"second"}
    assert "news" in daemon.cli("job", "show", job).stdout


def test_a_job_that_names_none_follows_the_configuration(daemon):
    first = daemon.send("m.md", "list:all")
    assert sources(daemon, first) == {"local"}
    assert (daemon.job(first)["pool"], daemon.job(first)["weight"]) == ("main", 1)
    reload(daemon, 'domain = "send.example"', 'domain = "send.example"  pool = "late"')
    second = daemon.send("m.md", "list:all")
    assert sources(daemon, second) == {"third"}
    assert daemon.job(second)["pool"] == "late"


@pytest.mark.parametrize(
    "words, says",
    [
        (("--pool", "newz"), 'there is "main", "news", "late"'),
        (("--weight", "0"), "from 1 to 1000"),
        (("--weight", "1001"), "from 1 to 1000"),
        (("--weight", "heavy"), "whole number"),
    ],
)
def test_what_there_is_not_is_refused(daemon, words, says):
    answer = daemon.cli("send", "m.md", "--to", "list:all", *words, check=False)
    assert answer.rc == 1 and says in answer.stderr
    assert daemon.api("GET", "/v1/jobs")[1]["jobs"] == []


def test_another_pool_or_weight_is_another_submission(daemon):
    job = daemon.send("m.md", "list:all", "--key", "k", "--pool", "news")
    assert daemon.send("m.md", "list:all", "--key", "k", "--pool", "news", "--weight", "1") == job
    for words, says in ((("--pool", "main"), "other pool"), (("--pool", "news", "--weight", "2"), "other weight")):
        answer = daemon.cli("send", "m.md", "--to", "list:all", "--key", "k", *words, check=False)
        assert answer.rc == 1 and says in answer.stderr


def test_a_job_goes_on_when_its_pool_is_taken_away(daemon):
    job = daemon.send("m.md", "list:all", "--pool", "news")
    daemon.wait_job(job)
    reload(daemon, 'site "*" {', 'route "nowhere.example" { host = "127.0.0.1"  port = 1 }\nsite "*" {')
    daemon.cli("contacts", "import", daemon.write("q.csv", "email\nc@nowhere.example\n"), "--list", "far")
    stuck = daemon.send("m.md", "list:far", "--pool", "news")
    wait_until(lambda: daemon.job(stuck)["deferred"] + daemon.job(stuck)["queued"] == 1, 10, "the copy to wait")
    reload(daemon, 'pool "news"', 'pool "other"')
    assert daemon.job(stuck)["pool"] == "main"
    assert daemon.job(job)["pool"] == "news"  # it is over: that is how it went
    reload(daemon)
    lines = daemon.log_lines("pool_missing")
    assert len(lines) == 1 and f"Job {stuck} " in lines[0]["message"]
    daemon.stop()
    daemon.start()
    assert daemon.job(stuck)["pool"] == "main"
