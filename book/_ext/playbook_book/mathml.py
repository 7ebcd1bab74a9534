"""TeX to MathML while the book is built: no script and no font is loaded, offline or not."""

from __future__ import annotations

from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)


def register(app) -> None:
    """Offer the renderer as ``html_math_renderer = "mathml"``."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))


def markup(node, *, as_block: bool) -> str:
    """The MathML of a formula; where the TeX cannot be read, the TeX itself, and a warning."""
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        log.warning("cannot render %r: %s", node.astext(), error, location=node, type="math")
        return f"<code>{escape(node.astext())}</code>"


def inline(self, node):
    self.body.append(markup(node, as_block=False))
    raise nodes.SkipNode


def block(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math mathml notranslate"))
    self.body.append(markup(node, as_block=True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode
