/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/about.h"

#include "base/utf8.h"
#include "tools/kit/amount.h"
#include "tools/kit/preview.h"
#include "tools/kit/timestamp.h"
#include "wire/http/http.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 80  /* characters */
#define TITLE_MAX 200 /* characters */

/* ---- values ---- */

static jdoc *about_text(const char *text, size_t len)
{
    char cut[ABOUT_TEXT + sizeof "..."];

    if (len <= ABOUT_TEXT)
        return jdoc_new_string(text, len);
    size_t keep = utf8_cut(text, ABOUT_TEXT);
    memcpy(cut, text, keep);
    memcpy(cut + keep, "...", sizeof "...");
    return jdoc_new_string(cut, keep + 3);
}

/* A short copy: a long text is cut, and what is long and no text becomes one. */
static jdoc *about_value(const jdoc *value)
{
    struct buf text = {0};
    size_t len;
    const char *string = jdoc_string(value, &len);
    jdoc *copy;

    if (string)
        return about_text(string, len);
    jdoc_write(value, &text);
    if (buf_error(&text))
        copy = NULL;
    else
        copy = text.len <= ABOUT_TEXT ? jdoc_dup(value) : about_text(buf_text(&text), text.len);
    buf_free(&text);
    return copy;
}

/* The member of run->about, made when it is not there. NULL: no memory. */
static jdoc *about_member(struct tools_run *run, const char *key, jdoc *(*make)(void))
{
    if (!run->about && !(run->about = jdoc_new_object()))
        return NULL;
    jdoc *there = jdoc_get(run->about, key);
    if (there)
        return there;
    jdoc *made = make();
    return made && !jdoc_set(run->about, key, made) ? made : NULL;
}

static jdoc *about_object(struct tools_run *run)
{
    if (!run->about)
        run->about = jdoc_new_object();
    return run->about;
}

/* ---- what is meant ---- */

int about_title(struct tools_run *run, const char *kind, const jdoc *from, const char *key)
{
    jdoc *about = about_object(run);
    const char *title = jdoc_string(jdoc_get(from, key), NULL);
    /* In one line, without what is not shown, as in the question; its quotes are not part of it. */
    const char *quoted = title && *title ? preview_text(run->arena, title, TITLE_MAX) : NULL;

    if (!about || jdoc_set_string(about, "kind", kind) || (title && *title && !quoted))
        return ERR_NOMEM;
    if (!quoted || strlen(quoted) <= 2)
        return 0;
    return jdoc_set(about, "title", jdoc_new_string(quoted + 1, strlen(quoted) - 2));
}

int about_when(struct tools_run *run, const struct about_when *w, const struct zone *z)
{
    char start[TIMESTAMP_SIZE], end[TIMESTAMP_SIZE];
    jdoc *when = about_member(run, "when", jdoc_new_object);

    if (w->has_time) {
        timestamp_format(w->start_ms, z, start);
        timestamp_format(w->end_ms, z, end);
    } else {
        timestamp_date(w->start_ms, z, start);
        timestamp_date(w->end_ms - 1, z, end);
    }
    int failed = !when || jdoc_set_string(when, "start", start) ||
        (w->end_ms > w->start_ms && jdoc_set_string(when, "end", end)) ||
        jdoc_set_bool(when, "all_day", !w->has_time) ||
        jdoc_set_string(when, "timezone", zone_name(z));
    return failed ? ERR_NOMEM : 0;
}

int about_day(struct tools_run *run, const jdoc *from, const char *key)
{
    char day[sizeof "2026-12-01"];
    const char *text = jdoc_string(jdoc_get(from, key), NULL);

    if (!text)
        return 0;
    snprintf(day, sizeof day, "%s", text);
    jdoc *when = about_member(run, "when", jdoc_new_object);
    return !when || jdoc_set_string(when, "start", day) || jdoc_set_bool(when, "all_day", true) ?
        ERR_NOMEM :
        0;
}

int about_amount(struct tools_run *run, int64_t minor, const char *currency)
{
    jdoc *amount = about_member(run, "amount", jdoc_new_object);

    return !amount || jdoc_set_double(amount, "value", amount_to_number(minor, currency)) ||
            jdoc_set_string(amount, "currency", currency) ?
        ERR_NOMEM :
        0;
}

/* ---- what changes ---- */

/* "image_url" as "Image URL". */
static void about_put_words(struct buf *label, const char *key)
{
    for (const char *c = key; *c; c++) {
        bool first = c == key || c[-1] == '_';
        if (first && !strncmp(c, "url", 3) && (!c[3] || c[3] == '_')) {
            buf_puts(label, "URL");
            c += 2;
        } else {
            buf_putc(label, *c == '_' ? ' ' : c == key ? (char)toupper((unsigned char)*c) : *c);
        }
    }
}

/* The title that the schema gives the argument, or its name as words; arena. */
static const char *about_label(struct tools_run *run, const jdoc *schema, const char *key)
{
    const jdoc *property = jdoc_get(jdoc_get(schema, "properties"), key);
    struct buf label = {.max = 200};

    about_put_words(&label, key);
    /* The schema may be of a server elsewhere: its titles are cleaned as those of records. */
    const char *quoted = preview_text(run->arena,
        jdoc_text_or(property, "title", buf_error(&label) ? key : buf_text(&label)), LABEL_MAX);
    buf_free(&label);
    return quoted && strlen(quoted) > 2 ? arena_memdup(run->arena, quoted + 1, strlen(quoted) - 2) :
                                          quoted;
}

/* field: a JSON pointer (RFC 6901) of one name. */
static const char *about_pointer(struct tools_run *run, const char *key)
{
    struct buf pointer = {0};

    buf_putc(&pointer, '/');
    for (const char *c = key; *c; c++) {
        if (*c == '~' || *c == '/')
            buf_puts(&pointer, *c == '~' ? "~0" : "~1");
        else
            buf_putc(&pointer, *c);
    }
    const char *copy = buf_error(&pointer) ? NULL : arena_strdup(run->arena, buf_text(&pointer));
    buf_free(&pointer);
    return copy;
}

struct about_line {
    const jdoc *schema; /* of the arguments */
    const char *key;
    const jdoc *old, *new; /* NULL: nothing */
};
static int about_put_change(struct tools_run *run, const struct about_line *line)
{
    jdoc *changes = about_member(run, "changes", jdoc_new_array), *change = NULL;
    const char *label = about_label(run, line->schema, line->key);
    const char *pointer = about_pointer(run, line->key);

    if (!changes || !label || !pointer)
        return ERR_NOMEM;
    if (jdoc_length(changes) == ABOUT_CHANGES)
        return jdoc_set_int(run->about, "changes_more",
            jdoc_int_or(run->about, "changes_more", 0) + 1);
    change = jdoc_new_object();
    int failed = jdoc_set_string(change, "field", pointer) ||
        jdoc_set_string(change, "label", label) ||
        (line->old && jdoc_set(change, "old", about_value(line->old))) ||
        (line->new &&jdoc_set(change, "new", about_value(line->new)));
    return jdoc_push_made(changes, change, failed);
}

int about_lost(struct tools_run *run, const jdoc *record, const char *const *fields)
{
    int error = about_member(run, "changes", jdoc_new_array) ? 0 : ERR_NOMEM;

    for (; !error && *fields; fields++) {
        const jdoc *old = jdoc_get(record, *fields);
        if (old)
            error = about_put_change(run, &(struct about_line){.key = *fields, .old = old});
    }
    return error;
}

/* *out: NULL when it is none that can be read. */
static int about_schema(const struct tools_run *run, jdoc **out)
{
    const char *text = run->spec->arguments_schema;
    int error = text ? jdoc_parse(text, strlen(text), out, NULL, 0) : 0;

    return error == ERR_NOMEM ? error : 0;
}

int about_change(struct tools_run *run, const char *key, const jdoc *old)
{
    jdoc *schema = NULL;
    int error = about_schema(run, &schema);

    if (!error)
        error =
            about_put_change(run, &(struct about_line){schema, key, old, jdoc_get(run->args, key)});
    jdoc_free(schema);
    return error;
}

/* Ids say nothing to a reader who has the title. */
static bool about_is_shown(const struct tools_run *run, const char *key)
{
    size_t len = strlen(key);

    if (!strcmp(key, "confirm"))
        return false;
    return !jdoc_has(run->about, "title") || len < 3 || strcmp(key + len - 3, "_id") != 0;
}

int about_arguments(struct tools_run *run)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *schema = NULL, *value;
    int error = about_schema(run, &schema);

    if (!error && !about_member(run, "changes", jdoc_new_array))
        error = ERR_NOMEM;
    while (!error && jdoc_next(run->args, &it, &key, &value))
        if (value && about_is_shown(run, key))
            error = about_put_change(run, &(struct about_line){schema, key, NULL, value});
    jdoc_free(schema);
    return error;
}

/* ---- effects ---- */

bool about_has(const struct tools_run *run, const char *type)
{
    const jdoc *effects = jdoc_get(run->about, "effects");

    for (size_t i = 0; i < jdoc_length(effects); i++)
        if (!strcmp(jdoc_text_or(jdoc_at(effects, i), "type", ""), type))
            return true;
    return false;
}

/* Takes value, which may be NULL without a key. */
static int about_effect(struct tools_run *run, const char *type, const char *text, const char *key,
    jdoc *value)
{
    jdoc *effects = about_member(run, "effects", jdoc_new_array);
    jdoc *effect = effects ? jdoc_new_object() : NULL;

    if (!effect) {
        jdoc_free(value);
        return ERR_NOMEM;
    }
    int failed = key && jdoc_set(effect, key, value);
    failed =
        failed || jdoc_set_string(effect, "type", type) || jdoc_set_string(effect, "text", text);
    return jdoc_push_made(effects, effect, failed);
}

int about_deletion(struct tools_run *run, const char *scope)
{
    const char *text = !scope       ? "It is deleted." :
        !strcmp(scope, "this")      ? "Only this day of the series is deleted." :
        !strcmp(scope, "following") ? "This day and all later ones of the series are deleted." :
                                      "Every day of the series is deleted.";

    return about_effect(run, "deletion", text, scope ? "scope" : NULL,
        scope ? jdoc_new_string(scope, strlen(scope)) : NULL);
}

int about_audience(struct tools_run *run, const char *audience)
{
    static const char *const texts[][2] = {{"everyone", "Everyone can see it."},
        {"friends", "Your friends can see it."}, {"you", "Only you can see it then."},
        {"others", "Other people can notice it."}};
    const char *text = "";

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(texts[i][0], audience))
            text = texts[i][1];
    return about_effect(run, "audience", text, "audience",
        jdoc_new_string(audience, strlen(audience)));
}

int about_people(struct tools_run *run, const char *const *names, size_t count)
{
    jdoc *people = jdoc_new_array();
    int error = people ? 0 : ERR_NOMEM;

    for (size_t i = 0; !error && i < count && i < ABOUT_PEOPLE; i++) {
        jdoc *name = about_text(names[i], strlen(names[i]));
        error = jdoc_push_made(people, name, !name);
    }
    if (error) {
        jdoc_free(people);
        return error;
    }
    error = about_effect(run, "audience", "The people named see it.", "people", people);
    const jdoc *effects = jdoc_get(run->about, "effects");
    jdoc *effect = jdoc_at(effects, jdoc_length(effects) - 1);
    if (!error)
        error = jdoc_set_string(effect, "audience", "people");
    return error || count <= ABOUT_PEOPLE ?
        error :
        jdoc_set_int(effect, "people_more", (int64_t)(count - ABOUT_PEOPLE));
}

int about_host(struct tools_run *run, const char *url)
{
    char host[256], text[sizeof host + 32];

    if (http_url_host(url, host, sizeof host))
        return 0;
    snprintf(text, sizeof text, "It reaches the host %s.", host);
    return about_effect(run, "host", text, "host", jdoc_new_string(host, strlen(host)));
}
