"""
nodemailer (npm, the version is in nodemailer/package.json): one process of node, its pool with 20 connections
that are never closed, TLS, twice as many messages under way as connections; with `signed`, its own DKIM with
RSA-2048. Each copy has its own recipient, first name and address in subject and text, and is composed by
nodemailer from the same text and HTML that tocsin's copies have. A short warm-up, because node compiles what
runs often. CPU is the process's own account, all threads, after the warm-up.
"""

import json
import subprocess

from peers import ground as base
from peers import npm

WARM_UP = 300


def write_options(ground, folder, port, count, signed):
    parts = ground.parts()

    def template(text):
        text = text.replace(base.MODEL["first_name"], "{first_name}")
        return text.replace(base.MODEL["email"], "{email}")

    dkim = {"domainName": base.DOMAIN, "keySelector": base.SELECTOR, "privateKey": ground.key.read_text()}
    options = {
        "host": "127.0.0.1",
        "port": port,
        "name": f"mail.{base.DOMAIN}",
        "domain": base.DOMAIN,
        "connections": 20,
        "count": count,
        "warmUp": WARM_UP,
        "letter": {
            "sender": parts.sender,
            "subject": template(parts.subject),
            "text": template(parts.text),
            "html": template(parts.html),
            "headers": parts.headers,
        },
        **({"dkim": dkim} if signed else {}),
    }
    path = folder / "options.json"
    path.write_text(json.dumps(options))
    return path


def measure(ground, count, *, signed=False):
    home = npm.install("nodemailer")
    with ground.room("nodemailer") as room, base.running(base.Receiver(room)) as sink:
        argv = ["node", str(home / "send.js"), str(write_options(ground, room, sink.port, count, signed))]
        done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=base.TIMEOUT)
        told = json.loads(done.stdout)
        return sink.figures(count, told["began"], told["cpu_us"], warm_up=WARM_UP)
