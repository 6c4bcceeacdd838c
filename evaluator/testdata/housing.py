"""Makes housing.json: a real binary classifier's rows by month, and what scikit-learn says of them.

Run: python housing.py FOLDER > housing.json

The data is NannyML's example of California housing, hourly predictions with the labels in a
file of their own. Of rows there are counts by score, label and predicted class. The versions
used are in the output.
"""
import json
import sys

import numpy as np
import pandas as pd
import sklearn
from sklearn import metrics as skm


def main(folder):
    read = lambda name: pd.read_csv(f"{folder}/california_housing_{name}.csv")
    rows = read("analysis").merge(read("analysis_gt"), on="id")
    rows["month"] = rows.timestamp.str[:7]
    months = []
    for month, of in rows.groupby("month"):
        y, s, p = of.clf_target.to_numpy(int), of.y_pred_proba.to_numpy(float), of.y_pred.to_numpy(int)
        cells = [
            [score] + [int(((s == score) & (y == a) & (p == b)).sum()) for a in (0, 1) for b in (0, 1)]
            for score in np.unique(s).tolist()
        ]
        clipped = np.clip(s, 1e-15, 1 - 1e-15)
        months.append({"month": month, "cells": cells, "want": {
            "roc_auc": float(skm.roc_auc_score(y, s)),
            "average_precision": float(skm.average_precision_score(y, s)),
            "f1": float(skm.f1_score(y, p)),
            "brier": float(skm.brier_score_loss(y, s)),
            "log_loss": float(skm.log_loss(y, clipped)),
        }})
    json.dump({"source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, pandas {pd.__version__}", "months": months},
              sys.stdout, separators=(",", ":"))
    print()


main(sys.argv[1])
