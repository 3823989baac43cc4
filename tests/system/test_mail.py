"""The mail itself: Python's parser finds no defect in it, three verifiers find its signature good."""

import contextlib
import csv
import email
import email.policy
import email.utils
import itertools
import re
import socket
import threading
import time

import dkim
import pytest

import opendkim
from tocsin import APPEAL, CONFIG, Daemon, Sink, make_contacts, public_key_record

COUNT = 200


@pytest.fixture
def mails(start, folder):
    """200 mails to contacts with names in every script, as bytes by recipient, and their daemon and sink."""
    keep = folder / "kept"
    keep.mkdir()
    sink = start(Sink, "--keep", keep)
    daemon = start(Daemon, sink.port)
    path = make_contacts(folder / "people.csv", COUNT)
    daemon.cli("contacts", "import", path, "--list", "everyone")
    daemon.wait_job(daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone"))
    assert len(sink.kept()) == COUNT
    return daemon, sink, path, [file.read_bytes() for file in sink.kept()]


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def defects_of(message):
    found = [str(defect) for part in message.walk() for defect in part.defects]
    for part in message.walk():
        for name, value in part.items():
            found += [f"{name}: {defect}" for defect in getattr(value, "defects", ())]
    return found


def people_of(path):
    with open(path, encoding="utf-8", newline="") as text:
        return {row["email"]: row for row in csv.DictReader(text)}


def test_two_hundred_parse_and_verify(mails, folder):
    daemon, sink, path, raws = mails
    people = people_of(path)
    names = {"s1._domainkey.send.example": public_key_record(daemon.key)}

    def dnsfunc(name, timeout=5):
        return names[name.decode().rstrip(".")].encode()

    ids, seen = set(), set()
    for raw in raws:
        message = parse(raw)
        assert defects_of(message) == []
        address = email.utils.parseaddr(str(message["To"]))[1]
        check_wire_form(raw)
        check_headers(message, people[address])
        check_parts(message, people[address])
        ids.add(message["Message-ID"])
        seen.add(address)
        assert dkim.verify(raw, dnsfunc=dnsfunc), raw.decode()
    assert seen == set(people) and len(ids) == COUNT
    assert sink.faults() == []
    if not opendkim.can_verify():
        pytest.skip("opendkim-testmsg needs a DNS of its own, and so a network namespace")
    assert opendkim.verify(sink.kept(), names) == {}


def check_wire_form(raw):
    assert raw.endswith(b"\r\n")
    lines = raw.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    header = raw.partition(b"\r\n\r\n")[0]
    assert header.isascii()
    assert max(map(len, header.split(b"\r\n"))) <= 998


def check_headers(message, person):
    for name in "From To Subject Date Message-ID MIME-Version Content-Type List-Unsubscribe List-Id".split():
        assert len(message.get_all(name, [])) == 1, name
    assert message["Subject"] == f"{person['first_name']}, will you share it?"
    assert email.utils.parseaddr(str(message["From"])) == ("Agir für Ämnesty", "agir@send.example")
    assert re.fullmatch(r"<[^<>@\s]+@send\.example>", message["Message-ID"])
    assert abs(message["Date"].datetime.timestamp() - email.utils.localtime().timestamp()) < 3600
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.search(r"<https://[^<>\s]+>", message["List-Unsubscribe"])
    signed = re.sub(r"\s", "", re.search(r"\bh=([^;]*)", message["DKIM-Signature"])[1].lower()).split(":")
    # RFC 8058 §4 wants both signed; From stands there twice so that none can be added.
    assert {"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"} <= set(signed)
    assert signed.count("from") == 2


def check_parts(message, person):
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    greeting = f"Hello {person['first_name']} {person['last_name']},"
    plain = text.get_content()
    assert " ".join(greeting.split()) in " ".join(plain.split())
    assert f"from {person['country']}" in plain
    assert "https://send.example/share?a=1&b=2" in plain
    assert "{{" not in plain and "**" not in plain
    markup = html.get_content()
    assert "<strong>Thank you</strong>" in markup
    assert 'href="https://send.example/share?a=1&amp;b=2"' in markup
    assert person["first_name"] in markup


def send_one(start, folder, contacts, message=APPEAL, **sink_options):
    """One job to a few contacts; returns (daemon, sink, parsed mails)."""
    keep = folder / "kept"
    keep.mkdir()
    sink = start(Sink, "--keep", keep, *sink_options.get("options", []))
    daemon = start(Daemon, sink.port)
    daemon.cli("contacts", "import", daemon.write("people.csv", contacts), "--list", "everyone")
    daemon.wait_job(daemon.send(daemon.write("appeal.md", message), "list:everyone"))
    return daemon, sink, [parse(file.read_bytes()) for file in sink.kept()]


def test_a_contact_without_a_name_gets_the_default(start, folder):
    _, _, (mail,) = send_one(start, folder, "email\nplain@dest.example\n")
    assert mail["Subject"] == "Friend, will you share it?"


def test_what_a_contact_wrote_is_text_and_not_markup(start, folder):
    name = "<b>Eve</b> & *Co* [x](http://evil.example)"
    _, _, (mail,) = send_one(start, folder, f'email,first_name\nplain@dest.example,"{name}"\n')
    html = mail.get_body(("html",)).get_content()
    assert "<b>Eve</b>" not in html and "&lt;b&gt;Eve&lt;/b&gt; &amp;" in html
    assert "evil.example\"" not in html
    assert name in str(mail["Subject"])


def test_line_breaks_in_an_attribute_cannot_make_headers(start, folder):
    people = 'email,first_name\nplain@dest.example,"Eve\r\nBcc: victim@dest.example"\n'
    _, sink, (mail,) = send_one(start, folder, people)
    assert mail["Bcc"] is None
    assert sink.recipients() == {"plain@dest.example": 1}


def test_international_addresses(start, folder):
    people = "email,first_name\nuser@bücher.example,A\nпочта@dest.example,B\n"
    _, sink, mails = send_one(start, folder, people)
    received = set(sink.recipients())
    assert "почта@dest.example" in received
    assert received & {"user@bücher.example", "user@xn--bcher-kva.example"}
    # Python's parser knows no RFC 6532: it calls the UTF-8 of the address in To a defect, and nothing else.
    found = [defect for mail in mails for defect in defects_of(mail)]
    assert all(defect.startswith("To:") and "on-ASCII" in defect for defect in found), found
    assert sink.faults() == []


def test_international_addresses_where_smtputf8_is_not_offered(start, folder):
    people = "email,first_name\nuser@bücher.example,A\nпочта@dest.example,B\n"
    daemon, sink, _ = send_one(start, folder, people, options=["--no-smtputf8"])
    assert sink.recipients() == {"user@xn--bcher-kva.example": 1}
    states = {row["state"] for row in daemon.recipients(1).values()}
    assert states == {"delivered", "bounced"}
    assert sink.faults() == []


def test_html_messages(start, folder):
    message = "Subject: Hi\nFrom: a@send.example\n\n<html><body><p>Dear {{ contact.first_name }}</p></body></html>\n"
    _, _, (mail,) = send_one(start, folder, "email,first_name\nplain@dest.example,Zoë\n", message)
    assert "<p>Dear Zoë</p>" in mail.get_body(("html",)).get_content()
    assert "Dear Zoë" in mail.get_body(("plain",)).get_content()


UNSIGNED = CONFIG.replace('    dkim {{ selector = "s1"  key = "dkim.pem" }}\n', "")
FRENCH = """Subject: Été
From: a@send.example
Layout: none

Chère {{ contact.first_name }}, l'été est là ; écrivez-nous.
"""
ENGLISH = FRENCH.replace("Été", "Summer").replace("Chère", "Dear").replace("l'été est là ; écrivez-nous", "summer is here")


@pytest.mark.parametrize("signed, options, message, name, encoding", [
    (False, [], FRENCH, "Zoe", "8bit"),
    (False, ["--no-8bitmime"], FRENCH, "Zoe", "quoted-printable"),
    (True, [], FRENCH, "Zoe", "quoted-printable"),  # RFC 6376 §5.3
    (True, [], ENGLISH, "Zoe", "7bit"),
    (True, [], ENGLISH, "Zoë", "quoted-printable"),
])
def test_the_encoding_that_takes_the_least_and_can_hold_it(start, folder, signed, options, message, name, encoding):
    keep = folder / "kept"
    keep.mkdir()
    sink = start(Sink, "--keep", keep, *options)
    daemon = start(Daemon, sink.port, config=None if signed else UNSIGNED, site="connections = 1  idle = \"1h\"")
    people = "email,first_name\n" + "".join(f"p{i}@dest.example,{name}\n" for i in range(20))
    daemon.cli("contacts", "import", daemon.write("people.csv", people), "--list", "everyone")
    for _ in range(2):  # what a server offers is known from the second job on
        daemon.wait_job(daemon.send(daemon.write("message.md", message), "list:everyone"))
    mails = [parse(file.read_bytes()) for file in sink.kept()]
    assert len(mails) == 40 and sink.faults() == []
    assert [part["Content-Transfer-Encoding"] for part in mails[-1].iter_parts()] == [encoding] * 2
    for mail in mails:
        assert defects_of(mail) == []
        assert all(name in part.get_content() for part in mail.iter_parts())


def test_what_was_composed_in_8_bits_is_composed_again_for_a_server_that_does_not_take_them(start, folder):
    first = start(Sink)
    daemon = start(Daemon, first.port, config=UNSIGNED, site='connections = 1  idle = "10ms"',
                   extra='retry { first = "1s"  factor = 1  max = "1s" }')
    daemon.cli("contacts", "import", daemon.write("people.csv", "email,first_name\na@dest.example,Zoe\n"), "--list", "all")
    daemon.wait_job(daemon.send(daemon.write("message.md", FRENCH), "list:all"))
    port = first.port
    first.stop()
    keep = folder / "kept"
    keep.mkdir()
    second = start(Sink, "--listen", f"127.0.0.1:{port}", "--keep", keep, "--no-8bitmime")
    daemon.wait_job(daemon.send(daemon.folder / "message.md", "list:all"))
    (mail,) = [parse(file.read_bytes()) for file in second.kept()]
    assert [part["Content-Transfer-Encoding"] for part in mail.iter_parts()] == ["quoted-printable"] * 2
    assert second.faults() == []


class Alternating:
    """A receiver whose sessions with odd numbers offer 8BITMIME; one of those leaves after some messages."""

    def __init__(self, folder, last_of_one):
        self.last_of_one, self.sessions, self.eight_bit_faults = last_of_one, itertools.count(), 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(connection, next(self.sessions)), daemon=True).start()

    def _serve(self, connection, number):
        with connection, connection.makefile("rwb", buffering=0) as lines:
            if number == 1:
                time.sleep(0.3)
            lines.write(b"220 hello\r\n")
            taken = 0
            for line in lines:
                verb = line[:4].upper()
                if verb == b"EHLO":
                    lines.write(b"250-here\r\n" + b"250-8BITMIME\r\n" * (number % 2) + b"250 SIZE 1000000\r\n")
                elif verb == b"DATA":
                    lines.write(b"354 go on\r\n")
                    body = b"".join(iter(lines.readline, b".\r\n"))
                    self.eight_bit_faults += not number % 2 and not body.isascii()
                    taken += 1
                    time.sleep(0.01)
                    lines.write(b"250 taken\r\n")
                    if number == 1 and taken == self.last_of_one:
                        lines.write(b"421 bye\r\n")
                        return
                else:
                    lines.write(b"250 yes\r\n")

    def stop(self):
        self.socket.close()


@pytest.mark.parametrize("last_of_one", [11, 1000], ids=["it leaves", "it stays"])
def test_servers_of_one_site_with_and_without_8bitmime_cost_each_copy_once_or_twice(start, folder, last_of_one):
    receiver = start(Alternating, last_of_one)
    daemon = start(Daemon, receiver.port, config=UNSIGNED, tls="none", site="connections = 2  in_flight = 4")
    people = "email,first_name\n" + "".join(f"p{i}@dest.example,Zoe\n" for i in range(100))
    daemon.cli("contacts", "import", daemon.write("people.csv", people), "--list", "everyone")
    daemon.wait_job(daemon.send(daemon.write("message.md", FRENCH), "list:everyone"))
    composed = [value for name, value in daemon.metrics().items() if name.startswith("tocsin_messages_composed")]
    assert 100 <= sum(composed) <= 300
    assert receiver.eight_bit_faults == 0
