"""`simkyc lead`: tell the police about a number or a ring, check a package, and keep the record of what became of it.

A phone number is never an argument: other users of the machine see those, and shells keep them. It is read from
standard input, or asked for without being shown.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simkyc.cli.running import needed
from simkyc.errors import InputError

if TYPE_CHECKING:
    from simkyc.leads.lead import Order
    from simkyc.leads.ledger import Exported, LeadStatus
    from simkyc.screener import Screener
    from simkyc.verdict import Verdict

__all__ = ["lead_app"]

NO_EXTRA = "leads are printed with Jinja: pip install 'simkyc[leads]'"
LONGEST_NUMBER = 64
ALTERED = 2

lead_app = typer.Typer(
    help="Tell the police about a number or a ring, and keep the record of it; see docs/leads.md."
)

HistoryOption = Annotated[
    str,
    typer.Option("--history", metavar="URL", help="The history, e.g. sqlite:///kyc.db; it must be there."),
]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="A folder that is there; nothing in it is replaced.")
]
ByOption = Annotated[str, typer.Option("--by", metavar="STAFF", help="Identifier of who does it; no name.")]
RecipientOption = Annotated[
    str, typer.Option("--recipient", metavar="AUTHORITY", help="Identifier of the authority it is for.")
]
BasisOption = Annotated[
    str, typer.Option("--basis", metavar="TEXT", help="The rule that permits handing it on.")
]
ContactOption = Annotated[
    str, typer.Option("--contact", metavar="TEXT", help="The desk to turn to with questions.")
]
CaseOption = Annotated[
    str | None, typer.Option("--case", metavar="REF", help="The authority's case, where there is one.")
]
UrgencyOption = Annotated[
    Literal["immediate", "soon", "routine"] | None,
    typer.Option("--urgency", help="Without it, what was found says."),
]
SupersedesOption = Annotated[
    str | None,
    typer.Option("--supersedes", metavar="LEAD", help="The lead about the same that this one replaces."),
]
RetainOption = Annotated[
    int, typer.Option("--retain-days", min=1, max=3650, help="How long it may be kept without a case.")
]
LeadArgument = Annotated[str, typer.Argument(metavar="LEAD", help="Identifier of the lead.")]


@lead_app.command("number")
def lead_number(
    history: HistoryOption,
    out: OutOption,
    by: ByOption,
    recipient: RecipientOption,
    basis: BasisOption,
    contact: ContactOption,
    case: CaseOption = None,
    urgency: UrgencyOption = None,
    supersedes: SupersedesOption = None,
    retain_days: RetainOption = 365,
    usage: Annotated[
        Path | None,
        typer.Option("--usage", metavar="JSON", help="A verdict on the number's use; see docs/verdict.md."),
    ] = None,
    disclose: Annotated[
        str | None,
        typer.Option(
            "--disclose-on",
            metavar="TEXT",
            help="Name the number itself in an annex, on this legal basis; without it, by reference alone.",
        ),
    ] = None,
) -> None:
    """Hand on a lead about the number on standard input; without one there, it is asked for."""
    order = _order(by, recipient, basis, contact, case, urgency, supersedes, retain_days)
    judged = None if usage is None else _verdict(usage)
    number = _number()
    with _opened(history) as screener:
        lead = screener.leads.about_number(number, order, usage=judged, disclose_on=disclose)
        _say(screener.leads.export(lead, out))


@lead_app.command("ring")
def lead_ring(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rings.json of a search.")],
    ring_id: Annotated[str, typer.Argument(metavar="RING", help="Which ring of it.")],
    history: HistoryOption,
    out: OutOption,
    by: ByOption,
    recipient: RecipientOption,
    basis: BasisOption,
    contact: ContactOption,
    case: CaseOption = None,
    urgency: UrgencyOption = None,
    supersedes: SupersedesOption = None,
    retain_days: RetainOption = 365,
) -> None:
    """Hand on a lead about a ring that `simkyc rings` found."""
    order = _order(by, recipient, basis, contact, case, urgency, supersedes, retain_days)
    with _opened(history) as screener:
        from simkyc.leads.files import read_rings

        ring, found, digest = read_rings(file, ring_id)
        lead = screener.leads.about_ring(ring, order, found=found, file_sha256=digest)
        _say(screener.leads.export(lead, out))


@lead_app.command("verify")
def verify_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .json that was handed over.")],
    history: Annotated[
        str | None,
        typer.Option("--history", metavar="URL", help="The operator's record, to hold it against as well."),
    ] = None,
) -> None:
    """Say whether a package or a revocation notice is as it was made; exit code 2 where it is not."""
    from simkyc.leads.files import verify

    checked = verify(file)
    faults = list(checked.faults)
    if checked.notice is not None:
        typer.echo(f"revocation of {checked.notice.lead_id}")
        typer.echo(f"notice_sha256 {checked.notice.notice_sha256}")
    elif checked.lead is not None:
        typer.echo(
            f"lead {checked.lead.lead_id} about a {checked.lead.about}, disclosure: {checked.disclosure}"
        )
        typer.echo(f"package_sha256 {checked.lead.package_sha256}")
        if history is not None:
            with _opened(history) as screener:
                faults += screener.leads.against_record(checked)
    for fault in faults:
        typer.echo(fault)
    if faults:
        typer.echo("不可使用 DO NOT USE")
        raise typer.Exit(ALTERED)
    typer.echo("完整 whole: hold the digest against the page on paper, or ask the operator")


@lead_app.command("receipt")
def record_receipt(
    lead: LeadArgument,
    history: HistoryOption,
    by: ByOption,
    number: Annotated[str, typer.Option("--number", metavar="REF", help="The authority's receipt number.")],
) -> None:
    """Record that the authority received a lead."""
    with _opened(history) as screener:
        typer.echo(_line(screener.leads.receipt(lead, number, by)))


@lead_app.command("feedback")
def record_feedback(
    lead: LeadArgument,
    answer: Annotated[
        Literal["confirmed", "not_confirmed", "no_answer"],
        typer.Argument(metavar="ANSWER", help="confirmed, not_confirmed or no_answer."),
    ],
    history: HistoryOption,
    by: ByOption,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="REF", help="Under which the authority answered.")
    ] = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="Let it count: fraud against what the number's opening shared, or cleared."
        ),
    ] = False,
    application: Annotated[
        list[str] | None,
        typer.Option(
            "--application", help="Of a ring: the application whose number it counts for; may repeat."
        ),
    ] = None,
) -> None:
    """Record what the authority answered."""
    with _opened(history) as screener:
        status = screener.leads.feedback(
            lead, answer, by, reference=reference, report=report, application_ids=tuple(application or ())
        )
        typer.echo(_line(status))


@lead_app.command("revoke")
def revoke_lead(
    lead: LeadArgument,
    history: HistoryOption,
    out: OutOption,
    by: ByOption,
    contact: ContactOption,
    why: Annotated[
        Literal["cleared", "mistake", "wrong_subject", "no_basis", "other"],
        typer.Option("--for", help="cleared, mistake, wrong_subject, no_basis or other."),
    ],
) -> None:
    """Record that a lead must not be used any more, and write the notice that says so."""
    with _opened(history) as screener:
        leads = screener.leads
        typer.echo(_line(leads.revoke(lead, why, by)))
        file, page = leads.write_revocation(leads.revocation(lead, contact), out)
    typer.echo(file)
    typer.echo(page)


@lead_app.command("list")
def list_leads(
    history: HistoryOption,
    custody: Annotated[
        str | None, typer.Option("--custody", metavar="LEAD", help="The whole chain of this one.")
    ] = None,
) -> None:
    """List every lead and how it stands, or the chain of custody of one."""
    with _opened(history) as screener:
        if custody is None:
            for status in screener.leads.every():
                typer.echo(_line(status))
            return
        status = screener.leads.status(custody)
    typer.echo(_line(status))
    for event in status.custody:
        details = " ".join(f"{name}={value}" for name, value in sorted(event.details.items()))
        typer.echo(
            f"{event.event_no} {event.at:%Y-%m-%dT%H:%M:%SZ} {event.what} by {event.by} {details}".rstrip()
        )
        typer.echo(f"  {event.sha256}")


def _order(
    by: str,
    recipient: str,
    basis: str,
    contact: str,
    case: str | None,
    urgency: Literal["immediate", "soon", "routine"] | None,
    supersedes: str | None,
    retain_days: int,
) -> Order:
    from simkyc.leads.lead import Order

    return Order(
        created_by=by,
        recipient=recipient,
        legal_basis=basis,
        contact=contact,
        case_reference=case,
        urgency=urgency,
        supersedes=supersedes,
        retain_days=retain_days,
    )


def _opened(history: str) -> Screener:
    """A screener on a history that is there.

    Raises:
        InputError: There is none, or the extra for leads is not installed.
    """
    with needed(NO_EXTRA):
        # What is missing is named before anything is done.
        import_module("simkyc.leads.ledger")
    from simkyc.history import history_info
    from simkyc.screener import Screener

    history_info(history)
    return Screener.open(history)


def _number() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return str(typer.prompt("MSISDN", hide_input=True, err=True))
    number = sys.stdin.readline(LONGEST_NUMBER).strip()
    if not number:
        raise InputError("no number came on standard input: one line with the MSISDN")
    return number


def _verdict(file: Path) -> Verdict:
    from simkyc.verdict import Verdict

    try:
        return Verdict.from_json(file.read_bytes())
    except OSError:
        raise InputError("the file of --usage cannot be read") from None


def _say(exported: Exported) -> None:
    typer.echo(_line(exported.status))
    if exported.package is None:
        typer.echo("it had been handed on before: nothing was written")
    else:
        typer.echo(exported.package)
        typer.echo(exported.page)


def _line(status: LeadStatus) -> str:
    more = [
        *([f"receipt {status.receipt}"] if status.receipt else []),
        *([f"answer {status.answer}"] if status.answer else []),
    ]
    head = f"{status.lead_id} about a {status.about} for {status.recipient}: {status.state}"
    return ", ".join([head, *more, f"sha256 {status.package_sha256[:16]}"])
