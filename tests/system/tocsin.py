"""
The players of the whole-system tests: the daemon and its client as programs, and the receivers that it
sends to. Each is started in a folder of the test's own on ports that were free, is bounded in time, and
is stopped by its own process id. Nothing here knows what a test wants to show.

    Daemon      tocsind with a configuration written here; .cli() is the tocsin program
    Sink        bench/sink, the strict receiver that logs what it took
    Postfix     Debian's Postfix with a private configuration, queue and mail folder
    AioSmtpd    aiosmtpd in a thread, with STARTTLS and SMTPUTF8
"""

import collections
import csv
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", "build"))
if not BUILD.is_absolute():
    BUILD = ROOT / BUILD

SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def is_sanitized():
    """Whether the build folder was configured with sanitizers, which make everything slower."""
    cache = BUILD / "CMakeCache.txt"
    return cache.exists() and bool(re.search(r"^TOCSIN_SANITIZE:\w+=\S", cache.read_text(), re.M))


# What is waited for takes this much longer in such a build.
PATIENCE = 6 if is_sanitized() else 1


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, timeout, what):
    """Calls condition() until it is true and returns its value; fails with `what` after timeout seconds."""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout * PATIENCE} s in vain: {what}")
        time.sleep(0.02)


def make_rsa_key(path, bits=2048):
    subprocess.run(["openssl", "genrsa", "-out", str(path), str(bits)], check=True, capture_output=True, timeout=60)


def public_key_record(path):
    """The TXT record (RFC 6376 §3.6.1) for a private key file."""
    done = subprocess.run(
        ["openssl", "pkey", "-in", str(path), "-pubout"], check=True, capture_output=True, text=True, timeout=60
    )
    body = "".join(line for line in done.stdout.splitlines() if not line.startswith("-"))
    return f"v=DKIM1; k=rsa; p={body}"


def make_certificate(folder):
    """A self-signed certificate for localhost; returns the paths of certificate and key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return cert, key


class Process:
    """A program with its output in files, ended by its own process id."""

    started = []  # for the end of a test: what a failed constructor left behind

    def __init__(self, name, argv, folder):
        self.name = name
        self.stdout_path = folder / f"{name}.out"
        self.stderr_path = folder / f"{name}.err"
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self.popen = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder
            )
        Process.started.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def assert_running(self):
        if not self.running():
            raise AssertionError(f"{self.name} ended with {self.popen.returncode}:\n{self.stderr()[-4000:]}")

    def end(self, how=signal.SIGTERM, timeout=30):
        """Signals, waits, and returns the exit code; kills it (and fails) if it does not end in time."""
        if self.running():
            self.popen.send_signal(how)
        try:
            return self.popen.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(10)
            raise AssertionError(f"{self.name} did not end within {timeout * PATIENCE} s of signal {how}")

    def assert_no_reports(self):
        text = self.stderr()
        for word in SANITIZER_WORDS:
            if word in text:
                raise AssertionError(f"{self.name}: {word}\n{text[text.index(word) - 200:][:6000]}")


Received = collections.namedtuple("Received", "sender recipients id bytes digest tls connection time")


def parse_received(line):
    """One line of the sink's log."""
    sender, recipients, message_id, size, digest, tls, connection, at = line.split(" ")
    unescape = urllib.parse.unquote
    return Received(
        "" if sender == "<>" else unescape(sender),
        [unescape(r) for r in recipients.split(",")],
        unescape(message_id),
        int(size),
        digest,
        tls == "1",
        int(connection),
        float(at),
    )


class Sink:
    """bench/sink. `options` are more words of its command line; faults of the client are always logged."""

    def __init__(self, folder, *options, tls=True, port=0, threads=1, name="sink"):
        self.log = folder / f"{name}.log"
        argv = [BUILD / "bench/sink", "--listen", f"127.0.0.1:{port}", "--threads", threads, "--log", self.log]
        argv += ["--strict"] + (["--self-signed"] if tls else []) + list(options)
        self.keep_folder = pathlib.Path(options[options.index("--keep") + 1]) if "--keep" in options else None
        self.process = Process(name, argv, folder)
        self.port = wait_until(self._find_port, 10, "the sink's first line")

    def _find_port(self):
        self.process.assert_running()
        found = re.match(r"listening \S+:(\d+)\n", self.process.stdout())
        return int(found[1]) if found else None

    def lines(self):
        # A line without its end is still being written.
        text = self.log.read_text() if self.log.exists() else ""
        return text[: text.rfind("\n") + 1].splitlines()

    def _settled_lines(self):
        """The lines once everything that was answered before now has been written."""
        if self.process.running():
            time.sleep(0.2)
        return self.lines()

    def messages(self):
        return [parse_received(line) for line in self._settled_lines() if not line.startswith("FAULT ")]

    def recipients(self):
        """How many copies each address was sent."""
        return collections.Counter(r for m in self.messages() for r in m.recipients)

    def faults(self):
        """What the client did against the protocol, as sentences."""
        return [line.split(" ", 2)[2] for line in self._settled_lines() if line.startswith("FAULT ")]

    def wait_messages(self, count, timeout=30):
        wait_until(lambda: len(self.lines()) >= count, timeout, f"{count} messages at the sink")
        return self.messages()

    def kept(self):
        return sorted(self.keep_folder.glob("*.eml"))

    def stop(self):
        """Ends it and returns its summary as a dict of numbers."""
        code = self.process.end()
        self.process.assert_no_reports()
        assert code == 0, f"the sink ended with {code}:\n{self.process.stderr()}"
        found = re.search(r"^summary (.*)$", self.process.stdout(), re.M)
        return {key: int(value) for key, value in (pair.split("=") for pair in found[1].split())}


class Cli:
    """What one run of the tocsin program gave."""

    def __init__(self, done):
        self.rc, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.stdout)

    def json_lines(self):
        return [json.loads(line) for line in self.stdout.splitlines() if line.strip()]

    def __repr__(self):
        return f"exit {self.rc}\nstdout: {self.stdout[-2000:]}\nstderr: {self.stderr[-2000:]}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


JOB_PARTS = "queued in_flight in_doubt delivered deferred bounced skipped expired cancelled".split()


def assert_adds_up(job):
    parts = {name: job[name] for name in JOB_PARTS}
    assert sum(parts.values()) == job["recipients"], f"{parts} are not {job['recipients']} together"
    assert all(count >= 0 for count in parts.values()), parts


CONFIG = """\
data_dir = "data"
control {{ socket = "control.sock" }}
metrics {{ listen = "127.0.0.1:{metrics_port}" }}
identity "example" {{
    domain = "send.example"
    dkim {{ selector = "s1"  key = "dkim.pem" }}
}}
source "local" {{ ehlo = "mail.send.example" }}
route "*" {{ host = "127.0.0.1"  port = {port} }}
tls {{ policy = "{tls}"  verify = false }}
site "*" {{ {site} }}
{extra}
"""

SITE = "connections = 20  messages_per_connection = 1000  in_flight = 4"


class Daemon:
    """
    tocsind, sending everything to one port of this machine. The folder has its configuration, key and
    data, and a daemon that was stopped can be started again on them with start().
    """

    def __init__(self, folder, port, *, tls="opportunistic", site=SITE, extra="", key_bits=2048, config=None):
        self.folder = folder
        self.socket = folder / "control.sock"
        self.key = folder / "dkim.pem"
        self.config = folder / "tocsin.conf"
        self.metrics_port = free_port()
        self.process = None
        text = config or CONFIG
        self.config.write_text(
            text.format(metrics_port=self.metrics_port, port=port, tls=tls, site=site, extra=extra)
        )
        if not self.key.exists():
            make_rsa_key(self.key, key_bits)
        self.start()

    def start(self):
        self.process = Process("tocsind", [BUILD / "tocsind", "--config", self.config], self.folder)
        wait_until(self._answers, 20, "the daemon's control socket")

    def _answers(self):
        self.process.assert_running()
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.socket))
            except OSError:
                return False
        return True

    def stop(self):
        """SIGTERM, as systemd does; it must end well and without a report from a sanitizer."""
        if self.process is None:
            return
        code = self.process.end()
        self.process.assert_no_reports()
        assert code == 0, f"tocsind ended with {code}:\n{self.process.stderr()[-4000:]}"

    def kill(self):
        """SIGKILL: what a crash leaves behind is on disk."""
        self.process.end(signal.SIGKILL)
        self.process = None

    def cli(self, *args, check=True, timeout=120, env=None):
        argv = [str(BUILD / "tocsin"), "--socket", str(self.socket), *map(str, args)]
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout * PATIENCE,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
        )
        result = Cli(done)
        for word in SANITIZER_WORDS:
            assert word not in result.stderr, result.stderr[-6000:]
        if check:
            assert result.rc == 0, f"tocsin {' '.join(map(str, args))}: {result}"
        return result

    def cli_json(self, *args, timeout=120):
        return self.cli(*args, "--json", timeout=timeout).json()

    def api(self, method, path, body=None, headers=None, timeout=30):
        """One request on the control socket: (status, JSON where the answer is some, else bytes)."""
        connection = UnixConnection(self.socket, timeout * PATIENCE)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        is_json = answer.getheader("Content-Type", "").startswith("application/json")
        return answer.status, json.loads(raw) if is_json else raw

    def write(self, name, text, encoding="utf-8"):
        """A file in the daemon's folder, for commands that take one; returns its path."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    def send(self, message, to, *more):
        """Submits a job and returns its number."""
        return self.cli_json("send", message, "--to", to, *more)["id"]

    def job(self, job_id):
        return self.cli_json("job", "show", job_id)

    def wait_job(self, job_id, state="finished", timeout=60, each=None):
        """Polls the job until it is in `state`; `each` is called with what every poll gave."""

        def look():
            job = self.job(job_id)
            if each:
                each(job)
            return job if job["state"] == state else None

        return wait_until(look, timeout, f"job {job_id} to be {state}")

    def recipients(self, job_id):
        """`job recipients`: address -> its object."""
        lines = self.cli("job", "recipients", job_id, "--json").json_lines()
        return {line["address"]: line for line in lines}

    def metrics(self):
        """The Prometheus page: {name with labels: value}."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as page:
            text = page.read().decode()
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def log_lines(self, event=None):
        """Lines of the log as dicts; the first three words are time, level and event."""
        lines = [parse_log_line(line) for line in self.process.stderr().splitlines()]
        return [line for line in lines if line and (event is None or line["event"] == event)]

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)[1])


LOG_PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)')


def parse_log_line(line):
    words = line.split(" ", 3)
    if len(words) < 3 or not words[0][:1].isdigit():
        return None
    rest = words[3] if len(words) > 3 else ""
    pairs = {key: value[1:-1] if value.startswith('"') else value for key, value in LOG_PAIR.findall(rest)}
    return {"time": words[0], "level": words[1], "event": words[2], **pairs}


POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mynetworks =
mydestination =
alias_maps =
alias_database =
local_transport = error:no local mail
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_received_header = yes
virtual_mailbox_domains = dest.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
"""

# Debian's services without chroot, which would need a copy of the system in each queue folder.
POSTFIX_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """
    Debian's Postfix as a receiver for dest.example, everything in one maildir. It needs root, as Postfix
    does; /etc/postfix is neither read nor changed.
    """

    def __init__(self, folder):
        self.folder = folder / "postfix"
        self.port = free_port()
        self.etc = self.folder / "etc"
        for name in ("etc", "queue", "data", "mail"):
            (self.folder / name).mkdir(parents=True)
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", "nobody")
        # Its processes run as `postfix` and `nobody` and have to get here.
        for path in (self.folder, folder):
            path.chmod(path.stat().st_mode | 0o111)
        make_certificate(self.folder)
        (self.etc / "main.cf").write_text(POSTFIX_MAIN.format(folder=self.folder))
        (self.etc / "master.cf").write_text(POSTFIX_MASTER.format(port=self.port))
        self._run("start")
        wait_until(self._answers, 20, "Postfix")

    def _run(self, command, check=True):
        # `postfix start` leaves the master behind, which keeps inherited pipes open: no pipes, then.
        subprocess.run(
            ["postfix", "-c", str(self.etc), command],
            check=check,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def messages(self):
        """The raw messages in the maildir."""
        return [path.read_bytes() for path in (self.folder / "mail/all/new").glob("*")]

    def wait_messages(self, count, timeout=60):
        new = self.folder / "mail/all/new"
        wait_until(lambda: new.exists() and len(list(new.iterdir())) >= count, timeout, f"{count} messages in Postfix")
        return self.messages()

    def log(self):
        return (self.folder / "mail.log").read_text(errors="replace")

    def stop(self):
        self._run("stop", check=False)


class AioSmtpd:
    """aiosmtpd in a thread of the test's process; `messages` are (sender, recipients, bytes, tls)."""

    def __init__(self, folder, **options):
        from aiosmtpd.controller import Controller
        import ssl

        self.messages = []
        self.lock = threading.Lock()
        folder = folder / "aiosmtpd"
        folder.mkdir()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*make_certificate(folder))
        self.port = free_port()
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=context, enable_SMTPUTF8=True, **options
        )
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        with self.lock:
            self.messages.append(
                (envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content, session.ssl is not None)
            )
        return "250 2.0.0 Taken"

    def wait_messages(self, count, timeout=30):
        wait_until(lambda: len(self.messages) >= count, timeout, f"{count} messages in aiosmtpd")
        return self.messages

    def stop(self):
        self.controller.stop()


def make_contacts(path, count, *options):
    """Writes a CSV with tests/tools/make_contacts.py."""
    tool = ROOT / "tests/tools/make_contacts.py"
    subprocess.run(
        [sys.executable, str(tool), "--count", str(count), "--output", str(path), *map(str, options)],
        check=True,
        timeout=120,
    )
    return path


# A message that uses what a contact of make_contacts.py has.
APPEAL = """\
Subject: {{ contact.first_name | default: "Friend" }}, will you share it?
From: Agir für Ämnesty <agir@send.example>

Hello {{ contact.first_name | default: "friend" }} {{ contact.last_name }},

**Thank you** for signing{% if contact.country %} from {{ contact.country }}{% endif %}.

[Share it](https://send.example/share?a=1&b=2), or write to us.

.A line that begins with a dot, and one that is long enough to be folded somewhere: \
{{ contact.last_name }} {{ contact.last_name }} {{ contact.last_name }} {{ contact.last_name }}.
"""

QUICK_RETRY = 'retry { first = "300ms"  factor = 1  max = "1s"  max_age = "1h" }'


def addresses_of(path):
    """The addresses of a CSV that make_contacts wrote."""
    with open(path, encoding="utf-8", newline="") as text:
        return [row["email"] for row in csv.DictReader(text)]


def import_people(daemon, count, *options, to="everyone", name="people.csv"):
    """Imports `count` invented contacts into a list and returns their addresses."""
    path = make_contacts(daemon.folder / name, count, *options)
    daemon.cli("contacts", "import", path, "--list", to)
    return addresses_of(path)
