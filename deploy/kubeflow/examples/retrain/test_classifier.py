"""Runs the functions of the classifier's pipeline for real, on made data."""

import json
import math
import os
import random
import unittest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of little data only wait for each other

import joblib  # noqa: E402
import pandas as pd  # noqa: E402
from kfp import dsl  # noqa: E402

import classifier  # noqa: E402
import retrain  # noqa: E402
import test_retrain  # noqa: E402


def parcels(day: int, rows: int, by_distance: float, by_weight: float) -> pd.DataFrame:
    """Parcels of one day, of which the far and heavy ones come late at the day's rates."""
    made = random.Random(day)
    out = []
    for i in range(rows):
        distance, weight = made.gauss(0, 1), made.gauss(0, 1)
        odds = by_distance * distance + by_weight * weight - 1
        out.append(
            {
                "predicted_at": f"2026-01-{day:02d}T{i % 24:02d}:{i // 24 % 60:02d}:00Z",
                "distance": distance,
                "weight": weight,
                "carrier": made.choice(["Nord", "Fjord"]),
                "late": "true" if made.random() < 1 / (1 + math.exp(-odds)) else "false",
            }
        )
    return pd.DataFrame(out)


class Retraining(test_retrain.Steps):
    model = "parcel-late"

    def run_pipeline(self, data: pd.DataFrame, until: str) -> dict:
        """Runs the steps as the pipeline joins them, and returns what evaluate logged."""
        path = self.folder / "data.csv"
        data.to_csv(path, index=False)
        registry = str(self.folder / "registry")
        training, holdout = self.output(dsl.Dataset), self.output(dsl.Dataset)
        candidate, metrics = self.output(dsl.Model), self.output(dsl.Metrics)
        curves = self.output(dsl.ClassificationMetrics)
        retrain.load.python_func(str(path), until, "predicted_at", 0.2, training, holdout)
        classifier.train_classifier.python_func(training, "late", "true", "predicted_at", 0.1, candidate)
        better = classifier.evaluate_classifier.python_func(
            candidate, holdout, "late", "true", 0.5, registry, "parcel-late", 0.0, metrics, curves
        )
        if better:
            retrain.register.python_func(candidate, registry, "parcel-late", until, "test")
        return {"better": better, "holdout": pd.read_csv(holdout.path), "curves": curves.metadata, **metrics.metadata}

    def area(self, version: str, rows: pd.DataFrame) -> float:
        """The share of the pairs of a late parcel and one in time that the model orders well."""
        saved = joblib.load(self.folder / "registry" / "parcel-late" / version)
        scores = saved["model"].predict_proba(rows[saved["features"]])[:, 1]
        late, in_time = scores[rows["late"]], scores[~rows["late"]]
        return float(((late[:, None] > in_time).sum() + (late[:, None] == in_time).sum() / 2) / (len(late) * len(in_time)))

    def test_a_retrained_model_beats_the_stale_one(self):
        old = pd.concat([parcels(1, 400, 3, 0), parcels(2, 400, 3, 0)])
        first = self.run_pipeline(old, "2026-01-03T00:00:00Z")
        self.assertTrue(first["better"], "there was none before")
        self.assertNotIn("current_roc_auc", first)
        stale = self.current()

        # The distance counts for nothing any more; what comes after data_until is not to be seen.
        new = pd.concat([parcels(5, 400, 0, 3), parcels(6, 400, 0, 3), parcels(8, 400, -9, 0)])
        second = self.run_pipeline(new, "2026-01-07T00:00:00Z")
        self.assertTrue(second["better"])
        self.assertEqual(len(second["holdout"]), 160)
        self.assertNotEqual(self.current(), stale)
        # Computed here as well, on the same rows.
        self.assertAlmostEqual(second["current_roc_auc"], self.area(stale, second["holdout"]), places=9)
        self.assertAlmostEqual(second["candidate_roc_auc"], self.area(self.current(), second["holdout"]), places=9)
        self.assertGreater(second["candidate_roc_auc"], second["current_roc_auc"] + 0.2)
        matrix = second["curves"]["confusionMatrix"]
        self.assertEqual([s["displayName"] for s in matrix["annotationSpecs"]], ["not true", "true"])
        self.assertEqual(sum(sum(r["row"]) for r in matrix["rows"]), 160)
        json.dumps(second["curves"], allow_nan=False)  # as the launcher is told of it
        points = second["curves"]["confidenceMetrics"]
        self.assertLess(len(points), 202)
        self.assertEqual((points[0]["recall"], points[-1]["recall"]), (0, 1))

    def test_a_worse_model_is_not_registered(self):
        self.run_pipeline(pd.concat([parcels(1, 800, 3, 0), parcels(2, 800, 3, 0)]), "2026-01-03T00:00:00Z")
        before = self.current()
        # A handful of rows teach less than is known already.
        found = self.run_pipeline(parcels(4, 60, 3, 0), "2026-01-05T00:00:00Z")
        self.assertFalse(found["better"])
        self.assertLess(found["candidate_roc_auc"], found["current_roc_auc"])
        self.assertEqual(self.current(), before)

    def test_labels_of_one_class_are_refused(self):
        with self.assertRaisesRegex(ValueError, "of 80 rows 0 have the label true"):
            self.run_pipeline(parcels(1, 100, 0, 0).assign(late="false"), "2026-01-03T00:00:00Z")


if __name__ == "__main__":
    unittest.main()
