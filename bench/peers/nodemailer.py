"""
nodemailer (npm, the version is in nodemailer/package.json): one process of node, its pool with 20 connections
that are never closed, TLS, twice as many messages under way as connections; with `signed`, its own DKIM with
RSA-2048. Each copy has its own recipient, first name and address in subject and text, and is composed by
nodemailer from the same text and HTML that tocsin's copies have. A short warm-up, because node compiles what
runs often. CPU is the process's own account, all threads, after the warm-up.
"""

import json
import shutil
import subprocess

import tocsin as players

from peers import ground as base

SOURCE = players.ROOT / "bench/peers/nodemailer"
HOME = players.BUILD / "bench/nodemailer"
WARM_UP = 300


def version():
    return json.loads((SOURCE / "package.json").read_text())["dependencies"]["nodemailer"]


def installed_version():
    package = HOME / "node_modules/nodemailer/package.json"
    return json.loads(package.read_text())["version"] if package.exists() else None


def install():
    """Copies the program into the build folder, and nodemailer beside it, unless it is there."""
    for name in ("node", "npm"):
        if not shutil.which(name):
            raise base.Missing(f"{name} is not installed: tests/install bench")
    HOME.mkdir(parents=True, exist_ok=True)
    for path in SOURCE.iterdir():
        shutil.copy(path, HOME)
    if installed_version() == version():
        return
    argv = ["npm", "install", "--prefix", str(HOME), "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise base.Missing(f"nodemailer cannot be installed with npm: {done.stderr.strip()[-500:]}")


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
    install()
    with ground.room("nodemailer") as room, base.running(base.Receiver(room)) as sink:
        argv = ["node", str(HOME / "send.js"), str(write_options(ground, room, sink.port, count, signed))]
        done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=base.TIMEOUT)
        told = json.loads(done.stdout)
        return sink.figures(count, told["began"], told["cpu_us"], warm_up=WARM_UP)
