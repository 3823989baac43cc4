#!/usr/bin/python3
"""
Writes a CSV of invented contacts, the same for the same seed: names in many scripts, a realistic spread
of domains, dates, amounts, and notes that need quotes. Addresses are unique. Standard library only.

    make_contacts.py --count 10000 --output people.csv.gz
    make_contacts.py --count 200 --domains a.example,b.example --delimiter ';' --encoding cp1252
"""

import argparse
import csv
import datetime
import gzip
import io
import random
import sys

HEADER = "email,first_name,last_name,country,language,signed_at,amount,note".split(",")

# language: countries, first names, last names; each name with how it is written in an address.
PEOPLE = {
    "en": (
        "GB US IE AU NZ",
        "Emma:emma James:james Olivia:olivia William:william Zoë:zoe Siobhán:siobhan",
        "Smith:smith O'Connor:oconnor Brontë:bronte Taylor:taylor Walker:walker Ó Briain:obriain",
    ),
    "fr": (
        "FR BE CH",
        "Chloé:chloe François:francois Hélène:helene Loïc:loic Gaël:gael Anaïs:anais Jean-Noël:jean-noel",
        "Lefèvre:lefevre Dupont:dupont Müller-Noël:muller-noel Bénard:benard Garçon:garcon d'Aubigné:daubigne",
    ),
    "de": (
        "DE AT CH",
        "Jürgen:juergen Käthe:kaethe Sören:soeren Änne:aenne Björn:bjoern Ulrike:ulrike",
        "Weiß:weiss Schröder:schroeder Jäger:jaeger Groß:gross von Bülow:von.buelow Köhler:koehler",
    ),
    "es": (
        "ES MX AR CL",
        "José:jose Begoña:begona Íñigo:inigo María:maria Jesús:jesus Lucía:lucia",
        "Núñez:nunez Muñoz:munoz García Márquez:garcia.marquez Ibáñez:ibanez Peña:pena",
    ),
    "pl": (
        "PL",
        "Łukasz:lukasz Małgorzata:malgorzata Paweł:pawel Świętosława:swietoslawa Jerzy:jerzy",
        "Wójcik:wojcik Żak:zak Dąbrowski:dabrowski Kowalczyk:kowalczyk Gałązka:galazka",
    ),
    "tr": (
        "TR",
        "Ayşe:ayse Çağlar:caglar Işıl:isil İbrahim:ibrahim Gül:gul",
        "Yılmaz:yilmaz Şahin:sahin Öztürk:ozturk Güneş:gunes",
    ),
    "vi": ("VN", "Nguyệt:nguyet Đức:duc Hoàng:hoang Thảo:thao", "Nguyễn:nguyen Trần:tran Phạm:pham Đặng:dang"),
    "el": ("GR CY", "Ελένη:eleni Γιώργος:giorgos Άννα:anna Οδυσσέας:odysseas", "Παπαδόπουλος:papadopoulos Ζώη:zoi"),
    "ru": ("RU KZ", "Ольга:olga Пётр:pyotr Наталья:natalya Илья:ilya", "Иванова:ivanova Щукин:shchukin Ёлкина:yolkina"),
    "uk": ("UA", "Олексій:oleksii Їлена:yilena Ґалина:galyna Соломія:solomiia", "Шевченко:shevchenko Єфремов:yefremov"),
    "ar": ("EG MA TN LB", "محمد:mohamed فاطمة:fatma يوسف:youssef نور:nour", "الحداد:alhaddad بن علي:benali المصري:almasri"),
    "he": ("IL", "נועה:noa יוסף:yosef שרה:sara אורי:uri", "כהן:cohen לוי:levi בן־דוד:bendavid"),
    "hi": ("IN", "आरव:aarav प्रिया:priya कृष्ण:krishna श्रीमती:shrimati", "शर्मा:sharma सिंह:singh चतुर्वेदी:chaturvedi"),
    "zh": ("CN TW SG", "伟:wei 秀英:xiuying 子涵:zihan 建國:jianguo", "王:wang 李:li 歐陽:ouyang 张:zhang"),
    "ja": ("JP", "さくら:sakura 翔太:shota ヒロシ:hiroshi 美咲:misaki", "佐藤:sato 髙橋:takahashi サイトウ:saito"),
    "ko": ("KR", "민준:minjun 서연:seoyeon 지우:jiwoo 하늘:haneul", "김:kim 이:lee 박:park 최:choi"),
}

# How many in a hundred of a European petition's signers are where, roughly.
DOMAINS = {
    "gmail.example": 38,
    "hotmail.example": 12,
    "orange.example": 8,
    "yahoo.example": 7,
    "outlook.example": 7,
    "free.example": 5,
    "icloud.example": 5,
    "gmx.example": 4,
    "web.example": 4,
    "laposte.example": 3,
    "wanadoo.example": 3,
    "proton.example": 2,
    "uni.example": 1,
    "work.example": 1,
}

NOTES = ["", "", "", "", "", "", "prefers letters", "said \"yes\", then left", "moved; new street", "line one\nline two"]


def parse_arguments():
    parser = argparse.ArgumentParser(description="Writes a CSV of invented contacts.")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--output", default="-", help="a path; gzip if it ends in .gz; - is standard output")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--domains", help="names with commas, all as likely; default: a realistic spread")
    parser.add_argument("--delimiter", default=",", help="one character, or `tab`")
    parser.add_argument("--encoding", choices=["utf-8", "cp1252"], default="utf-8")
    parser.add_argument("--bom", action="store_true", help="a byte order mark in front, as Excel writes it")
    parser.add_argument("--gz", action="store_true", help="gzip, whatever the path ends in")
    parser.add_argument("--idn", type=float, default=0, help="percentage of addresses at bücher.example")
    parser.add_argument("--utf8", type=float, default=0, help="percentage of local parts with a name as it is written")
    parser.add_argument("--bounce", type=float, default=0, help="percentage of local parts like bounce17 (see sink)")
    parser.add_argument("--defer", type=float, default=0, help="percentage of local parts like defer17 (see sink)")
    return parser.parse_args()


def encodes(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def read_people(encoding):
    """PEOPLE as lists of (language, countries, [(first, ascii)], [(last, ascii)]), as the encoding can write it."""
    # A name may hold a space: what separates names is the space behind an ASCII spelling.
    def names(text):
        found, written = [], []
        for word in text.split(" "):
            written.append(word)
            if ":" in word:
                name, _, plain = " ".join(written).rpartition(":")
                found.append((name, plain))
                written = []
        return [pair for pair in found if encodes(pair[0], encoding)]

    rows = [(lang, places.split(), names(first), names(last)) for lang, (places, first, last) in PEOPLE.items()]
    return [row for row in rows if row[2] and row[3]]


def choose_shares(chance, count, shares):
    """A list of `count` keys of `shares` (key: percentage); the rest of the hundred is None."""
    keys = [None, *shares]
    return chance.choices(keys, [100 - sum(shares.values()), *shares.values()], k=count)


def make_rows(options, count, start, chance, people, domains):
    """`count` rows; `start` is the number of the first, which keeps addresses apart."""
    who = chance.choices(people, k=count)
    where = chance.choices(list(domains), list(domains.values()), k=count)
    special = {"bounce": options.bounce, "defer": options.defer, "idn": options.idn, "utf8": options.utf8}
    kinds = choose_shares(chance, count, special)
    notes = chance.choices(NOTES, k=count)
    dice = [chance.random() for _ in range(3 * count)]
    first_day = datetime.date(2015, 1, 1).toordinal()
    days = [datetime.date.fromordinal(first_day + day).isoformat() for day in range(4000)]
    for i in range(count):
        language, places, firsts, lasts = who[i]
        a, b, c = dice[3 * i : 3 * i + 3]
        first, plain_first = firsts[int(a * len(firsts))]
        last, plain_last = lasts[int(b * len(lasts))]
        number, kind, domain = start + i, kinds[i], where[i]
        local = f"{plain_first}.{plain_last}.{number}"
        if kind is not None:
            if kind in ("bounce", "defer"):
                local = f"{kind}{number}"
            elif kind == "utf8":
                local = f"{first}{number}".replace(" ", ".")
            else:
                domain = "bücher.example"
        yield (
            f"{local}@{domain}",
            first,
            last,
            places[int(c * len(places))],
            language,
            days[int(a * 4000)],
            f"{b * 200:.2f}",
            notes[i],
        )


def open_output(options):
    raw = sys.stdout.buffer if options.output == "-" else open(options.output, "wb")
    if options.gz or options.output.endswith(".gz"):
        # No time and no name in the header: the same rows are the same bytes.
        raw = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0)
    encoding = "utf-8-sig" if options.bom and options.encoding == "utf-8" else options.encoding
    return io.TextIOWrapper(raw, encoding=encoding, newline="", write_through=False)


def main():
    options = parse_arguments()
    chance = random.Random(options.seed)
    people = read_people(options.encoding)
    domains = {name: 1 for name in options.domains.split(",")} if options.domains else DOMAINS
    delimiter = "\t" if options.delimiter == "tab" else options.delimiter
    with open_output(options) as out:
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(HEADER)
        for start in range(0, options.count, 50000):
            count = min(50000, options.count - start)
            writer.writerows(make_rows(options, count, start + 1, chance, people, domains))


if __name__ == "__main__":
    main()
