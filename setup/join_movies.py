"""join_movies.py RECBOLE-WHEEL BOKEH-WHEEL FOLDER: MovieLens 100K for reckon.

Reads the data set (users, films, ratings) from the PyPI package recbole and
what Wikidata knows of the films from bokeh-sampledata's movies.db, finds the
same film in both by title and year, and writes into FOLDER

    items.csv    id,title,year,genres,director,cast,country,awards
    users.csv    id,age,gender,occupation,zip
    events.csv   user,item,type,value,at    (at in Unix seconds)

in the order of the data set. A field with several values has | between them.
Says on stderr how many films and ratings it found. Standard library only.
"""

import collections
import csv
import os
import re
import sqlite3
import sys
import tempfile
import unicodedata
import zipfile

DATASET = "recbole/dataset_example/ml-100k/ml-100k."
MOVIES = "bokeh_sampledata/_data/movies.db"

# movies.db lists a cast by the alphabet. Who plays in most of its films comes
# first here, and the list ends after this many.
CAST_KEPT = 8

ARTICLES = (
    "The|A|An|La|Le|Les|L'|Un|Une|Il|Lo|O|El|Los|Las|Das|Der|Die|Det"
)
COLON = re.compile(r": | – | or: ")


def rows(archive, kind):
    """The rows of one of the data set's tables, without the heading."""
    text = archive.read(DATASET + kind).decode("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


def natural(title):
    """'Matrix, The' is 'The Matrix', also inside parentheses."""
    def swap(match):
        name, article = match.groups()
        return article + ("" if article.endswith("'") else " ") + name

    parts = re.split(r"( ?\([^()]*\))", title)
    for i, part in enumerate(parts):
        inner = re.fullmatch(r"( ?\()(.*)(\))", part)
        before, name, after = inner.groups() if inner else ("", part, "")
        name = re.sub(rf"^(.*), ({ARTICLES})$", swap, name)
        parts[i] = before + name + after
    return "".join(parts)


def title_and_year(title, year):
    """Two rows of the data set have their year elsewhere or nowhere."""
    match = re.fullmatch(r"(.*) \((\d{4})\)", title)
    if match:
        title, year = match.groups()
    if title == "unkonwn":
        title = "unknown"
    return natural(title), year if year.isdigit() else ""


def key(title):
    """What two spellings of one title have in common."""
    text = unicodedata.normalize("NFKD", title.lower().replace("&", " and "))
    text = re.sub(r"^twelve\b", "12", text)
    text = re.sub(rf"^({ARTICLES.lower()})\b *", "", text)
    return "".join(filter(str.isalnum, text))


def without_parentheses(title):
    return re.sub(r" ?\([^()]*\)", "", title)


def spellings(title):
    """The title, then its alternatives in and without parentheses."""
    names = [title]
    if "(" in title:
        names.append(without_parentheses(title))
        names += re.findall(r"\(([^()]*)\)", title)
    return [key(name) for name in names]


def parts(title):
    """The pieces of 'Star Wars: Episode V – The Empire Strikes Back'."""
    pieces = COLON.split(without_parentheses(title))
    if len(pieces) == 1 or pieces[-1] == "The Movie":
        return []
    return [key(pieces[0]), key(pieces[-1])]


class Films:
    """movies.db, looked up by title and year."""

    def __init__(self, database):
        self.by_title = collections.defaultdict(list)
        self.by_part = collections.defaultdict(list)
        self.appearances = collections.Counter()
        database.row_factory = sqlite3.Row
        for film in database.execute(
            'SELECT Title, Year, Genre, Director, "Cast", Country, Awards'
            " FROM omdb ORDER BY ID"
        ):
            self.by_title[key(film["Title"])].append(film)
            for part in parts(film["Title"]):
                self.by_part[part].append(film)
            self.appearances.update(split(film["Cast"]))

    def find(self, title, year):
        """The film of this title and year, give or take one; or None.

        A part of a longer title will do when one film only has it. Both
        having a part in common is not enough unless it is the last one: every
        Star Trek film starts alike."""
        if not year:
            return None
        for names, index in (
            (spellings(title), self.by_title),
            (spellings(title), self.by_part),
            (parts(title)[1:], self.by_part),
            (parts(title), self.by_title),
        ):
            found = [
                film
                for name in names
                for film in index.get(name, [])
                if abs(film["Year"] - int(year)) <= 1
            ]
            if index is self.by_part and len({f["Title"] for f in found}) > 1:
                continue
            if found:
                return min(found, key=lambda f: abs(f["Year"] - int(year)))
        return None

    def cast(self, film):
        names = split(film["Cast"])
        names.sort(key=lambda name: (-self.appearances[name], name))
        return names[:CAST_KEPT]


def split(text):
    """'A, B' as ['A', 'B']; nothing as []."""
    return [name for name in (text or "").split(", ") if name]


def write(folder, name, heading, table):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(table)


def films_of(wheel):
    """sqlite3 reads files, not archives."""
    with zipfile.ZipFile(wheel) as archive, tempfile.NamedTemporaryFile(
        suffix=".db"
    ) as file:
        file.write(archive.read(MOVIES))
        file.flush()
        database = sqlite3.connect(file.name)
        try:
            return Films(database)
        finally:
            database.close()


def items(table, films):
    """Rows of items.csv, and the ids of those that were found."""
    found, out = set(), []
    for item, title, year, genres in table:
        title, year = title_and_year(title, year)
        film = films.find(title, year)
        genres = [g for g in genres.split(" ") if g != "unknown"]
        row = [item, title, year]
        if film:
            found.add(item)
            row += [
                "|".join(genres or split(film["Genre"])),
                "|".join(split(film["Director"])),
                "|".join(films.cast(film)),
                "|".join(split(film["Country"])),
                film["Awards"] or "",
            ]
        else:
            row += ["|".join(genres), "", "", "", ""]
        out.append(row)
    return out, found


def main(recbole, bokeh, folder):
    films = films_of(bokeh)
    with zipfile.ZipFile(recbole) as archive:
        catalogue, found = items(rows(archive, "item"), films)
        users = rows(archive, "user")
        ratings = rows(archive, "inter")

    write(
        folder,
        "items.csv",
        "id title year genres director cast country awards".split(),
        catalogue,
    )
    write(folder, "users.csv", "id age gender occupation zip".split(), users)
    write(
        folder,
        "events.csv",
        "user item type value at".split(),
        [
            (user, item, "rating", value, int(float(at)))
            for user, item, value, at in ratings
        ],
    )
    rated = sum(item in found for _, item, _, _ in ratings)
    print(
        f"    {len(users)} users, {len(catalogue)} films, {len(ratings)} ratings; "
        f"director, cast and country of {len(found)} films "
        f"({len(found) / len(catalogue):.1%}) with "
        f"{rated / len(ratings):.1%} of the ratings",
        file=sys.stderr,
    )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
