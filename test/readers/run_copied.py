"""Runs what the page gives to copy, unchanged, and prints what each tool makes of it.

usage: run_copied.py PANDAS POLARS DUCKDB   the line for each; prints {tool: [[open time, close, volume], ...]} as JSON
"""

import json
import sys
from datetime import datetime, timezone

import duckdb
import pandas
import polars
from fsspec.implementations.http import HTTPFileSystem


class DatedHttpFileSystem(HTTPFileSystem):
    """fsspec's HTTP files with a date, which DuckDB asks for and lists do not have."""

    def modified(self, path):
        return datetime(2020, 1, 1, tzinfo=timezone.utc)


database = duckdb.connect()
# What DuckDB's own httpfs does, through Python: no extension has to be downloaded for it.
database.register_filesystem(DatedHttpFileSystem())

of_pandas, of_polars, of_duckdb = sys.argv[1:]


def time_text(time):
    if isinstance(time, int):
        time = datetime.fromtimestamp(time / 1000, timezone.utc)
    text = time if isinstance(time, str) else time.isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def rows_of(columns):
    return [[time_text(time), str(close), str(volume)] for time, close, volume in zip(*columns)]


names = ("open_time", "close", "volume")
with_pandas = eval(of_pandas, {"pd": pandas})
with_polars = eval(of_polars, {"pl": polars})
# Its times with a zone reach Python through one more package alone; as milliseconds they do without.
with_duckdb = database.sql(of_duckdb.rstrip(";")).select("epoch_ms(open_time), close, volume").fetchall()
print(
    json.dumps(
        {
            "pandas": rows_of([with_pandas[name].tolist() for name in names]),
            "polars": rows_of([with_polars[name].to_list() for name in names]),
            "duckdb": rows_of(list(zip(*with_duckdb))),
        }
    )
)
