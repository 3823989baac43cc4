"""The last look: whoever leaves, refuses, is suppressed or erased while a job runs gets nothing more of it."""

import pytest

from tocsin import APPEAL, Daemon, Sink, assert_adds_up, import_people, wait_until

# Slow, so that there is time to leave; at this rate one copy at most is composed ahead.
SLOW_SITE = 'connections = 1  messages_per_connection = 1000  in_flight = 1  rate = "4/s"'
TOPICAL = APPEAL.replace("Subject:", "Topic: Death-Penalty\nSubject:", 1)
TOPIC = "death-penalty"

# Who does what, and the part of a sentence that says so afterwards.
LEAVERS = {
    "suppressed": (["suppress"], "the contact is suppressed"),
    "unsubscribed": (["unsubscribe"], "the contact unsubscribed"),
    "list": (["unsubscribe", "--list", "everyone"], 'the contact left the list "everyone"'),
    "topic": (["unsubscribe", "--topic", TOPIC], 'the contact left the topic "Death-Penalty"'),
    "consent": (["consent"], "the contact refused consent to mail"),
    "erased": (["erase"], "the contact was erased"),
}


def leave(daemon, what, address):
    words, _ = LEAVERS[what]
    daemon.cli("contacts", words[0], address, *(["refused"] if what == "consent" else words[1:]))


@pytest.mark.threads
@pytest.mark.parametrize("paused", [False, True], ids=["sending", "paused"])
def test_who_leaves_while_a_job_runs_gets_nothing_more(start, paused):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    addresses = [f"a{i:02}@dest.example" for i in range(24)]
    daemon.cli("contacts", "import", daemon.write("people.csv", "\n".join(["email", *addresses])), "--list", "everyone")
    numbers = {address: daemon.cli_json("contacts", "show", address)["id"] for address in addresses}
    job = daemon.send(daemon.write("appeal.md", TOPICAL), "list:everyone")
    wait_until(lambda: daemon.job(job)["delivered"] >= 2, 20, "two copies delivered")
    if paused:
        daemon.cli("job", "pause", job)
    # One domain is sent to in the order of contact numbers: the last ones have time to leave.
    leavers = dict(zip(LEAVERS, addresses[-len(LEAVERS) :]))
    for what, address in leavers.items():
        leave(daemon, what, address)
    if paused:
        daemon.stop()
        daemon.start()
        daemon.cli("job", "resume", job)
    done = daemon.wait_job(job, timeout=60, each=assert_adds_up)
    assert (done["delivered"], done["skipped"]) == (18, 6)
    assert set(sink.recipients()) == set(addresses) - set(leavers.values())
    rows = {row["contact"]: row for row in daemon.cli("job", "recipients", job, "--json").json_lines()}
    for what, address in leavers.items():
        row = rows[numbers[address]]
        assert (row["state"], row["reason"]) == ("skipped", LEAVERS[what][1])
        assert row["address"] == (None if what == "erased" else address)
        if what != "erased":
            assert LEAVERS[what][1] in daemon.cli("why", address, job).stdout
    assert daemon.cli("why", leavers["erased"], job, check=False).rc == 1


def test_leaving_lasts(start):
    """Over a restart, an import of the old file, and to the next job; and it can be taken back."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port)
    addresses = import_people(daemon, 10)
    for what, address in zip(LEAVERS, addresses):
        leave(daemon, what, address)
    daemon.stop()
    daemon.start()
    old = daemon.cli("contacts", "import", daemon.folder / "people.csv", "--list", "everyone")
    assert "1 contact had left the list" in old.stdout
    message = daemon.write("appeal.md", TOPICAL)
    done = daemon.wait_job(daemon.send(message, "list:everyone"))
    # Who left the list is no recipient; who was erased came back with the file, as somebody new.
    assert (done["recipients"], done["delivered"], done["skipped"]) == (9, 5, 4)
    shown = daemon.cli_json("contacts", "show", addresses[2])
    assert (shown["lists"], shown["left_lists"]) == ([], ["everyone"])
    daemon.cli("contacts", "unsuppress", addresses[0])
    daemon.cli("contacts", "resubscribe", addresses[1])
    daemon.cli("contacts", "resubscribe", addresses[2], "--list", "everyone")
    daemon.cli("contacts", "resubscribe", addresses[3], "--topic", TOPIC.upper())
    daemon.cli("contacts", "consent", addresses[4], "granted")
    done = daemon.wait_job(daemon.send(message, "list:everyone"))
    assert (done["recipients"], done["delivered"]) == (10, 10)


def test_one_of_two_lists(start):
    """Who leaves a list still gets what is for another list that they are on."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    addresses = [f"a{i:02}@dest.example" for i in range(20)]
    stays, leaves = addresses[-2:]
    daemon.cli("contacts", "import", daemon.write("a.csv", "\n".join(["email", *addresses])), "--list", "a")
    daemon.cli("contacts", "import", daemon.write("b.csv", f"email\n{stays}\n"), "--list", "b")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:a or list:b")
    for address in stays, leaves:
        daemon.cli("contacts", "unsubscribe", address, "--list", "a")
    done = daemon.wait_job(job)
    assert (done["delivered"], done["skipped"]) == (19, 1)
    assert set(sink.recipients()) == set(addresses) - {leaves}


def test_who_left_and_what_became_of_their_last_copy(start):
    """Who leaves a list gets what is for those whom an earlier job did not reach only if they are one of them."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, site=SLOW_SITE)
    reached, missed = "reached@dest.example", "bounce1@dest.example"
    addresses = [*(f"a{i:02}@dest.example" for i in range(18)), reached, missed]
    daemon.cli("contacts", "import", daemon.write("a.csv", "\n".join(["email", *addresses])), "--list", "a")
    daemon.cli("contacts", "import", daemon.write("b.csv", f"email\n{reached}\n{missed}\n"), "--list", "b")
    appeal = daemon.write("appeal.md", APPEAL)
    first = daemon.send(appeal, "list:b")
    daemon.wait_job(first)
    job = daemon.send(appeal, f"list:a or job:{first}:bounced")
    for address in reached, missed:
        daemon.cli("contacts", "unsubscribe", address, "--list", "a")
    done = daemon.wait_job(job)
    assert (done["delivered"], done["bounced"], done["skipped"]) == (18, 1, 1)
    assert sink.recipients()[reached] == 1
    assert 'left the list "a"' in daemon.cli("why", reached, job).stdout


def test_consent_can_be_required(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port)
    daemon.stop()
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace('identity "example" {', 'identity "example" {\n    require_consent = true', 1))
    daemon.start()
    daemon.cli("contacts", "import", daemon.write("a.csv", "email\nx@d.example\ny@d.example\n"), "--list", "a")
    daemon.cli(
        "contacts", "import", daemon.write("b.csv", "email\ny@d.example\n"), "--list", "a", "--consent", "granted"
    )
    done = daemon.wait_job(daemon.send(daemon.write("appeal.md", APPEAL), "list:a"))
    assert (done["delivered"], done["skipped"]) == (1, 1)
    assert set(sink.recipients()) == {"y@d.example"}
    assert "has not given consent" in daemon.cli("why", "x@d.example").stdout


def test_erased_for_good(daemon):
    path = daemon.write("people.csv", "email\npaul@d.example\nanna@d.example\n")
    daemon.cli("contacts", "import", path, "--list", "one")
    daemon.cli("contacts", "erase", "paul@d.example", "--keep-suppressed")
    again = daemon.cli("contacts", "import", path, "--list", "one", "--rejects", daemon.folder / "rejects.csv")
    assert "1 rejected" in again.stdout
    assert "was erased" in (daemon.folder / "rejects.csv").read_text("utf-8-sig")
    assert daemon.cli_json("contacts", "count", "all")["contacts"] == 1
    wait_until(lambda: daemon.log_lines("erased"), 5, "a line in the log")
    assert "paul" not in str(daemon.log_lines("erased"))
