"""
Inlined style sheets in real Chromium: every element of a page looks the same before and after, with the sheet that is
left, with no sheet at all, and with the whole sheet back again; and beside style sheets and style attributes, not a
byte of the page is another one. The pages are real mails (the corpora, when they are there), ours, and one that has
every selector.
"""

import os
import pathlib
import re
import subprocess
import warnings

import pytest

import browser
from tocsin import BUILD, ROOT

CORPORA = pathlib.Path(os.environ.get("TOCSIN_CORPORA", ROOT.parent / "shared/corpora")) / "html"
REAL = sorted(CORPORA.glob("source-basic-full-*.html"))
LAYOUTS = sorted((ROOT / "templates/layouts").glob("*.html"))
INLINER = pathlib.Path(BUILD) / "tests/template_test_inline_css"

# What mails set. Lengths come back in pixels, as they were computed for the page's width.
PROPERTIES = """background-color background-image border-bottom-color border-bottom-style border-bottom-width
    border-collapse border-left-color border-left-width border-radius border-right-width border-spacing border-top-color
    border-top-style border-top-width box-shadow box-sizing color color-scheme direction display float font-family
    font-size font-style font-weight height letter-spacing line-height list-style-type margin-bottom margin-left
    margin-right margin-top max-width min-width opacity overflow-x padding-bottom padding-left padding-right padding-top
    position text-align text-decoration-line text-indent text-shadow text-transform vertical-align visibility
    white-space width word-break""".split()

COMPUTED = """
return [...document.querySelectorAll("html, body, body *:not(style)")].map(element => {
    const style = getComputedStyle(element);
    return [element.tagName + "." + element.className, ...arguments[0].map(name => style.getPropertyValue(name))];
});
"""

STYLE = re.compile(r"<style\b.*?</style\s*>", re.S | re.I)
COMMENT = re.compile(r"(<!--.*?-->)", re.S)
OWN = re.compile(r"""\s+style\s*(?:=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?(?=[\s>/])""", re.S | re.I)
TAG = re.compile(r"""<[a-z](?:[^>"']|"[^"]*"|'[^']*')*>""", re.S | re.I)

SELECTORS = """<!DOCTYPE html><html lang="fr"><head><title>x</title><style>
* { margin: 1px } html { color: #123 } p { margin: 2px 3px; padding: 1px } P.a { margin-top: 9px }
.b.a { color: red } #c { color: blue !important; color: green } [title] { opacity: 0.9 } [title="x y"] { opacity: .8 }
[title~=y] { letter-spacing: 1px } [lang|=fr] { text-indent: 1px } [title^=x] { padding-left: 5px }
[title$="y"] { padding-right: 6px } [title*=" "] { padding-top: 7px } [title="X Y" i] { padding-bottom: 8px }
td[align=CENTER] { color: #010203 } div p { line-height: 20px } div > p { line-height: 21px }
b + p { text-transform: uppercase } b ~ i { font-weight: 300 } li:first-child { color: #111 }
li:last-child { color: #222 } p:only-child { color: #333 } li:nth-child(2n+1) { margin-left: 11px }
li:nth-child(-n+2) { margin-right: 12px } li:nth-last-child(2) { padding-left: 13px } li:not(.x) { padding-right: 14px }
:root { font-size: 15px } i:first-of-type { color: #444 } i:last-of-type { text-indent: 3px }
p:nth-of-type(2) { text-indent: 4px } tbody > tr { background: #eee } table > tr { background: #f00 }
h1, .none, h2 { font: bold 20px/24px "Times New Roman", 'A B', serif } .sm\\:w { width: 50px }
u { border: 1px solid red; border-top: 0 } .v { border-top: 2px dashed blue } a { color: purple }
.w { width: calc(10px + 1em); width: bogus; color: nonsense; color red; height: 9px; } .w { background: url("a?b&c=d") }
.y { color: red } .y { color: bogus() } /* } */ q::before { content: "{" } s, s:hover { color: tan } @media print { p { color: red } }
strong { display: block } strong { display: -moz-box } em { color: rgb(1 2 3 / 50%) } em { color: #777777 }
</style></head><body class="b a"><h1>x</h1><h2>y</h2><p class="a b" style='margin: 5px'>x <u>u</u><u class=v>v</u></p>
<p class="b a" id=c>y</p><div title="x y" style="padding-top: 1px; line-height: 2">z<p>one</p></div><b>b</b><p>upper</p>
<i>i</i><i>j</i><i style=color:red>k</i><ul><li>1<li class=x>2<li>3<li>4</ul><table><tbody><tr><td align=center>c<td>d</table>
<p class="sm:w" style="color: blue !important">w</p><a href=x>a</a><q class=w>q</q><s class=y>s</s><strong>t</strong>
<p><b>misnested<p>again</b><em>e</em> <h1 style>last</h1><pre style="">x</pre></body></html>
"""


def inlined(html):
    done = subprocess.run([INLINER, "-"], input=html.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def bare(html):
    """The page without style elements and style attributes; what stands in comments stays."""
    parts = COMMENT.split(html)
    for i in range(0, len(parts), 2):
        parts[i] = TAG.sub(lambda tag: OWN.sub("", tag.group()), STYLE.sub("", parts[i]))
    return "".join(parts)


def without_sheets(html):
    parts = COMMENT.split(html)
    return "".join(part if i % 2 else STYLE.sub("", part) for i, part in enumerate(parts))


def with_sheets_of(html, other):
    """A page with the style elements of another one at the end of its head."""
    sheets = "".join("".join(STYLE.findall(part)) for part in COMMENT.split(other)[::2])
    return without_sheets(html).replace("</head>", sheets + "</head>", 1)


PAGES = [pytest.param(path, id=path.stem) for path in REAL] or [
    pytest.param(None, marks=pytest.mark.skip(reason=f"the corpora of real mails are not in {CORPORA}"))
]


@pytest.fixture(scope="module", autouse=True)
def inliner():
    if not INLINER.exists():
        warnings.warn(f"INLINED STYLES ARE NOT TESTED: {INLINER} is not built")
        pytest.skip(f"{INLINER} is not built")
    if not REAL:
        warnings.warn(f"INLINED STYLES ARE NOT TESTED ON REAL MAILS: there are none in {CORPORA}")


@pytest.fixture(scope="module")
def chromium():
    if not browser.is_there():
        warnings.warn("INLINED STYLES ARE NOT LOOKED AT: chromium, chromium-driver or python3-selenium is missing")
        pytest.skip("this needs the packages chromium, chromium-driver and python3-selenium")
    with browser.Browser() as one:
        yield one


def computed(chromium, html, folder, width, dark):
    return chromium.open(html, folder, width, dark).run(COMPUTED, PROPERTIES)


def assert_same(before, after):
    assert len(before) == len(after) > 3
    for one, two in zip(before, after):
        differences = [d for d in zip(["element", *PROPERTIES], one, two) if d[1] != d[2]]
        assert not differences, (one[0], differences)


def check_looks(chromium, folder, html):
    result = inlined(html)
    before = computed(chromium, html, folder, 1000, False)
    for page in (result, without_sheets(result), with_sheets_of(result, html)):
        assert_same(before, computed(chromium, page, folder, 1000, False))
    return result


@pytest.mark.parametrize("path", PAGES)
def test_only_styles_differ(path):
    html = path.read_text()
    result = inlined(html)
    assert bare(result) == bare(html)
    assert COMMENT.findall(without_sheets(result)) == COMMENT.findall(without_sheets(html))
    assert result.count(" style=") > 20
    assert inlined(result) == result


@pytest.mark.parametrize("path", PAGES)
def test_real_mails_look_the_same(chromium, folder, path):
    html = path.read_text()
    result = check_looks(chromium, folder, html)
    # What their media queries say with !important still wins.
    for width, dark in ((400, False), (1000, True), (550, True)):
        before = computed(chromium, html, folder, width, dark)
        assert_same(before, computed(chromium, result, folder, width, dark))


def test_every_selector_means_what_it_means_to_a_browser(chromium, folder):
    result = check_looks(chromium, folder, SELECTORS)
    assert bare(result) == bare(SELECTORS)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in LAYOUTS])
@pytest.mark.parametrize("width, dark", ((1000, False), (320, False), (1000, True)))
def test_layouts_look_the_same(chromium, folder, path, width, dark):
    """Their Liquid stands in the pages as text: only what it does not decide is compared."""
    html = re.sub(r"\{%.*?%\}", "", path.read_text(), flags=re.S).replace("{{ content }}", SAMPLE)
    result = inlined(html)
    before = computed(chromium, html, folder, width, dark)
    assert_same(before, computed(chromium, result, folder, width, dark))


SAMPLE = """<h1>A title</h1><p>Text with <a href="https://example.org">a link</a>, <strong>strong</strong>.</p>
<p><strong><a href="https://example.org">A button</a></strong></p><h2>More</h2><ul><li>one<li>two</ul><blockquote><p>q
</p></blockquote><table><tr><th>a</th><td>b</td></tr></table><hr><pre><code>c</code></pre><img src="x.png" alt="x">"""
