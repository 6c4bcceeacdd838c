"""Makes binary.json: scores and labels of binary classifiers, and what scikit-learn says of them.

Run: python binary.py > binary.json
The versions used are in the output. What scikit-learn has not, or defines otherwise, is plain
numpy: ece, business_value, the standard error of roc_auc, and numbers that there are not, which
are null here where scikit-learn gives 0 (its zero_division).
"""
import json
import warnings

import numpy as np
import scipy
import scipy.stats as st
import sklearn
from sklearn import metrics as skm
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261130)
WORTH = [[0.0, -1.0], [-5.0, 10.0]]  # by actual and predicted class
COST = 0.002
BETA = 2


def rows(n, prevalence, apart=1.5):
    """Labels, and scores that are right on average, of two normal distributions."""
    y = (rng.random(n) < prevalence).astype(int)
    x = rng.normal(0, 1, n) + apart * y
    return y, scipy.special.expit(apart * x - apart**2 / 2 + np.log(prevalence / (1 - prevalence)))


def ece(y, s, w):
    """Over bins between the quantiles 0.1, 0.2 ... of the score, by rank: no score is split."""
    n, total = len(y), w.sum()
    distinct = np.unique(s)
    before = np.array([w[s < v].sum() for v in distinct])
    bins = (10 * before[:, None] * n > np.arange(1, 10) * total * (n - 1)).sum(axis=1)
    at = bins[np.searchsorted(distinct, s)]
    out, table = 0.0, []
    for k in np.unique(at):
        i = at == k
        rate, score = np.average(y[i], weights=w[i]), np.average(s[i], weights=w[i])
        out += w[i].sum() / total * abs(rate - score)
        table.append({"low": s[i].min(), "high": s[i].max(), "n": int(i.sum()), "score": score, "rate": rate})
    return float(out), table


def delong(y, s):
    """The standard error of roc_auc (DeLong, DeLong and Clarke-Pearson, 1988), by its pairs."""
    pos, neg = s[y == 1], s[y == 0]
    if len(pos) < 2 or len(neg) < 2:
        return None
    psi = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    v10, v01 = psi.mean(axis=1), psi.mean(axis=0)
    return float(np.sqrt(v10.var(ddof=1) / len(pos) + v01.var(ddof=1) / len(neg)))


def figures(y, s, p, w=None):
    weights = np.ones(len(y)) if w is None else w
    both, pos, said = len(np.unique(y)) == 2, y.any(), p.any()
    kw = {"sample_weight": w}
    clipped = np.clip(s, 1e-15, 1 - 1e-15)
    out = {
        "accuracy": skm.accuracy_score(y, p, **kw),
        "balanced_accuracy": skm.balanced_accuracy_score(y, p, **kw) if both else None,
        "precision": skm.precision_score(y, p, **kw) if said else None,
        "recall": skm.recall_score(y, p, **kw) if pos else None,
        "specificity": skm.recall_score(1 - y, 1 - p, **kw) if not y.all() else None,
        "f1": skm.f1_score(y, p, **kw) if pos or said else None,
        "f_beta": skm.fbeta_score(y, p, beta=BETA, **kw) if pos or said else None,
        "mcc": skm.matthews_corrcoef(y, p, **kw) if both and len(np.unique(p)) == 2 else None,
        "cohen_kappa": skm.cohen_kappa_score(y, p, **kw) if len(np.unique(np.r_[y, p])) == 2 else None,
        "roc_auc": skm.roc_auc_score(y, s, **kw) if both else None,
        "average_precision": skm.average_precision_score(y, s, **kw) if pos else None,
        "log_loss": skm.log_loss(y, clipped, labels=[0, 1], **kw),
        "brier": skm.brier_score_loss(y, s, **kw),
        "business_value": float(np.average(np.array(WORTH)[y, p], weights=weights)) - COST,
    }
    out["ece"], table = ece(y, s, weights)
    c = skm.confusion_matrix(y, p, labels=[0, 1], **kw)
    return {
        "metrics": {k: None if v is None else float(v) for k, v in out.items()},
        "confusion": c.astype(float).tolist(), "calibration": table,
        "roc_auc_se": delong(y, s) if w is None else None,
    }


def case(y, s, p=None, w=None):
    p = (s >= 0.5).astype(int) if p is None else p
    out = {"labels": y.tolist(), "scores": s.tolist(), "predicted": p.tolist(), **figures(y, s, p, w)}
    if w is not None:
        out["weights"] = w.tolist()
    return out


cases = {}
y, s = rows(600, 0.4)
cases["normal"] = case(y, s)
rate, score = calibration_curve(y, s, n_bins=10, strategy="quantile")  # the same bins
assert np.allclose(rate, [b["rate"] for b in cases["normal"]["calibration"]])
assert np.allclose(score, [b["score"] for b in cases["normal"]["calibration"]])
cases["odd number of rows"] = case(y[:487], s[:487])
cases["tied"] = case(y, np.round(s, 1))
cases["constant"] = case(y, np.full(len(y), 0.3))
cases["constant and positive"] = case(y, np.full(len(y), 0.75))
cases["one row"] = case(np.array([1]), np.array([0.8]))
cases["two rows"] = case(np.array([0, 1]), np.array([0.2, 0.7]))
cases["five rows"] = case(np.array([0, 1, 0, 1, 1]), np.array([0.2, 0.7, 0.7, 0.4, 0.9]))
y, s = rows(4000, 0.001, 2)
y[17] = 1
cases["skewed"] = case(y, s, (s >= 0.01).astype(int))
y, s = rows(200, 0.4)
cases["positive labels alone"] = case(np.ones(200, int), s)
cases["negative labels alone"] = case(np.zeros(200, int), s)
cases["nothing predicted"] = case(y, s / 3)
cases["all predicted"] = case(y, 0.5 + s / 2)
cases["always right"] = case(y, np.where(y == 1, 0.5 + s / 2, s / 2.5))
cases["always wrong"] = case(y, np.where(y == 0, 0.5 + s / 2, s / 2.5))
hard = np.round(s * 1.3 - 0.15, 3).clip(0, 1)
cases["scores of 0 and 1"] = case(y, hard)
cases["nothing but 0 and 1"] = case(y, (s > 0.5).astype(float))
cases["a threshold of its own"] = case(y, s, (s >= 0.25).astype(int))
y, s = rows(500, 0.3)
cases["weighted"] = case(y, s, None, np.round(rng.gamma(2, 1, 500), 3))
cases["weighted and tied"] = case(y, np.round(s, 1), None, rng.integers(0, 4, 500).astype(float))
cases["weighted alike"] = case(y, s, None, np.full(500, 2.5))

# So many distinct scores that they are counted on bins. The rows are made by the test too, from
# the same sequence: x = (a x + c) mod 2^32.
n = 200_000
x, seq = 1, []
for _ in range(2 * n):
    x = (1664525 * x + 1013904223) % 2**32
    seq.append(x)
u = np.array(seq, float) / 2**32
score = u[0::2] ** 3
label = (u[1::2] < score).astype(int)
said = (score >= 0.5).astype(int)
# ece by its quantiles, since so many scores are few to a bin.
edges = np.quantile(score, np.arange(1, 10) / 10)
at = np.searchsorted(edges, score, side="left")
big = {
    "accuracy": skm.accuracy_score(label, said), "f1": skm.f1_score(label, said), "roc_auc": skm.roc_auc_score(label, score),
    "average_precision": skm.average_precision_score(label, score), "log_loss": skm.log_loss(label, np.clip(score, 1e-15, 1 - 1e-15)),
    "brier": skm.brier_score_loss(label, score),
    "ece": float(sum((at == k).mean() * abs(label[at == k].mean() - score[at == k].mean()) for k in range(10))),
}

print(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
    "worth": WORTH, "cost_per_prediction": COST, "beta": BETA,
    "cases": cases, "large": {"rows": n, "metrics": {k: float(v) for k, v in big.items()}},
}))
