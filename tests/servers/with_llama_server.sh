#!/bin/sh
# with_llama_server.sh PROGRAM: runs it with the path of a llama-server, which
# is built where there is none. Skipped (77) where it cannot be had.
set -eu
server=$(sh setup/llama_server.sh) || exit 77
exec "$1" "$server"
