"""Writes a company: its tables, its settings and the truth about it."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml

from helpers.simulate.billing import Billing
from helpers.simulate.books import Books
from helpers.simulate.card import Summary, card, data_package, facts, summarise, timeline
from helpers.simulate.core import Core
from helpers.simulate.deals import Deals
from helpers.simulate.large import blocks_of, write_blocks, write_parquet
from helpers.simulate.outcomes import outcomes
from helpers.simulate.product import Product
from helpers.simulate.research import Research
from helpers.simulate.success import Success
from helpers.simulate.tables import Table, as_text
from helpers.simulate.teams import Teams
from helpers.simulate.truth import truths
from helpers.simulate.world import World, read_parameters


def make_company(
    folder,
    *,
    seed: int | None = None,
    scale: float = 1.0,
    like="lanternfish",
    tables=None,
    events: int | None = None,
    progress: bool = False,
) -> Path:
    """Make a company and write it into `folder`, byte for byte the same each time.

    Beyond ten times the case, it is made in blocks, two at a time, and written as Parquet parts
    (needs pyarrow); memory does not grow with the scale.

    The company is written beside `folder` under another name and renamed when it is whole, so
    that a run which was stopped leaves nothing that looks finished.

    Parameters
    ----------
    folder : path
        Where the company goes. An earlier simulated company there is replaced.
    seed : int, optional
        Another seed than that of the parameters gives another company of the same kind.
    scale : float
        How many times as many customers (1.0 is the company as its parameters describe it).
    like : str or path
        "lanternfish", "second", or a YAML file of parameters.
    tables : list of str, optional
        Only these tables.
    events : int, optional
        At most so many usage events.
    progress : bool
        Print each table as it is written.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    FileExistsError
        If `folder` holds something that is not a simulated company.
    ValueError
        If a table is named that there is not, or the scale is not positive.

    Examples
    --------
    >>> import tempfile
    >>> from helpers.simulate import make_company
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = make_company(f"{place}/small", scale=0.1, tables=["customers"])
    ...     sorted(path.name for path in folder.iterdir())
    ['company.yaml', 'customers.csv', 'truth.yaml']
    """
    target = Path(folder).absolute()
    _refuse(target, scale)
    names, parameters = _names(tables), read_parameters(like)
    world = World(parameters, seed=seed, scale=scale)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        if blocks_of(scale) > 1:
            made = write_blocks(
                draft, parameters=parameters, seed=seed, scale=scale, names=names, events=events, progress=progress
            )
            _finish(draft, world, *made)
            known = {}
        else:
            known = _write_whole(draft, world, Parts(world, events), names, described=tables is None, progress=progress)
        write_yaml(draft / "company.yaml", settings(world))
        write_yaml(draft / "truth.yaml", truths(world, known))
        draft.chmod(0o755)
        _put(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _write_whole(draft: Path, world: World, parts: Parts, names, *, described: bool, progress: bool) -> dict:
    """Write all tables of a company that fits into memory; return what is only known once it is made."""
    written = []
    for table in parts.tables(names):
        write_table(table, draft, world)
        written.append(summarise(table))
        if progress:
            print(f"{table.name}: {len(table):,} rows")
    if described:
        _describe(draft, world, facts(world, parts), written)
    return parts.known()


def _finish(draft: Path, world: World, small: list[Table], parted: list[Summary], known: dict) -> None:
    """Write the small tables of a company made in blocks, and describe all of it."""
    for table in small:
        write_table(table, draft, world)
    _describe(draft, world, known, [summarise(table) for table in small] + parted, [one.name for one in parted])


def _describe(draft: Path, world: World, known: dict, written: list[Summary], parted=("events",)) -> None:
    """Write the description for machines, the picture and the card."""
    write_text(draft / "datapackage.json", data_package(world, written, tuple(parted)))
    write_text(draft / "timeline.svg", timeline(world, known["months"]))
    write_text(draft / "card.md", card(world, known, written))


def _refuse(target: Path, scale: float) -> None:
    if not scale > 0:
        raise ValueError(f"scale is {scale}; it has to be above 0 (1.0 is the company as described).")
    if target.exists() and any(target.iterdir()) and not (target / "truth.yaml").exists():
        raise FileExistsError(
            f"{target} holds something that is not a simulated company; name an empty or a new folder."
        )


CORE = ("customers", "contracts", "subscriptions", "leads", "marketing_spend", "market")
PARTS = {
    "deals": ("opportunities", "stage_history", "activities"),
    "teams": ("reps", "commission_plans", "incentives", "training", "step_owners"),
    "billing": ("invoices", "payments", "refunds", "partner_fees"),
    "books": ("headcount", "costs", "cash", "funding_rounds", "delivery_work"),
    "success": (
        "implementations",
        "milestones",
        "stakeholders",
        "success_touches",
        "csm_assignments",
        "success_plans",
        "tickets",
        "ladder_evidence",
        "tier_history",
        "cs_programmes",
        "brand_index",
    ),
    "research": ("interviews", "interview_needs", "needs", "competitors", "hooks", "value"),
    "product": (
        "web_funnel",
        "users",
        "invitations",
        "touchpoints",
        "experiments",
        "surveys",
        "usage_monthly",
        "events",
    ),
}
TABLES = (*CORE, *(name for names in PARTS.values() for name in names))


class Parts:
    """The parts of a company, made one after another, each only when it is needed."""

    def __init__(self, world: World, events: int | None = None) -> None:
        self.core = Core(world)
        self.limit = events

    def tables(self, names) -> Iterator[Table]:
        """Yield the tables asked for, in the order of `TABLES`."""
        for part in ("core", *PARTS):
            wanted = set(names) & set(CORE if part == "core" else PARTS[part])
            if wanted:
                yield from (table for table in self._part(part) if table.name in wanted)

    def _part(self, part: str) -> list[Table]:
        made = {
            "core": lambda: self.core,
            "deals": lambda: Deals(self.core),
            "teams": lambda: Teams(self.core),
            "billing": lambda: self.billing,
            "books": lambda: self.books,
            "success": lambda: self.success,
            "research": lambda: Research(self.core),
            "product": lambda: Product(self.core, self.success, self.limit),
        }[part]()
        return made.tables()

    @cached_property
    def billing(self) -> Billing:
        """Invoices and payments, which the books need as well."""
        return Billing(self.core)

    @cached_property
    def books(self) -> Books:
        """Heads, costs and cash."""
        return Books(self.core, self.billing)

    @cached_property
    def success(self) -> Success:
        """What happens at customers, which the product needs as well."""
        return Success(self.core)

    def known(self) -> dict:
        """Return the truths that are only known once the company is made."""
        return outcomes(self)


def _names(names) -> tuple[str, ...]:
    if names is None:
        return TABLES
    unknown = sorted(set(names) - set(TABLES))
    if unknown:
        near = [word for name in unknown for word in difflib.get_close_matches(name, TABLES, 1)]
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"No table called {', '.join(unknown)}.{hint} There are: {', '.join(TABLES)}.")
    return tuple(name for name in TABLES if name in names)


def _put(draft: Path, target: Path) -> None:
    """Rename the finished draft to its place; what stood there is moved out of the way first."""
    old = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent)) / "company"
        target.rename(old)
    draft.rename(target)
    if old:
        shutil.rmtree(old.parent)


def write_table(table: Table, folder: Path, world: World) -> None:
    """Write events as Parquet and every other table as CSV."""
    if table.name == "events":
        write_parquet(table, folder / "events.parquet", world)
    else:
        write_csv(table, folder / f"{table.name}.csv", world.clock)


def write_csv(table: Table, path: Path, clock) -> None:
    """Write a table as CSV: UTF-8, lines end with a line feed, quotes only where they are needed."""
    columns = [_quoted(as_text(column, clock)) for column in table.columns.values()]
    lines = [",".join(table.columns), *map(",".join, zip(*columns, strict=True))]
    path.write_bytes(("\n".join(lines) + "\n").encode("utf-8"))


def _quoted(words: list[str]) -> list[str]:
    if not any(mark in word for word in set(words) for mark in ',"\n'):
        return words
    return ['"' + w.replace('"', '""') + '"' if any(mark in w for mark in ',"\n') else w for w in words]


def write_yaml(path: Path, content: dict) -> None:
    """Write a mapping as YAML, in its own order."""
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with line feeds on every system."""
    path.write_bytes(text.encode("utf-8"))


def settings(world: World) -> dict:
    """Return what stands in company.yaml."""
    rule = world.p["company"]
    return {
        "name": world.p["name"],
        "currency": rule["currency"],
        "currency_symbol": rule["currency_symbol"],
        "time_zone": rule["time_zone"],
        "as_of": str(np.datetime64(world.as_of, "D")),
        "complete_from_inception": rule["complete_from_inception"],
        "size_bands": rule["size_bands"],
        "policy": rule["policy"],
        "simulated": True,
    }
