"""Reads lists and tables as analysts do, each with every reader, and prints their rows as texts in JSON.

usage: read_lists.py FORMAT=URL...   formats: json, csv, ndjson, parquet

Text formats are read from their addresses where the reader can; what it cannot, and Parquet, is downloaded first.
"""

import datetime
import decimal
import io
import json
import os
import sys
import tempfile
import urllib.request

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
from fsspec.implementations.http import HTTPFileSystem


class HttpFiles(HTTPFileSystem):
    """fsspec's HTTP files; DuckDB asks for a date, and is content with any that stays."""

    def modified(self, path):
        return datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


database = duckdb.connect()
database.execute("SET TimeZone = 'UTC'")
# What DuckDB's own httpfs does (HEAD, then ranges), through Python: no extension has to be downloaded for it.
database.register_filesystem(HttpFiles())


def text(cell):
    """Nothing is rounded: decimals as they are, doubles as the shortest text that is the same double."""
    if cell is None or cell is pandas.NaT or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, float):
        return format(decimal.Decimal(repr(cell)), "f")
    if isinstance(cell, decimal.Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime.datetime):
        zone = cell.tzinfo or datetime.timezone.utc
        return cell.replace(tzinfo=zone).astimezone(datetime.timezone.utc).isoformat()
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    return str(cell).lower() if isinstance(cell, bool) or type(cell).__name__ == "bool" else str(cell)


def download(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def from_arrow(table):
    return table.column_names, [list(row.values()) for row in table.to_pylist()]


def from_pandas(frame):
    return list(frame.columns), frame.astype(object).values.tolist()


def from_polars(frame):
    return frame.columns, frame.rows()


def from_duckdb(relation):
    texts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in relation.columns)
    return relation.columns, relation.project(texts).fetchall()


def duckdb_json(url):
    return database.sql(f"SELECT unnest(data, recursive := true) FROM read_json('{url}', maximum_object_size = 100000000)")


def duckdb_parquet(url):
    with tempfile.NamedTemporaryFile(suffix=".parquet", delete=False) as file:
        file.write(download(url))
    try:
        return from_duckdb(database.from_parquet(file.name))
    finally:
        os.unlink(file.name)


def arrow_csv(url):
    content = download(url)
    names = content.decode().split("\r\n", 1)[0].split(",")
    options = pyarrow.csv.ConvertOptions(column_types={name: pyarrow.string() for name in names})
    return from_arrow(pyarrow.csv.read_csv(io.BytesIO(content), convert_options=options))


def items(url):
    return json.loads(download(url))["data"]


READERS = {
    "csv": {
        "pandas": lambda url: from_pandas(pandas.read_csv(url, dtype=str, keep_default_na=False)),
        "polars": lambda url: from_polars(polars.read_csv(url, infer_schema=False)),
        "pyarrow": arrow_csv,
        "duckdb": lambda url: from_duckdb(database.read_csv(url, header=True, all_varchar=True)),
    },
    "ndjson": {
        "pandas": lambda url: from_pandas(
            pandas.read_json(url, lines=True, dtype=False, convert_dates=False, convert_axes=False)
        ),
        "polars": lambda url: from_polars(polars.read_ndjson(download(url), infer_schema_length=None)),
        "pyarrow": lambda url: from_arrow(pyarrow.json.read_json(io.BytesIO(download(url)))),
        "duckdb": lambda url: from_duckdb(database.sql(f"SELECT * FROM read_ndjson('{url}')")),
    },
    "json": {
        "pandas": lambda url: from_pandas(pandas.DataFrame(items(url), dtype=object)),
        "polars": lambda url: from_polars(polars.DataFrame(items(url), infer_schema_length=None)),
        "pyarrow": lambda url: from_arrow(pyarrow.Table.from_pylist(items(url))),
        "duckdb": lambda url: from_duckdb(duckdb_json(url)),
    },
    "parquet": {
        "pandas": lambda url: from_pandas(pandas.read_parquet(io.BytesIO(download(url)))),
        "polars": lambda url: from_polars(polars.read_parquet(io.BytesIO(download(url)))),
        "pyarrow": lambda url: from_arrow(pyarrow.parquet.read_table(io.BytesIO(download(url)))),
        "duckdb": duckdb_parquet,
    },
}


def read(argument):
    form, url = argument.split("=", 1)
    result = {}
    for name, reader in READERS[form].items():
        columns, rows = reader(url)
        result[name] = {"columns": list(columns), "rows": [[text(cell) for cell in row] for row in rows]}
    return result


print(json.dumps([read(argument) for argument in sys.argv[1:]]))
