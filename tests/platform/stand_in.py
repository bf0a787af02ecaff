"""The stand-in for JD's open platform (jdticket/demo), set up for tests: one application, one merchant for
each shop, and how the program reaches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from jdticket.demo.gateway import Gateway
from jdticket.demo.work_orders import WorkOrder
from jdticket.domain.authorisation import App

APP_KEY = "app-key-5f3a"
APP_SECRET = "app-secret-0d91c2"
SECRET_ENV = "JDTICKET_TEST_SECRET"
REDIRECT = "https://shop.example.com/back"


@contextmanager
def gateway(*shops: str, **options: Any) -> Iterator[Gateway]:
    """One that serves these shops (merchants of the same names; "jd3" if none is named)."""
    with Gateway(**options) as running:
        running.add_app(APP_KEY, APP_SECRET, REDIRECT)
        for shop in shops or ("jd3",):
            running.add_merchant(shop)
        yield running


def app(running: Gateway, shop: str = "jd3", **fields: str) -> App:
    """The application through which ``shop`` is served."""
    given = {
        "shop": shop,
        "app_key": APP_KEY,
        "app_secret": APP_SECRET,
        "redirect_uri": REDIRECT,
        "url": running.url,
        "oauth_url": running.oauth_url,
    }
    return App(**(given | fields))


def shops_toml(running: Gateway, shops: Iterable[str] = ("jd3",)) -> str:
    """The configuration of these shops, the secret in the variable ``SECRET_ENV``."""
    return "".join(
        f'[[shops]]\ncode = "{shop}"\njos = {{ app_key = "{APP_KEY}", app_secret_env = "{SECRET_ENV}", '
        f'redirect_uri = "{REDIRECT}", url = "{running.url}", oauth_url = "{running.oauth_url}" }}\n'
        for shop in shops
    )


def order(work_id: int, created: datetime, status: int = 1, **fields: Any) -> WorkOrder:
    """A work order about an urge to ship (催单), filed at ``created`` (aware)."""
    given: dict[str, Any] = {
        "order_id": 275_400_000_000 + work_id,
        "content": "催促发货",
        "biztype_id": 101,
        "biztype_name": "催单",
        "logs": [],
    }
    return WorkOrder(work_id=work_id, status=status, created=created, **(given | fields))
