#!/bin/sh
# The main job on real input: the bookstore and MovieLens 100K are imported,
# prepared, and asked for recommendations in every way. Stores are kept in
# var/, so a second run does nothing twice. Run by `make demo`.
set -eu
cd "$(dirname "$0")/.."

reckon=build/src/cli/reckon
films=${XDG_CACHE_HOME:-$HOME/.cache}/reckon/data/ml-100k

headline() {
    printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else
        sed 's/\x1b\[[0-9]*m//g'
    fi
}

# on NAME COMMAND ...: reckon with an example's configuration and its own store
on() {
    name=$1
    shift
    "$reckon" --config "examples/$name/reckon.yaml" \
        --store "var/$name/reckon.db" "$@"
}

# load NAME FOLDER: import and prepare; the same files again change nothing
load() {
    mkdir -p "var/$1"
    for kind in items users events; do
        on "$1" import "$kind" "$2/$kind.csv"
    done
    on "$1" prepare
}

headline "The bookstore: 64 books, 28 readers"
load bookstore examples/bookstore
headline "U12345 reads fiction and historical novels. The Silent Patient?"
for way in embeddings tokens llm; do
    headline "way: $way"
    on bookstore predict --user U12345 --item B78901 --way "$way"
done
headline "way: llm, asked with two candidates"
on bookstore recommend --user U12345 --way llm --candidates B78901,B27381
headline "way: rag, five steps"
on bookstore recommend --user U12345 --way rag -n 5 --trace

headline "MovieLens 100K: 1,682 films, 943 users, 100,000 ratings"
load movielens "$films"
for way in embeddings tokens llm rag auto; do
    headline "user 42, way: $way"
    on movielens recommend --user 42 --way "$way" -n 10
done
headline "Somebody new, known by a sentence"
on movielens recommend --profile "35, nurse, likes musicals, no horror" -n 5

headline "How to go on"
cat <<END
  alias reckon="$PWD/$reckon"
  cd var/movielens && cp ../../examples/movielens/reckon.yaml .
  reckon recommend --user 7 --way tokens --explain
  reckon similar --item 50            # like Star Wars
  reckon show user 42                 # what is believed of a user
  reckon doctor                       # what is missing, and what stands in
  reckon help                         # everything else
END
