"""From three files to a company: contracts, payments, and monthly costs and heads.

A reader who has nothing else ready brings these three as CSV. :func:`three_files` makes a company's folder of them, with
customers and subscriptions read from the contracts, so that every chapter can be opened on it. What is not in the files is not made up.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from helpers.company import Company, CompanyError, load_company
from helpers.company.errors import Problem, did_you_mean, plain
from helpers.company.imports import convert
from helpers.company.reading import Source, read_raw
from helpers.company.schema import Column, Table, schema

# Names by which people call a column; the first is ours. Small letters and underscores; spaces and hyphens make no difference.
CONTRACT_ID = ("contract_id", "contract_no", "contract_number", "contract", "order_id", "合同编号", "合同号")
CUSTOMER = ("customer_id", "customer_no", "customer", "customer_name", "client", "客户编号", "客户名称", "客户")
PAYMENTS = {
    "payment_id": ("payment_id", "payment_no", "payment", "回款编号"), "contract_id": CONTRACT_ID, "customer_id": CUSTOMER,
    "paid_on": ("paid_on", "payment_date", "received_on", "date", "回款日期", "到账日期"),
    "amount": ("amount", "received", "paid", "回款金额", "到账金额", "金额"),
}
MONTHLY = {
    "month": ("month", "月份", "月"), "department": ("department", "team", "部门"), "branch": ("branch", "office", "分公司"),
    "kind": ("kind", "cost_kind", "类别"), "amount": ("amount", "cost", "costs", "费用", "金额"),
    "heads": ("heads", "headcount", "people", "fte", "人数"), "cash": ("cash", "balance", "bank_balance", "现金余额", "现金"),
}
NEEDED = {"payments": ("paid_on", "amount"), "costs and heads": ("month", "department")}
EXTRA = ("relation", "founder_signed", "discount", "renews_contract_id", "refund_clause", "promised_features")
FILES = ("contracts.csv", "payments.csv", "costs_and_heads.csv")
NEAR = 92  # days between an end and a start within which a renewal is taken to follow


def three_files(contracts, payments, costs_and_heads, folder, *, as_of, currency: str, name: str = "My company", time_zone: str = "",
                cash: float | None = None) -> Company:
    """Make a company of three CSV files.

    Parameters
    ----------
    contracts : path
        One row a signature: contract_id, customer, signed_on, starts_on, ends_on, recurring_amount. For the gates of stage 2 also
        rep_id, relation (stranger or friend) and founder_signed (true or false); for discounts a column discount.
    payments : path
        One row a payment: paid_on, amount, and contract_id or customer.
    costs_and_heads : path
        One row a month and department: month, department, and amount with kind (A to E, COGS, other), heads, or both. A column cash
        holds the money in the bank at the end of the month; it counts once a month.
    folder : path
        A folder that does not exist yet. Nothing is overwritten, and nothing is left behind where something is wrong.
    as_of : date or str
        The last day that the files know of.
    currency : str
    name, time_zone : str
    cash : float, optional
        Money in the bank on the last day, where the files do not hold it.

    Returns
    -------
    Company

    Raises
    ------
    CompanyError
        A file or a column that is needed is not there, or a value cannot be read: with table, column, rows, and how to mend it.
    """
    target = Path(folder).expanduser()
    if target.exists():
        raise CompanyError(Problem("three_files", "", f"{target} is there already", "choose another folder, or move it away first"))
    with tempfile.TemporaryDirectory() as workshop:
        made, zone = Path(workshop) / "company", time_zone or ("Asia/Shanghai" if currency == "CNY" else "UTC")
        convert("contracts", contracts, made, as_of=as_of, name=name, currency=currency, time_zone=zone)
        _add_to_contracts(Path(contracts).expanduser(), made / "contracts.csv")
        _write_payments(_read(payments, "payments", PAYMENTS), made)
        _write_monthly(_read(costs_and_heads, "costs and heads", MONTHLY), made, cash, as_of)
        _check(load_company(made))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, target)
    return load_company(target)


def _check(company: Company) -> None:
    """Read every table, so that what is wrong is said now."""
    problems = []
    for table in company.tables:
        try:
            company.table(table)
        except CompanyError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _read(path, short: str, names: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """A file as text, with our names for its columns; columns that we do not know are left out."""
    path = Path(path).expanduser()
    if not path.is_file():
        beside = [one.name for one in path.parent.glob("*.csv")] if path.parent.is_dir() else []
        raise CompanyError(Problem(short, "", f"there is no file {path}.{did_you_mean(path.name, beside)}", "look at the name and the folder"))
    known = {alias: name for name, aliases in reversed(names.items()) for alias in reversed(aliases)}
    raw = read_raw(Source(short, path), Table(name=short, row="a row", columns={alias: Column(alias, "text", alias) for alias in known})).frame
    found: dict[str, pd.Series] = {}
    for name, aliases in names.items():
        there = next((column for alias in aliases for column in raw.columns if plain(column) == alias), None)
        if there is not None:
            found[name] = raw[there].str.strip().replace("", pd.NA)
    lacking = [name for name in NEEDED[short] if name not in found]
    if lacking:
        raise CompanyError([Problem(f"{short} ({path.name})", name, f"no column for it was found; the file has {', '.join(raw.columns)}",
                                    f"name one of the columns {' or '.join(names[name])}") for name in lacking])
    return pd.DataFrame(found)


def _save(frame: pd.DataFrame, folder: Path, name: str) -> None:
    frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")


def _add_to_contracts(given: Path, made: Path) -> None:
    """Columns of the list that the importer does not carry, and which contract a renewal follows."""
    contracts = pd.read_csv(made, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    raw = read_raw(Source("contracts", given), schema()["contracts"]).frame
    key = next(column for alias in CONTRACT_ID for column in raw.columns if plain(column) == alias)
    raw = raw.assign(**{key: raw[key].str.strip()}).drop_duplicates(key).set_index(key)
    for name in EXTRA:
        if name in raw.columns and name not in contracts:
            contracts[name] = contracts["contract_id"].map(raw[name]).fillna("")
    if "renews_contract_id" not in contracts:
        contracts["renews_contract_id"] = followed(contracts)
    _save(contracts, made.parent, "contracts")


def followed(contracts: pd.DataFrame) -> pd.Series:
    """For each renewal, the customer's earlier contract whose end lies nearest to its start, within three months; else empty.

    Examples
    --------
    >>> rows = [("k1", "a", "new", "2023-01-01", "2024-01-01"), ("k2", "a", "renewal", "2024-01-05", "2025-01-05")]
    >>> followed(pd.DataFrame(rows, columns=["contract_id", "customer_id", "kind", "starts_on", "ends_on"])).tolist()
    ['', 'k1']
    """
    dates = contracts.assign(starts=pd.to_datetime(contracts["starts_on"]), ends=pd.to_datetime(contracts["ends_on"]))
    later = dates.loc[dates["kind"] == "renewal", ["contract_id", "customer_id", "starts"]]
    pairs = later.merge(dates.loc[dates["kind"] != "add-on", ["contract_id", "customer_id", "ends", "starts"]], on="customer_id", suffixes=("", "_old"))
    pairs = pairs[pairs["starts_old"] < pairs["starts"]]
    pairs["days"] = (pairs["starts"] - pairs["ends"]).dt.days.abs()
    best = pairs[pairs["days"] <= NEAR].sort_values(["contract_id", "days"]).drop_duplicates("contract_id").set_index("contract_id")
    return contracts["contract_id"].map(best["contract_id_old"]).fillna("")


def _write_payments(rows: pd.DataFrame, folder: Path) -> None:
    if "customer_id" not in rows:
        if "contract_id" not in rows:
            raise CompanyError(Problem("payments", "customer_id", "neither a column for the contract nor one for the customer was found",
                                       "name one of the columns contract_id or customer"))
        contracts = pd.read_csv(folder / "contracts.csv", dtype=str)
        rows["customer_id"] = rows["contract_id"].map(contracts.set_index("contract_id")["customer_id"])
    if "payment_id" not in rows:
        rows.insert(0, "payment_id", [f"P{number:06d}" for number in range(1, len(rows) + 1)])
    _save(rows, folder, "payments")


def _write_monthly(rows: pd.DataFrame, folder: Path, cash: float | None, as_of) -> None:
    """Costs, heads and cash, each a table of its own."""
    key = [name for name in ("month", "department", "branch") if name in rows]
    if "amount" in rows:
        costs = rows[rows["amount"].notna()]
        if "kind" not in costs:
            raise CompanyError(Problem("costs and heads", "kind", "there are amounts, and no column says which kind of cost they are",
                                       "add a column kind: A pay of salespeople, B the rest of sales, C money for leads, D marketing department, "
                                       "E first-year service of new customers, COGS running the service, other"))
        _save(costs[[*key, "kind", "amount"]], folder, "costs")
    if "heads" in rows:
        _save(rows.loc[rows["heads"].notna(), [*key, "heads"]].drop_duplicates(), folder, "headcount")
    if "cash" in rows:
        balances = rows.loc[rows["cash"].notna(), ["month", "cash"]].drop_duplicates()
        _save(balances.rename(columns={"cash": "balance"}), folder, "cash")
    elif cash is not None:
        month = pd.Timestamp(as_of).to_period("M")
        _save(pd.DataFrame({"month": [str(month)], "balance": [f"{cash:.2f}"]}), folder, "cash")


def write_three(company: Company, folder) -> tuple[Path, Path, Path]:
    """A company's contracts, payments, and costs with heads as three CSV files, in the form in which a reader brings them.

    Parameters
    ----------
    company : Company
        With the tables contracts, payments, costs and headcount.
    folder : path

    Returns
    -------
    (Path, Path, Path)
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    contracts = company.table("contracts")
    contracts[["contract_id", "customer_id", "rep_id", "kind", "signed_on", "starts_on", "ends_on", "recurring_amount", "one_off_amount", "billing",
               "discount", "relation", "founder_signed"]].to_csv(place / FILES[0], index=False)
    company.table("payments")[["contract_id", "paid_on", "amount"]].to_csv(place / FILES[1], index=False)
    parts = [company.table("costs")[["month", "department", "branch", "kind", "amount"]], company.table("headcount")]
    if company.has("cash"):
        parts.append(company.table("cash").rename(columns={"balance": "cash"}).assign(department="all"))
    pd.concat(parts, ignore_index=True).to_csv(place / FILES[2], index=False)
    return tuple(place / name for name in FILES)
