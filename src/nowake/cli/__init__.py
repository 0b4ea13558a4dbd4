"""The command line: parses what people write, calls one function of the package, prints a table or one JSON object.

It may import everything; nothing imports it. Start-up is lean: commands are looked up in the table of `main`, their
modules and all heavy libraries are imported when a command runs.
"""
