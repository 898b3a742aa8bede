#!/bin/sh
# check-layers.sh: each room of src/ includes only itself and the rooms that
# docs/layers.txt gives it, every room stands there, and a header that is
# neither ours nor the C library's is included in one file only.
set -eu
cd "$(dirname "$0")/.."
status=0

wrong() {
    echo "$*"
    status=1
}

# What comes with the compiler and the system; all else is third-party.
system='assert complex ctype dirent dlfcn endian errno fcntl float fnmatch
getopt glob inttypes langinfo libgen limits locale math poll pthread pwd
regex sched setjmp signal stdalign stdarg stdatomic stdbool stddef stdint
stdio stdlib string strings termios time unistd wchar wctype
arm_neon immintrin cpuid
cmath cstring exception memory new stdexcept vector'

# includes PATTERN FILE...: the names in #include lines that match.
includes() {
    pattern=$1
    shift
    sed -n "s/^ *# *include *$pattern.*/\\1/p" "$@" | sort -u
}

for folder in src/*/; do
    room=$(basename "$folder")
    grep -qE "^$room( |\$)" docs/layers.txt ||
        wrong "docs/layers.txt: room '$room' is missing"
done

while read -r room allowed; do
    case $room in '' | \#*) continue ;; esac
    for file in src/"$room"/*.[ch] src/"$room"/*.cc; do
        [ -e "$file" ] || continue
        for inc in $(includes '"\([^"]*\)"' "$file"); do
            case $inc in
            reckon.h) continue ;;
            */*) ;;
            *) wrong "$file: \"$inc\" names no room" ; continue ;;
            esac
            case " $room $allowed " in
            *" ${inc%%/*} "*) ;;
            *) wrong "$file: room '$room' may not include \"$inc\"" ;;
            esac
        done
    done
done <docs/layers.txt

files=$(find src -name '*.[ch]' -o -name '*.cc')
# shellcheck disable=SC2086
for header in $(includes '<\([^>]*\)>' $files); do
    case $header in sys/* | linux/*) continue ;; esac
    case " $(echo $system) " in *" ${header%.h} "*) continue ;; esac
    users=$(grep -lF "<$header>" $files)
    [ "$(echo "$users" | wc -l)" -eq 1 ] ||
        wrong "<$header> is included in more than one file:" $users
done
exit $status
