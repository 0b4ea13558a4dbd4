"""Risk: the execution policy, the guard that every child order passes, the fallback ladder, and the kill switch.

A policy is a document (`document`, `policy`) with scopes from the firm to one order (`scopes`); it is compiled into
LIMITS records (`limits`) that the guard's kernel reads beside USAGE (`usage`), SWITCH (`switches`) and BOARD (`guard`).
What no limit lets through never leaves, whoever wanted it; what the guard does not know for sure, it refuses.

May import `schedule`, `features`, `data`, `book` and `core`; knows nothing of venues' protocols, of a simulated
market, or of how a decision came about. Importing this package itself loads nothing.
"""
