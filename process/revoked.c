/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/revoked.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REVOKED_FILE "revoked"
#define REVOKED_FILE_MAX ((size_t)REVOKED_COUNT_MAX * (REVOKED_NAME_SIZE + 44))
#define REVOKED_LOOK_MS 250

void revoked_free(struct revoked *r)
{
    free(r->entries);
    *r = (struct revoked){0};
}

void revoked_credential_name(uint64_t id, char out[REVOKED_NAME_SIZE])
{
    snprintf(out, REVOKED_NAME_SIZE, "c:%016" PRIx64, id);
}

void revoked_user_name(const char *uid, char out[REVOKED_NAME_SIZE])
{
    snprintf(out, REVOKED_NAME_SIZE, "u:%s", uid);
}

bool revoked_is_name(const char *name)
{
    size_t len = strlen(name);

    if (strncmp(name, "c:", 2) == 0)
        return len == 18 && strspn(name + 2, "0123456789abcdef") == 16;
    return strncmp(name, "u:", 2) == 0 && ident_is_user(name + 2, len - 2);
}

int revoked_add(struct revoked *r, const char *name, const char *value)
{
    struct revoked_entry *e;
    long long before, until;
    int end = 0;

    if (!revoked_is_name(name) || sscanf(value, "%lld %lld%n", &before, &until, &end) != 2 ||
        value[end])
        return ERR_INVALID;
    if (r->count == REVOKED_COUNT_MAX)
        return ERR_LIMIT;
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 16;
        struct revoked_entry *more = realloc(r->entries, room * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        r->entries = more;
        r->room = room;
    }
    e = &r->entries[r->count++];
    snprintf(e->name, sizeof e->name, "%s", name);
    e->before_ms = before;
    e->until_ms = until;
    return 0;
}

static int revoked_compare(const void *a, const void *b)
{
    const struct revoked_entry *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void revoked_path(const struct conf *conf, char out[256])
{
    snprintf(out, 256, "%.200s/" REVOKED_FILE, conf->run_dir);
}

bool revoked_file_is_there(const struct conf *conf)
{
    char path[256];

    revoked_path(conf, path);
    return access(path, F_OK) == 0;
}

int revoked_file_write(const struct conf *conf, struct revoked *r, char written[IDENT_SHA256_SIZE])
{
    char path[256], digest[IDENT_SHA256_SIZE];
    struct buf text;
    int error;

    if (r->count > 0)
        qsort(r->entries, r->count, sizeof *r->entries, revoked_compare);
    buf_init(&text, REVOKED_FILE_MAX);
    for (size_t i = 0; i < r->count; i++)
        buf_printf(&text, "%s %" PRId64 " %" PRId64 "\n", r->entries[i].name,
            r->entries[i].before_ms, r->entries[i].until_ms);
    revoked_path(conf, path);
    error = buf_error(&text);
    ident_sha256_hex(buf_text(&text), text.len, digest);
    if (!error && strcmp(digest, written) != 0)
        error = file_replace(path, buf_text(&text), text.len, NULL);
    if (!error)
        memcpy(written, digest, sizeof digest);
    buf_free(&text);
    return error;
}

/* ---- a worker's view ---- */

static int revoked_watch_parse(struct revoked *r, char *text)
{
    char *rest = text;
    int error = 0;

    for (char *line; !error && (line = strsep(&rest, "\n"));) {
        char *value = strchr(line, ' ');
        if (!value)
            continue;
        *value++ = '\0';
        error = revoked_add(r, line, value);
    }
    return error;
}

static void revoked_watch_load(struct revoked_watch *w, const char *path)
{
    struct revoked fresh = {0};
    char *text = NULL;
    size_t len;
    int error = file_read(AT_FDCWD, path, REVOKED_FILE_MAX, &text, &len);

    if (!error)
        error = revoked_watch_parse(&fresh, text);
    free(text);
    if (error) {
        log_limited(LOG_LEVEL_ERROR, "%s cannot be read: %s", path, err_text(error));
        revoked_free(&fresh);
        return;
    }
    revoked_free(&w->list);
    w->list = fresh;
}

void revoked_watch_look(struct revoked_watch *w)
{
    char path[256];
    int64_t now = clock_mono_ms();

    if (now < w->look_ms)
        return;
    w->look_ms = now + REVOKED_LOOK_MS;
    revoked_path(w->conf, path);
    if (file_has_changed(path, &w->seen))
        revoked_watch_load(w, path);
}

void revoked_watch_fini(struct revoked_watch *w)
{
    revoked_free(&w->list);
}

static const struct revoked_entry *revoked_find(const struct revoked *r, const char *name)
{
    struct revoked_entry wanted = {.before_ms = 0};

    if (r->count == 0)
        return NULL;
    snprintf(wanted.name, sizeof wanted.name, "%s", name);
    return bsearch(&wanted, r->entries, r->count, sizeof *r->entries, revoked_compare);
}

bool revoked_has(const struct revoked_watch *w, const char *uid, uint64_t id, int64_t issued_ms)
{
    const struct revoked_entry *e;
    char name[REVOKED_NAME_SIZE];

    if (w->list.count == 0)
        return false;
    revoked_credential_name(id, name);
    if (id && revoked_find(&w->list, name))
        return true;
    revoked_user_name(uid, name);
    e = revoked_find(&w->list, name);
    return e && issued_ms < e->before_ms;
}
