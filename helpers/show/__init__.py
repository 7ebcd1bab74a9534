"""Figures, tables, sliders and the way numbers are written; the look of everything.

>>> from helpers.show import percent, money
>>> percent(0.982), money(119_800_000, "CNY")
('98.2%', 'CNY 119.8 m')
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "figure": "figures", "panels": "figures", "show": "figures", "note": "figures", "label_lines": "figures",
    "palette": "look", "dots": "charts", "forest": "charts", "colour_of": "charts", "steps": "charts", "band": "charts", "triangle": "charts",
    "lines": "charts", "bands": "charts", "bars": "charts", "grouped_bars": "charts", "strips": "charts",
    "table": "tables", "spell": "tables", "write_axis": "figures",
    "explore": "play", "slider": "play", "options": "play",
    "percent": "numbers", "points": "numbers", "money": "numbers", "number": "numbers", "months": "numbers",
    "interval": "numbers", "when": "numbers",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"helpers.show has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"helpers.show.{_HOME[name]}"), name)
