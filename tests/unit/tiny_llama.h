/* A llama model small enough to be made by a test: random weights (it knows
 * nothing, but must do its sums right) and a vocabulary of bytes, letters and
 * a few words in the manner of SentencePiece. */
#ifndef TINY_LLAMA_H
#define TINY_LLAMA_H

#include "core/file.h"
#include "core/rng.h"
#include "gguf_bytes.h"

#include <stdio.h>

enum {
    TINY_WIDTH = 64,
    TINY_HEADS = 2,
    TINY_INNER = 96,
    TINY_LAYERS = 2,
    TINY_CONTEXT = 1024,
    TINY_BYTES = 256,
    TINY_LETTERS = 26,
    TINY_WORDS = 6,
    TINY_SPECIAL = 3,
    TINY_VOCAB = TINY_SPECIAL + TINY_BYTES + 1 + TINY_LETTERS + TINY_WORDS,
    TINY_LAYER_TENSORS = 9,
    TINY_TENSORS = 2 + TINY_LAYERS * TINY_LAYER_TENSORS
};

/* U+2581 stands for a space. */
#define TINY_SPACE "\xE2\x96\x81"

static const char *const tiny_words[TINY_WORDS] = {
    TINY_SPACE "a", "th", TINY_SPACE "th", "wa", "war", TINY_SPACE "war",
};

static const char *const tiny_special[TINY_SPECIAL] = {"<unk>", "<s>", "</s>"};


static inline void tiny_vocabulary(rk_buf *b)
{
    char text[16];

    gguf_key_array(b, "tokenizer.ggml.tokens", GGUF_STRING, TINY_VOCAB);
    for (int i = 0; i < TINY_SPECIAL; i++)
        gguf_text(b, tiny_special[i]);
    for (int i = 0; i < TINY_BYTES; i++) {
        snprintf(text, sizeof(text), "<0x%02X>", (unsigned)i);
        gguf_text(b, text);
    }
    gguf_text(b, TINY_SPACE);
    for (int i = 0; i < TINY_LETTERS; i++) {
        snprintf(text, sizeof(text), "%c", 'a' + i);
        gguf_text(b, text);
    }
    for (int i = 0; i < TINY_WORDS; i++)
        gguf_text(b, tiny_words[i]);

    /* Of the pairs that could be joined, the one with the highest score is. */
    gguf_key_array(b, "tokenizer.ggml.scores", GGUF_FLOAT32, TINY_VOCAB);
    for (int i = 0; i < TINY_VOCAB; i++)
        gguf_f32(b, i < TINY_VOCAB - TINY_WORDS
                        ? -100.0f
                        : -1.0f - (float)(TINY_VOCAB - i));
    gguf_key_array(b, "tokenizer.ggml.token_type", GGUF_UINT32 + 1, TINY_VOCAB);
    for (int i = 0; i < TINY_VOCAB; i++)
        gguf_u32(b, i == 0                          ? 2
                    : i < TINY_SPECIAL              ? 3
                    : i < TINY_SPECIAL + TINY_BYTES ? 6
                                                    : 1);
}


/* One tensor's description; *offset moves on by its bytes. */
static inline void tiny_tensor(rk_buf *b, const char *name, uint64_t width,
                               uint64_t rows, uint64_t *offset)
{
    gguf_tensor(b, name, width, rows, *offset);
    *offset += width * (rows ? rows : 1) * sizeof(float);
}


/* Describes all tensors; returns how many bytes they have. Their widths are
 * multiples of 8, so that each begins aligned. */
static inline uint64_t tiny_tensors(rk_buf *b)
{
    static const struct {
        const char *name;
        uint64_t width;
        uint64_t rows;
    } layer[TINY_LAYER_TENSORS] = {
        {"attn_norm", TINY_WIDTH, 0},
        {"attn_q", TINY_WIDTH, TINY_WIDTH},
        {"attn_k", TINY_WIDTH, TINY_WIDTH / TINY_HEADS},
        {"attn_v", TINY_WIDTH, TINY_WIDTH / TINY_HEADS},
        {"attn_output", TINY_WIDTH, TINY_WIDTH},
        {"ffn_norm", TINY_WIDTH, 0},
        {"ffn_gate", TINY_WIDTH, TINY_INNER},
        {"ffn_up", TINY_WIDTH, TINY_INNER},
        {"ffn_down", TINY_INNER, TINY_WIDTH},
    };
    uint64_t offset = 0;
    char name[64];

    tiny_tensor(b, "token_embd.weight", TINY_WIDTH, TINY_VOCAB, &offset);
    tiny_tensor(b, "output_norm.weight", TINY_WIDTH, 0, &offset);
    for (int i = 0; i < TINY_LAYERS; i++)
        for (int j = 0; j < TINY_LAYER_TENSORS; j++) {
            snprintf(name, sizeof(name), "blk.%d.%s.weight", i, layer[j].name);
            tiny_tensor(b, name, layer[j].width, layer[j].rows, &offset);
        }
    return offset;
}


/* The whole file; `chat`: its chat template, or NULL. */
static inline void tiny_llama(rk_buf *b, const char *chat)
{
    rk_rng r = {20240229};
    uint64_t n_bytes;

    rk_buf_init(b);
    gguf_head(b, TINY_TENSORS, chat ? 15 : 14);
    gguf_key_text(b, "general.architecture", "llama");
    gguf_key_u32(b, "llama.context_length", TINY_CONTEXT);
    gguf_key_u32(b, "llama.embedding_length", TINY_WIDTH);
    gguf_key_u32(b, "llama.block_count", TINY_LAYERS);
    gguf_key_u32(b, "llama.feed_forward_length", TINY_INNER);
    gguf_key_u32(b, "llama.attention.head_count", TINY_HEADS);
    gguf_key_u32(b, "llama.attention.head_count_kv", 1);
    gguf_key(b, "llama.attention.layer_norm_rms_epsilon", GGUF_FLOAT32);
    gguf_f32(b, 1e-5f);
    gguf_key_text(b, "tokenizer.ggml.model", "llama");
    gguf_key_u32(b, "tokenizer.ggml.bos_token_id", 1);
    gguf_key_u32(b, "tokenizer.ggml.eos_token_id", 2);
    if (chat)
        gguf_key_text(b, "tokenizer.chat_template", chat);
    tiny_vocabulary(b);
    n_bytes = tiny_tensors(b);
    gguf_align(b);
    for (uint64_t i = 0; i < n_bytes / sizeof(float); i++)
        gguf_f32(b, (float)(rk_rng_unit(&r) - 0.5));
}


/* Writes it to `path`; 0 when that worked. */
static inline int tiny_llama_save_with(const char *path, const char *chat)
{
    rk_buf b;
    int rc;

    tiny_llama(&b, chat);
    rc = b.failed ? -1 : rk_file_write(path, b.data, b.len, NULL);
    rk_buf_clear(&b);
    return rc;
}


static inline int tiny_llama_save(const char *path)
{
    return tiny_llama_save_with(path, NULL);
}

#endif
