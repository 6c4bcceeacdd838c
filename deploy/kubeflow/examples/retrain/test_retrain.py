"""Runs the functions of the pipeline's components for real, on made data."""

import os
import pathlib
import random
import tempfile
import unittest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of little data only wait for each other

import joblib  # noqa: E402
import pandas as pd  # noqa: E402
from kfp import dsl  # noqa: E402

import retrain  # noqa: E402


def houses(day: int, rows: int, price_per_metre: float) -> pd.DataFrame:
    """Houses of one day, whose price grows with size and age at the day's rate."""
    made = random.Random(day)
    out = []
    for i in range(rows):
        size, age = made.uniform(40, 200), made.uniform(0, 100)
        out.append(
            {
                "predicted_at": f"2026-01-{day:02d}T{i % 24:02d}:{i // 24 % 60:02d}:00Z",
                "size": size,
                "age": age,
                "city": made.choice(["Oslo", "Bergen"]),
                "label": size * price_per_metre - 2 * age + made.gauss(0, 5),
            }
        )
    return pd.DataFrame(out)


class Steps(unittest.TestCase):
    """A folder for what the steps of a pipeline write, with a registry of models."""

    model = "house-price"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.steps = 0

    def output(self, kind):
        """An artifact of that kind, as a component gets it to write to."""
        self.steps += 1
        return kind(name=kind.__name__, uri=str(self.folder / f"output-{self.steps}"))

    def current(self) -> str:
        return (self.folder / "registry" / self.model / "current.txt").read_text()


class Retraining(Steps):
    def run_pipeline(self, data: pd.DataFrame, until: str) -> dict:
        """Runs the steps as the pipeline joins them, and returns what evaluate logged."""
        path = self.folder / "data.csv"
        data.to_csv(path, index=False)
        registry = str(self.folder / "registry")
        training, holdout = self.output(dsl.Dataset), self.output(dsl.Dataset)
        candidate, metrics = self.output(dsl.Model), self.output(dsl.Metrics)
        retrain.load.python_func(str(path), until, "predicted_at", 0.2, training, holdout)
        retrain.train.python_func(training, "label", "predicted_at", 0.1, candidate)
        better = retrain.evaluate.python_func(candidate, holdout, "label", registry, "house-price", 0.0, metrics)
        if better:
            retrain.register.python_func(candidate, registry, "house-price", until, "test")
        return {"better": better, "holdout": pd.read_csv(holdout.path), **metrics.metadata}

    def rmse(self, version: str, rows: pd.DataFrame) -> float:
        saved = joblib.load(self.folder / "registry" / "house-price" / version)
        error = saved["model"].predict(rows[saved["features"]]) - rows["label"]
        return float((error**2).mean() ** 0.5)

    def test_a_retrained_model_beats_the_stale_one(self):
        old = pd.concat([houses(1, 300, 3.0), houses(2, 300, 3.0)])
        first = self.run_pipeline(old, "2026-01-03T00:00:00Z")
        self.assertTrue(first["better"], "there was none before")
        self.assertNotIn("current_rmse", first)
        stale = self.current()

        # Prices rise by a half; what comes after data_until is not to be seen.
        new = pd.concat([houses(5, 300, 4.5), houses(6, 300, 4.5), houses(8, 300, 90.0)])
        second = self.run_pipeline(new, "2026-01-07T00:00:00Z")
        self.assertTrue(second["better"])
        self.assertEqual(len(second["holdout"]), 120)
        self.assertNotEqual(self.current(), stale)
        # Computed here as well, on the same rows.
        self.assertAlmostEqual(second["current_rmse"], self.rmse(stale, second["holdout"]), places=6)
        self.assertAlmostEqual(second["candidate_rmse"], self.rmse(self.current(), second["holdout"]), places=6)
        self.assertLess(second["candidate_rmse"], second["current_rmse"] / 3)

    def test_a_worse_model_is_not_registered(self):
        self.run_pipeline(pd.concat([houses(1, 600, 3.0), houses(2, 600, 3.0)]), "2026-01-03T00:00:00Z")
        before = self.current()
        # A handful of rows teach less than is known already.
        found = self.run_pipeline(houses(4, 30, 3.0), "2026-01-05T00:00:00Z")
        self.assertFalse(found["better"])
        self.assertGreater(found["candidate_rmse"], found["current_rmse"])
        self.assertEqual(self.current(), before)


if __name__ == "__main__":
    unittest.main()
