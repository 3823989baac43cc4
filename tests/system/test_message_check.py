"""`tocsin check FILE`: what is wrong with a message, as staff and scripts get to know it before they send it."""

import pytest

from tocsin import Daemon, free_port

PEOPLE = "email,first_name,country\nanna@dest.example,Anna,BE\nbert@dest.example,Bert,NL\n"

EXTRA = """
identity "bare" { domain = "bare.example" }
"""


@pytest.fixture
def daemon(start):
    d = start(Daemon, free_port(), extra=EXTRA)
    d.cli("contacts", "import", d.write("people.csv", PEOPLE), "--list", "signers")
    return d


GOOD = """\
Subject: {{ contact.first_name | default: "Friend" }}, will you sign?
From: Amnesty <agir@send.example>
Topic: petitions
Preheader: It takes a minute.

Dear {{ contact.first_name | default: "friend" }},

Narges wrote three articles about the conditions in which women are held, and was sentenced to six years.

[Sign it](https://www.example.org/sign)
"""


def test_a_good_message(daemon):
    daemon.write("good.md", GOOD)
    found = daemon.cli("check", "good.md")
    assert found.stdout == "Nothing is wrong with it.\n" and found.stderr == ""
    assert daemon.cli_json("check", "good.md") == {"errors": 0, "warnings": 0, "findings": []}


def test_an_error_is_shown_where_it_stands(daemon):
    daemon.write("bad.md", GOOD + "\n\t東京 {{ contact.first_name | capitalise }}\n")
    found = daemon.cli("check", "bad.md", check=False, env={"LC_ALL": "C.UTF-8"})
    assert found.rc == 1 and found.stderr == ""
    assert found.stdout == (
        'bad.md:12:5: error: There is no filter named "capitalise".\n'
        "  \t東京 {{ contact.first_name | capitalise }}\n"
        "  \t     ^\n"
        "1 error, 0 warnings: it cannot be sent like this.\n"
    )
    refused = daemon.cli("send", "bad.md", "--to", "all", check=False)
    assert refused.rc == 1 and "capitalise" in refused.stderr


def test_warnings_are_no_failure(daemon):
    daemon.write("warn.md", GOOD + "\n{{ contact.contry }} {{ counters.raif }} ![](https://example.org/x.png)\n")
    found = daemon.cli("check", "warn.md")
    assert 'warn.md:12:4: warning: No contact has the attribute "contry": did you mean "country"?\n' in found.stdout
    assert 'warn.md:12:25: warning: There is no counter "raif": it reads as 0 until somebody sets it.\n' in found.stdout
    daemon.cli("counter", "set", "raif", "5")
    found = daemon.cli_json("check", "warn.md")
    assert found["errors"] == 0 and found["warnings"] == 2
    assert all(f["severity"] == "warning" and f["line"] == 12 and f["file"] is None for f in found["findings"])


def test_files_that_go_along(daemon):
    daemon.write("with.md", GOOD.replace("\n\n", "\nAttach: plan.pdf\n\n", 1))
    missing = daemon.cli("check", "with.md", check=False)
    assert missing.rc == 1 and "plan.pdf" in missing.stderr
    daemon.write("plan.pdf", b"%PDF-1.4 \x00\xff")
    assert daemon.cli("check", "with.md").stdout == "Nothing is wrong with it.\n"


def test_who_sends_it(daemon):
    daemon.write("anonymous.md", GOOD.replace("From: Amnesty <agir@send.example>\n", ""))
    found = daemon.cli("check", "anonymous.md", "--identity", "bare", check=False)
    assert found.rc == 1 and "has no From" in found.stdout
    found = daemon.cli("check", "anonymous.md", "--identity", "nobody", check=False)
    assert found.rc == 1 and 'There is no identity "nobody"' in found.stdout


def test_a_layout_of_the_administrator(start, folder):
    (folder / "templates" / "layouts").mkdir(parents=True)
    layout = folder / "templates" / "layouts" / "own.html"
    layout.write_text("<html><body>\n{{ content }} {{ links.unsubscribe | urlescape }}</body></html>\n")
    daemon = start(Daemon, free_port(), extra='templates = "templates"')
    daemon.write("own.md", GOOD.replace("\n\n", "\nLayout: own\n\n", 1))
    found = daemon.cli("check", "own.md", check=False)
    assert found.rc == 1
    assert found.stdout.startswith('layouts/own.html:2:15: error: There is no filter named "urlescape".\n')
    assert "^" not in found.stdout


def test_the_words_on_the_command_line(daemon):
    daemon.write("good.md", GOOD)
    assert daemon.cli("check", check=False).rc == 2
    assert daemon.cli("check", "good.md", "--data", daemon.config, check=False).rc == 2
    assert daemon.cli("check", "absent.md", check=False).rc == 1
    assert daemon.cli("check", daemon.write("latin.md", b"Subject: \xe9\n\nx"), check=False).rc == 1


HOSTILE = {
    "nothing": "",
    "the sign of a bundle": "\x01",
    "loops in loops": "Subject: x\n\n" + "{% for i in (1..100000) %}" * 90 + "x" + "{% endfor %}" * 90,
    "brackets": "Subject: x\n\n" + "[" * 50000,
    "elements": "Subject: x\n\n<p>" + "<div>" * 50000,
    "names": "Subject: x\n\n" + "".join(f"{{{{ contact.a{i} }}}}" for i in range(900)),
    "links": "Subject: x\n\n" + "".join(f"[{i}](http:/{i}) " for i in range(990)),
    "torn links": "Subject: x\n\n" + "".join(f"[{i}](http:/ {i}) " for i in range(20000)),
    "more than a message": "Subject: x\n\n" + "a" * (1024 * 1024 + 1),
    "rules": "Subject: x\n\n<style>" + "p{" * 100000,
    "the screen": "Subject: \x1b[2J\u202e{{ a | b }}\n\nx",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_messages_have_an_answer_in_time(daemon, what):
    daemon.write("hostile.md", HOSTILE[what])
    found = daemon.cli("check", "hostile.md", check=False, timeout=20)
    assert found.rc in (0, 1) and found.stderr == "", found
    assert "\x1b" not in found.stdout and "\u202e" not in found.stdout
    daemon.process.assert_running()
