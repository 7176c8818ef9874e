"""Runs the recipes of bi/ against a server, as they are but for the host, and prints what they made of it as JSON.

usage: read_recipes.py RECIPES BASE TABLE...   RECIPES is the folder; the tables are what read_tables.py is asked for

Prints {"pandas": {table: frame}, "duckdb": {view: frame}, "answer": rows}; a frame has the kinds of each column (in pandas
those of its cells, but for empty ones) and its cells as texts.
"""

import importlib.util
import json
import pathlib
import sys
from decimal import Decimal

import duckdb
from dated_http import DatedHttpFileSystem

HOST = "https://your-host"


def text(cell):
    if cell is None or cell != cell:
        return None
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def frame(names, rows):
    kinds = {
        name: sorted({type(row[column]).__name__ for row in rows if text(row[column]) is not None})
        for column, name in enumerate(names)
    }
    return {"kinds": kinds, "rows": [[text(cell) for cell in row] for row in rows]}


def with_pandas(recipes, base, tables):
    spec = importlib.util.spec_from_file_location("recipe", recipes / "read_tables.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    read = {table: recipe.read_table(base, table) for table in tables}
    return {
        table: frame(list(found.columns), [list(row) for row in found.itertuples(index=False)])
        for table, found in read.items()
    }


def with_duckdb(recipes, base):
    database = duckdb.connect()
    database.register_filesystem(DatedHttpFileSystem())
    script = (recipes / "read_tables.sql").read_text().replace(HOST, base)
    answer = None
    for statement in duckdb.extract_statements(script):
        answer = database.execute(statement).fetchall()
    views = [name for (name,) in database.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
    found = {}
    for view in sorted(views):
        relation = database.table(view)
        texts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in relation.columns)
        types = {name: [str(kind)] for name, kind in zip(relation.columns, relation.types)}
        found[view] = {"kinds": types, "rows": [list(row) for row in relation.project(texts).fetchall()]}
    return found, [[text(cell) for cell in row] for row in answer]


recipes, base, *tables = sys.argv[1:]
views, answer = with_duckdb(pathlib.Path(recipes), base)
print(json.dumps({"pandas": with_pandas(pathlib.Path(recipes), base, tables), "duckdb": views, "answer": answer}))
