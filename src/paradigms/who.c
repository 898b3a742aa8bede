#include "paradigms/who.h"

float rk_who_like_share(const rk_who *who, float catalogue_share)
{
    float likes = (float)rk_who_count(who, +1);
    float dislikes = (float)rk_who_count(who, -1);

    return (likes + 5 * catalogue_share) / (likes + dislikes + 5);
}


size_t rk_who_count(const rk_who *who, int label)
{
    size_t n = 0;

    for (size_t i = 0; i < who->n_history; i++)
        n += who->history[i].label == label;
    return n;
}


bool rk_who_has_had(const void *who, uint32_t item)
{
    const rk_who *w = who;

    return rk_seen_has(w->history, w->n_history, item);
}


size_t rk_who_latest(const rk_who *who, int label, size_t max, uint32_t *items)
{
    size_t n = 0;

    for (size_t i = who->n_history; i-- > 0 && n < max;) {
        bool there = who->history[i].label != label;

        for (size_t j = 0; j < n && !there; j++)
            there = items[j] == who->history[i].item;
        if (!there)
            items[n++] = who->history[i].item;
    }
    for (size_t i = 0; i < n / 2; i++) { /* newest first -> oldest first */
        uint32_t swap = items[i];

        items[i] = items[n - 1 - i];
        items[n - 1 - i] = swap;
    }
    return n;
}
