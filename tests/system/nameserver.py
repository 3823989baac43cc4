"""
DNS for the tests: names as a test gives them, a real server that tells them on a loopback port, and one that lies.

    Names          mail exchangers, addresses and aliases
    NameServer     Debian's NSD with Names as its only zone, the root, so that every other name does not exist
    Liar           answers from Names too, but for some of them in the way that a test asks for
"""

import asyncio
import collections
import os
import signal
import socket
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from tocsin import Process, free_port, wait_until


class Names:
    """
    mail: {domain: ["10 mx1.example", …]}, a null MX is "0 .". hosts: {name: ["127.0.0.21", "::1", …]}. aliases:
    {name: name}. A name may begin with "*.". `ttl` holds for all, and for what does not exist.
    """

    def __init__(self, mail=None, hosts=None, aliases=None, ttl=60):
        self.mail, self.hosts, self.aliases, self.ttl = mail or {}, hosts or {}, aliases or {}, ttl

    def records(self):
        """(name, type, text) of each."""
        for name, exchangers in self.mail.items():
            for exchanger in exchangers:
                yield name, "MX", exchanger.rstrip(".") + "."
        for name, addresses in self.hosts.items():
            for address in addresses:
                yield name, "AAAA" if ":" in address else "A", address
        for name, target in self.aliases.items():
            yield name, "CNAME", target + "."

    def zone(self, serial):
        lines = [f"$TTL {self.ttl}", f". SOA ns.invalid. hostmaster.invalid. {serial} 3600 600 86400 {self.ttl}"]
        lines += [". NS ns.invalid.", "ns.invalid. A 127.0.0.1"]
        lines += [f"{name}. {kind} {text}" for name, kind, text in self.records()]
        return "\n".join(lines) + "\n"

    def table(self):
        table = collections.defaultdict(list)
        for name, kind, text in self.records():
            table[name, kind].append(text)
        return table


NSD = """\
server:
    ip-address: 127.0.0.1@{port}
    do-ip6: no
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    cookie-secret-file: "{folder}/cookies"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: root.zone
"""


class NameServer:
    def __init__(self, folder, names, port=None):
        self.folder = folder / "nsd"
        self.folder.mkdir()
        self.port = port or free_port()
        self.serial = 0
        (self.folder / "nsd.conf").write_text(NSD.format(port=self.port, folder=self.folder))
        self._write(names)
        self._start()

    def _start(self):
        self.process = Process("nsd", ["/usr/sbin/nsd", "-d", "-c", self.folder / "nsd.conf"], self.folder)
        wait_until(self._is_current, 20, "NSD to answer")

    def _write(self, names):
        self.serial += 1
        (self.folder / "root.zone").write_text(names.zone(self.serial))

    def _is_current(self):
        self.process.assert_running()
        try:
            answer = ask(self.port, ".", "SOA", timeout=0.2)
        except (dns.exception.Timeout, OSError):
            return False
        return bool(answer.answer) and answer.answer[0][0].serial == self.serial

    def change(self, names):
        """Other names hold from now on."""
        self._write(names)
        # It looks at the time of the file, in whole seconds.
        ahead = time.time() + self.serial
        os.utime(self.folder / "root.zone", (ahead, ahead))
        self.process.popen.send_signal(signal.SIGHUP)
        wait_until(self._is_current, 20, "NSD to know the new names")

    def stop(self):
        self.process.end()


def ask(port, name, kind, timeout=5, tcp=False):
    """One question, answered as a dns.message."""
    question = dns.message.make_query(name, kind, use_edns=True, payload=1232)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(question, "127.0.0.1", timeout=timeout, port=port)


# Ways to answer, each with what it needs: seconds, an rcode, a number.
SILENT, LATE, RCODE, WRONG_ID, WRONG_NAME, TRUNCATED, CNAME_LOOP, GARBAGE, CUT_SHORT = (
    "silent late rcode wrong_id wrong_name truncated cname_loop garbage cut_short".split()
)

Lie = collections.namedtuple("Lie", "kind value", defaults=(None,))


class Liar:
    """
    A DNS server in a thread of the test. `lies` says for names how their questions are answered: {name: Lie}, where a
    name stands for all below it too, and may be changed at any time; all else is answered truthfully. `asked` counts
    questions by (name, type), `asked_tcp` those that came by TCP.
    """

    def __init__(self, folder, names, lies=None):
        self.names, self.lies = names, dict(lies or {})
        self.told = names.table()
        self.asked, self.asked_tcp = collections.Counter(), collections.Counter()
        self.port = free_port()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ready = threading.Event()
        self.thread.start()
        assert self.ready.wait(10), "the lying DNS server did not start"

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        self.ready.set()
        self.loop.run_forever()

    async def _listen(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.setblocking(False)
        self.udp.bind(("127.0.0.1", self.port))
        self.loop.add_reader(self.udp, self._on_datagram)
        self.tcp = await asyncio.start_server(self._on_stream, "127.0.0.1", self.port)

    def _on_datagram(self):
        while True:
            try:
                data, peer = self.udp.recvfrom(4096)
            except BlockingIOError:
                return
            for wait, answer in self._answers(data, tcp=False):
                self.loop.call_later(wait, self.udp.sendto, answer, peer)

    async def _on_stream(self, reader, writer):
        try:
            while True:
                (size,) = struct.unpack(">H", await reader.readexactly(2))
                for wait, answer in self._answers(await reader.readexactly(size), tcp=True):
                    await asyncio.sleep(wait)
                    writer.write(struct.pack(">H", len(answer)) + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def lie_about(self, name):
        labels = name.split(".")
        for at in range(len(labels)):
            if ".".join(labels[at:]) in self.lies:
                return self.lies[".".join(labels[at:])]
        return Lie(None)

    def _answers(self, data, tcp):
        """(seconds to wait, bytes) of each answer to a question."""
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked[name, kind] += 1
        self.asked_tcp[name, kind] += tcp
        lie, truth = self.lie_about(name), self._truth(question, name, kind)
        size = 65535 if tcp else 1232
        if lie.kind == SILENT:
            return []
        if lie.kind == LATE:
            return [(lie.value, truth.to_wire(max_size=size))]
        if lie.kind == GARBAGE:
            return [(0, data[:2] + b"\xff" * 60)]
        if lie.kind == CUT_SHORT:
            return [(0, truth.to_wire(max_size=size)[:-20])]  # in the midst of a record
        if lie.kind == RCODE:
            truth.set_rcode(dns.rcode.from_text(lie.value))
            truth.answer.clear()
        elif lie.kind == WRONG_ID:
            truth.id ^= 0x5555
        elif lie.kind == WRONG_NAME:
            truth.question[0].name = dns.name.from_text("wrong." + name)
        elif lie.kind == CNAME_LOOP:
            truth.answer = [
                dns.rrset.from_text(name + ".", 60, "IN", "CNAME", "loop." + name + "."),
                dns.rrset.from_text("loop." + name + ".", 60, "IN", "CNAME", name + "."),
            ]
        elif lie.kind == TRUNCATED and not tcp:
            truth.flags |= dns.flags.TC
            truth.answer.clear()
        try:
            return [(0, truth.to_wire(max_size=size))]
        except dns.exception.TooBig:
            truth.flags |= dns.flags.TC
            truth.answer.clear()
            return [(0, truth.to_wire())]

    def _truth(self, question, name, kind):
        answer = dns.message.make_response(question, recursion_available=True)
        found = self.told.get((name, kind)) or self.told.get(("*." + name.partition(".")[2], kind))
        if found:
            answer.answer = [dns.rrset.from_text_list(name + ".", self.names.ttl, "IN", kind, found)]
        elif not any(owner == name for owner, _ in self.told):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.udp.close()
        self.tcp.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
