"""A job from its submission to its end: exactly one copy each, numbers that add up, and who is in charge."""

import time

import pytest

from tocsin import APPEAL, PATIENCE, QUICK_RETRY, Daemon, Sink, assert_adds_up, import_people, wait_until

# A job that takes some seconds, so that there is time to do something to it.
SLOW_SITE = 'connections = 2  messages_per_connection = 1000  in_flight = 1  rate = "200/s"'


def assert_once(sink, addresses):
    counts = sink.recipients()
    assert set(counts) == set(addresses)
    assert set(counts.values()) <= {1}, [pair for pair in counts.items() if pair[1] > 1][:5]


def assert_no_more_than_attempts(sink, addresses, daemon, job):
    """Where answers were lost, a copy may come again, but never more often than the ledger says it was tried."""
    counts = sink.recipients()
    rows = daemon.recipients(job)
    assert set(counts) == set(addresses)
    assert [pair for pair in counts.items() if pair[1] > rows[pair[0]]["attempts"]] == []


def test_ten_thousand_exactly_once(daemon, sink):
    addresses = import_people(daemon, 10000)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    polls = []

    def look(view):
        assert_adds_up(view)
        polls.append(view)

    done = daemon.wait_job(job, timeout=120, each=look)
    assert (done["recipients"], done["delivered"]) == (10000, 10000)
    assert done["started_at"] and done["finished_at"]
    delivered = [view["delivered"] for view in polls]
    assert delivered == sorted(delivered)
    assert_once(sink, addresses)
    assert sink.faults() == []
    assert len({message.id for message in sink.messages()}) == 10000
    assert daemon.metrics()['tocsin_outcomes_total{state="delivered"}'] == 10000
    assert len(daemon.log_lines("delivered")) == 10000
    summary = sink.stop()
    assert summary["peak"] <= 20
    assert summary["bdat"] == 10000
    assert summary["handshakes"] == summary["connections"]


@pytest.mark.threads
def test_ledger_of_a_mixed_job(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    addresses = import_people(daemon, 2000, "--bounce", 5, "--defer", 10)
    bounced = {a for a in addresses if a.startswith("bounce")}
    deferred = {a for a in addresses if a.startswith("defer")}
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    done = daemon.wait_job(job, timeout=60, each=assert_adds_up)
    assert (done["bounced"], done["delivered"]) == (len(bounced), 2000 - len(bounced))
    assert_once(sink, set(addresses) - bounced)
    ledger = daemon.recipients(job)
    assert set(ledger) == set(addresses)
    assert {a for a, row in ledger.items() if row["state"] == "bounced"} == bounced
    assert {row["attempts"] for a, row in ledger.items() if a in deferred} == {2}
    assert {row["attempts"] for a, row in ledger.items() if a not in deferred} == {1}
    assert all("5.1.1" in ledger[a]["reply"] for a in bounced)
    assert sink.faults() == []


def test_why_tells_the_story_of_a_copy(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    people = "email,first_name\nbounce1@dest.example,A\ndefer1@dest.example,B\nplain@dest.example,C\n"
    daemon.cli("contacts", "import", daemon.write("people.csv", people), "--list", "everyone")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    daemon.wait_job(job)
    assert "550" in daemon.cli("why", "bounce1@dest.example", job).stdout
    story = daemon.cli_json("why", "defer1@dest.example", job)["copies"][0]
    assert (story["job"], story["state"], story["attempts"]) == (job, "delivered", 2)
    assert daemon.cli_json("why", "plain@dest.example")["copies"][0]["job"] == job
    nobody = daemon.cli("why", "nobody@dest.example", job, check=False)
    assert nobody.rc == 1 and "nobody@dest.example" in nobody.stderr


def settled(daemon, job):
    """The job once nothing of it is on the wire."""
    return wait_until(lambda: next((j for j in [daemon.job(job)] if j["in_flight"] == 0), None), 20, "in_flight 0")


@pytest.mark.threads
def test_pause_and_resume(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    addresses = import_people(daemon, 1000)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= 100, 30, "a hundred delivered")
    daemon.cli("job", "pause", job)
    view = settled(daemon, job)
    assert view["state"] == "paused" and 0 < view["delivered"] < 1000
    before = len(sink.messages())
    time.sleep(1)
    assert len(sink.messages()) == before == daemon.job(job)["delivered"]
    daemon.cli("job", "resume", job)
    daemon.wait_job(job, each=assert_adds_up)
    assert_once(sink, addresses)


@pytest.mark.threads
def test_cancel_cancels(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    import_people(daemon, 1000)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= 100, 30, "a hundred delivered")
    daemon.cli("job", "cancel", job)
    view = wait_until(
        lambda: next((j for j in [daemon.job(job)] if j["queued"] + j["in_flight"] == 0), None), 20, "an empty queue"
    )
    assert_adds_up(view)
    assert view["state"] == "cancelled" and view["cancelled"] > 0
    assert view["delivered"] + view["cancelled"] == 1000
    time.sleep(1)
    assert len(sink.messages()) == view["delivered"]
    refused = daemon.cli("job", "resume", job, check=False)
    assert refused.rc == 1 and "cancelled" in refused.stderr


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_nothing_begins_after_the_answer(start, command):
    """Nor what was composed already, for the flight after the one that is on the wire."""
    sink = start(Sink, "--delay", "500")
    daemon = start(Daemon, sink.port, site="connections = 2  messages_per_connection = 1000  in_flight = 4")
    import_people(daemon, 1000)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= 16, 30, "some flights")
    daemon.cli("job", command, job)
    before = daemon.job(job)
    after = settled(daemon, job)
    assert after["delivered"] <= before["delivered"] + before["in_flight"] < 1000
    time.sleep(1.5)
    assert len(sink.messages()) == daemon.job(job)["delivered"] == after["delivered"]


@pytest.mark.threads
def test_paused_job_survives_a_restart(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    addresses = import_people(daemon, 600)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= 50, 30, "fifty delivered")
    daemon.cli("job", "pause", job)
    daemon.stop()
    daemon.start()
    view = daemon.job(job)
    assert view["state"] == "paused" and view["delivered"] == len(sink.messages())
    daemon.cli("job", "resume", job)
    daemon.wait_job(job, each=assert_adds_up)
    assert_once(sink, addresses)


@pytest.mark.threads
def test_transactional_goes_first(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    import_people(daemon, 2000)
    daemon.cli("contacts", "import", daemon.write("one.csv", "email\nsigner@dest.example\n"), "--list", "signer")
    message = daemon.write("appeal.md", APPEAL)
    bulk = daemon.send(message, "list:everyone")
    wait_until(lambda: daemon.job(bulk)["delivered"] >= 50, 30, "fifty delivered")
    thanks = daemon.send(message, "list:signer", "--lane", "transactional")
    daemon.wait_job(thanks, timeout=3)
    assert daemon.job(bulk)["state"] == "sending"
    assert sink.recipients()["signer@dest.example"] == 1
    daemon.cli("job", "cancel", bulk)


@pytest.mark.threads
def test_a_suppressed_contact_gets_nothing_more(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port)
    addresses = import_people(daemon, 20)
    daemon.cli("contacts", "suppress", addresses[3])
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    done = daemon.wait_job(job, each=assert_adds_up)
    assert (done["delivered"], done["skipped"]) == (19, 1)
    assert_once(sink, set(addresses) - {addresses[3]})


def test_job_list_and_dry_run(daemon, sink):
    import_people(daemon, 50)
    message = daemon.write("appeal.md", APPEAL)
    dry = daemon.cli_json("send", message, "--to", "list:everyone", "--dry-run")
    assert dry["recipients"] == 50
    assert daemon.cli("job", "list", "--json").json_lines() == []
    first, second = daemon.send(message, "list:everyone"), daemon.send(message, "all")
    for job in first, second:
        assert daemon.wait_job(job)["recipients"] == 50
    assert [job["id"] for job in daemon.cli("job", "list", "--json").json_lines()] == [second, first]
    assert len(sink.messages()) == 100


@pytest.mark.threads
def test_watch_ends_with_the_job(daemon):
    import_people(daemon, 500)
    message = daemon.write("appeal.md", APPEAL)
    done = daemon.cli("send", message, "--to", "list:everyone", "--watch")
    assert "500" in done.stdout and "\x1b" not in done.stdout
    last = daemon.cli("send", message, "--to", "list:everyone", "--watch", "--json").json_lines()[-1]
    assert (last["state"], last["delivered"]) == ("finished", 500)


@pytest.mark.parametrize(
    "options",
    [
        ["--no-pipelining"],
        ["--no-chunking"],
        ["--no-pipelining", "--no-chunking", "--no-smtputf8"],
        ["--no-starttls"],
        ["--max-messages-per-connection", 7],
        ["--fault", "starttls-fail:100"],
        ["--fault", "starttls-454:100"],
        ["--fault", "ehlo-502:100"],
        ["--delay", 20],
        ["--fault", "banner-421:30"],
        ["--fault", "greet-close:30"],
        ["--fault", "mail-421:5"],
        ["--fault", "rcpt-450:10"],
        ["--fault", "rcpt-close:3"],
        ["--fault", "go-ahead-451:10", "--no-chunking"],
        ["--fault", "close-mid-body:3"],
        ["--fault", "close-mid-body:3", "--no-chunking"],
        ["--fault", "data-451:10"],
        ["--fault", "data-421:3"],
        ["--fault", "drop-before-log:3"],
        ["--fault", "garbage:2"],
        ["--fault", "data-garbage:2"],
        ["--fault", "stall:1"],
        ["--fault", "data-stall:1"],
    ],
    ids=lambda options: " ".join(map(str, options)),
)
def test_every_copy_arrives_once_whatever_the_receiver_does(start, options):
    sink = start(Sink, *options)
    # A receiver that stalls is given up soon, others have all the time they need.
    wait = f"{PATIENCE}s" if any("stall" in str(word) for word in options) else "60s"
    waits = " ".join(f'{name} = "{wait}"' for name in ("greeting", "ehlo", "mail", "rcpt", "data_init", "data_end"))
    daemon = start(Daemon, sink.port, extra=f"{QUICK_RETRY}\ntimeouts {{ {waits} }}")
    addresses = import_people(daemon, 500)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    done = daemon.wait_job(job, timeout=60, each=assert_adds_up)
    assert done["delivered"] == 500, done
    if any("garbage" in str(word) or "data-" in str(word) for word in options):
        assert_no_more_than_attempts(sink, addresses, daemon, job)
    else:
        assert_once(sink, addresses)
    assert sink.faults() == []


@pytest.mark.parametrize("guarantee", ["at-least-once", "at-most-once"])
def test_answers_that_never_came(start, guarantee):
    """The message was taken and the answer lost: the job's guarantee decides what is done about it."""
    sink = start(Sink, "--fault", "drop-after-log:2")
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    addresses = import_people(daemon, 500)
    options = ["--at-most-once"] if guarantee == "at-most-once" else []
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone", *options)
    done = daemon.wait_job(job, timeout=60, each=assert_adds_up)
    counts = sink.recipients()
    if guarantee == "at-most-once":
        doubtful = {address for address, row in daemon.recipients(job).items() if row["state"] == "in_doubt"}
        assert set(counts.values()) == {1}
        assert set(addresses) - set(counts) <= doubtful
        assert done["in_doubt"] == len(doubtful) > 0 and done["in_doubt"] + done["delivered"] == 500
    else:
        assert done["delivered"] == 500
        assert counts.total() > 500
        assert_no_more_than_attempts(sink, addresses, daemon, job)


def test_refused_messages_bounce(start):
    sink = start(Sink, "--fault", "data-554:10:5.7.1 We do not want this")
    daemon = start(Daemon, sink.port)
    import_people(daemon, 500)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    done = daemon.wait_job(job, each=assert_adds_up)
    assert done["bounced"] > 10 and done["bounced"] + done["delivered"] == 500
    replies = {row["reply"] for row in daemon.recipients(job).values() if row["state"] == "bounced"}
    assert all("We do not want this" in reply for reply in replies)


def test_tls_required_sends_nothing_in_clear(start):
    sink = start(Sink, tls=False)
    daemon = start(Daemon, sink.port, tls="required")
    import_people(daemon, 20)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.log_lines("site_unreachable"), 20, "a site that cannot be used")
    assert "TLS" in daemon.log_lines("site_unreachable")[0]["message"]
    view = daemon.job(job)
    assert_adds_up(view)
    assert view["queued"] == 20
    assert sink.messages() == []
    daemon.cli("job", "cancel", job)


def test_a_receiver_that_comes_later(start, folder):
    sink = start(Sink)
    port = sink.port
    sink.stop()
    daemon = start(Daemon, port, extra=QUICK_RETRY)
    addresses = import_people(daemon, 100)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    time.sleep(1)
    assert daemon.job(job)["delivered"] == 0
    later = start(Sink, port=port, name="later")
    daemon.wait_job(job, timeout=60, each=assert_adds_up)
    assert_once(later, addresses)


@pytest.mark.threads
def test_stop_and_start_in_the_middle(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    addresses = import_people(daemon, 1000)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= 100, 30, "a hundred delivered")
    daemon.stop()
    assert len(sink.messages()) < 1000
    daemon.start()
    daemon.wait_job(job, each=assert_adds_up)
    assert_once(sink, addresses)


def test_kill_in_the_middle_loses_nobody(start):
    sink = start(Sink)
    site = "connections = 4  messages_per_connection = 1000  in_flight = 4"
    daemon = start(Daemon, sink.port, site=site, extra=QUICK_RETRY)  # what is in doubt goes again
    addresses = import_people(daemon, 5000)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    wait_until(lambda: len(sink.lines()) >= 500, 30, "500 copies at the sink")
    daemon.kill()
    daemon.start()
    assert daemon.wait_job(job, timeout=60, each=assert_adds_up)["delivered"] == 5000
    assert_no_more_than_attempts(sink, addresses, daemon, job)
