#include "core/file.h"

#include "core/buf.h"
#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int os_fail(rk_error *err, const char *what, const char *path)
{
    int code = errno == ENOENT ? RK_ENOTFOUND : RK_EIO;

    return rk_fail(err, code, "%s: cannot %s: %s", path, what, strerror(errno));
}


/* Opens a regular file and learns its size. */
static int open_sized(const char *path, int *fd, size_t *size, rk_error *err)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return os_fail(err, "open", path);
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        *fd = -1;
        return rk_fail(err, RK_EIO, "%s: not a regular file", path);
    }
    *size = (size_t)st.st_size;
    return RK_OK;
}


int rk_file_read(const char *path, size_t max, char **bytes, size_t *len,
                 rk_error *err)
{
    char *data = NULL;
    size_t size = 0;
    size_t got = 0;
    int fd = -1;
    int rc;

    *bytes = NULL;
    *len = 0;
    rc = open_sized(path, &fd, &size, err);
    if (rc)
        return rc;
    if (size > max) {
        rc = rk_fail(err, RK_EFORMAT, "%s: %zu bytes, at most %zu are read",
                     path, size, max);
        goto done;
    }
    data = rk_alloc_array(size + 1, 1);
    if (!data) {
        rc = rk_no_memory(err);
        goto done;
    }
    while (got < size) {
        ssize_t n = read(fd, data + got, size - got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = os_fail(err, "read", path);
            goto done;
        }
        if (n == 0)
            break; /* it shrank while we read */
        got += (size_t)n;
    }
    data[got] = '\0';
    *bytes = data;
    *len = got;
    data = NULL;

done:
    free(data);
    close(fd);
    return rc;
}


static int write_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return fsync(fd);
}


/* A rename is durable once its directory is. */
static void sync_dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? rk_strndup(path, (size_t)(slash - path) + 1)
                      : rk_strdup(".");
    int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(dir);
}


/* Opens the file that becomes another by its renaming, and keeps other
 * writers from it until it is closed. Its name is always the same, so what
 * a killed writer left is written over. Returns -1 with errno, or the file. */
static int open_locked(const char *tmp)
{
    struct stat ours;
    struct stat named;

    for (;;) {
        int fd = open(tmp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

        if (fd < 0)
            return -1;
        /* Where there are no locks writers are not kept apart. */
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
            ;
        if (fstat(fd, &ours) == 0 && lstat(tmp, &named) == 0 &&
            ours.st_ino == named.st_ino && ours.st_dev == named.st_dev &&
            ftruncate(fd, 0) == 0)
            return fd;
        close(fd); /* who was before us has renamed it */
    }
}


int rk_file_write(const char *path, const void *bytes, size_t len,
                  rk_error *err)
{
    rk_buf tmp;
    int fd = -1;
    int rc = RK_OK;

    rk_buf_init(&tmp);
    rk_buf_printf(&tmp, "%s.reckon-tmp", path);
    if (tmp.failed) {
        rc = rk_no_memory(err);
        goto done;
    }
    fd = open_locked(tmp.data);
    if (fd < 0) {
        rc = os_fail(err, "write", path);
        goto done;
    }
    if (write_all(fd, bytes, len) != 0 || rename(tmp.data, path) != 0) {
        rc = os_fail(err, "write", path);
        unlink(tmp.data);
        goto done;
    }
    sync_dir_of(path);

done:
    if (fd >= 0)
        close(fd);
    rk_buf_clear(&tmp);
    return rc;
}


int rk_file_map(rk_mapping *out, const char *path, rk_error *err)
{
    size_t size = 0;
    void *bytes;
    int fd = -1;
    int rc;

    memset(out, 0, sizeof(*out));
    rc = open_sized(path, &fd, &size, err);
    if (rc)
        return rc;
    bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (bytes == MAP_FAILED) {
        rc = size ? os_fail(err, "map", path)
                  : rk_fail(err, RK_EFORMAT, "%s: empty file", path);
    } else {
        out->bytes = bytes;
        out->len = size;
    }
    close(fd);
    return rc;
}


void rk_file_unmap(rk_mapping *m)
{
    if (m->bytes)
        munmap((void *)m->bytes, m->len);
    memset(m, 0, sizeof(*m));
}


int rk_dir_make(const char *path, rk_error *err)
{
    char *part = rk_strdup(path);
    int rc = RK_OK;

    if (!part)
        return rk_no_memory(err);
    for (char *p = part + 1; rc == RK_OK; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            rc = os_fail(err, "make directory", part);
        *p = c;
        if (c == '\0')
            break;
    }
    free(part);
    return rc;
}
