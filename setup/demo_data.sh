#!/bin/sh
# MovieLens 100K, with directors, cast and countries from Wikidata, as the CSV
# files that `reckon import` reads: items.csv, users.csv and events.csv in
# ~/.cache/reckon/data/ml-100k. Both parts come from PyPI packages; the join is
# setup/join_movies.py. LICENCES beside the files says what may be done with
# them; nothing of them is part of reckon.
set -eu
. "$(dirname "$0")/lib.sh"

recbole_wheel=recbole-1.2.1-py3-none-any.whl
recbole_sha256=9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407
bokeh_wheel=bokeh_sampledata-2026.1-py3-none-any.whl
bokeh_sha256=f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f

data=$cache/data/ml-100k
source=$(cat "$0" "$setup/join_movies.py" | sha256sum | cut -c1-16)
is_made "$data" "$source" && exit

lock "$cache/data/lock"
fetch_pypi recbole 1.2.1 "$recbole_wheel" "$recbole_sha256"
fetch_pypi bokeh-sampledata 2026.1 "$bokeh_wheel" "$bokeh_sha256"

partial=$cache/data/unfinished
rm -rf "$partial"
mkdir -p "$partial"
cat >"$partial/LICENCES" <<'END'
MovieLens 100K: GroupLens Research, University of Minnesota. For research; not
for commercial use, and not to be passed on, without permission. In publications
cite F. M. Harper and J. A. Konstan, The MovieLens Datasets: History and
Context, ACM TiiS 5(4), 2015.

Directors, casts, countries, awards: Wikidata contributors, CC0 1.0.
END
say "joining MovieLens 100K with Wikidata's films"
python3 "$setup/join_movies.py" "$downloads/$recbole_wheel" \
    "$downloads/$bokeh_wheel" "$partial"
say "    ratings: GroupLens Research, for research only, see LICENCES"
say "    directors, casts, countries, awards: Wikidata, CC0 1.0"
keep "$partial" "$data" "$source"
