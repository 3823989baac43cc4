"""The judge and the receivers of the tests about pace, tested themselves: what they report must be true."""

import smtplib
import socket
import ssl
import threading
import time

import pytest

import judge
import nameserver
from judge import Connection, Limits, Record, Transaction
from nameserver import Liar, Lie, Names, NameServer, ask
from shaped import Shaped

HERE, THERE = "127.0.0.21", "127.0.0.22"


# --- The judge, with forged records.


def forge(times, number=1, place=HERE, lasts=0.01):
    """A connection with transactions that begin at these times."""
    said = [Transaction(t, t + lasts, f"user{i}@dest.example", 250) for i, t in enumerate(times)]
    return Connection(number, place, "127.0.0.2", min(times), max(times) + 1, transactions=said)


def even(count, begin=1000.0, apart=0.02):
    return [begin + i * apart for i in range(count)]


def found(record, **limits):
    return [(v.limit, v.allowed, v.seen) for v in judge.violations(Record(record), Limits(**limits))]


def test_a_rate_that_is_kept_is_no_violation():
    assert found([forge(even(500))], rates=[(50, "s")]) == []
    # A window that ends when the fifty-first comes does not contain it.
    assert judge.worst_window([0.0, 1.0], 1) == (1, 0.0)


@pytest.mark.parametrize("at", [0, 1, 250, 499])
def test_one_message_too_early_is_found_anywhere(at):
    times = even(500)
    extra = times[at] + 0.001
    assert found([forge(sorted([*times, extra]))], rates=[(50, "s")]) == [("messages in 1 s", 50, 51)]


def test_a_burst_across_the_border_of_a_second_is_found():
    """Fifty in the end of one second and fifty in the beginning of the next: each second by itself is fine."""
    times = even(50, 1000.5, 0.009) + even(50, 1001.0, 0.009)
    assert found([forge(times)], rates=[(50, "s")])[0][2] > 90


def test_the_longer_rate_is_judged_beside_the_shorter():
    times = even(130, apart=0.1)
    assert found([forge(times)], rates=[(50, "s"), (120, "min")]) == [("messages in 60 s", 120, 130)]


def test_messages_of_all_connections_count_together():
    halves = [forge(even(100, apart=0.04)), forge(even(100, 1000.01, apart=0.04), number=2, place=THERE)]
    assert found(halves, rates=[(40, "s")]) == [("messages in 1 s", 40, 50)]
    for place in (HERE, THERE):
        assert judge.violations(Record(halves).of([place]), Limits(rates=[(25, "s")])) == []


def test_connections_at_once():
    spans = [(0, 10), (5, 15), (10, 20), (15, float("inf"))]
    record = [Connection(i, HERE, "127.0.0.2", *span) for i, span in enumerate(spans)]
    assert found(record, connections=2) == []
    record.append(Connection(9, HERE, "127.0.0.2", 12, 12.001))
    assert found(record, connections=2) == [("connections", 2, 3)]
    assert judge.violations(Record(record), Limits(connections=2))[0].at == 12


def test_new_connections():
    record = [Connection(i, HERE, "127.0.0.2", i * 3.0, i * 3.0 + 1) for i in range(60)]
    assert found(record, connection_rate=(20, "min")) == []
    record.append(Connection(99, HERE, "127.0.0.2", 60.5, 61))
    assert found(record, connection_rate=(20, "min")) == [("new connections in 60 s", 20, 21)]


def test_messages_on_a_connection():
    assert found([forge(even(7))], messages=7) == []
    assert found([forge(even(7)), forge(even(8), number=2)], messages=7) == [("messages on connection 2", 7, 8)]


def test_transactions_in_flight():
    assert found([forge(even(20), lasts=0.039)], in_flight=2) == []
    assert found([forge(even(20), lasts=0.041)], in_flight=2) == [("in flight on connection 1", 2, 3)]


def test_what_was_used():
    # Full speed for three seconds, and then a machine that is busy.
    times = even(150) + even(50, 1003.0, 0.1)
    assert judge.used(times, (50, "s"), 3) == pytest.approx(1.0)
    assert judge.used(even(100, apart=0.0227), (50, "s"), 2) < 0.9
    spans = Record([Connection(1, HERE, "x", 0, 10), Connection(2, HERE, "x", 0, 6), forge([7.0], number=3)])
    assert judge.share_of_time([(0, 10), (5, 10)], 2, 0, 10) == pytest.approx(0.75)
    assert judge.busiest_share(spans, 2, 4) == pytest.approx(1.0)
    assert judge.gap_after([1, 4], 2) == 2 and judge.gap_after([1], 2) == float("inf")


def test_a_record_is_cut_in_time_and_by_place():
    record = Record([forge(even(10)), forge(even(10, 1005), number=2, place=THERE)])
    assert judge.violations(record, Limits(connections=1, rates=((9, "s"),)), since=1004) == [
        judge.Violation("messages in 1 s", 9, 10, 1005.0)
    ]
    assert judge.violations(record, Limits(rates=((9, "s"),)), since=1005.1) == []
    assert record.of([HERE]).places() == [HERE] and record.of(sources=["127.0.0.9"]) == []


def test_limits_in_the_words_of_the_configuration():
    limits = Limits(connections=2, rates=((50, "s"), (120, "min")), connection_rate=(20, "min"), messages=7)
    assert limits.words() == (
        'connections = 2  connection_rate = "20/min"  rate = { "50/s", "120/min" }  messages_per_connection = 7'
    )
    assert limits.manner()["rates"] == [[50, 1], [120, 60]] and limits.manner()["connection_rate"] == [20, 60]


# --- The receivers, with smtplib.


def client(port, place=HERE, source="127.0.0.2"):
    return smtplib.SMTP(place, port, local_hostname="me.example", timeout=10, source_address=(source, 0))


def deliver(connection, to="b@dest.example"):
    connection.sendmail("a@send.example", [to], f"Subject: x\r\n\r\n{'x' * 3000}\r\n.dot\r\n")


def limited(**limits):
    return {"limits": Limits(**limits).manner()}


def test_what_a_client_does_is_written_down(start):
    shaped = start(Shaped, {HERE: {}, THERE: {"starttls": True}})
    before = time.time()
    with client(shaped.port) as one, client(shaped.port, THERE, "127.0.0.3") as two:
        deliver(one, "first@dest.example")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        two.starttls(context=context)
        deliver(two, "second@dest.example")
        assert shaped.open() == {HERE: 1, THERE: 1}
        assert [c.ended for c in shaped.record()] == [float("inf")] * 2
    record = shaped.record()
    assert [(c.place, c.source, c.ehlo, c.tls) for c in sorted(record, key=lambda c: c.number)] == [
        (HERE, "127.0.0.2", "me.example", False),
        (THERE, "127.0.0.3", "me.example", True),
    ]
    assert record.delivered() == {"first@dest.example": 1, "second@dest.example": 1}
    for c in record:
        (t,) = c.transactions
        assert before - 0.01 <= c.opened <= t.begun <= t.answered <= c.ended <= time.time()
    assert shaped.complaints() == []


@pytest.mark.parametrize("provider", ["", "orange", "yahoo", "google", "microsoft", "free"])
def test_connections_above_the_limit_are_refused(start, provider):
    shaped = start(Shaped, {HERE: {**limited(connections=1), "provider": provider}})
    with client(shaped.port) as one:
        with pytest.raises(smtplib.SMTPConnectError) as refusal:
            client(shaped.port)
        assert refusal.value.smtp_code == 421
        time.sleep(3 * judge.TICKS)  # an overlap that the record can show
        client(shaped.port, source="127.0.0.3").quit()  # each client has its own
        deliver(one)
    client(shaped.port).quit()  # and there is room again
    (complaint,) = shaped.complaints()
    assert (complaint["limit"], complaint["allowed"], complaint["seen"]) == ("connections", 1, 2)
    assert len(judge.violations(shaped.record().of(sources=["127.0.0.2"]), Limits(connections=1))) == 1
    assert judge.violations(shaped.record().of(sources=["127.0.0.3"]), Limits(connections=1)) == []


def test_an_ended_connection_makes_room_at_once(start):
    shaped = start(Shaped, {HERE: limited(connections=1)})
    for _ in range(200):
        with socket.create_connection((HERE, shaped.port)) as wire:
            assert wire.recv(100).startswith(b"220 ")
            wire.sendall(b"EHLO x\r\n")  # and it is closed without QUIT
    client(shaped.port).quit()
    assert shaped.complaints() == []
    assert judge.violations(shaped.record(), Limits(connections=1)) == []


def test_all_places_of_a_group_count_together(start):
    manner = {"total": Limits(connections=1).manner(), "group": "g"}
    shaped = start(Shaped, {HERE: manner, THERE: manner})
    with client(shaped.port), pytest.raises(smtplib.SMTPConnectError):
        client(shaped.port, THERE, "127.0.0.3")
    assert len(shaped.complaints()) == 1


def test_rates_are_enforced_in_sliding_windows(start):
    shaped = start(Shaped, {HERE: limited(rates=((5, "s"),), connection_rate=(2, "s"), messages=8)})
    codes = []
    with client(shaped.port) as one:
        for _ in range(7):
            codes.append(one.mail("a@send.example")[0])
            one.rset()
        time.sleep(1.1)
        for _ in range(2):
            codes.append(one.mail("a@send.example")[0])
            one.rset()
    client(shaped.port).quit()
    client(shaped.port).quit()
    with pytest.raises(smtplib.SMTPConnectError):
        client(shaped.port)
    assert codes == [250] * 5 + [450] * 2 + [250, 450]
    assert [c["limit"] for c in shaped.complaints()] == [
        "messages in 1 s",
        "messages in 1 s",
        "messages on a connection",
        "new connections in 1 s",
    ]
    limits = Limits(rates=((5, "s"),), connection_rate=(2, "s"), messages=8)
    assert [v.seen for v in judge.violations(shaped.record(), limits)] == [3, 7, 9]


def test_what_is_only_watched_is_taken(start):
    shaped = start(Shaped, {HERE: {**limited(connections=1), "enforce": False}})
    with client(shaped.port), client(shaped.port) as two:
        deliver(two)
    assert len(shaped.complaints()) == 1 and len(shaped.record().delivered()) == 1


FLIGHT = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 12 LAST\r\nSubject: x\r\n"


def hear(wire, lines):
    return [wire.readline().decode().split()[0][:4] for _ in range(lines)]


def test_flights_overlap_and_are_counted(start):
    shaped = start(Shaped, {HERE: {**limited(in_flight=2), "delay": 0.2, "enforce": False}})
    with socket.create_connection((HERE, shaped.port), 10) as sock, sock.makefile("rb") as wire:
        hear(wire, 1)
        began = time.monotonic()
        sock.sendall(FLIGHT * 3)
        assert hear(wire, 9) == ["250"] * 9
        assert 0.15 < time.monotonic() - began < 0.5
    (connection,) = shaped.record()
    assert judge.peak(judge.in_flight_spans(connection))[0] == 3
    assert [c["limit"] for c in shaped.complaints()] == ["in flight"]


def test_times_are_those_of_the_wire(start):
    """A receiver that sleeps does not see messages later than they came."""
    shaped = start(Shaped, {HERE: {}})
    with client(shaped.port) as one, client(shaped.port) as two:
        shaped.process.popen.send_signal(19)
        sent = [time.time()]
        one.send(b"MAIL FROM:<a@send.example>\r\n")
        time.sleep(0.3)
        sent.append(time.time())
        two.send(b"MAIL FROM:<a@send.example>\r\n")
        time.sleep(0.2)
        shaped.process.popen.send_signal(18)
        assert one.getreply()[0] == two.getreply()[0] == 250
        one.rset()
        two.rset()
    assert shaped.record().times() == pytest.approx(sent, abs=0.05)


def test_a_place_behaves_as_it_is_told(start):
    shaped = start(Shaped, {HERE: {"script": [{"step": "greeting", "reply": "421 4.3.2 Busy {ip}", "times": 1}]}})
    with pytest.raises(smtplib.SMTPConnectError) as refusal:
        client(shaped.port)
    assert refusal.value.smtp_error == b"4.3.2 Busy 127.0.0.2"
    with client(shaped.port) as one:
        script = [
            {"step": "rcpt", "reply": "550 5.1.1 Nobody", "recipient": "gone"},
            {"step": "end", "reply": "451 4.7.1 Not from you", "source": "127.0.0.2", "times": 1},
        ]
        shaped.change(HERE, script=script)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            deliver(one, "gone@dest.example")
        with pytest.raises(smtplib.SMTPDataError):
            deliver(one, "there@dest.example")
        deliver(one, "there@dest.example")
    assert [t.code for t in shaped.record().transactions()] == [550, 451, 250]
    shaped.change(HERE, listening=False)
    with pytest.raises(ConnectionRefusedError):
        client(shaped.port)
    shaped.change(HERE, listening=True, tarpit=0.2)
    began = time.monotonic()
    with client(shaped.port) as one:
        one.ehlo()
    assert 0.5 < time.monotonic() - began < 2
    shaped.change(HERE, tarpit=0, script=[{"step": "greeting", "reply": None}])
    with socket.create_connection((HERE, shaped.port), 0.4) as wire, pytest.raises(TimeoutError):
        wire.recv(10)


def test_many_clients(start):
    shaped = start(Shaped, {HERE: limited(connections=20), THERE: limited(connections=20)})

    def work(place):
        with client(shaped.port, place) as one:
            for i in range(20):
                deliver(one, f"user{i}@dest.example")

    threads = [threading.Thread(target=work, args=(place,)) for place in (HERE, THERE) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shaped.complaints() == [] and len(shaped.record().times()) == 400
    assert judge.peak(judge.connection_spans(shaped.record().of([HERE])))[0] <= 10


# --- The DNS servers, with dnspython.


NAMES = Names(
    mail={
        "orange.test": ["10 mx1.orange.test", "20 mx2.orange.test"],
        "no.test": ["0 ."],
        "*.many.test": ["10 mx.many.test"],
    },
    hosts={"mx1.orange.test": ["127.0.0.21", "::1"], "bare.test": ["127.0.0.22"]},
    aliases={"other.test": "orange.test"},
)


def texts(answer):
    return sorted(data.to_text().lower() for rrset in answer.answer for data in rrset)


def rcode(answer):
    return nameserver.dns.rcode.to_text(answer.rcode())


def test_the_real_server_tells_what_it_is_given(start):
    server = start(NameServer, NAMES)
    assert texts(ask(server.port, "Orange.test", "MX")) == ["10 mx1.orange.test.", "20 mx2.orange.test."]
    assert texts(ask(server.port, "mx1.orange.test", "AAAA")) == ["::1"]
    assert texts(ask(server.port, "no.test", "MX")) == ["0 ."]
    assert texts(ask(server.port, "other.test", "MX"))[-1] == "orange.test."
    assert texts(ask(server.port, "d77.many.test", "MX")) == ["10 mx.many.test."]
    missing = ask(server.port, "missing.example", "MX")
    assert rcode(missing) == "NXDOMAIN" and missing.authority
    assert rcode(ask(server.port, "bare.test", "MX")) == "NOERROR" and not ask(server.port, "bare.test", "MX").answer
    many = {f"d{i}.test": [f"10 mx{i % 7}.test"] for i in range(100000)}
    many["big.test"] = [f"{i} mx{i}.big.test" for i in range(100)]
    server.change(Names(many))
    assert texts(ask(server.port, "d99999.test", "MX")) == ["10 mx4.test."]
    assert ask(server.port, "big.test", "MX").flags & nameserver.dns.flags.TC
    assert len(texts(ask(server.port, "big.test", "MX", tcp=True))) == 100
    assert rcode(ask(server.port, "orange.test", "MX")) == "NXDOMAIN"


def test_the_liar_lies_only_as_told(start):
    big = Names({**NAMES.mail, "big.test": [f"{i} mx{i}.big.test" for i in range(100)]}, NAMES.hosts, NAMES.aliases)
    liar = start(Liar, big)
    assert texts(ask(liar.port, "orange.test", "MX")) == ["10 mx1.orange.test.", "20 mx2.orange.test."]
    assert rcode(ask(liar.port, "missing.test", "MX")) == "NXDOMAIN"
    assert ask(liar.port, "big.test", "MX").flags & nameserver.dns.flags.TC
    assert len(texts(ask(liar.port, "big.test", "MX", tcp=True))) == 100
    liar.lies["orange.test"] = Lie(nameserver.RCODE, "SERVFAIL")
    assert rcode(ask(liar.port, "orange.test", "MX")) == "SERVFAIL"
    assert rcode(ask(liar.port, "mx1.orange.test", "A")) == "SERVFAIL"
    for kind, value in ((nameserver.SILENT, None), (nameserver.WRONG_ID, None), (nameserver.LATE, 0.6)):
        liar.lies["orange.test"] = Lie(kind, value)
        with pytest.raises((nameserver.dns.exception.Timeout, nameserver.dns.query.BadResponse)):
            ask(liar.port, "orange.test", "MX", timeout=0.3)
    liar.lies["orange.test"] = Lie(nameserver.TRUNCATED)
    assert ask(liar.port, "orange.test", "MX").flags & nameserver.dns.flags.TC
    assert texts(ask(liar.port, "orange.test", "MX", tcp=True))
    liar.lies["orange.test"] = Lie(nameserver.CNAME_LOOP)
    assert texts(ask(liar.port, "orange.test", "MX")) == ["loop.orange.test.", "orange.test."]
    for kind in (nameserver.GARBAGE, nameserver.CUT_SHORT, nameserver.WRONG_NAME):
        liar.lies["orange.test"] = Lie(kind)
        with pytest.raises((nameserver.dns.exception.DNSException, ValueError)):
            ask(liar.port, "orange.test", "MX", timeout=0.3)
    assert liar.asked["orange.test", "MX"] == 11 and liar.asked_tcp["orange.test", "MX"] == 1
