"""
The real mails of the corpora (they are no part of this project: TOCSIN_CORPORA names their folder), with their
placeholders, which are Mustache's, more or less, turned into Liquid; and what should come of that, computed here.
"""

import html
import os
import pathlib
import re

import pytest

from tocsin import ROOT

FOLDER = pathlib.Path(os.environ.get("TOCSIN_CORPORA", ROOT.parent / "shared/corpora")) / "html"
REAL = sorted(FOLDER.glob("*.html"))
needs_corpora = pytest.mark.skipif(not REAL, reason=f"there are no real mails in {FOLDER}: set TOCSIN_CORPORA")


def escaped(value):
    """As the daemon writes values into HTML."""
    return html.escape(value, quote=False).replace('"', "&quot;").replace("'", "&#39;")


ROWS = [("Candles & matches", "€ 12.50"), ("Paper, 500 sheets", "€ 7.00"), ("“Stamps”", "€ 0.80")]
MEMBERS = {"description": 0, "amount": 1}
PLACEHOLDER = re.compile(r"\{\{\{?\s*([#/]?)\s*([a-z_]*)[\s.]*([a-z_]*)[\s.]*\}\}\}?")


def column_value(name, person):
    """A made-up value: an address for what is one, else words with what HTML and mail make difficult."""
    if name.endswith("_url"):
        return f"https://shop.example/{name}?for={person}&lang=fr&x=a%20b#part"
    if name.endswith("email") or name == "email_address":
        return f"{person}+{name}@shop.example"
    return f"{name.replace('_', ' ')} of {person}: Zoë O'Neill & “Söhne” 例 =3D €"


def translate(page):
    """A Mustache page as (Liquid, the columns that it wants, {column: value} -> what should come of it)."""
    columns = set()
    liquid, parts, repeated = [], [], None
    at = 0

    def put(text, made):
        liquid.append(text)
        (parts if repeated is None else repeated).append(made)

    for match in PLACEHOLDER.finditer(page):
        text = page[at : match.start()]
        put(text, lambda person, row, text=text: text)
        at = match.end()
        kind, name, more = match.groups()
        if kind == "#" and name == "each":
            liquid.append("{% assign rows = contact.rows | split: ';' %}{% for row in rows %}")
            liquid.append("{% assign cells = row | split: '|' %}")
            repeated = []
        elif kind == "/" and name == "each":
            liquid.append("{% endfor %}")
            block, repeated = repeated, None
            parts.append(
                lambda person, row, block=block: "".join(made(person, cells) for cells in ROWS for made in block)
            )
        elif kind:
            liquid.append("{% if contact.rows %}" if kind == "#" else "{% endif %}")
        elif repeated is not None and name in ("description", "amount", "name", "value"):
            cell = MEMBERS.get(name, ("name", "value").index(name) if name in ("name", "value") else 0)
            put("{{ cells[%d] }}" % cell, lambda person, row, cell=cell: escaped(row[cell]))
        else:
            columns.add(name)
            put("{{ contact.%s }}" % name, lambda person, row, name=name: escaped(person[name]))
    tail = page[at:]
    put(tail, lambda person, row: tail)
    return "".join(liquid), columns, lambda person: "".join(made(person, None) for made in parts)
