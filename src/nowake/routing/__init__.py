"""The smart order router: where a slice goes, at once and protected, and what every venue has taught.

`router.route` turns a WANT row into INTENT rows over the BOARD of an instrument: a sweep by all-in price, a split of
resting shares by queue, a greedy dark allocation on censored statistics, requests to dealers. `learning` updates the
venue statistics that it reads; `cont_kukanov`, `kaplan_meier`, `greedy`, `fractions`, `exponentiated` and `thompson`
are the published learners, each alone and callable. May import `core`, `book`, `data`, `features`, `schedule` and
`risk`, never the simulated market.
"""
