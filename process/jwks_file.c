/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/jwks.h"

#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JWKS_FILE "jwks.json"
#define JWKS_FILE_MAX (JWKS_BYTES_MAX * 2)
#define JWKS_LOOK_MS 1000

static void jwks_file_path(const struct conf *conf, char out[256])
{
    snprintf(out, 256, "%.200s/" JWKS_FILE, conf->run_dir);
}

int jwks_file_write(const struct conf *conf, const struct jwks_news *news)
{
    char path[256];
    struct buf text;
    int error;

    buf_init(&text, JWKS_FILE_MAX);
    buf_puts(&text, "{\"url\":");
    buf_json_text(&text, conf->jwt_jwks_url);
    buf_printf(&text,
        ",\"fetched_ms\":%lld,\"tried_ms\":%lld,\"set\":", (long long)news->fetched_ms,
        (long long)news->tried_ms);
    if (news->set)
        jdoc_write(news->set, &text);
    else
        buf_puts(&text, "null");
    buf_puts(&text, "}\n");
    jwks_file_path(conf, path);
    error = buf_error(&text);
    if (!error)
        error = file_replace(path, buf_text(&text), text.len, NULL);
    buf_free(&text);
    return error;
}

int jwks_file_read(const struct conf *conf, jdoc **doc, struct jwks_news *news)
{
    char path[256], *text;
    size_t len;
    int error;

    *doc = NULL;
    jwks_file_path(conf, path);
    error = file_read(AT_FDCWD, path, JWKS_FILE_MAX, &text, &len);
    if (error)
        return error == ERR_NOMEM ? error : ERR_NOT_FOUND;
    error = jdoc_parse(text, len, doc, NULL, 0);
    free(text);
    if (error)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    if (strcmp(jdoc_text_or(*doc, "url", ""), conf->jwt_jwks_url) != 0) {
        jdoc_free(*doc);
        *doc = NULL;
        return ERR_NOT_FOUND;
    }
    news->set = jdoc_get(*doc, "set");
    news->fetched_ms = jdoc_int_or(*doc, "fetched_ms", 0);
    news->tried_ms = jdoc_int_or(*doc, "tried_ms", 0);
    return 0;
}

/* ---- a worker's view ---- */

static int jwks_watch_load(struct jwks_watch *w)
{
    struct jwks_news news;
    struct jwks set = {0};
    jdoc *doc = NULL;
    size_t passed = 0;
    const char *why = "";
    int error = jwks_file_read(w->conf, &doc, &news);

    if (!error) {
        w->tried_ms = news.tried_ms;
        error = news.set ? jwks_read(&set, news.set, &passed, &why) : ERR_NOT_FOUND;
    }
    if (!error) {
        jwks_free(&w->set);
        w->set = set;
    } else {
        jwks_free(&set);
    }
    jdoc_free(doc);
    return error;
}

void jwks_watch_look_now(struct jwks_watch *w)
{
    char path[256];
    int error;

    if (!*w->conf->jwt_jwks_url)
        return;
    w->look_ms = clock_mono_ms() + JWKS_LOOK_MS;
    jwks_file_path(w->conf, path);
    if (!file_has_changed(path, &w->seen))
        return;
    error = jwks_watch_load(w);
    if (error && error != ERR_NOT_FOUND)
        log_limited(LOG_LEVEL_WARN, "%s cannot be read: %s", path, err_text(error));
}

void jwks_watch_look(struct jwks_watch *w)
{
    if (clock_mono_ms() >= w->look_ms)
        jwks_watch_look_now(w);
}

bool jwks_watch_may_ask(const struct jwks_watch *w)
{
    int64_t now = clock_real_ms();

    /* A try in the future was noted before the clock was set back. */
    return *w->conf->jwt_jwks_url &&
        (now - w->tried_ms >= w->conf->jwt_jwks_pause_ms || w->tried_ms > now);
}

void jwks_watch_fini(struct jwks_watch *w)
{
    jwks_free(&w->set);
}
