"""Makes multiclass.json: rows of classifiers of several classes, and what scikit-learn says of them.

Run: python multiclass.py > multiclass.json
The versions used are in the output. What scikit-learn has not, or refuses, is plain numpy: ece,
business_value, top-k accuracy and losses of rows whose class has no probability, and averages
without the classes beyond the thousand that are kept. Numbers that there are not are null.
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn import metrics as skm

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261130)
COST, TOP = 0.002, 2
WORTH = [["cat", "cat", 3.0], ["cat", "dog", -2.0], ["dog", "cat", -7.5], ["dog", "dog", 1.0]]


def rows(n, names, shares, sharp=2.0):
    """Labels, and probabilities that are right on average, rounded so that they are short."""
    k = len(names)
    logits = sharp * rng.normal(0, 1, (n, k)) + np.log(shares)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    y = np.array([names[rng.choice(k, p=row)] for row in p])
    return y, np.round(p, 6)


def ece(right, s, w):
    """Over bins between the quantiles 0.1, 0.2 ... of the score, by rank: no score is split."""
    n, total = len(s), w.sum()
    distinct = np.unique(s)
    before = np.array([w[s < v].sum() for v in distinct])
    at = (10 * before[:, None] * n > np.arange(1, 10) * total * (n - 1)).sum(axis=1)[np.searchsorted(distinct, s)]
    out = 0.0
    for k in np.unique(at):
        i = at == k
        out += w[i].sum() / total * abs(np.average(right[i], weights=w[i]) - np.average(s[i], weights=w[i]))
    return float(out)


def of_class(y, p, name, w):
    return {
        "n": int((y == name).sum()),
        "precision": skm.precision_score(y == name, p == name, sample_weight=w) if (p == name).any() else None,
        "recall": skm.recall_score(y == name, p == name, sample_weight=w) if (y == name).any() else None,
        "f1": skm.f1_score(y == name, p == name, sample_weight=w),
    }


def figures(y, p, names, s, w):
    weights = np.ones(len(y)) if w is None else w
    kw = {"sample_weight": w}
    macro = {"average": "macro", "zero_division": 0, **kw}
    varied = len(set(y)) > 1 and len(set(p)) > 1
    worth = {(a, b): v for a, b, v in WORTH}
    out = {
        "accuracy": skm.accuracy_score(y, p, **kw),
        "balanced_accuracy": skm.balanced_accuracy_score(y, p, **kw),
        "precision": skm.precision_score(y, p, **macro),
        "recall": skm.recall_score(y, p, **macro),
        "f1": skm.f1_score(y, p, **macro),
        "f1_micro": skm.f1_score(y, p, average="micro", **kw),
        "f1_weighted": skm.f1_score(y, p, average="weighted", zero_division=0, **kw),
        "mcc": skm.matthews_corrcoef(y, p, **kw) if varied else None,
        "cohen_kappa": skm.cohen_kappa_score(y, p, **kw) if len(set(y) | set(p)) > 1 else None,
        "business_value": float(np.average([worth.get(c, 0) for c in zip(y, p)], weights=weights)) - COST,
        "roc_auc": None, "top_k_accuracy": None, "log_loss": None, "brier": None, "ece": None,
    }
    classes = {c: of_class(y, p, c, w) for c in sorted(set(y) | set(p))}
    if s is not None:
        order = sorted(names)
        sorted_s = s[:, [names.index(c) for c in order]]
        known = set(y) <= set(names)
        index = np.array([order.index(c) if c in order else -1 for c in y])
        actual = np.where(index < 0, 0, sorted_s[np.arange(len(y)), index])
        hot = (index[:, None] == np.arange(len(order))).astype(float)
        out["log_loss"] = float(np.average(-np.log(np.clip(actual, 1e-15, 1 - 1e-15)), weights=weights))
        out["brier"] = float(np.average(((sorted_s - hot) ** 2).sum(axis=1) + (index < 0), weights=weights))
        confidence = np.array([row[names.index(c)] for row, c in zip(s, p)])
        out["ece"] = ece(y == p, confidence, weights)
        if known and len(names) > 2:
            out["top_k_accuracy"] = skm.top_k_accuracy_score(y, sorted_s, k=TOP, labels=order, **kw)
            assert np.isclose(out["brier"], skm.brier_score_loss(y, sorted_s, labels=order, **kw))  # scale_by_half of two classes alone
            positive = np.clip(sorted_s, 1e-15, 1 - 1e-15)
            assert np.isclose(out["log_loss"], skm.log_loss(y, positive, labels=order, **kw))
        else:
            rank = 1 + ((sorted_s > actual[:, None]) | ((sorted_s == actual[:, None]) & (np.arange(len(order)) > index[:, None]))).sum(axis=1)
            out["top_k_accuracy"] = float(np.average((index >= 0) & (rank <= TOP), weights=weights))
        aucs = {c: skm.roc_auc_score(y == c, s[:, names.index(c)], **kw) for c in names if 0 < (y == c).sum() < len(y)}
        if len(aucs) == len(names):
            out["roc_auc"] = float(np.mean(list(aucs.values())))
            if known and np.allclose(s.sum(axis=1), 1, atol=1e-5):
                exact = s / s.sum(axis=1, keepdims=True)
                ties = skm.roc_auc_score(y, exact[:, [names.index(c) for c in order]], multi_class="ovr", average="macro", labels=order, **kw)
                assert np.isclose(ties, out["roc_auc"], atol=1e-4)
        for c, value in aucs.items():
            classes[c]["roc_auc"] = float(value)
    labels = sorted(set(y) | set(p))
    return {
        "metrics": {k: None if v is None else float(v) for k, v in out.items()},
        "classes": {c: {k: None if v is None else float(v) for k, v in m.items()} for c, m in classes.items()},
        "labels": labels, "confusion": skm.confusion_matrix(y, p, labels=labels, **kw).astype(float).tolist(),
    }


def case(y, names, s=None, p=None, w=None):
    if p is None:
        p = np.array(names)[s.argmax(axis=1)]
    out = {"actual": list(map(str, y)), "predicted": list(map(str, p)), **figures(np.array(y), np.array(p), names, s, w)}
    if s is not None:
        out["names"], out["scores"] = names, s.tolist()
    if w is not None:
        out["weights"] = w.tolist()
    return out


pets = ["dog", "cat", "bird"]
cases = {}
y, s = rows(600, pets, [0.5, 0.3, 0.2])
cases["normal"] = case(y, pets, s)
cases["without probabilities"] = case(y, pets, None, np.array(pets)[s.argmax(axis=1)])
cases["tied"] = case(y, pets, np.round(s, 1))
cases["constant"] = case(y, pets, np.full((600, 3), 1 / 3))
cases["one row"] = case(y[:1], pets, s[:1])
cases["two rows"] = case(np.array(["cat", "dog"]), pets, np.array([[0.2, 0.7, 0.1], [0.5, 0.4, 0.1]]))
cases["five rows"] = case(np.array(["cat", "dog", "bird", "cat", "cat"]), pets, s[:5])
cases["a class that is never predicted"] = case(y, pets, s, np.where(s[:, 0] > 0.3, "dog", "cat"))
cases["a class without labels"] = case(np.where(y == "bird", "dog", y), pets, s)
cases["labels of one class"] = case(np.full(600, "dog"), pets, s)
cases["one class alone"] = case(np.full(200, "dog"), pets, np.tile([0.8, 0.1, 0.1], (200, 1)))
cases["a class without a probability"] = case(np.where(rng.random(600) < 0.1, "fish", y), pets, s)
cases["probabilities of 0 and 1"] = case(y, pets, np.round(s))
cases["weighted"] = case(y, pets, s, None, np.round(rng.gamma(2, 1, 600), 3))
cases["weighted and tied"] = case(y, pets, np.round(s, 1), None, rng.integers(0, 4, 600).astype(float))
cases["always right"] = case(y, pets, None, y)
numbers = [str(i) for i in range(12)]
y12, s12 = rows(500, numbers, np.full(12, 1 / 12), 3.0)
cases["numbers"] = case(y12, numbers, s12)

# 1,200 classes, of which those beyond the first 1,000 by name are not told apart. The rows are made
# by the test too, from the same sequence: x = (a x + c) mod 2^32.
n, x, seq = 60_000, 1, []
for _ in range(3 * n):
    x = (1664525 * x + 1013904223) % 2**32
    seq.append(x)
u = np.array(seq, float) / 2**32
actual = np.array([f"class {int(v * v * 1200):04d}" for v in u[0::3]])
other = np.array([f"class {int(v * v * 1200):04d}" for v in u[1::3]])
said = np.where(u[2::3] < 0.7, actual, other)
kept = np.unique(np.r_[actual, said])[:1000]
counted = lambda average: float(skm.f1_score(actual, said, labels=kept, average=average, zero_division=0))
many = {
    "accuracy": skm.accuracy_score(actual, said),
    "precision": skm.precision_score(actual, said, labels=kept, average="macro", zero_division=0),
    "recall": skm.recall_score(actual, said, labels=kept, average="macro", zero_division=0),
    "f1": counted("macro"),
    "balanced_accuracy": skm.recall_score(actual, said, labels=np.intersect1d(kept, actual), average="macro"),
}
print(json.dumps({
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "worth": WORTH, "cost_per_prediction": COST, "top_k": TOP, "cases": cases,
    "many": {"rows": n, "classes": len(np.unique(np.r_[actual, said])), "metrics": {k: float(v) for k, v in many.items()}},
}))
