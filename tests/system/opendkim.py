"""
opendkim-testmsg as a second opinion on signatures. It asks the resolver of /etc/resolv.conf for keys and
cannot be told another one, so it runs in namespaces of its own (unshare, of util-linux): there the
loopback is empty, /etc/resolv.conf is ours, and this file, run as a program, answers on port 53.

    opendkim.verify([paths], {"s1._domainkey.send.example": "v=DKIM1; …"}) -> {path: complaint}
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

UNSHARE = ["unshare", "--map-root-user", "--net", "--mount"]


def can_verify():
    """Whether this machine lets us have namespaces."""
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False


def verify(paths, names):
    """Verifies each file with the TXT records of `names`; returns the complaints about those that fail."""
    work = json.dumps({"paths": [str(path) for path in paths], "names": names})
    done = subprocess.run(
        [*UNSHARE, sys.executable, __file__], input=work, capture_output=True, text=True, timeout=30 + len(paths)
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def raise_loopback():
    """`ip link set lo up`, without needing the program: SIOCSIFFLAGS, see netdevice(7)."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def serve_names(names):
    import dns.message
    import dns.rcode
    import dns.rrset

    records = {name.rstrip(".").lower(): text for name, text in names.items()}
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def quoted(text):
        parts = [text[at : at + 255] for at in range(0, len(text), 255)]
        return " ".join('"' + part + '"' for part in parts)

    def answer():
        while True:
            packet, peer = server.recvfrom(4096)
            query = dns.message.from_wire(packet)
            reply = dns.message.make_response(query)
            question = query.question[0]
            text = records.get(str(question.name).rstrip(".").lower())
            if text is None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            else:
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", quoted(text)))
            server.sendto(reply.to_wire(), peer)

    threading.Thread(target=answer, daemon=True).start()


def main():
    work = json.load(sys.stdin)
    raise_loopback()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolver:
        resolver.write("nameserver 127.0.0.1\n")
        resolver.flush()
        os.chmod(resolver.name, 0o644)
        subprocess.run(["mount", "--bind", resolver.name, os.path.realpath("/etc/resolv.conf")], check=True)
        serve_names(work["names"])
        complaints = {}
        for path in work["paths"]:
            with open(path, "rb") as message:
                # -C keeps the CRLFs of a message as it was on the wire.
                done = subprocess.run(
                    ["opendkim-testmsg", "-C"], stdin=message, capture_output=True, text=True, timeout=20
                )
            if done.returncode != 0 or done.stderr.strip():
                complaints[path] = done.stderr.strip() or f"exit {done.returncode}"
    json.dump(complaints, sys.stdout)


if __name__ == "__main__":
    main()
