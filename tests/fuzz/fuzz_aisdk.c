/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of a log, each with its flag on a line, behind the line of the viewer: the AI SDK's chunks
 * of them are JSON where the events are, and hold none that its client answers with an error: a
 * delta or an end of a part that is not open, a result of a call that is not there.
 */
#include "base/jdoc.h"
#include "workers/stream/aisdk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IDS_MAX 64
struct client { /* as processUIMessageStream keeps it */
    char *text[IDS_MAX], *reasoning[IDS_MAX], *calls[IDS_MAX];
    unsigned made_in[IDS_MAX]; /* the step of each call */
    unsigned step;
    bool holds_more; /* what came before this run */
};

static char **find(char **ids, const char *id)
{
    for (size_t i = 0; i < IDS_MAX; i++)
        if (ids[i] && strcmp(ids[i], id) == 0)
            return &ids[i];
    return NULL;
}

static void drop(char **id)
{
    free(*id);
    *id = NULL;
}

static void add(char **ids, const char *id)
{
    if (find(ids, id))
        return;
    for (size_t i = 0; i < IDS_MAX; i++)
        if (!ids[i]) {
            ids[i] = strdup(id);
            return;
        }
}

static void drop_all(char **ids)
{
    for (size_t i = 0; i < IDS_MAX; i++)
        drop(&ids[i]);
}

static void reset(struct client *c)
{
    drop_all(c->text);
    drop_all(c->reasoning);
    for (size_t i = 0; i < IDS_MAX; i++)
        if (c->calls[i] && c->made_in[i] == c->step)
            drop(&c->calls[i]);
}

static bool full(char *const *ids)
{
    for (size_t i = 0; i < IDS_MAX; i++)
        if (!ids[i])
            return false;
    return true;
}

static void note_part(char **ids, const char *type, const char *id)
{
    char **known = find(ids, id);
    if (strstr(type, "-start"))
        add(ids, id);
    else if (!known && !full(ids))
        abort();
    else if (known && strstr(type, "-end"))
        drop(known);
}

static void note_call(struct client *c, const char *type, const char *id)
{
    if (strcmp(type, "tool-input-start") == 0 || strcmp(type, "tool-input-available") == 0 ||
        strcmp(type, "tool-input-error") == 0) {
        bool held = find(c->calls, id) != NULL; /* by an earlier step, which is not taken back */
        add(c->calls, id);
        char **at = find(c->calls, id);
        if (at && !held)
            c->made_in[at - c->calls] = c->step;
    } else if (!find(c->calls, id) && !full(c->calls) && !c->holds_more) {
        abort();
    }
}

static void note(struct client *c, const jdoc *chunk)
{
    const char *type = jdoc_text_or(chunk, "type", "");
    if (!*type)
        abort();
    if (strcmp(type, "start-step") == 0)
        c->step++;
    else if (strcmp(type, "reset-step") == 0)
        reset(c);
    else if (strncmp(type, "text-", 5) == 0)
        note_part(c->text, type, jdoc_text_or(chunk, "id", ""));
    else if (strncmp(type, "reasoning-", 10) == 0)
        note_part(c->reasoning, type, jdoc_text_or(chunk, "id", ""));
    else if (strncmp(type, "tool-", 5) == 0)
        note_call(c, type, jdoc_text_or(chunk, "toolCallId", ""));
}

static void check(struct client *c, const struct buf *out, bool good)
{
    const char *p = buf_text(out), *last = p + out->len, *end;
    for (; (end = memchr(p, '\n', (size_t)(last - p))); p = end + 1) {
        jdoc *chunk = NULL;
        int error = jdoc_parse(p, (size_t)(end - p), &chunk, NULL, 0);
        if (error && good && error != ERR_LIMIT) /* as deep as jdoc goes, and in a chunk besides */
            abort();
        if (!error)
            note(c, chunk);
        jdoc_free(chunk);
    }
    if (p != last && good)
        abort();
}

static void tell(struct aisdk *viewer, struct client *c, const char *line, size_t len)
{
    struct logentry e = {.flag = line[0], .run = "r", .run_len = 1};
    struct buf out = {0};
    jdoc *event = NULL;
    bool good = jdoc_parse(line + 2, len - 2, &event, NULL, 0) == 0;

    jdoc_free(event);
    e.json = line + 2;
    e.json_len = len - 2;
    aisdk_event(viewer, &e, &out);
    check(c, &out, good);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data, *end = p + size, *line;
    struct client client = {.step = 0};
    struct aisdk *viewer = NULL;
    struct buf out = {0};

    for (; p < end; p = line + 1) {
        line = memchr(p, '\n', (size_t)(end - p));
        if (!line)
            line = end;
        if (!viewer) {
            char *detail = strndup(p, (size_t)(line - p));
            viewer = detail ? aisdk_new(detail, "", "\n") : NULL;
            client.holds_more = detail && strncmp(detail, "on ", 3) == 0;
            free(detail);
            if (!viewer)
                return 0;
        } else if (line - p >= 4 && p[2] == '{' && line[-1] == '}') { /* as an entry has it */
            tell(viewer, &client, p, (size_t)(line - p));
        }
    }
    if (viewer) {
        aisdk_end(viewer, &out);
        check(&client, &out, true);
    }
    drop_all(client.text);
    drop_all(client.reasoning);
    drop_all(client.calls);
    aisdk_free(viewer);
    buf_free(&out);
    return 0;
}
