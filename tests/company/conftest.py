"""Tiny companies, written into a folder as a reader would have them."""
from __future__ import annotations

import pytest
import yaml

from helpers.company import CompanyError, load_company

SETTINGS = {"name": "Kiosk", "currency": "EUR", "time_zone": "Europe/Berlin", "as_of": "2025-12-31"}
CUSTOMERS = "customer_id,name,employees,created_on\nC1,Anna's,12,2024-01-01\nC2,Berta's,700,2024-02-01\n"
SUBSCRIPTIONS = "subscription_id,customer_id,starts_on,ends_on,amount,interval\nS1,C1,2024-01-01,2025-01-01,1200,year\nS2,C2,2024-02-01,,100,month\n"


@pytest.fixture
def kiosk(tmp_path):
    """Write a company and open it: `kiosk(leads="...", time_zone="Asia/Tokyo")`. Text is written as UTF-8, bytes as they are."""

    def write(*, file=None, **given):
        tables = {"customers": CUSTOMERS, "subscriptions": SUBSCRIPTIONS}
        settings = dict(SETTINGS)
        for name, value in given.items():
            (settings if name in _SETTINGS else tables)[name] = value
        (tmp_path / "company.yaml").write_text(yaml.safe_dump({key: value for key, value in settings.items() if value is not None}), encoding="utf-8")
        for name, content in tables.items():
            if content is not None:
                data = content.encode() if isinstance(content, str) else content
                (tmp_path / f"{name}.csv").write_bytes(data)
        for name, content in (file or {}).items():
            (tmp_path / name).write_bytes(content)
        return load_company(tmp_path)

    return write


@pytest.fixture
def refused(kiosk):
    """The problems with which a table is refused, and the whole message."""

    def read(table, **given):
        with pytest.raises(CompanyError) as caught:
            kiosk(**given).table(table)
        return caught.value

    return read


@pytest.fixture
def findings(kiosk):
    """What check() says, without the tables that are not there."""

    def read(**given):
        found = kiosk(**given).check()
        return found[~found["problem"].str.startswith("the table is not there")].reset_index(drop=True)

    return read


_SETTINGS = {"name", "currency", "currency_symbol", "time_zone", "as_of", "complete_from_inception", "simulated", "size_bands", "policy",
             "date_order", "decimal", "encoding"}
