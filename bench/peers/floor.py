"""
build/bench/floor, the least that a client can do: one ready message over warm connections, again and again,
from one thread; with `signed`, an RSA-2048 signature for each. It counts its own time and CPU, from when the
connections are open and secured to the last answer.
"""

import dataclasses
import json
import subprocess

import tocsin as players

from peers import ground as base

PROGRAM = players.BUILD / "bench/floor"


def measure(ground, count, *, delay_ms=0, signed=False, connections=20, in_flight=4):
    if not PROGRAM.exists():
        raise base.Missing(f"{PROGRAM} is not built: ninja -C {players.BUILD} bench_floor")
    with ground.room("floor") as room, base.running(base.Receiver(room, delay_ms)) as sink:
        argv = [PROGRAM, "--to", f"127.0.0.1:{sink.port}", "--count", count, "--message", ground.message]
        argv += ["--connections", connections, "--in-flight", in_flight]
        argv += ["--sign", ground.key] if signed else []
        done = subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.PIPE, timeout=base.TIMEOUT)
        told = json.loads(done.stdout.splitlines()[-1])
        figures = sink.figures(count, 0, told["cpu_us"] * count)
    return dataclasses.replace(figures, seconds=told["seconds"])
