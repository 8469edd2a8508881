"""Build the course's website: `python3 course.py site [--serve]`.

It goes to `site/`, needs no network, and asks for nothing from elsewhere: a page a lesson from
`notebooks/`, its solved twin, `docs/`, the instructor's guide.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import shutil
import subprocess
import sys
import tempfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from course_layout import ROOT
from tools.site.pages import Pages, page_name

__all__ = ("SITE", "build", "main", "run_sphinx", "server")

SITE = ROOT / "site"
HERE = Path(__file__).parent
SOURCES = (
    *("notebooks/*.ipynb", "solutions/*.ipynb", "docs/*.md"),
    *("instructor/*.md", "instructor/hub/README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
)
LICENCE = ("LICENSE", "CITATION.cff")
FRONT = "tools/site/index.md"
GUIDE = "instructor/README.md"
PAGES_OF_GUIDE = (
    "\n\n```{toctree}\n:hidden:\n:glob:\n\n0*\nplans\nsyllabus\nmessage\nrubric\nhub/index\n```\n"
)
# What axe-core finds wrong in the theme's own parts, and the same without the fault.
CORRECTIONS = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<div id="search-results">': '<h1>Search</h1><div id="search-results">',
}


def build(site: Path) -> None:
    """Build the website into a folder, in place of what is there.

    Raises:
        subprocess.CalledProcessError: Sphinx found something wrong, and has said what.
    """
    found = sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))
    names = [path.relative_to(ROOT).as_posix() for path in found]
    files = {name: page_name(name) for name in names} | {FRONT: "index"}
    pages = Pages({**files, "README.md": "index", **dict.fromkeys(LICENCE, "licence")})
    with tempfile.TemporaryDirectory(prefix="site-") as folder:
        source, built = Path(folder, "source"), Path(folder, "built")
        shutil.copytree(ROOT / "docs" / "screenshots", source / "docs" / "screenshots")
        (source / "licence.md").write_text(_licence(), "utf-8")
        for file, page in files.items():
            text = pages.notebook(file) if file.endswith(".ipynb") else pages.document(file)
            if file == GUIDE:
                text += PAGES_OF_GUIDE
            target = source / f"{page}.md"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        run_sphinx(source, built)
        for page in built.rglob("*.html"):
            page.write_text(_corrected(page.read_text("utf-8")), "utf-8")
        for name in (".buildinfo", "objects.inv"):
            (built / name).unlink()
        (built / "pictures").mkdir()
        for name, content in pages.pictures.items():
            (built / "pictures" / name).write_bytes(content)
        shutil.rmtree(site, ignore_errors=True)
        shutil.move(built, site)


def _corrected(page: str) -> str:
    for fault, cure in CORRECTIONS.items():
        page = page.replace(fault, cure)
    return page


def _licence() -> str:
    texts = (f"```\n{(ROOT / name).read_text('utf-8')}```" for name in LICENCE)
    return "# Licence and citation\n\n" + "\n\n".join(texts)


def run_sphinx(source: Path, built: Path) -> None:
    """Let Sphinx turn a folder of Markdown into one of pages.

    Raises:
        subprocess.CalledProcessError: There was a warning; Sphinx has printed it.
    """
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-c", HERE, "-d", source / ".read"]
    strict = ["-W", "--keep-going", "--quiet", "-j", "2"]
    subprocess.run([*command, *strict, source, built], check=True)


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Print no line a request."""


def server(site: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a built site, on this machine only; port 0 is a free one."""
    handler = functools.partial(_Handler, directory=site)
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(words: list[str]) -> int:
    """Build the site, say where it is, serve it if asked to; return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py site", description=__doc__.split("\n\n")[1])
    parser.add_argument("--serve", action="store_true", help="serve it on this machine")
    parser.add_argument("--port", type=int, default=0, help="for --serve; default: a free one")
    options = parser.parse_args(words)
    try:
        build(SITE)
    except subprocess.CalledProcessError:
        print("The site was not built; the old one, if any, is untouched. The reason is above.")
        return 1
    files = [path for path in SITE.rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    print(f"Built {len(files)} files, {megabytes:.1f} MB. Open {SITE / 'index.html'}")
    if options.serve:
        with server(SITE, options.port) as serving:
            print(
                f"Serving it on http://127.0.0.1:{serving.server_port}. Ctrl-C ends it.", flush=True
            )
            with contextlib.suppress(KeyboardInterrupt):
                serving.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
