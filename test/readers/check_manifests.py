"""Checks manifests (a file with a JSON list) against the schemas of built-in kinds; prints what is wrong, as a JSON list.

kubernetes-validate carries the schemas; strict ones refuse fields that they do not know.
"""

import json
import sys

import kubernetes_validate

VERSION = "1.37"


def faults_of(manifest):
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    try:
        checked = kubernetes_validate.validate(manifest, VERSION, strict=True)
        return [] if checked == VERSION else [f"{name}: checked against {checked} in place of {VERSION}"]
    except kubernetes_validate.ValidationError as error:
        return [f"{name}: {'.'.join(str(part) for part in error.path)}: {error.message}"]
    except kubernetes_validate.SchemaNotFoundError as error:
        return [f"{name}: {error.message}"]


with open(sys.argv[1], encoding="utf-8") as file:
    print(json.dumps([fault for manifest in json.load(file) for fault in faults_of(manifest)]))
