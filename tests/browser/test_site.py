"""The site in a real browser: no error, no dead link, no sideways scroll. `make docs` builds it."""

from urllib.parse import unquote, urlsplit

import pytest

from .conftest import SITE

pytestmark = pytest.mark.browser

PAGES = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html"))
# of code as it is, and what is English in the Chinese site as well
UNREAD = ("_modules/", "_static/", "zh/_modules/", "zh/_static/", "zh/api/", "zh/players/")
PAGES = [page for page in PAGES if not page.startswith(UNREAD)]
WIDTHS = 1300, 390  # of a desk and of a phone


def test_the_site_is_built_and_whole():
    assert PAGES, "make docs builds it"
    lessons = [page for page in PAGES if page.startswith("tutorials/") and page[10].isdigit()]
    assert len(lessons) >= 24
    for page in ("index", "glossary", "models", "from_keras", "api", "benchmarks", "mutation"):
        assert f"{page}.html" in PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name, open_page, site):
    page = open_page(f"{site}/{name}")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    images = page.locator("img").evaluate_all("all => all.map(one => [one.src, one.complete])")
    assert all(is_there for _, is_there in images), images
    links = page.locator("a[href]").evaluate_all("all => all.map(one => one.href)")
    dead = [link for link in links if link.startswith(site) and not is_alive(link)]
    assert not dead


def is_alive(link):
    """True if the file of a link is there, and the place in it."""
    parts = urlsplit(link)
    path = SITE / unquote(parts.path).lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    if not path.exists():
        return False
    if not parts.fragment or path.suffix != ".html":
        return True
    return f'id="{unquote(parts.fragment)}"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_search_finds_a_layer(folder, open_page, site):
    page = open_page(f"{site}/{folder}search.html?q=LSTM")
    page.wait_for_selector("#search-results li", timeout=20_000)
    assert page.locator("#search-results li").count() > 3


def test_each_language_leads_to_the_other(open_page, site):
    page = open_page(f"{site}/tutorials/18_attention.html")
    page.click("text=简体中文")
    assert "注意力" in page.locator("h1").inner_text()
    page.click("text=English")
    assert page.url == f"{site}/tutorials/18_attention.html"


def test_light_and_dark(open_page, site):
    page = open_page(f"{site}/index.html")
    theme = page.locator("body").get_attribute("data-theme")
    page.locator(".theme-toggle-content .theme-toggle, .theme-toggle-header .theme-toggle").locator(
        "visible=true"
    ).first.click()
    assert page.locator("body").get_attribute("data-theme") != theme
