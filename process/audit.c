/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif
#include "process/audit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUDIT_LINE_MAX 2048
#define AUDIT_PATH_MAX 1024
#define AUDIT_WAIT_MS 100
#define AUDIT_NONE "0000000000000000000000000000000000000000000000000000000000000000"

_Static_assert(AUDIT_DIGEST_SIZE == IDENT_SHA256_SIZE, "prev is a SHA-256");

/* ---- the line ---- */

static void audit_put_actor(const struct audit_act *act, struct buf *out)
{
    if (act->user) {
        buf_puts(out, ",\"actor\":{\"user\":");
        buf_json_text(out, act->user);
        if (act->credential)
            buf_json_member(out, "credential", act->credential);
    } else {
        buf_printf(out, ",\"actor\":{\"uid\":%ld", (long)act->uid);
        if (act->login)
            buf_json_member(out, "login", act->login);
    }
    buf_putc(out, '}');
}

void audit_format(const struct audit_act *act, const char *prev, struct buf *out)
{
    char now[CLOCK_RFC3339_SIZE];
    const struct {
        const char *name, *value;
    } members[] = {{"object", act->object}, {"tool", act->tool}, {"arguments", act->hash},
        {"outcome", act->outcome}, {"trace", act->trace}};

    clock_rfc3339(clock_real_ms(), now);
    buf_printf(out, "{\"time\":\"%s\"", now);
    buf_json_member(out, "act", act->act);
    audit_put_actor(act, out);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (members[i].value && *members[i].value)
            buf_json_member(out, members[i].name, members[i].value);
    }
    buf_printf(out, ",\"pid\":%d,\"prev\":\"%s\"}", (int)getpid(), prev);
}

/* ---- the file ---- */

/* The last line of a file, without its end: its digest. False: there is none. */
static bool audit_last(int fd, char digest[IDENT_SHA256_SIZE], bool *torn)
{
    char text[2 * AUDIT_LINE_MAX];
    struct stat st;
    off_t from;
    ssize_t len;

    *torn = false;
    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return false;
    from = st.st_size > (off_t)sizeof text ? st.st_size - (off_t)sizeof text : 0;
    len = pread(fd, text, sizeof text, from);
    if (len <= 0)
        return false;
    *torn = text[len - 1] != '\n';
    len -= !*torn;
    const char *start = memrchr(text, '\n', (size_t)len);
    start = start ? start + 1 : text;
    ident_sha256_hex(start, (size_t)(text + len - start), digest);
    return true;
}

/* A new file goes on from the one that was rotated away. */
static void audit_last_rotated(const char *path, char digest[IDENT_SHA256_SIZE])
{
    char older[AUDIT_PATH_MAX];
    bool torn;
    int fd = -1;

    if ((size_t)snprintf(older, sizeof older, "%s.1", path) < sizeof older)
        fd = open(older, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || !audit_last(fd, digest, &torn))
        strcpy(digest, AUDIT_NONE);
    if (fd >= 0)
        close(fd);
}

/* What root makes is the service's: it belongs to the owner of the directory. */
static void audit_give(int fd, const char *path)
{
    char copy[AUDIT_PATH_MAX];
    struct stat st;

    snprintf(copy, sizeof copy, "%s", path);
    if (geteuid() == 0 && stat(dirname(copy), &st) == 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
        log_limited(LOG_LEVEL_WARN, "%s: its owner stays root: %s", path, strerror(errno));
}

/* A rotation may come between the two steps: then the lock is that of the file that is gone. */
static int audit_open(const char *path)
{
    struct stat ours, there;

    for (int64_t until = clock_mono_ms() + AUDIT_WAIT_MS; clock_mono_ms() < until;) {
        bool made = access(path, F_OK) != 0;
        int fd =
            open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

        if (fd < 0)
            return -1;
        if (made)
            audit_give(fd, path);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 && stat(path, &there) == 0 &&
            ours.st_ino == there.st_ino && S_ISREG(ours.st_mode))
            return fd;
        close(fd);
        sched_yield(); /* the others hold it for some system calls */
    }
    errno = EWOULDBLOCK;
    return -1;
}

static bool audit_append(const char *path, const struct audit_act *act, struct buf *line)
{
    char prev[IDENT_SHA256_SIZE];
    bool torn = false, good;
    int fd = audit_open(path);

    if (fd < 0)
        return false;
    if (!audit_last(fd, prev, &torn))
        audit_last_rotated(path, prev);
    if (torn) /* a writer died, or the disk was full: that is a line too */
        buf_putc(line, '\n');
    audit_format(act, prev, line);
    buf_putc(line, '\n');
    errno = EFBIG;
    good = !buf_error(line) && write(fd, line->data, line->len) == (ssize_t)line->len;
    close(fd);
    return good;
}

void audit_write(const struct conf *conf, const struct audit_act *act)
{
    struct buf line;

    buf_init(&line, AUDIT_LINE_MAX);
    if (!*conf->audit_file) {
        audit_format(act, "", &line);
        log_always("audit %s", buf_text(&line));
    } else if (!audit_append(conf->audit_file, act, &line)) {
        int error = errno;
        log_error("%s: %s; not written: audit %s", conf->audit_file, strerror(error),
            buf_text(&line));
    }
    buf_free(&line);
}

/* ---- the check ---- */

/* Whether this line names the one before; prev "": whatever it names. Half a line, which a writer
 * left that died, names none; but the one behind it names it. */
static bool audit_fits(const char *line, size_t len, const char *prev)
{
    jdoc *doc = NULL;
    bool fits = jdoc_parse(line, len, &doc, NULL, 0) != 0 ||
        (strlen(jdoc_text_or(doc, "prev", "")) == IDENT_SHA256_SIZE - 1 &&
            (!*prev || strcmp(jdoc_text_or(doc, "prev", ""), prev) == 0));

    jdoc_free(doc);
    return fits;
}

int audit_verify(const char *path, char prev[AUDIT_DIGEST_SIZE], size_t *lines)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    int error = 0;

    *lines = 0;
    if (!in)
        return ERR_IO;
    for (ssize_t len; !error && (len = getline(&line, &room, in)) >= 0;) {
        len -= len > 0 && line[len - 1] == '\n';
        ++*lines;
        if (!audit_fits(line, (size_t)len, prev))
            error = ERR_CONFLICT;
        ident_sha256_hex(line, (size_t)len, prev);
    }
    free(line);
    fclose(in);
    return error;
}
