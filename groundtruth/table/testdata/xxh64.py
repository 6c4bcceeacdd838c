"""Writes xxh64.json: XXH64 hashes with seed 0 of ids, by the package xxhash.

    python3 xxh64.py > xxh64.json

They are written as Trino shows xxhash64(to_utf8(id)): in hexadecimal, greatest byte first.
The versions used are in the output.
"""
import json
import platform

import xxhash

ids = ["", "a", "7", "007", "-1", "1.5", "true", "id-42", "日本", "é", "e\u0301", "with,comma", 'quo"te', "two\nlines", " space "]
ids += ["123e4567-e89b-12d3-a456-426614174000", "9223372036854775807", "2026-01-10T00:00:00Z"]
ids += ["".join(chr(33 + (7 * i + n) % 94) for i in range(n)) for n in range(2, 70)]

hashes = {i: xxhash.xxh64_hexdigest(i.encode(), seed=0) for i in ids}
versions = {"python": platform.python_version(), "xxhash": xxhash.VERSION, "libxxhash": xxhash.XXHASH_VERSION}
print(json.dumps({"versions": versions, "hashes": hashes}, indent=1, ensure_ascii=False))
