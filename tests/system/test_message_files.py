"""Files that go along: attached, or shown in the page, the same bytes at the receiver; and what is refused."""

import base64
import itertools
import os
import random
import re
import struct
import zlib

import opendkim
import pytest

from mails import Office

FROM = "From: a@send.example\n"
PEOPLE = [{"email": f"a{i}@dest.example", "name": name} for i, name in enumerate(("Zoë", "نرجس", ".\r\n."))]


def make_png(shade):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes((0, shade, 0, 0)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


PDF = b"%PDF-1.4\r\n" + bytes(range(256)) * 40 + b"\r\n.\r\n%%EOF\n"
LONG_NAME = "Rapport annuel " + "très " * 10 + "long.pdf"
FILES = {
    "report.pdf": PDF,
    "Jahresübersicht 2026.csv": "a;b\r\nü;2\r\n".encode(),
    "تقرير.txt": ("From me\n.\n..\n" * 50).encode(),
    "報告 (最終).bin": bytes(random.Random(6).randbytes(70001)),
    "it's 100%; x=y.txt": b"\r\n.\r\nQUIT\r\n",
    LONG_NAME: b"%PDF-1.4\n",
    "empty.txt": b"",
    "no-ending": b"\0\1\2",
    "invitation.ics": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "mail.eml": b"Subject: inner\r\nBcc: victim@dest.example\r\n\r\n--=_x\r\n",
}
IMAGES = {"logo.png": make_png(10), "logo-2.png": make_png(20)}


def put(office, files):
    for name, content in files.items():
        path = office.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def message(body, *fields):
    return "".join(f"{line}\n" for line in ("Subject: Files", *fields)) + FROM + "Layout: letter\n\n" + body


def shown(names):
    return "".join(f"![{name}](<cid:{name}>)\n\n" for name in names)


# Whether there are images, and files.
@pytest.mark.parametrize("images, files", itertools.product((False, True), repeat=2))
def test_structure_and_contents(start, images, files):
    office = start(Office)
    put(office, FILES | IMAGES)
    fields = [f"Inline: {name}" for name in IMAGES if images] + [f"Attach: {name}" for name in FILES if files]
    text = "Hello {{ contact.name }}\n\n" + shown(IMAGES if images else ())
    mails = office.mails(office.send(message(text, *fields), PEOPLE))
    assert set(mails) == {person["email"] for person in PEOPLE}
    shape = "alternative(plain html)"
    shape = f"related({shape} file file)" if images else shape
    shape = f"mixed({shape}{' file' * len(FILES)})" if files else shape
    expected = (list(IMAGES.items()) if images else []) + (list(FILES.items()) if files else [])
    for person in PEOPLE:
        mail = mails[person["email"]]
        assert mail.structure() == shape
        assert [(name, content) for name, _, content in mail.files()] == expected
        assert "cid:" not in mail.text
        if images:
            check_images(mail)
    assert office.unsigned(mails.values()) == []
    if opendkim.can_verify():
        assert office.complaints_of_opendkim(mails.values()) == {}


def check_images(mail):
    """Each is shown by its Content-ID, and is no attachment to whoever reads."""
    parts = [part for part in mail.leaves() if part.get("Content-ID")]
    ids = [str(part["Content-ID"]).strip("<>") for part in parts]
    assert len(set(ids)) == len(IMAGES)
    assert re.findall(r'src="cid:([^"]*)"', mail.html) == ids
    assert all(part.get_content_disposition() == "inline" for part in parts)
    assert [part.get_payload(decode=True) for part in parts] == list(IMAGES.values())


@pytest.mark.parametrize("name", ["Café.png", "two words.png"])
def test_an_image_whose_name_is_no_plain_word(start, name):
    office = start(Office)
    put(office, {name: IMAGES["logo.png"]})
    (mail,) = office.mails(office.send(message(shown([name]), f"Inline: {name}"), PEOPLE[:1])).values()
    assert mail.structure() == "related(alternative(plain html) file)"
    assert [name for name, _, _ in mail.files()] == [name]


def test_an_image_of_an_html_message(start):
    """There names stand as they are."""
    office = start(Office)
    put(office, {"Café.png": IMAGES["logo.png"], "logo.png": IMAGES["logo-2.png"]})
    page = '<p style="background: url(cid:logo.png)"><img src="cid:Café.png" alt="x">\n'
    page += '<img src=cid:logo.png alt="cid:x"></p>\n'
    text = "Subject: x\nInline: Café.png\nInline: logo.png\n" + FROM + "\n" + page
    (mail,) = office.mails(office.send(text, PEOPLE[:1])).values()
    ids = [str(part["Content-ID"]).strip("<>") for part in mail.leaves() if part.get("Content-ID")]
    assert mail.html == page.replace("cid:Café.png", f"cid:{ids[0]}").replace("cid:logo.png", f"cid:{ids[1]}")
    assert len(set(ids)) == 2 and mail.structure() == "related(alternative(plain html) file file)"


def test_names_that_deceive_are_cleaned(start):
    """A name says what a reader sees, and none leaves the folder that it is saved in."""
    names = {
        'a "quoted" name.txt': "a 'quoted' name.txt",
        "back\\slash.txt": "slash.txt",
        "fdp.\u202etxt.exe": "fdp.txt.exe",
        "..hidden.": "hidden",
        "x" * 190 + ".pdf": "x" * 116 + ".pdf",
        "e\u0301.txt": "\u00e9.txt",
    }
    office = start(Office)
    put(office, {name: b"x" for name in names})
    fields = [f"Attach: {name}" for name in names]
    (mail,) = office.mails(office.send(message("Hello\n", *fields), PEOPLE[:1])).values()
    assert [name for name, _, _ in mail.files()] == list(names.values())


def test_types_and_dispositions(start):
    office = start(Office)
    put(office, FILES)
    fields = [f"Attach: {name}" for name in FILES]
    (mail,) = office.mails(office.send(message("Hello\n", *fields), PEOPLE[:1])).values()
    types = {name: kind for name, kind, _ in mail.files()}
    assert types["report.pdf"] == types[LONG_NAME] == "application/pdf"
    assert types["Jahresübersicht 2026.csv"] == "text/csv"
    assert types["no-ending"] == types["報告 (最終).bin"] == "application/octet-stream"
    assert types["invitation.ics"] == "text/calendar"
    # A part that readers of mail would open as a mail of its own is one of bytes.
    assert not types["mail.eml"].startswith("message/") or mail.message["Bcc"] is None
    attached = [part for part in mail.leaves() if part.get_content_disposition() == "attachment"]
    assert len(attached) == len(FILES)


def test_files_lie_beside_the_message(start):
    """Names begin at the message's folder, and the recipient sees the last part of them."""
    office = start(Office)
    put(office, {"may/img/logo.png": IMAGES["logo.png"], "may/report.pdf": PDF})
    text = message(shown(["logo.png"]), "Inline: img/logo.png", f"Attach: {office.folder}/may/report.pdf")
    job = office.submit(text, office.imported(PEOPLE[:1]), name="may/letter.md")
    office.daemon.wait_job(job)
    (mail,) = office.mails(job).values()
    assert [name for name, _, _ in mail.files()] == ["logo.png", "report.pdf"]


def test_what_is_sent_is_what_was_there_when_it_was_submitted(start):
    office = start(Office, site='connections = 1  in_flight = 1  rate = "5/s"')
    put(office, {"note.txt": b"before"})
    people = [{"email": f"a{i}@dest.example"} for i in range(6)]
    job = office.submit(message("Hello\n", "Attach: note.txt"), office.imported(people))
    put(office, {"note.txt": b"after"})
    office.daemon.stop()
    (office.folder / "note.txt").unlink()
    office.daemon.start()
    done = office.daemon.wait_job(job)
    assert done["delivered"] == 6
    assert {file[2] for mail in office.mails(job).values() for file in mail.files()} == {b"before"}


REFUSED = {
    "missing": (["Attach: nowhere.pdf"], "nowhere.pdf"),
    "missing image": (["Inline: nowhere.png"], "nowhere.png"),
    "a folder": (["Attach: folder"], "folder"),
    "nothing": (["Attach:"], "Line 2"),
    "no image": (["Inline: report.pdf"], "Line 2"),
    "not shown": (["Inline: logo.png"], "Line 2"),
    "twice": (["Attach: report.pdf", "Attach: report.pdf"], "Line 3"),
    "one name twice": (["Attach: report.pdf", "Attach: folder/report.pdf"], "Line 3"),
    "too many": ([f"Attach: f{i}" for i in range(33)], "Line 34"),
    "too large": (["Attach: large.bin"], "10 MiB"),
    "too large together": (["Attach: a.bin", "Attach: b.bin"], "at most"),
}


def put_refused(office):
    half = bytes(5 * 1024 * 1024 + 1)
    put(office, FILES | IMAGES | {"folder/report.pdf": PDF, "large.bin": bytes(10 * 1024 * 1024 + 1)})
    put(office, {"a.bin": half, "b.bin": half} | {f"f{i}": b"x" for i in range(33)})


def test_what_is_refused(start):
    """One sentence, and no job."""
    office = start(Office)
    put_refused(office)
    for what, (fields, says) in REFUSED.items():
        sentence = office.refuse(message("Hello\n", *fields))
        assert says in sentence, (what, sentence)
    assert office.sink.messages() == []


@pytest.mark.parametrize("what", ["missing", "missing image", "a folder"])
def test_a_missing_file_is_refused_with_its_line(start, what):
    office = start(Office)
    put_refused(office)
    assert "ine 2" in office.refuse(message("Hello\n", *REFUSED[what][0]))


def test_a_program_that_forgets_a_file(start):
    """Over the API, files come along by name: those that the message names, and no others."""
    office = start(Office)
    office.imported(PEOPLE)
    text = message("Hello\n", "Attach: report.pdf")
    content = base64.b64encode(PDF).decode()
    for files, says in (
        ({}, "Line 2"),
        ({"other.pdf": content}, "Line 2"),
        ({"report.pdf": content, "other.pdf": content}, "other.pdf"),
        ({"report.pdf": "%%%"}, "report.pdf"),
        ({"report.pdf": 7}, "report.pdf"),
        (["report.pdf"], "files"),
        ({"layouts/letter.html": content, "report.pdf": content}, "layouts/letter.html"),
    ):
        status, answer = office.daemon.api("POST", "/v1/jobs", {"message": text, "to": "all", "files": files})
        assert status in (400, 413, 422) and says in str(answer), (files, status, answer)
    assert office.daemon.cli("job", "list", "--json").stdout == ""


def test_the_largest_that_goes(start):
    """10 MiB together."""
    office = start(Office)
    content = os.urandom(1024 * 1024) * 10
    put(office, {"large.bin": content})
    (mail,) = office.mails(office.send(message("Hello\n", "Attach: large.bin"), PEOPLE[:1])).values()
    assert [(name, data) for name, _, data in mail.files()] == [("large.bin", content)]
    assert office.unsigned([mail]) == []
