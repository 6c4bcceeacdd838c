"""What the peers share: their arguments, and the last step of those that count cells.

It works on some ten thousand counts, in plain Python.
"""

import argparse
import json
import math
import os
import sys

NUMBERS = [f"f{k}" for k in range(10)] + ["prediction"]
TEXTS = ["city", "channel"]


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("predictions", "labels", "reference", "profile"):
        parser.add_argument("--" + name, required=True)
    return parser.parse_args()


class Profile:
    """What reference.sql saved."""

    def __init__(self, folder):
        with open(os.path.join(folder, "columns.json")) as f:
            self.columns = {c["name"]: c for c in json.load(f)}
        self.categories = {}
        with open(os.path.join(folder, "categories.json")) as f:
            for c in json.load(f):
                self.categories.setdefault(c["name"], {})[c["value"]] = c["n"]

    def scale(self, name):
        return self.columns[name]["scale"]


def psi(bins):
    """bins: pairs of counts, reference and window."""
    bins = [(m, n) for m, n in bins if m or n]
    if any(m == 0 or n == 0 for m, n in bins):
        bins = [(m + 0.5, n + 0.5) for m, n in bins]
    reference, window = sum(m for m, _ in bins), sum(n for _, n in bins)
    return sum((n / window - m / reference) * math.log((n / window) / (m / reference)) for m, n in bins)


def distances(reference, counts):
    """counts: of the window by cell, None for missing."""
    before = dict(zip(reference["cells"], reference["counts"]))
    now = {c: n for c, n in counts.items() if c is not None}
    total, seen = sum(before.values()), sum(now.values())
    low, high = min(before), max(before)
    bins = [[0, 0] for _ in range(12)]
    m_sum = n_sum = 0
    ks = area = 0.0
    last, gap = None, 0.0
    for cell in sorted(before.keys() | now.keys()):
        m, n = before.get(cell, 0), now.get(cell, 0)
        b = bins[10 if cell < low or cell > high else 10 * m_sum // total]
        b[0] += m
        b[1] += n
        if last is not None:
            area += gap * (cell - last)
        m_sum += m
        n_sum += n
        gap = abs(m_sum / total - n_sum / seen)
        ks = max(ks, gap)
        last = cell
    bins[11] = [reference["rows"] - total, counts.get(None, 0)]
    return {"n": seen, "psi": psi(bins), "ks": ks, "wasserstein_normed": area / reference["scale"] / reference["sd"]}


def moments(part, name, rows):
    """rows: (n, sum |e|, sum e2, sum e4) of the groups that make up the part."""
    n, a1, e2, e4 = (sum(column) for column in zip(*rows))
    mae, mse = a1 / n, e2 / n
    mae_se = math.sqrt((mse - mae * mae) / n)
    rmse = math.sqrt(mse)
    rmse_se = math.sqrt((e4 / n - mse * mse) / n) / (2 * rmse)
    return {
        "part": part, "name": name, "n": n,
        "mae": mae, "mae_low": mae - 1.96 * mae_se, "mae_high": mae + 1.96 * mae_se,
        "rmse": rmse, "rmse_low": rmse - 1.96 * rmse_se, "rmse_high": rmse + 1.96 * rmse_se,
    }


def finish(profile, sums, counts, categories):
    """sums: by (version, city), the arguments of moments; counts and categories: by column,
    counts of the window by cell and value."""
    answers = [moments("all", "", sums.values())]
    for k, part in enumerate(("version", "city")):
        for name in sorted({key[k] for key in sums}):
            answers.append(moments(part, name, [s for key, s in sums.items() if key[k] == name]))
    for name in NUMBERS:
        answers.append({"part": "column", "name": name, **distances(profile.columns[name], counts[name])})
    for name in TEXTS:
        before, now = profile.categories[name], categories[name]
        bins = [(m, now.get(value, 0)) for value, m in before.items()]
        bins.append((0, sum(n for value, n in now.items() if value is not None and value not in before)))
        bins.append((0, now.get(None, 0)))
        n = sum(n for value, n in now.items() if value is not None)
        answers.append({"part": "column", "name": name, "n": n, "psi": psi(bins)})
    show(answers)


def show(answers):
    json.dump(answers, sys.stdout, indent=1)
    print()
