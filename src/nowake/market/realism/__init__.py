"""The measuring and judging half of the realism gate: stylised facts of days of trading, simulated or recorded.

It may import `nowake.core`, `nowake.book` and `nowake.data`, nothing of the simulated world: a day comes in as a
`DayRecord` (day), from a simulation or from level-3 events (events). `view` prepares a day, the fact modules reduce it
to sums (`measure.reduce_day`) and estimate the facts with block-bootstrap intervals over days (`measure.measure`);
impact and arbitrage take rows of experiments; `table` holds the ranges, `facts` the judge, `curves` what a page draws,
`distance` how far a market is from data.
"""
