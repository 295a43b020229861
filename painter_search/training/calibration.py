"""What the trained encoder's distances are worth, kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from painter_search.encoder.checkpoint import add_to_checkpoint, load_encoder
from painter_search.progress import say
from painter_search.scores.confidence import fit_confidence
from painter_search.training.dataset import TripletPaths
from painter_search.training.held_out import Group
from painter_search.training.phases import TripletDistances


def add_confidence(checkpoint: Path, validating: TripletPaths, held_out: Sequence[Group], device: torch.device) -> None:
    """Fit probabilities on the validation artists, and on those `held_out` in turn, and keep them in the checkpoint.

    With too few artists nothing is kept: an index built with the encoder works, and gives no probabilities.
    """
    encoder, _ = load_encoder(checkpoint)
    validation = TripletDistances(encoder.to(device), validating)
    confidence = fit_confidence([(validation.embeddings, validation.artists), *held_out])
    if confidence is None:
        say("Too few validation artists to say how sure an answer is; answers will have no probabilities.")
        return
    add_to_checkpoint(checkpoint, confidence=asdict(confidence))
