"""
The layouts that ship, in real Chromium: readable on a telephone and on a desk, in the light and in the
dark, from left to right and from right to left. They are rendered by `tocsin render`, and what the daemon
does beside that (the message's HTML in its place) is done here; the CSS stays in the <style>, where a
browser sees the same as after inlining.

With TOCSIN_SCREENSHOTS=FOLDER it leaves a picture of each page there, for a person to look at; with
TOCSIN_AXE=PATH/axe.min.js it lets axe-core look too.
"""

import base64
import html.parser
import json
import os
import pathlib
import re
import struct
import subprocess
import warnings
import zlib

import pytest

import browser
from tocsin import BUILD, ROOT

LAYOUTS = ("letter", "newsletter", "plain")
WIDTHS = (320, 600, 1000)
TEMPLATES = ROOT / "templates"
LANGUAGES = ("en", "fr", "nl", "de", "es")

LINKS = {
    "unsubscribe": "https://send.example/u/aaaaaaiaaaaad7tgf6eow2bani",
    "preferences": "https://send.example/p/aaaaaaiaaaaad7tgf6eow2bani",
    "web": "https://send.example/w/aaaaaaiaaaaad7tgf6eow2bani",
    "share": "https://send.example/s/aaaaaaiaaaaad7tgf6eow2bani",
}

# What the Markdown of a long newsletter becomes.
RICH = """<h1>Narges is still in prison</h1>
<p><img src="{wide}" alt="A crowd with lanterns before an embassy" /></p>
<p>Dear Anna, Narges wrote three articles about the conditions in which <em>women</em> are held. For that she was
sentenced to <strong>six years</strong>. The court took eleven minutes, and <a href="https://example.org/narges">her
lawyer was told by telephone</a>.</p>
<h2>What 46,443 signatures did</h2>
<ul>
<li>The ministry answered us, for the first time</li>
<li>Her family could visit <a href="https://example.org/visit">in October</a>
<ol><li>her mother</li><li>her two children</li></ol></li>
<li><p>A loose item, with a paragraph in it</p></li>
</ul>
<p><strong><a href="https://example.org/narges">Add your name for Narges</a></strong></p>
<blockquote>
<p>They count letters. When there are many, they open the door of the cell.</p>
</blockquote>
<p><a href="https://example.org/saturday"><strong>Come to the embassy on Saturday</strong></a>, at eleven.</p>
<hr />
<h2>Where we are</h2>
<table>
<tr><th align="left">Country</th><th align="right">Signatures</th></tr>
<tr><td>Belgium</td><td align="right">12,007</td></tr>
<tr><td>France</td><td align="right">34,436</td></tr>
</table>
<h3>Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz</h3>
<p>The whole file is at <a href="{long}">{long}</a>, and the number to quote is <code>MDE-13-0042-2026</code>.</p>
<pre><code>Index: MDE-13-0042-2026   a line of code that is much longer than a telephone is wide
</code></pre>
<p><a href="https://example.org/film"><img src="{small}" alt="The film, two minutes long" /></a></p>
<p>With thanks,</p>
<p><em>The team for freedom of expression</em></p>
"""

ARABIC = """<h1>نرجس لا تزال في السجن</h1>
<p>عزيزتي آنا، كتبت نرجس ثلاث مقالات عن أوضاع النساء المحتجزات. ولهذا حُكم عليها <strong>بالسجن ست سنوات</strong>.
<a href="https://example.org/narges">اقرأ قصتها</a>.</p>
<ul>
<li>أجابت الوزارة للمرة الأولى</li>
<li>زارتها عائلتها في أكتوبر</li>
</ul>
<p><strong><a href="https://example.org/narges">أضف اسمك</a></strong></p>
<blockquote>
<p>إنهم يعدّون الرسائل.</p>
</blockquote>
"""


def make_png(width, height):
    """A picture as a data: address, so that nothing is fetched: a slope of colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"".join(bytes((40 + 150 * x // width, 70, 140 - 60 * x // width)) for x in range(width))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress((b"\0" + row) * height)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(data).decode()


RICH = RICH.format(
    wide=make_png(1200, 500), small=make_png(420, 240), long="https://example.org/" + "documents-of-the-case/" * 9
)


def scope(language="en", **changes):
    """What a layout sees."""
    data = {
        "message": {
            "language": language,
            "topic": "freedom-of-expression",
            "subject": "Anna, will you add your name?",
            "preheader": "One signature more.",
        },
        "links": LINKS,
        "identity": {
            "name": "Lanterns International",
            "domain": "send.example",
            "footer": "Lanterns International\n12, rue de la Liberté\n1000 Brussels, Belgium",
        },
        "contact": {"email": "anna@dest.example", "first_name": "Anna"},
        "job": {"id": 12, "name": "narges"},
    }
    for name, values in changes.items():
        data[name] = {**data[name], **values}
    return data


def render(template, data, kind):
    """By `tocsin render`, with the partials of this kind ("html", "txt") under their names."""
    partials = {file.stem: file.read_text() for file in sorted((TEMPLATES / "partials").glob("*." + kind))}
    line = json.dumps({"template": template, "data": data, "partials": partials, "now": "2026-05-01T09:00:00Z"})
    done = subprocess.run(
        [BUILD / "tocsin", "render"], input=line + "\n", capture_output=True, text=True, timeout=60
    )
    answer = json.loads(done.stdout)
    assert "error" not in answer, answer
    return answer["output"]


def lay_out(layout, content, data, kind="html"):
    """The finished part, as the daemon makes it but for inlining, links, and the escaping of values."""
    source = (TEMPLATES / "layouts" / f"{layout}.{kind}").read_text()
    source = source.replace("{{ content }}", content)
    source = source.replace("{{ preheader }}", "<p>One signature more.</p>")
    return render(source, data, kind)


@pytest.fixture(scope="module", autouse=True)
def renderer():
    try:
        line = json.dumps({"template": "{{ 1 }}", "data": {}}) + "\n"
        done = subprocess.run(
            [BUILD / "tocsin", "render"], input=line, capture_output=True, text=True, timeout=60
        )
        reason = "" if json.loads(done.stdout) == {"output": "1"} else done.stdout
    except (OSError, ValueError) as trouble:
        reason = str(trouble)
    if reason:
        warnings.warn("THE LAYOUTS ARE NOT TESTED: this build has no `tocsin render`")
        pytest.skip(f"this build has no `tocsin render`: {reason}")


@pytest.fixture(scope="module")
def chromium():
    if not browser.is_there():
        warnings.warn("THE LAYOUTS ARE NOT LOOKED AT: chromium, chromium-driver or python3-selenium is missing")
        pytest.skip("this needs the packages chromium, chromium-driver and python3-selenium")
    with browser.Browser() as one:
        yield one


def keep_picture(page, name):
    folder = os.environ.get("TOCSIN_SCREENSHOTS")
    if folder:
        page.screenshot(pathlib.Path(folder) / f"{name}.png")


def check_readable(seen):
    assert seen["scrolled"] <= seen["width"], "it scrolls sideways"
    for text in seen["texts"]:
        assert browser.contrast(text["ink"], text["paper"]) >= 4.5, text
        assert text["size"] >= (13 if text["footer"] else 16), text
        assert text["line"] >= 1.15 * text["size"], text
        assert 0 <= text["left"] and text["right"] <= seen["width"] + 0.5, text


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_everything_can_be_read(chromium, folder, layout, width, dark):
    page = chromium.open(lay_out(layout, RICH, scope()), folder, width, dark)
    keep_picture(page, f"{layout}-{width}-{'dark' if dark else 'light'}")
    seen = page.measure()
    assert any("Unsubscribe" in text["text"] for text in seen["texts"])
    assert is_dark(seen["texts"][0]["paper"]) or not dark or layout == "newsletter"
    assert is_dark(text_with(seen, "Dear Anna")["paper"]) == dark
    check_readable(seen)
    for image in seen["images"]:
        assert image["width"] <= image["column"] + 0.5 and image["alt"], image
        assert abs(image["width"] / image["height"] - image["ratio"]) < 0.1, image


def is_dark(colour):
    return browser.luminance(colour) < 0.2


def text_with(seen, words):
    return next(text for text in seen["texts"] if words in text["text"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lines_are_no_longer_than_the_eye_likes(chromium, folder, layout):
    seen = chromium.open(lay_out(layout, RICH, scope()), folder, 1000).measure()
    left = min(text["left"] for text in seen["texts"])
    right = max(text["right"] for text in seen["texts"])
    assert right - left <= 640


def test_pictures_of_a_newsletter_fill_the_column(chromium, folder):
    for width in WIDTHS:
        seen = chromium.open(lay_out("newsletter", RICH, scope()), folder, width).measure()
        assert [round(image["width"] - image["column"]) for image in seen["images"]] == [0, 0]


BUTTON = """
const link = [...document.links].find(link => link.textContent === "Add your name for Narges");
const box = link.getBoundingClientRect(), column = link.closest("p").getBoundingClientRect();
return {height: box.height, width: box.width, column: column.width,
        underlined: getComputedStyle(link).textDecorationLine, paper: getComputedStyle(link).backgroundColor};
"""


@pytest.mark.parametrize("layout", ("letter", "newsletter"))
def test_a_strong_link_alone_is_a_button(chromium, folder, layout):
    page = lay_out(layout, RICH, scope())
    wide = chromium.open(page, folder, 1000).run(BUTTON)
    assert wide["height"] >= 44 and wide["width"] < wide["column"] / 1.5
    assert wide["underlined"] == "none" and wide["paper"] != "rgba(0, 0, 0, 0)"
    narrow = chromium.open(page, folder, 320).run(BUTTON)
    assert narrow["height"] >= 44 and narrow["width"] == narrow["column"]


@pytest.mark.parametrize("language", ("ar", "he", "fa-IR", "ur"))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_right_to_left(chromium, folder, layout, language):
    page = chromium.open(lay_out(layout, ARABIC, scope(language)), folder, 600)
    if language == "ar":
        keep_picture(page, f"{layout}-600-rtl")
    assert page.run("return document.documentElement.lang + ' ' + document.dir") == f"{language} rtl"
    seen = page.measure()
    check_readable(seen)
    title, footer = text_with(seen, "نرجس لا تزال"), text_with(seen, "Unsubscribe")
    assert title["direction"] == "rtl" and footer["direction"] == "ltr"
    item = text_with(seen, "أجابت الوزارة")
    assert item["right"] < title["right"] and title["left"] > 100
    edges = page.run("const q = getComputedStyle(document.querySelector('blockquote'));"
                     "return [q.borderLeftWidth, q.borderRightWidth]")
    assert edges[0] == "0px" and (edges[1] != "0px" or layout == "plain")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_other_languages_go_from_left_to_right(chromium, folder, layout):
    page = chromium.open(lay_out(layout, RICH, scope("fr-BE")), folder, 600)
    assert page.run("return document.documentElement.lang + ' ' + document.dir") == "fr-BE ltr"
    keep_picture(page, f"{layout}-600-fr")


HIDDEN = """
const p = [...document.querySelectorAll("p")].find(p => p.textContent === "One signature more.");
return p && {visible: p.checkVisibility({opacityProperty: true}), first: document.body.textContent.trim(),
             height: p.parentElement.getBoundingClientRect().height};
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_preheader_is_hidden_and_stands_alone_in_the_inbox(chromium, folder, layout):
    found = chromium.open(lay_out(layout, RICH, scope()), folder, 600).run(HIDDEN)
    assert not found["visible"] and found["height"] == 0
    assert found["first"].startswith("One signature more.")
    assert re.match(r"One signature more\.[\s\u034f\u200c\u00a0]{250,}", found["first"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_a_preheader_nothing_is_hidden(chromium, folder, layout):
    page = lay_out(layout, RICH, scope(message={"preheader": ""}))
    assert "One signature more" not in page and "display:none;" not in page and "&zwnj;" not in page
    assert chromium.open(page, folder, 600).run(HIDDEN) is None


ORDER = """
return {
    links: [...document.querySelectorAll("a[href], button, input")].map(e => e.textContent.trim()),
    odd: document.querySelectorAll("[tabindex], [accesskey]").length,
    articles: [...document.querySelectorAll("[role=article]")].map(e => [e.getAttribute("aria-label"), e.lang]),
    layout: [...document.querySelectorAll("table:not(:has(> * > * > th))")].map(t => t.getAttribute("role")),
    outside: [...document.links].filter(a => !a.closest("[role=article]")).length, title: document.title,
    headings: [...document.querySelectorAll("h1,h2,h3")].map(h => h.tagName).join(" "),
    charset: document.characterSet, mode: document.compatMode,
};
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_screen_reader_finds_its_way(chromium, folder, layout):
    found = chromium.open(lay_out(layout, RICH, scope()), folder, 600).run(ORDER)
    assert found["title"] == "Anna, will you add your name?"
    assert found["articles"] == [["Anna, will you add your name?", "en"]]
    assert set(found["layout"]) <= {"presentation"} and found["odd"] == 0 and found["outside"] == 0
    assert found["links"][-4:] == [
        "Unsubscribe with one click",
        "Choose your topics",
        "Read this e-mail in your browser",
        "Share this e-mail",
    ]
    assert found["links"][0] == "her\nlawyer was told by telephone"
    assert found["headings"] == "H1 H2 H2 H3"
    assert (found["charset"], found["mode"]) == ("UTF-8", "CSS1Compat")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_links_that_there_are_not_leave_no_gap(layout):
    links = {"preferences": "", "web": "", "share": ""}
    page = lay_out(layout, "<p>Hello</p>", scope(links=links, identity={"footer": ""}))
    assert page.count("<a ") == 1 and LINKS["unsubscribe"] in page
    assert 'href=""' not in page and "&nbsp;" not in page.partition(LINKS["unsubscribe"])[2]


class Visible(html.parser.HTMLParser):
    """The words of the footer, without the tags."""

    def __init__(self, page):
        super().__init__()
        self.words, self.lang, self.hrefs = "", "", []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("class") == "foot":
            self.inside, self.lang = True, attrs["lang"]
        if tag == "a" and self.inside:
            self.hrefs.append(attrs["href"])
        if tag == "br" and self.inside:
            self.words += " "

    def handle_data(self, data):
        self.words += data if self.inside else ""


FOOTERS = {
    "en": "Unsubscribe with one click",
    "fr": "Se désinscrire en un clic",
    "nl": "Uitschrijven met één klik",
    "de": "Mit einem Klick abmelden",
    "es": "Darte de baja con un clic",
}


@pytest.mark.parametrize("language", [*LANGUAGES, "fr-BE", "FR", "de_AT", "it", "ar", ""])
def test_the_footer_speaks_the_language(language):
    spoken = language[:2].lower() if language[:2].lower() in LANGUAGES else "en"
    footer = Visible(lay_out("letter", "<p>Hello</p>", scope(language)))
    assert footer.lang == spoken and footer.hrefs == list(LINKS.values())
    assert FOOTERS[spoken] in footer.words
    assert "anna@dest.example" in footer.words and footer.words.count("Lanterns International") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_part_says_what_the_html_part_says(language):
    shown = Visible(lay_out("letter", "<p>Hello</p>", scope(language))).words
    text = lay_out("letter", "Hello", scope(language), "txt")
    footer = text.partition("\n-- \n")[2]
    for address in LINKS.values():
        footer = re.sub("\u202f?: " + address, " ", footer)
    assert footer.split() == shown.split()


def test_the_text_part_in_full():
    data = scope("fr", identity={"name": "Les Lanternes", "footer": "Les Lanternes\n12, rue de la Liberté\n"})
    assert lay_out("newsletter", "Bonjour Anna,\n\nMerci.\n", data, "txt") == f"""LES LANTERNES

Bonjour Anna,

Merci.

{'-- '}
Vous recevez ce message à l’adresse anna@dest.example parce que vous l’avez communiquée à Les Lanternes et avez accepté de recevoir de nos nouvelles.

Se désinscrire en un clic\u202f: {LINKS['unsubscribe']}
Choisir vos sujets\u202f: {LINKS['preferences']}
Lire ce message dans le navigateur\u202f: {LINKS['web']}
Partager ce message\u202f: {LINKS['share']}

Les Lanternes
12, rue de la Liberté
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_chrome_is_light(layout):
    page = lay_out(layout, "", scope())
    assert len(page.encode()) < 12 * 1024
    assert max(len(line.encode()) for line in page.split("\n")) < 998


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_the_daemon_counts_on(layout):
    page = (TEMPLATES / "layouts" / f"{layout}.html").read_text()
    text = (TEMPLATES / "layouts" / f"{layout}.txt").read_text()
    assert page.count("{{ content }}") == text.count("{{ content }}") == 1
    assert page.count("{{ preheader }}") == 1 and "preheader" not in text
    for media in re.findall(r"^@media.*?^}", page, re.S | re.M):
        for rule in re.findall(r"[\w-]+:[^;{}]+;", media.partition("{")[2]):
            assert rule.endswith("!important;"), "inlined styles win over this: " + rule


AXE = """
axe.run({
    runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    rules: {"color-contrast": {enabled: arguments[0]}},
}).then(arguments[1]);
"""


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_axe_has_nothing_to_say(chromium, folder, layout, dark):
    axe = os.environ.get("TOCSIN_AXE")
    if not axe:
        pytest.skip("TOCSIN_AXE does not name axe.min.js (of axe-core, from npm)")
    # axe takes a page without a colour of its own for white, whatever the reader's program does.
    own_colours = layout != "plain" or not dark
    page = chromium.open(lay_out(layout, RICH, scope()), folder, 600, dark)
    page.run(pathlib.Path(axe).read_text())
    found = page.run_async(AXE, own_colours)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
