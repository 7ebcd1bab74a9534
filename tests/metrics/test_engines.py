"""The same functions on every engine give the same tables."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import duckdb
import ibis
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

import helpers.metrics as m
from helpers.metrics import tables
from helpers.metrics.policy import Policy
from helpers.metrics.result import Result

pytestmark = [pytest.mark.filterwarnings("ignore:The 'future.infer_string' option"), pytest.mark.filterwarnings("ignore:PySpark does not yet")]
AS_OF = "2024-12-31"
WHOLE = Policy(complete_from_inception=True)
ODD = Policy(usage="trailing_3", one_off="when_dated", refunds="negative", discounts="forever", free_customers="active", reactivation=90, mid_month="prorated",
             trials="count")
QUESTIONS = {
    "mrr_at": lambda t, c: m.mrr_at(t, "2024-06-15"),
    "mrr_movements": lambda t, c: m.mrr_movements(t, as_of=AS_OF),
    "mrr_movements, odd policy": lambda t, c: m.mrr_movements(t, as_of="2024-12-15", policy=ODD),
    "mrr_movements, events": lambda t, c: m.mrr_movements(t, as_of=AS_OF, policy=Policy(same_month="events", grain="subscription")),
    "mrr_movements, month start": lambda t, c: m.mrr_movements(t, as_of=AS_OF, policy=Policy(time_base="month_start", pauses="fold")),
    "mrr_bridge": lambda t, c: m.mrr_bridge(m.mrr_movements(t, as_of=AS_OF)),
    "bridge_from": lambda t, c: m.bridge_from(t, as_of=AS_OF),
    "arr": lambda t, c: m.arr(t, AS_OF),
    "nrr": lambda t, c: m.nrr(t, "2023-12-31", AS_OF),
    "nrr by size": lambda t, c: m.nrr(t, "2023-12-31", AS_OF, customers=c, by="size"),
    "grr by size": lambda t, c: m.grr(t, "2023-12-31", AS_OF, customers=c, by="size"),
    "logo_retention": lambda t, c: m.logo_retention(t, "2023-12-31", AS_OF),
    "rows behind": lambda t, c: m.nrr(t, "2023-12-31", AS_OF).rows(),
    "retention_definitions": lambda t, c: m.retention_definitions(t, "2023-12-31", AS_OF),
    "retention_by_month": lambda t, c: m.retention_by_month(t, as_of=AS_OF),
    "cohort_triangle": lambda t, c: m.cohort_triangle(t, as_of=AS_OF, measure="nrr", policy=WHOLE),
    "cohort_triangle, signup": lambda t, c: m.cohort_triangle(t, as_of=AS_OF, base="signup", policy=WHOLE),
    "survival by size": lambda t, c: m.survival(t, as_of=AS_OF, customers=c, by="size", policy=WHOLE),
    "life_table": lambda t, c: m.life_table(t, as_of=AS_OF, policy=WHOLE),
    "customer_churn": lambda t, c: m.customer_churn(t, "2023-12-31", AS_OF, variant="stripe"),
    "customer_churn, shopify": lambda t, c: m.customer_churn(t, "2023-12-31", AS_OF, variant="shopify"),
    "churn_by_cause": lambda t, c: m.churn_by_cause(t, as_of=AS_OF),
    "usage_mrr": lambda t, c: m.usage_mrr(t, "2023-06-30"),
    "flash_customers": lambda t, c: m.flash_customers(t, as_of=AS_OF),
    "left_out": lambda t, c: m.left_out(t, "2023-06-30"),
    "restatements": lambda t, c: m.restatements(t, known_then="2023-06-30", known_now=AS_OF),
    "reconcile": lambda t, c: m.reconcile(t, Policy(), Policy.preset("stripe"), start="2023-12-31", end=AS_OF).totals,
}
ON_SPARK = ("mrr_at", "mrr_movements", "mrr_movements, odd policy", "bridge_from", "nrr by size", "retention_by_month", "cohort_triangle", "survival by size",
            "churn_by_cause", "restatements")
ENGINES = ("polars", "polars lazy", "duckdb", "ibis", "spark", "pandas handed to duckdb")


def on_engine(name, table, request, monkeypatch):
    """Bring a pandas table to an engine; DuckDB, ibis and Spark get dates, polars keeps instants."""
    if name == "pandas handed to duckdb":
        monkeypatch.setattr(tables, "LARGE", 10)
        return table
    if name.startswith("polars"):
        frame = pl.from_pandas(table)
        return frame.lazy() if name.endswith("lazy") else frame
    dates = {column: table[column].dt.date for column in table if column.endswith(("_on", "_at"))}
    if name == "duckdb":
        relation = duckdb.connect().from_df(table)
        return relation.project(", ".join(f"{column}::date as {column}" if column in dates else f'"{column}"' for column in table))
    if name == "ibis":
        return ibis.memtable(table)
    spark = request.getfixturevalue("spark")
    arrow = pl.from_pandas(table).with_columns(pl.col(list(dates)).cast(pl.Date)).to_arrow()
    return spark.createDataFrame(arrow)


def plain(answer):
    """Bring any answer to pandas, with columns sorted out and rows in order."""
    table = answer.table if isinstance(answer, Result) else answer
    frame = nw.from_native(table)
    if isinstance(frame, nw.LazyFrame):
        frame = tables.collected(frame)
    frame = frame.to_native() if frame.implementation.is_pandas() else frame.to_pandas()
    frame = pd.DataFrame({name: pd.to_datetime(frame[name]).astype("datetime64[us]") if name in ("month", "on", "came_on", "left_on") else frame[name] for name in frame})
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name]):
            frame[name] = frame[name].astype(float)
        elif not pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = frame[name].astype(object)
    labels = [name for name in frame if name in ("customer_id", "subscription_id", "month", "on", "came_on", "kind", "cause", "why")]
    return frame.sort_values(labels, ignore_index=True) if labels else frame


@pytest.fixture(scope="module")
def customers(mixed):
    ids = mixed["customer_id"].unique()
    sizes = pd.Categorical([("small", "mid", "large")[i % 3] for i in range(len(ids))], categories=["small", "mid", "large"], ordered=True)
    return pd.DataFrame({"customer_id": ids, "size": sizes})[:-5]


@pytest.fixture(scope="module")
def expected(mixed, customers):
    return {name: plain(ask(mixed, customers)) for name, ask in QUESTIONS.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_answers_alike(engine, mixed, customers, expected, request, monkeypatch):
    table = on_engine(engine, mixed, request, monkeypatch)
    beside = customers if engine.startswith("pandas") else on_engine(engine, customers.astype({"size": str}), request, monkeypatch)
    if engine in ("duckdb",):
        beside = table_on_same_connection(table, customers)
    for name in ON_SPARK if engine == "spark" else QUESTIONS:
        found = plain(QUESTIONS[name](table, beside))
        wanted = expected[name]
        if "size" in wanted:
            found, wanted = (frame.sort_values([*{"size", "age"} & set(frame)], ignore_index=True) for frame in (found, wanted))
        pd.testing.assert_frame_equal(found, wanted, check_dtype=False, rtol=1e-9, atol=1e-9, obj=f"{name} on {engine}")


def one_money(table):
    return nw.from_native(table).drop("currency").to_native()


MONEY = {
    "subscriptions_from_invoices": lambda t, r: m.subscriptions_from_invoices(t),
    "revenue_by_month": lambda t, r: m.revenue_by_month(one_money(t), as_of="2024-05-15"),
    "renewal_rate": lambda t, r: m.renewal_rate(one_money(t), "2023-12-31", AS_OF),
    "stickiness": lambda t, r: m.stickiness(t, who="customer_id", at="issued_on"),
    "convert": lambda t, r: m.convert(t, r, to="CNY", policy=Policy(fx="purchase")),
    "fx_movements": lambda t, r: m.fx_movements(t, r, to="CNY", as_of="2024-06-30"),
}


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb", "ibis"])
def test_money_is_the_same_on_every_engine(engine, request, monkeypatch):
    days = pd.date_range("2024-01-07", periods=12, freq="11D").astype("datetime64[us]")
    table = pd.DataFrame({"invoice_id": [f"i{i}" for i in range(12)], "subscription_id": [f"s{i}" for i in range(12)], "customer_id": [f"c{i % 5}" for i in range(12)], "issued_on": days,
                          "service_from": days, "service_to": days + pd.Timedelta(days=100), "starts_on": days, "ends_on": days + pd.Timedelta(days=100), "amount": [100.0 + 7 * i for i in range(12)],
                          "recurring_amount": 50.0, "interval": "month", "kind": ["recurring"] * 11 + ["credit"], "currency": ["USD", "EUR", "CNY"] * 4,
                          "contract_id": [f"k{i}" for i in range(12)], "renews_contract_id": [None, "k0"] * 6})
    rates = pd.DataFrame([{"month": month, "currency": currency, "rate": rate + i / 100} for currency, rate in (("USD", 7.0), ("EUR", 7.8))
                          for i, month in enumerate(pd.date_range("2024-01-01", periods=6, freq="MS"))]).astype({"month": "datetime64[us]"})
    names = ["service_from", "service_to", "month"]
    there, beside = on_engine(engine, table.rename(columns={name: f"{name}_on" for name in names}), request, monkeypatch), rates
    there = nw.from_native(there).rename({f"{name}_on": name for name in names[:2]}).to_native()
    beside = nw.from_native(on_engine(engine, rates.rename(columns={"month": "month_on"}), request, monkeypatch)).rename({"month_on": "month"}).to_native()
    if engine == "duckdb":
        beside = there.query("unused", "select * from (values " + ", ".join(f"(date '{row[0]:%Y-%m-%d}', '{row[1]}', {row[2]})" for row in rates.itertuples(index=False)) + ") as r(month, currency, rate)")
    for name, ask in MONEY.items():
        found, wanted = plain(ask(there, beside)), plain(ask(table, rates))
        dates = [column for column in wanted if column.endswith(("_on", "_at", "_from", "_to"))]
        for frame in (found, wanted):
            for column in dates:
                frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
        keys = [column for column in ("invoice_id", "subscription_id", "customer_id", "currency", "month", "kind") if column in wanted]
        found, wanted = (frame.sort_values(keys, ignore_index=True) for frame in (found, wanted[list(wanted)]))
        pd.testing.assert_frame_equal(found, wanted, check_dtype=False, rtol=1e-9, atol=1e-9, obj=f"{name} on {engine}")


@pytest.mark.parametrize("engine", ["pandas", "polars", "polars lazy", "duckdb", "ibis"])
def test_who_was_free_at_first_is_new_when_they_pay(engine, request, monkeypatch):
    """An adjustment takes a first month to nothing: that month is no start, whatever the engine nets first."""
    rows = [("a", "2024-01-05", None, 100.0, "recurring"), ("a", "2024-01-05", "2024-03-10", -100.0, "adjustment"), ("b", "2024-01-05", None, 50.0, "recurring")]
    table = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount", "charge"]).assign(interval="month")
    table = table.astype({"starts_on": "datetime64[us]", "ends_on": "datetime64[us]"})
    moved = plain(m.mrr_movements(table if engine == "pandas" else on_engine(engine, table, request, monkeypatch), as_of="2024-06-30"))
    assert moved[["customer_id", "kind", "change"]].to_numpy().tolist() == [["a", "new", 10000.0], ["b", "opening", 5000.0]]


def table_on_same_connection(relation, customers):
    """DuckDB joins only what lives in one connection."""
    frame = customers.astype({"size": str})
    return relation.query("unused", "select * from (values " + ", ".join(f"('{row[0]}', '{row[1]}')" for row in frame.to_numpy()) + ") as c(customer_id, size)")


def test_large_pandas_tables_come_back_as_pandas(mixed, monkeypatch):
    monkeypatch.setattr(tables, "LARGE", 10)
    for name in ("mrr_at", "mrr_movements", "retention_by_month", "cohort_triangle"):
        assert isinstance(QUESTIONS[name](mixed, None), pd.DataFrame)
    moved = m.mrr_movements(mixed, as_of=AS_OF)
    assert moved["month"].dtype == "datetime64[us]" and moved["change"].dtype == "int64"


def test_callers_get_their_own_kind_back(mixed):
    eager, lazy, relation = pl.from_pandas(mixed), pl.from_pandas(mixed).lazy(), duckdb.connect().from_df(mixed)
    assert isinstance(m.mrr_movements(eager, as_of=AS_OF), pl.DataFrame)
    assert isinstance(m.mrr_movements(lazy, as_of=AS_OF), pl.LazyFrame)
    assert isinstance(m.mrr_movements(relation, as_of=AS_OF), duckdb.DuckDBPyRelation)
    assert isinstance(m.retention_by_month(eager, as_of=AS_OF), pl.DataFrame)
    assert isinstance(m.retention_by_month(lazy, as_of=AS_OF), pl.DataFrame)
    assert isinstance(m.nrr(relation, "2023-12-31", AS_OF).table, pd.DataFrame)


def test_instants_with_an_offset_become_local_time_before_they_are_cut():
    """31 January 23:30 in Los Angeles is February in UTC."""
    instant = pd.Timestamp("2025-01-31T23:30", tz="America/Los_Angeles")
    table = pd.DataFrame({"customer_id": ["a"], "starts_on": [instant], "ends_on": pd.Series([None], dtype="datetime64[us, UTC]"), "amount": [10.0], "interval": ["month"]})
    for zone, month in (("UTC", 2), ("America/Los_Angeles", 1), ("Asia/Kolkata", 2)):
        for frame in (table, pl.from_pandas(table)):
            moved = plain(m.mrr_movements(frame, as_of="2025-12-31", policy=Policy(time_zone=zone)))
            assert moved["month"].dt.month.tolist() == [month]
    with pytest.raises(m.MetricError, match="to local time"):
        m.mrr_movements(duckdb.connect().from_arrow(pl.from_pandas(table).to_arrow()), as_of="2025-12-31")


def test_a_path_is_a_table(mixed, customers, tmp_path):
    """A folder of Parquet files, or one of them, is named in place of a table; small answers come back as pandas."""
    (tmp_path / "subscriptions" / "2024").mkdir(parents=True)
    for i, part in enumerate((mixed[::2], mixed[1::2])):
        pl.from_pandas(part).write_parquet(tmp_path / "subscriptions" / "2024" / f"part-{i}.parquet")
    one = tmp_path / "customers.parquet"
    pl.from_pandas(customers.astype({"size": str})).write_parquet(one)
    there = m.nrr(tmp_path / "subscriptions", "2023-12-31", AS_OF, customers=str(one), by="size")
    wanted = m.nrr(mixed, "2023-12-31", AS_OF, customers=customers.astype({"size": str}), by="size")
    pd.testing.assert_frame_equal(there.table, wanted.table, check_dtype=False)
    beside = m.nrr(tmp_path / "subscriptions", "2023-12-31", AS_OF, customers=customers, by="size")
    assert sorted(beside.table["n"]) == sorted(wanted.table["n"])
    assert m.reconcile(tmp_path / "subscriptions", Policy(), Policy.preset("stripe"), start="2023-12-31", end=AS_OF).totals.shape[0] > 1
    pd.testing.assert_frame_equal(m.bridge_from(str(tmp_path / "subscriptions"), as_of=AS_OF), m.bridge_from(mixed, as_of=AS_OF))
    (tmp_path / "empty").mkdir()
    for path, words in ((tmp_path / "empty", "holds no .parquet files"), (tmp_path / "nowhere", "is not there"), (__file__, "is no Parquet file")):
        with pytest.raises(m.MetricError, match=words):
            m.bridge_from(path, as_of=AS_OF)


def test_tables_of_two_kinds_cannot_be_joined(mixed, customers):
    with pytest.raises(m.MetricError, match="same kind"):
        m.nrr(pl.from_pandas(mixed), "2023-12-31", AS_OF, customers=customers, by="size")


METRICS = sorted(Path(tables.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", METRICS, ids=lambda path: path.stem)
def test_nothing_but_plain_columns_is_aggregated(path):
    """On pandas ``agg(when(...))`` is silently wrong, and a cast inside ``agg`` is a call for each group."""
    allowed = {"sum", "min", "max", "mean", "len", "alias", "col"}
    for call in [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "agg":
            parts = [part for argument in [*call.args, *[keyword.value for keyword in call.keywords]] for part in ast.walk(argument)]
            used = {part.func.attr for part in parts if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)}
            assert used <= allowed, f"{path.name}, line {call.lineno}: {sorted(used - allowed)} inside agg"
            assert not any(isinstance(part, ast.BinOp | ast.UnaryOp | ast.Compare) and _has_column(part) for part in parts), f"{path.name}, line {call.lineno}"


def _has_column(node):
    return any(isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "col" for part in ast.walk(node))


def test_the_check_of_the_code_finds_what_it_looks_for(tmp_path):
    for text in ("frame.group_by('a').agg(nw.when(nw.col('b') > 0).then(1).otherwise(0).sum())", "frame.group_by('a').agg((nw.col('b') * 2).sum())",
                 "frame.group_by('a').agg(b=nw.col('b').cast(nw.Int64).sum())"):
        path = tmp_path / "bad.py"
        path.write_text(text)
        with pytest.raises(AssertionError):
            test_nothing_but_plain_columns_is_aggregated(path)


def test_dates_of_reports_may_be_dates_instants_or_text(mixed):
    answers = [m.total_mrr(mixed, on).value for on in ("2024-06-30", dt.date(2024, 6, 30), dt.datetime(2024, 6, 30, 23, 59), pd.Timestamp("2024-06-30"))]
    assert len(set(answers)) == 1 and answers[0] > 0
    with pytest.raises(m.MetricError, match="no date"):
        m.total_mrr(mixed, "end of June")


SMALL = ("mrr_bridge", "nrr by size", "retention_by_month", "cohort_triangle", "survival by size", "churn_by_cause", "left_out", "restatements", "flash_customers",
         "mrr_movements")


@pytest.mark.parametrize("engine", ["pandas", "polars", "pandas handed to duckdb"])
def test_the_order_of_the_answer_does_not_hang_on_the_order_of_the_rows(engine, mixed, customers, monkeypatch):
    monkeypatch.setattr(tables, "LARGE", 10 if "duckdb" in engine else 10**9)
    for name in SMALL:
        found = []
        for seed in (1, 2):
            shuffled = mixed.sample(frac=1, random_state=seed).reset_index(drop=True)
            both = (pl.from_pandas(shuffled), pl.from_pandas(customers.astype({"size": str}))) if engine == "polars" else (shuffled, customers)
            answer = QUESTIONS[name](*both)
            frame = nw.from_native(answer.table if isinstance(answer, Result) else answer, eager_only=True)
            found.append([[round(cell, 9) if isinstance(cell, float) else cell for cell in row] for row in frame.rows()])
        assert repr(found[0]) == repr(found[1]), name
