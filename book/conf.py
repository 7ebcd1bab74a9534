"""Sphinx configuration of the book; the source folder is the project's root (see helpers/book.py)."""

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE / "_ext"))

from helpers.chapters import chapters  # noqa: E402

written = [chapter for chapter in chapters(root=ROOT) if chapter.written]

project = html_title = "The SaaS growth playbook"
author = copyright = "the contributors"
version = release = "0.1"
language = "en"

extensions = ["myst_nb", "sphinx_design", "playbook_book"]
root_doc = "book/index"
include_patterns = ["book/*.md", *(chapter.notebook.relative_to(ROOT).as_posix() for chapter in written)]
# Everything else is not even walked through; workspace/ and .venv/ lie beside book/ and chapters/.
exclude_patterns = [path.name for path in ROOT.iterdir() if path.name not in ("book", "chapters")]
exclude_patterns += ["book/_build", "book/_ext", "book/_static", "**/.*", "**/__pycache__"]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_block", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # what was stored is what the tests compared
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),  # leaves the still picture
    ("html", "application/javascript", None),
]
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_theme_options = {
    "navbar_persistent": [],  # otherwise a second search box
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "toc_title": "On this page",
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": "Text under CC BY 4.0, code under the MIT licence.",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}  # without it the theme logs "Got invalid theme mode"
html_static_path, html_css_files, html_js_files = ["_static"], ["book.css"], ["book.js"]
html_favicon = "_static/favicon.svg"
html_show_sphinx = html_show_sourcelink = html_copy_source = html_use_index = False


def fingerprint() -> str:
    """A hash of all that changes every page: when it changes, everything is read again."""
    own = [ROOT / "chapters" / "map.yaml", HERE / "conf.py", HERE / "glossary.yaml", *sorted((HERE / "_ext").rglob("*.py")),
           *sorted((HERE / "_static").iterdir())]
    digest = hashlib.sha256(" ".join(chapter.name for chapter in written).encode())
    for path in own:
        digest.update(path.read_bytes())
    return digest.hexdigest()


playbook_fingerprint = fingerprint()
