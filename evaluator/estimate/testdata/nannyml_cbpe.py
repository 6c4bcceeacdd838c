#!/usr/bin/env python3
"""Write nannyml_cbpe.json: what NannyML estimates by CBPE, and the counts that it comes from.

The data is NannyML's example of California housing, months of hourly predictions with the
labels in a file of their own. A set of scores that are probabilities as they stand comes from
numpy. What is written of either is counts of rows by score, label and predicted class.

    pip install nannyml==0.13.1 scikit-learn==1.9.1
    python3 nannyml_cbpe.py FOLDER > nannyml_cbpe.json
"""
import json
import os
import sys

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # before the import: it would report its use to its makers

import nannyml
import numpy as np
import pandas as pd
import sklearn

METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]


def cells(rows, label):
    """Count rows by score: [score, ...] by label and predicted class where the label is known, else by class."""
    keys = [(a, p) for a in (0, 1) for p in (0, 1)] if label else [(None, 0), (None, 1)]
    out = []
    for score, of in rows.groupby("score"):
        out.append([score] + [int(((of.predicted == p) & (True if a is None else of.label == a)).sum()) for a, p in keys])
    return out


def case(name, reference, analysis):
    chunks = {"chunk_period": "M"} if "timestamp" in reference else {"chunk_number": 4}
    cbpe = nannyml.CBPE(y_pred_proba="score", y_pred="predicted", y_true="label", problem_type="classification_binary",
                        timestamp_column_name="timestamp" if "timestamp" in reference else None, metrics=METRICS, **chunks)
    cbpe.fit(reference.copy())
    got = cbpe.estimate(analysis.copy()).filter(period="analysis").to_df(multilevel=False)
    windows = []
    for _, row in got.iterrows():
        rows = analysis.iloc[int(row.chunk_start_index):int(row.chunk_end_index) + 1]
        windows.append({
            "name": row.chunk_key,
            "cells": cells(rows, False),
            "estimated": {m: float(row[f"{m}_value"]) for m in METRICS},
            "alerts": [m for m in METRICS if row[f"{m}_alert"]],
        })
    first = got.iloc[0]
    return {
        "name": name,
        "calibrated": bool(cbpe.needs_calibration),
        "thresholds": {m: [float(first[f"{m}_lower_threshold"]), float(first[f"{m}_upper_threshold"])] for m in METRICS},
        "reference": cells(reference, True),
        "windows": windows,
    }


def california(folder):
    names = {"clf_target": "label", "y_pred_proba": "score", "y_pred": "predicted"}
    read = lambda part: pd.read_csv(f"{folder}/california_housing_{part}.csv").rename(columns=names)
    keep = ["timestamp", "score", "predicted"]
    return case("california housing by month", read("reference")[keep + ["label"]], read("analysis")[keep])


def calibrated():
    rng = np.random.default_rng(13)

    def rows(n, a, b):
        score = np.round(rng.beta(a, b, n), 2)
        return pd.DataFrame({"score": score, "predicted": (score >= 0.5).astype(int), "label": (rng.random(n) < score).astype(int)})

    return case("calibrated scores", rows(20000, 1, 3), rows(8000, 1, 2)[["score", "predicted"]])


def main():
    json.dump({
        "source": f"nannyml {nannyml.__version__}, scikit-learn {sklearn.__version__}, numpy {np.__version__}, pandas {pd.__version__}",
        "cases": [california(sys.argv[1]), calibrated()],
    }, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
