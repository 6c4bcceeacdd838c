"""A pipeline that retrains a binary classifier, for Hindcast to start.

It is retrain.py for a model that says how probable a label is: the same steps load the rows
and register the model, and the better one is that with the greater area under the ROC curve.
What it finds is shown in Kubeflow as a confusion matrix and a ROC curve.

    python classifier.py            # writes classifier.yaml beside this file
    python classifier.py --check    # says whether classifier.yaml is what this file compiles to
"""

import pathlib

from kfp import dsl
from kfp.dsl import ClassificationMetrics, Dataset, Input, Metrics, Model, Output

from retrain import IMAGE, LEARN, load_fresh, register_better, write


@dsl.component(base_image=IMAGE, packages_to_install=LEARN)
def train_classifier(
    training: Input[Dataset],
    label: str,
    positive_label: str,
    time_column: str,
    learning_rate: float,
    candidate: Output[Model],
):
    """Fits boosted trees to the numeric columns."""
    import joblib
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = pd.read_csv(training.path, dtype={label: str})
    positive = rows[label].str.lower() == positive_label.lower()
    if positive.nunique() != 2:
        raise ValueError(f"of {len(rows)} rows {positive.sum()} have the label {positive_label}: some do and some don't in what can be learned from")
    features = [
        c
        for c in rows.columns
        if c not in (label, time_column) and pd.api.types.is_numeric_dtype(rows[c])
    ]
    if not features:
        raise ValueError("no column but the label is numeric")
    model = HistGradientBoostingClassifier(learning_rate=learning_rate, random_state=0)
    model.fit(rows[features], positive)
    joblib.dump({"model": model, "features": features}, candidate.path)
    candidate.metadata["features"] = ",".join(features)


@dsl.component(base_image=IMAGE, packages_to_install=LEARN)
def evaluate_classifier(
    candidate: Input[Model],
    holdout: Input[Dataset],
    label: str,
    positive_label: str,
    threshold: float,
    registry_url: str,
    model_name: str,
    min_gain: float,
    metrics: Output[Metrics],
    classification: Output[ClassificationMetrics],
) -> bool:
    """Says whether the candidate's area under the ROC curve on the held out rows is above the
    current model's by more than min_gain. Without a current model it is."""
    import fsspec
    import joblib
    import pandas as pd
    from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

    rows = pd.read_csv(holdout.path, dtype={label: str})
    positive = rows[label].str.lower() == positive_label.lower()
    if positive.nunique() != 2:
        raise ValueError(f"of {len(rows)} held out rows {positive.sum()} have the label {positive_label}: nothing tells how well a model tells them apart")

    def scores(saved):
        return saved["model"].predict_proba(rows[saved["features"]])[:, 1]

    found = scores(joblib.load(candidate.path))
    new = float(roc_auc_score(positive, found))
    metrics.log_metric("candidate_roc_auc", new)
    classification.log_confusion_matrix(
        ["not " + positive_label, positive_label],
        confusion_matrix(positive, found >= threshold).tolist(),
    )
    fpr, tpr, at = roc_curve(positive, found)
    every = max(1, len(at) // 100)  # the page has room for about a hundred points
    keep = sorted({*range(0, len(at), every), len(at) - 1})
    classification.log_roc_curve(
        [float(fpr[i]) for i in keep],
        [float(tpr[i]) for i in keep],
        [min(1.0, float(at[i])) for i in keep],  # the first is infinite, which JSON has not
    )
    folder = registry_url.rstrip("/") + "/" + model_name
    try:
        with fsspec.open(folder + "/current.txt", "r") as f:
            version = f.read().strip()
    except FileNotFoundError:
        return True
    # A pickle: load it from a registry that only this pipeline writes to.
    with fsspec.open(folder + "/" + version, "rb") as f:
        old = float(roc_auc_score(positive, scores(joblib.load(f))))
    metrics.log_metric("current_roc_auc", old)
    return new > old + min_gain


@dsl.pipeline(name="retrain-classifier", description="Retrains a classifier and keeps the better one.")
def retrain_classifier(
    model_name: str,
    data_until: str,
    data_url: str,
    registry_url: str,
    label: str = "label",
    positive_label: str = "1",
    threshold: float = 0.5,
    time_column: str = "predicted_at",
    learning_rate: float = 0.1,
    holdout_share: float = 0.2,
    min_gain: float = 0.0,
    reason: str = "",
):
    loaded = load_fresh(data_url, data_until, time_column, holdout_share)
    trained = train_classifier(
        training=loaded.outputs["training"],
        label=label,
        positive_label=positive_label,
        time_column=time_column,
        learning_rate=learning_rate,
    )
    evaluated = evaluate_classifier(
        candidate=trained.outputs["candidate"],
        holdout=loaded.outputs["holdout"],
        label=label,
        positive_label=positive_label,
        threshold=threshold,
        registry_url=registry_url,
        model_name=model_name,
        min_gain=min_gain,
    )
    register_better(trained, evaluated, registry_url, model_name, data_until, reason)


if __name__ == "__main__":
    write(retrain_classifier, pathlib.Path(__file__).with_suffix(".yaml"))
