"""The implementations of the recipes by name; `settings.py` has their defaults and limits."""

from __future__ import annotations

from collections.abc import Mapping

from painter_search.training.recipes.protocol import RecipeImplementation
from painter_search.training.recipes.report import check_report, report_recipe
from painter_search.training.recipes.settings import RecipeName
from painter_search.training.recipes.strong import check_strong, strong_recipe

IMPLEMENTATIONS: Mapping[RecipeName, RecipeImplementation] = {
    "strong": RecipeImplementation(check_strong, strong_recipe),
    "report": RecipeImplementation(check_report, report_recipe),
}
