"""Runs a program of this folder, and ends the process as soon as the program is done.

usage: run.py PROGRAM [ARGUMENT ...]

Readers leave threads of their own (pyarrow's for input and output, fsspec's loop). While the interpreter is taken down, such a
thread that asks for the interpreter's lock is ended from within C++, which aborts the process now and then, after the program
has printed all that it had to: "terminate called without an active exception". So nothing is taken down.
"""

import os
import runpy
import sys

program = sys.argv[1]
sys.argv[:] = sys.argv[1:]
sys.path[0] = os.path.dirname(program)
runpy.run_path(program, run_name="__main__")
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
