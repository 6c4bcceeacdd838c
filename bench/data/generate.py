"""Makes one dataset of the benchmark: generate.py NAME FOLDER.

A dataset is made in a folder beside FOLDER and renamed when it is whole, so that FOLDER
is either all there or not there. Needs duckdb.
"""

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb

HERE = os.path.dirname(os.path.abspath(__file__))
PER_FILE = 1_000_000
REFERENCE_ROWS = 200_000
PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
FORMATS = {"parquet": PARQUET, "csv": "(FORMAT csv, HEADER)", "jsonl": "(FORMAT json)"}
WIDE_COLUMNS = 188  # beside the twelve that are used

ROWS = {"1k": 1_000, "1m": 1_000_000, "10m": 10_000_000, "100m": 100_000_000}


def connect():
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    with open(os.path.join(HERE, "macros.sql")) as f:
        con.execute(f.read())
    return con


def features(s):
    return ", ".join(f"f{k}(i, {s}) AS f{k}" for k in range(10)) + f", city_of(i, {s}) AS city, channel_of(i, {s}) AS channel"


def classes(s):
    """What classifiers log of a row: of a binary one, and of one of three classes."""
    return f"score_of(i, {s}) AS score, " + ", ".join(f"size_of(i, {k}, {s}) / sizes_of(i, {s}) AS p_{name}" for k, name in enumerate(("cat", "dog", "owl"))) + ", weight_of(i) AS weight"


def outcomes(s):
    """And what turns out to be."""
    return f"outcome_of(i, {s}) AS outcome, kind_of(i, {s}) AS kind"


def predictions(first, end, rows, start="2026-01-10", days=1, wide=0, classified=False):
    """Rows first to end of a log of so many rows, in the order of their times but for a minute."""
    more = (", " + classes(0) if classified else "") + "".join(f", z(i, {2000 + k}) AS w{k:03d}" for k in range(wide))
    return f"""
      SELECT row_id(i) AS id,
        TIMESTAMP '{start}' + to_microseconds((i / {rows} * ({days} * 86400e6 - 60e6) + 60e6 * u(i, 4))::BIGINT) AS predicted_at,
        prediction_of(i, 0) AS prediction,
        'v' || (1 + (u(i, 5) > 0.6)::INT + (u(i, 5) > 0.9)::INT) AS model_version,
        {features(0)}{more}
      FROM (SELECT range AS i FROM range({first}, {end}))
    """


def labels(first, end, rows, start="2026-01-10", days=1, classified=False):
    """Labels first to end of nine in ten rows, in an order that is not the log's.

    The step has no factor in common with the number of rows, a power of ten, so that each
    row comes once.
    """
    return f"""
      SELECT row_id(i) AS id, label_of(i, 0) AS label{", " + outcomes(0) if classified else ""},
        TIMESTAMP '{start}' + to_microseconds((i / {rows} * {days} * 86400e6 + (3600 + 80000 * u(i, 6)) * 1e6)::BIGINT) AS sold_at
      FROM (SELECT (range * 6700417 + 1234567) % {rows} AS i FROM range({first}, {end}))
    """


def write(con, query, path, form="parquet"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    con.execute(f"COPY ({query}) TO '{path}' {FORMATS[form]}")


def parts(con, folder, query, rows, form="parquet", per_file=PER_FILE):
    def part(k):
        path = os.path.join(folder, f"part-{k // per_file:03d}.{form}")
        write(con.cursor(), query(k, min(k + per_file, rows)), path, form)

    # A range is made by one thread, so that files are made side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(part, range(0, rows, per_file)))


def scale(con, folder, rows, form="parquet", wide=0, per_file=PER_FILE, classified=False):
    log = os.path.join(folder, "predictions")
    parts(con, log, lambda a, b: predictions(a, b, rows, wide=wide, classified=classified), rows, form, per_file)
    parts(con, os.path.join(folder, "labels"), lambda a, b: labels(a, b, rows, classified=classified), rows * 9 // 10, form, per_file)


def single(con, folder, rows):
    """The log in one file; the labels are those of the dataset of that many rows."""
    write(con, predictions(0, rows, rows), os.path.join(folder, "predictions", "all.parquet"))


def thirty(con, folder, rows):
    """Thirty days in one file, the labels by the day of their prediction."""
    days, start = 30, "2026-01-01"
    write(con, predictions(0, rows, rows, start, days), os.path.join(folder, "predictions", "all.parquet"))
    query = labels(0, rows * 9 // 10, rows, start, days)
    for day in range(days):
        path = os.path.join(folder, "labels", f"dt=2026-01-{day + 1:02d}", "all.parquet")
        a, b = rows * day // days, rows * (day + 1) // days
        write(con, f"{query} WHERE i >= {a} AND i < {b}", path)


def fleet(con, folder, models=1000, rows=1000):
    """Small logs, labels and references of many models, as CSV in a folder for each."""
    for name, query in {
        "predictions": predictions(0, models * rows, rows).replace(f"i / {rows}", f"(i % {rows}) / {rows}"),
        "labels": labels(0, models * rows * 9 // 10, models * rows),
        "reference": f"SELECT i, prediction_of(i, 1) AS prediction, label_of(i, 1) AS label, {features(1)} "
        f"FROM (SELECT range AS i FROM range({models * rows}))",
    }.items():
        # The row's number, which says whose it is, is not written.
        query = query.replace("SELECT row_id(i) AS id", "SELECT i, row_id(i) AS id", 1)
        con.execute(
            f"COPY (SELECT * EXCLUDE (i), i // {rows} AS model FROM ({query}) ORDER BY model) "
            f"TO '{os.path.join(folder, name)}' (FORMAT csv, HEADER, PARTITION_BY (model))"
        )


def reference(con, folder):
    first = 10**12
    write(
        con,
        f"""
        SELECT prediction_of(i, 1) AS prediction, label_of(i, 1) AS label, {features(1)}, {classes(1)}, {outcomes(1)}
        FROM (SELECT range AS i FROM range({first}, {first + REFERENCE_ROWS}))
        """,
        os.path.join(folder, "reference.parquet"),
    )


def main(name, folder):
    con = connect()
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    base, _, kind = name.partition("-")
    if name == "reference":
        reference(con, part)
    elif name == "fleet":
        fleet(con, part)
    elif kind == "":
        scale(con, part, ROWS[base])
    elif kind == "many":
        scale(con, part, ROWS[base], per_file=ROWS[base] // 10)
    elif kind == "single":
        single(con, part, ROWS[base])
    elif kind == "wide":
        scale(con, part, ROWS[base], wide=WIDE_COLUMNS)
    elif kind == "classes":
        scale(con, part, ROWS[base], classified=True)
    elif kind == "thirty":
        thirty(con, part, ROWS[base])
    elif kind in FORMATS:
        scale(con, part, ROWS[base], form=kind)
    else:
        sys.exit(f"generate: no dataset {name}")
    os.rename(part, folder)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
