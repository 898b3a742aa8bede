#!/bin/sh
# setup.sh: all that a fresh machine lacks to build, try and test reckon:
# Debian packages, llama.cpp, model files and the demo's data. Each step does
# nothing when its result is there, so this can run before every build. An
# interrupted one is simply run again.
set -eu
. "$(dirname "$0")/lib.sh"

# step WHAT SCRIPT: run it, say how long it took.
step() {
    before=$(date +%s)
    "$setup/$2" >/dev/null
    say "$1: ready ($(($(date +%s) - before)) s)"
}

step packages packages.sh
step llama.cpp llama.sh
step models models.sh
step "demo data" demo_data.sh
