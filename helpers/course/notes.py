"""What a lesson says to its reader: one text, as HTML for people and as plain text for the tests."""

from __future__ import annotations

from html import escape

COLOURS = {"open": "#737A84", "right": "#00795A", "mistake": "#C98A00", "wrong": "#D55E00", "info": "#0072B2"}
CLASSES = {"right": "good"}


class Note:
    """A short message with a coloured edge."""

    def __init__(self, status: str, title: str, text: str = "", html: str = ""):
        self.status, self.title, self.text, self.html = status, title, text, html

    def _repr_html_(self) -> str:
        body = self.html or "".join(f"<p style='margin:0.2em 0'>{escape(line)}</p>" for line in self.text.split("\n") if line)
        return (f'<div class="playbook-note {CLASSES.get(self.status, self.status)}" '
                f'style="border-left:4px solid {COLOURS[self.status]};padding:0.2em 0.9em;margin:0.4em 0">'
                f"<strong>{escape(self.title)}</strong>{body}</div>")

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}".strip()


class Quizzed:
    """A quiz whose options open when they are clicked: no script, no server, no trust needed."""

    def __init__(self, quiz):
        self.quiz = quiz

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<details style="margin:0.25em 0"><summary style="cursor:pointer">{chr(97 + i)}) {escape(option.text)}</summary>'
            f'<div style="border-left:4px solid {COLOURS["right" if option.right else "wrong"]};padding:0.1em 0.9em;margin:0.2em 1em">'
            f"<strong>{'Yes.' if option.right else 'No.'}</strong> {escape(option.why)}</div></details>"
            for i, option in enumerate(self.quiz.options))
        return f'<div class="playbook-quiz"><p><strong>{escape(self.quiz.question)}</strong> <em>Click an answer.</em></p>{rows}</div>'

    def __repr__(self) -> str:
        return "\n".join([self.quiz.question, *(f"  {chr(97 + i)}) {o.text}" for i, o in enumerate(self.quiz.options))])


class Card:
    """A decision, or a driver of the plan: a heading and a few lines of label and text."""

    def __init__(self, title: str, rows: list[tuple[str, str]]):
        self.title, self.rows = title, rows

    def _repr_html_(self) -> str:
        rows = "".join(f'<tr><th style="text-align:left;vertical-align:top;padding-right:1.2em">{escape(label)}</th>'
                       f'<td style="text-align:left">{escape(text)}</td></tr>' for label, text in self.rows)
        return f'<div class="playbook-card"><strong>{escape(self.title)}</strong><table>{rows}</table></div>'

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {label}: {text}" for label, text in self.rows)])
