/* SPDX-License-Identifier: BSD-2-Clause */
/* search_travel_videos: a service in the form of the YouTube Data API. */
#include "tools/engine/registry.h"
#include "tools/kit/fetch.h"

#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <string.h>

static const char *travel_words_for(const char *type)
{
    static const char *const table[][2] = {{"destination_guide", "travel guide"},
        {"rv_tips", "RV tips"}, {"camping_tutorial", "camping how to"},
        {"travel_vlog", "travel vlog"}, {"reviews", "RV review"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i][0], type) == 0)
            return table[i][1];
    return "";
}

static int travel_push_video(jdoc *list, const jdoc *item)
{
    char url[96];
    const jdoc *snippet = jdoc_get(item, "snippet");
    const char *id = jdoc_text_or(jdoc_get(item, "id"), "videoId", "");
    const char *title = jdoc_text_or(snippet, "title", "");
    if (!ident_is_safe(id, strlen(id), 32) || title[0] == '\0')
        return 0;
    jdoc *video = jdoc_new_object();
    if (!video)
        return ERR_NOMEM;
    snprintf(url, sizeof url, "https://www.youtube.com/watch?v=%s", id);
    int failed = jdoc_set_string(video, "id", id);
    failed |= fetch_set_text(video, "title", title, 200);
    failed |= jdoc_set_string(video, "url", url);
    failed |= fetch_set_text(video, "channel", jdoc_text_or(snippet, "channelTitle", ""), 100);
    failed |= fetch_set_text(video, "description", jdoc_text_or(snippet, "description", ""), 300);
    failed |= fetch_set_text(video, "published_at", jdoc_text_or(snippet, "publishedAt", ""), 40);
    return jdoc_push_made(list, video, failed);
}

static int64_t travel_wanted(const struct tools_run *run)
{
    return jdoc_int_or(run->args, "max_results", 5);
}

static int travel_videos_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    const jdoc *items = jdoc_get(answer, "items");
    (void)arg;
    if (jdoc_type(items) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    jdoc *list = jdoc_new_array();
    int error = !list ? ERR_NOMEM : 0;
    for (size_t i = 0;
         error == 0 && i < jdoc_length(items) && jdoc_length(list) < (size_t)travel_wanted(run);
         i++)
        error = travel_push_video(list, jdoc_at(items, i));
    size_t count = jdoc_length(list);
    jdoc *done =
        error == 0 ? run_succeed(run, "%zu video%s found.", count, count == 1 ? "" : "s") : NULL;
    if (done && jdoc_set(done, "videos", list) == 0)
        return fetch_label(run, done, run->context->conf->videos_url);
    if (!done)
        jdoc_free(list);
    return error != 0 ? error : ERR_NOMEM;
}

int travel_tool_search_travel_videos(struct tools_run *run)
{
    const struct conf *conf = run->context->conf;
    const char *base = fetch_base(run, conf->videos_url),
               *key = fetch_encoded(run, conf->videos_key);
    const char *text = arena_printf(run->arena, "%s %s", jdoc_text_or(run->args, "query", ""),
        travel_words_for(jdoc_text_or(run->args, "video_type", "")));
    const char *query = text ? fetch_encoded(run, text) : NULL;
    if (!base || !key || !query)
        return ERR_NOMEM;
    struct fetch ask = {.service = "video search",
        .url = arena_printf(run->arena, "%s/search?part=snippet&type=video&q=%s&maxResults=%d%s%s",
            base, query, (int)travel_wanted(run), key[0] != '\0' ? "&key=" : "", key)};
    return fetch_start(run, &ask, travel_videos_came, NULL);
}
