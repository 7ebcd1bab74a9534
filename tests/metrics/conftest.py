"""Tables that several tests of the metrics share."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from helpers.metrics import examples


def random_subscriptions(seed=11, customers=250):
    """Make rows with everything in them: trials, pauses, late payers, free and discounted lines, usage, back-dated rows."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        start = pd.Timestamp("2021-01-01") + pd.Timedelta(days=int(random.integers(0, 1400)))
        for _ in range(int(random.integers(1, 6))):
            length = int(random.choice([20, 31, 90, 365, 366]))
            rows.append({"starts_on": start, "ends_on": start + pd.Timedelta(days=length) if random.random() < 0.85 else None, "customer_id": f"c{customer:04d}",
                         "status": random.choice(["active", "active", "active", "active", "trial", "paused", "past_due"]),
                         "amount": float(random.integers(0, 60)) * 7.35, "interval": random.choice(["week", "month", "quarter", "year"]),
                         "discount": float(random.choice([0, 0, 0.1, 0.35, 1.0])), "discount_duration": random.choice(["forever", "once"]),
                         "charge": random.choice(["recurring"] * 9 + ["usage", "one_off", "tax", "refund"]),
                         "recorded_at": start + pd.Timedelta(days=int(random.integers(-30, 60)))})
            start += pd.Timedelta(days=int(random.choice([length, length, length + 45])))
    for i, row in enumerate(rows):
        row["subscription_id"], row["interval_count"] = f"s{i:05d}", 1 + i % 2
    table = examples.table_of(rows)
    return table[table["starts_on"] <= "2024-12-31"].reset_index(drop=True)


@pytest.fixture(scope="session")
def mixed():
    return random_subscriptions()


@pytest.fixture(scope="session")
def spark():
    """A local Spark session; the tests that need it are skipped by name where there is no Java or no pyspark."""
    pytest.importorskip("pyspark", reason="needs pyspark")
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC", "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "1g", "spark.sql.execution.arrow.pyspark.enabled": "true"}
    builder = SparkSession.builder.master("local[2]").appName("metrics-tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
