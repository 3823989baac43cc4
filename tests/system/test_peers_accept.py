"""Mail servers that we did not write take a job, over TLS."""

import email
import email.policy
import re

import pytest

from tocsin import APPEAL, AioSmtpd, Daemon, Postfix, assert_adds_up, import_people


def to_of(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return message["To"].addresses[0].addr_spec


@pytest.mark.parametrize("in_flight", [1, 4])
def test_postfix_accepts_a_job(start, in_flight):
    postfix = start(Postfix)
    site = f"connections = 5  messages_per_connection = 30  in_flight = {in_flight}"
    daemon = start(Daemon, postfix.port, site=site)
    addresses = import_people(daemon, 200, "--domains", "dest.example")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    assert daemon.wait_job(job, timeout=60, each=assert_adds_up)["delivered"] == 200
    messages = postfix.wait_messages(200)
    assert sorted(to_of(raw) for raw in messages) == sorted(addresses)
    assert all(b"TLSv1" in raw for raw in messages)
    log = postfix.log()
    # "lost connection after CONNECT" is how the fixture sees whether Postfix answers.
    faults = re.findall("improper command pipelining|lost connection after (?!CONNECT)|warning: non-SMTP|fatal", log)
    assert faults == [], log[-3000:]


def test_postfix_bounces_what_it_does_not_know(start):
    postfix = start(Postfix)
    daemon = start(Daemon, postfix.port)
    known = import_people(daemon, 30, "--domains", "dest.example")
    import_people(daemon, 30, "--domains", "other.example", name="other.csv")
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    done = daemon.wait_job(job, each=assert_adds_up)
    assert (done["delivered"], done["bounced"]) == (30, 30)
    assert sorted(to_of(raw) for raw in postfix.wait_messages(30)) == sorted(known)


@pytest.mark.parametrize("require_starttls", [False, True])
def test_aiosmtpd_accepts_a_job(start, require_starttls):
    receiver = start(AioSmtpd, require_starttls=require_starttls)
    daemon = start(Daemon, receiver.port)
    addresses = import_people(daemon, 200, "--utf8", 10)
    job = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    assert daemon.wait_job(job, timeout=60, each=assert_adds_up)["delivered"] == 200
    messages = receiver.wait_messages(200)
    assert sorted(recipients[0] for _, recipients, _, _ in messages) == sorted(addresses)
    assert all(tls for _, _, _, tls in messages)
