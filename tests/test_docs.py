"""README and docs: every block of Python and of the command line is run, every link leads somewhere.

A page is run from top to bottom in an empty folder. Blocks of `python` share one namespace and are doctests
where they begin with `>>>`; blocks of `console` are commands after `$` and what they print, where `...` stands
for what is left out. Blocks of `sh` hold what no test can run, such as `make` and `git clone`.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sybil import Document, Example
from sybil.example import SybilFailure
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from simkyc import REASONS, Screener

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MADE_ELSEWHERE = {ROOT / "docs/reasons.md", ROOT / "docs/accuracy.md", ROOT / "docs/measured.md"}
"""Pages that programs make; a link to one that was not made yet is no fault of the page."""
WALK = ROOT / "docs/adding-a-check.md"
"""Its blocks are files and changes to files, so it is walked rather than run: see the end."""
NEW_CHECK = "store_hours"
"""The check it adds."""

COLUMNS = 96
SHOWN = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LANGUAGES = {"python", "console", "sh", "json", "toml", "diff", "text"}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# --- code


def sessions(source: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what it is said to print."""
    for part in re.split(r"^\$ ", source, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def run_console(example: Example) -> str | None:
    """Run every command of a block; what differs, or None."""
    code = 0
    for command, printed in sessions(example.parsed):
        if command == "echo $?":
            said, code = f"{code}\n", 0
        elif code != 0:
            return f"exit code {code} before `{command}`: show it with `$ echo $?`"
        else:
            said, code = run_simkyc(command)
        if not doctest.OutputChecker().check_output(printed, said, SHOWN):
            return f"`{command}` prints (exit code {code}):\n{said}"
    return f"exit code {code} at the end of the block" if code else None


def run_simkyc(command: str) -> tuple[str, int]:
    """What `simkyc …` prints, errors included, and its exit code."""
    program, *arguments = shlex.split(command)
    assert program == "simkyc", "a console block runs simkyc and nothing else"
    surroundings = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    done = subprocess.run(
        [sys.executable, "-c", "from simkyc.cli import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=surroundings | {"COLUMNS": str(COLUMNS), "PYTHONUTF8": "1"},
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.stdout, done.returncode


PARSERS = (
    PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
    CodeBlockParser("console", run_console),
)


def document_of(text: str, path: str = "page.md") -> Document:
    document = Document(text, path)
    for parser in PARSERS:
        for region in parser(document):
            document.add(region)
    return document


def run_page(document: Document) -> None:
    try:
        for example in document.examples():
            example.evaluate()
    finally:
        for value in document.namespace.values():
            if isinstance(value, Screener):
                value.close()


@pytest.mark.parametrize("page", [page for page in PAGES if page != WALK], ids=name_of)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Set first, so that what a page sets is forgotten after it.
    monkeypatch.setenv("SIMKYC_SECRET", "")
    monkeypatch.delenv("SIMKYC_SECRET")
    run_page(document_of(page.read_text(encoding="utf-8"), str(page)))


WRONG = [
    ("Python that raises", "```python\nraise LookupError\n```", LookupError),
    ("another value", "```python\n>>> 1 + 1\n3\n```", SybilFailure),
    ("another output", "```console\n$ simkyc --version\nsimkyc 0.0.0\n```", SybilFailure),
    ("an exit code not shown", "```console\n$ simkyc check nothing.json\nsimkyc: ...\n```", SybilFailure),
    (
        "another exit code",
        "```console\n$ simkyc check nothing.json\nsimkyc: ...\n$ echo $?\n0\n```",
        SybilFailure,
    ),
]


@pytest.mark.parametrize(("why", "text", "error"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_block_is_noticed(
    why: str, text: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        run_page(document_of(text))


# --- what stands between the code


def tokens(page: Path) -> list[Token]:
    return MarkdownIt().parse(page.read_text(encoding="utf-8"))


def targets(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page lead."""
    for token in tokens(page):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target is not None:
                yield str(target)


def anchors(page: Path) -> set[str]:
    """The anchors that its headings get where the page is shown."""
    parsed = tokens(page)
    headings = [parsed[place + 1] for place, token in enumerate(parsed) if token.type == "heading_open"]
    texts = ("".join(child.content for child in heading.children or []) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in targets(page):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        aim = (page.parent / path).resolve() if path else page
        if aim in MADE_ELSEWHERE and not aim.exists():
            continue
        assert aim.exists(), target
        assert not anchor or anchor in anchors(aim), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_are_of_a_kind_that_is_checked(page: Path) -> None:
    for token in tokens(page):
        if token.type != "fence":
            continue
        assert token.info in LANGUAGES
        if token.info == "json":
            json.loads(token.content)
        elif token.info == "toml":
            tomllib.loads(token.content)
        elif token.info == "sh":
            commands = {line.split()[0] for line in token.content.splitlines() if line.strip()}
            assert "simkyc" not in commands, "what can be run stands in a console block"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.exists():
            reached.add(page)
            paths = (target.partition("#")[0] for target in targets(page) if "://" not in target)
            waiting += [(page.parent / path).resolve() for path in paths if path.endswith(".md")]
    assert set(PAGES) <= reached


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(file.name for file in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert [name[:5] for name in names] == [f"{number:04d}-" for number in range(1, len(names) + 1)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_reasons_that_a_page_names_exist(page: Path) -> None:
    checks = {reason.check for reason in REASONS.values()}
    inline = (child for token in tokens(page) for child in token.children or [])
    codes = {child.content for child in inline if child.type == "code_inline"}
    named = {code for code in codes if code.partition(".")[0] in checks and re.fullmatch(r"\w+\.\w+", code)}
    assert named - {f"{check}.py" for check in checks} <= REASONS.keys() | {f"{NEW_CHECK}.closed"}


# --- the walk through adding a check

COPIED = ("simkyc", "tests/checks", "tests/__init__.py", "tests/test_reasons.py", "tests/test_rooms.py")


def steps() -> list[tuple[str, str, str]]:
    """The blocks of the walk: the file each is about, `python` for a new one or `diff`, and its lines."""
    blocks = [token for token in tokens(WALK) if token.type == "fence" and token.info in {"python", "diff"}]
    parts = [(token.info, *token.content.partition("\n")) for token in blocks]
    return [(first.removeprefix("# ").removeprefix("--- "), kind, rest) for kind, first, _, rest in parts]


def take(step: tuple[str, str, str], copy: Path) -> None:
    """Do what one block says. What a diff shows as being there must be there exactly once."""
    name, kind, lines = step
    if kind == "python":
        (copy / name).write_text(lines, encoding="utf-8")
        return
    text = (copy / name).read_text(encoding="utf-8")
    for hunk in lines.split("@@\n")[1:]:
        old, new = (
            "".join(line[1:] for line in hunk.splitlines(keepends=True) if line[0] in marks)
            for marks in (" ", " +")
        )
        assert text.count(f"\n{old}") == 1, f"{name} has not exactly one {old!r}"
        text = text.replace(f"\n{old}", f"\n{new}")
    (copy / name).write_text(text, encoding="utf-8")


def copied(to: Path, without: int | None = None) -> Path:
    """A copy of the repository in which the walk was walked, but for one step."""
    (to / "tests").mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, to / name)
    shutil.copy(ROOT / "pyproject.toml", to)
    for place, step in enumerate(steps()):
        if place != without:
            take(step, to)
    return to


def run_in(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_walk_through_adding_a_check_works(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    new = (f"simkyc/checks/{NEW_CHECK}.py", f"tests/checks/test_{NEW_CHECK}.py")
    for command in (
        ("pytest", "-n", "0", "tests/test_reasons.py", "tests/test_rooms.py", *new),
        ("ruff", "check", *(name for name, _, _ in steps() if name.endswith(".py"))),
        ("ruff", "format", "--check", *new),
    ):
        done = run_in(copy, *command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("place", range(len(steps())), ids=lambda place: steps()[place][0])
def test_a_forgotten_step_is_noticed(place: int, tmp_path: Path) -> None:
    done = run_in(
        copied(tmp_path, without=place),
        *("pytest", "-n", "0", "-x", "tests/test_reasons.py", f"tests/checks/test_{NEW_CHECK}.py"),
    )
    assert done.returncode not in {0, 5}
