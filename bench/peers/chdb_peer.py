"""The benchmark's evaluation in chDB, ClickHouse in a process."""

import json

import chdb

from common import NUMBERS, TEXTS, Profile, arguments, finish


def rows(query):
    answer = chdb.query(query + " SETTINGS max_threads = 2", "JSONCompactEachRow")
    if answer.has_error():
        raise SystemExit(answer.error_message())
    return [json.loads(line) for line in answer.bytes().splitlines()]


def main():
    args = arguments()
    profile = Profile(args.profile)
    log, labels = f"file('{args.predictions}', Parquet)", f"file('{args.labels}', Parquet)"

    # By the hash of the id, as in DuckDB.
    sums = {}
    for v, c, *rest in rows(f"""
        SELECT model_version, city, toUInt32(count()), sum(abs(e)), sum(e * e), sum(e * e * e * e)
        FROM (
          SELECT model_version, city, prediction - label AS e
          FROM (SELECT cityHash64(id) AS h, prediction, model_version, city FROM {log}) AS p
          JOIN (SELECT cityHash64(id) AS h, label FROM {labels}) AS l USING (h))
        GROUP BY model_version, city"""):
        sums[v, c] = rest
    counts = {
        name: dict(rows(f"SELECT toInt32(round({name} * {profile.scale(name)!r})) AS cell, toUInt32(count()) FROM {log} GROUP BY cell"))
        for name in NUMBERS
    }
    categories = {name: dict(rows(f"SELECT {name}, toUInt32(count()) FROM {log} GROUP BY {name}")) for name in TEXTS}
    finish(profile, sums, counts, categories)


if __name__ == "__main__":
    main()
