"""
liquidjs (npm, the version is in liquidjs/package.json): one process of node, the template parsed once, values
escaped, a warm-up of some thousand renderings. CPU is the process's own account, all threads, after the warm-up.
"""

import dataclasses
import json
import subprocess

from peers import ground as base
from peers import npm


@dataclasses.dataclass
class Rendering:
    cpu_us: float  # a rendering
    text: str


def measure(template, count, folder):
    """Renders the file of bench/render `count` times."""
    output = folder / "liquidjs.html"
    argv = ["node", str(npm.install("liquidjs") / "render.mjs"), str(template), str(count), str(output)]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=base.TIMEOUT)
    return Rendering(json.loads(done.stdout)["cpu_us"], output.read_text(encoding="utf-8"))
