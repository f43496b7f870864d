"""`simkyc line`: the number from the standard input, and never on the screen."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simkyc import Screener
from simkyc.steps import LineRecord
from simkyc.testing import STORE_ICCIDS, Clock, FakeFaceEngine, application, swatch
from tests.cli.called import Called

Call = Callable[..., Called]
NUMBER = application(0, live_photo=None, document={"portrait": None}).sim.msisdn
OPERATOR = ("--name-zh", "示例通信", "--name-en", "Example Mobile", "--hotline", "10000")


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/kyc.db"
    photo = {"data": swatch(0)}
    with Screener.open(url, faces=FakeFaceEngine(), clock=Clock()) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        screener.screen(application(0, live_photo=photo, document={"portrait": photo}))
        screener.settle("test-0", opened=True)
    return url


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda said: monkeypatch.setattr("sys.stdin", io.StringIO(said))


def test_a_step_is_taken_and_told(url: str, call: Call, say: Callable[[str], None]) -> None:
    say(f"{NUMBER}\n")
    done = call("line", "act", url, "suspend", "--reason", "suspected_use", "--by", "staff-1")
    assert (done.code, done.err) == (0, "")
    assert "停机 suspended" in done.out
    say(NUMBER)
    told = call("line", "record", url)
    assert (told.code, told.err) == (0, "")
    assert "状态 state: 停机 suspended" in told.out
    assert "suspected_use" in told.out
    assert NUMBER not in done.out + told.out
    say(NUMBER)
    record = LineRecord.from_json(call("line", "record", url, "--json").out)
    assert (record.state, len(record.steps)) == ("suspended", 1)


def test_a_step_as_json(url: str, call: Call, say: Callable[[str], None]) -> None:
    say(NUMBER)
    step = json.loads(
        call("line", "act", url, "remind", "--reason", "suspected_use", "--by", "staff-1", "--json").out
    )
    assert (step["measure"], step["state"], step["step_no"]) == ("remind", "in_service", 1)


@pytest.mark.parametrize(
    ("said", "arguments", "says"),
    [
        ("", ("record",), "standard input"),
        ("hello", ("record",), "no MSISDN"),
        ("+8613900009999", ("record",), "no such number"),
        (NUMBER, ("record", "--at", "yesterday"), "--at takes"),
        (NUMBER, ("act", "explode", "--reason", "unpaid", "--by", "staff-1"), "MEASURE"),
        (NUMBER, ("act", "suspend", "--reason", "nobody", "--by", "staff-1"), "name one"),
        (NUMBER, ("act", "cancel", "--reason", "notice_over", "--by", "staff-1"), "suspend it"),
        (NUMBER, ("act", "suspend", "--reason", "unpaid"), "--by"),
    ],
    ids=["no number", "no MSISDN", "unknown", "no time", "no measure", "no ground", "illegal", "nobody"],
)
def test_what_does_not_fit_is_one_line(
    said: str, arguments: tuple[str, ...], says: str, url: str, call: Call, say: Callable[[str], None]
) -> None:
    say(said)
    command, *rest = arguments
    refused = call("line", command, url, *rest)
    refused.assert_refused(2, says)
    assert said == "" or said not in refused.err


def test_a_history_that_is_not_there_is_not_made(
    tmp_path: Path, call: Call, say: Callable[[str], None]
) -> None:
    say(NUMBER)
    call("line", "record", f"sqlite:///{tmp_path}/none.db").assert_refused(2, "no history")
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_written(call: Call) -> None:
    done = call("line", "text", "suspend", *OPERATOR, "--language", "en")
    assert done.code == 0
    assert done.out.startswith("Example Mobile: service of your number is suspended")
    assert done.err == "SMS: 2\n"
    dated = call("line", "text", "second_check", *OPERATOR, "--until", "2026-11-05", "--form", "letter")
    assert (dated.code, dated.err) == (0, "")
    assert "2026年11月5日00:00" in dated.out
    call("line", "text", "second_check", *OPERATOR).assert_refused(2, "until when")
    call("line", "text", "suspend", "--name-zh", "示例").assert_refused(2, "--name-en")
