"""``explore``: move a slider, see the picture and the sentence change.

The same cell gives three things: live sliders in JupyterLab, a still picture with its sentences in a notebook that was not
run and in the book, and a text that the tests compare.
"""

from __future__ import annotations

import base64
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import figures, look
from .numbers import format_of


@dataclass(frozen=True)
class Control:
    """One thing to move: a range with a step, or a list of choices."""

    value: Any
    label: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple = ()
    form: Any = None

    def write(self, value) -> str:
        """The value as the reader sees it."""
        if self.form is None:
            return str(value) if self.choices else f"{value:g}"
        return format_of(self.form)(value)


def slider(low: float, high: float, *, value: float, step: float, label: str = "", format=None) -> Control:
    """A slider from ``low`` to ``high``.

    Parameters
    ----------
    low, high, value, step : float
        Range, start and step; a share is given as a share (0.8), not as a percentage.
    label : str
        What it moves, in words.
    format : str or callable, optional
        "percent", "number", a currency code, or a function.

    Raises
    ------
    ValueError
        When the start lies outside the range or the step is not positive.

    Examples
    --------
    >>> slider(0.5, 1, value=0.8, step=0.05, label="renewal rate", format="percent").write(0.8)
    '80.0%'
    """
    if not low <= value <= high or step <= 0:
        raise ValueError(f"A slider from {low} to {high} cannot start at {value} in steps of {step}.")
    return Control(value=value, label=label, low=low, high=high, step=step, form=format)


def options(*choices, value=None, label: str = "") -> Control:
    """A list to choose from.

    Examples
    --------
    >>> options("yearly", "prepaid", label="contract").value
    'yearly'
    """
    return Control(value=choices[0] if value is None else value, label=label, choices=tuple(choices))


def _widget(name: str, control: Control):
    import ipywidgets as widgets

    look_ = {"style": {"description_width": "170px"}, "layout": widgets.Layout(width="min(560px, 100%)")}
    label = control.label or name.replace("_", " ")
    if control.choices:
        return widgets.Dropdown(options=list(control.choices), value=control.value, description=label, **look_)
    steps = round((control.high - control.low) / control.step)
    values = [round(control.low + i * control.step, 10) for i in range(steps + 1)]
    nearest = min(values, key=lambda v: abs(v - control.value))
    pairs = [(control.write(v), v) for v in values]
    if len({text for text, _ in pairs}) == len(pairs):
        return widgets.SelectionSlider(options=pairs, value=nearest, description=label, continuous_update=True, **look_)
    return widgets.FloatSlider(value=control.value, min=control.low, max=control.high, step=control.step,
                               description=label, continuous_update=True, **look_)


class _Live:
    """One figure that is drawn again and again: a fresh one would cost twice the time."""

    def __init__(self, draw, size, start: dict):
        self.draw = draw
        self.figure = figures._blank(*size)
        self.ax = self.figure.add_subplot()
        self.figure.set_layout_engine("constrained", rect=(0, 0, 0.97, 1))
        draw(self.ax, **start)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # the place that the first drawing needed is kept: laying out costs most

    def __call__(self, values: dict) -> tuple[bytes, str]:
        import io

        from PIL import Image

        self.ax.clear()
        sentence = self.draw(self.ax, **values)
        self.figure.canvas.draw()  # savefig would draw twice
        raw = io.BytesIO()
        Image.fromarray(np.asarray(self.figure.canvas.buffer_rgba())).convert("RGB").save(raw, format="png", compress_level=1)
        return raw.getvalue(), sentence


def _still(draw, settings: list[dict], controls, size) -> tuple[bytes, str]:
    """Small multiples at a few settings, with the sentence below each."""
    count = len(settings)
    drawing = figures._blank(size[0], size[1] if count == 1 else size[1] * 0.98)
    axes = list(drawing.subplots(1, count, sharey=True, squeeze=False).flat)
    drawing.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    moves = [name for name in controls if count == 1 or len({str(values[name]) for values in settings}) > 1]
    sentences = []
    for ax, values in zip(axes, settings):
        sentence = draw(ax, **values)
        moved = ", ".join(f"{controls[k].label or k.replace('_', ' ')} {controls[k].write(values[k])}" for k in moves)
        ax.set_title("\n".join(textwrap.wrap(moved, 78 // count)), fontsize=9.5)
        below = "\n".join(textwrap.wrap(sentence, (100, 74, 84)[min(count, 3) - 1] // count))
        label = ax.get_xlabel()
        ax.set_xlabel(f"{label}\n\n{below}" if label else below, fontsize=9)
        sentences.append(f"{moved}: {sentence}")
    return figures.png(drawing), "\n".join(sentences)


def explore(draw, *, still: list[dict] | None = None, size: tuple[float, float] = (7.2, 3.7), **controls: Control) -> None:
    """Show a picture that answers to sliders.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)`` draws into the axes and returns one sentence that says what is to be seen. It should compute
        for no more than 50 ms.
    still : list of dict, optional
        The settings that a reader without a kernel sees side by side; two or three are best. Each may name only what differs
        from the start. Without it, the start alone.
    size : (float, float)
        Inches.
    **controls : slider(...) or options(...)
        One for each argument of ``draw``.

    Raises
    ------
    ValueError
        When a setting names something that is not a control.
    """
    import ipywidgets as widgets
    from IPython.display import display

    start = {name: control.value for name, control in controls.items()}
    for setting in still or []:
        for name in setting:
            if name not in controls:
                raise ValueError(f"`still` names {name!r}, but the controls are {', '.join(controls)}.")
    picture, text = _still(draw, [{**start, **setting} for setting in (still or [{}])], controls, size)
    live = _Live(draw, size, start)
    moving = {name: _widget(name, control) for name, control in controls.items()}
    image = widgets.Image(format="png", layout=widgets.Layout(max_width="100%", align_self="flex-start"))
    sentence = widgets.HTML()

    def update(_=None):
        image.value, words = live({name: widget.value for name, widget in moving.items()})
        sentence.value = f'<p style="font-size:1.05em; margin:0.3em 0">{words}</p>'

    update()
    for widget in moving.values():
        widget.observe(update, names="value")
    box = widgets.VBox([*moving.values(), sentence, image])
    display({**box._repr_mimebundle_(), "image/png": base64.b64encode(picture).decode(), "text/plain": text},
            metadata={"image/png": {"width": round(size[0] * figures.DPI), "alt": text}}, raw=True)
