/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_http_body -- the bodies of /chat, /agui and /internal/message, from bytes to a submit. */
#include "base/err.h"
#include "fcgi-app/submit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct submit *s, struct arena *arena)
{
    /* What later stages rely on. */
    if (submit_write_files(s, "/api", arena) != 0 || s->file_count > SUBMIT_FILES_MAX)
        abort();
    if (s->message_count == 0 || s->session[0] == '\0' || !s->text || !s->zone ||
        !ident_is_safe(s->session, strlen(s->session), IDENT_SESSION_MAX))
        abort();
    for (size_t i = 0; i < s->message_count; i++) {
        jdoc *doc = NULL;
        if (jdoc_parse(s->messages[i], strlen(s->messages[i]), &doc, NULL, 0) != 0)
            abort();
        jdoc_free(doc);
    }
}

static void parse(enum submit_kind kind, const jdoc *body, const char *key, const struct conf *conf)
{
    struct arena *arena = arena_new();
    struct submit submit;
    struct problem problem = {0};
    jdoc *doc = jdoc_dup(body);   /* the files are taken out of it */
    if (!arena || (body && !doc)) /* null is NULL */
        abort();
    int result = submit_parse(&(struct submit_source){.kind = kind, .body = doc, .key = key}, conf,
        arena, &submit, &problem);
    if (result == 0)
        check(&submit, arena);
    else if (result == ERR_INVALID && !problem.set)
        abort();
    arena_free(arena);
    jdoc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct conf conf;
    static bool ready;
    jdoc *doc = NULL;
    if (!ready && conf_init(&conf) != 0)
        abort();
    ready = true;
    if (jdoc_parse((const char *)data, size, &doc, NULL, 0) != 0)
        return 0;
    parse(SUBMIT_CHAT, doc, size % 2 == 0 ? "key-1" : NULL, &conf);
    parse(SUBMIT_AGUI, doc, NULL, &conf);
    parse(SUBMIT_INTERNAL, doc, NULL, &conf);
    jdoc_free(doc);
    return 0;
}
