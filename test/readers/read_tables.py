"""Reads CSV tables by their addresses as analysts do, and prints what each reader made of them as JSON.

usage: read_tables.py once URL...         every table with every reader: types as inferred, rows as texts
       read_tables.py often COUNT URL...  every table COUNT times with every reader; prints how often each read it
"""

import json
import sys

import duckdb
import pandas
import polars
from dated_http import DatedHttpFileSystem

database = duckdb.connect()
database.register_filesystem(DatedHttpFileSystem())


def without_nulls(rows):
    return [["" if cell is None else cell for cell in row] for row in rows]


def pandas_types(url):
    return {name: str(kind) for name, kind in pandas.read_csv(url).dtypes.items()}


def pandas_rows(url):
    return pandas.read_csv(url, dtype=str, keep_default_na=False).values.tolist()


def polars_types(url):
    return {name: str(kind) for name, kind in polars.read_csv(url).schema.items()}


def polars_rows(url):
    return without_nulls(polars.read_csv(url, infer_schema=False).rows())


def duckdb_types(url):
    described = database.execute("DESCRIBE SELECT * FROM read_csv(?, header = true)", [url]).fetchall()
    return {name: kind for name, kind, *_ in described}


def duckdb_rows(url):
    rows = database.execute("SELECT * FROM read_csv(?, header = true, all_varchar = true)", [url]).fetchall()
    return without_nulls(rows)


READERS = {
    "pandas": (pandas_types, pandas_rows),
    "polars": (polars_types, polars_rows),
    "duckdb": (duckdb_types, duckdb_rows),
}


def once(urls):
    return {
        name: {url: {"types": list(types(url).items()), "rows": rows(url)} for url in urls}
        for name, (types, rows) in READERS.items()
    }


def often(count, urls):
    return {
        name: sum(1 for _ in range(count) for url in urls if len(rows(url)) > 0) for name, (_, rows) in READERS.items()
    }


mode, *arguments = sys.argv[1:]
print(json.dumps(once(arguments) if mode == "once" else often(int(arguments[0]), arguments[1:])))
