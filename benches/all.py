#!/usr/bin/env python3
"""Builds the benchmarks, runs one after the other with a limit of time, and ends with a table of what they measured.

    make bench [ARGS="NAME ..."]    # those whose name holds one of the words; all of them without any

What a benchmark says while it runs is shown as it comes. The table has a line a figure: of criterion's benchmarks the median,
and what ours is in multiples of what stands beside it; of the others the lines that they print. Where there is a bar, it says whether
it is met. The exit code is 1 where a bar was missed, or a benchmark failed or did not end within its time (JPAUTO_BENCH_SECONDS,
900 without it).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

PACKAGES = {"jpauto", "jpauto-cli", "jpauto-http"}
# Runs for the comparison of `make bench-extract` alone.
LEFT_OUT = {"extract_once"}
# Benchmarks that are scripts in this folder; they build what they measure.
SCRIPTS = {"http_reads", "http_failures"}
# Those that measure the Python package, and what they are told of it. Other readers that are not installed are left out by name.
PACKAGED = {"rules": [], "tables": ["MODULE"]}
ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = int(os.environ.get("JPAUTO_BENCH_SECONDS", "900"))
# Criterion's own are 3 and 5 seconds a figure; a benchmark that needs longer asks for it itself.
CRITERION = ["--warm-up-time", "0.5", "--measurement-time", "2", "--noplot"]

TIMED = re.compile(r"^(?P<name>.*?)\s*time:\s+\[(?P<low>\S+ \S+) (?P<median>\S+) (?P<unit>\S+) (?P<high>\S+ \S+)\]$")
# What a figure is called that is ours where another stands beside it, and what those are called.
OURS = {"jpauto", "listings", "listings_from_data", "theil_sen"}
BESIDE = {"by hand", "parse_document", "serde_json_typed", "serde_json_value", "listing"}
# How many times as long as what stands beside it ours may take.
BARS = {"serde_json_typed": 1.5, "parse_document": 1.2}
# Records and pages of the project's own tests: a few hundred bytes, of which the work on each value is most. No website's are so
# small; they are compared, and no bar is held against them.
SAMPLES = {"bare", "tests"}
MISSED = re.compile(r"\(bar [\d.]+: missed\)")
UNITS = {"ps": 1e-12, "ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def output_of(*command):
    """What a command prints; it ends all where it fails."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        sys.exit(ran.returncode)
    return ran.stdout


def names():
    """What the benchmarks are called, in order."""
    packages = json.loads(output_of("cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"))["packages"]
    targets = (target for package in packages if package["name"] in PACKAGES for target in package["targets"])
    return sorted({target["name"] for target in targets if target["kind"] == ["bench"]} - LEFT_OUT | SCRIPTS | PACKAGED.keys())


def build(chosen):
    """The programs of the benchmarks and the folders that they run in, built for measuring."""
    scripts = {name: (ROOT / f"benches/{name}.py", ROOT) for name in (SCRIPTS | PACKAGED.keys()).intersection(chosen)}
    if PACKAGED.keys() & scripts.keys():
        build_package()
    chosen = [name for name in chosen if name not in scripts]
    if not chosen:
        return scripts
    packages = [word for name in sorted(PACKAGES) for word in ("-p", name)]
    benches = [word for name in chosen for word in ("--bench", name)]
    features = ["--features", "jpauto/postgres-bundled"]
    command = ["cargo", "bench", "--locked", *packages, *features, *benches, "--no-run"]
    found = {}
    for line in output_of(*command, "--message-format=json-render-diagnostics").splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["kind"] == ["bench"]:
            found[message["target"]["name"]] = (message["executable"], pathlib.Path(message["manifest_path"]).parent)
    return found | scripts


def package():
    """The folder of the Python package that is measured."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench-python"


def build_package():
    """The Python package with an extension that is built for measuring."""
    output_of("cargo", "build", "--release", "--locked", "-p", "jpauto-python")
    shutil.copytree(ROOT / "bindings/python/python", package(), dirs_exist_ok=True)
    shutil.copy(package().parent / "release/lib_jpauto.so", package() / "jpauto/_jpauto.abi3.so")


def command_of(name, program, is_criterion):
    """How a benchmark is started."""
    if name in PACKAGED:
        told_of = [str(package()) if word == "MODULE" else word for word in PACKAGED[name]]
        return [os.environ.get("JPAUTO_TEST_PYTHON", sys.executable), program, *told_of]
    return [program] if name in SCRIPTS else [program, "--bench", *(CRITERION if is_criterion else [])]


def run(name, program, folder):
    """The lines that it printed, and what went wrong."""
    source = pathlib.Path(folder, "benches", f"{name}.rs")
    is_criterion = source.exists() and b"criterion" in source.read_bytes()
    command = command_of(name, program, is_criterion)
    environment = {**os.environ, "PYTHONPATH": str(package())} if name in PACKAGED else None
    print(f"==> {name}", file=sys.stderr, flush=True)
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment)
    limit = threading.Timer(SECONDS, child.kill)
    limit.start()
    lines = []
    for line in child.stdout:
        print(line, end="", flush=True)
        lines.append(line.rstrip())
    code = child.wait()
    took = time.monotonic() - started
    limit.cancel()
    print(f"==> {name}: {took:.0f} s, exit code {code}", file=sys.stderr, flush=True)
    if code == 0:
        return lines, None
    return lines, f"did not end within {SECONDS} s" if took >= SECONDS else f"failed with exit code {code}"


def figures(lines):
    """Name, seconds and how it is told of each figure of criterion; what else was printed stands on lines of its own."""
    waiting, rest = "", []
    for line in lines:
        timed = TIMED.match(line)
        if timed:
            name = timed["name"].strip() or waiting
            yield name, float(timed["median"]) * UNITS[timed["unit"]], f"{timed['median']} {timed['unit']}"
            waiting, rest = "", [told for told in rest if told != name]
        elif line and not line.startswith((" ", "\t", "Benchmarking", "Found", "Gnuplot", "WARNING", "Warning")):
            waiting = line.strip()
            rest.append(waiting)
    for line in rest:
        yield line, None, ""


def told(lines):
    """A line a figure; of those beside ours also how many times that ours is."""
    if not any(TIMED.match(line) for line in lines):
        yield from (f"  {line}" for line in lines if line)
        return
    ours = {}
    for name, seconds, text in figures(lines):
        if seconds is None:
            yield f"  {name}"
            continue
        parts = name.split("/")
        what = tuple(part for part in parts if part not in OURS | BESIDE)
        if OURS & set(parts):
            ours[what] = seconds
        yield f"  {name:<58} {text:>12}{compared(ours.get(what), seconds, set(parts))}"


def compared(ours, seconds, parts):
    """How many times as long as the peer ours took, and whether that is within its bar."""
    if not ours or not BESIDE & parts:
        return ""
    ratio = ours / seconds
    bar = None if SAMPLES & parts else next((BARS[name] for name in sorted(BARS.keys() & parts)), None)
    verdict = f" (bar {bar}: {'met' if ratio <= bar else 'missed'})" if bar else ""
    return f"  ours is {ratio:.2f} times that{verdict}"


def main():
    """Runs those asked for, and tells."""
    asked, known = sys.argv[1:], names()
    chosen = [name for name in known if not asked or any(word in name for word in asked)]
    if not chosen:
        sys.exit(f"no benchmark's name holds {' or '.join(asked)}: there are {', '.join(known)}")
    benchmarks = build(chosen)
    outcomes = {name: run(name, *benchmarks[name]) for name in chosen}
    print("\n" + "=" * 100)
    missed = 0
    for name, (lines, fault) in outcomes.items():
        print(f"\n{name}" + (f": {fault}" if fault else ""))
        for line in told(lines):
            print(line)
            missed += len(MISSED.findall(line))
    if missed:
        print(f"\n{missed} bars were missed.")
    sys.exit(bool(missed) or any(fault for _, fault in outcomes.values()))


if __name__ == "__main__":
    main()
