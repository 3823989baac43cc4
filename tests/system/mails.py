"""
Mails as they came off the wire, and the post office that they came through: a daemon and a sink that keeps
what it took. What is checked of every mail, whatever is in it, is Mail.faults(): whoever sends something
odd asks for that first.

    office = start(Office, identity="track = true")
    job = office.send("Subject: Hi\n\nHello\n", [{"email": "a@dest.example", "name": "Zoë"}])
    office.mails(job)["a@dest.example"].html
"""

import base64
import collections
import csv
import email
import email.policy
import email.utils
import functools
import html.parser
import io
import itertools
import pathlib
import re
import signal
import tempfile

import dkim

import opendkim
from tocsin import CONFIG, SITE, Daemon, Sink, make_rsa_key, public_key_record, wait_until

# What has to stand once in each (RFC 5322 §3.6, RFC 2369, RFC 8058, RFC 2919, and a habit of receivers).
FIELDS = """Date From To Subject Message-ID MIME-Version Content-Type List-Unsubscribe List-Unsubscribe-Post List-Id
Feedback-ID DKIM-Signature""".split()
# What some of them have besides.
MORE_FIELDS = ["Reply-To", "Content-Transfer-Encoding"]
SIGNED = """from to subject date message-id mime-version content-type list-unsubscribe list-unsubscribe-post list-id
feedback-id""".split()
POLICIES = {"default": email.policy.default, "SMTP": email.policy.SMTP}


class Mail:
    """One message, as bytes and as Python's parser reads it."""

    def __init__(self, path):
        self.path = path
        self.raw = path.read_bytes()
        self.message = email.message_from_bytes(self.raw, policy=email.policy.default)
        self.address = email.utils.parseaddr(str(self.message["To"]))[1]
        feedback = re.fullmatch(r"([0-9]+):([^:]*):([a-z]+):([^:]+)", str(self.message["Feedback-ID"]))
        self.job = int(feedback[1]) if feedback else None

    @property
    def subject(self):
        return str(self.message["Subject"])

    @property
    def id(self):
        return str(self.message["Message-ID"])

    def _text(self, kind):
        """The only text of this kind, with LF at its line ends."""
        found = [part for part in self.leaves() if part.get_content_type() == f"text/{kind}" and not is_file(part)]
        assert len(found) == 1, f"{len(found)} parts of text/{kind} in {self.path}"
        return found[0].get_payload(decode=True).decode().replace("\r\n", "\n")

    @property
    def text(self):
        return self._text("plain")

    @property
    def html(self):
        return self._text("html")

    def leaves(self):
        return [part for part in self.message.walk() if not part.is_multipart()]

    def files(self):
        """[(name, type, bytes)] of what is attached or shown, in order."""
        return [
            (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
            for part in self.leaves()
            if is_file(part)
        ]

    def structure(self):
        return structure(self.message)

    def faults(self, signed=True):
        """What is wrong with it, as sentences; it may hold anything in its texts."""
        faults = wire_faults(self.raw) + field_faults(self, signed) + parser_faults(self.raw) + text_faults(self)
        # Relays may change the encoding of 8-bit texts on the way, and so break a signature (RFC 6376 §5.3).
        if not (self.raw if signed else self.raw.partition(b"\r\n\r\n")[0]).isascii():
            faults.append("it is not ASCII")
        return faults


def is_file(part):
    return part.get("Content-Disposition") is not None


def structure(part):
    """Such as mixed(related(alternative(plain html) file) file)."""
    if not part.is_multipart():
        return "file" if is_file(part) else part.get_content_subtype()
    return f"{part.get_content_subtype()}({' '.join(map(structure, part.iter_parts()))})"


def wire_faults(raw):
    """RFC 5321 §2.3.8 and RFC 5322 §2.1.1: lines end in CRLF, and none is too long."""
    lines = raw.split(b"\r\n")
    faults = [] if raw.endswith(b"\r\n") else ["it does not end in CRLF"]
    faults += [f"bare CR or LF in line {n}" for n, line in enumerate(lines, 1) if b"\r" in line or b"\n" in line]
    faults += [f"line {n} has {len(line)} bytes" for n, line in enumerate(lines, 1) if len(line) > 998]
    faults += [f"NUL in line {n}" for n, line in enumerate(lines, 1) if b"\0" in line]
    return faults


def field_faults(mail, signed=True):
    names = collections.Counter(name.lower() for name in mail.message.keys())
    known = {name.lower() for name in FIELDS + MORE_FIELDS}
    needed = [name for name in FIELDS if signed or name != "DKIM-Signature"]
    faults = [f"{names[name.lower()]} fields {name}" for name in needed if names[name.lower()] != 1]
    faults += [f"there is a field {name}" for name in names if name not in known]
    faults += [f"{count} fields {name}" for name, count in names.items() if count > 1]
    if faults:
        return faults
    message = mail.message
    for name, pattern in (
        ("Message-ID", r"<[a-z2-7]{26}@send\.example>"),
        ("MIME-Version", r"1\.0"),
        ("List-Unsubscribe", r"<https://[a-z./]+/u/[a-z2-7]{26}>"),
        ("List-Unsubscribe-Post", r"List-Unsubscribe=One-Click"),
        ("List-Id", r"<[A-Za-z0-9._-]+\.send\.example>"),
        ("Feedback-ID", r"[0-9]+:[A-Za-z0-9._-]+:(bulk|transactional):send\.example"),
    ):
        if not re.fullmatch(pattern, str(message[name])):
            faults.append(f"{name} is {message[name]}")
    for name in ("From", "To"):
        if len(message[name].addresses) != 1:
            faults.append(f"{name} has {len(message[name].addresses)} addresses")
    return faults + (signature_faults(message) if signed else [])


def signature_faults(message):
    signed = re.sub(r"\s", "", re.search(r"\bh=([^;]*)", message["DKIM-Signature"])[1].lower()).split(":")
    faults = [f"{name} is not signed" for name in SIGNED if name not in signed]
    return faults if signed.count("from") == 2 else faults + ["somebody else could add a From"]


def parser_faults(raw):
    faults = []
    for name, policy in POLICIES.items():
        message = email.message_from_bytes(raw, policy=policy)
        for part in message.walk():
            faults += [f"{name}: {defect!r}" for defect in part.defects]
            for field, value in part.items():
                faults += [f"{name}: {field}: {defect}" for defect in getattr(value, "defects", ())]
                if re.search(r"[\r\n\0]", str(value)):
                    faults.append(f"{name}: a line end in {field}")
    return faults


def text_faults(mail):
    faults = []
    for part in mail.leaves():
        encoding = str(part.get("Content-Transfer-Encoding", "7bit")).lower()
        longest = max(map(len, part.get_payload().split("\n")), default=0)
        if encoding in ("quoted-printable", "base64") and longest > 77:
            faults.append(f"an encoded line of {longest} characters in {part.get_content_type()}")
        if encoding not in ("quoted-printable", "base64", "7bit", "8bit"):
            faults.append(f"{part.get_content_type()} is in {encoding}")
        decoded = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and not is_file(part):
            if part.get_content_charset() != "utf-8":
                faults.append(f"{part.get_content_type()} is in {part.get_content_charset()}")
            try:
                decoded.decode()
            except UnicodeDecodeError as error:
                faults.append(f"{part.get_content_type()}: {error}")
    return faults


@functools.cache
def signing_key():
    """One for all tests of a process: making one takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "key.pem"
        make_rsa_key(path)
        return path.read_bytes()


class Office:
    """
    A daemon and the sink that it sends to. `identity` and `extra` are more lines of its configuration,
    within the identity and beside it; without `signed` it has no key. At the end the sink must have
    nothing to say against the client.
    """

    lists = itertools.count(1)

    def __init__(self, folder, *, identity="", extra="", site=SITE, sink_options=(), signed=True):
        keep = folder / "kept"
        keep.mkdir()
        self.folder = folder
        self.sink = Sink(folder, "--keep", keep, *sink_options)
        inside = '    domain = "send.example"\n'
        config = CONFIG.replace(inside, inside + "".join(f"    {line}\n" for line in identity.splitlines()))
        self.signed = signed
        if not signed:
            config = re.sub(r"\n *dkim \{\{.*?\}\}", "", config)
        (folder / "dkim.pem").write_bytes(signing_key())
        self.daemon = Daemon(folder, self.sink.port, config=config, site=site, extra=extra)
        self.names = {"s1._domainkey.send.example": public_key_record(self.daemon.key)}
        self.stopped = False

    def imported(self, people):
        """Imports dicts with an "email", and returns the expression that selects them."""
        name = f"l{next(Office.lists)}"
        columns = list(dict.fromkeys(column for person in people for column in person))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows(people)
        path = self.daemon.write(f"{name}.csv", text.getvalue())
        self.daemon.cli("contacts", "import", path, "--list", name)
        return f"list:{name}"

    def submit(self, message, to, *more, name="message.md"):
        return self.daemon.send(self.daemon.write(name, message), to, *more)

    def refuse(self, message, to="all", name="message.md"):
        """The sentence with which `send` refuses."""
        before = self.daemon.cli("job", "list", "--json").stdout
        answer = self.daemon.cli("send", self.daemon.write(name, message), "--to", to, check=False)
        assert answer.rc != 0, answer
        assert self.daemon.cli("job", "list", "--json").stdout == before
        sentence = answer.stderr.strip()
        assert sentence and sentence[-1] in ".?" and "\n" not in sentence, answer
        return sentence

    def send(self, message, people, *more, timeout=60):
        """One job, until it is finished; returns its number."""
        job = self.submit(message, self.imported(people), *more)
        self.daemon.wait_job(job, timeout=timeout)
        return job

    def all_mails(self):
        return [Mail(path) for path in self.sink.kept()]

    def mails(self, job):
        """What the sink took of a job: {address: mail}. Nobody has two, and all are whole."""
        found = [mail for mail in self.all_mails() if mail.job == job]
        assert len({mail.address for mail in found}) == len(found), "somebody was written to twice"
        for mail in found:
            assert mail.faults(self.signed) == [], f"{mail.path}\n{mail.raw.decode(errors='replace')[:3000]}"
        return {mail.address: mail for mail in found}

    def reload(self):
        count = len(self.daemon.log_lines("reloaded")) + len(self.daemon.log_lines("reload_refused"))
        self.daemon.process.popen.send_signal(signal.SIGHUP)
        wait_until(
            lambda: len(self.daemon.log_lines("reloaded")) + len(self.daemon.log_lines("reload_refused")) > count,
            20,
            "the reload",
        )

    def unsigned(self, mails):
        """Those that python3-dkim does not verify."""
        lookup = {name.encode() + b".": record.encode() for name, record in self.names.items()}
        return [mail.path for mail in mails if not dkim.verify(mail.raw, dnsfunc=lambda n, timeout=5: lookup[n])]

    def complaints_of_opendkim(self, mails):
        return opendkim.verify([mail.path for mail in mails], self.names)

    def stop(self):
        if self.stopped:
            return
        self.stopped = True
        try:
            self.daemon.stop()
        finally:
            summary = self.sink.stop()
        assert self.sink.faults() == [], self.sink.faults()[:5]
        assert summary.get("faults", 0) == 0, summary


def read_token(token):
    """The job and the contact that a token is about (26 letters and digits, base32 without padding)."""
    raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    return int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:8], "big")


class LinkFinder(html.parser.HTMLParser):
    """href of <a> and <area> in the order of the page, also in what Outlook takes out of comments."""

    CONDITIONAL = re.compile(r"\[if [^\]]*\]>(.*)<!\[endif\]", re.S)

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attributes):
        values = dict(reversed(attributes))  # the first of two of one name counts
        if tag in ("a", "area") and values.get("href") is not None:
            self.found.append((values["href"], values))

    def handle_comment(self, data):
        held = self.CONDITIONAL.fullmatch(data)
        if held:
            self.found += find_links(held[1])


def find_links(page):
    """[(address, {attribute: value})] of a page, read by a parser that is not ours."""
    finder = LinkFinder()
    # In attributes "&copy=" is no reference (HTML, 13.2.5.73), which older Pythons do not know.
    finder.feed(re.sub(r"&(?=[A-Za-z0-9]+=)", "&amp;", page))
    finder.close()
    return finder.found


def addresses(page):
    return [address for address, _ in find_links(page)]
