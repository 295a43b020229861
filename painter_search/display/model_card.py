"""The card of an encoder on the Hugging Face hub, made from its run's report."""

from __future__ import annotations

from datetime import date

from painter_search.common.version import __version__
from painter_search.display.words.figures import difference, interval
from painter_search.display.words.run_summary import test_scores
from painter_search.encoder.config import EMBEDDING_SIZE
from painter_search.encoder.encoder import Encoder
from painter_search.training.run import Run

LIMITS = (
    "An answer is nearness in style as an encoder sees it: a lead to follow, not a proof of authorship. Copies, "
    "workshops and followers lie near their models. Figures are of the artists that were measured, and other "
    "collections differ in pictures, periods and photography."
)


def model_card(encoder: Encoder, run: Run | None, repository: str, license: str | None = None) -> str:
    """The card as Markdown with a header in YAML.

    Args:
        encoder: What is pushed.
        run: The finished training that it is from; None where that is not known.
        repository: OWNER/NAME on the hub.
        license: The licence to name.
    """
    header = ["library_name: painter_search", "pipeline_tag: image-feature-extraction", "tags:"]
    header += [f"- {tag}" for tag in ("painter_search", "art", "style", "metric-learning")]
    header += [f"license: {license}"] if license else []
    lines = [
        "---", *header, "---", "",
        f"# {repository.rpartition('/')[2]}", "",
        describe_encoder(encoder), "",
        "## Use", "",
        "```bash",
        'pip install "painter-search[hub]"',
        f"python -m painter_search.build-index --folder my-paintings --encoder hf-hub:{repository}",
        "```", "",
        "```python",
        "from painter_search import load_encoder", "",
        f'embeddings = load_encoder("hf-hub:{repository}").embed("painting.jpg")  # float32 [1, {EMBEDDING_SIZE}]',
        "```", "",
        "## Trained on", "", *describe_training(run), "",
        "## Measured", "", *describe_measured(run), "", *describe_calibration(encoder), "",
        "## Limits", "", LIMITS, "",
        f"Made {date.today().isoformat()} by `push-to-hub`.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def describe_encoder(encoder: Encoder) -> str:
    """What the encoder is, and its settings, as a paragraph."""
    config = encoder.config
    length = ", of length 1" if config.normalize else ""
    backbone = config.backbone.partition(":")[2] if config.backbone.startswith("local-dir:") else config.backbone
    return (
        f"An encoder of painter_search {__version__}: it embeds paintings so that works by one artist lie near each "
        f"other. Backbone {backbone}, views `{config.views}` of {config.img_size} px, framing `{encoder.framing}`; "
        f"embeddings of {EMBEDDING_SIZE} numbers{length}, compared by Euclidean distance."
    )


def describe_training(run: Run | None) -> list[str]:
    """What it was trained on, and for how long, as lines of Markdown; `run` is None where that is not known."""
    if run is None:
        return ["Not known: the encoder was pushed without its run."]
    epochs = max((metrics.epoch for metrics in run.history), default=run.best_epoch)
    names = ", ".join(f"`{name}`" for name in run.collections) or "a collection without a name"
    return [
        f"The training artists of {names}, by the recipe `{run.config.recipe}`: {epochs} epochs, "
        f"of which number {run.best_epoch} did best on validation artists; weights at the start: {run.config.weights}."
    ]


def describe_measured(run: Run | None) -> list[str]:
    """Its scores on test artists, as lines of Markdown."""
    if run is None or run.test is None:
        return ["Nothing on artists that it was not trained on."]
    rows = [
        f"| {name} | {interval(score.untrained)} | {interval(score.trained)} | {difference(score.difference)} |"
        for name, score in test_scores(run.test)
    ]
    artists = f"{run.test.artists:,} test artists" + (", nobody of whom was trained on" if run.never_seen else "")
    return [
        f"On {artists}, with {run.test.triplets:,} triplets; "
        "95 % intervals by bootstrap over artists:", "",
        "| | before training | after | difference |", "|---|---|---|---|", *rows,
    ]  # fmt: skip


def describe_calibration(encoder: Encoder) -> list[str]:
    """What its probabilities were fitted on, as lines of Markdown."""
    confidence = encoder.confidence
    if confidence is None:
        return ["It has no calibration: its answers have no probabilities."]
    return [
        f"Its probabilities were fitted on {confidence.works:,} works by {confidence.artists:,} artists, each "
        "embedded by an encoder that was not trained on them."
    ]
