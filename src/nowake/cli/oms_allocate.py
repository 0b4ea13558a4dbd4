"""`nowake oms allocate` and `nowake oms positions`: whose the shares of an order are, and what every account holds."""

from typing import Annotated, Any

import typer

from nowake.cli.oms import Address, journal_of, reading, shown
from nowake.cli.oms_release import show_differences
from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, table
from nowake.core.errors import InputError

__all__ = ["allocate", "positions"]


def allocate(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="A client id or an order id; it must be over.")],
    to: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT=SHARES...", help="Shares of each account; they add up.")
    ] = None,
    pro_rata: Annotated[
        str | None,
        typer.Option("--pro-rata", metavar="A=1,B=2", help="Weights in place of shares; the largest remainders win."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who asks for it; the journal keeps it.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why; the journal keeps it.")] = "",
    journal: Address = None,
    json: Json = False,
) -> int:
    """Give what an order has bought or sold to accounts, at its average price: by a running trader, or without one."""
    if (pro_rata is None) == (not to):
        got = "both" if to else "neither"
        raise InputError("allocation", expected="ACCOUNT=SHARES for each account, or --pro-rata", got=got)
    where = journal_of(journal)
    from nowake.service.allocating import ALLOCATE, allocate_in, value_of
    from nowake.service.control_wire import Asked

    words = list(to or [one for one in (pro_rata or "").split(",") if one.strip()])
    value = value_of(words, pro_rata=pro_rata is not None)
    out = Envelope("oms.allocate", {"order": order, "value": value, "journal": shown(where)})
    with reading(where):
        answer = allocate_in(where, Asked(ALLOCATE, order, value, who, why))
    if json:
        out.write({"done": answer.done, "said": answer.words, "orders": answer.orders})
    else:
        say(answer.words)
        say("next: nowake oms positions")
    return 0


def positions(journal: Address = None, json: Json = False) -> int:
    """List shares and cash by account, after every allocation."""
    where = journal_of(journal)
    out = Envelope("oms.positions", {"journal": shown(where)})
    from nowake.oms.command import positions as found

    with reading(where):
        body: dict[str, Any] = found(where)
    if json:
        out.write({name: value for name, value in body.items() if name != "schema"})
        return 0
    names = ["account", "symbol", "shares", "cash", "fees"]
    rows = [[row["account"], row["symbol"], row["shares"], *(f"{row[k]:,.2f}" for k in ("cash", "fees"))]
            for row in body["positions"]]  # fmt: skip
    table(f"positions of {shown(where)}", names, rows, left=2)
    rows = [[row["order_id"], row["account"], row["shares"]] for row in body["allocations"]]
    if rows:
        table("allocations", ["order", "account", "shares"], rows, left=2)
    show_differences(body["in_doubt"], "in doubt: not in these positions")
    for row in body["accounts"]:
        say(f"cash of {row['account']}, fees included: {row['cash']:,.2f}")
    return 0
