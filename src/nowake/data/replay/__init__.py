"""Replay of recorded order flow with own orders in it: exact inside the limit that history cannot react to us.

It may import `nowake.core`, `nowake.book` and `nowake.data`. The record `VENUE` (state) holds own orders, latency, fees
and what happened; `history` applies recorded events, `orders` applies own commands, `session` moves time.
"""
