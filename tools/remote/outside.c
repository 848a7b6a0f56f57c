/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/outside.h"

#include "base/err.h"
#include "base/log.h"
#include "store/keys.h"
#include "tools/kit/record.h"

#include <string.h>

#define SECRET_MIN 6 /* bytes: less stands in texts by chance */

/* The secret of "Name: Scheme secret" or "Name: secret". */
static const char *outside_secret_of(const char *header)
{
    const char *value = header ? strchr(header, ':') : NULL;
    if (!value)
        return "";
    value += 1 + strspn(value + 1, " ");
    const char *space = strchr(value, ' ');
    return space ? space + 1 : value;
}

/* The result is looked through as JSON text, so that no part of it is left out. */
int outside_hide(struct tools_run *run, const char *header)
{
    struct buf text = {0}, secret = {0};
    const char *plain = outside_secret_of(header);
    jdoc *hidden = NULL;
    bool found = false;
    if (strlen(plain) < SECRET_MIN || !run->result)
        return 0;
    buf_json_escaped(&secret, plain, strlen(plain));
    jdoc_write(run->result, &text);
    int error = buf_error(&text) != 0 ? buf_error(&text) : buf_error(&secret);
    for (char *at = text.data; error == 0 && (at = strstr(at, buf_text(&secret)));
         at += secret.len) {
        memset(at, '*', secret.len);
        found = true;
    }
    if (error == 0 && found)
        error = jdoc_parse(buf_text(&text), text.len, &hidden, NULL, 0);
    if (error == 0 && found) {
        jdoc_free(run->result);
        run->result = hidden;
    }
    buf_free(&secret);
    buf_free(&text);
    return error == 0 ? 0 : ERR_NOMEM;
}

bool outside_repeats(const char *header, const char *text)
{
    const char *plain = outside_secret_of(header);
    return strlen(plain) >= SECRET_MIN && strstr(text, plain);
}

/* *key NULL: a call without an id, or one that only reads. */
static int outside_key_of(struct tools_run *run, const char **key)
{
    const char *effect = NULL;
    char text[KEYS_MAX];
    *key = NULL;
    if (run->spec->effect == TOOLS_READ || !run->context->store)
        return 0;
    int error = record_effect(run, &effect);
    if (error != 0 || !effect)
        return error;
    keys_effect(text, run->context->uid, effect);
    *key = arena_strdup(run->arena, text);
    return *key ? 0 : ERR_NOMEM;
}

static int outside_write_mark(struct tools_run *run, const char *key, const char *condition,
    bool *written)
{
    struct link_reply *reply = NULL;
    struct buf text = {0};
    jdoc_write(run->result, &text);
    int error = buf_error(&text);
    if (error == 0)
        error = link_command(run->context->store->link, &reply, "SET %s %b PX %lld %s", key,
            buf_text(&text), text.len, (long long)run->context->conf->turn_keep_ms, condition);
    *written = error == 0 && link_reply_type(reply) == LINK_STATUS;
    link_reply_free(reply);
    buf_free(&text);
    return error;
}

int outside_unknown(struct tools_run *run, const char *service)
{
    return run_fail(run, "unknown_outcome",
        "%s did not confirm this call. It may or may not "
        "have had its effect. Do not repeat it unasked; tell the user.",
        service);
}

int outside_begin(struct tools_run *run)
{
    const char *key;
    bool written = false;
    int error = outside_key_of(run, &key);
    if (error != 0 || !key)
        return error;
    if ((error = record_fence(run)) != 0 || (error = outside_unknown(run, "The service")) != 0)
        return error;
    error = outside_write_mark(run, key, "NX", &written);
    if (error != 0)
        return error;
    if (!written)
        return 1;
    jdoc_free(run->result);
    run->result = NULL;
    return 0;
}

void outside_end(struct tools_run *run)
{
    const char *key;
    bool written;
    if (outside_key_of(run, &key) == 0 && key && run->result &&
        outside_write_mark(run, key, "XX", &written) != 0)
        log_warn("the result of %s could not be recorded", run->spec->name);
}

void outside_undo(struct tools_run *run)
{
    const char *key;
    if (outside_key_of(run, &key) == 0 && key &&
        link_command(run->context->store->link, NULL, "DEL %s", key))
        log_warn("that %s was not called could not be recorded", run->spec->name);
}
