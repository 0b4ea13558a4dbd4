"""The simulated lit market: one record per market, several level-3 books of package `book`, a kernel that moves time.

It imports `core`, `book` and nothing to the right of `market`. Modules: `state` (records and capacities), `causes` (who
acts and with which stream), `wheel` (when resting orders act next), `ledger` (own orders), `feed` (what is published),
`touch` (the consolidated quote, investors who show themselves), `makers`, `investors`, `takers`, `value` (public value
and activity), `loop` (the order of events), `worlds` (make, advance, copy).
"""
