"""Post-trade analysis: what a parent order cost, against which benchmark, and why.

It takes plain values and arrays (own fills, the market's prints, best quotes, the schedule), returns frozen values, and
draws them into a page. It may import core, data, schedule and execution, never the simulated market or the command
line; matplotlib and jinja2 are imported only when a page is drawn.
"""
