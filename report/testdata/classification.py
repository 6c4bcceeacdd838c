"""Writes classification.json: what the SDK of Kubeflow Pipelines logs of a classifier's rows.

    python classification.py > classification.json

Made with kfp 2.17.3 and scikit-learn 1.9.1.
"""

import json
import sys

import kfp
import sklearn
from kfp import dsl
from sklearn.metrics import confusion_matrix, roc_curve

# Rows of a binary classifier, with ties and with scores of exactly 0 and 1.
rows = [(i * 7 % 11 / 10, (i * i + i // 3) % 5 < 2) for i in range(40)]
rows = [(min(score, 1.0), late) for score, late in rows]
scores, late = [r[0] for r in rows], [r[1] for r in rows]

logged = dsl.ClassificationMetrics(name="classification", uri="minio://bucket/classification")
logged.log_confusion_matrix(["0", "1"], confusion_matrix(late, [s >= 0.5 for s in scores]).tolist())
fpr, tpr, at = roc_curve(late, scores, drop_intermediate=False)
logged.log_roc_curve([float(x) for x in fpr], [float(x) for x in tpr], [min(1.0, float(x)) for x in at])

json.dump(
    {
        "kfp": kfp.__version__,
        "scikit-learn": sklearn.__version__,
        "scores": scores,
        "labels": [int(x) for x in late],
        "metadata": logged.metadata,
    },
    sys.stdout,
    indent=1,
)
print()
