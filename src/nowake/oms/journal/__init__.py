"""The journal: events appended and chained by hashes, durable when acknowledged; SQLite and PostgreSQL.

`protocol` is the seam, `chain` the hashes, `sqlite` and `postgres` the engines, `migrations` their schemas, `lease`
keeps a second writer out, `writer` is the one thread that writes, `salvage` saves what is intact of a damaged journal,
`conformance` checks an engine. Payloads are bytes: what they mean, the package above knows. May import `core` and
`oms.errors`.
"""
