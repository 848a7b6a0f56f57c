/* SPDX-License-Identifier: BSD-2-Clause */
/* What the assistant remembers about a user. Records: "memory", by the time they were told. */
#include "tools/memory/memory_parts.h"

#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/remembered.h"
#include "tools/kit/timestamp.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CARD_MIN 13
#define CARD_MAX 19

int memory_list(struct tools_run *run, struct remembered_list *out)
{
    return remembered_read(run->context->store, run->context->uid, run->arena, out);
}

/* Digits in a row, blanks and hyphens between, that have the check digit of a payment card (ISO/IEC
 * 7812-1, annex B). */
static bool memory_is_card(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        int digits[CARD_MAX + 1], count = 0, sum = 0;
        if (!isdigit((unsigned char)*p) || (p > text && isdigit((unsigned char)p[-1])))
            continue;
        for (const char *q = p; count <= CARD_MAX &&
             (isdigit((unsigned char)*q) || ((*q == ' ' || *q == '-') && count > 0));
             q++)
            if (isdigit((unsigned char)*q))
                digits[count++] = *q - '0';
        for (int i = 0; i < count; i++) {
            int d = digits[count - 1 - i] * (i % 2 == 1 ? 2 : 1);
            sum += d > 9 ? d - 9 : d;
        }
        if (count >= CARD_MIN && count <= CARD_MAX && sum % 10 == 0)
            return true;
    }
    return false;
}

/* In one line. NULL on no memory. */
static const char *memory_text(struct tools_run *run, const char *key)
{
    const char *said = jdoc_text_or(run->args, key, "");
    char *text = arena_strdup(run->arena, said);
    size_t n = 0;
    for (const char *p = said; text && *p != '\0'; p++) {
        bool blank = (unsigned char)*p <= ' ' || *p == 0x7f;
        if (!blank)
            text[n++] = *p;
        else if (n > 0 && text[n - 1] != ' ')
            text[n++] = ' ';
    }
    if (text)
        text[n > 0 && text[n - 1] == ' ' ? n - 1 : n] = '\0';
    return text;
}

bool memory_is_same(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    m -= m > 0 && a[m - 1] == '.';
    n -= n > 0 && b[n - 1] == '.';
    return m == n && strncasecmp(a, b, n) == 0;
}

int memory_score(const struct remembered *one, const char *said)
{
    bool exact = strcmp(one->id, said) == 0 || memory_is_same(one->text, said);
    int score = exact ? 1000 : record_match_score(one->text, said);
    return score < RECORD_MATCH_SURE ? 0 : score;
}

int memory_pick(struct tools_run *run, const struct remembered_list *list, const char *path,
    const char *said, const struct remembered **out)
{
    struct buf several = {0};
    size_t found = 0;
    int best = 0;
    *out = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct remembered *one = &list->all[i];
        int score = memory_score(one, said);
        if (!score || score < best)
            continue;
        if (score > best) {
            buf_reset(&several);
            found = 0;
        }
        if (found++ < RECORD_MATCH_SHOWN)
            buf_printf(&several, "%s%s (%s)", found > 1 ? "; " : "",
                preview_text(run->arena, one->text, PREVIEW_TITLE), one->id);
        best = score;
        *out = one;
    }
    int error = buf_error(&several);
    if (error == 0 && found != 1) {
        error = found == 0 ? run_fail_at(run, path, "an id, or words of a fact that is remembered",
                                 "Nothing like that is remembered. recall shows what is.") :
                             run_ask_back(run, path, "the id of one of them",
                                 "%zu facts are meant: %s.", found, buf_text(&several));
        error = error == 0 ? ERR_INVALID : error;
    }
    buf_free(&several);
    return error;
}

jdoc *memory_document(const struct remembered *one)
{
    jdoc *record = NULL;
    return jdoc_parse(one->json, strlen(one->json), &record, NULL, 0) == 0 ? record : NULL;
}

/* ---- remember ---- */

/* What is wrong with the text: a failure is set and ERR_INVALID returned. */
static int memory_check(struct tools_run *run, const char *text)
{
    int error = 0;
    if (strlen(text) < 3)
        error = run_fail_at(run, "/text", "a sentence", "The text says nothing.");
    else if (memory_is_card(text))
        error = run_fail_at(run, "/text", "a fact without the number",
            "Numbers of payment cards are not kept here.");
    else
        return 0;
    return error == 0 ? ERR_INVALID : error;
}

static int memory_fill(struct tools_run *run, jdoc *record, const char *text)
{
    const struct zone *z;
    char at[TIMESTAMP_SIZE], id[IDENT_UUID_SIZE];
    int error = timestamp_zone(run, &z);
    if (error != 0)
        return error;
    timestamp_format(run->context->now_ms, z, at);
    ident_uuid7(id);
    bool failed = jdoc_set_string(record, "id", id) != 0 ||
        jdoc_set_string(record, "text", text) != 0 ||
        jdoc_set_string(record, "topic", jdoc_text_or(run->args, "topic", "other")) != 0 ||
        jdoc_set_string(record, "source", run->context->session ? "conversation" : "direct") != 0 ||
        jdoc_set_string(record, "told_at", at) != 0 ||
        jdoc_set_int(record, "told_ms", run->context->now_ms) != 0 ||
        record_stamp(run, record) != 0;
    if (!failed && run->context->session)
        failed = jdoc_set_string(record, "session_id", run->context->session) != 0;
    return failed ? ERR_NOMEM : 0;
}

static int memory_write(struct tools_run *run, jdoc *record, const struct remembered *old)
{
    struct record_item items[2] = {{.family = REMEMBERED_FAMILY,
        .id = jdoc_text_or(record, "id", ""),
        .document = record,
        .time_ms = run->context->now_ms}};
    size_t count = 1;
    if (old) {
        items[count++] =
            (struct record_item){.family = REMEMBERED_FAMILY, .id = old->id, .seen = old->json};
        if (jdoc_set(run->result, "replaced", memory_document(old)) != 0)
            return ERR_NOMEM;
    }
    return record_commit(run, items, count, false);
}

/* What a call that can succeed would take the place of, and whether the fact is there already. */
struct memory_plan {
    const char *text;
    const struct remembered *old, *known;
};
static int memory_plan(struct tools_run *run, struct memory_plan *p)
{
    struct remembered_list list;
    const char *replaces = jdoc_string(jdoc_get(run->args, "replaces"), NULL);
    *p = (struct memory_plan){.text = memory_text(run, "text")};
    int error = p->text ? memory_check(run, p->text) : ERR_NOMEM;
    if (error == 0)
        error = memory_list(run, &list);
    if (error == 0 && replaces)
        error = memory_pick(run, &list, "/replaces", replaces, &p->old);
    if (error != 0)
        return error;
    for (const struct remembered *one = list.all; one < list.all + list.count; one++)
        if (memory_is_same(one->text, p->text))
            p->known = one;
    if (p->known || p->old || list.count < REMEMBERED_MAX)
        return 0;
    error = run_fail(run, "limit_reached",
        "%d facts are remembered, and more are not kept. Forget some that no longer matter.",
        REMEMBERED_MAX);
    return error == 0 ? ERR_INVALID : error;
}

int memory_preview_remember(struct tools_run *run)
{
    struct memory_plan plan;
    int error = memory_plan(run, &plan);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    error = about_title(run, "memory", run->args, "text");
    return error == 0 ?
        preview_title(run, run->args, "text", "remember for later conversations ", "") :
        error;
}

static int memory_try_remember(struct tools_run *run, void *arg)
{
    struct memory_plan plan;
    int error = memory_plan(run, &plan);
    (void)arg;
    if (error != 0)
        return error;
    if (plan.known) {
        if (!run_succeed(run, "That was remembered already."))
            return ERR_NOMEM;
        return jdoc_set(run->result, "memory", memory_document(plan.known));
    }
    jdoc *record = jdoc_new_object();
    error = record ? memory_fill(run, record, plan.text) : ERR_NOMEM;
    if (error == 0 && !run_succeed(run, "Remembered: %s", plan.text))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(record);
        return error;
    }
    error = jdoc_set(run->result, "memory", record);
    return error == 0 ? memory_write(run, record, plan.old) : error;
}

int memory_tool_remember(struct tools_run *run)
{
    return record_retry(run, memory_try_remember, NULL);
}

/* ---- recall ---- */

int memory_add(jdoc *list, const struct remembered *one)
{
    jdoc *record = memory_document(one);
    return record ? jdoc_push(list, record) : ERR_NOMEM;
}

int memory_tool_recall(struct tools_run *run)
{
    struct remembered_list all = {0};
    const char *query = jdoc_string(jdoc_get(run->args, "query"), NULL);
    const char *topic = jdoc_string(jdoc_get(run->args, "topic"), NULL);
    jdoc *list = jdoc_new_array();
    int64_t count = 0;
    int error = list ? memory_list(run, &all) : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < all.count; i++) {
        const struct remembered *one = &all.all[i];
        if ((query && record_match_words(one->text, query) == 0) ||
            (topic && strcmp(topic, one->topic) != 0))
            continue;
        error = memory_add(list, one);
        count++;
    }
    const char *none =
        all.count == 0 ? "Nothing is remembered yet." : "Nothing that is remembered fits that.";
    if (error == 0 &&
        !(count == 0 ? run_succeed(run, "%s", none) :
                       run_succeed(run, "%lld remembered.", (long long)count)))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    error = jdoc_set(run->result, "memories", list);
    return error == 0 ? jdoc_set_int(run->result, "count", count) : error;
}
