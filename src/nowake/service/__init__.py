"""Roles that run as processes: the venue process (exchange), and what it and its clients say to each other.

`exchange` serves a simulated market over a socket and alone imports `market`; `venue_client` is the `Venue` seam at the
other end, `wire` what passes between them, `ledger_file` what the venue never forgets. `trader` works parents there:
`bookkeeping` ties the desk to the OMS, `recovery` and `reconcile` settle what a crash left open, `torture` kills it.
May import every package but `cli`. Importing it loads nothing.
"""
