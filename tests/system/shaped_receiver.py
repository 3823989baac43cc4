#!/usr/bin/python3
"""
Receivers that enforce their limits and write down all that they see: many addresses of this machine, one port, one
process. tests/system/shaped.py starts it and speaks to it; what it writes is read by judge.py.

    shaped_receiver.py SETTINGS      SETTINGS: a JSON file with "log", "control", "port", "cert", "key" and "places", a
                                     manner for each address; prints "listening PORT" when all of them listen

A manner says how a place behaves. It may be changed at any time, through the control socket:

    listening   false: connections are refused
    limits      what one client may do, and `total` what all may do together: connections, connection_rate, rates,
                messages, in_flight, as judge.Limits.manner() gives them
    group       places with the same one count together
    enforce     false: what is too much is written down, and taken
    provider    in whose words it refuses (WORDS)
    delay       seconds until an answer leaves; answers may overlap
    tarpit      seconds between two answers on a connection
    pipelining, chunking, starttls      what it offers
    script      a list of {"step", "reply", "times", "source", "recipient"}: the first that fits is said instead of the
                usual answer; reply null: nothing is ever said. Steps: greeting ehlo mail rcpt data end. "times" counts
                down, "source" is the client's address, "recipient" the beginning of a local part; a reply that begins
                with 421 ends the connection; {ip} in it is the client's address
"""

import asyncio
import bisect
import json
import re
import signal
import socket
import ssl
import struct
import sys
import time

# In the words in which receivers refuse who does too much, as their senders recorded them.
WORDS = {
    "orange": {
        "connections": "421 mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. "
        "Too many connections, slow down. OFR004_104 [104]",
        "rate": "421 mwinf5c42 ME Trop de connexions, veuillez verifier votre configuration. "
        "Too many connections, slow down. OFR004_104 [104]",
    },
    "yahoo": {
        "connections": "421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected volume or user "
        "complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
        "rate": "421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected volume or user "
        "complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
    },
    "google": {
        "connections": "421-4.7.0 Too many concurrent SMTP connections; please try again later.\n421 4.7.0 gsmtp",
        "rate": "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n"
        "421-4.7.28 from your IP address. To protect our users from spam, mail sent\n"
        "421-4.7.28 from your IP address has been temporarily rate limited.\n421 4.7.28 gsmtp",
    },
    "microsoft": {
        "connections": "421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing "
        "transmission channel",
        "rate": "451 4.7.500 Server busy. Please try again later from [{ip}]. (S77719)",
    },
    "free": {
        "connections": "421 Too many connections from {ip}",
        "rate": "451 too many errors from your ip ({ip}), please visit http://postmaster.free.fr/",
    },
    "": {
        "connections": "421 4.7.0 Too many connections from {ip}",
        "rate": "450 4.7.1 Too many messages from {ip}, please slow down",
    },
}

MANNER = {
    "listening": True,
    "limits": {},
    "total": {},
    "group": None,
    "enforce": True,
    "provider": "",
    "delay": 0,
    "tarpit": 0,
    "pipelining": True,
    "chunking": True,
    "starttls": False,
    "script": [],
}

TICKS = 0.01  # the kernel tells when connections began and ended in ticks of up to 4 ms
SO_TIMESTAMPNS = 35  # Linux: each read comes with the time at which the kernel took the bytes in
TCP_INFO_LAST_ACK = 56  # offset of tcpi_last_ack_recv, milliseconds


def receive(sock):
    """Bytes, and when they came."""
    data, notes, _, _ = sock.recvmsg(65536, 64)
    for level, kind, value in notes:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) == 16:
            seconds, nanos = struct.unpack("qq", value)
            return data, seconds + nanos / 1e9
    return data, time.time()


def time_of_last_packet(sock):
    """When the client sent something last, if only an acknowledgement, as at the beginning, or the end."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_LAST_ACK + 4)
    return time.time() - struct.unpack_from("I", info, TCP_INFO_LAST_ACK)[0] / 1000


class Window:
    """Moments of the last `keep` seconds."""

    def __init__(self):
        self.moments = []

    def add(self, at, keep):
        bisect.insort(self.moments, at)
        del self.moments[: bisect.bisect_right(self.moments, at - keep)]

    def count(self, at, seconds):
        return bisect.bisect_right(self.moments, at) - bisect.bisect_right(self.moments, at - seconds)


class Tally:
    """What one client, or all of them, did at one place, or at a group of places."""

    def __init__(self):
        self.open = 0
        self.last_end = 0
        self.openings = Window()
        self.messages = Window()

    def add_connection(self, at, limits):
        """Counts it, and returns (limit, allowed, seen) for each that it is too much for."""
        self.open += 1
        if limits.get("connections") and self.open > limits["connections"]:
            yield "connections", limits["connections"], self.open
        if limits.get("connection_rate"):
            count, seconds = limits["connection_rate"]
            self.openings.add(at, seconds)
            if self.openings.count(at, seconds) > count:
                yield f"new connections in {seconds} s", count, self.openings.count(at, seconds)

    def add_message(self, at, limits):
        rates = limits.get("rates") or []
        if rates:
            self.messages.add(at, max(seconds for _, seconds in rates))
        for count, seconds in rates:
            if self.messages.count(at, seconds) > count:
                yield f"messages in {seconds} s", count, self.messages.count(at, seconds)


class Place:
    """One address of this machine."""

    def __init__(self, town, address, manner):
        self.town, self.address = town, address
        self.manner = {**MANNER, **manner}
        self.listener = None
        self.sessions = set()

    def change(self, manner):
        self.manner.update(manner)
        self.listen_or_not()

    def listen_or_not(self):
        if self.manner["listening"] and not self.listener:
            self.listener = socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.listener.setblocking(False)
            self.listener.bind((self.address, self.town.port))
            self.listener.listen(1024)
            self.town.port = self.listener.getsockname()[1]
            asyncio.get_running_loop().add_reader(self.listener, self.accept)
        if not self.manner["listening"] and self.listener:
            asyncio.get_running_loop().remove_reader(self.listener)
            self.listener.close()
            self.listener = None
            for session in list(self.sessions):
                session.end()

    def accept(self):
        try:
            sock, peer = self.listener.accept()
        except OSError:
            return
        opened = time_of_last_packet(sock)
        # What ended before this one began was readable before it: it must not count any more.
        for session in self.town.sessions():
            session.on_readable()
        ends = [tally.last_end for _, tally in self.tallies(peer[0])]
        Session(self, sock, peer[0], max([opened] + [end for end in ends if end < opened + TICKS]))

    def tallies(self, source):
        """(limits, tally) of the client and of all."""
        group = self.manner["group"] or self.address
        yield self.manner["limits"], self.town.tallies.setdefault((group, source), Tally())
        yield self.manner["total"], self.town.tallies.setdefault((group, None), Tally())


class Session:
    def __init__(self, place, sock, source, opened):
        self.place, self.sock, self.source, self.opened = place, sock, source, opened
        self.loop = asyncio.get_running_loop()
        self.number = place.town.next_number()
        self.tls = self.incoming = self.outgoing = None
        self.handshaking = False
        self.buffer = b""
        self.reading_data, self.chunk_left, self.chunk_is_last = False, 0, False
        self.transaction = None
        self.answers = []  # (due, bytes, transaction, closes), in order
        self.out = b""
        self.due = self.loop.time()
        self.messages = self.in_flight = 0
        self.mute = self.closing = self.over = False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        place.sessions.add(self)
        self.held = [tally for _, tally in place.tallies(source)]
        self.write("opened", place=place.address, source=source, at=opened)
        self.loop.add_reader(sock, self.on_readable)
        self.greet()

    def write(self, event, **words):
        self.place.town.write(event, number=self.number, **words)

    @property
    def manner(self):
        return self.place.manner

    # --- Bytes.

    def on_readable(self):
        while not self.over:
            try:
                data, at = receive(self.sock)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                data = b""
            if not data:
                return self.end(time_of_last_packet(self.sock))
            if not self.closing:
                self.take(self.decrypt(data) if self.tls else data, at)

    def decrypt(self, data):
        self.incoming.write(data)
        plain = b""
        try:
            if self.handshaking:
                self.tls.do_handshake()
                self.handshaking = False
            while more := self.tls.read(65536):
                plain += more
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.end()
        self.send_raw(self.outgoing.read())
        return plain

    def begin_tls(self):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.place.town.tls.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.handshaking = True

    def send(self, data):
        if self.tls and not self.handshaking:
            self.tls.write(data)
            data = self.outgoing.read()
        self.send_raw(data)

    def send_raw(self, data):
        if self.over:
            return
        waiting = bool(self.out)
        self.out += data
        if not waiting:
            self.flush()

    def flush(self):
        try:
            self.out = self.out[self.sock.send(self.out) :] if self.out else b""
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            return self.end()
        if self.out:
            self.loop.add_writer(self.sock, self.flush)
        else:
            self.loop.remove_writer(self.sock)

    def end(self, at=None, politely=False):
        """Nothing counts any more. Politely: the client can read what was said before it sees the end."""
        if self.over:
            return
        self.over = True
        self.loop.remove_reader(self.sock)
        self.loop.remove_writer(self.sock)
        if politely:
            self.drain()
        else:
            self.sock.close()
        self.place.sessions.discard(self)
        at = at or time.time()
        for tally in self.held:
            tally.open -= 1
            tally.last_end = max(tally.last_end, at)
        lost = [t for _, _, t, _ in self.answers if t] + ([self.transaction] if self.transaction else [])
        for transaction in lost:
            self.write("transaction", **{**transaction, "answered": at, "code": 0})
        self.write("ended", at=at)

    def drain(self):
        """Reads to the client's end: bytes that nobody read would make the kernel break the connection off."""

        def read_on():
            try:
                if self.sock.recv(65536):
                    return
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                pass
            self.loop.remove_reader(self.sock)
            self.sock.close()

        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return self.sock.close()
        self.loop.add_reader(self.sock, read_on)
        read_on()

    # --- Answers, each in its time.

    def say(self, reply, transaction=None, closes=False):
        """Answers; `transaction` is over with it. None: nothing is said, now and ever."""
        if self.mute or self.closing:
            return
        if reply is None:
            self.mute = True
            return
        reply = reply.replace("{ip}", self.source)
        self.closing = closes = closes or reply.startswith("421")
        self.due = max(self.loop.time() + self.manner["delay"], self.due + self.manner["tarpit"])
        if transaction:
            transaction["code"], transaction["reply"] = int(reply[:3]), reply
        data = reply.replace("\n", "\r\n").encode() + b"\r\n"
        self.answers.append((self.due, data, transaction, closes))
        if len(self.answers) == 1:
            self.let_go()

    def let_go(self):
        while self.answers and not self.over:
            due, data, transaction, closes = self.answers[0]
            wait = due - self.loop.time()
            if wait > 0.0005:
                self.loop.call_later(wait, self.let_go)
                return
            self.answers.pop(0)
            if transaction:
                self.in_flight -= 1
                self.write("transaction", **{**transaction, "answered": time.time()})
            self.send(data)
            if closes:
                self.end(politely=True)

    def scripted(self, step, recipient=None):
        """Whether the script has something to say, and what."""
        for line in self.manner["script"]:
            if line["step"] != step or line.get("times", 1) <= 0:
                continue
            if line.get("source") not in (None, self.source):
                continue
            if line.get("recipient") and not (recipient or "").startswith(line["recipient"]):
                continue
            if "times" in line:
                line["times"] -= 1
            return True, line["reply"]
        return False, None

    def complain(self, limit, allowed, seen):
        words = {"limit": limit, "allowed": allowed, "seen": seen, "at": time.time()}
        self.write("complaint", place=self.place.address, source=self.source, **words)

    def refusal(self, kind, excesses):
        """Writes down what was too much; the words to refuse it with, if it is to be refused."""
        for excess in excesses:
            self.complain(*excess)
        return WORDS[self.manner["provider"]][kind] if excesses and self.manner["enforce"] else None

    # --- The conversation.

    def greet(self):
        tallies = self.place.tallies(self.source)
        excesses = [e for limits, tally in tallies for e in tally.add_connection(self.opened, limits)]
        refusal = self.refusal("connections", excesses)
        there, reply = self.scripted("greeting")
        self.say(refusal or (reply if there else f"220 {self.place.address} ESMTP"), closes=bool(refusal))

    def take(self, data, at):
        self.buffer += data
        while self.buffer and not self.over and not self.closing:
            if self.chunk_left:
                self.take_chunk()
            elif self.reading_data:
                if not self.take_data():
                    return
            else:
                line, found, rest = self.buffer.partition(b"\n")
                if not found:
                    return
                self.buffer = rest
                self.hear(line.rstrip(b"\r").decode("utf-8", "replace"), at)

    def take_chunk(self):
        taken = min(self.chunk_left, len(self.buffer))
        self.buffer = self.buffer[taken:]
        self.chunk_left -= taken
        if not self.chunk_left:
            self.say("250 2.0.0 Chunk taken") if not self.chunk_is_last else self.finish()

    def take_data(self):
        at = 0 if self.buffer.startswith(b".\r\n") else self.buffer.find(b"\r\n.\r\n")
        if at < 0:
            return False
        self.buffer = self.buffer[3:] if self.buffer.startswith(b".\r\n") else self.buffer[at + 5 :]
        self.reading_data = False
        self.finish()
        return True

    def hear(self, line, at):
        verb, _, rest = line.partition(" ")
        handler = getattr(self, "hear_" + verb.lower(), None) if verb.isalpha() else None
        if handler:
            handler(rest, at)
        else:
            self.say("500 5.5.1 What?")

    def hear_ehlo(self, name, at):
        there, reply = self.scripted("ehlo")
        if there:
            return self.say(reply)
        self.write("ehlo", name=name, tls=bool(self.tls))
        offers = [self.place.address, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        offers += [word.upper() for word in ("pipelining", "chunking") if self.manner[word]]
        if self.manner["starttls"] and not self.tls:
            offers.append("STARTTLS")
        self.say("\n".join(f"250{' ' if i == len(offers) - 1 else '-'}{word}" for i, word in enumerate(offers)))

    def hear_helo(self, name, at):
        self.write("ehlo", name=name, tls=bool(self.tls))
        self.say(f"250 {self.place.address}")

    def hear_starttls(self, rest, at):
        if not self.manner["starttls"] or self.tls:
            return self.say("503 5.5.1 Not now")
        self.send(b"220 2.0.0 Go ahead\r\n")
        self.buffer = b""
        self.begin_tls()

    def hear_mail(self, rest, at):
        if self.transaction:
            return self.say("503 5.5.1 One is open")
        self.transaction = {"begun": at, "to": None, "code": 0}
        self.messages += 1
        self.in_flight += 1
        refusal = self.refusal("rate", self.excesses(at))
        there, reply = self.scripted("mail")
        if refusal or there:
            return self.give_up(refusal or reply)
        self.say("250 2.1.0 Sender ok")

    def excesses(self, at):
        found = [e for limits, tally in self.place.tallies(self.source) for e in tally.add_message(at, limits)]
        limits = self.manner["limits"]
        if limits.get("messages") and self.messages > limits["messages"]:
            found.append(("messages on a connection", limits["messages"], self.messages))
        if limits.get("in_flight") and self.in_flight > limits["in_flight"]:
            found.append(("in flight", limits["in_flight"], self.in_flight))
        return found

    def give_up(self, reply):
        """The open transaction ends with this answer."""
        transaction, self.transaction = self.transaction, None
        self.say(reply, transaction)

    def hear_rcpt(self, rest, at):
        found = re.match(r"TO:<([^>]*)>", rest, re.I)
        if not self.transaction or not found:
            return self.say("503 5.5.1 MAIL first")
        self.transaction["to"] = found[1]
        there, reply = self.scripted("rcpt", found[1])
        if there and reply and reply[0] in "45":
            # What follows in the same flight has nobody to go to.
            return self.give_up(reply)
        self.say(reply if there else "250 2.1.5 Recipient ok")

    def hear_data(self, rest, at):
        if not self.transaction or not self.transaction["to"]:
            return self.say("554 5.5.1 No valid recipients")
        there, reply = self.scripted("data")
        if there:
            return self.give_up(reply)
        self.reading_data = True
        self.say("354 Go ahead")

    def hear_bdat(self, rest, at):
        size, _, last = rest.partition(" ")
        self.chunk_left, self.chunk_is_last = int(size), last.upper() == "LAST"
        if not self.chunk_left and self.chunk_is_last:
            self.finish()

    def finish(self):
        """The message is here."""
        if not self.transaction:
            return self.say("554 5.5.1 No valid recipients")
        there, reply = self.scripted("end", self.transaction["to"])
        self.give_up(reply if there else "250 2.0.0 Taken")

    def hear_rset(self, rest, at):
        if self.transaction:
            transaction, self.transaction = self.transaction, None
            return self.say("250 2.0.0 Reset", transaction)
        self.say("250 2.0.0 Reset")

    def hear_noop(self, rest, at):
        self.say("250 2.0.0 Fine")

    def hear_quit(self, rest, at):
        self.say("221 2.0.0 Bye", closes=True)


class Town:
    """All places, the log and the control socket."""

    def __init__(self, settings):
        self.settings = settings
        self.port = settings.get("port", 0)
        self.tallies = {}
        self.numbers = 0
        self.log = open(settings["log"], "a", buffering=1 << 16)
        self.places = {address: Place(self, address, manner) for address, manner in settings["places"].items()}
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if settings.get("cert"):
            self.tls.load_cert_chain(settings["cert"], settings["key"])

    def next_number(self):
        self.numbers += 1
        return self.numbers

    def sessions(self):
        return [session for place in self.places.values() for session in place.sessions]

    def write(self, event, **words):
        self.log.write(json.dumps({"event": event, **words}) + "\n")

    def listen(self):
        """The same port everywhere: the first place finds one; if a later place cannot have it, another is sought."""
        wanted = self.port
        for _ in range(20):
            try:
                for place in self.places.values():
                    place.listen_or_not()
                return
            except OSError:
                for place in self.places.values():
                    if place.listener:
                        asyncio.get_running_loop().remove_reader(place.listener)
                        place.listener.close()
                        place.listener = None
                self.port = wanted
        raise SystemExit("no port that is free on all addresses")

    async def on_control(self, reader, writer):
        while line := await reader.readline():
            request = json.loads(line)
            for address in request.get("places", []):
                self.places[address].change(request["manner"])
            for session in self.sessions():
                session.on_readable()
            self.log.flush()
            writer.write(json.dumps({"open": {a: len(p.sessions) for a, p in self.places.items()}}).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def run(self):
        self.listen()
        await asyncio.start_unix_server(self.on_control, self.settings["control"])
        over = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
        print("listening", self.port, flush=True)
        await over.wait()
        for session in self.sessions():
            session.on_readable()
        self.log.close()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        asyncio.run(Town(json.load(file)).run())
