"""A pipeline that retrains a regression model, for Hindcast to start.

It loads what is labelled up to a time, trains on the older part, compares with the model
in use on the newer part, and puts the new one in its place only where it is better.

    python retrain.py            # writes retrain.yaml beside this file
    python retrain.py --check    # says whether retrain.yaml is what this file compiles to
"""

import pathlib
import sys

from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output

IMAGE = "python:3.11-slim"
DATA = ["pandas==3.1.1", "s3fs==2026.9.0"]
LEARN = ["pandas==3.1.1", "scikit-learn==1.9.1", "s3fs==2026.9.0"]


@dsl.component(base_image=IMAGE, packages_to_install=DATA)
def load(
    data_url: str,
    data_until: str,
    time_column: str,
    holdout_share: float,
    training: Output[Dataset],
    holdout: Output[Dataset],
):
    """Splits the rows before data_until by time: the newest are held out."""
    import pandas as pd

    rows = pd.read_csv(data_url)
    at = pd.to_datetime(rows[time_column], utc=True, format="ISO8601")
    until = pd.to_datetime(data_until, utc=True)
    rows = rows[at < until].assign(**{time_column: at[at < until]})
    rows = rows.sort_values(time_column, kind="stable")
    held = int(len(rows) * holdout_share)
    if held < 1 or len(rows) - held < 1:
        raise ValueError(
            f"{len(rows)} rows of {data_url} lie before {data_until}: too few to train and to hold out {holdout_share:.0%}"
        )
    rows.iloc[:-held].to_csv(training.path, index=False)
    rows.iloc[-held:].to_csv(holdout.path, index=False)
    training.metadata["rows"] = len(rows) - held
    holdout.metadata["rows"] = held


@dsl.component(base_image=IMAGE, packages_to_install=LEARN)
def train(
    training: Input[Dataset],
    label: str,
    time_column: str,
    learning_rate: float,
    candidate: Output[Model],
):
    """Fits boosted trees to the numeric columns."""
    import joblib
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingRegressor

    rows = pd.read_csv(training.path)
    features = [
        c
        for c in rows.columns
        if c not in (label, time_column) and pd.api.types.is_numeric_dtype(rows[c])
    ]
    if not features:
        raise ValueError("no column but the label is numeric")
    model = HistGradientBoostingRegressor(learning_rate=learning_rate, random_state=0)
    model.fit(rows[features], rows[label])
    joblib.dump({"model": model, "features": features}, candidate.path)
    candidate.metadata["features"] = ",".join(features)


@dsl.component(base_image=IMAGE, packages_to_install=LEARN)
def evaluate(
    candidate: Input[Model],
    holdout: Input[Dataset],
    label: str,
    registry_url: str,
    model_name: str,
    min_gain: float,
    metrics: Output[Metrics],
) -> bool:
    """Says whether the candidate's RMSE on the held out rows is below the current model's
    by more than min_gain of it. Without a current model it is."""
    import fsspec
    import joblib
    import pandas as pd
    from sklearn.metrics import root_mean_squared_error

    rows = pd.read_csv(holdout.path)

    def rmse(saved) -> float:
        return float(
            root_mean_squared_error(
                rows[label], saved["model"].predict(rows[saved["features"]])
            )
        )

    new = rmse(joblib.load(candidate.path))
    metrics.log_metric("candidate_rmse", new)
    folder = registry_url.rstrip("/") + "/" + model_name
    try:
        with fsspec.open(folder + "/current.txt", "r") as f:
            version = f.read().strip()
    except FileNotFoundError:
        return True
    # A pickle: load it from a registry that only this pipeline writes to.
    with fsspec.open(folder + "/" + version, "rb") as f:
        old = rmse(joblib.load(f))
    metrics.log_metric("current_rmse", old)
    return new < old * (1 - min_gain)


@dsl.component(base_image=IMAGE, packages_to_install=DATA)
def register(
    candidate: Input[Model], registry_url: str, model_name: str, data_until: str, reason: str
) -> str:
    """Stores the model under a version of its own and then points current.txt at it, so
    that a reader finds the old one or the new one, and whole."""
    import hashlib
    import json

    import fsspec

    folder = registry_url.rstrip("/") + "/" + model_name
    with open(candidate.path, "rb") as f:
        data = f.read()
    version = hashlib.sha256(data).hexdigest()[:16] + ".joblib"
    local = "://" not in registry_url  # object stores have no folders to make
    with fsspec.open(folder + "/" + version, "wb", **({"auto_mkdir": True} if local else {})) as f:
        f.write(data)
    with fsspec.open(folder + "/" + version + ".json", "w") as f:
        json.dump({"data_until": data_until, "reason": reason}, f)
    with fsspec.open(folder + "/current.txt", "w") as f:
        f.write(version)
    return version


def load_fresh(data_url: str, data_until: str, time_column: str, holdout_share: float):
    """The step that loads the rows, which is done in each run anew."""
    loaded = load(
        data_url=data_url,
        data_until=data_until,
        time_column=time_column,
        holdout_share=holdout_share,
    )
    # The data behind a URL changes: a cached load would train on what was there before.
    loaded.set_caching_options(False)
    return loaded


def register_better(trained, evaluated, registry_url: str, model_name: str, data_until: str, reason: str):
    """The step that registers the candidate, where the evaluation of this very run says that it
    is better."""
    evaluated.set_caching_options(False)
    with dsl.If(evaluated.outputs["Output"] == True, name="better"):  # noqa: E712
        registered = register(
            candidate=trained.outputs["candidate"],
            registry_url=registry_url,
            model_name=model_name,
            data_until=data_until,
            reason=reason,
        )
        registered.set_caching_options(False)


@dsl.pipeline(name="retrain-regression", description="Retrains a model and keeps the better one.")
def retrain(
    model_name: str,
    data_until: str,
    data_url: str,
    registry_url: str,
    label: str = "label",
    time_column: str = "predicted_at",
    learning_rate: float = 0.1,
    holdout_share: float = 0.2,
    min_gain: float = 0.0,
    reason: str = "",
):
    loaded = load_fresh(data_url, data_until, time_column, holdout_share)
    trained = train(
        training=loaded.outputs["training"],
        label=label,
        time_column=time_column,
        learning_rate=learning_rate,
    )
    evaluated = evaluate(
        candidate=trained.outputs["candidate"],
        holdout=loaded.outputs["holdout"],
        label=label,
        registry_url=registry_url,
        model_name=model_name,
        min_gain=min_gain,
    )
    register_better(trained, evaluated, registry_url, model_name, data_until, reason)


def write(pipeline, beside: pathlib.Path) -> None:
    """Writes what the pipeline compiles to or, with --check, says whether it is that."""
    if sys.argv[1:] != ["--check"]:
        compiler.Compiler().compile(pipeline, str(beside))
        return
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        fresh = pathlib.Path(folder, beside.name)
        compiler.Compiler().compile(pipeline, str(fresh))
        if fresh.read_bytes() != beside.read_bytes():
            sys.exit(f"{beside.name} is not what {sys.argv[0]} compiles to: run python {sys.argv[0]}")


if __name__ == "__main__":
    write(retrain, pathlib.Path(__file__).with_suffix(".yaml"))
