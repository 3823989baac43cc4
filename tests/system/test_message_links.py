"""
Links: each that may be followed leads through the daemon, once, by its number in the message, and everything
beside them stays as it was, to the byte. Where they stood is found by a parser that is not ours.
"""

import re
import urllib.parse

import pytest

from corpora import REAL, needs_corpora, translate
from mails import Office, addresses, find_links, read_token
from tocsin import wait_until

BASE = "https://t.example.org/deep"
TRACKED = re.compile(re.escape(BASE) + r"/c/([a-z2-7]{26})/([1-9][0-9]*)")
FROM = "From: a@send.example\n"
TRACKING = {"identity": "track = true", "extra": f'tracking {{ base_url = "{BASE}" }}'}

# Links as people write them: HTML, and where a click should lead (None: it is left alone).
LINKS = [
    ('<a href="https://example.org/">plain</a>', "https://example.org/"),
    ('<a href="http://example.org">without TLS</a>', "http://example.org"),
    ('<A HREF="HTTPS://Example.org/A?x=Y">capitals</A>', "HTTPS://Example.org/A?x=Y"),
    ("<a href='https://example.org/single'>single quotes</a>", "https://example.org/single"),
    ("<a class=x href=https://example.org/bare>no quotes</a>", "https://example.org/bare"),
    ('<a href="https://example.org/?a=1&amp;b=2">a reference</a>', "https://example.org/?a=1&b=2"),
    ('<a href="https://example.org/?a=1&b=2&copy=3">signs</a>', "https://example.org/?a=1&b=2&copy=3"),
    ('<a href="https://example.org/?q=&quot;x&quot;&#x26;&#39;">more</a>', "https://example.org/?q=\"x\"&'"),
    ('<a href=" https://example.org/spaces ">spaces around</a>', "https://example.org/spaces"),
    ('<a\n  title="a > b"\n  href="https://example.org/lines#part">lines</a>', "https://example.org/lines#part"),
    ('<a href="https://bücher.example/é?ü=ñ">beyond ASCII</a>', "https://bücher.example/é?ü=ñ"),
    ('<a href="https://example.org/%7Ba%7D?x=%E2%82%AC">encoded</a>', "https://example.org/%7Ba%7D?x=%E2%82%AC"),
    ('<a href="https://example.org/twice">one</a>', "https://example.org/twice"),
    ('<a href="https://example.org/twice">two</a>', "https://example.org/twice"),
    ('<a href="https://example.org/first" href="https://example.org/second">twice</a>', "https://example.org/first"),
    ('<map name="m"><area href="https://example.org/area" alt="x"></map>', "https://example.org/area"),
    ('<!--[if mso]><a href="https://example.org/outlook">for Outlook</a><![endif]-->', "https://example.org/outlook"),
    ('<!--[if !mso]><!--><a href="https://example.org/others">x</a><!--<![endif]-->', "https://example.org/others"),
    ('<a href="https://example.org/{{ contact.page }}?x=1">Liquid</a>', "https://example.org/paris?x=1"),
    (
        '<a href="https://example.org/?who={{ contact.name | url_encode }}">a value</a>',
        "https://example.org/?who=Zo%C3%AB+%26+Co",
    ),
    (
        '<a href="https://example.org/{% if contact.page == "paris" %}fr{% else %}be{% endif %}">choice</a>',
        "https://example.org/fr",
    ),
    ('{% if contact.page %}<a href="https://example.org/if">if</a>{% endif %}', "https://example.org/if"),
    ('<a href="{{ contact.url }}">all of it</a>', None),
    ('<a href="{{ links.unsubscribe }}">unsubscribe</a>', None),
    ('<a href="{{ links.web }}">in the browser</a>', None),
    ('<a href="mailto:a@example.org?subject=x">write</a>', None),
    ('<a href="tel:+3225431111">call</a>', None),
    ('<a href="sms:+3225431111">text</a>', None),
    ('<a href="#part">further down</a>', None),
    ('<a name="part">here</a>', None),
    ('<a href="https://example.org/off" data-track="off">off</a>', None),
    ('<a data-track=OFF href="https://example.org/off">off</a>', None),
    ('<a href="ftp://example.org/x">another scheme</a>', None),
    ('<link rel="stylesheet" href="https://example.org/x.css">', None),
    ('<img src="https://example.org/x.png" alt="https://example.org/">', None),
    ('<form action="https://example.org/form"></form>', None),
    ("<!-- <a href=\"https://example.org/comment\">x</a> -->", None),
    ('<p title="<a href=\'https://example.org/title\'>">https://example.org/as-text</p>', None),
    ('<textarea><a href="https://example.org/textarea">x</a></textarea>', None),
]
# An area has no words; Outlook has no text part.
NOT_IN_TEXT = ("https://example.org/outlook", "https://example.org/area")
PERSON = {
    "email": "zoe@dest.example",
    "name": "Zoë & Co",
    "page": "paris",
    "url": "https://example.org/all-of-it?a=1&b=2",
}


def page_of(snippets):
    body = "\n".join(f"<p>{i}: {snippet}</p>" for i, snippet in enumerate(snippets))
    return f"<!DOCTYPE html>\n<html><head><title>Links</title></head>\n<body>\n{body}\n</body></html>\n"


def html_message(page, *fields):
    return "".join(f"{line}\n" for line in ("Subject: Links", *fields)) + FROM + "\n" + page


def send_one(office, message, person=PERSON):
    """The only mail of a job, and the job."""
    job = office.send(message, [person])
    (mail,) = office.mails(job).values()
    return mail, job


def numbers_of(page, job, contact=None):
    """The numbers of the tracked links in their order, whose tokens are this copy's."""
    found = [TRACKED.fullmatch(address) for address in addresses(page)]
    tokens = {match[1] for match in found if match}
    (token,) = tokens
    assert read_token(token) == (job, contact or read_token(token)[1])
    assert len(re.findall(re.escape(BASE) + "/c/", page)) == sum(match is not None for match in found)
    return [int(match[2]) for match in found if match]


def contact_number(office, person=PERSON):
    return office.daemon.cli_json("contacts", "show", person["email"])["id"]


def test_each_link_is_rewritten_once_and_nothing_else(start):
    office = start(Office, **TRACKING)
    mail, job = send_one(office, html_message(page_of([snippet for snippet, _ in LINKS])))
    numbers = numbers_of(mail.html, job, contact_number(office))
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == sum(target is not None for _, target in LINKS)
    snippets = re.findall(r"<p>(\d+): (.*?)</p>\n", mail.html + "\n", re.S)
    assert [int(n) for n, _ in snippets] == list(range(len(LINKS)))
    for (_, got), (snippet, target) in zip(snippets, LINKS):
        (was,), (now,) = (re.split(r"\b[hH](?:ref|REF)\s*=", s, 1)[:1] for s in (snippet, got))
        assert now == was or "{%" in was
        if target is None:
            assert not TRACKED.search(got) and "/c/" not in got
            if "{" not in snippet:
                assert got == snippet
        elif "href" in snippet and snippet.count("href") == 1:
            after = re.split(r"https://t\.example\.org/deep/c/[a-z2-7]{26}/[0-9]+", got)[1]
            assert after.lstrip("'\"").split(">", 1)[1] == re.split(r"href=.*?>", snippet, 1, re.S)[1] or "{" in snippet
    # The text part has the addresses themselves.
    assert "/c/" not in mail.text
    for _, target in LINKS:
        if target and target not in NOT_IN_TEXT:
            assert target in mail.text


def test_signs_in_addresses_are_no_references_in_the_text_either(start):
    office = start(Office)
    mail, _ = send_one(office, html_message('<p><a href="https://example.org/?a=1&copy=3&lt=4">x</a></p>\n'))
    assert addresses(mail.html) == ["https://example.org/?a=1&copy=3&lt=4"]
    assert "<https://example.org/?a=1&copy=3&lt=4>" in mail.text


def test_where_the_numbers_lead(start):
    """The same message, untracked, has the address that belongs to each number, byte for byte."""
    office = start(Office, **TRACKING)
    page = page_of([snippet for snippet, _ in LINKS])
    tracked, job = send_one(office, html_message(page))
    plain, _ = send_one(office, html_message(page, "Track: no"))
    targets = [target for _, target in LINKS if target is not None]
    pairs = list(zip(addresses(tracked.html), addresses(plain.html)))
    assert len(addresses(tracked.html)) == len(addresses(plain.html))
    led = {int(TRACKED.fullmatch(now)[2]): was for now, was in pairs if TRACKED.fullmatch(now)}
    assert [led[n].strip() for n in sorted(led)] == targets
    unsubscribe = re.compile(r"/(u|w)/[a-z2-7]{26}")
    assert all(unsubscribe.sub("", now) == unsubscribe.sub("", was) for now, was in pairs if not TRACKED.fullmatch(now))


@pytest.mark.parametrize("how", ["default", "Track: no", "Track: NO"])
def test_untracked_pages_are_not_touched(start, how):
    office = start(Office, **({} if how == "default" else TRACKING))
    fields = [] if how == "default" else [how]
    snippets = [snippet for snippet, _ in LINKS if "{" not in snippet]
    page = page_of(snippets)
    mail, _ = send_one(office, html_message(page, *fields))
    assert "/c/" not in mail.raw.decode()
    assert [a.strip() for a in addresses(mail.html)] == [a.strip() for a in addresses(page)]
    if how != "default":
        assert mail.html == page


def test_untracked_by_the_identity_to_the_byte(start):
    """But for quotes around a value that had none: it might be a tracked one."""
    office = start(Office)
    page = page_of([snippet for snippet, _ in LINKS if "{" not in snippet and "href=https" not in snippet])
    mail, _ = send_one(office, html_message(page))
    assert mail.html == page


def test_links_of_markdown(start):
    office = start(Office, **TRACKING)
    text = (
        "Subject: Links\n" + FROM + "Layout: letter\n\n"
        "[one](https://example.org/1?a=1&b=2), <https://example.org/2>, [three][3] "
        "and [write](mailto:x@example.org).\n\n"
        "**[A button](https://example.org/{{ contact.page }})** ![image](https://example.org/i.png)\n\n"
        '[![image](https://example.org/j.png)](https://example.org/5 "title")\n\n'
        "{% for i in (1..3) %}[six {{ i }}](https://example.org/6)\n\n{% endfor %}"
        "[Unsubscribe]({{ links.unsubscribe }})\n\n[3]: https://example.org/3\n"
    )
    mail, job = send_one(office, text)
    targets = ["1?a=1&b=2", "2", "3", "paris", "5", "6"]
    assert numbers_of(mail.html, job, contact_number(office)) == [1, 2, 3, 4, 5, 6, 6, 6]
    for target in targets:
        assert f"https://example.org/{target}" in mail.text
    assert 'src="https://example.org/i.png"' in mail.html and 'src="https://example.org/j.png"' in mail.html
    others = [address for address in addresses(mail.html) if not TRACKED.fullmatch(address)]
    assert "mailto:x@example.org" in others and all(not a.startswith("https://example.org") for a in others)


def test_what_a_loop_knows_is_not_tracked(start):
    """A click comes later, when nobody knows the turn of a loop any more: such links stay as they are."""
    office = start(Office, **TRACKING)
    page = "<p>{% for c in (1..3) %}<a href=\"https://example.org/{{ c }}\">{{ c }}</a>{% endfor %}</p>\n"
    page += '<p>{% assign p = contact.page %}<a href="https://example.org/{{ p }}">x</a></p>\n'
    page += '<p><a href="https://example.org/last">x</a></p>\n'
    mail, job = send_one(office, html_message(page))
    assert addresses(mail.html)[:4] == [f"https://example.org/{end}" for end in ("1", "2", "3", "paris")]
    assert numbers_of(mail.html, job, contact_number(office)) == [1]


def test_values_cannot_leave_an_address(start):
    """In an address a value stays a value, whatever signs are in it."""
    office = start(Office, **TRACKING)
    person = {"email": "eve@dest.example", "name": '"><script>x</script>', "url": "javascript:alert(1)\"'><b>"}
    page = '<p><a href="https://example.org/?n={{ contact.name }}">x</a><a href="{{ contact.url }}">y</a></p>\n'
    for fields in [], ["Track: no"]:
        mail, _ = send_one(office, html_message(page, *fields), person)
        assert "<script" not in mail.html and "<b>" not in mail.html
        assert mail.html.count("<a ") == len(addresses(mail.html)) == 2
        assert addresses(mail.html)[1] == person["url"]


UTM = "UTM: source=tocsin & co, medium=email, campaign=été"
UTM_LINKS = [
    ("https://example.org/", {}, ""),
    ("https://example.org", {}, ""),
    ("https://example.org/a?b=1&c=%26#part", {"b": "1", "c": "&"}, "part"),
    ("https://example.org/?utm_source=mine", {"utm_source": "mine"}, ""),
    ("https://example.org/?UTM_Campaign=mine", {"UTM_Campaign": "mine"}, ""),
]


@pytest.mark.parametrize("tracked", [False, True], ids=["plain", "tracked"])
def test_utm_parameters_once(start, tracked):
    office = start(Office, **(TRACKING if tracked else {}))
    snippets = [f'<a href="{address.replace("&", "&amp;")}">x</a>' for address, _, _ in UTM_LINKS]
    snippets += [f'<a href="{address}">x</a>' for address in ("mailto:a@example.org", "#x", "{{ links.unsubscribe }}")]
    mail, job = send_one(office, html_message(page_of(snippets), UTM))
    assert "utm" not in mail.message["List-Unsubscribe"]
    found = addresses(mail.html)
    for address in found[len(UTM_LINKS) :]:
        assert "utm" not in address
    if tracked:
        assert numbers_of(mail.html, job, contact_number(office)) == list(range(1, len(UTM_LINKS) + 1))
        return
    assert mail.html.count("utm_medium=") == len(UTM_LINKS)
    for address, (was, query, fragment) in zip(found, UTM_LINKS):
        wanted = {"utm_source": "tocsin & co", "utm_medium": "email", "utm_campaign": "été"}
        have = {name.lower() for name in query}
        wanted = {name: value for name, value in wanted.items() if name not in have}
        parts = urllib.parse.urlsplit(address)
        got = urllib.parse.parse_qsl(parts.query, strict_parsing=True)
        assert len(dict(got)) == len(got) and dict(got) == query | wanted
        assert (parts.netloc, parts.fragment) == ("example.org", fragment)
        assert address.startswith(was.split("#")[0].rstrip("/"))


def test_utm_that_nobody_knows_is_refused(start):
    office = start(Office)
    assert "Line 2: UTM is written as" in office.refuse(html_message("<p>x</p>\n", "UTM: origin=x"))


def test_links_of_the_layout_are_numbered_after_those_of_the_text(start):
    """What the footer leads to is this recipient's own, and never tracked."""
    office = start(Office, **TRACKING)
    mail, job = send_one(office, "Subject: x\n" + FROM + "\n[x](https://example.org/)\n")
    assert numbers_of(mail.html, job, contact_number(office)) == [1]
    kinds = {re.sub(r"[a-z2-7]{26}.*", "", address) for address in addresses(mail.html)}
    assert kinds == {f"{BASE}/{kind}/" for kind in "cuw"}


def test_links_of_layouts_and_partials(start, folder):
    """What stands in the layout, or comes with a plain include, is numbered in the page's order."""
    files = {
        "layouts/card.html": '<a href="https://example.org/top">x</a>{{ content }}'
        '{% include "foot" %}{% render "more" %}',
        "partials/foot.html": '<a href="https://example.org/foot">x</a>',
        "partials/more.html": '<a href="https://example.org/more">x</a>',
    }
    for name, text in files.items():
        path = folder / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    office = start(Office, identity="track = true", extra=TRACKING["extra"] + '\ntemplates = "templates"')
    mail, job = send_one(office, f"Subject: x\n{FROM}Layout: card\n\n[middle](https://example.org/middle)\n")
    assert numbers_of(mail.html, job, contact_number(office)) == [1, 2, 3]
    assert addresses(mail.html)[3] == "https://example.org/more"


def test_the_identity_decides_when_a_copy_is_made(start):
    """A job that is on its way keeps its numbers, but not its tracking: that is looked up last."""
    office = start(Office, **TRACKING)
    people = [{"email": f"{name}@dest.example"} for name in ("defer", "now")]
    job = office.submit(html_message(page_of(['<a href="https://example.org/?a=1">x</a>'])), office.imported(people))
    wait_until(lambda: office.daemon.job(job)["deferred"] == 1 and office.sink.lines(), 20, "one of two copies")
    config = office.daemon.config
    config.write_text(config.read_text().replace("track = true", "track = false"))
    office.reload()
    office.daemon.cli("job", "retry", job)
    office.daemon.wait_job(job)
    mails = office.mails(job)
    assert TRACKED.fullmatch(addresses(mails["now@dest.example"].html)[0])
    assert addresses(mails["defer@dest.example"].html) == ["https://example.org/?a=1"]


def test_as_many_links_as_there_may_be(start):
    office = start(Office, **TRACKING)
    snippets = [f'<a href="https://example.org/{i}">x</a>' for i in range(1001)]
    mail, job = send_one(office, html_message(page_of(snippets[:1000])))
    assert numbers_of(mail.html, job, contact_number(office)) == list(range(1, 1001))
    assert "1000" in office.refuse(html_message(page_of(snippets))).replace(",", "")


@needs_corpora
def test_the_real_mails_tracked(start):
    office = start(Office, **TRACKING)
    pages, sent = [], []
    for path in REAL:
        # Addresses whose beginning is not known are not tracked: give them one.
        page = path.read_text().replace('href="{{', 'href="https://shop.example/{{')
        liquid, columns, _ = translate(page)
        person = {name: f"{name}?a=1&b=2" if name.endswith("_url") else f"x {name}" for name in columns}
        pages.append((liquid, person | {"email": f"a{len(pages)}@dest.example", "rows": "a|b"}))
    office.imported([person for _, person in pages])
    for liquid, person in pages:
        to = "email:" + person["email"]
        sent.append([office.submit(html_message(liquid, *fields), to) for fields in ([], ["Track: no"])])
    office.sink.wait_messages(2 * len(pages))
    mails = {mail.job: mail for mail in office.all_mails()}
    assert len(mails) == 2 * len(pages)
    total = 0
    for jobs in sent:
        tracked, plain = (mails[job] for job in jobs)
        assert tracked.faults() == plain.faults() == []
        numbers = numbers_of(tracked.html, jobs[0])
        assert numbers == list(range(1, len(numbers) + 1))
        was = find_links(plain.html)
        assert len(numbers) == sum(address.startswith("http") for address, _ in was)
        total += len(numbers)
        # Put back, it is the same page.
        queue = [address for address, _ in was if address.startswith("http")]
        back = TRACKED.sub(lambda match: queue[int(match[2]) - 1].replace("&", "&amp;"), tracked.html)
        assert back == plain.html
    assert total > 80
