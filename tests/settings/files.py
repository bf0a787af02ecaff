"""Configuration files for tests."""

from __future__ import annotations

from pathlib import Path

from jdticket.errors import ConfigError
from jdticket.settings.reading import load_config
from jdticket.settings.types import Config

EVERYTHING = """
language = "en"
timezone = "Europe/Berlin"
database = "desk/tickets.db"

[service_hours]
daily = ["13:00-18:00", "09:00-12:00"]
sat = ["10:00-24:00"]
sun = []
[service_hours.special]
"2027-02-17" = []
2027-02-18 = ["10:00-12:00"]

[deadline]
default = "6h"
[deadline.kinds]
crc = "4h"
consult = "24h calendar"

[reply]
min_length = 6
empty_phrases = ["好的，亲！", "OK, OK", "…"]

[[shops]]
code = "jd3"
name = "京东3店"
manager = { name = "运营经理", phone = "13800000000", channel = "manager" }
jos = { app_key = "k", app_secret_env = "JD3_SECRET" }
[[shops]]
code = "jd4"
[shops.jos]
app_key = "k4"
app_secret_file = "secrets/jd4"
redirect_uri = "https://example.invalid/back"
url = "https://gateway.example.invalid/routerjson"
oauth_url = "http://127.0.0.1:8000/oauth2/"

[platform_words]
"平台处理中" = "replied"
"已 转交" = "waiting"

[templates]
shipped = "您好，订单{order_id}已发出，运单号{waybill}。"

[messages]
language = "en"
[messages.templates]
before = "【{shop}】{kind} {left}({deadline}) {ticket_id} {order_id} {assignee}\\n{content}"
returned = "{ticket_id} {{!}}"

[[channels]]
name = "cs-group"
kind = "wecom"
url = "https://example.invalid/?key=1"
mention = ["13800000000", "@all", " li ", "13800000000"]
shops = ["京东3店", "JD4"]
[[channels]]
name = "manager"
kind = "feishu"
url_env = "FEISHU_URL"
secret_env = "FEISHU_SECRET"
night = true
[[channels]]
name = "ding"
kind = "dingtalk"
url = "https://example.invalid/?access_token=1"
secret = "SEC1"
[[channels]]
name = "mail"
kind = "apprise"
url = "mailto://example.invalid"
[[channels]]
name = "cron"
kind = "stdout"

[reminders]
new = false
before = ["30m", "2h", "1h30m", "90m"]
overdue_every = "1h"
overdue_times = 3
opening = false
outage_contact_every = "10m"
returned = false
source_every = "2h"
digest_over = 2
heartbeat_url = "https://example.invalid/ping"
[[reminders.escalate]]
left = "30m"
mention = ["13900000000"]
[[reminders.escalate]]
left = "0m"
channel = "manager"
[[duty]]
mention = ["13800000000"]
[[duty]]
weekdays = ["sat", "sun"]
hours = "18:00-24:00"
mention = ["wang", "li"]
"""


# A shop whose application is described below.
JOS = '[[shops]]\ncode = "a"\n[shops.jos]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str) -> Config:
    return load_config(written(folder, text), {})


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with this file, each problem without the file's name; something has to be."""
    path = written(folder, text)
    try:
        lines = [*load_config(path, {}).bad_texts.values()]
    except ConfigError as error:
        lines = error.message.splitlines()
    assert lines
    assert all(line.startswith(f"{path}, ") for line in lines)
    return [line.removeprefix(f"{path}, ") for line in lines]
