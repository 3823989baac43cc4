"""
What a message is made with, and when: the administrator's own layouts and partials, which a job keeps as they were when
it was submitted; and live counters, which are read when each copy is made.
"""

import re
import threading

import pytest

from mails import Office
from tocsin import PATIENCE, wait_until

FROM = "From: a@send.example\n"
SLOW = 'connections = 1  messages_per_connection = 1000  in_flight = 1  rate = "10/s"'
MANY = 24 if PATIENCE == 1 else 60  # at that pace there is time to change something
FOLDER = 'templates = "templates"'

LAYOUT = """<!DOCTYPE html>
<html lang="{{{{ message.language }}}}"><head><title>{{{{ message.subject }}}}</title></head>
<body><h1>{mark} of {{{{ identity.name }}}}</h1>
<p hidden>{{{{ preheader }}}}</p>
{{{{ content }}}}
{{% include 'footer' %}}
{{% render 'badge' %}}
</body></html>
"""


def put(folder, files):
    for name, text in files.items():
        path = folder / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def layout_files(mark):
    return {
        "layouts/letter.html": LAYOUT.format(mark=mark),
        "layouts/letter.txt": f"{mark}\n\n{{{{ content }}}}\n{{% include 'footer' %}}\n",
        "partials/footer.html": f'<p>{mark} foot: <a href="{{{{ links.unsubscribe }}}}">leave</a></p>',
        "partials/footer.txt": f"{mark} foot: {{{{ links.unsubscribe }}}}",
        "partials/badge.html": f"<i>{mark} badge</i>",
    }


def people(count):
    return [{"email": f"a{i:02}@dest.example", "name": f"N{i}"} for i in range(count)]


LETTER = f"Subject: Letter\n{FROM}Layout: letter\nLanguage: fr\nPreheader: Before\n\nHello {{{{ contact.name }}}}\n"


def check(mail, mark):
    for part in f"<h1>{mark} of ", f"{mark} foot: <a href=", f"<i>{mark} badge</i>":
        assert part in mail.html
    assert mail.text.startswith(f"{mark}\n\nHello N") and f"{mark} foot: https://" in mail.text
    assert '<html lang="fr">' in mail.html and "<p>Hello N" in mail.html and "Before" in mail.html


def test_ones_own_come_before_those_that_ship(start, folder):
    put(folder, layout_files("Ours") | {"layouts/card.html": "<html><body>{{ content }}!</body></html>"})
    office = start(Office, extra=FOLDER)
    for mail in office.mails(office.send(LETTER, people(3))).values():
        check(mail, "Ours")
    # One without a .txt leaves the text alone.
    card = LETTER.replace("letter", "card").replace("Preheader: Before\n", "")
    (mail,) = office.mails(office.send(card, people(1))).values()
    assert mail.html.strip() == "<html><body><p>Hello N0</p>\n!</body></html>" and mail.text.strip() == "Hello N0"
    # Those that ship are still there, and take one's own partials.
    (mail,) = office.mails(office.send(LETTER.replace("Layout: letter", "Layout: newsletter"), people(1))).values()
    assert 'class="band"' in mail.html and "Ours foot" in mail.html and "Ours badge" not in mail.html
    assert '"letter"' in office.refuse(LETTER.replace("Layout: letter", "Layout: postcard"))


def test_without_a_folder_there_is_what_ships(start):
    office = start(Office)
    (mail,) = office.mails(office.send(LETTER, people(1))).values()
    assert "Se désinscrire" in mail.text and 'class="sheet"' in mail.html
    assert "postcard" in office.refuse(LETTER.replace("Layout: letter", "Layout: postcard"))


@pytest.mark.threads
def test_a_job_keeps_what_it_was_submitted_with(start, folder):
    """A reload gives new jobs the new layout; those before it go on with theirs, also over a restart."""
    put(folder, layout_files("Old"))
    office = start(Office, extra=FOLDER, site=SLOW)
    old = office.submit(LETTER, office.imported(people(MANY)))
    wait_until(lambda: len(office.sink.lines()) >= 2, 20, "two copies")
    put(folder, layout_files("New"))
    office.reload()
    before = len(office.sink.lines())
    wait_until(lambda: len(office.sink.lines()) >= before + 2, 20, "two copies after the reload")
    office.daemon.cli("job", "pause", old)
    new = office.submit(LETTER, "email:a00@dest.example")
    office.daemon.wait_job(new)
    office.daemon.stop()
    put(folder, layout_files("Newest"))
    office.daemon.start()
    newest = office.submit(LETTER, "email:a01@dest.example")
    office.daemon.cli("job", "resume", old)
    for job in old, newest:
        office.daemon.wait_job(job)
    for job, mark, count in (old, "Old", MANY), (new, "New", 1), (newest, "Newest", 1):
        mails = office.mails(job)
        assert len(mails) == count
        for mail in mails.values():
            check(mail, mark)
    assert len(office.sink.messages()) == MANY + 2


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("layouts/letter.html", b"<p>{{ content }}\xff</p>", "letter.html"),
        ("partials/footer.html", b"x" * (256 * 1024 + 1), "footer.html"),
    ],
    ids=["no UTF-8", "too long"],
)
def test_a_reload_that_cannot_be_keeps_the_old_ones(start, folder, name, text, says):
    put(folder, layout_files("Old"))
    office = start(Office, extra=FOLDER)
    (folder / "templates" / name).write_bytes(text)
    office.reload()
    (refused,) = office.daemon.log_lines("reload_refused")
    assert says in str(refused)
    (mail,) = office.mails(office.send(LETTER, people(1))).values()
    check(mail, "Old")


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("layouts/letter.html", "<p>{{ content }}</p>\n{{ nothing | nofilter }}\n", "line 2"),
        ("layouts/letter.html", "<p>no place for the text</p>", "content"),
        ("layouts/letter.html", "{{ content }}{{ content }}", "content"),
        ("layouts/letter.txt", "{% if content %}{{ content }}", "letter.txt"),
        ("partials/footer.html", "<p>{{ x | nofilter }}</p>", "footer"),
        ("partials/footer.html", "{% include 'footer' %}", "footer"),
    ],
    ids=["filter", "no place", "two places", "not closed", "partial", "cycle"],
)
def test_a_broken_layout_is_refused_with_its_name(start, folder, name, text, says):
    """When a message uses it: the sentence names the file, and its line, not that of the message."""
    put(folder, layout_files("Ours") | {name: text})
    office = start(Office, extra=FOLDER)
    sentence = office.refuse(LETTER)
    assert says.lower() in sentence.lower() and name.split("/")[1].split(".")[0] in sentence, sentence


STYLED = """<!DOCTYPE html>
<html><head><style>
p { color: #123456 }
.x > b { margin: 0 }
@media (max-width: 480px) { p { color: #654321 !important } }
</style></head>
<body><p style="font-weight: bold">{{ contact.name }}</p><div class="x"><b>x</b></div></body></html>
"""


def test_style_sheets_are_inlined(start):
    office = start(Office)
    (mail,) = office.mails(office.send(f"Subject: x\n{FROM}\n{STYLED}", people(1))).values()
    assert "@media (max-width: 480px) { p { color: #654321 !important } }" in mail.html
    assert re.search(r'<p style="color: ?#123456; ?font-weight: bold">N0</p>', mail.html)
    assert re.search(r'<div class="x"><b style="margin: ?0">x</b></div>', mail.html)
    assert ".x > b" not in mail.html
    (mail,) = office.mails(office.send(LETTER, people(1))).values()
    assert re.search(r'<p style="[^"]*margin: ?0 0 18px[^"]*">Hello N0</p>', mail.html)


def test_a_footer_of_several_lines(start):
    office = start(Office, identity=r'footer = "Lanterns\n12, rue de la Liberté"')
    (mail,) = office.mails(office.send(LETTER, people(1))).values()
    assert "\nLanterns\n12, rue de la Liberté\n" in mail.text
    assert "Lanterns<br />\n12, rue de la Liberté" in mail.html


# --- counters

NUMBER = f"""Subject: {{{{ counters.raif | number_with_delimiter }}}} ont signé
{FROM}Language: fr
Layout: plain

Déjà {{{{ counters.raif | number_with_delimiter }}}} signatures{{% if counters.raif >= 1000000 %}},
un million{{% endif %}}.
Aucune\N{NARROW NO-BREAK SPACE}: {{{{ counters.nothing | number_with_delimiter }}}}.
"""


def numbers_in(mail):
    """What a mail says, in its subject and in both parts, which must be one number."""
    said = [re.match(r"(.*) ont signé", mail.subject)[1]]
    said += [re.search(r"Déjà (.*?) signatures", text)[1] for text in (mail.text, mail.html)]
    assert "Aucune\u202f: 0." in mail.text
    assert len(set(said)) == 1, said
    assert re.fullmatch(r"\d{1,3}(\u202f\d{3})*", said[0]), said
    number = int(said[0].replace("\u202f", ""))
    assert ("un million" in mail.text) == (number >= 1000000)
    return number


def test_a_counter_as_it_stands_when_a_copy_is_made(start):
    """Changed while a slow job runs: earlier copies have the old value, later ones the new one."""
    office = start(Office, site=SLOW)
    office.daemon.cli("counter", "set", "raif", 46443)
    job = office.submit(NUMBER, office.imported(people(MANY)))
    wait_until(lambda: len(office.sink.lines()) >= 3, 20, "three copies")
    assert office.daemon.cli_json("counter", "add", "raif", 999999)["value"] == 1046442
    gone = len(office.sink.lines())
    office.daemon.wait_job(job)
    values = [numbers_in(mail) for mail in office.all_mails()]
    assert len(values) == MANY and set(values) == {46443, 1046442}
    assert values[:3] == [46443] * 3 and values[-1] == 1046442
    # What had been composed when it changed is a copy or two for each thread.
    assert values.count(46443) <= gone + 8
    office.daemon.cli("counter", "delete", "raif")
    (mail,) = office.mails(office.send(NUMBER, people(1))).values()
    assert numbers_in(mail) == 0


@pytest.mark.threads
def test_a_counter_that_is_counted_all_the_while(start):
    """A copy has one value, in its subject and in both parts."""
    office = start(Office, site=SLOW.replace("10/s", "100/s"))
    office.daemon.cli("counter", "set", "raif", 1)
    over = threading.Event()

    def count():
        while not over.is_set():
            assert office.daemon.api("POST", "/v1/counters/raif", {"add": 1})[0] == 200

    thread = threading.Thread(target=count)
    thread.start()
    try:
        office.send(NUMBER, people(60))
    finally:
        over.set()
        thread.join()
    values = [numbers_in(mail) for mail in office.all_mails()]
    assert len(values) == 60
    assert all(value >= 1 for value in values) and len(set(values)) > 5 and values[-1] > values[0]
