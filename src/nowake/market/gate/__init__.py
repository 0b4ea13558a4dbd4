"""The running half of the realism gate: it simulates what `realism` measures, judges it, and keeps the verdict.

Modules: `days`, `impact`, `assets` and `alpha` produce the parts of the facts, `nowake.market.hunt` those of fact 25;
`plan` says how large each is, `gate` runs them, `verdicts` keeps what came out by the hash of the parameters.
"""
