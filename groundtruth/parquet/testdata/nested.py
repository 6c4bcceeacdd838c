"""Writes the files of TestNestedFixtures: lists, maps, groups and texts, as writers make them.

    pip install pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 && python nested.py

Row i of each file has in the columns
    l, large, fixed  a list of i % 4 numbers (fixed: 3), of which number j is i + j/8; null where i % 7 == 6
    m                a map with the same numbers by the letters from the i-th of "abc" on
    whole            such a map by whole numbers
    s                a group with the fields a and b, numbers 0 and 1; null where i % 7 == 6
    json             the text of m
    words            a list of the texts of the numbers
A number j is null where (i + j) % 5 == 4.
"""

import json

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 150


def numbers(i, n):
    return None if i % 7 == 6 else [None if (i + j) % 5 == 4 else i + j / 8 for j in range(n)]


def by(keys, i):
    found = numbers(i, i % 4)
    return None if found is None else [(keys[(i + j) % 3], x) for j, x in enumerate(found)]


def text(pairs):
    return None if pairs is None else json.dumps(dict(pairs))


rows = range(ROWS)
lists = [numbers(i, i % 4) for i in rows]
table = pa.table(
    {
        "id": pa.array([str(i) for i in rows]),
        "l": pa.array(lists, pa.list_(pa.float64())),
        "large": pa.array(lists, pa.large_list(pa.float32())),
        "fixed": pa.array([numbers(i, 3) for i in rows], pa.list_(pa.float64(), 3)),
        "m": pa.array([by("abc", i) for i in rows], pa.map_(pa.string(), pa.float64())),
        "whole": pa.array([by([10, 20, 30], i) for i in rows], pa.map_(pa.int32(), pa.float64())),
        "s": pa.array([None if i % 7 == 6 else dict(zip("ab", numbers(i, 2))) for i in rows], pa.struct([("a", pa.float64()), ("b", pa.float64())])),
        "json": pa.array([text(by("abc", i)) for i in rows]),
        "words": pa.array([None if x is None else [None if y is None else repr(float(y)) for y in x] for x in lists], pa.list_(pa.string())),
    }
)

small = {"data_page_size": 64, "write_batch_size": 16, "row_group_size": 100}
pq.write_table(table, "pyarrow.parquet", **small, compression="none", use_dictionary=False)
pq.write_table(table, "pyarrow_old.parquet", **small, version="1.0", use_compliant_nested_type=False, use_dictionary=True)
pq.write_table(table, "pyarrow_pages2.parquet", **small, data_page_version="2.0", compression="zstd")
pq.write_table(
    table, "pyarrow_split.parquet", use_dictionary=False, data_page_version="2.0",
    column_encoding={"l.list.element": "BYTE_STREAM_SPLIT", "m.key_value.key": "DELTA_BYTE_ARRAY", "words.list.element": "DELTA_LENGTH_BYTE_ARRAY"},
)
polars.from_arrow(table.select(["id", "l", "s", "json", "words"])).write_parquet("polars.parquet", compression="snappy", data_page_size=64)
duckdb.sql("copy (select * from 'pyarrow.parquet') to 'duckdb.parquet' (format parquet, compression zstd)")
print(pa.__version__, polars.__version__, duckdb.__version__)
