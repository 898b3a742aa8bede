#!/bin/sh
# packages.sh [FILE]: install the Debian packages that FILE names and this
# machine lacks. FILE is setup/packages.txt unless given: one name a line, #
# starts a comment. With nothing to install apt is not touched; without root
# and sudo, prints the command to run.
set -eu
. "$(dirname "$0")/lib.sh"

list=${1:-$setup/packages.txt}
log=$cache/apt.log

# missing: the names in the list that dpkg does not call installed.
missing() {
    sed 's/#.*//' "$list" | while read -r name; do
        [ -n "$name" ] || continue
        status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) ||
            status=
        [ "$status" = installed ] || echo "$name"
    done
}

# apt ARGUMENT ...: apt-get as root, its chatter in the log.
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" \
        >>"$log" 2>&1 </dev/null || {
        tail -n 3 "$log" >&2
        die "apt-get $1 failed; all of its output is in $log"
    }
}

command -v dpkg-query >/dev/null ||
    die "this is not Debian or Ubuntu: install what $list names by hand"
wanted=$(missing | tr '\n' ' ')
[ -n "$wanted" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
        die "run as root: apt-get install --no-install-recommends $wanted"
    as_root=sudo
fi
say "installing $wanted"
mkdir -p "$cache"
: >"$log"
apt update
# shellcheck disable=SC2086
apt install --yes --no-install-recommends $wanted
