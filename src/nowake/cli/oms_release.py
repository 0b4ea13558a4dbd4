"""`nowake oms differences` and `nowake oms release-recovery`: what keeps a trader from trading, and its end."""

from typing import Annotated, Any

import typer

from nowake.cli.oms import Address, journal_of, reading, shown
from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, table

__all__ = ["differences", "release_recovery", "show_differences"]


def differences(journal: Address = None, json: Json = False) -> int:
    """List in what journal and venue differ, as the last start found it, and what people have accepted."""
    where = journal_of(journal)
    out = Envelope("oms.differences", {"journal": shown(where)})
    from nowake.oms.command import unlike

    with reading(where):
        body = unlike(where)
    if json:
        out.write({name: value for name, value in body.items() if name != "schema"})
    else:
        show_differences(body["open"], f"open: nothing is traded by {shown(where)} before they are released")
        show_differences(body["accepted"], "accepted: held back, left as they are")
        if not body["open"]:
            say("nothing is open")
    return 1 if body["open"] else 0


def show_differences(rows: list[dict[str, Any]], title: str) -> None:
    """Print a table of differences and what each means, if there are any."""
    if not rows:
        return
    names = ["difference", "order_id", "venue", "side", "quantity", "ours", "venue_has", "state", "kind"]
    shown_rows = [["none" if row[name] is None else row[name] for name in names] for row in rows]
    heads = ["difference", "order", "venue", "side", "quantity", "ours", "venue has", "state", "kind"]
    table(title, heads, shown_rows, left=4, words=["state", "kind"])
    for row in rows:
        by = f" Released by {row['who']} and {row['second']}: {row['why']}" if "who" in row else ""
        say(f"{row['difference']}: {row['means']}.{by}")


def release_recovery(
    difference: Annotated[
        list[str] | None,
        typer.Argument(metavar="DIFFERENCE...", help="Names of `nowake oms differences`, or all that are open: all."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who asks for it; the journal keeps it.")] = "",
    second: Annotated[str, typer.Option("--second", help="An approver of the policy, who is not who asks.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why; the journal keeps it.")] = "",
    journal: Address = None,
    json: Json = False,
) -> int:
    """Accept differences of journal and venue as they are, so that the next start trades; two people release them."""
    where = journal_of(journal)
    named = list(difference or [])
    out = Envelope("oms.release-recovery", {"difference": named, "journal": shown(where)})
    from nowake.service.releasing import release_recovery as release

    with reading(where):
        answer = release(where, named, who, second, why)
    if json:
        out.write({"done": answer.done, "said": answer.words, "differences": answer.orders})
    else:
        say(answer.words)
        say("next: the command that was refused, again")
    return 0
