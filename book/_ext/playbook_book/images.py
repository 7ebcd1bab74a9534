"""Figures keep the text alternative that ``helpers.show.show`` stored beside them."""

from __future__ import annotations

from myst_nb.core.render import load_mime_renders


class FigureWithAlternative:
    """A mime renderer for PNG: myst-nb's own, with ``alt`` taken from the output's metadata."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type != "image/png":
            return None
        rendered = renderer.render_image(data)
        alternative = data.output_metadata.get("image/png", {}).get("alt", "")
        for image in rendered:
            image["alt"] = " ".join(alternative.split()) or "Figure"
            image["classes"] = [*image.get("classes", []), "playbook-figure"]
        return rendered


def register() -> None:
    """Add the renderer to myst-nb's list, which is read once and kept, without an entry point."""
    known = load_mime_renders()
    if FigureWithAlternative not in known:
        known.append(FigureWithAlternative)
