"""Killed anywhere: what was there is intact or what is new is complete, and the same command finishes the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fault_stories import LONG_STORIES, MORE_STORIES, SHORT_STORIES, STORIES, Story, Undisturbed, copy_afresh
from harness import Killer

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.mark.parametrize("story", [*STORIES, *MORE_STORIES, *LONG_STORIES], ids=lambda story: story.name)
def test_killed_command_loses_nothing_and_finishes_when_run_again(
    story: Story, killer: Killer, undisturbed: Callable[[Story], Undisturbed], tmp_path: Path, long: bool
) -> None:
    if story.name not in SHORT_STORIES and not long:
        pytest.skip("with --long")
    expected, world = undisturbed(story), tmp_path / "world"
    assert expected.operations > 20
    rng = np.random.default_rng(0)
    if long:
        operations = rng.permutation(expected.operations)[:60] + 1
        shares = rng.random(20)
    else:
        operations, shares = np.array([0.25, 0.75]) * expected.operations, np.array([0.6])
    kills = [{"operation": int(number)} for number in operations]
    kills += [{"seconds": float(share) * expected.seconds} for share in shares]
    for kill in kills:
        copy_afresh(expected.start, world)
        killed = killer.run(*story.command(world), **kill)
        ended = (-9,) if "operation" in kill else (-9, 0)  # in time, a quick command may be done before
        assert killed["code"] in ended, (kill, killed)
        assert story.read(world) in (expected.before, expected.after), kill
        again = killer.run(*story.command(world))
        assert again["code"] == 0, (kill, again["stderr"])
        assert story.result(world) == expected.result, kill
        assert story.read(world) == expected.after, kill
