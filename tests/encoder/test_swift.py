import numpy as np

from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.device import gains_from_bfloat16
from painter_search.encoder.swift import SwiftEncoder


def test_the_swift_encoder_stays_within_a_hundredth_of_float32() -> None:
    encoder = start_encoder("resnet34", "none", seed=2)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 3, 224, 224), dtype=np.uint8)
    exact = encoder.float().network(_normal(encoder, pixels)).detach().numpy()
    swift = SwiftEncoder(encoder).embed(pixels)
    assert (np.linalg.norm(swift - exact, axis=1) < 0.01 * np.linalg.norm(exact, axis=1)).all()


def test_making_it_leaves_the_encoder_as_it_was() -> None:
    encoder = start_encoder("resnet18", "none", seed=2)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    SwiftEncoder(encoder)
    assert all((value == before[name]).all() for name, value in encoder.state_dict().items())


def test_depthwise_networks_do_not_gain_from_bfloat16() -> None:
    assert not gains_from_bfloat16(start_encoder("mobilenet_v3_small", "none", seed=0).network)


def _normal(encoder, pixels: np.ndarray):
    import torch

    return (torch.from_numpy(pixels).float() - encoder.mean) / encoder.std
