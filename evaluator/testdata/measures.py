"""Makes measures.json: data and what numpy, scipy and scikit-learn say of it.

Run: python measures.py > measures.json
The versions used are in the output.
"""
import json

import numpy as np
import scipy
import scipy.stats as st
import sklearn
from scipy.spatial.distance import jensenshannon
from sklearn import metrics as skm

rng = np.random.default_rng(20261123)
N, M = 400, 300


def sample(n, shift):
    size = np.round(rng.normal(100 + 12 * shift, 30, n), 1)
    return {
        "normal": list(map(float, rng.normal(0.3 * shift, 1 + 0.2 * shift, n))),
        "lognormal": list(map(float, rng.lognormal(0.1 * shift, 1.2, n))),
        "tied": list(map(float, np.round(rng.normal(5 + shift, 3, n)))),
        "few": list(map(float, rng.choice([1, 2, 3, 4], n, p=[0.4 - 0.1 * shift, 0.3, 0.2, 0.1 + 0.1 * shift]))),
        "binary": list(map(float, rng.choice([0, 1], n, p=[0.7 - 0.2 * shift, 0.3 + 0.2 * shift]))),
        "city": list(map(str, rng.choice(["Oslo", "Bergen", "Moss"], n, p=[0.5, 0.3, 0.2]))),
        "label": list(map(float, np.round(3 * size + rng.normal(0, 20, n), 2))),
        "prediction": list(map(float, np.round(3 * size + 4 * shift, 2))),
    }


ref, cur = sample(N, 0), sample(M, 1)
cur["label"][7] = 0.0  # MAPE leaves it out
cur["city"][3] = "Unseen"


def shares(a, b, values):
    p = np.array([sum(x == v for x in a) for v in values] + [sum(x not in values for x in a)], float)
    q = np.array([sum(x == v for x in b) for v in values] + [sum(x not in values for x in b)], float)
    return p, q


def psi(p, q):
    keep = (p > 0) | (q > 0)
    p, q = p[keep], q[keep]
    add = 0.5 if ((p == 0) | (q == 0)).any() else 0.0
    p, q = (p + add) / (p + add).sum(), (q + add) / (q + add).sum()
    return float(((q - p) * np.log(q / p)).sum())


def deciles(a, b):
    """Counts between the inverted-CDF deciles of a; what is out of range is in the nearest."""
    edges = np.unique(np.quantile(a, np.arange(1, 10) / 10, method="inverted_cdf"))
    edges = edges[edges < max(a)]

    def count(x):
        i = np.searchsorted(edges, np.array(x), side="left")
        return np.array(np.bincount(i, minlength=len(edges) + 1), float)

    return count(a), count(b)


def cohen_w(p, q):
    p, q = p / p.sum(), q / q.sum()
    keep = p + q > 0
    p, q = p[keep], q[keep]
    return float(np.sqrt(((q - p) ** 2 / ((p + q) / 2)).sum()))


columns = {}
for c in ref:
    a, b = ref[c], cur[c]
    out = {"missing": 0.0}
    if c == "city":
        p, q = shares(a, b, sorted(set(a)))
    else:
        out["out_of_range"] = float(np.mean((np.array(b) < min(a)) | (np.array(b) > max(a))))
        out["ks"] = float(st.ks_2samp(a, b).statistic)
        out["wasserstein"] = float(st.wasserstein_distance(a, b))
        out["wasserstein_normed"] = out["wasserstein"] / float(np.std(a))
        if len(set(a)) > 5:
            out["psi"] = psi(*deciles(a, b))
            columns[c] = out
            continue
        p, q = shares(a, b, sorted(set(a)))
    out["psi"] = psi(p, q)
    out["js"] = float(jensenshannon(p, q, base=2))
    out["cohen_w"] = cohen_w(p, q)
    out["tvd"] = float(np.abs(p / p.sum() - q / q.sum()).sum() / 2)
    columns[c] = out

y, p = np.array(cur["label"]), np.array(cur["prediction"])
e = p - y
nz = y != 0
print(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
    "reference": ref, "current": cur, "columns": columns,
    "metrics": {
        "me": float(e.mean()),
        "mae": float(skm.mean_absolute_error(y, p)),
        "mse": float(skm.mean_squared_error(y, p)),
        "rmse": float(skm.root_mean_squared_error(y, p)),
        "medae": float(skm.median_absolute_error(y, p)),
        "mape": float(skm.mean_absolute_percentage_error(y[nz], p[nz])),
        "smape": float(np.mean(2 * np.abs(e) / (np.abs(y) + np.abs(p)))),
        "r2": float(skm.r2_score(y, p)),
        "max_error": float(skm.max_error(y, p)),
    },
    "standard_errors": {
        "me": float(st.sem(e)),
        "mae": float(st.sem(np.abs(e))),
        "mse": float(st.sem(e**2)),
        "rmse": float(st.sem(e**2) / (2 * np.sqrt((e**2).mean()))),
        "mape": float(st.sem(np.abs(e[nz]) / np.abs(y[nz]))),
        "r2": float(st.sem(e**2 - (1 - skm.r2_score(y, p)) * (y - y.mean())**2) / y.var()),
    },
    "kurtosis_e2": float(st.kurtosis(e**2, fisher=False)),
}))
