"""What Evidently computes of the benchmark's output: MAE and RMSE, and of each column
PSI (on bins of its own choice), and of numbers KS (as a p-value) and Wasserstein (normed)."""

import warnings

import pandas as pd

from common import NUMBERS, TEXTS, arguments, show

warnings.filterwarnings("ignore")

from evidently import DataDefinition, Dataset, Regression, Report
from evidently.metrics import MAE, RMSE, ValueDrift

FEATURES = [name for name in NUMBERS if name != "prediction"]


def main():
    args = arguments()
    log = pd.read_parquet(args.predictions.removesuffix("/*.parquet"))
    labels = pd.read_parquet(args.labels.removesuffix("/*.parquet"), columns=["id", "label"])
    rows = log.merge(labels, on="id", how="left")[["prediction", "label", *FEATURES, *TEXTS]]
    reference = pd.read_parquet(args.reference)

    definition = DataDefinition(
        regression=[Regression(target="label", prediction="prediction")], numerical_columns=[*FEATURES, "prediction"], categorical_columns=TEXTS
    )
    matched = Dataset.from_pandas(rows[rows.label.notna()], definition)
    performance = Report([MAE(), RMSE()]).run(matched, None).dict()["metrics"]
    drifts = [(name, method) for name in NUMBERS for method in ("psi", "ks", "wasserstein")] + [(name, "psi") for name in TEXTS]
    report = Report([ValueDrift(column=name, method=method) for name, method in drifts])
    found = report.run(Dataset.from_pandas(rows, definition), Dataset.from_pandas(reference, definition)).dict()["metrics"]

    def value(metric):
        return float(metric["value"]["mean"] if isinstance(metric["value"], dict) else metric["value"])

    answers = [{"part": "all", "name": "", "mae": value(performance[0]), "rmse": value(performance[1])}]
    by_column = {}
    for (name, method), metric in zip(drifts, found, strict=True):
        # Its bins of numbers and the p-value are not hindcast's, and are not compared.
        key = {"psi": "psi" if name in TEXTS else "psi_own_bins", "ks": "ks_p_value", "wasserstein": "wasserstein_normed"}[method]
        by_column.setdefault(name, {})[key] = value(metric)
    answers.extend({"part": "column", "name": name, **figures} for name, figures in by_column.items())
    show(answers)


if __name__ == "__main__":
    main()
