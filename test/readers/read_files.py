"""Reads Parquet files from addresses as analysts do, and prints what each reader made of them as JSON.

usage: read_files.py column READER URL SYMBOL COLUMN   one column of one symbol: how many rows, and their sum
       read_files.py views SQL URL                     makes the views of an SQL file, of which URL is the base; rows of each
"""

import json
import sys
from email.utils import parsedate_to_datetime

from fsspec.implementations.http import HTTPFileSystem

BLOCK_BYTES = 65_536


class BlockHttpFileSystem(HTTPFileSystem):
    """fsspec's HTTP files in blocks of 64 kB, asked after by HEAD as DuckDB's own httpfs does: fsspec would send a GET."""

    def __init__(self):
        super().__init__(block_size=BLOCK_BYTES)

    def exists(self, path, **_):
        return self.info(path)["size"] is not None

    def modified(self, path):
        return parsedate_to_datetime(self.info(path)["Last-Modified"])


# Each reader is imported where it is used: together they do not always let a process end.


def database():
    import duckdb

    connection = duckdb.connect()
    connection.register_filesystem(BlockHttpFileSystem())
    return connection


def with_duckdb(url, symbol, column):
    sql = f'SELECT count(*), CAST(sum("{column}") AS VARCHAR) FROM read_parquet(?) WHERE symbol = ?'
    return database().execute(sql, [url, symbol]).fetchone()


def with_pyarrow(url, symbol, column):
    import pyarrow.compute
    import pyarrow.parquet

    with BlockHttpFileSystem().open(url) as file:
        table = pyarrow.parquet.read_table(file, columns=[column], filters=[("symbol", "=", symbol)])
    return table.num_rows, str(pyarrow.compute.sum(table[column]))


def with_polars(url, symbol, column):
    import polars

    frame = polars.scan_parquet(url).filter(polars.col("symbol") == symbol).select(column).collect()
    return frame.height, str(frame[column].sum())


def views(sql, base):
    connection = database()
    with open(sql, encoding="utf8") as file:
        connection.execute(file.read().replace("https://your-host", base))
    names = [name for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


READERS = {"duckdb": with_duckdb, "pyarrow": with_pyarrow, "polars": with_polars}

mode, *arguments = sys.argv[1:]
if mode == "column":
    reader, *rest = arguments
    rows, total = READERS[reader](*rest)
    print(json.dumps({"rows": rows, "sum": total}))
else:
    print(json.dumps(views(*arguments)))
