#!/bin/sh
# test.sh [MESON-TEST-OPTION ...]: runs the tests, says what failed, and closes
# with one line that a person or a script can count on.
set -u
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

{ meson test -C build --print-errorlogs "$@" 2>&1 || echo "exit: $?"; } |
    tee "$log"
status=$(sed -n 's/^exit: //p' "$log")

# count NAME: the number behind it in meson's summary.
count() {
    awk -v name="$1:" '$1 == name { n = $2 } END { print n + 0 }' "$log"
}
failed=$(($(count Fail) + $(count Timeout)))
echo "$(count Ok) passed, $failed failed, $(count Skipped) skipped"
exit "${status:-0}"
