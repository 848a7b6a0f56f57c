/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family community: reading and searching. */
#include "tools/community/community.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_BYTES 40000 /* of the long texts of one answer; tool.result bounds it all */
#define TEXT_LEAST 200

size_t community_limit(const struct tools_run *run, size_t standard)
{
    int64_t limit = jdoc_int_or(run->args, "limit", (int64_t)standard);
    return (size_t)limit;
}

int community_query(struct tools_run *run, const char *text, struct word_set *terms)
{
    int error = word_set_init(terms, run->arena, SHARED_TERMS_MAX);
    if (error == 0)
        word_set_add(terms, "", text);
    return terms->failed ? ERR_NOMEM : error;
}

/* Cuts `content` at a code point; says so in `content_cut`. */
static int community_cut_content(jdoc *doc, size_t most)
{
    size_t len = 0;
    const char *text = jdoc_string(jdoc_get(doc, "content"), &len);
    if (!text || len <= most)
        return 0;
    jdoc *cut = jdoc_new_string(text, utf8_cut(text, most));
    if (!cut || jdoc_set(doc, "content", cut) != 0)
        return ERR_NOMEM;
    return jdoc_set_bool(doc, "content_cut", true);
}

static int community_add_counts(jdoc *doc, const struct shared_item *item)
{
    int failed = jdoc_set_int(doc, "likes", item->likes);
    failed |= jdoc_set_int(doc, "comments", item->comments);
    failed |= jdoc_set_bool(doc, "liked", item->liked);
    failed |= jdoc_set_bool(doc, "followed", item->followed);
    return failed != 0 ? ERR_NOMEM : 0;
}

int community_list(const struct shared_list *found, size_t limit, const char *source, jdoc *list)
{
    size_t most = ANSWER_BYTES / (limit > 0 ? limit : 1);
    int error = 0;
    for (size_t i = 0; error == 0 && i < found->count && jdoc_length(list) < limit; i++) {
        const struct shared_item *item = &found->items[i];
        jdoc *doc = NULL;
        if (jdoc_parse(item->json, strlen(item->json), &doc, NULL, 0) != 0)
            continue;
        error = community_cut_content(doc, most > TEXT_LEAST ? most : TEXT_LEAST);
        if (error == 0)
            error =
                source ? jdoc_set_string(doc, "source", source) : community_add_counts(doc, item);
        if (error == 0)
            error = jdoc_push(list, doc);
        else
            jdoc_free(doc);
    }
    return error;
}

/* The list (taken) under its key with count and total. */
static int community_answer_list(struct tools_run *run, int error, const char *key, jdoc *list,
    const char *noun, size_t total)
{
    size_t count = jdoc_length(list);
    if (error == 0 &&
        !run_succeed(run, "%zu %s%s%s.", count, noun, count == 1 ? "" : "s",
            total > count ? ", and there are more" : ""))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    int failed = jdoc_set(run->result, key, list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_int(run->result, "total", (int64_t)total);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int community_nothing_to_search(struct tools_run *run)
{
    return run_fail_at(run, "/query", "at least one word that carries meaning",
        "query holds no word that can be searched for");
}

static int community_search(struct tools_run *run, struct shared_query *query,
    const struct word_set *terms, const struct word_set *required, struct shared_list *found)
{
    query->viewer = run->context->uid;
    query->terms = terms->list;
    query->term_count = terms->count;
    query->required = required->list;
    query->required_count = required->count;
    return terms->failed || required->failed ?
        ERR_NOMEM :
        shared_search(run->context->store, query, run->arena, found);
}

int community_tool_get_feed(struct tools_run *run)
{
    struct shared_list found = {0};
    int64_t offset = 0;
    size_t limit = community_limit(run, 20);
    jdoc_get_int(run->args, "offset", &offset);
    struct shared_query query = {.family = "post",
        .viewer = run->context->uid,
        .limit = limit,
        .offset = (size_t)offset};
    int error = shared_search(run->context->store, &query, run->arena, &found);
    jdoc *posts = jdoc_new_array();
    if (error == 0)
        error = posts ? community_list(&found, limit, NULL, posts) : ERR_NOMEM;
    size_t after = (size_t)offset + jdoc_length(posts);
    error = community_answer_list(run, error, "posts", posts, "post", found.total);
    if (error == 0)
        error = jdoc_set_bool(run->result, "more", after < found.total);
    return error;
}

/* The filters that every hit must have. */
static int community_read_filters(struct tools_run *run, struct word_set *required)
{
    const jdoc *tags = jdoc_get(run->args, "tags");
    int error = word_set_init(required, run->arena, SHARED_TERMS_MAX);
    if (error != 0)
        return error;
    for (size_t i = 0; i < jdoc_length(tags); i++)
        word_set_add_whole(required, "=tag:", jdoc_string(jdoc_at(tags, i), NULL));
    word_set_add(required, "=loc:", jdoc_string(jdoc_get(run->args, "location"), NULL));
    return required->failed ? ERR_NOMEM : 0;
}

static int community_search_family(struct tools_run *run, const char *family,
    struct word_set *required, const char *key, const char *noun, bool counts)
{
    struct word_set terms;
    struct shared_list found = {0};
    size_t limit = community_limit(run, 20);
    struct shared_query query = {.family = family, .limit = limit};
    int error = community_query(run, jdoc_text_or(run->args, "query", ""), &terms);
    if (error != 0)
        return error;
    if (terms.count == 0)
        return community_nothing_to_search(run);
    error = community_search(run, &query, &terms, required, &found);
    jdoc *list = jdoc_new_array();
    if (error == 0)
        error = list ? community_list(&found, limit, counts ? NULL : "community", list) : ERR_NOMEM;
    return community_answer_list(run, error, key, list, noun, found.total);
}

int community_tool_search_posts(struct tools_run *run)
{
    struct word_set required;
    int error = community_read_filters(run, &required);
    return error == 0 ? community_search_family(run, "post", &required, "posts", "post", true) :
                        error;
}

int community_tool_search_tips(struct tools_run *run)
{
    struct word_set required;
    int error = community_read_filters(run, &required);
    if (error != 0)
        return error;
    word_set_add_whole(&required, "=cat:", jdoc_string(jdoc_get(run->args, "category"), NULL));
    return community_search_family(run, "tip", &required, "tips", "tip", false);
}

/* --- knowledge: what administrators teach, then what travellers advise --- */

static int community_search_articles(struct tools_run *run, const struct word_set *terms)
{
    static const char *const sources[][2] = {{"knowledge", "admin"}, {"tip", "community"}};
    struct word_set required;
    size_t limit = community_limit(run, 20), total = 0;
    jdoc *list = jdoc_new_array();
    int error = list ? word_set_init(&required, run->arena, SHARED_TERMS_MAX) : ERR_NOMEM;
    if (error == 0) {
        word_set_add_whole(&required,
            "=topic:", jdoc_string(jdoc_get(run->args, "category"), NULL));
        word_set_add_whole(&required,
            "=level:", jdoc_string(jdoc_get(run->args, "difficulty"), NULL));
    }
    for (size_t i = 0; error == 0 && i < 2; i++) {
        struct shared_list found = {0};
        struct shared_query query = {.family = sources[i][0], .limit = limit};
        error = community_search(run, &query, terms, &required, &found);
        if (error == 0)
            error = community_list(&found, limit, sources[i][1], list);
        total += found.total;
    }
    return community_answer_list(run, error, "articles", list, "article", total);
}

int community_tool_search_knowledge(struct tools_run *run)
{
    struct word_set terms;
    int error = community_query(run, jdoc_text_or(run->args, "query", ""), &terms);
    if (error != 0)
        return error;
    return terms.count > 0 ? community_search_articles(run, &terms) :
                             community_nothing_to_search(run);
}

int community_tool_get_knowledge_by_category(struct tools_run *run)
{
    struct word_set none;
    int error = word_set_init(&none, run->arena, 1);
    return error == 0 ? community_search_articles(run, &none) : error;
}

int community_tool_get_knowledge_article(struct tools_run *run)
{
    const char *json, *source = "admin", *id = jdoc_text_or(run->args, "article_id", "");
    jdoc *article = NULL;
    int error = shared_get(run->context->store, "knowledge", id, run->arena, &json);
    if (error == ERR_NOT_FOUND) {
        source = "community";
        error = shared_get(run->context->store, "tip", id, run->arena, &json);
    }
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found",
            "There is no such article. search_knowledge finds "
            "those there are.");
    if (error == 0)
        error = jdoc_parse(json, strlen(json), &article, NULL, 0);
    if (error != 0)
        return error;
    if (jdoc_set_string(article, "source", source) != 0 ||
        !run_succeed(run, "%s", jdoc_text_or(article, "title", ""))) {
        jdoc_free(article);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "article", article);
}
