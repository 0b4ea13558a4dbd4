"""Order management: what was ordered, what was sent, what the venues said, and a journal that gives all of it back.

`events` are what the journal holds, `states` is the table that says what each of them may do to an order, `orders` the
parents and children, `tree` the state over all of them, which only `apply(event)` changes. `identifiers` gives order
ids that no crash reissues, `journal` keeps the events durable and chained by hashes, `keeper` ties state and journal
together, `snapshot` shortens the way back, `verify` checks a journal, `command` answers the command line. The package
may import `core` and nothing else of nowake.
"""
