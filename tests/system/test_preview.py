"""`tocsin preview` and `tocsin send --test`: the mail of one contact, before everybody gets theirs."""

import email
import email.policy

import dkim
import pytest

from tocsin import Daemon, Sink, public_key_record

PEOPLE = "email,first_name\nanna@dest.example,Anna <3\nbert@dest.example,Bert\ngone@dest.example,Gone\n"

MESSAGE = """\
Subject: {{ contact.first_name }}, will you sign?
From: Zoë <agir@send.example>
Attach: plan.txt

Dear {{ contact.first_name }}, this is [the petition](https://example.org/sign).
"""


@pytest.fixture
def sink(start, folder):
    (folder / "kept").mkdir()
    return start(Sink, "--keep", folder / "kept")


@pytest.fixture
def daemon(start, sink):
    d = start(Daemon, sink.port)
    d.cli("contacts", "import", d.write("people.csv", PEOPLE), "--list", "signers")
    d.cli("contacts", "suppress", "gone@dest.example")
    d.write("plan.txt", "the plan\n")
    d.write("appeal.md", MESSAGE)
    return d


def preview(daemon, *more, **how):
    return daemon.cli("preview", "appeal.md", "--contact", "anna@dest.example", *more, **how)


def test_headers_and_text(daemon):
    shown = preview(daemon).stdout
    assert shown.startswith(
        "From: Zoë <agir@send.example>\n"
        "To: anna@dest.example\n"
        "Subject: Anna <3, will you sign?\n"
        "\n"
        "Dear Anna <3, this is the petition <https://example.org/sign>.\n"
    )
    assert shown.endswith("\n")


def test_each_part_alone(daemon):
    assert preview(daemon, "--text").stdout.startswith("Dear Anna <3, ")
    html = preview(daemon, "--html").stdout
    assert "Dear Anna &lt;3, this is" in html and "Subject:" not in html
    assert preview(daemon, "--html", "--text", check=False).rc == 2


def test_the_whole_message_is_signed_and_whole(daemon):
    raw = preview(daemon, "--eml").stdout.encode()
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # universal newlines took the CR
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["To"] == "anna@dest.example" and message["Subject"] == "Anna <3, will you sign?"
    assert not any(part.defects for part in message.walk())
    assert message.get_body(("plain",)).get_content().startswith("Dear Anna <3, ")
    assert [a.get_filename() for a in message.iter_attachments()] == ["plan.txt"]
    record = public_key_record(daemon.key).encode()
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: record)


def test_who_would_not_get_it(daemon):
    skipped = daemon.cli("preview", "appeal.md", "--contact", "gone@dest.example", check=False)
    assert skipped.rc == 1 and skipped.stdout == ""
    assert skipped.stderr == "gone@dest.example would not get this message: the contact is suppressed\n"
    shown = daemon.cli("preview", "appeal.md", "--contact", "gone@dest.example", "--json", check=False)
    assert shown.rc == 1 and shown.json()["skipped"] is True
    unknown = daemon.cli("preview", "appeal.md", "--contact", "nobody@dest.example", check=False)
    assert unknown.rc == 1 and "There is no contact" in unknown.stderr
    nobody = daemon.cli("preview", "appeal.md", check=False)
    assert nobody.rc == 2 and "--contact ADDRESS" in nobody.stderr


def test_a_preview_makes_no_job(daemon, sink):
    preview(daemon)
    assert daemon.cli("job", "list", "--json").stdout == ""
    assert sink.messages() == []


def test_a_test_goes_to_its_addresses_alone(daemon, sink):
    sent = daemon.cli_json("send", "appeal.md", "--test", "anna@dest.example, BERT@dest.example")
    job = daemon.wait_job(sent["id"])
    assert job["name"] == "test: appeal.md" and job["lane"] == "transactional" and job["delivered"] == 2
    assert sorted(sink.recipients()) == ["anna@dest.example", "bert@dest.example"]
    message = email.message_from_bytes(sink.kept()[0].read_bytes(), policy=email.policy.default)
    assert message["Subject"].endswith(", will you sign?") and not message["Subject"].startswith("test")


def test_tests_that_cannot_be(daemon):
    both = daemon.cli("send", "appeal.md", "--test", "anna@dest.example", "--to", "all", check=False)
    assert both.rc == 2 and "not both" in both.stderr
    for address, words in (
        ("nobody@dest.example", 'There is no contact "nobody@dest.example".'),
        ("nobody", "has no @"),
        ("anna@dest.example,", "with commas between them"),
        ('"a b"@dest.example', "with commas between them"),
    ):
        refused = daemon.cli("send", "appeal.md", "--test", address, check=False)
        assert refused.rc in (1, 2) and words in refused.stderr, refused
    assert daemon.cli("job", "list", "--json").stdout == ""
