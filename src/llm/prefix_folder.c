#include "llm/prefix_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME 39 /* letters of a file's name */

/* One of the entries' files. */
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


/* The bytes of all entries, how many there are, and the one not used for
 * longest. */
static size_t look_around(DIR *folder, size_t *n, found *oldest)
{
    const struct dirent *d;
    size_t sum = 0;

    *n = 0;
    oldest->name[0] = '\0';
    rewinddir(folder);
    while ((d = readdir(folder)) != NULL) {
        struct stat s;
        found f;

        if (strlen(d->d_name) != NAME ||
            strcmp(d->d_name + NAME - strlen(RK_PREFIX_SUFFIX),
                   RK_PREFIX_SUFFIX) != 0 ||
            fstatat(dirfd(folder), d->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(s.st_mode))
            continue;
        memcpy(f.name, d->d_name, sizeof(f.name));
        f.len = (size_t)s.st_size;
        f.used = s.st_mtim;
        sum += f.len;
        ++*n;
        if (!*oldest->name || is_older(&f, oldest))
            *oldest = f;
    }
    return sum;
}


bool rk_prefix_folder_make_room(const char *path, size_t disk_bytes, size_t len)
{
    DIR *folder = len <= disk_bytes ? opendir(path) : NULL;
    bool fits = false;
    found oldest;
    size_t n;

    if (!folder)
        return false;
    for (;;) {
        size_t sum = look_around(folder, &n, &oldest);

        fits = sum <= disk_bytes - len;
        if (fits || !*oldest.name ||
            unlinkat(dirfd(folder), oldest.name, 0) != 0)
            break;
    }
    closedir(folder);
    return fits;
}


size_t rk_prefix_folder_size(const char *path, size_t *n)
{
    DIR *folder = opendir(path);
    size_t sum = 0;
    found oldest;

    *n = 0;
    if (folder) {
        sum = look_around(folder, n, &oldest);
        closedir(folder);
    }
    return sum;
}
