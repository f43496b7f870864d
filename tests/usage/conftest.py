"""One small model for all tests that only read it."""

from __future__ import annotations

import pytest

from simkyc.usage.model_file import ModelFile
from tests.usage.made_tables import made_model


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return made_model(tmp_path_factory.mktemp("usage"))
