#!/usr/bin/env python3
"""The HTTP server in trouble: slow clients, a burst, a database that goes away, and its own end. One line a figure, with its bar.

    make bench ARGS=http    # JPAUTO_BENCH_RESTARTS (20) is how often PostgreSQL is stopped and started

Everything stays on the loopback interface and ends by itself. The database that goes away is a PostgreSQL of its own in a folder
that is removed. `http_overload`, which has a server whose work takes 20 ms, is beside `adapters/http`.
"""

import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from http_server import BINARY, build, jpauto, program, serving, verdict

RESTARTS = int(os.environ.get("JPAUTO_BENCH_RESTARTS", "20"))
VEHICLES = 1_000


def filled(folder):
    """A SQLite file with vehicles."""
    path = folder / "lot.db"
    jpauto(f"sqlite:{path}", "migrate")
    with sqlite3.connect(path) as conn:
        conn.executemany(
            "INSERT INTO inventory (id, status, year, make, model, vin, price, mileage, features, images, listed_at)"
            " VALUES (?, 'available', 2019, 'Toyota', 'Camry', ?, 1500000, 40000, '[]', '[]', '2026-01-01T00:00:00.000000Z')",
            ((n.to_bytes(16, "big"), f"2T1BURHE0JC{n:06}") for n in range(VEHICLES)),
        )
    conn.close()
    return f"sqlite:{path}"


def say(what, figure, bar, unit, at_most=True):
    print(f"{what}: {figure:.1f} {unit} {verdict(figure, bar, at_most)}", flush=True)


def first_answer(url, folder, kind):
    """How long the server takes from its start to its first answer, on a database that is there."""
    request = b"GET /api/inventory?limit=1 HTTP/1.1\r\nhost: lot\r\nconnection: close\r\n\r\n"
    times = []
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        began = time.monotonic()
        child = subprocess.Popen(
            [BINARY, "--db", url, "serve", "--address", f"127.0.0.1:{port}"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while time.monotonic() - began < 10:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    client.sendall(request)
                    is_answered = client.recv(15).startswith(b"HTTP/1.1 200")
            except ConnectionError:
                time.sleep(0.000_2)
                continue
            if is_answered:
                times.append(1_000 * (time.monotonic() - began))
                break
        child.terminate()
        child.wait()
    print(f"{kind}, first answer: median {statistics.median(times):.1f} ms of {len(times)} starts", flush=True)
    # Of a busy machine the quickest start says what the program itself takes.
    say(f"{kind}, first answer after the start of the process, best", min(times), 20, "ms")


def idle_memory(url, folder, kind):
    """What the server holds once nothing is asked: after its first answers, and after a crowd of readers has gone."""
    with serving(url, folder) as server:
        for _ in range(3):
            get(server.port, "/api/inventory?limit=20")
        time.sleep(1)
        say(f"{kind}, idle memory", server.memory(), 20, "MiB")
        crowd = [threading.Thread(target=read, args=(server.port,)) for _ in range(64)]
        for reader in crowd:
            reader.start()
        for reader in crowd:
            reader.join()
        time.sleep(A_MINUTE)
        say(f"{kind}, idle memory {A_MINUTE} s after {64 * len(READ) * 50:,} reads on 64 connections", server.memory(), 20, "MiB")


# Connections to SQLite that nothing uses are closed by then.
A_MINUTE = 65
READ = ("/api/inventory?limit=20", f"/api/inventory/{uuid.UUID(int=1)}")


def read(port):
    """A reader of the list and of a vehicle."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in READ * 50:
        client.request("GET", path)
        client.getresponse().read()
    client.close()


def get(port, path):
    """The status of an answer."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", path)
    answer = client.getresponse()
    answer.read()
    client.close()
    return answer.status


def at_once(count, work):
    """Calls the work that many times in as many threads, which begin together; what they answer."""
    ready, answers, lock = threading.Barrier(count), [], threading.Lock()

    def one(number):
        ready.wait()
        answer = work(number)
        with lock:
            answers.append(answer)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def burst(url, folder):
    with serving(url, folder) as server:
        refused = 0
        for _ in range(5):
            refused += sum(status != 200 for status in at_once(64, lambda _: get(server.port, "/api/inventory?limit=20")))
        say("five bursts of 64: refused", refused, 0, "")


def slow_clients(url, folder):
    """How long the server keeps a client that sends its header, or its body, byte by byte, while others are served."""

    def drip(head):
        def one(_):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", server.port), timeout=1) as client:
                client.sendall(head)
                while time.monotonic() - began < 30:
                    try:
                        client.sendall(b"a")
                        if not client.recv(4_096):
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
            return time.monotonic() - began

        return one

    header = b"GET /api/inventory HTTP/1.1\r\nhost: lot\r\nx-slow: "
    body = b"POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{"
    with serving(url, folder) as server:
        for name, head in (("slowloris", header), ("half bodies", body)):
            kept = []
            thread = threading.Thread(target=lambda: kept.extend(at_once(100, drip(head))))
            thread.start()
            served = 0
            while thread.is_alive():
                served += get(server.port, "/api/inventory?limit=1") == 200
                time.sleep(0.2)
            thread.join()
            say(f"{name}: the last of 100 is closed after", max(kept), 10, "s")
            say(f"{name}: others are served meanwhile", served, 10, "times", at_most=False)


class Database:
    """A PostgreSQL of its own."""

    def __init__(self, folder):
        self.control, self.folder = program("pg_ctl", "postgresql"), folder
        self.owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        os.chmod(folder, 0o777)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.run(program("initdb", "postgresql"), "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, *command):
        subprocess.run([*self.owner, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.run(self.control, "start", "-w", "-s", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options)

    def stop(self, how):
        self.run(self.control, "stop", "-w", "-s", "-D", self.folder / "data", "-m", how)


def vin(number):
    """A VIN whose check digit is right."""
    letters = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9]))
    text = f"2T1BURHE0JC{number:06}"
    values = (letters.get(sign) or int(sign) for sign in text)
    left = sum(value * weight for value, weight in zip(values, [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2])) % 11
    return text[:8] + ("X" if left == 10 else str(left)) + text[9:]


class Writers:
    """Four clients that add vehicles, each with a VIN of its own, and note those that the server says it has added."""

    def __init__(self, port, token):
        self.port, self.token, self.added, self.others = port, token, {}, {}
        self.number, self.lock, self.ended = 0, threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.write) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def write(self):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        client = None
        while not self.ended.is_set():
            with self.lock:
                self.number += 1
                number = self.number
            vehicle = {"year": 2018, "make": "Toyota", "model": "Corolla", "vin": vin(number), "price": "14000.00", "mileage": 40000}
            try:
                client = client or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                client.request("POST", "/api/inventory", json.dumps(vehicle), headers)
                answer = client.getresponse()
                text, status = answer.read(), answer.status
            except (OSError, http.client.HTTPException) as reason:
                client, text, status = None, b"", type(reason).__name__
            with self.lock:
                if status == 201:
                    self.added[json.loads(text)["id"]] = vehicle["vin"]
                else:
                    self.others[status] = self.others.get(status, 0) + 1
            if status != 201:
                time.sleep(0.02)

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def with_postgres(folder):
    database = Database(folder)
    try:
        jpauto(database.url, "migrate")
        subprocess.run(
            [program("psql", "postgresql"), "-q", "-d", database.url, "-c", VEHICLES_OF_POSTGRES], check=True, stdout=subprocess.DEVNULL
        )
        first_answer(database.url, folder, "PostgreSQL")
        idle_memory(database.url, folder, "PostgreSQL")
        restarts(database, folder)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            database.stop("immediate")


VEHICLES_OF_POSTGRES = f"""
INSERT INTO inventory (id, status, year, make, model, vin, price, mileage, features, images, listed_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'available', 2019, 'Toyota', 'Camry', '2T1BURHE0JD' || lpad(n::text, 6, '0'), 15000, 40000, '[]', '[]',
       '2026-01-01' FROM generate_series(1, {VEHICLES}) AS n
"""


def restarts(database, folder):
    """PostgreSQL is stopped and started under load: what was acknowledged is there, and the server goes on by itself."""
    token = json.loads(jpauto(database.url, "--format", "json", "token", "create", "bench", "--role", "manager"))["secret"]
    with serving(database.url, folder) as server:
        writers, recovered = Writers(server.port, token), []
        for number in range(RESTARTS):
            time.sleep(random.uniform(0.1, 0.4))
            database.stop("immediate" if number % 2 else "fast")
            time.sleep(0.1)
            database.start()
            began = time.monotonic()
            while get(server.port, "/api/inventory?limit=1") != 200 and time.monotonic() - began < 30:
                time.sleep(0.01)
            recovered.append(time.monotonic() - began)
        writers.end()
        found = subprocess.run(
            [program("psql", "postgresql"), "-At", "-d", database.url, "-c", "SELECT id, vin FROM inventory"],
            check=True, stdout=subprocess.PIPE, text=True,
        )
        rows = dict(line.split("|") for line in found.stdout.split())
        lost = sum(rows.get(id) != vin for id, vin in writers.added.items())
        told = ", ".join(f"{status} {count}" for status, count in sorted(writers.others.items(), key=str))
        print(f"{RESTARTS} restarts of PostgreSQL: {len(writers.added)} writes acknowledged; other answers: {told or 'none'}", flush=True)
        say("restarts: acknowledged writes that are lost", lost, 0, "")
        say("restarts: the slowest recovery", max(recovered), 2, "s")
        wrong = sum(count for status, count in writers.others.items() if status not in (503, 504))
        say("restarts: answers that are neither 201 nor 503 or 504", wrong, 0, "")


def ending(url, folder):
    """SIGTERM while 64 clients ask: each request on an open connection is answered, and the process ends."""
    server = serving(url, folder)
    cut = []

    def ask(_):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        while True:
            try:
                client.request("GET", "/api/inventory?limit=20")
                answer = client.getresponse()
                answer.read()
                if answer.will_close:
                    return
            except (OSError, http.client.HTTPException) as reason:
                cut.append(reason)
                return

    def end():
        time.sleep(1)
        server.child.send_signal(signal.SIGTERM)

    ender = threading.Thread(target=end)
    ender.start()
    at_once(64, ask)
    ender.join()
    began = time.monotonic()
    code = server.child.wait(timeout=30)
    say("SIGTERM under load: the process has ended after", time.monotonic() - began, 11, "s")
    say("SIGTERM under load: exit code", code, 0, "")
    say("SIGTERM under load: requests on open connections that are not answered", len(cut), 0, "")


def main():
    build()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        url = filled(folder)
        first_answer(url, folder, "SQLite")
        idle_memory(url, folder, "SQLite")
        burst(url, folder)
        slow_clients(url, folder)
        ending(url, folder)
        own = folder / "postgres"
        own.mkdir()
        folder.chmod(0o755)
        with_postgres(own)


if __name__ == "__main__":
    main()
