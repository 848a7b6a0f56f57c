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

int community_query(struct tools_run *run, const char *text, struct words *terms)
{
    int result = words_init(terms, run->arena, SHARED_TERMS_MAX);
    if (result == 0)
        words_add(terms, "", text);
    return terms->failed ? ERR_NOMEM : result;
}

/* Cuts `content` at a code point; says so in `content_cut`. */
static int cut_content(jdoc *doc, size_t most)
{
    size_t len = 0;
    const char *text = jdoc_string(jdoc_get(doc, "content"), &len);
    if (text == NULL || len <= most)
        return 0;
    jdoc *cut = jdoc_new_string(text, utf8_cut(text, most));
    if (cut == NULL || jdoc_set(doc, "content", cut) != 0)
        return ERR_NOMEM;
    return jdoc_set_bool(doc, "content_cut", true);
}

static int add_counts(jdoc *doc, const struct shared_item *item)
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
    int result = 0;
    for (size_t i = 0; result == 0 && i < found->count && jdoc_length(list) < limit; i++) {
        const struct shared_item *item = &found->items[i];
        jdoc *doc = NULL;
        if (jdoc_parse(item->json, strlen(item->json), &doc, NULL, 0) != 0)
            continue;
        result = cut_content(doc, most > TEXT_LEAST ? most : TEXT_LEAST);
        if (result == 0)
            result = source != NULL ? jdoc_set_string(doc, "source", source) : add_counts(doc, item);
        if (result == 0)
            result = jdoc_push(list, doc);
        else
            jdoc_free(doc);
    }
    return result;
}

/* The list (taken) under its key with count and total. */
static int answer_list(struct tools_run *run, int result, const char *key, jdoc *list,
    const char *noun, size_t total)
{
    size_t count = jdoc_length(list);
    if (result == 0 && run_succeed(run, "%zu %s%s%s.", count, noun, count == 1 ? "" : "s",
            total > count ? ", and there are more" : "") == NULL)
        result = ERR_NOMEM;
    if (result != 0) {
        jdoc_free(list);
        return result;
    }
    int failed = jdoc_set(run->result, key, list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_int(run->result, "total", (int64_t)total);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int nothing_to_search(struct tools_run *run)
{
    return run_fail_at(run, "/query", "at least one word that carries meaning",
        "query holds no word that can be searched for");
}

static int search(struct tools_run *run, struct shared_query *query, const struct words *terms,
    const struct words *required, struct shared_list *found)
{
    query->viewer = run->context->uid;
    query->terms = terms->list;
    query->term_count = terms->count;
    query->required = required->list;
    query->required_count = required->count;
    return terms->failed || required->failed
        ? ERR_NOMEM : shared_search(run->context->store, query, run->arena, found);
}

int community_tool_get_feed(struct tools_run *run)
{
    struct shared_list found = { 0 };
    int64_t offset = 0;
    size_t limit = community_limit(run, 20);
    jdoc_get_int(run->args, "offset", &offset);
    struct shared_query query = { .family = "post", .viewer = run->context->uid, .limit = limit,
        .offset = (size_t)offset };
    int result = shared_search(run->context->store, &query, run->arena, &found);
    jdoc *posts = jdoc_new_array();
    if (result == 0)
        result = posts != NULL ? community_list(&found, limit, NULL, posts) : ERR_NOMEM;
    size_t after = (size_t)offset + jdoc_length(posts);
    result = answer_list(run, result, "posts", posts, "post", found.total);
    if (result == 0)
        result = jdoc_set_bool(run->result, "more", after < found.total);
    return result;
}

/* The filters that every hit must have. */
static int read_filters(struct tools_run *run, struct words *required)
{
    const jdoc *tags = jdoc_get(run->args, "tags");
    int result = words_init(required, run->arena, SHARED_TERMS_MAX);
    if (result != 0)
        return result;
    for (size_t i = 0; i < jdoc_length(tags); i++)
        words_add_whole(required, "=tag:", jdoc_string(jdoc_at(tags, i), NULL));
    words_add(required, "=loc:", jdoc_string(jdoc_get(run->args, "location"), NULL));
    return required->failed ? ERR_NOMEM : 0;
}

static int search_family(struct tools_run *run, const char *family, struct words *required,
    const char *key, const char *noun, bool counts)
{
    struct words terms;
    struct shared_list found = { 0 };
    size_t limit = community_limit(run, 20);
    struct shared_query query = { .family = family, .limit = limit };
    int result = community_query(run, jdoc_text_or(run->args, "query", ""), &terms);
    if (result != 0)
        return result;
    if (terms.count == 0)
        return nothing_to_search(run);
    result = search(run, &query, &terms, required, &found);
    jdoc *list = jdoc_new_array();
    if (result == 0)
        result = list != NULL ? community_list(&found, limit, counts ? NULL : "community", list)
                              : ERR_NOMEM;
    return answer_list(run, result, key, list, noun, found.total);
}

int community_tool_search_posts(struct tools_run *run)
{
    struct words required;
    int result = read_filters(run, &required);
    return result == 0 ? search_family(run, "post", &required, "posts", "post", true) : result;
}

int community_tool_search_tips(struct tools_run *run)
{
    struct words required;
    int result = read_filters(run, &required);
    if (result != 0)
        return result;
    words_add_whole(&required, "=cat:", jdoc_string(jdoc_get(run->args, "category"), NULL));
    return search_family(run, "tip", &required, "tips", "tip", false);
}

/* --- knowledge: what administrators teach, then what travellers advise --- */

static int search_articles(struct tools_run *run, const struct words *terms)
{
    static const char *const sources[][2] = { { "knowledge", "admin" }, { "tip", "community" } };
    struct words required;
    size_t limit = community_limit(run, 20), total = 0;
    jdoc *list = jdoc_new_array();
    int result = list != NULL ? words_init(&required, run->arena, SHARED_TERMS_MAX) : ERR_NOMEM;
    if (result == 0) {
        words_add_whole(&required, "=topic:", jdoc_string(jdoc_get(run->args, "category"), NULL));
        words_add_whole(&required, "=level:", jdoc_string(jdoc_get(run->args, "difficulty"), NULL));
    }
    for (size_t i = 0; result == 0 && i < 2; i++) {
        struct shared_list found = { 0 };
        struct shared_query query = { .family = sources[i][0], .limit = limit };
        result = search(run, &query, terms, &required, &found);
        if (result == 0)
            result = community_list(&found, limit, sources[i][1], list);
        total += found.total;
    }
    return answer_list(run, result, "articles", list, "article", total);
}

int community_tool_search_knowledge(struct tools_run *run)
{
    struct words terms;
    int result = community_query(run, jdoc_text_or(run->args, "query", ""), &terms);
    if (result != 0)
        return result;
    return terms.count > 0 ? search_articles(run, &terms) : nothing_to_search(run);
}

int community_tool_get_knowledge_by_category(struct tools_run *run)
{
    struct words none;
    int result = words_init(&none, run->arena, 1);
    return result == 0 ? search_articles(run, &none) : result;
}

int community_tool_get_knowledge_article(struct tools_run *run)
{
    const char *json, *source = "admin", *id = jdoc_text_or(run->args, "article_id", "");
    jdoc *article = NULL;
    int result = shared_get(run->context->store, "knowledge", id, run->arena, &json);
    if (result == ERR_NOT_FOUND) {
        source = "community";
        result = shared_get(run->context->store, "tip", id, run->arena, &json);
    }
    if (result == ERR_NOT_FOUND)
        return run_fail(run, "not_found", "There is no such article. search_knowledge finds "
            "those there are.");
    if (result == 0)
        result = jdoc_parse(json, strlen(json), &article, NULL, 0);
    if (result != 0)
        return result;
    if (jdoc_set_string(article, "source", source) != 0
        || run_succeed(run, "%s", jdoc_text_or(article, "title", "")) == NULL) {
        jdoc_free(article);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "article", article);
}
