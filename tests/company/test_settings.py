"""company.yaml: every setting checked, every mistake named."""
from __future__ import annotations

import datetime as dt

import pytest

from helpers.company import CompanyError, load_company
from helpers.company.settings import check_settings

GOOD = {"name": "Kiosk", "currency": "EUR", "time_zone": "Europe/Berlin", "as_of": dt.date(2025, 12, 31)}


def problem_of(**changes):
    with pytest.raises(CompanyError) as caught:
        check_settings({**GOOD, **changes})
    return str(caught.value)


def test_what_is_left_out_has_its_usual_value():
    settings = check_settings(GOOD)
    assert settings.size_bands == {"small": (1, 50), "mid": (50, 500), "large": (500, None)}
    assert settings.currency_symbol == "€" and not settings.complete_from_inception and settings.date_order is None


def test_settings_of_a_company(kiosk):
    company = kiosk(currency_symbol="EUR ", simulated=True, complete_from_inception=True)
    assert (company.name, company.currency, company.currency_symbol, company.time_zone) == ("Kiosk", "EUR", "EUR", "Europe/Berlin")
    assert company.as_of == dt.date(2025, 12, 31) and company.simulated and company.truth == {}
    assert repr(company) == "Kiosk (simulated): 2 tables, data to 2025-12-31, money in EUR"


@pytest.mark.parametrize(("changes", "said"), [
    ({"curency": "EUR"}, 'column `curency`: this setting is not known. Did you mean "currency"?'),
    ({"currency": "eur"}, 'is not a currency code. Did you mean "EUR"?'),
    ({"currency": "Euro"}, "'Euro' is not a currency code"),
    ({"time_zone": "Europe/Berln"}, 'is not a time zone. Did you mean "Europe/Berlin"?'),
    ({"time_zone": "Shanghai"}, 'Did you mean "Asia/Shanghai"?'),
    ({"time_zone": 8}, "8 is not a time zone"),
    ({"as_of": "31/12/2025"}, "'31/12/2025' is not a day"),
    ({"as_of": dt.datetime(2025, 12, 31, 12)}, "is not a day"),
    ({"name": ""}, "is not a text"),
    ({"complete_from_inception": "yes"}, "is neither yes nor no"),
    ({"date_order": "ymd"}, "'ymd' is not one of dmy, mdy"),
    ({"decimal": ";"}, "is not one of ., ,"),
    ({"encoding": "klingon"}, "'klingon' is not an encoding"),
    ({"policy": 5}, "5 is not a policy"),
    ({"size_bands": {"small": [1, 50], "large": [50, None]}}, "it needs small, mid and large"),
    ({"size_bands": {"small": [1, 50], "mid": [60, 500], "large": [500, None]}}, "overlap or leave a gap"),
    ({"size_bands": {"small": [1, 50], "mid": [50, "many"], "large": [500, None]}}, "a pair of numbers"),
    ({"size_bands": {"small": [50, 1], "mid": [1, 500], "large": [500, None]}}, "overlap or leave a gap"),
])
def test_what_is_wrong_with_a_setting_is_said(changes, said):
    message = problem_of(**changes)
    assert said in message and "Mend:" in message


def test_all_mistakes_at_once_and_what_is_missing():
    message = problem_of(currency="eur", time_zone="Mars", as_of=None)
    assert message.count("Mend:") == 3 and "add a line such as `as_of: 2025-12-31`" in message


def test_the_policy_comes_from_company_yaml(kiosk):
    company = kiosk(policy={"preset": "stripe", "trials": "count"}, complete_from_inception=True)
    assert company.policy.name == "stripe" and company.policy.trials == "count"
    assert company.policy.time_zone == "Europe/Berlin" and company.policy.complete_from_inception
    assert kiosk(policy="maxio").policy.name == "maxio"
    assert kiosk(currency="JPY").policy.minor_units == 1


def test_a_policy_that_is_not_known(kiosk):
    company = kiosk(policy={"preset": "strip"})
    with pytest.raises(CompanyError, match="company.yaml, column `policy`.*strip"):
        _ = company.policy
    assert (company.check()["severity"] == "error").sum() == 1


def test_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "kiosk").mkdir()
    with pytest.raises(CompanyError, match='there is no folder .*kiosc.* Did you mean "kiosk"'):
        load_company(tmp_path / "kiosc")


def test_a_folder_without_settings(tmp_path):
    with pytest.raises(CompanyError, match="(?s)there is no company.yaml in .*write_templates"):
        load_company(tmp_path)


@pytest.mark.parametrize(("content", "said"), [(b"name: [1", "it is not valid YAML"), (b"", "it holds no settings"), (b"name: \xb5\xc6", "it is not valid YAML")])
def test_settings_that_cannot_be_read(tmp_path, content, said):
    (tmp_path / "company.yaml").write_bytes(content)
    with pytest.raises(CompanyError, match=said):
        load_company(tmp_path)


def test_without_the_two_tables_there_is_no_company(kiosk):
    with pytest.raises(CompanyError) as caught:
        kiosk(subscriptions=None, file={"Subscription.csv": b"subscription_id\n"})
    assert 'every chapter needs it). Did you mean your file "Subscription.csv"?' in str(caught.value)
    assert "subscription_id, customer_id, starts_on, ends_on, amount, interval" in str(caught.value)


def test_a_variable_chooses_the_company(kiosk, tmp_path, monkeypatch):
    kiosk()
    monkeypatch.setenv("PLAYBOOK_COMPANY", str(tmp_path))
    assert load_company().name == "Kiosk"
    assert load_company(tmp_path / "company.yaml").name == "Kiosk"
    monkeypatch.setenv("PLAYBOOK_COMPANY", str(tmp_path / "nowhere"))
    with pytest.raises(CompanyError, match="PLAYBOOK_COMPANY names it"):
        load_company()


def test_a_truth_beside_the_tables_makes_a_company_simulated(kiosk):
    company = kiosk(file={"truth.yaml": b"nrr: {value: 1.02, tolerance: 0.01}\n"})
    assert company.simulated and company.truth["nrr"]["value"] == 1.02
