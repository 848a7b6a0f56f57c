/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_read_all(int fd, char *text, size_t max, size_t *len)
{
    *len = 0;
    while (*len <= max) {
        ssize_t n = read(fd, text + *len, max + 1 - *len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        *len += n > 0 ? (size_t)n : 0;
    }
    return *len > max ? ERR_LIMIT : 0;
}

int file_read(int dir, const char *path, size_t max, char **text, size_t *len)
{
    struct stat st;
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = 0;

    *text = NULL;
    if (fd < 0)
        return ERR_IO;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        error = ERR_INVALID;
    else if (st.st_size > 0 && (size_t)st.st_size > max)
        error = ERR_LIMIT;
    else if (!(*text = malloc(max + 2)))
        error = ERR_NOMEM;
    else
        error = file_read_all(fd, *text, max, len);
    if (error == 0) {
        (*text)[*len] = '\0';
    } else {
        int saved = errno;
        free(*text);
        *text = NULL;
        errno = saved;
    }
    close(fd);
    return error;
}

const char *file_why(int error)
{
    switch (error) {
    case ERR_IO:
        return strerror(errno);
    case ERR_INVALID:
        return "not a regular file";
    case ERR_LIMIT:
        return "too large";
    default:
        return err_text(error);
    }
}

static bool file_write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

int file_replace(const char *path, const char *bytes, size_t len, ino_t *inode)
{
    char fresh[PATH_MAX];
    struct stat st;
    int fd, n = snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid());
    bool good;

    fd = n < (int)sizeof fresh ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return ERR_IO;
    good = file_write_all(fd, bytes, len) && fstat(fd, &st) == 0;
    if (close(fd) != 0 || !good || rename(fresh, path) != 0) {
        unlink(fresh);
        return ERR_IO;
    }
    if (inode)
        *inode = st.st_ino;
    return 0;
}

bool file_has_changed(const char *path, struct file_seen *seen)
{
    struct stat st;

    if (stat(path, &st) != 0 ||
        (st.st_ino == seen->inode && st.st_size == seen->size &&
            st.st_mtim.tv_sec == seen->changed.tv_sec &&
            st.st_mtim.tv_nsec == seen->changed.tv_nsec))
        return false;
    *seen = (struct file_seen){.changed = st.st_mtim, .inode = st.st_ino, .size = st.st_size};
    return true;
}
