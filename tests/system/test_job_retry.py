"""Trying again: by hand, exactly those who did not get it."""

import time

import pytest

from tocsin import APPEAL, Daemon, QUICK_RETRY, Sink, assert_adds_up, import_people, wait_until

PEOPLE = ["one@a.example", "two@a.example", "bounce1@b.example", "bounce2@a.example", "three@c.example"]


@pytest.fixture
def sent(start):
    """A finished job of which two recipients bounced."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    daemon.write("people.csv", "email\n" + "\n".join(PEOPLE) + "\n")
    daemon.cli("contacts", "import", "people.csv", "--list", "all")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:all")
    assert daemon.wait_job(job, each=assert_adds_up)["bounced"] == 2
    return sink, daemon, job


def test_exactly_those_in_the_states_named_are_tried_again(sent):
    sink, daemon, job = sent
    answer = daemon.cli_json("job", "retry", job, "--state", "bounced,expired")
    assert answer == {"id": job, "recipients": 2}
    assert daemon.wait_job(job, each=assert_adds_up)["bounced"] == 2
    after = daemon.recipients(job)
    assert [after[a]["attempts"] for a in PEOPLE] == [1, 1, 2, 2, 1]
    assert sorted(sink.recipients().values()) == [1, 1, 1]
    assert "It was tried 2 times" in daemon.cli("why", "bounce1@b.example", job).stdout


def test_a_retry_delivers_what_is_taken_now(start):
    """A receiver that refused half of them by mistake, and is mended."""
    sink = start(Sink, "--fault", "rcpt-550:50")
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    addresses = import_people(daemon, 200)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    bounced = daemon.wait_job(job, each=assert_adds_up)["bounced"]
    assert 50 < bounced < 150
    sink.stop()
    mended = start(Sink, port=sink.port, name="mended")
    assert daemon.cli_json("job", "retry", job, "--state", "bounced")["recipients"] == bounced
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 200
    assert sorted((sink.recipients() + mended.recipients()).elements()) == sorted(addresses)


def test_the_age_of_a_copy_counts_from_its_retry(start):
    """Not from the start of its job, by which it would have expired."""
    sink = start(Sink, "--fault", "rcpt-550:100")
    retry = 'retry { first = "300ms"  factor = 1  max = "300ms"  max_age = "3s" }\n'
    daemon = start(Daemon, sink.port, extra=retry)
    import_people(daemon, 50)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    assert daemon.wait_job(job)["bounced"] == 50
    sink.stop()
    start(Sink, port=sink.port, name="mended")
    time.sleep(4)
    daemon.cli("job", "retry", job, "--state", "bounced")
    assert daemon.wait_job(job, each=assert_adds_up)["delivered"] == 50


def test_what_cannot_be_tried_again_is_refused(sent):
    sink, daemon, job = sent
    refused = daemon.cli("job", "retry", job, "--state", "delivered", check=False)
    assert refused.rc == 1 and "cannot be tried again" in refused.stderr
    refused = daemon.cli("job", "retry", job, "--state", "bounced,wrong", check=False)
    assert refused.rc == 1 and 'no state "wrong"' in refused.stderr
    assert "There is no job 99" in daemon.cli("job", "retry", 99, check=False).stderr
    assert "nothing is changed" in daemon.cli("job", "retry", job).stdout
    assert daemon.job(job)["state"] == "finished"


def test_a_cancelled_job_is_not_tried_again_and_the_sentence_says_how_else(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY, site='connections = 1  rate = "1/min"')
    daemon.write("people.csv", "email\n" + "\n".join(PEOPLE) + "\n")
    daemon.cli("contacts", "import", "people.csv", "--list", "all")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:all")
    daemon.cli("job", "cancel", job)
    refused = daemon.cli("job", "retry", job, "--state", "deferred", check=False)
    assert refused.rc == 1 and f"not job:{job}:delivered" in refused.stderr


def test_a_retry_goes_on_after_a_kill(start):
    """Killed right after the answer: the walk over the ledger is taken up at the start."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    people = [f"bounce{i}@b.example" for i in range(3000)]
    daemon.write("people.csv", "email\n" + "\n".join(people) + "\n")
    daemon.cli("contacts", "import", "people.csv", "--list", "all")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:all")
    daemon.wait_job(job)
    daemon.cli("job", "retry", job, "--state", "bounced")
    daemon.kill()
    daemon.start()
    wait_until(lambda: daemon.job(job)["state"] == "finished", 30, "the second round")
    after = daemon.recipients(job)
    assert {r["state"] for r in after.values()} == {"bounced"}
    # One that was on the wire when the daemon was killed may count once more.
    assert {r["attempts"] for r in after.values()} <= {2, 3}
    assert all(r["attempts"] == 2 + r["doubts"] for r in after.values())
