#!/bin/sh
# A llama-server for the tests of docs/servers.md. Prints its path as the only
# line on stdout; reckon itself needs none.
#
# The first of: $LLAMA_SERVER; our own build, out of the same llama.cpp and on
# top of the libllama that llama.sh made, in its folder; where libllama is the
# system's or given, one on the PATH. Ours is built once, without optimisation,
# for what takes the time is in libllama. A build that was interrupted goes on
# where it stopped.
set -eu
. "$(dirname "$0")/lib.sh"

# print PATH: done.
print() {
    echo "$1"
    exit 0
}

# project: what llama.cpp's own one would build besides the library, which is
# there already. No web page, no TLS, no commands run for models.
project() {
    cat <<'END'
cmake_minimum_required(VERSION 3.14)
project(llama.cpp C CXX)
set(BUILD_SHARED_LIBS OFF)
set(LLAMA_BUILD_COMMON ON)
set(LLAMA_SUBPROCESS OFF)
set(LLAMA_TOOLS_INSTALL OFF)
set(BUILD_NUMBER 0)
set(BUILD_COMMIT reckon)
set(BUILD_COMPILER cc)
set(BUILD_TARGET tests)
set(LLAMA_BUILD_NUMBER 0)
include(cmake/common.cmake)
include(cmake/license.cmake)
license_add_file(llama.cpp LICENSE)
find_package(llama REQUIRED)
add_subdirectory(vendor)
add_subdirectory(common)
add_subdirectory(tools/mtmd)
add_subdirectory(tools/ui)
add_subdirectory(tools/server)
END
}

if [ -n "${LLAMA_SERVER:-}" ]; then
    [ -x "$LLAMA_SERVER" ] ||
        die "LLAMA_SERVER is $LLAMA_SERVER, which is no program"
    print "$LLAMA_SERVER"
fi
prefix=$("$setup/llama.sh" 2>/dev/null) || die "there is no libllama"
server=$prefix/bin/llama-server
[ ! -x "$server" ] || print "$server"
package=$(sed -n 's/^package llama-cpp-python //p' \
    "$prefix/llama-version.txt" 2>/dev/null || true)
archive=$downloads/llama_cpp_python-$package.tar.gz
if [ -z "$package" ] || [ ! -f "$archive" ]; then
    ! command -v llama-server || exit 0
    die "no llama-server, and libllama is not our own build: set LLAMA_SERVER"
fi

need cmake cmake
need ninja ninja-build
build=$prefix.server
lock "$prefix.server.lock"
[ ! -x "$server" ] || print "$server" # built while this one waited
mkdir -p "$build"
if [ ! -d "$build/src" ]; then
    rm -rf "$build/src.partial"
    mkdir "$build/src.partial"
    tar -xzf "$archive" -C "$build/src.partial" --strip-components=3 \
        "llama_cpp_python-$package/vendor/llama.cpp"
    project >"$build/src.partial/CMakeLists.txt"
    mv "$build/src.partial" "$build/src"
fi
say "building llama-server for the tests (once; some minutes)"
{
    cmake -G Ninja -S "$build/src" -B "$build/b" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-DNDEBUG \
        -DCMAKE_C_FLAGS_RELEASE=-DNDEBUG -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_BUILD_RPATH='$ORIGIN/../lib' -DLLAMA_ALL_WARNINGS=OFF \
        -DCMAKE_EXE_LINKER_FLAGS="-L$prefix/lib" \
        -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF \
        -DLLAMA_USE_PREBUILT_UI=OFF -DMTMD_VIDEO=OFF &&
        cmake --build "$build/b" --target llama-server \
            --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
} >"$build/build.log" 2>&1 || {
    tail -n 20 "$build/build.log" >&2
    die "could not build llama-server, see $build/build.log"
}
mkdir -p "$prefix/bin"
strip -o "$server.partial" "$build/b/tools/server/llama-server"
mv "$server.partial" "$server"
rm -rf "$build"
print "$server"
