"""Asks a service by a generated client, and prints what came of it as JSON.

usage: generated_client.py FOLDER URL CALLS
    FOLDER  has the package market_client, as openapi-python-client made it
    CALLS   is a file with [{"operationId", "kind", "values": {"path", "query"}}], each a call to make

The output is {"statuses": [[operationId, status], ...], "closes": [...]}: what each call was answered with, and the closes of
a day's hours, read as a program reads them that somebody has written by hand.
"""

import importlib
import json
import pkgutil
import re
import sys
from types import ModuleType
from typing import Any

sys.path.insert(0, sys.argv[1])

import market_client.api  # noqa: E402
from market_client import Client  # noqa: E402
from market_client.api.market_data import list_candles  # noqa: E402
from market_client.models import CandlePageDto, ListCandlesInterval  # noqa: E402


def operations() -> dict[str, ModuleType]:
    """The modules of the package by the names of their operations."""
    paths = market_client.api.__path__
    found = [name for _, name, is_package in pkgutil.walk_packages(paths, "market_client.api.") if not is_package]
    return {name.rsplit(".", 1)[1]: importlib.import_module(name) for name in found}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def status_of(client: Client, module: Any, call: dict[str, Any]) -> int:
    arguments = {snake(name): value for part in call["values"].values() for name, value in part.items()}
    if call["kind"] != "stream":
        return int(module.sync_detailed(client=client, **arguments).status_code)
    # A stream has no end to wait for.
    with client.get_httpx_client().stream(**module._get_kwargs(**arguments)) as response:
        return response.status_code


def closes(client: Client) -> list[str]:
    page = list_candles.sync(
        client=client,
        symbol="BTCUSDT",
        interval=ListCandlesInterval.HOUR_1,
        start="2026-11-19",
        end="2026-11-20",
    )
    assert isinstance(page, CandlePageDto)
    return [candle.close for candle in page.data]


def main() -> None:
    _, _, url, calls = sys.argv
    known = operations()
    with Client(base_url=url) as client:
        statuses = [
            [call["operationId"], status_of(client, known[snake(call["operationId"])], call)]
            for call in json.load(open(calls, encoding="utf-8"))
        ]
        print(json.dumps({"statuses": statuses, "closes": closes(client)}))


main()
