"""What the domain holds is never changed in place: a change is a new one beside the old."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import is_dataclass
from typing import Any

import pytest

import jdticket.domain


def dataclasses_of_the_domain() -> list[Any]:
    names = [module.name for module in pkgutil.iter_modules(jdticket.domain.__path__)]
    modules = [importlib.import_module(f"jdticket.domain.{name}") for name in names]
    return [
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.__name__
    ]


@pytest.mark.parametrize("one", dataclasses_of_the_domain(), ids=lambda one: one.__name__)
def test_nothing_that_the_domain_holds_can_be_changed_in_place(one: Any) -> None:
    assert one.__dataclass_params__.frozen
