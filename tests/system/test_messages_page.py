"""
docs/messages.md says what the language of messages does, and this holds it to that: each table of examples is
read from the page and computed again, by `tocsin render`, and by a daemon where whole mails are meant. Sentences of
refusals, the messages that the page shows and the mail that comes of one are held against the program too.
"""

import html
import json
import pathlib
import re
import subprocess
import tempfile

import pytest

from mails import Office, find_links
from tocsin import BUILD, ROOT

PAGE = (ROOT / "docs/messages.md").read_text()
CONTACT = {
    "email": "anna@dest.example",
    "first_name": "anna",
    "name": "Anna O'Neill",
    "country": "BE",
    "city": "liège",
    "gift": "120",
    "score": "7.5",
    "joined": "2024-03-09",
    "tags": "peace,prisons,women",
    "amount": "1234567.5",
    "note": "one\ntwo",
    "html": "<b>bold</b> & co",
}
PARTIALS = {"greeting": 'Dear {{ who | default: "friend" }},'}
NOW = "2026-11-22T09:30:00Z"
TOKEN = re.compile(r"/[a-z2-7]{26}")


# --- the page


def section(title):
    """The text below a heading, down to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(title)}$\n(.*?)(?=^#+ |\Z)", without_blocks(PAGE), re.S | re.M)
    assert found, f"the page has no section {title}"
    return found[1]


def without_blocks(text):
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.S | re.M)


def blocks(title):
    """The fenced blocks of a section."""
    start = re.search(rf"^#+ {re.escape(title)}$", PAGE, re.M).end()
    end = re.compile(r"^#+ \w.*", re.M)
    found, at = [], start
    for block in re.finditer(r"^```\n(.*?)^```$", PAGE[start:], re.S | re.M):
        if end.search(PAGE[at : start + block.start()]):
            break
        found.append(block[1])
        at = start + block.end()
    return found


def rows(title, header):
    """The cells of the table in a section whose header begins so; its header is the first row."""
    lines = iter(section(title).splitlines())
    for line in lines:
        if line.startswith(f"| {header} |"):
            break
    else:
        raise AssertionError(f"{title} has no table with {header}")
    found = [cells(line)]
    for line in lines:
        if not line.startswith("|"):
            break
        if not line.startswith("|---"):
            found.append(cells(line))
    return found


def cells(line):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def codes(cell):
    """What stands between backticks; ⏎ outside of them too is the end of a line."""
    return [code.replace("⏎", "\n") for code in re.findall(r"`([^`]*)`", cell.replace("`⏎`", "⏎"))]


def code(cell):
    found = codes(cell)
    assert len(found) == 1, cell
    return found[0]


def render(template, **more):
    line = {"template": template, "data": {"contact": CONTACT}, "partials": PARTIALS, "now": NOW, **more}
    return ask(json.dumps(line))[0]


def ask(lines):
    done = subprocess.run([BUILD / "tocsin", "render"], input=lines + "\n", capture_output=True, text=True, check=True)
    return [json.loads(answer) for answer in done.stdout.splitlines()]


def examples():
    for title, header in (
        ("Tags", "tag"),
        ("Filters for text", "filter"),
        ("Filters for HTML and links", "filter"),
        ("Filters for numbers", "filter"),
        ("Filters for lists", "filter"),
        ("Dates", "filter"),
    ):
        for name, example, result in rows(title, f"{header} | example | result")[1:]:
            yield pytest.param(title, example, result, id=f"{title}: {name}")


# --- Liquid


@pytest.mark.parametrize("title, example, result", examples())
def test_an_example_gives_what_the_page_says(title, example, result):
    answer = render(code(example), escape=title == "Filters for HTML and links")
    key = "aborted" if result.startswith("skipped: ") else "output"
    assert answer == {key: code(result)}


def test_all_filters_are_on_the_page():
    listed = set(re.findall(r'^ {4}\{"(\w+)", \d', (ROOT / "daemon/template/filters.c").read_text(), re.M))
    assert len(listed) > 60
    shown = set()
    for title in "Filters for text", "Filters for HTML and links", "Filters for numbers", "Filters for lists", "Dates":
        shown |= set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(title, "filter")[1:])))
    assert listed - shown == {"map"} and "`map`" in section("Filters for lists")
    assert shown <= listed


def test_the_contact_of_the_examples_is_the_one_of_the_page():
    told = " ".join(section("Tags").split())
    for name, value in CONTACT.items():
        assert name == "email" or f"{name} `{value}`".replace("\n", "⏎") in told
    for name, source in PARTIALS.items():
        assert f"the partial `{name}`, which is `{source}`" in told


@pytest.mark.parametrize("row", rows("Dates", "directive")[1:], ids=lambda row: row[0])
def test_a_directive_gives_what_the_page_says(row):
    directives, results = map(codes, row)
    assert len(directives) == len(results)
    for directive, result in zip(directives, results):
        assert render(f'{{{{ "2024-03-09 18:30" | date: "{directive}" }}}}') == {"output": result}


def test_numbers_and_dates_are_those_of_the_language():
    for header, option in (("example | `en`", "language"), ("example | `UTC`", "timezone")):
        head, *examples = rows("Numbers and dates in your language", header)
        assert examples
        for example, *results in examples:
            for name, result in zip(head[1:], results, strict=True):
                assert render(code(example), **{option: code(name)}) == {"output": code(result)}, (example, name)


def test_the_languages_of_the_page_are_those_of_the_program():
    told = re.search(r"The languages are (.*?)\. Another region", section("Numbers and dates in your language"), re.S)
    table = (ROOT / "daemon/template/language_table.c").read_text()
    known = set(re.findall(r'\.tag = "([^"]+)"', table))
    assert set(codes(told[1])) == known | {"nn", "no"}
    for name in codes(told[1]):
        assert render("x", language=name) == {"output": "x"}


def test_tocsin_render_answers_as_the_page_says():
    block = blocks("Trying templates: tocsin render")[0].splitlines()
    end = block.index("END")
    assert block[0] == "$ tocsin render <<'END'"
    assert ask("\n".join(block[1:end])) == [json.loads(answer) for answer in block[end + 1 :]]


# --- messages, in a daemon


@pytest.fixture(scope="module")
def office():
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        folder = pathlib.Path(folder)
        (folder / "templates/layouts").mkdir(parents=True)
        (folder / "templates/layouts/postcard.html").write_text(blocks("A layout of your own")[0])
        office = Office(folder, identity="track = true", extra=f'templates = "{folder}/templates"')
        office.imported([{"email": "anna@dest.example"}])
        yield office
        office.stop()


def send(office, message, **contact):
    job = office.send(message, [{"email": "anna@dest.example", **contact}])
    return office.mails(job)["anna@dest.example"]


REFUSALS = rows("When something is wrong", "you wrote")[1:]


@pytest.mark.parametrize("wrong, sentence", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_says_what_the_page_says(office, wrong, sentence):
    if wrong.endswith(", in the header"):
        field = code(wrong.removesuffix(", in the header"))
        message = f"Subject: x\n{field}\nFrom: a@send.example\n\nHello\n"
    elif wrong.startswith("`"):
        message = f"Subject: x\n\n{code(wrong)}\n"
    else:
        message = "Subject: x\nHello\n"
    (office.folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert office.refuse(message).removeprefix("message.md: ") == code(sentence)


def test_utm_parameters_go_where_the_page_says(office):
    table = rows("UTM parameters", "the link in your file")[1:]
    links = "".join(f'<p><a href="{html.escape(code(row[0]), quote=False)}">x</a></p>\n' for row in table)
    fields = re.search(r"With `(UTM: [^`]*)`", section("UTM parameters"))[1]
    mail = send(office, f"Subject: x\nFrom: a@send.example\nTrack: no\n{fields}\n\n{links}", country="BE")
    assert [link for link, _ in find_links(mail.html)] == [code(row[1]) for row in table]


@pytest.mark.parametrize("links, tracked", rows("Tracked links", "link")[1:])
def test_links_are_tracked_as_the_page_says(office, links, tracked):
    for link in codes(links):
        mail = send(office, f"Subject: x\nFrom: a@send.example\nLayout: none\n\nSee {link}\n", country="be")
        found = [address for address, _ in find_links(mail.html)]
        assert found and {("/c/" in address) for address in found} == {tracked == "yes"}, found


def test_the_layout_of_the_page_is_whole(office):
    fields = "From: a@send.example\nLanguage: fr\nLayout: postcard\nPreheader: *Soon*\n"
    mail = send(office, "Subject: Hi {{ contact.city }}\n" + fields + "\nBonjour\n", city="Liège")
    assert '<html lang="fr">' in mail.html and "<title>Hi Liège</title>" in mail.html
    paragraph, given = re.search(r"`(<p>)` becomes `(<p [^`]*)`", section("Style sheets")).groups()
    assert f'<div style="display:none">{given}<em>Soon</em></p>' in mail.html and paragraph not in mail.html
    assert "@media" in mail.html and "#eeeeee !important" in mail.html and "#333333;" not in mail.html
    assert "Se désinscrire" in mail.html and mail.text == "Bonjour\n"


def test_the_messages_of_the_page_are_those_that_ship(office):
    for name in "appeal", "thank-you":
        assert blocks(f"Example: templates/{name}.md")[0] == (ROOT / f"templates/{name}.md").read_text()


def test_anna_gets_what_the_page_says(office):
    office.daemon.cli("counter", "set", "narges", "46443")
    mail = send(office, (ROOT / "templates/appeal.md").read_text(), **{"First name": "Anna", "Country": "BE"})
    shown = blocks("Example: templates/appeal.md")[1]
    assert TOKEN.sub("/TOKEN", mail.text).strip() == TOKEN.sub("/TOKEN", shown).strip()
    assert str(mail.message["List-Id"]) == "<freedom-of-expression.send.example>"


def test_tocsin_check_says_what_the_page_says(office):
    office.imported([{"email": "anna@dest.example", "First name": "Anna"}])
    command, warning, line, mark = blocks("When something is wrong")[0].splitlines()
    path = office.daemon.write("appeal.md", f"{line.strip()}\nFrom: a@send.example\n\nHello\n")
    checked = office.daemon.cli(*command.removeprefix("$ tocsin ").replace("appeal.md", str(path)).split())
    said = checked.stdout.replace(str(path), "appeal.md").splitlines()
    at = said.index(warning)
    assert said[at + 1 : at + 3] == [line, mark]
