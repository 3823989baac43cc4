"""
Peers that run on node: a folder here has the program and a package.json with one dependency at one version, which
npm installs beside a copy of them in the build folder.
"""

import json
import shutil
import subprocess

import tocsin as players

from peers import ground as base


def installed_version(home, package):
    path = home / "node_modules" / package / "package.json"
    return json.loads(path.read_text())["version"] if path.exists() else None


def install(package):
    """Returns the folder in which the program can run; what cannot be installed is Missing."""
    source, home = players.ROOT / "bench/peers" / package, players.BUILD / "bench" / package
    for name in ("node", "npm"):
        if not shutil.which(name):
            raise base.Missing(f"{name} is not installed: tests/install bench")
    home.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        shutil.copy(path, home)
    version = json.loads((source / "package.json").read_text())["dependencies"][package]
    if installed_version(home, package) == version:
        return home
    argv = ["npm", "install", "--prefix", str(home), "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise base.Missing(f"{package} cannot be installed with npm: {done.stderr.strip()[-500:]}")
    return home
