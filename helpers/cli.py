"""The command `playbook`. Each verb imports what it needs when it runs, so that `playbook --help` is quick."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import typer

app = typer.Typer(
    help="A course on growing a B2B SaaS company, run on your own company.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ROOT = Path(__file__).resolve().parents[1]
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@contextlib.contextmanager
def plain_errors():
    """Show what our own errors say, without a traceback; let everything unforeseen through."""
    try:
        yield
    except Exception as error:
        if not _meant_for_people(error):
            raise
        print(f"playbook: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def _meant_for_people(error):
    """Whether this is one of our own errors, or one of the usual kinds that our code raised itself."""
    if type(error).__module__.startswith("helpers."):
        return True
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    raised_here = place is not None and Path(place.tb_frame.f_code.co_filename).is_relative_to(ROOT / "helpers")
    return isinstance(error, (ValueError, OSError)) and raised_here


@app.command()
def lab(
    company: str = typer.Option(None, help="Folder of a company, or its name in workspace/companies."),
    workspace: Path = typer.Option(None, help="Where you work; the folder workspace of the course by default."),
    browser: bool = typer.Option(True, help="Whether to open a browser."),
) -> None:
    """Open the course in JupyterLab, in your own copies, where you left off."""
    from helpers.course.workspace import open_lab

    with plain_errors():
        raise typer.Exit(open_lab(workspace, company, browser))


@app.command()
def book(out: Path = typer.Option(None, help="Where the pages go.")) -> None:
    """Build the static book from the stored outputs."""
    from helpers.book import build

    with plain_errors():
        print(f"Open {build(out)} in a browser.")


@app.command()
def render(
    chapter: str = typer.Argument(None, help="Number, slug or folder of a chapter; without it, all that are stale."),
    everything: bool = typer.Option(False, "--all", help="Render every chapter, stale or not."),
) -> None:
    """Run the chapters' texts, store their outputs in the notebooks beside them, and bring the README's map up to date."""
    from helpers.course.overview import write_map
    from helpers.course.render import render_many

    with plain_errors():
        render_many(chapter, everything)
        write_map()


@app.command()
def run(
    chapter: str = typer.Argument(None, help="Number, slug or folder of a chapter; without it, all that are written."),
    company: Path = typer.Option(None, help="Folder of the company; PLAYBOOK_COMPANY, else the case company."),
    out: Path = typer.Option(Path("runs"), help="Where the notebooks go."),
) -> None:
    """Run chapters on a company, keep the notebooks with their outputs, and say which cells failed."""
    from helpers.course.render import run_many

    with plain_errors():
        failed = run_many(chapter, company or os.environ.get("PLAYBOOK_COMPANY"), out)
        raise typer.Exit(1 if failed else 0)


@app.command()
def update(workspace: Path = typer.Option(None, help="Where you work; the folder workspace of the course by default.")) -> None:
    """Bring new versions of chapters into your copies, and keep everything that you typed."""
    from helpers.course.paths import write_map
    from helpers.course.update import report, update

    with plain_errors():
        folder = workspace or ROOT / "workspace"
        copies, updates = update(folder)
        write_map(folder)
        for sentence in report(copies, updates):
            print(sentence)
        raise typer.Exit(1 if any(one.problem for one in updates) else 0)


@app.command()
def progress(
    role: str = typer.Option(None, help="Your role, remembered: founder, product, marketing, sales, customer success, finance, analyst."),
    name: str = typer.Option(None, help="What to call you in a team's roll-up; \"\" takes it out again."),
    team: Path = typer.Option(None, help="A folder with several people's progress files: shows where the room is stuck."),
    workspace: Path = typer.Option(None, help="Where you work; the folder workspace of the course by default."),
) -> None:
    """Show how far you are and what to do next; or, with --team, where a team is stuck."""
    from helpers.course.progress import report, team_report

    with plain_errors():
        folder = workspace or ROOT / "workspace"
        for line in team_report(team) if team else report(folder, role=role, name=name):
            print(line)


@app.command()
def check(folder: Path = typer.Argument(..., help="Folder with company.yaml and the tables.")) -> None:
    """Check the tables of a company: what is wrong, in which rows, and how to mend it."""
    from helpers.company import load_company

    with plain_errors():
        company = load_company(folder)
        findings = company.check()
        for finding in findings.itertuples():
            where = ".".join(str(part) for part in (finding.table, finding.column) if part)
            print(f"{finding.severity}: {where}: {finding.problem} ({finding.rows})\n    Mend: {finding.mend}")
        print(f"{company.name}: {len(company.tables)} tables, {len(findings)} findings.")
        raise typer.Exit(1 if (findings["severity"] == "error").any() else 0)


@app.command()
def decisions(
    out: Path = typer.Option(None, help="Where the three files go; the folder meeting in the workspace by default."),
    company: str = typer.Option(None, help="Folder of a company, or its name in workspace/companies."),
    workspace: Path = typer.Option(None, help="Where you work; the folder workspace of the course by default."),
) -> None:
    """Write your decisions, scored predictions and plan for the leadership meeting: a page, a text and a spreadsheet."""
    from helpers.course.decisions import meeting_of

    with plain_errors():
        for path in meeting_of(workspace, company, out):
            print(path)


@app.command("make-company")
def make_company(
    folder: Path = typer.Argument(..., help="Where the company goes; a new folder."),
    seed: int = typer.Option(None, help="Another seed gives another company of the same kind."),
    scale: float = typer.Option(1.0, help="How many times as many customers."),
    like: str = typer.Option("lanternfish", help="lanternfish, or a YAML file of parameters."),
    events: int = typer.Option(None, help="At most so many product events."),
    tables: str = typer.Option(None, help="Only these tables, with commas between: customers,subscriptions,events"),
) -> None:
    """Make a simulated company whose truths are known."""
    from helpers.simulate import make_company as make

    with plain_errors():
        chosen = {} if seed is None else {"seed": seed}
        wanted = [name.strip() for name in tables.split(",") if name.strip()] if tables else None
        made = make(folder, scale=scale, like=like, events=events, tables=wanted, progress=True, **chosen)
        print(f"The company is in {made or folder}.")


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run every test; what follows goes to pytest, for example: playbook test -k retention."""
    import subprocess

    command = [sys.executable, "-m", "pytest", *context.args]
    raise typer.Exit(subprocess.call(command, cwd=ROOT))


def main() -> None:
    """Run the command under its own name, however it was started."""
    app(prog_name="playbook")


if __name__ == "__main__":
    main()
