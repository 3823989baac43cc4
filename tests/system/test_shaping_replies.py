"""
What receivers say is heard: those that ask for less are slowed, those that want nothing for a while are left alone, and
what they say of one recipient or of one message is not held against anybody else. In the words of real receivers, and
by the rules and providers that ship, except where a test must not wait for hours.
"""

import time

import pytest

import judge
from shaped import Field, Host, assert_each_once
from tocsin import PATIENCE, assert_adds_up, wait_until

YAHOO = (
    "421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected volume or user complaints - "
    "4.16.55.1; see https://postmaster.yahooinc.com/error-codes"
)
GMAIL = (
    "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n"
    "421-4.7.28 from your IP address. To protect our users from spam, mail sent\n"
    "421-4.7.28 from your IP address has been temporarily rate limited. For more\n"
    "421-4.7.28 information, go to https://support.google.com/mail/answer/81126\n421 4.7.28 gsmtp"
)
MICROSOFT = (
    "550 5.7.1 Unfortunately, messages from [{ip}] weren't sent. Please contact your Internet service provider since "
    "part of their network is on our block list (S3140). You can also refer your provider to "
    "http://mail.live.com/mail/troubleshooting.aspx#errors."
)
ORANGE = (
    "421 mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. "
    "OFR004_104 [104]"
)
SHIPPED = {
    "mta5.am0.yahoodns.net": ("mail", YAHOO),
    "gmail-smtp-in.l.google.com": ("end", GMAIL),
    "mx1.hotmail.olc.protection.outlook.com": ("mail", MICROSOFT),
}


def say(step, reply, **more):
    return {"script": [{"step": step, "reply": reply, **more}]}


def provider_field(start):
    manners = {name: {"starttls": True, **say(*said)} for name, said in SHIPPED.items()}
    hosts = {name: Host(f"127.0.0.{21 + i}", manner) for i, (name, manner) in enumerate(manners.items())}
    hosts["smtp-in.orange.fr"] = Host("127.0.0.31", {"starttls": True, **say("greeting", ORANGE, times=1)})
    hosts["mx.free.test"] = Host("127.0.0.41")
    mail = {f"d{i}.test": [f"10 {name}"] for i, name in enumerate(hosts)}
    return start(Field, hosts, mail), {name: f"d{i}.test" for i, name in enumerate(hosts)}


def test_the_rules_that_ship_hear_what_receivers_say(start):
    field, domains = provider_field(start)
    job, addresses = field.send({domain: 40 for domain in domains.values()})
    wait_until(lambda: len(field.record("mx.free.test").delivered()) == 40, 20, "the receiver without complaints")
    for name, (_, reply) in SHIPPED.items():
        wait_until(lambda: int(reply[:3]) in codes(field.record(name)), 10, f"{name} to say something")
    time.sleep(0.5 * PATIENCE)
    held = {name: len(field.record(name)) for name in SHIPPED}
    time.sleep(2.5)
    for name in ("mta5.am0.yahoodns.net", "mx1.hotmail.olc.protection.outlook.com"):
        assert len(field.record(name)) == held[name], f"{name} is left alone"
        assert len(field.record(name).times()) <= 20, "no more was tried than was on its way"
    view = field.daemon.job(job)
    assert_adds_up(view)
    assert view["bounced"] == 0, "that it does not want us is not a fault of the recipients"

    # One connection, in a while; and what it takes is delivered.
    orange = field.record("smtp-in.orange.fr")
    refused = orange.openings()[0]
    assert judge.peak(judge.connection_spans(orange, since=refused + 0.5 * PATIENCE))[0] <= 1

    for name in SHIPPED:
        assert field.site(name)["state"] in ("suspended", "blocked", "slowed"), name

    # It is still known after a restart, and shown with what was said.
    field.daemon.stop()
    field.daemon.start()
    time.sleep(1.5)
    assert len(field.record("mta5.am0.yahoodns.net")) == held["mta5.am0.yahoodns.net"]
    shown = field.daemon.cli("site", "show", "mta5.am0.yahoodns.net").stdout
    assert "TSS04" in shown

    # A person may know better.
    field.change(*SHIPPED, script=[])
    for name in SHIPPED:
        field.daemon.cli("site", "resume", field.site(name)["provider"])
    resumed = {domains[name] for name in ("mta5.am0.yahoodns.net", "mx.free.test")}
    wanted = [address for address in addresses if address.split("@")[1] in resumed]
    wait_until(lambda: set(wanted) <= set(field.record().delivered()), 30, "those that were resumed")
    assert {c for c in field.record().delivered().values()} == {1}


PERSONAL = {
    "gone": "550 5.1.1 Recipient address rejected: User unknown in virtual mailbox table",
    "full": "452 4.2.2 The email account that you tried to reach is over quota. Please direct the recipient to "
    "https://support.google.com/mail/?p=OverQuotaTemp",
    "popular": "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional "
    "messages from being delivered. Please resend your message at a later time.",
    "grey": "450 4.2.0 Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/p.test.html",
}


def test_what_is_said_of_one_recipient_is_not_held_against_the_site(start):
    script = [{"step": "rcpt", "reply": reply, "recipient": name} for name, reply in PERSONAL.items()]
    name = "gmail-smtp-in.l.google.com"
    field = start(Field, {name: Host("127.0.0.21", {"starttls": True, "script": script})}, {"p.test": [f"10 {name}"]})
    for local in PERSONAL:
        field.send({"p.test": 12}, to=local)
    job, addresses = field.send({"p.test": 100}, to="well")
    assert field.daemon.wait_job(job, timeout=20)["delivered"] == 100
    assert field.site(name)["state"] not in ("suspended", "blocked", "slowed")
    assert_each_once(field.record(), addresses)


RULES = """
rule "slow-down" { reply = "4?? *please slow down*"  action = "slow"  connections = 1  rate = "5/s"  for = "4s" }
rule "pause" { reply = "421 *not now*"  action = "suspend"  for = "3s" }
rule "thrice" { reply = "451 *third time*"  action = "suspend"  for = "1h"  count = 3  within = "1m" }
rule "content" { reply = "554 *content*"  action = "hold_job"  for = "1h" }
"""


def codes(record):
    return {t.code for t in record.transactions()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Four receivers that say something after a while, and one job to all of them."""
    hosts = {
        "mx.slow.test": Host("127.0.0.21", {"delay": 0.02}),
        "mx.pause.test": Host("127.0.0.22", {"delay": 0.02}),
        "mx.thrice.test": Host("127.0.0.23", say("end", "451 4.7.1 This is the third time", times=2)),
        "mx.content.test": Host("127.0.0.24", {}),
    }
    mail = {name.removeprefix("mx."): [f"10 {name}"] for name in hosts}
    site = 'connections = 4  in_flight = 1  rate = "80/s"'
    field = Field(tmp_path_factory.mktemp("replies"), hosts, mail, extra=RULES, site=site)
    try:
        people = {"slow.test": 120, "pause.test": 130, "thrice.test": 30, "content.test": 1}
        job, field.addresses = field.send(people)
        for name in ("mx.slow.test", "mx.pause.test"):
            field.wait_messages(name, 40)
        field.change("mx.slow.test", **say("mail", "450 4.7.1 Too many messages from {ip}, please slow down", times=1))
        field.change("mx.pause.test", **say("mail", "421 4.7.0 Not now, try again later", times=1))
        field.change("mx.content.test", **say("end", "554 5.7.1 Message content rejected"))
        refused, _ = field.send({"content.test": 30}, to="refused")
        wait_until(lambda: 450 in codes(field.record("mx.slow.test")), 5, "the receiver that asks for less")
        wait_until(lambda: 421 in codes(field.record("mx.pause.test")), 5, "the one that wants a pause")
        wait_until(lambda: field.daemon.job(refused)["bounced"], 5, "the refusal of the content")
        time.sleep(0.5)
        field.listed = field.daemon.cli("site", "list", "--json", check=False)
        field.refused = field.daemon.job(refused)
        field.change("mx.content.test", script=[])
        other, others = field.send({"content.test": 5}, to="other")
        field.daemon.wait_job(job, timeout=60, each=assert_adds_up)
        field.other = field.daemon.job(other)
        field.addresses += others
    finally:
        field.stop()
    return field


def test_it_is_shown_who_is_held_back_and_why(run):
    lines = {line["site"].split("+")[0]: line for line in run.listed.json_lines()}
    assert lines["mx.slow.test"]["state"] == "slowed" and "please slow down" in lines["mx.slow.test"]["why"]
    assert lines["mx.pause.test"]["state"] == "suspended" and "Not now" in lines["mx.pause.test"]["why"]


def moment(record, code):
    """When the receiver first answered so."""
    return min(t.answered for t in record.transactions() if t.code == code)


def test_a_site_that_asks_for_less_gets_less(run):
    record = run.record("mx.slow.test")
    asked = moment(record, 450)
    # What was on its way when it asked is not counted.
    after = [t for t in record.times() if asked + 0.2 * PATIENCE < t < asked + 4]
    assert judge.worst_window(after, 1)[0] <= 5
    assert len(after) >= 12, "slowed is not stopped"
    assert judge.peak(judge.connection_spans(record, since=asked + 0.3 * PATIENCE))[0] <= 4
    gone = asked + max(1, 0.3 * PATIENCE)  # by then, the others have said good-bye
    early = [(first, min(last, asked + 4)) for first, last in judge.connection_spans(record, gone)]
    assert judge.peak([span for span in early if span[0] < span[1]])[0] == 1
    # It recovers step by step, and not at once to what it had.
    soon = [t for t in record.times() if asked + 4 <= t < asked + 8]
    assert judge.worst_window(soon, 1)[0] <= 10


def test_a_site_that_wants_a_pause_has_it(run):
    record = run.record("mx.pause.test")
    asked = moment(record, 421)
    assert not [t for t in record.times() if asked + 0.2 * PATIENCE < t < asked + 2.9]
    assert not [t for t in record.openings() if asked + 0.2 * PATIENCE < t < asked + 2.9]
    assert judge.gap_after(record.times(), asked + 2.9) < 3 * PATIENCE, "and then it goes on by itself"
    since = asked + 2.9
    assert judge.peak(judge.connection_spans(record, since))[0] == 1, "with one connection"
    # A tenth of its usual rate, in the first minute.
    assert judge.worst_window([t for t in record.times() if since <= t < since + 5], 1)[0] <= 8


def test_twice_is_not_thrice(run):
    record = run.record("mx.thrice.test")
    assert [t.code for t in record.transactions()].count(451) == 2
    assert judge.gap_after(record.times(), moment(record, 451)) < 2 * PATIENCE
    assert len(record.delivered()) == 30


def test_a_message_that_is_refused_is_held_there_and_no_other(run):
    assert 1 <= run.refused["bounced"] <= 10 and run.refused["delivered"] == 0
    assert run.refused["queued"] + run.refused["deferred"] >= 15
    assert run.other["delivered"] == 5


def test_nobody_else_was_written_to_twice(run):
    assert_each_once(run.record(), run.addresses)
