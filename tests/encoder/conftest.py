import pytest
from staged_net import register_staged_backbone
from tiny_world import register_tiny_backbone


@pytest.fixture(scope="session", autouse=True)
def _tiny_backbones() -> None:
    register_staged_backbone()
    register_tiny_backbone()
