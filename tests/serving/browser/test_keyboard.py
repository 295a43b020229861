"""The keys of the pages."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_keys_search_step_show_parts_and_can_be_switched_off(page: Any) -> None:
    page.goto("/artists")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("jk")  # a field takes the letters
    assert page.input_value("input[name=q]") == "jk"
    page.goto("/artists")
    names = []
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
        names.append(page.evaluate("document.activeElement.textContent"))
    assert names[0] == names[2] != names[1]
    page.goto("/compare?painting=1&painting=4")
    page.keyboard.press("p")
    assert not page.is_checked("#parts")
    page.keyboard.press("?")
    assert page.is_visible("dialog.keys-help")
    page.uncheck("dialog.keys-help input")
    page.click("dialog.keys-help button")
    page.keyboard.press("p")
    assert not page.is_checked("#parts")  # as it was: the keys are off
    page.keyboard.press("+")
    assert page.locator(".zoomed").count() == 0
    page.keyboard.press("?")
    page.check("dialog.keys-help input")
    page.keyboard.press("+")  # an open dialog takes the keys
    assert page.locator(".zoomed").count() == 0
    page.click("dialog.keys-help button")
    page.keyboard.press("+")
    assert page.locator(".zoomed").count() == 2
