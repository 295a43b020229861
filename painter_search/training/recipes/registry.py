"""The implementations of the recipes by name; `settings.py` has their defaults and limits."""

from __future__ import annotations

from collections.abc import Mapping

from painter_search.training.recipes.protocol import RecipeImplementation
from painter_search.training.recipes.report import report_recipe, report_triplets
from painter_search.training.recipes.settings import RecipeName
from painter_search.training.recipes.strong import strong_recipe, strong_works

IMPLEMENTATIONS: Mapping[RecipeName, RecipeImplementation] = {
    "strong": RecipeImplementation(strong_works, strong_recipe),
    "report": RecipeImplementation(report_triplets, report_recipe),
}
