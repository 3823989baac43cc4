"""
Hostile values, in every place that takes some: what comes of them is a safe mail or a clear sentence, and
never a broken mail or a second one. The sink counts what is on the wire.
"""

import email
import email.header
import email.utils
import random
import re

import pytest

from mails import Office, wire_faults
from tocsin import assert_adds_up

FROM = "From: a@send.example\n"

# What a value in a subject becomes: one line, whatever was in it.
VALUES = {
    "cr": ("Eve\rBcc: victim@dest.example", "Eve Bcc: victim@dest.example"),
    "lf": ("Eve\nBcc: victim@dest.example", "Eve Bcc: victim@dest.example"),
    "crlf": ("Eve\r\nBcc: victim@dest.example", None),
    "body": ("Eve\r\n\r\nFrom: x@evil.example\r\n\r\nhello", None),
    "end": ("Eve\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<victim@dest.example>\r\nDATA\r\n", None),
    "folded": ("Eve\r\n Bcc: victim@dest.example\r\n\tCc: victim@dest.example", None),
    "separators": ("a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg", None),
    "escapes": ("\u001b[31mred\u0007\u007f\u009b", None),
    "rtl": ("\u202egro.live\u202c \u2066x\u2069 \u200f", None),
    "bom": ("\ufeffZoë\u200b\u200d", None),
    "encoded": ("=?utf-8?q?Eve=0D=0ABcc:_victim@dest.example?=", "=?utf-8?q?Eve=0D=0ABcc:_victim@dest.example?="),
    "encoded-b": ("=?utf-8?b?RXZlDQpCY2M6IHY=?= x", "=?utf-8?b?RXZlDQpCY2M6IHY=?= x"),
    "emoji": ("🏳️‍🌈👩🏽‍🚀" * 40, "🏳️‍🌈👩🏽‍🚀" * 40),
    "word": ("y" * 5000, "y" * 5000),
    "umlauts": ("ü" * 5000, "ü" * 5000),
    "words": ("lorem ipsum " * 400 + "end", "lorem ipsum " * 400 + "end"),
    "spaces": ("a" + " " * 3000 + "b", None),
    "largest": ("z" * 65000, "z" * 65000),
    "liquid": ("{{ contact.email }}{% abort_message 'x' %}", "{{ contact.email }}{% abort_message 'x' %}"),
    "colon": (":", ":"),
    "dots": ("...", "..."),
    "comment": ("(a (b) <c@d> \"e\" \\", "(a (b) <c@d> \"e\" \\"),
    "boundary": ("--=_aaaaaaaiaaaaaduqgqqirodjoqa--\r\n--=_x", None),
    "from": ("From me\r\n>From you\r\nFrom us", None),
    "qp": ("=3D=0D=0A=\r\n= =\t=20", None),
}


def people_of(values):
    return [{"email": f"{name}@dest.example", "name": value} for name, value in values.items()]


def deliver_all(start, message, people, **options):
    """One copy each, all delivered: the office and the mails by address."""
    office = start(Office, **options)
    job = office.send(message, people)
    done = office.daemon.job(job)
    assert_adds_up(done)
    assert done["delivered"] == len(people), office.daemon.recipients(job)
    assert office.sink.recipients() == {person["email"]: 1 for person in people}
    mails = office.mails(job)
    assert len(mails) == len(people) and office.unsigned(mails.values()) == []
    return office, mails


def kept(value):
    """The import drops white space, and byte order marks, around a cell."""
    return value.strip(" \t\r\n\ufeff")


def one_line(value):
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", value).split())


def test_nothing_breaks_out_of_the_subject(start):
    message = "Subject: For {{ contact.name }}: news\n" + FROM + "\nHello\n"
    people = people_of({name: value for name, (value, _) in VALUES.items()})
    _, mails = deliver_all(start, message, people)
    for name, (value, expected) in VALUES.items():
        mail = mails[f"{name}@dest.example"]
        assert mail.message["Bcc"] is None and mail.message["Cc"] is None
        assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\x80-\x9f]", mail.subject), repr(mail.subject)
        assert " ".join(mail.subject.split()) == one_line(f"For {kept(value)}: news")
        if expected is not None:
            assert mail.subject == f"For {expected}: news"
        assert "hello" not in mail.text


def test_nothing_breaks_out_of_a_text(start):
    """In the body lines stay lines: the same at the receiver, only that each ends in CRLF."""
    message = "Subject: x\n" + FROM + "Layout: none\n\n<p>[{{ contact.name }}]</p>\n\n{{ contact.name }}\n"
    page = "<p title=\"{{ contact.name }}\">\n.\n..\nFrom {{ contact.name }}\n.{{ contact.name }}</p>\n"
    people = people_of({name: value for name, (value, _) in VALUES.items()})
    office, mails = deliver_all(start, message.replace("\n\n<p>", "\n\nHello\n\n<p>"), people)
    html_job = office.send("Subject: x\n" + FROM + "\n" + page, people)
    html_mails = office.mails(html_job)
    for name, (value, _) in VALUES.items():
        lines = kept(value).replace("\r\n", "\n").replace("\r", "\n")
        shown = lines.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        shown = shown.replace('"', "&quot;").replace("'", "&#39;")
        mail = mails[f"{name}@dest.example"]
        assert f"<p>[{shown}]</p>" in mail.html and f"[{lines}]" in mail.text
        assert html_mails[f"{name}@dest.example"].html == page.replace("{{ contact.name }}", shown)
    assert office.unsigned(html_mails.values()) == []


# What is difficult beside something else: at the end of a line, at its beginning, in two halves.
# (A CR whose LF is in another piece may be one line end or two.)
NASTY = ["\n", "\n", "\r\n", "\r-", " ", "  \n", "\t", "\t\n", ".", "\n.", "\n.\n", "=", "=\n", "=3D"]
NASTY += ["From ", "\nFrom ", "F", "rom ", "\u2028", "\u0085", "\x0b", "\x0c", "é", "例", "🏳️‍🌈", "ü" * 40]
NASTY += ["x" * 75, "y" * 76, "z" * 997, "--", "\n--=_", "&amp;", "-"]
# Of this, much may stand as it is.
GENTLE = ["\n", "\r\n", "\n\n", "a", "-", "--", "-=", "_", "Fro", "m ", "From", ".", "x" * 400, " ", "=", "\t"]
LATIN, ARABIC = "Narges is still in prison. " * 60, "نرجس لا تزال في السجن. " * 60
SEAMS = {
    "quoted-printable": (NASTY, LATIN, {}, {"quoted-printable"}),
    "base64": (NASTY, ARABIC, {}, {"base64"}),
    "7bit": (GENTLE, "", {}, {"7bit", "quoted-printable"}),
    "8bit": ([*GENTLE, "é"], "", {"signed": False}, {"8bit", "quoted-printable"}),
    "8bit not taken": (
        [*GENTLE, "é"],
        "",
        {"signed": False, "sink_options": ("--no-8bitmime",)},
        {"quoted-printable"},
    ),
}


def nasty_text(chance, tokens):
    return "".join(chance.choice(tokens) for _ in range(chance.randrange(8)))


@pytest.mark.parametrize("seam", SEAMS)
def test_constant_texts_and_values_joined_anyhow(start, seam):
    """The constant texts of a message are made ready once and the values for each copy: no seam shows."""
    tokens, script, options, encodings = SEAMS[seam]
    chance = random.Random(f"seams {seam}")
    office = start(Office, **options)
    people = [
        # The import drops white space around a cell, so bars hold it.
        {"email": f"a{i}@dest.example"} | {f"v{n}": f"|{nasty_text(chance, tokens)}|" for n in range(4)}
        for i in range(20)
    ]
    to = office.imported(people)
    jobs, seen = [], set()
    for _ in range(6):
        pieces = [nasty_text(chance, tokens) for _ in range(9)]
        columns = [f"v{chance.randrange(4)}" for _ in range(8)]
        tags = [f"{{{{ contact.{name} | remove: '|' | raw }}}}" for name in columns]
        page = "".join(text for pair in zip(pieces, tags) for text in pair) + pieces[-1]
        job = office.submit(f"Subject: x\n{FROM}\n<p>{script}{page}</p>\n", to)
        jobs.append((job, pieces, columns))
    for job, pieces, columns in jobs:
        office.daemon.wait_job(job)
        mails = office.mails(job)
        assert len(mails) == len(people)
        assert not office.signed or office.unsigned(mails.values()) == []
        for person in people:
            values = [person[name].replace("|", "") for name in columns]
            made = "".join(text for pair in zip(pieces, values) for text in pair) + pieces[-1]
            mail = mails[person["email"]]
            assert mail.html == re.sub(r"\r\n?", "\n", f"<p>{script}{made}</p>\n")
            part = next(part for part in mail.leaves() if part.get_content_type() == "text/html")
            seen.add(part["Content-Transfer-Encoding"])
    assert encodings <= seen and ("8bit" in seen) == ("8bit" in encodings)


def test_nothing_breaks_out_of_the_name_of_a_job(start):
    """--name is anybody's text, and the subject may show it."""
    office = start(Office)
    message = f"Subject: {{{{ job.name }}}}!\n{FROM}\nHello {{{{ job.name }}}}\n"
    to = office.imported(people_of({"a": ""}))
    for name in "May\r\nBcc: victim@dest.example", "\u202eyaM\u2028x", "=?utf-8?q?x=0Ay?=":
        body = {"message": message, "to": to, "name": name}
        status, answer = office.daemon.api("POST", "/v1/jobs", body)
        if status >= 300:
            assert status in (400, 422) and "name" in str(answer)
            continue
        office.daemon.wait_job(answer["id"])
        (mail,) = office.mails(answer["id"]).values()
        assert mail.message["Bcc"] is None and one_line(mail.subject) == one_line(name + "!")


def test_messages_that_no_file_could_be(start):
    """What a program may put into JSON: NUL, bare CR in the header, names of files with line ends."""
    office = start(Office)
    to = office.imported(people_of({"a": "", "b": ""}))
    sent = 0
    for message, files in (
        (f"Subject: x\0y\n{FROM}\nHello\n", {}),
        (f"Subject: x\n{FROM}\nHel\0lo\n", {}),
        (f"Subject: x\rBcc: victim@dest.example\n{FROM}\nHello\n", {}),
        (f"Subject: x\r\rBcc: victim@dest.example\r\r\n{FROM}\nHello\n", {}),
        (f"Subject: x\u2028Bcc: victim@dest.example\u0085y\n{FROM}\nHello\n", {}),
        (f"Subject: x\n{FROM}Attach: a\rContent-Type: text.txt\n\nHello\n", {"a\rContent-Type: text.txt": "eA=="}),
        (f"Subject: x\n{FROM}Attach: a\"; x=y\x01.txt\n\nHello\n", {"a\"; x=y\x01.txt": "eA=="}),
        (f"Subject: x\n{FROM}Attach: ../../etc/passwd\n\nHello\n", {"../../etc/passwd": "eA=="}),
        (f"Subject: x\n{FROM}List-Id: a\rb\n\nHello\n", {}),
        (f"Subject: x\n{FROM}Topic: a>\u2028b\n\nHello\n", {}),
        (f"Subject: x\n{FROM}Layout: ../../../etc/passwd\n\nHello\n", {}),
        (f"Subject: x\n{FROM}\nHello {{% include '../layouts/letter' %}}\n", {}),
    ):
        status, answer = office.daemon.api("POST", "/v1/jobs", {"message": message, "to": to, "files": files})
        if status >= 300:
            assert status in (400, 422), answer
            assert re.search(r"[.?]$", answer["error"]), answer
            continue
        office.daemon.wait_job(answer["id"])
        sent += 1
        for mail in office.mails(answer["id"]).values():
            assert mail.message["Bcc"] is None
            assert not re.search(r"[\x00-\x1f\x7f\u2028]", mail.subject)
            assert all(re.fullmatch(r"[^\x00-\x1f/\\\"]+", name) for name, _, _ in mail.files())
    assert office.sink.recipients() == {"a@dest.example": sent, "b@dest.example": sent}


ADDRESSES = ['"a b"@dest.example', '"a,b"@dest.example', '"a\\"b"@dest.example', '"a@b"@dest.example']
ADDRESSES += ["a+b=c@dest.example", "a'b@dest.example", '"<x>"@dest.example', "!#$%&'*+-/=?^_`{|}~@dest.example"]
ADDRESSES += [f"{'l' * 64}@dest.example"]


def test_addresses_that_are_odd(start):
    """Each is refused by the import or gets its own mail, and is alone in To."""
    office = start(Office)
    people = [{"email": address} for address in ADDRESSES]
    people += [{"email": "a@dest.example\r\nBcc: b@dest.example"}, {"email": "a@dest.example, b@dest.example"}]
    job = office.send(f"Subject: x\n{FROM}\nHello {{{{ contact.email }}}}\n", people)
    rows = office.daemon.recipients(job)
    assert set(rows) <= set(ADDRESSES) and len(rows) >= 5
    assert {row["state"] for row in rows.values()} == {"delivered"}
    mails = office.mails(job)
    assert {mail.text.split("\n")[0].removeprefix("Hello ") for mail in mails.values()} == set(rows)
    assert sum(office.sink.recipients().values()) == len(rows) == len(mails)


def test_dots_and_long_lines_of_the_message_itself(folder):
    """Without chunking, lines that begin with a dot are stuffed (RFC 5321 §4.5.2), and none may end the mail."""
    page = "<p>\n.\n..\n.\n\nFrom here\n" + "x" * 20000 + "\n" + "ü" * 5000 + "\n   \t\n=\n=0D=0A\n</p>\n.\n"
    for options in (), ("--no-chunking",), ("--no-chunking", "--no-pipelining"):
        home = folder / f"run{len(options)}"
        home.mkdir()
        office = Office(home, sink_options=options)
        try:
            (mail,) = office.mails(office.send("Subject: x\n" + FROM + "\n" + page, people_of({"a": ""}))).values()
            assert mail.html == page
            assert office.unsigned([mail]) == []
        finally:
            office.stop()


def test_a_message_with_crlf_and_a_byte_order_mark(start):
    text = "\ufeffSubject: x\r\nFrom: a@send.example\r\n\r\n<p>one\r\ntwo\rthree</p>\r\n"
    _, mails = deliver_all(start, text, people_of({"a": "", "b": ""}))
    for mail in mails.values():
        assert mail.html == "<p>one\ntwo\nthree</p>\n"


def test_a_large_mail_that_is_allowed(start):
    """Megabytes are unwise, but whole."""
    line = "0123456789" * 20
    message = f"Subject: x\n{FROM}\n<p>{{% for i in (1..20000) %}}{line}\n{{% endfor %}}</p>\n"
    _, mails = deliver_all(start, message, people_of({"a": "", "b": ""}))
    for mail in mails.values():
        assert mail.html == "<p>" + f"{line}\n" * 20000 + "</p>\n"


SENDERS = {
    "controls": ("Eve\x01\x1b[31m \x7f <a@send.example>", None),
    "encoded": ("=?utf-8?q?Eve=0D=0ABcc:_v@dest.example?= <a@send.example>", None),
    "separators": ("Eve\u2028Bcc: v@dest.example\u0085 <a@send.example>", None),
    "rtl": ("\u202eevE\u202c <a@send.example>", None),
    "quoted": ('"Eve, \\"Bcc: v@d.example\\" <b@e.example>" <a@send.example>', 'Eve, "Bcc: v@d.example" <b@e.example>'),
    "long": ("Ä" * 400 + " <a@send.example>", "Ä" * 400),
    "word": ("y" * 900 + " <a@send.example>", "y" * 900),
    "cr": ("Eve\rBcc: v@dest.example <a@send.example>", None),
    "liquid": ("{{ contact.name }} <a@send.example>", None),
    "two": ("a@send.example, b@evil.example", None),
    "group": ("Eve: a@send.example, b@send.example;", None),
    "local": ("a\r\nBcc:v@dest.example", None),
    "too long": ("Ä" * 600 + " <a@send.example>", None),
    "empty": ("<>", None),
    "nothing": ("", None),
    "domain": ("a@send.example>\tBcc: <v@dest.example", None),
}


def name_in(mail, field):
    """The name, by RFC 2047: Python's newer parser leaves the spaces between encoded words of a name in it."""
    value = email.message_from_bytes(mail.raw)[field]
    name, _ = email.utils.parseaddr(re.sub(r"\r\n", "", value))
    return str(email.header.make_header(email.header.decode_header(name)))


@pytest.mark.parametrize("field", ["From", "Reply-To"])
def test_senders_names(start, field):
    """A name is one name, or the message is refused with a sentence about that field."""
    office = start(Office)
    to = office.imported(people_of({"a": "Eve\r\nBcc: v@dest.example"}))
    sent = {}
    for what, (value, _) in SENDERS.items():
        head = "Subject: x\n" + (FROM if field != "From" else "") + f"{field}: {value}\n\nHello\n"
        answer = office.daemon.cli("send", office.daemon.write("m.md", head), "--to", to, "--json", check=False)
        if answer.rc:
            assert field in answer.stderr or "Line" in answer.stderr, (what, answer)
            continue
        sent[what] = answer.json()["id"]
        office.daemon.wait_job(sent[what])
    assert {"quoted", "long", "word"} <= set(sent) and not {"two", "group", "too long"} & set(sent)
    assert office.sink.recipients() == {"a@dest.example": len(sent)}
    for what, job in sent.items():
        (mail,) = office.mails(job).values()
        (address,) = mail.message[field].addresses
        assert address.addr_spec == "a@send.example", what
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", address.display_name)
        assert mail.message["Bcc"] is None
        if SENDERS[what][1]:
            assert name_in(mail, field) == SENDERS[what][1]
    assert office.unsigned(office.all_mails()) == []


# --- what the import takes


def test_values_that_are_too_large(start):
    """A cell of 64 KiB is taken, and reaches the mail; a larger one is refused with its row, and 10 MB too."""
    office = start(Office)
    largest = 64 * 1024
    text = "email,name\n" + f"full@dest.example,{'x' * largest}\n" + f"more@dest.example,{'x' * (largest + 1)}\n"
    text += "last@dest.example,y\n"
    rejects = office.folder / "rejects.csv"
    path = office.daemon.write("p.csv", text)
    answer = office.daemon.cli("contacts", "import", path, "--list", "big", "--rejects", rejects)
    assert "1 rejected" in answer.stdout
    assert "more@dest.example" in rejects.read_text("utf-8-sig")
    path = office.daemon.write("huge.csv", f"email,name\nhuge@dest.example,{'x' * 10_000_000}\nnext@dest.example,y\n")
    answer = office.daemon.cli("contacts", "import", path, "--list", "big", check=False)
    assert answer.rc != 0 and answer.stderr.strip().endswith("."), answer
    assert "Row 2" in answer.stderr or "ine 2" in answer.stderr, answer
    names = " ".join(["{{ contact.name }}"] * 50)
    job = office.submit(f"Subject: {{{{ contact.name }}}}\n{FROM}Layout: none\n\n{names}\n", "list:big")
    done = office.daemon.wait_job(job)
    mails = office.mails(job)
    assert done["delivered"] == len(mails) == len(office.sink.messages()) == done["recipients"]
    full = mails["full@dest.example"]
    assert full.subject == "x" * largest
    assert full.text.count("x") == 50 * largest


def test_bytes_that_are_no_text(start):
    """Rows that are no UTF-8, and NULs, are refused or made harmless by the import: no mail has them."""
    office = start(Office)
    rows = [b"email,name", b"good@dest.example,Zo\xc3\xab", b"bad@dest.example,\xff\xfe\xf0"]
    rows += [b"cut@dest.example,\xe2\x82", b"nul@dest.example,Eve\0Bcc: x", b"half@dest.example,\xed\xa0\x80"]
    rows += [b"over@dest.example,\xc0\x8d\xc0\x8a"]
    path = office.daemon.write("p.csv", b"\n".join(rows) + b"\n")
    office.daemon.cli("contacts", "import", path, "--list", "odd")
    job = office.submit(f"Subject: {{{{ contact.name }}}} x\n{FROM}\nHello {{{{ contact.name }}}}\n", "list:odd")
    done = office.daemon.wait_job(job)
    mails = office.mails(job)
    assert done["delivered"] == done["recipients"] == len(mails) >= 1
    assert mails["good@dest.example"].subject == "Zoë x"
    for mail in mails.values():
        assert wire_faults(mail.raw) == []
        assert not re.search(r"[\x00-\x1f\x7f]", mail.subject)
        assert "\0" not in mail.html + mail.text
