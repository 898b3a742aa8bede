#include "llm/prefix_folder.h"

#include "core/hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".prefix"
#define NAME   39 /* letters of a file's name: 32 and the suffix */


void rk_prefix_folder_path(rk_buf *out, const char *folder, const char *world,
                           const int32_t *tokens, size_t n_tokens)
{
    char hash[17];

    snprintf(hash, sizeof(hash), "%016llx",
             (unsigned long long)rk_hash64(tokens, n_tokens * sizeof(*tokens)));
    rk_buf_init(out);
    rk_buf_printf(out, "%s/%s" SUFFIX, folder,
                  rk_key_of(world, hash, NULL).hex);
}


/* One of the folder's files; what else lies there is left alone. */
typedef struct found {
    char name[NAME + 1];
    size_t len;
    struct timespec used;
} found;


static bool is_older(const found *a, const found *b)
{
    if (a->used.tv_sec != b->used.tv_sec)
        return a->used.tv_sec < b->used.tv_sec;
    if (a->used.tv_nsec != b->used.tv_nsec)
        return a->used.tv_nsec < b->used.tv_nsec;
    return strcmp(a->name, b->name) < 0;
}


/* The bytes of all entries' files, and the one not used for longest. */
static size_t look_around(DIR *folder, found *oldest)
{
    const struct dirent *d;
    size_t sum = 0;

    oldest->name[0] = '\0';
    rewinddir(folder);
    while ((d = readdir(folder)) != NULL) {
        struct stat s;
        found f;

        if (strlen(d->d_name) != NAME ||
            strcmp(d->d_name + NAME - strlen(SUFFIX), SUFFIX) != 0 ||
            fstatat(dirfd(folder), d->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(s.st_mode))
            continue;
        memcpy(f.name, d->d_name, sizeof(f.name));
        f.len = (size_t)s.st_size;
        f.used = s.st_mtim;
        sum += f.len;
        if (!*oldest->name || is_older(&f, oldest))
            *oldest = f;
    }
    return sum;
}


bool rk_prefix_folder_make_room(const char *folder, size_t disk_bytes,
                                size_t len)
{
    DIR *dir = len <= disk_bytes ? opendir(folder) : NULL;
    bool fits = false;
    found oldest;

    if (!dir)
        return false;
    for (;;) {
        size_t sum = look_around(dir, &oldest);

        fits = sum <= disk_bytes - len;
        if (fits || !*oldest.name || unlinkat(dirfd(dir), oldest.name, 0) != 0)
            break;
    }
    closedir(dir);
    return fits;
}
