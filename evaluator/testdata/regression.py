"""Makes regression.json: predictions, labels, weights and quantiles, and what numpy and
scikit-learn say of them, with and without the weights.

Run: python regression.py > regression.json
The versions used are in the output.
"""
import json
import warnings
from fractions import Fraction

import numpy as np
import sklearn
from sklearn import metrics as skm

warnings.simplefilter("ignore")
rng = np.random.default_rng(20261130)
ORDERS = [0.1, 0.5, 0.9]


def table(label, prediction, weight=None, spread=1.0):
    n = len(label)
    if weight is None:
        weight = np.round(rng.exponential(2, n), 3)
    at = np.array([-1.3, 0.1, 1.2])[:, None] * spread
    return {
        "label": [float(x) for x in label], "prediction": [float(x) for x in prediction],
        "weight": [float(x) for x in weight],
        "quantiles": [[float(x) for x in row] for row in np.round(prediction + at * rng.uniform(0.5, 1.5, n), 4)],
    }


def normal(n, sd=1.0):
    label = np.round(rng.normal(20, 4, n), 3)
    return table(label, np.round(label + rng.normal(0.3, sd, n), 3), spread=sd)


tables = {"normal": normal(400), "one row": normal(1), "two rows": normal(2), "five rows": normal(5)}
label = np.round(rng.normal(2, 1.5, 301))
tables["tied"] = table(label, label + rng.choice([-1, 0, 0, 1, 2], 301))
tables["labels that are all equal"] = table(np.full(50, 7.0), np.round(rng.normal(7, 1, 50), 2))
label = np.round(rng.lognormal(3, 1.4, 500), 2)
tables["skewed"] = table(label, np.round(label * rng.lognormal(0, 0.3, 500), 2), spread=9.0)
label = np.round(rng.normal(0, 2, 200), 3)
tables["some of -1 and less"] = table(label, np.round(label + rng.normal(0, 1, 200), 3))
tables["all of -1 and less"] = table(-1 - np.abs(label), -1 - np.abs(np.roll(label, 1)))
label = np.round(rng.normal(50, 9, 240), 2)
tables["weights of few values and 0"] = table(label, label + np.round(rng.normal(0, 5, 240), 1), rng.choice([0, 0, 1, 1, 2, 0.5], 240))
tables["equal weights"] = table(label, label + np.round(rng.normal(0, 5, 240), 1), np.full(240, 0.1))
tables["weights far apart"] = table(label, label + np.round(rng.normal(0, 5, 240), 1), np.round(10 ** rng.uniform(-6, 6, 240), 9))


def median(x, w):
    """The weighted median, as scikit-learn defines it, by sums that are not rounded.

    It is the least value at which the weights reach one half, or the middle of it and the next
    where they reach it exactly. scikit-learn's own sums are rounded: it takes 240 weights of 0.1
    for ones that are beyond one half at the 120th value.
    """
    if w is None:
        return float(np.median(x))
    rows = sorted((v, Fraction(u)) for v, u in zip(x.tolist(), w.tolist()) if u > 0)
    half, upto = sum(u for _, u in rows) / 2, 0
    for i, (v, u) in enumerate(rows):
        upto += u
        if upto >= half:
            return (v + rows[i + 1][0]) / 2 if upto == half else v


def median_absolute_error(name, y, p, w):
    value = median(np.abs(p - y), w)
    if w is None or name != "equal weights":
        assert value == skm.median_absolute_error(y, p, sample_weight=w), name
    return value


def metrics(name, t, w):
    y, p, f = np.array(t["label"]), np.array(t["prediction"]), np.array(t["quantiles"])
    e = p - y
    out = {
        "me": np.average(e, weights=w),
        "mae": skm.mean_absolute_error(y, p, sample_weight=w),
        "mse": skm.mean_squared_error(y, p, sample_weight=w),
        "rmse": skm.root_mean_squared_error(y, p, sample_weight=w),
        "medae": median_absolute_error(name, y, p, w),
        "smape": np.average(np.where(np.abs(y) + np.abs(p) > 0, 2 * np.abs(e) / np.maximum(np.abs(y) + np.abs(p), 1e-300), 0), weights=w),
        "max_error": skm.max_error(y[w > 0], p[w > 0]) if w is not None else skm.max_error(y, p),
        "pinball_loss": np.mean([skm.mean_pinball_loss(y, f[i], sample_weight=w, alpha=q) for i, q in enumerate(ORDERS)]),
        "interval_coverage": np.average((f[0] <= y) & (y <= f[-1]), weights=w),
        "interval_width": np.average(f[-1] - f[0], weights=w),
    }
    nz = y != 0
    if nz.any():
        out["mape"] = skm.mean_absolute_percentage_error(y[nz], p[nz], sample_weight=None if w is None else w[nz])
    above = (y > -1) & (p > -1)
    if above.any():
        of = None if w is None else w[above]
        d = np.log1p(p[above]) - np.log1p(y[above])
        out["rmsle"] = np.sqrt(np.average(d**2, weights=of))
        if (y[above] >= 0).all() and (p[above] >= 0).all():  # scikit-learn takes no others
            assert abs(out["rmsle"] - skm.root_mean_squared_log_error(y[above], p[above], sample_weight=of)) < 1e-12
    spread = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
    if len(y) > 1 and spread > 0:
        out["r2"] = skm.r2_score(y, p, sample_weight=w)
        out["explained_variance"] = skm.explained_variance_score(y, p, sample_weight=w)
        out["skill_mean"] = 1 - out["rmse"] / np.sqrt(spread)
        off = np.average(np.abs(y - median(y, w)), weights=w)
        if off > 0:
            out["skill_median"] = 1 - out["mae"] / off
    return {k: float(v) for k, v in out.items()}


def errors(t, w):
    """Standard errors by the delta method: those of the weighted means of influence functions."""
    y, p = np.array(t["label"]), np.array(t["prediction"])
    w = np.ones(len(y)) if w is None else w
    e, n = p - y, len(y)

    def of(u):
        return float(np.sqrt(np.sum(w**2 * u**2) * n / (n - 1)) / np.sum(w))

    def mean(x):
        return np.average(x, weights=w)

    out = {"me": of(e - mean(e)), "mae": of(np.abs(e) - mean(np.abs(e)))}
    out["rmse"] = of(e**2 - mean(e**2)) / (2 * np.sqrt(mean(e**2)))
    z, d = y - mean(y), e - mean(e)
    r2, ev = mean(e**2) / mean(z**2), mean(d**2) / mean(z**2)
    out["r2"] = of(e**2 - r2 * z**2) / mean(z**2)
    out["skill_mean"] = out["r2"] / (2 * np.sqrt(r2))
    out["explained_variance"] = of(d**2 - ev * z**2) / mean(z**2)
    f = np.array(t["quantiles"])
    width = f[-1] - f[0]
    out["interval_width"] = of(width - mean(width))
    inside = (f[0] <= y) & (y <= f[-1])
    out["interval_coverage"] = of(inside - mean(inside))
    return out


out = {}
for name, t in tables.items():
    w = np.array(t["weight"])
    out[name] = {**t, "metrics": metrics(name, t, None), "weighted": metrics(name, t, w)}
    if name == "normal":
        out[name]["standard_errors"], out[name]["weighted_standard_errors"] = errors(t, None), errors(t, w)
print(json.dumps({
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__}, "orders": ORDERS, "tables": out,
}))
