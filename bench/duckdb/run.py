"""Runs SQL scripts in one DuckDB: run.py [--memory-limit 512MB] [--threads 2] [--set NAME=TEXT] FILE...

Prints the rows of the last statement as JSON. Needs duckdb.
"""

import argparse
import json
import sys

import duckdb


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--memory-limit", default="")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--spill", default="")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()

    con = duckdb.connect()
    con.execute(f"SET threads = {args.threads}")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET preserve_insertion_order = false")
    if args.memory_limit:
        con.execute(f"SET memory_limit = '{args.memory_limit}'")
    if args.spill:
        con.execute(f"SET temp_directory = '{args.spill}'")
    for pair in args.set:
        name, _, text = pair.partition("=")
        con.execute(f"SET VARIABLE {name} = ?", [text])
    for path in args.files:
        with open(path) as f:
            con.execute(f.read())
    names = [d[0] for d in con.description]
    json.dump([dict(zip(names, row)) for row in con.fetchall()], sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
