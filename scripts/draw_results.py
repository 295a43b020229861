"""Draw the README's chart, `scripts/results.svg`, from the README's table of results.

python scripts/draw_results.py
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

SCRIPTS = Path(__file__).parent
TITLES = ("566 old masters and moderns", "5,326 Painter by Numbers, 64 px")
ACCURACY = re.compile(r"([\d.]+) %\**\s*\[([\d.]+), ([\d.]+)\]")


def main() -> None:
    """Read the table's rows and write the chart."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    readme = (SCRIPTS.parent / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in readme.splitlines() if len(ACCURACY.findall(line)) == 2]
    names = [row[0].replace("*", "").replace("`", "").strip() for row in rows]
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text: a tenth of the size
    matplotlib.rcParams["svg.hashsalt"] = "results"  # the same file every time
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, column, title in zip(panels, (1, 3), TITLES, strict=True):
        matches = [ACCURACY.search(row[column]) for row in rows]
        values = [[float(number) for number in match.groups()] for match in matches if match]
        for height, (value, low, high) in enumerate(values):
            colour = "#17627c" if height == len(values) - 1 else "#8a8f98"
            panel.errorbar(value, height, xerr=[[value - low], [high - value]], fmt="o", color=colour, capsize=3)
            panel.annotate(
                f"{value:.1f}", (value, height), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
            )
        panel.axvline(50, color="#8a8f98", linestyle=":", linewidth=1)
        panel.set(xlim=(48, 90), ylim=(-0.6, len(values) - 0.3), xlabel="accuracy, % (50: chance)")
        panel.xaxis.label.set_fontsize(8)
        panel.set_title(title, loc="left", fontsize=9)
        panel.set_yticks(range(len(names)), names, fontsize=8)
        panel.invert_yaxis()
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(SCRIPTS / "results.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
