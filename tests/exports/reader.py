"""Reads the file of a feed with readers that know nothing of jpauto, and prints its rows as JSON.

`reader.py csv|tsv|bare|xml|json_lines|json_ld FILE`, or `reader.py pages FOLDER` and `reader.py zip FILE`.
"""

import csv
import html
import json
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import yaml

csv.field_size_limit(sys.maxsize)


def separated(path, delimiter, header=True):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=delimiter, strict=True))
    if not header:
        return rows
    assert all(len(row) == len(rows[0]) for row in rows)
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def elements(path):
    def value(element):
        assert len(element) == 0
        return element.text or ""

    rows = []
    for vehicle in ElementTree.parse(path).getroot():
        row = {}
        for element in vehicle:
            row.setdefault(element.tag, []).append(value(element))
        rows.append(row)
    return rows


def page(text):
    head, front, body = text.split("---\n", 2)
    assert head == ""
    return {**yaml.safe_load(front), "body": html.unescape(body.removesuffix("\n"))}


def main():
    form, path = sys.argv[1:]
    if form == "csv":
        rows = separated(path, ",")
    elif form == "tsv":
        rows = separated(path, "\t")
    elif form == "bare":
        rows = separated(path, ",", header=False)
    elif form == "xml":
        rows = elements(path)
    elif form == "json_lines":
        rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").split("\n") if line]
    elif form == "json_ld":
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        assert document["@context"] == "https://schema.org"
        rows = document["@graph"]
    elif form == "pages":
        rows = [page(file.read_text(encoding="utf-8")) for file in sorted(Path(path).glob("*.md"))]
    else:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            rows = [page(archive.read(name).decode()) for name in sorted(archive.namelist())]
    json.dump(rows, sys.stdout)


main()
