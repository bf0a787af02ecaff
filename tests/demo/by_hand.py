"""The stand-in for JD's platform, spoken to by hand: no request here is made by the project's client."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

from jdticket.demo.gateway import Gateway
from jdticket.demo.work_orders import WorkOrder

LIST, INFO = "jingdong.wos.worklist.get", "jingdong.wos.workinfo.get"
SUBTYPE_LIST, REPLY = "jingdong.wos.subbiztypelist.get", "jingdong.rest.workorder.reply"
EIGHT_HOURS = timezone(timedelta(hours=8))
NOW = datetime(2025, 6, 17, 15, 2, tzinfo=EIGHT_HOURS)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=count) for count in (1, 60, 3600, 86400))
OF_NOBODY = {"access_token": "TOKEN"}
CALLBACK = "https://shop.example.com/back"
TEN = {"page_number": 1, "page_size": 10}
PROPER: dict[str, dict[str, object]] = {
    LIST: {"page_number": 1, "page_size": 10},
    INFO: {"work_id": 1},
    SUBTYPE_LIST: {"biztype_id": 101},
    REPLY: {"work_id": 1, "reply_content": "已发货", "work_type": 101, "work2_type": 10101},
}


class Platform:
    """A gateway with the shops "jd3" and "jd5", its clock, and a way to ask it as jd3."""

    def __init__(self) -> None:
        self.now = NOW
        self.gateway = Gateway(now=lambda: self.now)
        self.gateway.add_app("KEY", "SECRET", CALLBACK)
        self.gateway.add_app("OTHER", "OTHER-SECRET")
        self.gateway.add_merchant("jd3")
        self.gateway.add_merchant("jd5")
        self.token, self.refresh_token = self.gateway.token_for("KEY", "jd3")

    def fields(self, method: str, params: object, /, **changes: str | None) -> dict[str, str]:
        """A proper request, then changed, and signed unless ``sign`` is given; None leaves a field out."""
        fields: dict[str, str | None] = {
            "method": method,
            "app_key": "KEY",
            "access_token": self.token,
            "timestamp": f"{self.now.astimezone(EIGHT_HOURS):%Y-%m-%d %H:%M:%S}",
            "v": "2.0",
            "format": "json",
            "360buy_param_json": params if isinstance(params, str) else json.dumps(params, sort_keys=True),
            **changes,
        }
        asked = {name: value for name, value in fields.items() if value is not None}
        if "sign" not in changes:
            secret = "OTHER-SECRET" if fields["app_key"] == "OTHER" else "SECRET"
            asked["sign"] = signature(asked, secret)
        return asked

    def ask(self, method: str, params: object, /, **changes: str | None) -> Any:
        """What is answered, unwrapped; an error as its code."""
        status, body = post(self.gateway.url, self.fields(method, params, **changes))
        assert status == 200
        answer = json.loads(body)
        if "error_response" in answer:
            return answer["error_response"]["code"]
        (key,) = answer
        assert key == method.replace(".", "_") + self.gateway.suffix
        assert answer[key].pop("code") == "0"
        return answer[key]

    def page(self, number: int = 1, size: int = 10, **filters: object) -> tuple[list[int], int]:
        """The work ids of a page of the work list, and the total."""
        page = self.ask(LIST, {"page_number": number, "page_size": size, **filters})["page"]
        return [row["work_id"] for row in page["result"]], page["total_count"]

    def reply(self, **changes: object) -> int:
        """The result code of a reply, proper but for ``changes``."""
        params = {"work_id": 1, "reply_content": "已发货", "work_type": 101, "work2_type": 10101}
        answer = self.ask(REPLY, {**params, **changes})["work_order"]
        assert answer["resultMsg"]
        code: int = answer["resultCode"]
        return code

    def oauth(self, step: str, **changes: str) -> dict[str, Any]:
        """The answer to a step of OAuth, with the right application unless changed."""
        status, body = get(
            f"{self.gateway.oauth_url}/{step}", {"app_key": "KEY", "app_secret": "SECRET", **changes}
        )
        assert status == 200
        answer: dict[str, Any] = json.loads(body)
        return answer

    def exchange(self, code: str, **changes: str) -> dict[str, Any]:
        return self.oauth("access_token", **{"grant_type": "authorization_code", "code": code, **changes})

    def refresh(self, token: str, **changes: str) -> dict[str, Any]:
        return self.oauth(
            "refresh_token", **{"grant_type": "refresh_token", "refresh_token": token, **changes}
        )

    def works(self, token: str) -> bool:
        answer = self.ask(LIST, TEN, access_token=token)
        assert answer == "19" or "page" in answer
        return bool(answer != "19")


def signature(fields: dict[str, str], secret: str) -> str:
    text = secret + "".join(name + fields[name] for name in sorted(fields)) + secret
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def connect(url: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(url).netloc, timeout=5)


def post(url: str, fields: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of a form-encoded POST on a connection of its own."""
    connection = connect(url)
    try:
        response = send(connection, url, fields)
        return response.status, response.read()
    finally:
        connection.close()


def send(connection: HTTPConnection, url: str, fields: dict[str, str]) -> HTTPResponse:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", urlsplit(url).path, urlencode(fields), form)
    return connection.getresponse()


def get(url: str, query: dict[str, str]) -> tuple[int, bytes]:
    connection = connect(url)
    try:
        connection.request("GET", f"{urlsplit(url).path}?{urlencode(query)}")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def order(work_id: int, *, ago: timedelta = HOUR, status: int = 1, order_id: int = 0) -> WorkOrder:
    """An urge to ship."""
    order_id = order_id or 275490000000 + work_id
    return WorkOrder(work_id, order_id, status, NOW - ago, "催促发货", 101, "催单")


def local(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
