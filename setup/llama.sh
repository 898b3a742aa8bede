#!/bin/sh
# A libllama for this machine. Prints its prefix as the only line on stdout.
#
# The first of: $LLAMA_PREFIX; a system libllama (pkg-config, 0.5 to 0.7, with
# the calls reckon makes); our own build of the llama.cpp in the PyPI package
# llama-cpp-python, installed as deps/llama-<key>/. The key is a hash of all
# that the build depends on, this processor's features included. deps/llama
# always links to the chosen prefix, and lib/pkgconfig there is right. A build
# that was interrupted goes on where it stopped.
set -eu
. "$(dirname "$0")/lib.sh"

package_version=0.3.36
package=llama_cpp_python-$package_version
package_sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e

# LLAMA_BUILD_COMMIT: otherwise llama.cpp would name our own git commit.
options="-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DGGML_NATIVE=ON
    -DGGML_CCACHE=OFF -DLLAMA_ALL_WARNINGS=OFF -DLLAMA_BUILD_COMMON=OFF
    -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF
    -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_OPENSSL=OFF
    -DLLAMA_BUILD_COMMIT=$package
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_RPATH=\$ORIGIN"

deps=$root/deps

# chosen PREFIX: link to it, print it, done.
chosen() {
    mkdir -p "$deps"
    target=${1#"$deps/"}
    [ "$(readlink "$deps/llama" || true)" = "$target" ] ||
        ln -sfn "$target" "$deps/llama"
    echo "$1"
    exit 0
}

# system_libllama: true when the system's libllama has what reckon calls.
# Versions differ in struct layouts, so only the compiler can tell. Our own,
# which PKG_CONFIG_PATH may name, is not the system's.
system_libllama() {
    command -v pkg-config >/dev/null || return
    pkg-config --exists 'llama >= 0.5 llama < 0.8' || return
    case $(pkg-config --variable=pcfiledir llama) in
    "$deps"/*) return 1 ;;
    esac
    # shellcheck disable=SC2046
    $cc -x c -o /dev/null - $(pkg-config --cflags --libs llama) \
        >/dev/null 2>&1 <<'END'
#include <llama.h>
int main(void)
{
    struct llama_context_params params = llama_context_default_params();
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    params.kv_unified = true;
    struct llama_context *ctx = llama_init_from_model(NULL, params);
    llama_memory_seq_cp(llama_get_memory(ctx), 0, 1, -1, -1);
    return llama_set_adapters_lora(ctx, NULL, 0, NULL);
}
END
}

# build_key: names this compiler, processor, source and set of options. The
# compiler's predefined macros hold both its version and every instruction set
# that -march=native turns on.
build_key() {
    {
        # shellcheck disable=SC2086
        echo "$package" "$options" ${CC:-} ${CXX:-} ${CFLAGS:-} ${CXXFLAGS:-}
        $cc -march=native -dM -E -x c /dev/null ||
            $cc -dM -E -x c /dev/null
    } 2>/dev/null | sha256sum | cut -c1-12
}

# compile: ninja's own counter on a terminal, otherwise a line for each tenth.
compile() {
    export NINJA_STATUS='[%f/%t] '
    jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
    if [ -t 2 ]; then
        cmake --build "$build/b" --parallel "$jobs" >&2
        return
    fi
    rm -f "$build/compiled"
    { cmake --build "$build/b" --parallel "$jobs" 2>&1 &&
        touch "$build/compiled"; } | tee "$build/compile.log" | tenths
    [ -f "$build/compiled" ] || {
        tail -n 20 "$build/compile.log" >&2
        return 1
    }
}

tenths() {
    said=0
    while IFS= read -r line; do
        case $line in \[[0-9]*/[0-9]*\]*) ;; *) continue ;; esac
        counts=${line#\[} counts=${counts%%\]*}
        tenth=$((${counts%/*} * 10 / ${counts#*/}))
        [ "$tenth" -gt "$said" ] || continue
        said=$tenth
        say "    compiled $counts"
    done
}

unpack() {
    fetch_pypi llama-cpp-python "$package_version" "$package.tar.gz" \
        "$package_sha256" --no-binary llama-cpp-python
    rm -rf "$build/src.partial"
    mkdir -p "$build/src.partial"
    tar -xzf "$downloads/$package.tar.gz" -C "$build/src.partial" \
        --strip-components=3 "$package/vendor/llama.cpp"
    mv "$build/src.partial" "$build/src"
}

# install_prefix: everything into a folder that gets its name when complete.
install_prefix() {
    rm -rf "$prefix.partial"
    cmake --install "$build/b" --prefix "$prefix.partial" \
        >"$build/install.log" 2>&1 ||
        die "could not install libllama, see $build/install.log"

    # The file as installed has fixed paths and forgets a library.
    pc=$prefix.partial/lib/pkgconfig/llama.pc
    cat >"$pc.new" <<END
prefix=\${pcfiledir}/../..
libdir=\${prefix}/lib
includedir=\${prefix}/include

$(grep -E '^(Name|Description|Version):' "$pc")
Libs: -L\${libdir} -lllama -lggml -lggml-cpu -lggml-base
Cflags: -I\${includedir}
END
    mv "$pc.new" "$pc"

    # Vocabularies for tests that make their own small models.
    mkdir -p "$prefix.partial/share/llama/vocab"
    cp "$build"/src/models/ggml-vocab-gpt-2.gguf \
        "$build"/src/models/ggml-vocab-bert-bge.gguf \
        "$prefix.partial/share/llama/vocab"
    cp "$build/src/LICENSE" "$prefix.partial/share/llama"

    cat >"$prefix.partial/llama-version.txt" <<END
llama $(sed -n 's/^Version: *//p' "$pc")
ggml $(sed -n 's/^set(PACKAGE_VERSION "\(.*\)")/\1/p' \
        "$prefix.partial/lib/cmake/ggml/ggml-config-version.cmake")
package llama-cpp-python $package_version
compiler $($cc --version | head -n 1)
key $key
END
    mv "$prefix.partial" "$prefix"
}

if [ -n "${LLAMA_PREFIX:-}" ]; then
    [ -f "$LLAMA_PREFIX/include/llama.h" ] ||
        die "LLAMA_PREFIX is $LLAMA_PREFIX, which has no include/llama.h"
    say "libllama is the one in $LLAMA_PREFIX"
    chosen "$(cd "$LLAMA_PREFIX" && pwd)"
fi
need "${cc%% *}" build-essential
if system_libllama; then
    say "libllama is the system's, $(pkg-config --modversion llama)"
    chosen "$(pkg-config --variable=prefix llama)"
fi

key=$(build_key)
prefix=$deps/llama-$key
build=$deps/build-$key
if [ ! -d "$prefix" ]; then
    need cmake cmake
    need ninja ninja-build
    lock "$deps/lock"
fi
# Another build may have ended while this one waited for the lock.
if [ ! -d "$prefix" ]; then
    mkdir -p "$build"
    [ -d "$build/src" ] || unpack
    say "building libllama from $package (3 minutes on 2 cores)"
    # shellcheck disable=SC2086
    cmake -G Ninja -S "$build/src" -B "$build/b" $options \
        >"$build/configure.log" 2>&1 || {
        tail -n 20 "$build/configure.log" >&2
        die "could not configure libllama, see $build/configure.log"
    }
    compile || die "could not build libllama"
    install_prefix
    rm -rf "$build"
fi
chosen "$prefix"
