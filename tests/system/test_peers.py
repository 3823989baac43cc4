"""The receivers themselves, tested with Python's smtplib and by hand: what they report must be true."""

import pathlib
import random
import smtplib
import socket
import ssl
import subprocess
import time

import dkim
import pytest

import opendkim
from tocsin import BUILD, AioSmtpd, Postfix, Process, Sink, make_certificate, make_rsa_key, public_key_record

TEXT = "From: a@send.example\r\nTo: b@dest.example\r\nMessage-ID: <{}@send.example>\r\nSubject: x\r\n\r\n{}\r\n"


def insecure():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Wire:
    """A client by hand: say bytes, hear whole replies."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.file = self.socket.makefile("rb")

    def hear(self):
        """One reply as (code, last line), or (0, "") at the end of the connection."""
        while True:
            line = self.file.readline().decode("latin-1")
            if not line:
                return 0, ""
            if line[3:4] != "-":
                return (int(line[:3]) if line[:3].isdigit() else -1), line.strip()

    def codes(self, count):
        return [self.hear()[0] for _ in range(count)]

    def say(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def ask(self, data):
        self.say(data)
        return self.hear()[0]

    def greet(self):
        assert self.hear()[0] == 220
        assert self.ask("EHLO me.example\r\n") == 250
        return self

    def close(self):
        self.file.close()
        self.socket.close()


ENVELOPE = "MAIL FROM:<a@send.example>\r\nRCPT TO:<{}@dest.example>\r\n"


def flight(local, body="Subject: x\r\n\r\nhello\r\n"):
    return ENVELOPE.format(local) + f"BDAT {len(body)} LAST\r\n{body}"


def test_message_through_tls_is_logged_and_kept(start, folder):
    keep = folder / "kept"
    keep.mkdir()
    sink = start(Sink, "--keep", keep, "--hash")
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as client:
        client.starttls(context=insecure())
        body = TEXT.format(1, ".one\r\n..two\r\n.")
        client.sendmail("a@send.example", ["b@dest.example", "c.d@dest.example"], body)
    (message,) = sink.wait_messages(1)
    assert (message.sender, message.recipients) == ("a@send.example", ["b@dest.example", "c.d@dest.example"])
    assert (message.id, message.bytes, message.tls) == ("<1@send.example>", len(body), True)
    (kept,) = sink.kept()
    assert kept.read_bytes() == body.encode()
    assert subprocess.run(["sha256sum", kept], capture_output=True, text=True).stdout.startswith(message.digest)
    assert sink.faults() == []
    summary = sink.stop()
    assert (summary["messages"], summary["recipients"], summary["handshakes"]) == (1, 2, 1)


def test_certificate_from_files(start, folder):
    cert, key = make_certificate(folder)
    sink = start(Sink, "--tls", cert, key, tls=False)
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as client:
        client.starttls(context=context)
    assert sink.stop()["handshakes"] == 1


def test_bdat_counts_octets_exactly(sink):
    wire = Wire(sink.port).greet()
    wire.say(ENVELOPE.format("b"))
    assert wire.codes(2) == [250, 250]
    # A chunk may end in the middle of a line, and hold what looks like commands or a final dot.
    assert wire.ask(b"BDAT 9\r\nSubject: ") == 250
    assert wire.ask(b"BDAT 0\r\n") == 250
    assert wire.ask(b"BDAT 14 LAST\r\nx\r\n\r\n.\r\nQUIT\r\n") == 250
    assert wire.ask("QUIT\r\n") == 221
    assert sink.wait_messages(1)[0].bytes == 23
    assert sink.faults() == []
    assert sink.stop()["bdat"] == 1


def test_refused_bdat_is_read_to_its_end(sink):
    wire = Wire(sink.port).greet()
    wire.say(flight("bounce1") + flight("b"))
    assert wire.codes(6) == [250, 550, 554, 250, 250, 250]
    assert wire.ask("QUIT\r\n") == 221
    assert sink.recipients() == {"b@dest.example": 1}
    assert sink.faults() == []


def test_pipelined_flights_are_no_fault(sink):
    wire = Wire(sink.port).greet()
    for number in range(50):
        wire.say(flight(f"u{number}"))
    assert wire.codes(150) == [250] * 150
    wire.say(ENVELOPE.format("last") + "DATA\r\n")
    assert wire.codes(3) == [250, 250, 354]
    wire.say("Subject: x\r\n\r\nhello\r\n.\r\n" + ENVELOPE.format("next") + "RSET\r\n")
    assert wire.codes(4) == [250, 250, 250, 250]
    assert len(sink.wait_messages(51)) == 51
    assert sink.faults() == []


@pytest.mark.parametrize(
    "bytes_sent, fault",
    [
        ("DATA\r\nSubject: x\r\n\r\n.\r\n", "bytes before the answer"),
        ("BDAT 8 LAST\r\nx: y\nz\r\n", "LF without CR"),
        ("BDAT 4 LAST\r\nx: y", "does not end with CRLF"),
        ("BDAT 7 LAST\r\nx: \xe9\r\n", "octets above 127"),
        (f"BDAT 1004 LAST\r\nx: {'y' * 999}\r\n", "more than 998"),
        ("MAIL FROM:<c@send.example>\r\n", "open already"),
        ("HELP ME\r\n", "unknown"),
        ("RCPT TO: <b@dest.example>\r\n", "path"),
        ("RCPT TO:<b@dest_example>\r\n", "address"),
        ("RSET\n", "LF alone"),
        ("NOOP\r\nRSET\r\n", "bytes before the answer"),
        ("X" * 3000 + "\r\n", "2048"),
    ],
)
def test_faults_of_the_client_are_noticed(sink, bytes_sent, fault):
    wire = Wire(sink.port).greet()
    wire.say(ENVELOPE.format("b"))
    assert wire.codes(2) == [250, 250]
    wire.say(bytes_sent.encode("utf-8"))
    wire.hear()
    wire.close()
    assert any(fault in sentence for sentence in sink.faults()), sink.faults()


def test_pipelining_that_was_not_offered_is_a_fault(start):
    sink = start(Sink, "--no-pipelining", "--no-chunking", "--no-smtputf8", tls=False)
    wire = Wire(sink.port)
    assert wire.hear()[0] == 220
    wire.say("EHLO me.example\r\n")
    offered = [wire.file.readline().decode().strip()[4:] for _ in range(4)]
    assert not {"PIPELINING", "CHUNKING", "STARTTLS", "SMTPUTF8"} & set(offered)
    wire.say("RSET\r\nRSET\r\n")
    assert wire.codes(2) == [250, 250]
    sink.stop()
    assert sink.faults() == ["a command before the last one was answered, without PIPELINING"]


def test_bare_lf_cannot_end_a_message(sink):
    wire = Wire(sink.port).greet()
    wire.say(ENVELOPE.format("b") + "DATA\r\n")
    assert wire.codes(3) == [250, 250, 354]
    wire.say("Subject: x\r\n\r\nhello\n.\nMAIL FROM:<smuggler@send.example>\r\n.\n")
    wire.say("\r\n.\r\n")
    assert wire.hear()[0] == 250
    (message,) = sink.wait_messages(1)
    assert message.sender == "a@send.example"
    assert "LF without CR in the message" in sink.faults()


@pytest.mark.parametrize("cut", range(1, 30, 3))
def test_dots_survive_any_division_of_the_stream(start, folder, cut):
    keep = folder / "kept"
    keep.mkdir()
    sink = start(Sink, "--keep", keep, tls=False)
    wire = Wire(sink.port).greet()
    wire.say(ENVELOPE.format("b") + "DATA\r\n")
    assert wire.codes(3) == [250, 250, 354]
    body = b"Message-ID:\r\n <1@x>\r\n\r\n..\r\n...a\r\n.\r\n"
    for at in range(0, len(body), cut):
        wire.say(body[at : at + cut])
        time.sleep(0.002)
    assert wire.hear()[0] == 250
    assert sink.wait_messages(1)[0].id == "<1@x>"
    assert sink.kept()[0].read_bytes() == b"Message-ID:\r\n <1@x>\r\n\r\n.\r\n..a\r\n"
    assert sink.faults() == []


def test_words_in_local_parts(start):
    sink = start(Sink, "--defer-times", 2)
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as client:
        outcomes = []
        for local in ["bounce1", "bouncer", "defer1", "defer1", "defer1", "spam1", "late.1"]:
            try:
                client.sendmail("a@send.example", [f"{local}@dest.example"], TEXT.format(local, "x"))
                outcomes.append((local, 250))
            except smtplib.SMTPRecipientsRefused as refusal:
                outcomes.append((local, list(refusal.recipients.values())[0][0]))
            except smtplib.SMTPDataError as refusal:
                outcomes.append((local, refusal.smtp_code))
    assert outcomes == [
        ("bounce1", 550),
        ("bouncer", 250),
        ("defer1", 450),
        ("defer1", 450),
        ("defer1", 250),
        ("spam1", 554),
        ("late.1", 451),
    ]
    assert sink.recipients() == {"bouncer@dest.example": 1, "defer1@dest.example": 1}


def transact(sink):
    """What one message and a QUIT hear: codes up to the end, 0 for a closed connection."""
    heard = []
    try:
        wire = Wire(sink.port, 3)
        heard.append(wire.hear()[0])
        for line in ["EHLO me.example\r\n", *ENVELOPE.format("b").splitlines(True)]:
            heard.append(wire.ask(line))
        heard.append(wire.ask("BDAT 6 LAST\r\nx: y\r\n"))
        heard.append(wire.ask("QUIT\r\n"))
    except (ConnectionError, TimeoutError) as end:
        heard.append("late" if isinstance(end, TimeoutError) else 0)
    while heard[-1:] == [0]:
        heard.pop()
    return heard


@pytest.mark.parametrize(
    "kind, heard, logged",
    [
        ("banner-554", [554], 0),
        ("banner-421:100:4.7.0 Busy", [421], 0),
        ("greet-close", [], 0),
        ("ehlo-502", [220, 502, 503, 503, 503, 221], 0),
        ("mail-421", [220, 250, 421], 0),
        ("mail-451", [220, 250, 451, 503, 503, 221], 0),
        ("rcpt-450:100", [220, 250, 250, 450, 554, 221], 0),
        ("rcpt-close", [220, 250, 250], 0),
        ("data-554", [220, 250, 250, 250, 554, 221], 0),
        ("data-421", [220, 250, 250, 250, 421], 0),
        ("close-mid-body", [220, 250, 250, 250], 0),
        ("drop-before-log", [220, 250, 250, 250], 0),
        ("drop-after-log", [220, 250, 250, 250], 1),
        ("data-garbage", [220, 250, 250, 250, -1, 221], 0),
        ("stall", [220, 250, "late"], 0),
        ("mail-451:0", [220, 250, 250, 250, 250, 221], 1),
    ],
)
def test_faults_on_request(start, kind, heard, logged):
    sink = start(Sink, "--fault", kind)
    assert transact(sink) == heard
    assert sink.stop()["messages"] == logged
    assert len(sink.messages()) == logged


def test_faults_strike_as_often_as_asked_and_the_same_for_a_seed(start):
    def run(name, seed):
        sink = start(Sink, "--fault", "rcpt-450:20", "--seed", seed, name=name)
        wire = Wire(sink.port).greet()
        wire.say("".join(flight(f"u{n}") for n in range(1000)))
        codes = wire.codes(3000)[1::3]
        return codes

    first, second, other = run("one", 7), run("two", 7), run("three", 8)
    assert first == second != other
    assert 150 < first.count(450) < 250


@pytest.mark.parametrize("kind", ["starttls-fail", "starttls-454"])
def test_starttls_that_fails(start, kind):
    sink = start(Sink, "--fault", kind)
    client = smtplib.SMTP("127.0.0.1", sink.port, timeout=5)
    if kind == "starttls-454":
        assert client.docmd("STARTTLS")[0] == 503  # before EHLO
        client.ehlo()
        assert client.docmd("STARTTLS")[0] == 454
    else:
        with pytest.raises((ssl.SSLError, OSError)):
            client.starttls(context=insecure())
    client.close()


def test_delay_holds_replies_but_not_input(start):
    sink = start(Sink, "--delay", 100)
    began = time.monotonic()
    wire = Wire(sink.port).greet()
    assert 0.2 <= time.monotonic() - began < 0.6
    began = time.monotonic()
    wire.say("".join(flight(f"u{n}") for n in range(100)))
    assert wire.codes(300) == [250] * 300
    assert 0.1 <= time.monotonic() - began < 0.5
    assert sink.faults() == []


def test_messages_a_connection_are_limited(start):
    sink = start(Sink, "--max-messages-per-connection", 3)
    wire = Wire(sink.port).greet()
    wire.say("".join(flight(f"u{n}") for n in range(6)))
    # Everything that was accepted is answered, although more was on its way.
    assert wire.codes(11) == [250] * 9 + [421, 0]
    assert len(sink.messages()) == 3


def test_many_connections_in_threads(start):
    sink = start(Sink, threads=3)
    wires = [Wire(sink.port).greet() for _ in range(60)]
    for number, wire in enumerate(wires):
        wire.say("".join(flight(f"u{number}.{n}") for n in range(20)))
    for wire in wires:
        assert wire.codes(60) == [250] * 60
    assert set(sink.wait_messages(1200)[0].recipients) and len(sink.recipients()) == 1200
    assert sink.stop()["peak"] == 60


def test_sessions_resume(sink):
    context = insecure()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for _ in range(2):
        wire = Wire(sink.port).greet()
        assert wire.ask("STARTTLS\r\n") == 220
        secured = context.wrap_socket(wire.socket, session=session)
        secured.sendall(b"EHLO me\r\n")
        secured.recv(1000)
        session = secured.session
        secured.close()
    summary = sink.stop()
    assert (summary["handshakes"], summary["resumed"]) == (2, 1)


def test_plain_text_behind_starttls_is_thrown_away(sink):
    wire = Wire(sink.port).greet()
    assert wire.ask("STARTTLS\r\nMAIL FROM:<injected@send.example>\r\n") == 220
    secured = insecure().wrap_socket(wire.socket)
    secured.sendall(b"RCPT TO:<b@dest.example>\r\n")
    assert secured.recv(100).startswith(b"503")
    sink.stop()
    assert "bytes behind STARTTLS before its answer" in sink.faults()


def test_noise_does_not_harm(sink):
    chance = random.Random(5)
    words = [b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@b.c>", b"BDAT 5", b"BDAT 9999999999999", b"DATA", b"EHLO x", b"RSET"]
    words += [b"\r\n", b"\n", b".\r\n", b"..", b"<", b">", b'"', b"\\", b" SIZE=", b"\x00", b"\xff", b"STARTTLS"]
    for _ in range(60):
        wire = Wire(sink.port)
        try:
            noise = (chance.choice(words) + b"\r\n"[: chance.randrange(3)] for _ in range(300))
            wire.say(b"EHLO x\r\n" + b"".join(noise))
        except OSError:
            pass
        wire.close()
    assert transact(sink) == [220, 250, 250, 250, 250, 221]
    sink.stop()


@pytest.mark.parametrize(
    "options",
    [
        ["--listen", "nowhere"],
        ["--fault", "mail-999"],
        ["--fault", "rcpt-450:101"],
        ["--threads", "0"],
        ["--what"],
        ["--tls", "one.pem"],
        ["x"],
    ],
)
def test_wrong_options_are_refused(folder, options):
    process = Process("wrong", [BUILD / "bench/sink", *options], folder)
    assert process.popen.wait(10) == 1
    assert process.stderr().startswith("sink: ") and process.stderr().endswith(".\n")


def test_postfix_takes_mail_by_data_bdat_and_tls(start):
    postfix = start(Postfix)
    before = pathlib.Path("/etc/postfix/main.cf").stat().st_mtime
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=20) as client:
        client.starttls(context=insecure())
        client.sendmail("a@send.example", ["b@dest.example"], TEXT.format(1, "by DATA"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@send.example", ["b@elsewhere.example"], TEXT.format(2, "x"))
    wire = Wire(postfix.port, 20).greet()
    wire.say(flight("u1") + flight("u2"))
    assert wire.codes(6) == [250] * 6
    messages = postfix.wait_messages(3)
    assert any(b"by DATA" in message for message in messages)
    assert "status=sent" in postfix.log()
    assert pathlib.Path("/etc/postfix/main.cf").stat().st_mtime == before


def test_aiosmtpd_takes_mail(start):
    receiver = start(AioSmtpd)
    with smtplib.SMTP("127.0.0.1", receiver.port, timeout=10) as client:
        client.starttls(context=insecure())
        client.ehlo()
        assert client.has_extn("smtputf8")
        client.sendmail("a@send.example", ["b@dest.example"], TEXT.format(1, "hello"))
    ((sender, recipients, content, tls),) = receiver.wait_messages(1)
    assert (sender, recipients, tls) == ("a@send.example", ["b@dest.example"], True)
    assert content == TEXT.format(1, "hello").encode()


def test_opendkim_knows_good_from_bad(folder):
    if not opendkim.can_verify():
        pytest.skip("opendkim-testmsg needs a DNS of its own, and so a network namespace")
    key = folder / "key.pem"
    make_rsa_key(key)
    message = b"Date: Sat, 21 Nov 2026 20:00:00 +0000\r\n" + TEXT.format(1, "hello").encode()
    signed = dkim.sign(message, b"s1", b"send.example", key.read_bytes()) + message
    names = {"s1._domainkey.send.example": public_key_record(key)}
    good, bad = folder / "good.eml", folder / "bad.eml"
    good.write_bytes(signed)
    bad.write_bytes(signed.replace(b"hello", b"hallo"))
    assert opendkim.verify([good], names) == {}
    assert list(opendkim.verify([good, bad], names)) == [str(bad)]
