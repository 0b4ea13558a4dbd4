"""The parent engine: slices a parent order by its schedule, places children, keeps the ledger; the same everywhere.

It may import `nowake.core`, `nowake.book`, `nowake.data` and `nowake.schedule`, never the simulated market. `ledger`
and `placer` are kernels over the PARENT record; `loop` and `replay` join them with a replay of history.
"""
