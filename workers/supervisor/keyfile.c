/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkostemp */
#endif
#include "workers/supervisor/keyfile.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYFILE_MAX (4 * 1024 * 1024)
#define KEYFILE_MODE 0640 /* the service's group reads it */

static int keyfile_say(const struct keyfile *f, const char *what)
{
    fprintf(stderr, "turnpike: %s: %s%s\n", f->path, what, strerror(errno));
    return ERR_IO;
}

static void keyfile_directory(const char *path, char out[KEYFILE_PATH_MAX])
{
    char copy[KEYFILE_PATH_MAX];

    snprintf(copy, sizeof copy, "%s", path);
    snprintf(out, KEYFILE_PATH_MAX, "%s", dirname(copy));
}

/* A file that root makes is the service's to read: it gets the group of its directory. */
static void keyfile_give(const struct keyfile *f)
{
    char directory[KEYFILE_PATH_MAX];
    struct stat st;

    keyfile_directory(f->path, directory);
    if (stat(directory, &st) == 0 && fchown(f->lock, (uid_t)-1, st.st_gid) == 0)
        return;
    fprintf(stderr, "turnpike: %s: its group stays as it is: %s\n", f->path, strerror(errno));
}

/* Until what is locked is what the path names: another command may have renamed a new one there. */
static int keyfile_lock(struct keyfile *f)
{
    struct stat ours, there;
    bool made = access(f->path, F_OK) != 0;

    for (;;) {
        f->lock = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, KEYFILE_MODE);
        if (f->lock < 0)
            return keyfile_say(f, "");
        if (flock(f->lock, LOCK_EX) != 0 || fstat(f->lock, &ours) != 0)
            return keyfile_say(f, "it cannot be locked: ");
        if (stat(f->path, &there) == 0 && ours.st_ino == there.st_ino)
            break;
        close(f->lock);
    }
    if (made && fchmod(f->lock, KEYFILE_MODE) == 0)
        keyfile_give(f);
    return 0;
}

int keyfile_open(struct keyfile *f, const char *path, char **text)
{
    size_t len;
    int error;

    *f = (struct keyfile){.lock = -1};
    *text = NULL;
    char *real = realpath(path, NULL);
    snprintf(f->path, sizeof f->path, "%s", real ? real : path);
    free(real);
    buf_init(&f->fresh, KEYFILE_MAX);
    error = keyfile_lock(f);
    if (error)
        return error;
    error = file_read(AT_FDCWD, path, KEYFILE_MAX, text, &len);
    if (error)
        fprintf(stderr, "turnpike: %s: %s\n", path, file_why(error));
    return error;
}

static bool keyfile_write(int fd, const struct buf *text)
{
    size_t done = 0;

    while (done < text->len) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

/* The name of a file survives a crash of the machine with its directory. */
static void keyfile_sync_directory(const char *path)
{
    char directory[KEYFILE_PATH_MAX];
    int fd;

    keyfile_directory(path, directory);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fsync(fd) != 0)
        fprintf(stderr, "turnpike: %s: %s\n", directory, strerror(errno));
    close(fd);
}

int keyfile_replace(struct keyfile *f)
{
    char path[KEYFILE_PATH_MAX];
    struct stat st;
    int fd;

    if (buf_error(&f->fresh)) {
        fprintf(stderr, "turnpike: %s would become larger than %d bytes\n", f->path, KEYFILE_MAX);
        return ERR_LIMIT;
    }
    if (fstat(f->lock, &st) != 0 ||
        (size_t)snprintf(path, sizeof path, "%s.XXXXXX", f->path) >= sizeof path)
        return keyfile_say(f, "");
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return keyfile_say(f, "a new file cannot be made beside it: ");
    if (fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, st.st_mode & 07777) != 0 ||
        !keyfile_write(fd, &f->fresh) || rename(path, f->path) != 0) {
        int error = keyfile_say(f, "it stays as it is: ");
        close(fd);
        unlink(path);
        return error;
    }
    close(fd);
    keyfile_sync_directory(f->path);
    return 0;
}

void keyfile_close(struct keyfile *f)
{
    if (f->lock >= 0)
        close(f->lock); /* unlocks */
    buf_free(&f->fresh);
}
