"""
Real Chromium, without a window, as a reader's mail program: a page at some width, in the light or in the
dark, and what can be measured in it. It fetches nothing from the network.

    with Browser() as browser:
        page = browser.open(html, folder, width=320, dark=True)
        page.measure()["texts"]      each visible text with its colours and its size
"""

import base64
import shutil

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

# Colours come back as [red, green, blue], blended over whatever lies below them.
MEASURE = r"""
const probe = document.createElement("i");
probe.style.cssText = "display:none;background-color:Canvas";
document.body.append(probe);
const canvas = parse(getComputedStyle(probe).backgroundColor);
probe.remove();

function parse(colour) {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return {r, g, b, a};
}
function blend(top, below) {
    const mix = (x, y) => x * top.a + y * (1 - top.a);
    return {r: mix(top.r, below.r), g: mix(top.g, below.g), b: mix(top.b, below.b), a: 1};
}
function background(element) {
    if (!element) return canvas;
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : blend(own, background(element.parentElement));
}
function texts() {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
        const range = document.createRange(), style = getComputedStyle(node.parentElement);
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()].filter(box => box.width > 0 && box.height > 0);
        if (!node.data.trim() || !boxes.length || style.visibility !== "visible") continue;
        const below = background(node.parentElement), ink = blend(parse(style.color), below);
        found.push({
            text: node.data.trim().slice(0, 60), ink: [ink.r, ink.g, ink.b], paper: [below.r, below.g, below.b],
            size: parseFloat(style.fontSize), line: parseFloat(style.lineHeight), direction: style.direction,
            footer: !!node.parentElement.closest(".foot"), code: !!node.parentElement.closest("code"),
            left: Math.min(...boxes.map(box => box.left)), right: Math.max(...boxes.map(box => box.right)),
        });
    }
    return found;
}
const root = document.documentElement;
return {
    width: root.clientWidth, scrolled: Math.max(root.scrollWidth, document.body.scrollWidth), texts: texts(),
    images: [...document.images].map(image => {
        const box = image.getBoundingClientRect(), column = image.parentElement.getBoundingClientRect();
        return {width: box.width, height: box.height, column: column.width, natural: image.naturalWidth,
                ratio: image.naturalWidth / image.naturalHeight, alt: image.getAttribute("alt")};
    }),
};
"""


def is_there():
    return bool(webdriver and shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    def __enter__(self):
        options = Options()
        options.binary_location = shutil.which("chromium")
        for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "force-color-profile=srgb",
                     "hide-scrollbars", "host-resolver-rules=MAP * ~NOTFOUND"):
            options.add_argument("--" + flag)
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.driver.set_page_load_timeout(60)
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self, html, folder, width, dark=False):
        """Shows the bytes of a page, `width` CSS pixels wide."""
        file = folder / "page.html"
        file.write_text(html, encoding="utf-8")
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.resize(width, 800)
        self.driver.get(file.as_uri())
        return Page(self)

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def call(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)


class Page:
    def __init__(self, browser):
        self.browser = browser

    def measure(self):
        return self.run(MEASURE)

    def run(self, script, *args):
        return self.browser.driver.execute_script(script, *args)

    def run_async(self, script, *args):
        self.browser.driver.set_script_timeout(60)
        return self.browser.driver.execute_async_script(script, *args)

    def screenshot(self, path):
        """The whole page, however long it is."""
        size = self.browser.call("Page.getLayoutMetrics")["cssContentSize"]
        self.browser.resize(size["width"], size["height"])
        shot = self.browser.call("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))


def contrast(ink, paper):
    """The ratio of WCAG 2, from 1 to 21."""
    lighter, darker = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
