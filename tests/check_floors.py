#!/usr/bin/python3
"""Checks that every include of daemon/ goes to the file's own room or to a lower floor, with the room in
the path, and that each system library stays in the rooms that are its home."""
import pathlib
import re
import sys

FLOORS = {
    "base": 0,
    "config": 1, "loop": 1, "mail": 1, "template": 1,
    "store": 2, "dns": 2, "http": 2, "smtp": 2, "dkim": 2,
    "tls": 3, "audience": 3, "compose": 3,
    "campaign": 4, "delivery": 4, "bounce": 4, "tracking": 4, "report": 4,
    "cluster": 5,
    "api": 6,
}
CLI_SEES = {"base", "config", "template", "http", "cli"}

# Where a library's header may be included. A room that is not here may not.
HOMES = {
    "uv.h": {"loop"},
    "lmdb.h": {"store"},
    "cmark.h": {"template"},
    "myhtml/": {"template"},
    "openssl/": {"loop", "dkim", "compose", "tls", "delivery"},
    "zlib.h": {"base"},
    "confuse.h": {"config"},
    "jansson.h": {"api", "cli"},
    "idn2.h": {"mail"},
    "ares.h": {"dns"},
    "llhttp.h": {"http"},
    "roaring/": {"store", "audience", "campaign", "api"},
    "libsmartcols": {"cli"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def faults_of(path, root):
    room = path.relative_to(root).parts[0] if path.parent != root else "main"
    for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if kind == "<":
            for header, homes in HOMES.items():
                if name.startswith(header) and room not in homes:
                    yield f"{path}: <{name}> is for the rooms {', '.join(sorted(homes))}"
            continue
        other = name.split("/")[0]
        if "/" not in name or (other not in FLOORS and other != "cli"):
            yield f'{path}: "{name}" does not name a room'
        elif room == "cli":
            if other not in CLI_SEES:
                yield f'{path}: cli/ sees {", ".join(sorted(CLI_SEES))} only, not "{name}"'
        elif room == "main" or other == room:
            continue
        elif room not in FLOORS:
            yield f"{path}: the room {room}/ has no floor in {pathlib.Path(__file__).name}"
        elif FLOORS.get(other, 99) >= FLOORS[room]:
            yield f'{path}: {room}/ (floor {FLOORS[room]}) may not include "{name}" (floor {FLOORS[other]})'


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "daemon"
    files = sorted(root.rglob("*.[ch]"))
    faults = [fault for path in files for fault in faults_of(path, root)]
    for fault in faults:
        print(fault)
    print(f"{len(files)} files checked, {len(faults)} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
