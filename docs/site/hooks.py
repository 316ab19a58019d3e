"""What MkDocs does not do by itself: pages that live outside docs/, formulas, notebooks, the pages of the API.

The Markdown stays what a forge shows: links point to files of the repository, formulas stand between ``$`` and
backticks or in a ``math`` fence. Here they become pages of the site and MathML, which browsers set without a script.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
from api_pages import api_pages  # noqa: E402
from notebooks import notebook_page  # noqa: E402

PAGES = {
    "README.md": "readme.md",
    "data/SOURCES.md": "data/sources.md",
    "data/LICENCES.md": "data/licences.md",
}
"""Files outside docs/ that are pages of the site, and where."""
LINK = re.compile(r"(?<!\\)(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)\s]+)\)")
ELSEWHERE = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["'](?:https?:)?//[^"']*"""
)
"""What a browser would fetch from another machine by itself; a link to follow is none."""
INLINE = re.compile(r"\$<code>(.*?)</code>\$", re.DOTALL)
PAREN = re.compile(r"\\(?:[bB]igg?)\s*([(\[)\]])")
DISPLAY = re.compile(r'<pre class="math"><code>(.*?)</code></pre>', re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are not Markdown files of docs/."""
    for source, target in PAGES.items():
        add_page(files, config, target, (ROOT / source).read_text(encoding="utf-8"))
    for notebook in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        add_page(files, config, f"notebooks/{notebook.stem}.md", notebook_page(notebook))
    for target, text in api_pages().items():
        add_page(files, config, target, text)
    for source in sorted(linked_sources(files)):
        target = f"source/{source}.txt"
        files.append(File.generated(config, target, content=(ROOT / source).read_bytes()))
    return files


def add_page(files: Files, config: Any, target: str, text: str) -> None:
    """A page of the site without a file of its own in docs/."""
    files.append(File.generated(config, target, content=text))


def linked_sources(files: Files) -> set[str]:
    """Files of the repository, not pages themselves, that some page links to."""
    targets = (
        repository_path(found[2], place_in_repository(file.src_uri))
        for file in files.documentation_pages()
        for found in LINK.finditer(file.content_string)
    )
    return {target for target in targets if target and page_of(target) is None and (ROOT / target).is_file()}


def place_in_repository(page: str) -> str:
    """The folder in the repository that the links of a page start from."""
    origin = next((source for source, target in PAGES.items() if target == page), f"docs/{page}")
    return str(PurePosixPath(origin).parent)


def repository_path(link: str, folder: str) -> str | None:
    """The file of the repository a link leads to, or None for another address."""
    if re.match(r"[a-z]+:|#", link):
        return None
    return normpath(f"{folder}/{link.partition('#')[0]}")


def page_of(path: str) -> str | None:
    """The page (or picture) of the site that shows a file of the repository, or None."""
    if path in PAGES:
        return PAGES[path]
    if not path.startswith("docs/"):
        return None
    inside = path.removeprefix("docs/")
    if inside.endswith(".ipynb"):
        return inside.removesuffix("ipynb") + "md"
    return inside if inside.endswith((".md", ".svg", ".png")) else None


def on_page_markdown(text: str, page: Any, **kwargs: Any) -> str:
    """Turn links to files of the repository into links to pages of the site, or to the text of the file."""
    origin = page.file.src_uri
    folder = place_in_repository(origin)

    def rewritten(found: re.Match[str]) -> str:
        path = repository_path(found[2], folder)
        if path is None:
            return found[0]
        target = page_of(path)
        if target is None:
            if not (ROOT / path).is_file():  # a folder has no page
                return found[1].strip("[]") if (ROOT / path).is_dir() else found[0]
            target = f"source/{path}.txt"
        anchor = found[2].partition("#")[2]
        place = relpath(target, str(PurePosixPath(origin).parent))
        return f"{found[1]}({place}{'#' + anchor if anchor else ''})"

    return LINK.sub(rewritten, text)


def on_page_content(text: str, page: Any, **kwargs: Any) -> str:
    """Turn formulas into MathML."""

    def formula(found: re.Match[str], display: str) -> str:
        latex = html.unescape(found[1]).strip()
        sized = PAREN.sub(lambda p: (r"\left" if p[1] in "([" else r"\right") + p[1], latex)
        mathml = convert(sized, display=display)
        if "\\" in re.sub(r"<annotation.*?</annotation>", "", mathml):
            raise PluginError(f"{page.file.src_uri}: a command of this formula is not known: {latex}")
        return mathml if display == "inline" else f'<div class="formula">{mathml}</div>'

    text = DISPLAY.sub(lambda found: formula(found, "block"), text)
    return INLINE.sub(lambda found: formula(found, "inline"), text)


def on_post_page(text: str, page: Any, **kwargs: Any) -> str:
    """Refuse a page that would ask another machine for something."""
    if found := ELSEWHERE.search(text):
        raise PluginError(
            f"{page.file.src_uri}: {found[0]} is fetched from another machine; ship it in docs/site"
        )
    return text
