"""The demo: a day at a counter, judged with the real face engine on people who do not exist."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import track

from simkyc.application import Application
from simkyc.cli.application_file import write_application
from simkyc.cli.tables import day_table
from simkyc.errors import InputError
from simkyc.screener import Screener
from simkyc.testing import (
    NOW,
    STORE_ICCIDS,
    Capture,
    Clock,
    application,
    chip_portrait,
    group_portrait,
    iccid_of,
    portrait,
    resident_id,
)
from simkyc.verdict import Verdict

__all__ = ["CASES", "MARK", "SHOWN", "STORE_ID", "Case", "check_command", "play", "run"]

MARK = ".simkyc-demo"
STORE_ID = "store-1"
FAR_AWAY = "440305"
"""A division in another province than the store's."""


@dataclass(frozen=True, slots=True)
class Case:
    """One application of the demo: its folder's name, its title, and how to make it.

    `make` may first play earlier openings against the screener, by moving the clock back.
    """

    name: str
    title_zh: str
    title_en: str
    make: Callable[[Screener, Clock], Application]


def _earlier(screener: Screener, clock: Clock, days: float, opening: Application) -> None:
    clock.now = NOW - timedelta(days=days)
    part = {"applied_at": clock.now}
    notice = opening.notice.model_copy(update={"signed_at": clock.now}) if opening.notice else None
    screener.screen(opening.model_copy(update={**part, "notice": notice}))
    screener.settle(opening.application_id, opened=True, approved_by="supervisor-1")
    clock.now = NOW


def _honest(_: Screener, __: Clock) -> Application:
    return application(0)


def _blurred(_: Screener, __: Clock) -> Application:
    moved = dataclasses.replace(Capture.of(1), blur_px=7.0)
    return application(1, live_photo={"data": portrait(1, moved)})


def _two_faces(_: Screener, __: Clock) -> Application:
    return application(2, live_photo={"data": group_portrait([2, 7])})


def _someone_else(_: Screener, __: Clock) -> Application:
    return application(3, document={"portrait": {"data": chip_portrait(9)}})


def _checksum(_: Screener, __: Clock) -> Application:
    number = application(4).document.number
    return application(4, document={"number": number[:-1] + ("1" if number[-1] == "0" else "0")})


def _expired(_: Screener, __: Clock) -> Application:
    return application(5, document={"valid_from": date(2006, 9, 30), "valid_until": date(2026, 9, 30)})


def _third_card_far_from_home(screener: Screener, clock: Clock) -> Application:
    born = application(6).document.birth_date
    document = {"number": resident_id(FAR_AWAY, born, 13)}
    for serial, days in ((60, 2.9), (61, 1.2)):
        sim = {"iccid": iccid_of(serial), "msisdn": f"+8613911{serial:06d}"}
        opening = application(6, application_id=f"earlier-{serial}", document=document, sim=sim)
        _earlier(screener, clock, days, opening)
    return application(6, document=document)


def _sixth_number(screener: Screener, clock: Clock) -> Application:
    for serial, days in ((70, 900), (71, 700), (72, 500), (73, 300), (74, 100)):
        sim = {"iccid": iccid_of(serial), "msisdn": f"+8613911{serial:06d}"}
        opening = application(7, application_id=f"earlier-{serial}", sim=sim)
        _earlier(screener, clock, days, opening)
    return application(7)


def _sim_not_allocated(_: Screener, __: Clock) -> Application:
    return application(8, sim={"iccid": iccid_of(999)})


def _busy_device(screener: Screener, clock: Clock) -> Application:
    wanted = application(9)
    for person in range(100, 109):
        opening = application(person, application_id=f"earlier-{person}", device=wanted.device)
        _earlier(screener, clock, 200 - person, opening)
    return wanted


def _notice_not_signed(_: Screener, __: Clock) -> Application:
    return application(10, notice=None)


def _truncated_photo(_: Screener, __: Clock) -> Application:
    return application(11, live_photo={"data": portrait(11)[:9000]})


CASES = (
    Case("01-honest", "正常申请", "an honest application", _honest),
    Case("02-blurred-photo", "现场照片模糊", "a blurred live photo", _blurred),
    Case("03-two-faces", "照片中有两个人", "two faces in the photo", _two_faces),
    Case("04-someone-elses-id", "冒用他人证件", "a face that is someone else's", _someone_else),
    Case("05-wrong-checksum", "证件号码校验位错误", "an ID number whose checksum fails", _checksum),
    Case("06-expired", "证件过期", "an expired document", _expired),
    Case(
        "07-third-card-far-from-home",
        "异地三天内第三张卡",
        "a third card in three days, far from home",
        _third_card_far_from_home,
    ),
    Case("08-sixth-number", "名下第六个号码", "a sixth active number", _sixth_number),
    Case("09-sim-not-allocated", "卡未配发给本店", "a SIM never allocated to the store", _sim_not_allocated),
    Case("10-busy-device", "设备已被九人使用", "a device already used by nine people", _busy_device),
    Case("11-notice-not-signed", "告知书未签", "a notice not signed", _notice_not_signed),
    Case("12-truncated-photo", "照片文件不完整", "a photo whose end is missing", _truncated_photo),
)
SHOWN = CASES[3]
"""The case that the demo says how to look at again."""


def play(screener: Screener, clock: Clock, case: Case) -> tuple[Application, Verdict]:
    """Make one case's application and screen it."""
    made = case.make(screener, clock)
    return made, screener.screen(made)


def run(out: Path, console: Console) -> None:
    """Judge every case, write its photos and verdict under `out`, and print a table.

    Raises:
        InputError: `out` exists and no demo made it, or cannot be written.
    """
    folder = _emptied(out)
    clock = Clock()
    judged = []
    try:
        with Screener.open(f"sqlite:///{folder / 'kyc.db'}", clock=clock) as screener:
            screener.allocate(STORE_ID, STORE_ICCIDS)
            waiting = track(
                CASES, "审核中 screening", console=console, transient=True, disable=not console.is_terminal
            )
            for case in waiting:
                made, verdict = play(screener, clock, case)
                place = folder / case.name
                place.mkdir()
                write_application(made, place / "application.json")
                (place / "verdict.json").write_text(
                    verdict.model_dump_json(indent=2) + "\n", encoding="utf-8"
                )
                judged.append((f"{case.name[:2]}.{case.title_zh}", case.title_en, verdict))
    except OSError as error:
        raise _unwritable(error) from None
    console.print(day_table(judged))
    console.print(
        f"照片与结论 photos and verdicts: {_from_here(folder)}\n单独查看 look at one by itself:\n"
        f"  {check_command(folder)}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _emptied(out: Path) -> Path:
    """The folder, new or rid of the last demo."""
    folder = out.resolve()
    if "?" in str(folder) or not str(folder).isprintable():
        raise InputError("the --out folder's name cannot stand in the URL of a history: name another one")
    try:
        if folder.exists():
            if not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
                raise InputError("the --out folder exists and no demo made it: name another one")
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / MARK).touch()
    except OSError as error:
        raise _unwritable(error) from None
    return folder


def _unwritable(error: OSError) -> InputError:
    return InputError(f"the --out folder cannot be written ({type(error).__name__}): name another one")


def check_command(folder: Path) -> str:
    """The command line that looks at one case again, ready to be copied into the shell that ran the demo."""
    application = _from_here(folder / SHOWN.name / "application.json")
    history = f"sqlite:///{_from_here(folder / 'kyc.db')}"
    return shlex.join([*_simkyc(), "check", application, "--history", history])


def _simkyc() -> list[str]:
    """How this program was called, short where it is on the PATH."""
    script = Path(sys.argv[0])
    found = shutil.which("simkyc")
    if found and script.exists() and script.samefile(found):
        return ["simkyc"]
    if script.name == "simkyc" and script.is_file():
        name = _from_here(script.absolute())
        # Without a folder before it, a shell would look for it on the PATH.
        return [f"./{name}" if name == "simkyc" else name]
    return [_from_here(Path(sys.executable)), "-m", "simkyc.cli"]


def _from_here(path: Path) -> str:
    """The path as seen from the current folder, where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
