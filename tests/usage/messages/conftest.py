"""One small classifier for all tests that only read it."""

from __future__ import annotations

import pytest

from bench.usage_messages import drawn_messages
from simkyc.usage.messages.model_file import MessageModelFile
from simkyc.usage.messages.training import train_messages


@pytest.fixture(scope="session")
def made_messages() -> MessageModelFile:
    return train_messages(drawn_messages(), name="drawn messages", sha256="0" * 64)
