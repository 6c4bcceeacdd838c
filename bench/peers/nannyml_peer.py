"""What NannyML computes of the benchmark's output: MAE and RMSE, and of each column the
KS and Wasserstein distances, of text Jensen-Shannon. It knows neither PSI nor segments.

One chunk is the whole window, as the window is one for hindcast.
"""

import warnings

import pandas as pd

from common import NUMBERS, TEXTS, arguments, show

warnings.filterwarnings("ignore")

import nannyml as nml


def main():
    args = arguments()
    log = pd.read_parquet(args.predictions.removesuffix("/*.parquet"))
    labels = pd.read_parquet(args.labels.removesuffix("/*.parquet"), columns=["id", "label"])
    rows = log.merge(labels, on="id", how="left")
    reference = pd.read_parquet(args.reference)

    performance = nml.PerformanceCalculator(
        problem_type="regression", y_pred="prediction", y_true="label", metrics=["mae", "rmse"], chunk_size=len(rows)
    )
    performance.fit(reference)
    # Rows without a label are left out by itself.
    result = performance.calculate(rows).filter(period="analysis").to_df()

    drift = nml.UnivariateDriftCalculator(
        column_names=NUMBERS + TEXTS, treat_as_categorical=TEXTS, chunk_size=len(rows),
        continuous_methods=["kolmogorov_smirnov", "wasserstein"], categorical_methods=["jensen_shannon"],
    )
    drift.fit(reference)
    found = drift.calculate(rows).filter(period="analysis").to_df()

    answers = [{"part": "all", "name": "", **{m: float(result[m]["value"].iloc[0]) for m in ("mae", "rmse")}}]
    for name in NUMBERS:
        answers.append({
            "part": "column", "name": name, "ks": float(found[name]["kolmogorov_smirnov"]["value"].iloc[0]),
            "wasserstein": float(found[name]["wasserstein"]["value"].iloc[0]),
        })
    for name in TEXTS:
        answers.append({"part": "column", "name": name, "js": float(found[name]["jensen_shannon"]["value"].iloc[0])})
    show(answers)


if __name__ == "__main__":
    main()
