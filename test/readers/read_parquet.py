"""Reads a Parquet file as analysts do, and prints what each reader made of it as JSON: types, and cells as texts.

usage: read_parquet.py FILE [STEP]   every STEP-th row from the first, all of them by default
"""

import json
import sys

import duckdb
import polars
import pyarrow.parquet


def with_pyarrow(path):
    table = pyarrow.parquet.read_table(path)
    types = [[field.name, str(field.type)] for field in table.schema]
    return types, [[None if cell is None else str(cell) for cell in row.values()] for row in table.to_pylist()]


def with_polars(path):
    frame = polars.read_parquet(path)
    types = [[name, str(kind)] for name, kind in frame.schema.items()]
    return types, [[None if cell is None else str(cell) for cell in row] for row in frame.rows()]


def with_duckdb(path):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    relation = connection.from_parquet(path)
    types = [[name, str(kind)] for name, kind in zip(relation.columns, relation.types)]
    texts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in relation.columns)
    return types, [list(row) for row in relation.project(texts).fetchall()]


READERS = {"pyarrow": with_pyarrow, "polars": with_polars, "duckdb": with_duckdb}

path = sys.argv[1]
step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
result = {}
for name, read in READERS.items():
    types, rows = read(path)
    result[name] = {"types": types, "rows": rows[::step], "count": len(rows)}
json.dump(result, sys.stdout)
