"""What the tests of the command line share: the demo, run once, and two ways to call `simkyc`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from simkyc.cli import main
from simkyc.cli.demo import run
from tests.cli.called import Called


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret of the machine's, no debugging, no colours, and a terminal of 80 columns."""
    for name in ("SIMKYC_SECRET", "SIMKYC_DEBUG", "FORCE_COLOR", "NO_COLOR", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a demo made, with the real face engine."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("SIMKYC_SECRET", raising=False)
        folder = tmp_path_factory.mktemp("demo") / "demo"
        run(folder, Console(file=io.StringIO(), width=80))
    return folder


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    """Calls `main` in this process: `call("check", "application.json")`."""

    def called(*arguments: str | Path) -> Called:
        monkeypatch.setattr(sys, "argv", ["simkyc", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Called(ended.value.code, out, err)

    return called


@pytest.fixture
def run_process(tmp_path: Path) -> Callable[..., Called]:
    """Runs it as a process of its own, in an empty folder: `run_process("check", "a.json", NO_COLOR="1")`."""

    def ran(*arguments: str | Path, **environment: str) -> Called:
        done = subprocess.run(
            [sys.executable, "-m", "simkyc.cli", *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Called(done.returncode, done.stdout.decode(), done.stderr.decode())

    return ran
