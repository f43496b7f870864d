"""What users import, and what was ever published: both only grow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

import simkyc
import simkyc.testing
from simkyc import Application, Policy, Verdict
from simkyc.leads.lead import Lead, Revocation

PUBLISHED = json.loads((Path(__file__).parents[1] / "docs/schema/published.json").read_text("utf-8"))

NAMES = [
    "Representative",
    "Organisation",
    "Guardian",
    "FaceConsent",
    "Authorisation",
    "REASONS",
    "Action",
    "Application",
    "Authority",
    "AuthorityAnswer",
    "AuthorityQuery",
    "Clerk",
    "Decision",
    "Device",
    "EngineMismatchError",
    "Evidence",
    "FaceError",
    "FaceModelError",
    "Finding",
    "HistoryError",
    "HistoryFormatError",
    "HistoryFullError",
    "HistoryLockedError",
    "HistoryReadOnlyError",
    "HistorySecretError",
    "HistoryUnreachableError",
    "HistoryVersionError",
    "IdDocument",
    "InputError",
    "LineStepError",
    "LiveFrame",
    "Notice",
    "NumberError",
    "Person",
    "Photo",
    "PhotoError",
    "Policy",
    "PolicyError",
    "Reason",
    "Screener",
    "SettlementError",
    "Sim",
    "SimkycError",
    "State",
    "Store",
    "Verdict",
    "__version__",
    "Job",
    "Report",
    "reverify",
]


def test_the_public_names_are_these() -> None:
    assert sorted(simkyc.__all__) == sorted(NAMES)
    assert set(dir(simkyc)) == set(simkyc.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(simkyc, name) is not None


@pytest.mark.parametrize("name", simkyc.testing.__all__)
def test_every_name_for_tests_is_there(name: str) -> None:
    assert getattr(simkyc.testing, name) is not None


@pytest.mark.parametrize("module", [simkyc, simkyc.testing])
def test_other_names_are_not(module: object) -> None:
    with pytest.raises(AttributeError):
        module.unheard_of  # type: ignore[attr-defined]  # noqa: B018  # no such name


def test_no_published_reason_was_taken_away() -> None:
    assert set(PUBLISHED["reasons"]) <= set(simkyc.REASONS)


RETIRED = {"Policy": {"required_checks", "device_sim"}}
"""Sections of a policy file before there were kinds of applications and windows for devices (`kinds`, `device`).

Such a file is no longer read: what it leaves unsaid nobody may guess. What was taken away never means something else.
"""


@pytest.mark.parametrize("model", [Application, Verdict, Policy, Lead, Revocation])
def test_no_published_field_was_taken_away(model: type[BaseModel]) -> None:
    retired = RETIRED.get(model.__name__, set())
    assert set(PUBLISHED[model.__name__]) - retired <= set(model.model_fields)
    assert not retired & set(model.model_fields)


def test_every_error_is_in_the_one_tree() -> None:
    errors = [getattr(simkyc, name) for name in NAMES if name.endswith("Error")]
    assert all(issubclass(error, simkyc.SimkycError) for error in errors)
