"""
Real mails through the whole daemon, and read again at the receiver: 22 that others designed (the corpora, when they are
there), and those that ship, in every layout and several languages, to people with difficult names. Each must be there
once, whole, signed, and hold what was meant.
"""

import html
import pathlib
import re
import tempfile

import pytest

import opendkim
from corpora import REAL, ROWS, column_value, escaped, needs_corpora, translate
from mails import Office, addresses, find_links
from tocsin import ROOT


def run_office(work, **options):
    """What work(office) gives, after everything has been stopped."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        office = Office(pathlib.Path(folder), **options)
        try:
            result = work(office)
        finally:
            office.stop()
        return result


# --- the 22 real mails

def without_css(page):
    """What may differ when style sheets were inlined: the sheets, white space beside them, and the attributes."""
    page = re.sub(r"""\s+style=("[^"]*"|'[^']*')""", "", page)
    head, body, rest = page.partition("<body")
    head = re.sub(r"<style\b[^>]*>.*?</style>", " ", head, flags=re.S | re.I)
    return " ".join(head.split()) + body + rest


PEOPLE = ("anna", "bo")


def send_real_mails(office):
    sent, everybody = {}, []
    for path in REAL:
        liquid, columns, meant = translate(path.read_text())
        people = [
            {
                "email": f"{name}.{len(everybody)}@dest.example",
                "rows": ";".join("|".join(row) for row in ROWS),
                **{column: column_value(column, name) for column in columns},
            }
            for name in PEOPLE
        ]
        everybody += people
        message = f"Subject: {path.stem} for {{{{ contact.email }}}}\nFrom: Sürprise <a@send.example>\n\n{liquid}"
        sent[path] = (message, people, meant)
    office.imported(everybody)
    jobs = {}
    for path, (message, people, _) in sent.items():
        to = " or ".join(f"email:{person['email']}" for person in people)
        jobs[path] = office.submit(message, to, name=f"{path.stem}.html")
    office.sink.wait_messages(len(everybody))
    for job in jobs.values():
        office.daemon.wait_job(job)
    mails = {path: (office.mails(jobs[path]), people, meant) for path, (_, people, meant) in sent.items()}
    everything = office.all_mails()
    return mails, len(everything), office.unsigned(everything), verify_by_opendkim(office, everything)


def verify_by_opendkim(office, mails):
    return office.complaints_of_opendkim(mails) if opendkim.can_verify() else None


@pytest.fixture(scope="module")
def real_mails():
    return run_office(send_real_mails)


@needs_corpora
def test_the_real_mails_arrive_once_and_signed(real_mails):
    mails, count, unsigned, complaints = real_mails
    assert count == len(REAL) * len(PEOPLE) == sum(len(found) for found, _, _ in mails.values())
    assert unsigned == []
    if complaints is None:
        pytest.skip("opendkim-testmsg needs a DNS of its own, and so a network namespace")
    assert complaints == {}


@needs_corpora
@pytest.mark.parametrize("path", REAL, ids=[path.stem.replace("basic-full-", "").replace("-content", "") for path in REAL])
def test_a_real_mail_is_what_was_meant(real_mails, path):
    mails, people, meant = real_mails[0][path]
    assert set(mails) == {person["email"] for person in people}
    for person in people:
        mail = mails[person["email"]]
        assert mail.structure() == "alternative(plain html)"
        assert mail.subject == f"{path.stem} for {person['email']}"
        expected = meant(person)
        assert without_css(mail.html) == without_css(expected)
        check_text(mail.text, expected)


def check_text(text, page):
    """As a person would write it: every address that the page leads to, its words, and no markup."""
    for address in addresses(page):
        assert address.removeprefix("mailto:") in text
    assert not re.search(r"</?[a-z][a-z0-9]*(\s[^<>@]*)?/?>|<!--|&[a-z]+;|&#\d", text), text
    assert "{%" not in text and "{{ contact" not in text
    body = re.search(r"<body.*</body>", page, re.S)[0]
    hidden = r"<span [^>]*display: none[^>]*>.*?</span>"
    body = re.sub(rf"<!--.*?-->|<style.*?</style>|{hidden}", "", body, flags=re.S)
    words = set(re.findall(r"\w{4,}", html.unescape(re.sub(r"<[^>]*>", " ", body))))
    missing = words - set(re.findall(r"\w{4,}", text))
    assert missing == set()
    assert "\n\n\n\n" not in text and "\t" not in text


# --- the messages that ship

NAMES = {
    "markup": '<script>alert("1")</script>',
    "quotes": "O'Neill & \"Söhne\" \\ `x`",
    "liquid": "{{ contact.email }} {% raw %}",
    "markdown": "*Anna* [x](https://evil.example) ![y](z)",
    "lines": "Eve\r\nBcc: victim@dest.example\r\n\r\n.\r\n",
    "arabic": "نرجس محمدی",
    "reversed": "\u202eannA\u202c",
    "chinese": "劉曉波",
    "emoji": "👩🏽‍🚀 Zoë",
    "encoded": "=?utf-8?q?Anna?= =3D=20",
    "long": "x" * 3000,
    "words": "Ada " * 600,
}
TEMPLATES = {path.stem: path.read_text() for path in sorted((ROOT / "templates").glob("*.md"))}
LAYOUTS = ("letter", "newsletter", "plain", "none")
LANGUAGES = ("en", "fr", "de", "ar")
LEAVE = {"en": "Unsubscribe with one click", "fr": "Se désinscrire en un clic", "de": "Mit einem Klick abmelden"}
COPIES = [
    (template, layout, LANGUAGES[(i + j) % len(LANGUAGES)])
    for i, template in enumerate(TEMPLATES)
    for j, layout in enumerate(LAYOUTS)
] + [("appeal", "letter", language) for language in LANGUAGES[1:]]


def one_line(name):
    return " ".join(name.split())


def send_shipped(office):
    people = [
        {"email": f"{kind}@dest.example", "first_name": name, "city": name, "country": country}
        for (kind, name), country in zip(NAMES.items(), ["BE", "FR", "DE"] * len(NAMES))
    ]
    to = office.imported(people)
    office.daemon.cli("counter", "set", "narges", 46443)
    jobs = {}
    for template, layout, language in COPIES:
        text = re.sub(r"^Layout: .*$", f"Layout: {layout}", TEMPLATES[template], flags=re.M)
        text = re.sub(r"^Language: .*$", f"Language: {language}", text, flags=re.M)
        if layout == "none":
            text = re.sub(r"^Preheader: .*\n", "", text, flags=re.M)
        assert f"Layout: {layout}\n" in text and f"Language: {language}\n" in text
        jobs[template, layout, language] = office.submit(text, to)
    for job in jobs.values():
        done = office.daemon.wait_job(job)
        assert done["delivered"] == len(NAMES), office.daemon.recipients(job)
    everything = office.all_mails()
    assert len(everything) == len(COPIES) * len(NAMES)
    assert set(office.sink.recipients().values()) == {len(COPIES)}
    picked = everything[:: max(1, len(everything) // 30)]
    return (
        {copy: office.mails(job) for copy, job in jobs.items()},
        office.unsigned(everything),
        verify_by_opendkim(office, picked),
    )


@pytest.fixture(scope="module")
def shipped():
    return run_office(send_shipped, identity='footer = "Lanterns, 12, rue de la Liberté"')


def test_what_ships_is_signed(shipped):
    _, unsigned, complaints = shipped
    assert unsigned == []
    if complaints is None:
        pytest.skip("opendkim-testmsg needs a DNS of its own, and so a network namespace")
    assert complaints == {}


@pytest.mark.parametrize("copy", COPIES, ids="-".join)
def test_what_ships_reaches_people_with_difficult_names(shipped, copy):
    template, layout, language = copy
    mails = shipped[0][copy]
    assert set(mails) == {f"{kind}@dest.example" for kind in NAMES}
    for kind, name in NAMES.items():
        mail = mails[f"{kind}@dest.example"]
        assert mail.structure() == "alternative(plain html)"
        # Names are not markup, and not a template either.
        greeted = name.replace("\r\n", "\n")
        assert escaped(greeted).strip() in mail.html
        assert greeted.strip() in mail.text
        assert "<script" not in mail.html and 'href="https://evil' not in mail.html
        if template != "newsletter":
            assert one_line(name) in one_line(mail.subject)
        check_page(mail, layout, language)


def check_page(mail, layout, language):
    links = addresses(mail.html)
    assert any(link.startswith("https://example.org/") for link in links)
    texts = re.findall(r"https://[^\s<>\"]+", mail.text)
    assert {link for link in links if "example.org" in link} <= {link.rstrip(".:") for link in texts}
    assert "{%" not in mail.html.replace("{% raw %}", "") and "</" not in mail.text.replace("</script>", "")
    unsubscribe = str(mail.message["List-Unsubscribe"]).strip("<>")
    if layout == "none":
        assert unsubscribe not in mail.html and "<html" not in mail.html
        return
    assert f' lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in re.search("<html[^>]*>", mail.html)[0]
    assert unsubscribe in links and unsubscribe in mail.text
    assert LEAVE.get(language, LEAVE["en"]) in mail.text
    assert "12, rue de la Liberté" in mail.text and "12, rue de la Liberté" in mail.html
    assert mail.html.count("<body") == mail.html.count("</body>") == mail.html.count("</html>") == 1


def test_numbers_and_months_are_those_of_the_language(shipped):
    appeal = {language: mails for (name, layout, language), mails in shipped[0].items() if name == "appeal"}
    for language, number in ("en", "46,443"), ("fr", "46\u202f443"), ("de", "46.443"):
        mail = appeal[language]["chinese@dest.example"]
        assert number in mail.text and number in mail.html
    fr = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    newsletter = {language: mails for (name, _, language), mails in shipped[0].items() if name == "newsletter"}
    month = fr[newsletter["fr"]["arabic@dest.example"].message["Date"].datetime.month - 1]
    assert f"What you can do in {month}" in newsletter["fr"]["arabic@dest.example"].text


# --- what a retry keeps


def test_a_retry_is_the_same_mail(start):
    """The Message-ID is the same when a copy is sent again, and another one for every contact and every job."""
    office = start(Office, extra='retry { first = "100ms"  factor = 1  max = "1s"  max_age = "1h" }')
    words = ("lost1", "late1", "defer1", "plain")
    people = [{"email": f"{word}@dest.example"} for word in words]
    jobs = [office.send("Subject: Hi\nFrom: a@send.example\n\nHello\n", people) for _ in range(2)]
    everything = office.all_mails()
    # `lost` was taken each time, but the answer was not heard the first time.
    copies = {(mail.job, mail.address): {m.id for m in everything if (m.job, m.address) == (mail.job, mail.address)}
              for mail in everything}
    assert set(copies) == {(job, person["email"]) for job in jobs for person in people}
    assert all(len(ids) == 1 for ids in copies.values()), copies
    assert len(set.union(*copies.values())) == len(copies)
    assert len(everything) >= len(copies) + 1
    assert office.unsigned(everything) == []
    for mail in everything:
        assert mail.faults() == []
    assert find_links(everything[0].html)
