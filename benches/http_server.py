"""The program under test: the release binary as a server, and the programs that ask it. For the scripts `http_*.py`."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/jpauto"


def build():
    """Builds the binary as it is given away, where `--no-build` is not asked for."""
    if "--no-build" not in sys.argv:
        subprocess.run(["make", "--no-print-directory", "release"], cwd=ROOT, check=True)


def jpauto(url, *arguments):
    """What a command prints."""
    return subprocess.run([BINARY, "--db", url, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def program(name, package):
    """Where a program is, installed from Debian where it is missing."""
    found = lambda: shutil.which(name) or next(map(str, sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    if not found():
        subprocess.run([ROOT / "tests/apt-install", package], check=True)
    return found()


class Server:
    """A process that tells its port, and ends with the block."""

    def __init__(self, command, folder):
        self.log = tempfile.NamedTemporaryFile()
        self.child = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=subprocess.STDOUT)
        self.port = next(filter(None, (self.told_port() for _ in range(100))), None)
        if self.port is None:
            sys.exit(f"{command[0]} did not start: {pathlib.Path(self.log.name).read_text(encoding='utf-8')}")

    def told_port(self):
        time.sleep(0.1)
        told = re.search(r"(?m)^(?:.*:)?(\d+)/?$", pathlib.Path(self.log.name).read_text(encoding="utf-8"))
        return int(told[1]) if told else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        self.child.wait()

    def memory(self):
        """The memory that it holds now, in MiB."""
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def serving(url, folder):
    """The server on a free port of loopback."""
    return Server([BINARY, "--db", url, "serve", "--address", "127.0.0.1:0"], folder)


def verdict(figure, bar, at_most=False):
    is_met = figure <= bar if at_most else figure >= bar
    return f"(bar {bar:.2f}: {'met' if is_met else 'missed'})"
