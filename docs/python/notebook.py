"""Runs the Python lines of a page as the cells of a notebook, and looks at what they make.

The page is the only argument, and the folder that hindcast demo makes lies in the current
one. A line that fails, or that makes nothing, is an error.
"""

import re
import sys

import nbformat
from nbclient import NotebookClient

# What is to be there when all of them have run.
MADE = """
assert len(windows) > 10 and windows["value"].notna().sum() > 10, windows
assert str(windows["window_start"].dtype).startswith("datetime64"), windows.dtypes
assert {"rmse", "mae"} <= set(metrics.columns) and metrics["rmse"].notna().all(), metrics
matured = windows.dropna(subset=["value"])
same = metrics.loc[matured["window_start"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"), "rmse"]
assert list(matured["value"]) == list(same), "the CSV and the JSON tell different figures"
assert drift.isin([True, False]).any().any() and drift.iloc[-1].any(), drift
assert set(rules["verdict"]) == {"breached"}, rules
assert "<title>" in html.unescape(page) and "house-price" in page, page[:200]
"""


def main(page: str) -> None:
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"^```python\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in [*blocks, MADE]])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [kind for cell in notebook.cells for output in cell.outputs for kind in output.get("data", {})]
    cell = "".join(output["data"].get("text/html", "") for output in notebook.cells[-2].outputs if "data" in output)
    if "image/png" not in shown:
        sys.exit("no cell shows a plot")
    if "<iframe srcdoc=" not in cell:
        sys.exit("the last cell shows no report")
    print(f"{page}: {len(blocks)} cells ran, with a plot and the report")


if __name__ == "__main__":
    main(*sys.argv[1:])
