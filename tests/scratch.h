/* A directory for a test's files, removed with all that is in it. */
#ifndef RK_TESTS_SCRATCH_H
#define RK_TESTS_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct scratch {
    char dir[256];
    char path[512];
} scratch;


/* In memory where there is such a place: what is synced need not wait for
 * a disk. Ends the test run when there is no room for files. */
static inline void scratch_init(scratch *s)
{
    const char *parent = getenv("TMPDIR");

    if (!parent)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir;
    snprintf(s->dir, sizeof(s->dir), "%s/reckon-test-XXXXXX", parent);
    if (!mkdtemp(s->dir)) {
        perror(s->dir);
        abort();
    }
}


/* The path of a file in it, valid until the next call. */
static inline const char *scratch_path(scratch *s, const char *name)
{
    snprintf(s->path, sizeof(s->path), "%s/%s", s->dir, name);
    return s->path;
}


/* A folder and its files. */
static inline void scratch_remove(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *e;

    while (d && (e = readdir(d)))
        unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(folder);
}


static inline void scratch_clear(scratch *s)
{
    DIR *d = opendir(s->dir);
    struct dirent *e;

    while (d && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            unlink(scratch_path(s, e->d_name)) != 0)
            scratch_remove(s->path);
    if (d)
        closedir(d);
    rmdir(s->dir);
}

#endif
