/* Tools of the family community: what is written for all. See community_people.c for people and
 * community_read.c for searches. */
#include "tools/community.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "tools/keep.h"
#include "tools/moment.h"
#include "tools/registry.h"

#include <stdio.h>
#include <string.h>

#define POSTS_MAX 100000
#define COMMENTS_MAX 1000 /* of one post */
#define WORDS_MAX 400     /* of one record that can be searched */
#define ACT_TEXT 120

int community_begin(struct tools_run *run, struct shared_mark *mark)
{
    *mark = (struct shared_mark){ .uid = run->context->uid };
    int result = keep_effect(run, &mark->effect);
    return result == 0 ? keep_fence(run) : result;
}

int community_finish(struct tools_run *run, const char *kind, const char *ref, const char *text)
{
    char id[128], about[ACT_TEXT], now[CLOCK_RFC3339_SIZE];
    jdoc *act = jdoc_new_object();
    snprintf(id, sizeof id, "%s:%.100s", kind, ref);
    snprintf(about, sizeof about, "%s", text != NULL ? text : "");
    keep_cut_utf8(about, sizeof about);
    clock_rfc3339(run->context->now_ms, now);
    int failed = act == NULL || jdoc_set_string(act, "id", id) != 0
        || jdoc_set_string(act, "kind", kind) != 0 || jdoc_set_string(act, "ref", ref) != 0
        || jdoc_set_string(act, "text", about) != 0
        || jdoc_set_string(act, "created_at", now) != 0;
    struct keep_item item = { .family = "community", .id = id, .document = act,
        .time_ms = run->context->now_ms };
    int result = failed ? ERR_NOMEM : keep_commit(run, &item, 1, false);
    jdoc_free(act);
    return result;
}

jdoc *community_document(struct tools_run *run, const char *const *keys)
{
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE];
    jdoc *doc = jdoc_new_object();
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    if (doc != NULL && jdoc_set_string(doc, "id", id) == 0
        && jdoc_set_string(doc, "author", run->context->uid) == 0
        && keep_copy(doc, run->args, keys) == 0 && jdoc_set_string(doc, "created_at", now) == 0)
        return doc;
    jdoc_free(doc);
    return NULL;
}

/* What was stored, now or by the first execution, is what the result shows. */
static int answer_stored(struct tools_run *run, const struct community_write *w, const char *stored)
{
    jdoc *doc = NULL;
    int result = jdoc_parse(stored, strlen(stored), &doc, NULL, 0);
    if (result != 0)
        return result == ERR_NOMEM ? result : ERR_INTERNAL;
    const char *id = arena_strdup(run->arena, jdoc_text_or(doc, "id", ""));
    const char *text = arena_printf(run->arena, "%s%s%s", w->message,
        w->title != NULL ? ": " : ".", w->title != NULL ? w->title : "");
    if (id == NULL || text == NULL || tools_succeed(run, "%s", text) == NULL) {
        jdoc_free(doc);
        return ERR_NOMEM;
    }
    result = jdoc_set(run->result, w->key, doc);
    return result == 0 ? community_finish(run, w->kind, id, w->title) : result;
}

int community_write(struct tools_run *run, struct community_write *w)
{
    struct shared_mark mark;
    struct buf json = { 0 };
    const char *stored, *id = jdoc_text_or(w->document, "id", "");
    const char *terms = w->terms != NULL ? words_joined(w->terms) : "";
    int result = w->document != NULL && terms != NULL ? community_begin(run, &mark) : ERR_NOMEM;
    jdoc_write(w->document, &json);
    if (result == 0)
        result = buf_error(&json);
    if (result == 0) {
        struct shared_record record = { .family = w->family != NULL ? w->family : w->kind, .id = id,
            .json = buf_text(&json), .time_ms = w->time_ms, .terms = terms, .keep = w->keep,
            .parent_family = w->parent_family, .parent = w->parent,
            .refuse_when_full = w->parent != NULL, .author = run->context->uid };
        result = shared_put(run->context->store, &mark, &record, run->arena, &stored);
    }
    buf_free(&json);
    jdoc_free(w->document);
    w->document = NULL;
    if (result == ERR_NOT_FOUND)
        return tools_fail(run, "not_found", "There is no such post. search_posts and get_feed list "
            "those there are.");
    if (result == ERR_FULL)
        return tools_fail(run, "limit_reached", "No more can be added there.");
    return result == 0 ? answer_stored(run, w, stored) : result;
}

/* --- posts --- */

static void add_tags(struct words *terms, const jdoc *tags)
{
    for (size_t i = 0; i < jdoc_length(tags); i++) {
        const char *tag = jdoc_string(jdoc_at(tags, i), NULL);
        words_add(terms, "", tag);
        words_add_whole(terms, "=tag:", tag);
    }
}

static int index_text(struct tools_run *run, const jdoc *doc, const char *place_key,
    struct words *terms)
{
    int result = words_init(terms, run->arena, WORDS_MAX);
    if (result != 0)
        return result;
    const char *place = jdoc_string(jdoc_get(doc, place_key), NULL);
    add_tags(terms, jdoc_get(doc, "tags"));
    words_add(terms, "=loc:", place);
    words_add(terms, "", jdoc_string(jdoc_get(doc, "title"), NULL));
    words_add(terms, "", place);
    words_add(terms, "", jdoc_string(jdoc_get(doc, "content"), NULL));
    return terms->failed ? ERR_NOMEM : 0;
}

int community_tool_create_post(struct tools_run *run)
{
    static const char *const keys[] = { "title", "content", "location", "image_url", "tags", NULL };
    struct words terms;
    jdoc *post = community_document(run, keys);
    int result = post != NULL ? index_text(run, post, "location", &terms) : ERR_NOMEM;
    if (result != 0) {
        jdoc_free(post);
        return result;
    }
    return community_write(run, &(struct community_write){ .kind = "post", .document = post,
        .key = "post", .message = "The post is published",
        .title = jdoc_string(jdoc_get(run->args, "title"), NULL), .terms = &terms,
        .time_ms = run->context->now_ms, .keep = POSTS_MAX });
}

int community_tool_comment_on_post(struct tools_run *run)
{
    static const char *const keys[] = { "post_id", NULL };
    const char *post = jdoc_text_or(run->args, "post_id", "");
    const char *content = jdoc_string(jdoc_get(run->args, "content"), NULL);
    if (content == NULL)
        content = jdoc_string(jdoc_get(run->args, "comment"), NULL);
    if (content == NULL)
        return tools_fail_at(run, "/content", "the text of the comment, 1 to 1000 characters",
            "content is missing");
    if (!ident_is_safe(post, strlen(post), 64))
        return tools_fail(run, "not_found", "There is no such post. search_posts and get_feed list "
            "those there are.");
    const char *family = arena_printf(run->arena, "comment:%s", post);
    jdoc *comment = community_document(run, keys);
    if (family == NULL || comment == NULL || jdoc_set_string(comment, "content", content) != 0) {
        jdoc_free(comment);
        return ERR_NOMEM;
    }
    return community_write(run, &(struct community_write){ .kind = "comment", .family = family,
        .document = comment, .key = "comment", .message = "The comment is published",
        .time_ms = run->context->now_ms, .keep = COMMENTS_MAX, .parent_family = "post",
        .parent = post });
}

int community_tool_like_post(struct tools_run *run)
{
    struct shared_mark mark;
    struct shared_like like = { 0 };
    const char *post = jdoc_text_or(run->args, "post_id", "");
    int result = community_begin(run, &mark);
    if (result == 0)
        result = shared_like(run->context->store, &mark, post, run->context->uid, &like);
    if (result == ERR_NOT_FOUND)
        return tools_fail(run, "not_found", "There is no such post. search_posts and get_feed list "
            "those there are.");
    if (result != 0)
        return result;
    jdoc *entity = jdoc_new_object();
    if (tools_succeed(run, "%s. The post has %lld like%s.",
            like.liked ? "Liked" : "The like is taken back", (long long)like.likes,
            like.likes == 1 ? "" : "s") == NULL || entity == NULL
        || jdoc_set_string(entity, "id", post) != 0
        || jdoc_set_bool(entity, "liked", like.liked) != 0
        || jdoc_set_int(entity, "likes", like.likes) != 0) {
        jdoc_free(entity);
        return ERR_NOMEM;
    }
    result = jdoc_set(run->result, "post", entity);
    return result == 0 ? community_finish(run, like.liked ? "like" : "unlike", post, NULL) : result;
}

/* --- events, tips, knowledge --- */

/* Both or neither. Returns 0, or ERR_INVALID (said). */
static int check_pair(struct tools_run *run)
{
    bool latitude = jdoc_has(run->args, "latitude"), longitude = jdoc_has(run->args, "longitude");
    if (latitude == longitude)
        return 0;
    int result = tools_fail_at(run, latitude ? "/longitude" : "/latitude",
        "latitude and longitude together, or neither",
        "latitude and longitude belong together, and one is missing");
    return result != 0 ? result : ERR_INVALID;
}

int community_tool_create_event(struct tools_run *run)
{
    static const char *const keys[] = { "title", "description", "location", "latitude", "longitude",
        "max_attendees", NULL };
    const struct zone *z;
    struct moment start;
    struct words terms;
    char text[MOMENT_SIZE];
    int result = moment_zone(run, &z);
    if (result == 0)
        result = moment_argument(run, "event_date", z, &start);
    if (result == 0)
        result = check_pair(run);
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    if ((start.has_time ? start.ms : moment_day(start.ms, 1, z)) <= run->context->now_ms)
        return tools_fail_at(run, "/event_date", "a time to come", "event_date is over");
    if (start.has_time)
        moment_format(start.ms, z, text);
    else
        moment_date(start.ms, z, text);
    jdoc *event = community_document(run, keys);
    int failed = event == NULL || jdoc_set_string(event, "event_date", text) != 0
        || jdoc_set_string(event, "timezone", zone_name(z)) != 0
        || jdoc_set_int(event, "start_ms", start.ms) != 0;
    result = failed ? ERR_NOMEM : index_text(run, event, "location", &terms);
    if (result != 0) {
        jdoc_free(event);
        return result;
    }
    return community_write(run, &(struct community_write){ .kind = "meetup", .document = event,
        .key = "community_event", .message = "The meetup is announced",
        .title = jdoc_string(jdoc_get(run->args, "title"), NULL), .terms = &terms,
        .time_ms = start.ms, .keep = POSTS_MAX });
}

/* Where a tip belongs among the categories of knowledge. */
static const char *const tip_topics[][2] = {
    { "camping", "camping" }, { "maintenance", "maintenance" }, { "route_planning", "routes" },
    { "general", "general" }, { NULL, "travel_tips" },
};
/* The same for what an administrator teaches, when no topic is named. */
static const char *const knowledge_topics[][2] = { { "travel", "travel_tips" }, { NULL, "general" } };

static const char *topic_of(const char *const table[][2], const char *category)
{
    size_t i = 0;
    while (table[i][0] != NULL && strcmp(table[i][0], category) != 0)
        i++;
    return table[i][1];
}

static int write_article(struct tools_run *run, jdoc *doc, const char *kind, const char *key,
    const char *place_key, const char *message)
{
    struct words terms;
    int result = doc != NULL ? index_text(run, doc, place_key, &terms) : ERR_NOMEM;
    if (result != 0) {
        jdoc_free(doc);
        return result;
    }
    /* Filters first: words_init bounds the number of terms. */
    struct words filters;
    result = words_init(&filters, run->arena, WORDS_MAX + 3);
    if (result != 0) {
        jdoc_free(doc);
        return result;
    }
    words_add_whole(&filters, "=cat:", jdoc_text_or(doc, "category", ""));
    words_add_whole(&filters, "=topic:", jdoc_text_or(doc, "topic", ""));
    words_add_whole(&filters, "=level:", jdoc_text_or(doc, "difficulty", ""));
    for (size_t i = 0; i < terms.count; i++)
        filters.list[filters.count++] = terms.list[i];
    return community_write(run, &(struct community_write){ .kind = kind, .document = doc,
        .key = key, .message = message, .title = jdoc_string(jdoc_get(run->args, "title"), NULL),
        .terms = &filters, .time_ms = run->context->now_ms, .keep = POSTS_MAX });
}

int community_tool_submit_community_tip(struct tools_run *run)
{
    static const char *const keys[] = { "title", "content", "category", "location_name", "latitude",
        "longitude", "tags", NULL };
    int result = check_pair(run);
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    jdoc *tip = community_document(run, keys);
    if (tip != NULL && jdoc_set_string(tip, "topic", topic_of(tip_topics,
            jdoc_text_or(run->args, "category", ""))) != 0) {
        jdoc_free(tip);
        tip = NULL;
    }
    return write_article(run, tip, "tip", "tip", "location_name", "The tip is published");
}

int community_tool_add_knowledge(struct tools_run *run)
{
    static const char *const keys[] = { "title", "content", "knowledge_type", "category", "topic",
        "difficulty", "location_context", "priority", "tags", NULL };
    if (run->context->role == NULL || strcmp(run->context->role, "admin") != 0)
        return tools_fail(run, "forbidden", "Only administrators can add knowledge. A traveller's "
            "own advice is shared with submit_community_tip.");
    jdoc *article = community_document(run, keys);
    if (article != NULL && !jdoc_has(article, "topic")
        && jdoc_set_string(article, "topic", topic_of(knowledge_topics,
               jdoc_text_or(run->args, "category", ""))) != 0) {
        jdoc_free(article);
        article = NULL;
    }
    return write_article(run, article, "knowledge", "article", "location_context",
        "The article is added");
}
