"""Where numbers come in: a company's settings and tables, read kindly and checked exactly.

``company = load_company()`` opens the case company, ``load_company("folder")`` one's own. Then ``company.subscriptions``
is a table, ``company.describe("subscriptions")`` says what its columns mean, and ``company.check()`` what is wrong.
"""
from __future__ import annotations

from helpers.company.company import Company, load_company
from helpers.company.describe import describe, describe_tables
from helpers.company.errors import CompanyError, MissingTable
from helpers.company.schema import schema
from helpers.company.settings import Settings
from helpers.company.templates import write_templates

__all__ = [
    "Company", "CompanyError", "MissingTable", "Settings", "describe", "describe_tables", "load_company", "schema", "write_templates",
]
