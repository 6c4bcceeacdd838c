"""Makes curves.json: scores and labels of binary classifiers, and scikit-learn's curves of them.

Run: python curves.py > curves.json
The versions used are in the output.
"""
import json

import numpy as np
import scipy.special
import sklearn
from sklearn import metrics as skm

rng = np.random.default_rng(20261201)


def case(n, prevalence, digits=None, weighted=False):
    y = (rng.random(n) < prevalence).astype(int)
    s = scipy.special.expit(rng.normal(0, 1.2, n) + 1.5 * y - 1)
    if digits is not None:
        s = np.round(s, digits)
    w = np.round(rng.gamma(2, 1, n), 3) if weighted else None
    fpr, tpr, roc = skm.roc_curve(y, s, sample_weight=w, drop_intermediate=False)
    precision, recall, pr = skm.precision_recall_curve(y, s, sample_weight=w)
    edges = np.linspace(0, 1, 9)
    return {
        "labels": y.tolist(), "scores": s.tolist(), "weights": [] if w is None else w.tolist(),
        # The first threshold of scikit-learn is infinite, and that of the last point of its
        # precision-recall curve is not there: both are 1 here.
        "roc": [[1.0 if np.isinf(t) else t, f, r] for t, f, r in zip(roc.tolist(), fpr.tolist(), tpr.tolist())],
        "pr": [[t, r, p] for t, r, p in zip(pr.tolist() + [1.0], recall.tolist(), precision.tolist())],
        # Bins that scores do not lie between.
        "histogram": [np.histogram(s[y == k] * (1 - 1e-12) + 0.5e-12, edges)[0].tolist() for k in (0, 1)],
    }


print(json.dumps({
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "cases": {
        "few": case(40, 0.4),
        "tied": case(300, 0.3, digits=1),
        "many": case(900, 0.2, digits=4),
        "weighted": case(250, 0.35, digits=2, weighted=True),
    },
}, indent=None, separators=(",", ":")))
