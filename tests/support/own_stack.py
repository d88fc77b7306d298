"""An owner of an embedded stack, as a process: prints the addresses as JSON and holds the stack until it is ended.

Usage: own_stack.py DATA_DIR [STATEMENT...]. Statements run in the database; their rows are printed with the addresses.
With `--once` it ends by itself; with `--with-child` it forks first, and the child holds what it inherited; with
`--attach` it only attaches. An EsteiraError is printed as {"code", "detail"}.
"""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import psycopg

from domain.errors import EsteiraError
from infrastructure.embedded.stack import EmbeddedStack, attach


def main(data_dir: Path, statements: list[str], *, once: bool, with_child: bool) -> None:
    with EmbeddedStack.own(data_dir) as stack:
        rows = []
        assert stack.addresses.database_url is not None
        with psycopg.connect(stack.addresses.database_url) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                rows.append(cursor.fetchone() if cursor.description else None)
        child = os.fork() if with_child else None
        if child == 0:
            signal.pause()
        say({"addresses": asdict(stack.addresses), "rows": rows, "child": child})
        if not once:
            signal.pause()


def say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    flags = {argument for argument in arguments if argument.startswith("--")}
    arguments = [argument for argument in arguments if argument not in flags]
    if "--no-programs" in flags:
        sys.prefix = "/nowhere"
    try:
        if "--attach" in flags:
            say({"addresses": asdict(attach(Path(arguments[0])))})
        else:
            main(Path(arguments[0]), arguments[1:], once="--once" in flags, with_child="--with-child" in flags)
    except EsteiraError as error:
        say({"code": error.code, "detail": error.detail})
