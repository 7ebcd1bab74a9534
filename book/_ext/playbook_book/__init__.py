"""What the book adds to Sphinx: the roadmap, the glossary, folded hints and solutions, text alternatives, MathML."""

from __future__ import annotations

import json
from pathlib import Path

from . import images, mathml, notebooks, pages, roadmap


def setup(app):
    app.add_config_value("playbook_fingerprint", "", "env")
    app.connect("source-read", fill)
    app.connect("env-get-outdated", always_again)
    app.connect("html-page-context", front_page_without_outline)
    app.connect("build-finished", poster)
    images.register()
    mathml.register(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname, content):
    """Put the generated parts into a page before it is parsed."""
    root = Path(app.srcdir)
    if docname.startswith("book/"):
        content[0] = pages.fill(content[0], docname, root)
        return
    chapter = next(c for c in pages.written(root) if docname == c.notebook.relative_to(root).with_suffix("").as_posix())
    app.env.note_dependency(str(chapter.exercises))
    content[0] = json.dumps(notebooks.for_the_book(json.loads(content[0]), chapter))


def always_again(app, env, added, changed, removed):
    """The generated pages depend on the exercises of all chapters."""
    return ["book/index", "book/glossary", "book/solutions"]


def front_page_without_outline(app, pagename, templatename, context, doctree):
    """Leave the width of the front page to the map."""
    if pagename == app.config.root_doc:
        context["theme_secondary_sidebar_items"] = []


def poster(app, error):
    """Write the map as a picture of its own, for the wall; its links work from where it lies."""
    if error is None and app.builder.format == "html":
        drawing = roadmap.poster(pages.course(Path(app.srcdir)), (Path(app.confdir) / "_static" / "book.css").read_text(encoding="utf-8"))
        (Path(app.outdir) / "_static" / "roadmap.svg").write_text(drawing, encoding="utf-8")
