/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family community: what is written for all. See community_people.c for people and
 * community_read.c for searches. */
#include "tools/community/community.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include <stdio.h>
#include <string.h>

#define POSTS_MAX 100000
#define COMMENTS_MAX 1000 /* of one post */
#define WORDS_MAX 400     /* of one record that can be searched */
#define ACT_TEXT 120

int community_begin(struct tools_run *run, struct shared_mark *mark)
{
    *mark = (struct shared_mark){.uid = run->context->uid};
    int error = record_effect(run, &mark->effect);
    return error == 0 ? record_fence(run) : error;
}

int community_finish(struct tools_run *run, const char *kind, const char *ref, const char *text)
{
    char id[128], about[ACT_TEXT], now[CLOCK_RFC3339_SIZE];
    jdoc *act = jdoc_new_object();
    snprintf(id, sizeof id, "%s:%.100s", kind, ref);
    snprintf(about, sizeof about, "%s", text ? text : "");
    utf8_mend_end(about);
    clock_rfc3339(run->context->now_ms, now);
    int failed = !act || jdoc_set_string(act, "id", id) != 0 ||
        jdoc_set_string(act, "kind", kind) != 0 || jdoc_set_string(act, "ref", ref) != 0 ||
        jdoc_set_string(act, "text", about) != 0 || jdoc_set_string(act, "created_at", now) != 0;
    struct record_item item = {.family = "community",
        .id = id,
        .document = act,
        .time_ms = run->context->now_ms};
    int error = failed ? ERR_NOMEM : record_commit(run, &item, 1, false);
    jdoc_free(act);
    return error;
}

jdoc *community_document(struct tools_run *run, const char *const *keys)
{
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE];
    jdoc *doc = jdoc_new_object();
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    if (doc && jdoc_set_string(doc, "id", id) == 0 &&
        jdoc_set_string(doc, "author", run->context->uid) == 0 &&
        record_copy(doc, run->args, keys) == 0 && jdoc_set_string(doc, "created_at", now) == 0)
        return doc;
    jdoc_free(doc);
    return NULL;
}

/* What was stored, now or by the first execution, is what the result shows. */
static int community_answer_stored(struct tools_run *run, const struct community_write *w,
    const char *stored)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(stored, strlen(stored), &doc, NULL, 0);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_INTERNAL;
    const char *id = arena_strdup(run->arena, jdoc_text_or(doc, "id", ""));
    const char *text = arena_printf(run->arena, "%s%s%s", w->message, w->title ? ": " : ".",
        w->title ? w->title : "");
    if (!id || !text || !run_succeed(run, "%s", text)) {
        jdoc_free(doc);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, w->key, doc);
    return error == 0 ? community_finish(run, w->kind, id, w->title) : error;
}

static int community_no_such_post(struct tools_run *run)
{
    return run_fail(run, "not_found",
        "There is no such post. search_posts and get_feed list "
        "those there are.");
}

int community_write(struct tools_run *run, struct community_write *w)
{
    struct shared_mark mark;
    struct buf json = {0};
    const char *stored, *id = jdoc_text_or(w->document, "id", "");
    const char *terms = w->terms ? word_set_joined(w->terms) : "";
    int error = w->document && terms ? community_begin(run, &mark) : ERR_NOMEM;
    jdoc_write(w->document, &json);
    if (error == 0)
        error = buf_error(&json);
    if (error == 0) {
        struct shared_record record = {.family = w->family ? w->family : w->kind,
            .id = id,
            .json = buf_text(&json),
            .time_ms = w->time_ms,
            .terms = terms,
            .keep = w->keep,
            .parent_family = w->parent_family,
            .parent = w->parent,
            .refuse_when_full = w->parent != NULL,
            .author = run->context->uid};
        error = shared_put(run->context->store, &mark, &record, run->arena, &stored);
    }
    buf_free(&json);
    jdoc_free(w->document);
    w->document = NULL;
    if (error == ERR_NOT_FOUND)
        return community_no_such_post(run);
    if (error == ERR_FULL)
        return run_fail(run, "limit_reached", "No more can be added there.");
    return error == 0 ? community_answer_stored(run, w, stored) : error;
}

/* --- posts --- */

static void community_add_tags(struct word_set *terms, const jdoc *tags)
{
    for (size_t i = 0; i < jdoc_length(tags); i++) {
        const char *tag = jdoc_string(jdoc_at(tags, i), NULL);
        word_set_add(terms, "", tag);
        word_set_add_whole(terms, "=tag:", tag);
    }
}

static int community_index_text(struct tools_run *run, const jdoc *doc, const char *place_key,
    struct word_set *terms)
{
    int error = word_set_init(terms, run->arena, WORDS_MAX);
    if (error != 0)
        return error;
    const char *place = jdoc_string(jdoc_get(doc, place_key), NULL);
    community_add_tags(terms, jdoc_get(doc, "tags"));
    word_set_add(terms, "=loc:", place);
    word_set_add(terms, "", jdoc_string(jdoc_get(doc, "title"), NULL));
    word_set_add(terms, "", place);
    word_set_add(terms, "", jdoc_string(jdoc_get(doc, "content"), NULL));
    return terms->failed ? ERR_NOMEM : 0;
}

/* Something that everyone sees: its title, or without one how it begins. */
static int community_preview_writing(struct tools_run *run, const char *kind, const char *before,
    const char *after)
{
    const char *key = jdoc_has(run->args, "title") ? "title" : "content";
    int error = preview_title(run, run->args, key, before, after);
    if (error == 0)
        error = about_title(run, kind, run->args, "title");
    return error != 0 ? error : about_audience(run, "everyone");
}

int community_preview_create_post(struct tools_run *run)
{
    return community_preview_writing(run, "post", "publish the post ", " for everyone");
}

/*
 * The post of the arguments, as the user is asked about it; arena.
 *   kind  what the call adds to it, for everyone
 * Returns 0; ERR_INVALID (said); a fault.
 */
static int community_preview_post(struct tools_run *run, const char *kind, const char **out)
{
    const char *id = jdoc_text_or(run->args, "post_id", ""), *json;
    jdoc *post = NULL;
    int error = ident_is_safe(id, strlen(id), 64) ?
        shared_get(run->context->store, "post", id, run->arena, &json) :
        ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND) {
        error = community_no_such_post(run);
        return error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = jdoc_parse(json, strlen(json), &post, NULL, 0);
    const char *title = preview_text(run->arena,
        jdoc_text_or(post, "title", jdoc_text_or(post, "content", "")), PREVIEW_TITLE);
    const char *author = preview_text(run->arena, jdoc_text_or(post, "author", ""), PREVIEW_TITLE);
    if (error == 0)
        error = about_title(run, kind, post, jdoc_has(post, "title") ? "title" : "content");
    if (error == 0)
        error = about_audience(run, "everyone");
    jdoc_free(post);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_INTERNAL;
    *out = title && author ? arena_printf(run->arena, "the post %s by %s", title, author) : NULL;
    return *out ? 0 : ERR_NOMEM;
}

int community_preview_like_post(struct tools_run *run)
{
    const char *post;
    int error = community_preview_post(run, "like", &post);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    return preview_say(run, "like %s, or take your like back", post);
}

int community_tool_create_post(struct tools_run *run)
{
    static const char *const keys[] = {"title", "content", "location", "image_url", "tags", NULL};
    struct word_set terms;
    jdoc *post = community_document(run, keys);
    int error = post ? community_index_text(run, post, "location", &terms) : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(post);
        return error;
    }
    return community_write(run,
        &(struct community_write){.kind = "post",
            .document = post,
            .key = "post",
            .message = "The post is published",
            .title = jdoc_string(jdoc_get(run->args, "title"), NULL),
            .terms = &terms,
            .time_ms = run->context->now_ms,
            .keep = POSTS_MAX});
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int community_read_comment(struct tools_run *run, const char **content)
{
    *content = jdoc_string(jdoc_get(run->args, "content"), NULL);
    if (!*content)
        *content = jdoc_string(jdoc_get(run->args, "comment"), NULL);
    if (*content)
        return 0;
    int error = run_fail_at(run, "/content", "the text of the comment, 1 to 1000 characters",
        "content is missing");
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_comment_on_post(struct tools_run *run)
{
    const char *content, *post;
    int error = community_read_comment(run, &content);
    if (error == 0)
        error = community_preview_post(run, "comment", &post);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    content = preview_text(run->arena, content, PREVIEW_BODY);
    return !content ? ERR_NOMEM : preview_say(run, "publish the comment %s on %s", content, post);
}

int community_tool_comment_on_post(struct tools_run *run)
{
    static const char *const keys[] = {"post_id", NULL};
    const char *post = jdoc_text_or(run->args, "post_id", ""), *content;
    int error = community_read_comment(run, &content);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (!ident_is_safe(post, strlen(post), 64))
        return community_no_such_post(run);
    const char *family = arena_printf(run->arena, "comment:%s", post);
    jdoc *comment = community_document(run, keys);
    if (!family || !comment || jdoc_set_string(comment, "content", content) != 0) {
        jdoc_free(comment);
        return ERR_NOMEM;
    }
    return community_write(run,
        &(struct community_write){.kind = "comment",
            .family = family,
            .document = comment,
            .key = "comment",
            .message = "The comment is published",
            .time_ms = run->context->now_ms,
            .keep = COMMENTS_MAX,
            .parent_family = "post",
            .parent = post});
}

int community_tool_like_post(struct tools_run *run)
{
    struct shared_mark mark;
    struct shared_like like = {0};
    const char *post = jdoc_text_or(run->args, "post_id", "");
    int error = community_begin(run, &mark);
    if (error == 0)
        error = shared_like(run->context->store, &mark, post, run->context->uid, &like);
    if (error == ERR_NOT_FOUND)
        return community_no_such_post(run);
    if (error != 0)
        return error;
    jdoc *entity = jdoc_new_object();
    if (!run_succeed(run, "%s. The post has %lld like%s.",
            like.liked ? "Liked" : "The like is taken back", (long long)like.likes,
            like.likes == 1 ? "" : "s") ||
        !entity || jdoc_set_string(entity, "id", post) != 0 ||
        jdoc_set_bool(entity, "liked", like.liked) != 0 ||
        jdoc_set_int(entity, "likes", like.likes) != 0) {
        jdoc_free(entity);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, "post", entity);
    return error == 0 ? community_finish(run, like.liked ? "like" : "unlike", post, NULL) : error;
}

/* --- events, tips, knowledge --- */

/* Both or neither. Returns 0, or ERR_INVALID (said). */
static int community_check_pair(struct tools_run *run)
{
    bool latitude = jdoc_has(run->args, "latitude"), longitude = jdoc_has(run->args, "longitude");
    if (latitude == longitude)
        return 0;
    int error = run_fail_at(run, latitude ? "/longitude" : "/latitude",
        "latitude and longitude together, or neither",
        "latitude and longitude belong together, and one is missing");
    return error != 0 ? error : ERR_INVALID;
}

/* When a meetup is. Returns 0; ERR_INVALID (said); a fault. */
static int community_read_meetup(struct tools_run *run, const struct zone **z,
    struct timestamp *start)
{
    int error = timestamp_zone(run, z);
    if (error == 0)
        error = timestamp_argument(run, "event_date", *z, start);
    if (error == 0)
        error = community_check_pair(run);
    if (error != 0 ||
        (start->has_time ? start->ms : timestamp_day(start->ms, 1, *z)) > run->context->now_ms)
        return error;
    error = run_fail_at(run, "/event_date", "a time to come", "event_date is over");
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_create_event(struct tools_run *run)
{
    const struct zone *z;
    struct timestamp start;
    char when[TIMESTAMP_TEXT_SIZE];
    int error = community_read_meetup(run, &z, &start);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    timestamp_text(start.ms, z, start.has_time, when);
    const char *place =
        preview_text(run->arena, jdoc_text_or(run->args, "location", ""), PREVIEW_TITLE);
    const char *after =
        place ? arena_printf(run->arena, " on %s at %s to everyone", when, place) : NULL;
    error =
        !after ? ERR_NOMEM : preview_title(run, run->args, "title", "announce the meetup ", after);
    if (error == 0)
        error = about_title(run, "meetup", run->args, "title");
    if (error == 0)
        error = about_when(run, &(struct about_when){start.ms, -1, start.has_time}, z);
    return error != 0 ? error : about_audience(run, "everyone");
}

int community_tool_create_event(struct tools_run *run)
{
    static const char *const keys[] = {"title", "description", "location", "latitude", "longitude",
        "max_attendees", NULL};
    const struct zone *z;
    struct timestamp start;
    struct word_set terms;
    char text[TIMESTAMP_SIZE];
    int error = community_read_meetup(run, &z, &start);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (start.has_time)
        timestamp_format(start.ms, z, text);
    else
        timestamp_date(start.ms, z, text);
    jdoc *event = community_document(run, keys);
    int failed = !event || jdoc_set_string(event, "event_date", text) != 0 ||
        jdoc_set_string(event, "timezone", zone_name(z)) != 0 ||
        jdoc_set_int(event, "start_ms", start.ms) != 0;
    error = failed ? ERR_NOMEM : community_index_text(run, event, "location", &terms);
    if (error != 0) {
        jdoc_free(event);
        return error;
    }
    return community_write(run,
        &(struct community_write){.kind = "meetup",
            .document = event,
            .key = "community_event",
            .message = "The meetup is announced",
            .title = jdoc_string(jdoc_get(run->args, "title"), NULL),
            .terms = &terms,
            .time_ms = start.ms,
            .keep = POSTS_MAX});
}

/* Where a tip belongs among the categories of knowledge. */
static const char *const tip_topics[][2] = {
    {"camping", "camping"},
    {"maintenance", "maintenance"},
    {"route_planning", "routes"},
    {"general", "general"},
    {NULL, "travel_tips"},
};
/* The same for what an administrator teaches, when no topic is named. */
static const char *const knowledge_topics[][2] = {{"travel", "travel_tips"}, {NULL, "general"}};

static const char *community_topic_of(const char *const table[][2], const char *category)
{
    size_t i = 0;
    while (table[i][0] && strcmp(table[i][0], category) != 0)
        i++;
    return table[i][1];
}

static int community_write_article(struct tools_run *run, jdoc *doc, const char *kind,
    const char *key, const char *place_key, const char *message)
{
    struct word_set terms;
    int error = doc ? community_index_text(run, doc, place_key, &terms) : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(doc);
        return error;
    }
    /* Filters first: word_set_init bounds the number of terms. */
    struct word_set filters;
    error = word_set_init(&filters, run->arena, WORDS_MAX + 3);
    if (error != 0) {
        jdoc_free(doc);
        return error;
    }
    word_set_add_whole(&filters, "=cat:", jdoc_text_or(doc, "category", ""));
    word_set_add_whole(&filters, "=topic:", jdoc_text_or(doc, "topic", ""));
    word_set_add_whole(&filters, "=level:", jdoc_text_or(doc, "difficulty", ""));
    for (size_t i = 0; i < terms.count; i++)
        filters.list[filters.count++] = terms.list[i];
    return community_write(run,
        &(struct community_write){.kind = kind,
            .document = doc,
            .key = key,
            .message = message,
            .title = jdoc_string(jdoc_get(run->args, "title"), NULL),
            .terms = &filters,
            .time_ms = run->context->now_ms,
            .keep = POSTS_MAX});
}

int community_preview_submit_community_tip(struct tools_run *run)
{
    int error = community_check_pair(run);
    if (error == 0)
        error = community_preview_writing(run, "tip", "publish the tip ", " for everyone");
    return error == ERR_INVALID ? 0 : error;
}

int community_tool_submit_community_tip(struct tools_run *run)
{
    static const char *const keys[] = {"title", "content", "category", "location_name", "latitude",
        "longitude", "tags", NULL};
    int error = community_check_pair(run);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc *tip = community_document(run, keys);
    if (tip &&
        jdoc_set_string(tip, "topic",
            community_topic_of(tip_topics, jdoc_text_or(run->args, "category", ""))) != 0) {
        jdoc_free(tip);
        tip = NULL;
    }
    return community_write_article(run, tip, "tip", "tip", "location_name", "The tip is published");
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int community_check_admin(struct tools_run *run)
{
    if (run->context->role && strcmp(run->context->role, "admin") == 0)
        return 0;
    int error = run_fail(run, "forbidden",
        "Only administrators can add knowledge. A traveller's "
        "own advice is shared with submit_community_tip.");
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_add_knowledge(struct tools_run *run)
{
    int error = community_check_admin(run);
    if (error == 0)
        error = community_preview_writing(run, "article", "add the article ",
            " to everyone's knowledge base");
    return error == ERR_INVALID ? 0 : error;
}

int community_tool_add_knowledge(struct tools_run *run)
{
    static const char *const keys[] = {"title", "content", "knowledge_type", "category", "topic",
        "difficulty", "location_context", "priority", "tags", NULL};
    int error = community_check_admin(run);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc *article = community_document(run, keys);
    if (article && !jdoc_has(article, "topic") &&
        jdoc_set_string(article, "topic",
            community_topic_of(knowledge_topics, jdoc_text_or(run->args, "category", ""))) != 0) {
        jdoc_free(article);
        article = NULL;
    }
    return community_write_article(run, article, "knowledge", "article", "location_context",
        "The article is added");
}
