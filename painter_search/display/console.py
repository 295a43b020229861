"""Answers as tables for people, or as JSON for programs. Both go to stdout, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from painter_search.display.tables import difference, interval, new_table, percent, print_json, show

if TYPE_CHECKING:
    from painter_search.collection.collection import Collection
    from painter_search.retrieval.painting_index import PaintingIndex
    from painter_search.retrieval.triplet_score import TripletScore
    from painter_search.retrieval.trust import Trust
    from painter_search.training.findings import Comparison, TestScore
    from painter_search.training.run import Run

KAGGLE_ROWS = 103_250
"""Rows of Kaggle's catalogue, by which it is known."""
REPORT_COUNTS = {
    "catalogue": "103,250 works",
    "train before shared artists are moved": "1,608 artists",
    "test before shared artists are moved": "1,099 artists",
    "train, clean": "8,626 works, 1,103 artists",
    "test, clean": "4,417 works, 595 artists",
    "train triplets": "23,755",
    "validation triplets": "5,996",
    "test triplets": "6,135",
}
"""The report's own counts."""


def show_collection(collection: Collection, as_json: bool = False) -> None:
    """What `prepare` did, rule by rule; beside the report's counts where the catalogue is Kaggle's."""
    report = collection.report
    if as_json:
        print_json({key: value for key, value in report.items() if key != "identity"})
        return
    kaggle = report["counts"]["catalogue"]["works"] == KAGGLE_ROWS
    table = new_table(f"Collection {collection.name} ({collection.framing})", "", "works", "artists")
    if kaggle:
        table.add_column("the report", justify="right")
    rows = [(rule, f"{c['works']:,}", f"{c['artists']:,}") for rule, c in report["counts"].items()]
    rows += [(f"{part} triplets", f"{number:,}", "") for part, number in report["triplets"].items()]
    for row in rows:
        table.add_row(*row, *([REPORT_COUNTS.get(row[0], "")] if kaggle else []))
    show(table)
    if report["rejected"]:
        found = ", ".join(f"{number:,} {reason}" for reason, number in report["rejected"].items())
        show(f"Left out: {found}; each is listed in {collection.folder / 'rejected.csv'}.")
    if report["enlarged"]:
        show(f"{report['enlarged']:,} originals are smaller than the centre crop and were enlarged.")
    suspicious = report.get("suspicious", 0)
    if suspicious:
        show(
            f"{suspicious:,} artists have names like titles or numbers; they are kept, and listed in "
            f"{collection.folder / 'suspicious_artists.csv'}."
        )
    show(f"Written to {collection.folder}.")


def show_run(run: Run, as_json: bool = False) -> None:
    """How a training went, epoch by epoch, and what it came to on the test artists."""
    if as_json:
        from painter_search.training.findings import portable

        test = portable(run.test)
        print_json({"run": run.folder, "best_epoch": run.best_epoch, "test": test, "history": run.history})
        return
    columns = ("epoch", "train loss", "accuracy", "active", "images/s")
    validated = ("validation loss", "accuracy", "all negatives", "recall@1")
    table = new_table(f"Run {run.folder}", *columns, *validated)
    epochs = sorted({phase.epoch for phase in run.history})
    for epoch in epochs:
        phases = {phase.phase: phase for phase in run.history if phase.epoch == epoch}
        train, validation = phases.get("train"), phases["validation"]
        mark = " *" if epoch == run.best_epoch else ""
        table.add_row(
            f"{epoch}{mark}",
            f"{train.loss:.3f}" if train else "",
            percent(train.accuracy) if train else ("untrained" if epoch == 0 else "fitted"),
            percent(train.active) if train else "",
            f"{train.images_per_second:.0f}" if train else "",
            f"{validation.loss:.3f}",
            percent(validation.accuracy),
            percent(validation.all_negatives),
            percent(validation.recall_1),
        )
    show(table)
    show(f"* best on validation artists: {run.best}")
    if run.test:
        test = run.test
        title = f"{test.artists} test artists, never seen, {test.triplets:,} triplets"
        scores = new_table(title, "", "before training", "after", "difference")
        for name, found in test_figures(test):
            scores.add_row(name, interval(found.untrained), interval(found.trained), difference(found.difference))
        show(scores)
    show(f"Look at {run.folder / 'report.html'}")


def test_figures(test: TestScore) -> list[tuple[str, Comparison]]:
    """The figures of a test by the names they are shown under."""
    return [
        ("triplet accuracy", test.accuracy),
        ("against every negative", test.all_negatives),
        ("recall@1", test.recall_1),
    ]


def show_index(index: PaintingIndex, as_json: bool = False) -> None:
    """What an index holds."""
    manifest = index.manifest
    size = sum(file["size"] for file in manifest["files"].values())
    if as_json:
        shown = ("works", "artists", "collections", "split", "framing", "search", "encoder")
        summary = {key: manifest[key] for key in shown}
        print_json({"index": index.digest, "folder": index.folder, "bytes": size, **summary})
        return
    show(
        f"Index {index.digest}: {manifest['works']:,} works by {manifest['artists']:,} artists "
        f"({', '.join(manifest['collections'])}), framed {manifest['framing']}, {size / 1e6:,.0f} MB, "
        f"{_search_kind(manifest['search'])}.\n"
        f"Written to {index.folder}, and in use from now on."
    )
    rejected = index.folder / "rejected.csv"
    if rejected.is_file():
        number = max(0, len(rejected.read_text(encoding="utf-8").splitlines()) - 1)
        if number:
            show(f"{number:,} files were left out; each is listed with its reason in {rejected}.")


def _search_kind(search: dict[str, Any]) -> str:
    if search["name"] == "exact":
        return "searched exactly"
    if search["name"] == "milvus":
        return f"its vectors in Milvus ({search['uri']})"
    return f"searched approximately ({100 * search['recall_at_10']:.1f} % of the ten nearest found on a trial)"


def show_score(
    score: TripletScore, baseline: TripletScore | None = None, trust: Trust | None = None, as_json: bool = False
) -> None:
    """How good an index is, beside a baseline where there is one, and how far its answers can be trusted."""
    from painter_search.display.trusted import NOTHING, provenance, trust_rows

    if as_json:
        print_json({"score": score, "baseline": baseline, "trust": trust})
        return
    columns = ["", f"index {score.index}"]
    if baseline:
        columns += [f"baseline {baseline.index}", "difference"]
    table = new_table(
        f"{score.triplets:,} triplets over {score.paintings:,} paintings by {score.artists:,} artists",
        *columns,
    )
    differences = score.difference or {}

    def row(name: str, key: str, figure: Any, before: Any) -> None:
        extra = [figure(before), difference(differences[key]) if key in differences else ""] if before else []
        table.add_row(name, figure(score), *extra)

    row("triplet accuracy", "accuracy", lambda s: interval(s.accuracy), baseline)
    row("against every negative", "all_negatives", lambda s: interval(s.all_negatives), baseline)
    row(f"mean loss (margin {score.margin:g})", "", lambda s: f"{s.mean_loss:.3f}", baseline)
    row("pair AUC", "", lambda s: f"{s.pair_auc:.3f}", baseline)
    for k in score.recall:
        row(f"recall@{k}", f"recall@{k}", lambda s, k=k: interval(s.recall[k]), baseline)
    row("recall@1, by artist", "", lambda s: percent(s.recall_macro[1]), baseline)
    row("MAP@R", "", lambda s: interval(s.map_at_r), baseline)
    row("MAP@R, by artist", "", lambda s: percent(s.map_at_r_macro), baseline)
    show(table)
    if score.missing:
        show(f"{score.missing:,} triplets were left out: the index lacks one of their paintings.")
    show("In brackets: 95 % intervals, by bootstrap over artists. Chance is 50 % for the two accuracies.")
    if trust is None:
        show(NOTHING)
        return
    title = f"Its answers, asked about {trust.asked:,} of its own works by {trust.artists:,} artists"
    sure = new_table(title, "", f"index {trust.index}")
    for row_of_trust in trust_rows(trust):
        sure.add_row(*row_of_trust)
    show(sure)
    show(provenance(trust.split))
