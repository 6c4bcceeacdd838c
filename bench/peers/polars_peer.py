"""The benchmark's evaluation in Polars, with its streaming engine."""

import os

os.environ["POLARS_MAX_THREADS"] = "2"

import polars as pl

from common import NUMBERS, TEXTS, Profile, arguments, finish


def main():
    args = arguments()
    profile = Profile(args.profile)
    log = pl.scan_parquet(args.predictions)
    labels = pl.scan_parquet(args.labels)

    # By the hash of the id, as in DuckDB.
    e = pl.col("prediction") - pl.col("label")
    performance = (
        log.select(pl.col("id").hash(), "prediction", "model_version", "city")
        .join(labels.select(pl.col("id").hash(), "label"), on="id")
        .select("model_version", "city", e.alias("e"))
        .group_by("model_version", "city")
        .agg(
            pl.len(), pl.col("e").abs().sum().alias("a1"), (pl.col("e") ** 2).sum().alias("e2"),
            (pl.col("e") ** 4).sum().alias("e4"),
        )
    )
    cells = [
        log.select((pl.col(name) * profile.scale(name)).round().cast(pl.Int32).alias("value")).group_by("value").agg(pl.len())
        for name in NUMBERS
    ]
    texts = [log.select(pl.col(name).alias("value")).group_by("value").agg(pl.len()) for name in TEXTS]

    sums = {(v, c): rest for v, c, *rest in performance.collect(engine="streaming").iter_rows()}
    # One after another: all at once needs more memory and takes no less time.
    counts = {name: dict(q.collect(engine="streaming").iter_rows()) for name, q in zip(NUMBERS, cells)}
    categories = {name: dict(q.collect(engine="streaming").iter_rows()) for name, q in zip(TEXTS, texts)}
    finish(profile, sums, counts, categories)


if __name__ == "__main__":
    main()
