"""Makes pages of the same data with Hindcast, Evidently and NannyML, and prints what they weigh,
how long they took, and where their figures agree: the tables of ../report.md.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python compare.py --hindcast ../../bin/hindcast --out pages

The data are the three logs that `hindcast demo` writes, and the houses in California that come
with the package nannyml. Pages are to be looked at in a browser.
"""

import argparse
import json
import os
import pathlib
import subprocess
import time
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}

import nannyml as nml
from evidently import BinaryClassification, DataDefinition, Dataset, MulticlassClassification, Regression, Report
from evidently.metrics import MAE, RMSE, F1Score, RocAuc, ValueDrift
from evidently.presets import ClassificationPreset, DataDriftPreset, RegressionPreset

AS_OF = "2026-01-17T03:00:00Z"  # of the demo's last pass
HOUSES = """version: 1
models:
  - name: houses
    task: binary
    window: 1mo
    predictions:
      url: file://./analysis.csv
      columns: {id: id, timestamp: timestamp, prediction: y_pred, score: y_pred_proba}
      features: [MedInc, HouseAge, AveRooms, AveBedrms, Population, AveOccup, Latitude, Longitude]
    ground_truth:
      url: file://./labels.csv
      columns: {id: id, label: clf_target}
    reference:
      url: file://./reference.csv
      columns: {label: clf_target}
    rules:
      - {name: roc_auc, when: roc_auc < 0.9 * reference.roc_auc, action: alert}
state: {url: file://./state}
"""


class Log:
    """What a model predicted, what turned out, and what both are compared with."""

    def __init__(self, name, task, time, label, numbers, texts, chunk, window, pred, scores=None):
        self.name, self.task, self.time, self.label = name, task, time, label
        self.numbers, self.texts, self.chunk, self.window = numbers, texts, chunk, window
        self.pred, self.scores = pred, scores  # scores: a column, or a column of each class
        self.features = numbers + texts

    def window_rows(self):
        start, end = (pd.Timestamp(t) for t in self.window)
        return self.rows[(self.rows[self.time] >= start) & (self.rows[self.time] < end)]

    def run(self, hindcast, *args):
        command = [hindcast, *args, "-q"]
        return subprocess.run(command, cwd=self.dir, check=True, capture_output=True, text=True).stdout


LOGS = [
    Log("regression", "regression", "predicted_at", "sold_price", ["size", "bedrooms", "age"], ["city"],
        "D", ("2026-01-13", "2026-01-14"), "predicted_price"),
    Log("binary", "classification_binary", "predicted_at", "late", ["distance_km", "weight_kg", "items"], ["carrier"],
        "D", ("2026-01-13", "2026-01-14"), "said", "late_probability"),
    Log("multiclass", "classification_multiclass", "predicted_at", "desk", ["words", "amount", "attachments"], ["channel"],
        "D", ("2026-01-13", "2026-01-14"), "said", {c: "p_" + c for c in ("billing", "delivery", "returns")}),
    Log("houses", "classification_binary", "timestamp", "clf_target",
        ["MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude"], [],
        "M", ("2022-03-01", "2022-04-01"), "y_pred", "y_pred_proba"),
]


def load(log, hindcast, out):
    """Writes the log where it isn't there, and reads it as Evidently and NannyML want it: joined."""
    log.dir = out / log.name
    if log.name == "houses":
        log.dir.mkdir(exist_ok=True)
        log.reference, rows, labels = nml.datasets.load_modified_california_housing_dataset()
        log.reference.to_csv(log.dir / "reference.csv", index=False)
        rows.to_csv(log.dir / "analysis.csv", index=False)
        labels.to_csv(log.dir / "labels.csv", index=False)
        (log.dir / "hindcast.yaml").write_text(HOUSES)
        log.rows = rows.merge(labels, on="id", how="left")
        log.rows[log.time] = pd.to_datetime(log.rows[log.time])
        log.reference[log.time] = pd.to_datetime(log.reference[log.time])
        return
    if not (log.dir / "hindcast.yaml").exists():
        subprocess.run([hindcast, "demo", "--task", log.name, "--dir", str(log.dir), "-q"], check=True, capture_output=True)
    rows = pd.concat([pd.read_parquet(f) for f in sorted(log.dir.glob("predictions/*/*.parquet"))])
    labels = pd.concat([pd.read_csv(f) for f in sorted(log.dir.glob("labels/*/*.csv"))])
    key = labels.columns[0]
    # The label that counts is the one loaded last by the time of the pass, if it is no deletion.
    labels = labels[labels.loaded_at <= AS_OF].sort_values("loaded_at", kind="stable").drop_duplicates(key, keep="last")
    labels = labels[labels.op != "d"]
    log.reference = pd.read_csv(log.dir / "reference.csv")
    log.rows = rows.merge(labels[[key, log.label]], on=key, how="left")
    log.rows[log.time] = log.rows[log.time].dt.tz_localize(None)
    for frame in (log.reference, log.rows):
        if log.name == "binary":
            frame["said"] = (frame[log.scores] >= 0.3).astype(int)
            frame[log.label] = frame[log.label].map({True: 1, False: 0})
        if log.name == "multiclass":
            columns = list(log.scores.values())
            frame["said"] = frame[columns].idxmax(axis=1).str.removeprefix("p_")


def report_of_hindcast(log, hindcast, out):
    """Judges what isn't judged yet, and draws the window."""
    start = time.perf_counter()
    if log.name == "houses":
        log.run(hindcast, "run", "--from", log.rows[log.time].min().strftime("%Y-%m-01"), "--to", "2022-04-01")
    judged = time.perf_counter()
    page = out / f"hindcast-{log.name}.html"
    window = "/".join(log.window)
    log.run(hindcast, "report", "--window", window, "--out", str(page.absolute()))
    drawn = time.perf_counter()
    print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB, judged in {judged - start:.2f} s, drawn in {drawn - judged:.2f} s")
    records = sorted(log.dir.glob(f"state/evaluations/*/{log.window[0].replace('-', '')}*/r*.json"))
    return json.loads(records[-1].read_text())["output"]


def report_of_evidently(log, out):
    """The presets on drift and on performance of one window, a page each."""
    definition = {"numerical_columns": log.numbers, "categorical_columns": log.texts}
    columns = log.features + [log.label, log.pred]
    if log.task == "regression":
        preset, single = RegressionPreset(), [MAE(), RMSE()]
        definition["regression"] = [Regression(target=log.label, prediction=log.pred)]
        definition["numerical_columns"] = definition["numerical_columns"] + [log.label, log.pred]
    elif log.task == "classification_binary":
        columns = log.features + [log.label, log.scores]
        threshold = 0.3 if log.name == "binary" else 0.5
        preset, single = ClassificationPreset(probas_threshold=threshold), [RocAuc(), F1Score(probas_threshold=threshold)]
        definition["classification"] = [BinaryClassification(target=log.label, prediction_probas=log.scores, pos_label=1)]
        definition["categorical_columns"] = definition["categorical_columns"] + [log.label]
        definition["numerical_columns"] = definition["numerical_columns"] + [log.scores]
    else:
        preset, single = ClassificationPreset(), [F1Score()]
        definition["classification"] = [MulticlassClassification(target=log.label, prediction_labels=log.pred)]
        definition["categorical_columns"] = definition["categorical_columns"] + [log.label, log.pred]
    definition = DataDefinition(**definition)
    current = log.window_rows()[columns]
    labelled = current[current[log.label].notna()].astype({log.label: log.reference[log.label].dtype})
    matched = Dataset.from_pandas(labelled, definition)
    everything = Dataset.from_pandas(current, definition)
    reference = Dataset.from_pandas(log.reference[columns], definition)
    for name, part, rows in (("drift", DataDriftPreset(), everything), ("performance", preset, matched)):
        page = out / f"evidently-{log.name}-{name}.html"
        start = time.perf_counter()
        Report([part]).run(rows, reference).save_html(str(page))
        print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB, made in {time.perf_counter() - start:.2f} s")
    methods = [(c, m) for c in log.numbers for m in ("wasserstein", "psi")] + [(c, m) for c in log.texts for m in ("jensenshannon", "psi")]
    found = Report([ValueDrift(column=c, method=m) for c, m in methods]).run(everything, reference).dict()["metrics"]
    figures = {(c, m): float(metric["value"]) for (c, m), metric in zip(methods, found, strict=True)}
    for metric in Report(single).run(matched, None).dict()["metrics"]:
        name = {"MAE": "mae", "RMSE": "rmse", "RocAuc": "roc_auc", "F1Score": "f1"}[metric["metric_name"].split("(")[0]]
        value = metric["value"]
        figures[name] = float(value["mean"] if isinstance(value, dict) else value)
    return figures


def plots_of_nannyml(log, out):
    """What NannyML plots over windows, below each other in one page."""
    start = time.perf_counter()
    chunks = {"timestamp_column_name": log.time, "chunk_period": log.chunk}
    rows, reference = log.rows.copy(), log.reference.copy()
    if isinstance(log.scores, dict):  # it refuses classes' scores that were rounded and don't add up to 1
        columns = list(log.scores.values())
        for frame in (rows, reference):
            frame[columns] = frame[columns].div(frame[columns].sum(axis=1), axis=0)
    if log.time not in reference:  # the demo's reference has no times: its rows are put before the log's
        reference[log.time] = pd.date_range("2025-12-27", "2025-12-31 23:59", periods=len(reference))
    outputs = [log.pred] if log.scores is None else [log.pred, *(log.scores.values() if isinstance(log.scores, dict) else [log.scores])]
    metrics = {"regression": ["mae", "rmse"]}.get(log.task, ["roc_auc", "f1"])
    drift = nml.UnivariateDriftCalculator(
        column_names=log.features + outputs[-1:], continuous_methods=["wasserstein", "kolmogorov_smirnov"],
        categorical_methods=["jensen_shannon"], treat_as_categorical=log.texts, **chunks,
    ).fit(reference).calculate(rows)
    figures = [drift.plot(kind="drift"), drift.plot(kind="distribution")]
    task = {"problem_type": log.task, "y_true": log.label, "y_pred": log.pred} | ({} if log.scores is None else {"y_pred_proba": log.scores})
    realised = nml.PerformanceCalculator(metrics=metrics, **task, **chunks).fit(reference).calculate(rows)
    if log.task == "regression":
        estimator = nml.DLE(feature_column_names=log.features, y_true=log.label, y_pred=log.pred, metrics=metrics, **chunks)
    else:
        estimator = nml.CBPE(metrics=metrics, **task, **chunks)
    estimated = estimator.fit(reference).estimate(rows)
    figures += [realised.plot(), estimated.plot()]
    figures += [estimated.filter(metrics=[m]).compare(realised.filter(metrics=[m])).plot() for m in metrics]
    for calculator in (nml.SummaryStatsAvgCalculator, nml.SummaryStatsStdCalculator, nml.SummaryStatsMedianCalculator):
        figures.append(calculator(column_names=log.numbers, **chunks).fit(reference).calculate(rows).plot())
    multivariate = nml.DataReconstructionDriftCalculator(column_names=log.features, **chunks).fit(reference).calculate(rows)
    figures += [multivariate.plot(), nml.MissingValuesCalculator(column_names=log.features, **chunks).fit(reference).calculate(rows).plot()]
    page = out / f"nannyml-{log.name}.html"
    parts = [f.to_html(full_html=False, include_plotlyjs=i == 0) for i, f in enumerate(figures)]
    page.write_text("<!doctype html><meta charset=utf-8>" + "".join(parts))
    print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB, made in {time.perf_counter() - start:.2f} s")

    def of_window(result, *names):
        frame = result.filter(period="analysis").to_df()
        starts = frame[("chunk", "start_date") if ("chunk", "start_date") in frame else ("chunk", "chunk", "start_date")]
        return float(frame[names][pd.to_datetime(starts).dt.strftime("%Y-%m-%d") == log.window[0]].iloc[0])

    found = {m: of_window(realised, m, "value") for m in metrics}
    found |= {"estimated " + m: of_window(estimated, m, "value") for m in metrics}
    for c in log.numbers:
        found[(c, "wasserstein")] = of_window(drift, c, "wasserstein", "value")
        found[(c, "ks")] = of_window(drift, c, "kolmogorov_smirnov", "value")
    for c in log.texts:
        found[(c, "jensenshannon")] = of_window(drift, c, "jensen_shannon", "value")
    return found


def compare(log, ours, evidently, nannyml):
    """Prints the figures that more than one of them has."""
    def row(name, *values):
        print(f"| {log.name} | {name} | " + " | ".join("" if v is None else f"{v:.12g}" for v in values) + " |")

    estimates = (ours.get("estimated") or {}).get("metrics", {})
    for name in ("mae", "rmse", "roc_auc", "f1"):
        if name in evidently or name in nannyml:
            row(name, ours["metrics"][name]["value"], evidently.get(name), nannyml.get(name))
            row("estimated " + name, estimates.get(name, {}).get("value"), None, nannyml.get("estimated " + name))
    for c in log.features:
        measures = {m: v["value"] for m, v in ours["drift"]["columns"][c]["measures"].items()}
        row(f"{c} Wasserstein", measures.get("wasserstein"), None, nannyml.get((c, "wasserstein")))
        row(f"{c} Wasserstein, normed", measures.get("wasserstein_normed"), evidently.get((c, "wasserstein")), None)
        row(f"{c} KS", measures.get("ks"), None, nannyml.get((c, "ks")))
        row(f"{c} JS", measures.get("js"), evidently.get((c, "jensenshannon")), nannyml.get((c, "jensenshannon")))
        row(f"{c} PSI", measures.get("psi"), evidently.get((c, "psi")), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hindcast", default="../../bin/hindcast")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("pages"))
    parser.add_argument("--only", help="one of " + ", ".join(log.name for log in LOGS))
    args = parser.parse_args()
    args.out.mkdir(exist_ok=True)
    hindcast = str(pathlib.Path(args.hindcast).absolute())
    for log in LOGS:
        if args.only and log.name != args.only:
            continue
        load(log, hindcast, args.out)
        ours = report_of_hindcast(log, hindcast, args.out)
        compare(log, ours, report_of_evidently(log, args.out), plots_of_nannyml(log, args.out))


if __name__ == "__main__":
    main()
