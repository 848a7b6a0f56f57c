/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offer.h"

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/engine/tools.h"

#include <string.h>

struct offer {
    const struct conf *conf;
    const struct chat *chat;
    bool memory;
    struct context_tool *tools; /* room for every tool */
    size_t count;
};

bool offer_is_core(const struct conf *conf, const struct tools_spec *spec)
{
    return spec->core && tools_is_provided(conf, spec) && (conf->memory || !tools_is_memory(spec));
}

static void offer_take(struct offer *o, const char *name, bool found)
{
    const struct tools_spec *spec = tools_find(name);

    if (!spec || spec->core || !tools_is_provided(o->conf, spec) ||
        (!o->memory && tools_is_memory(spec)))
        return;
    for (size_t i = 0; i < o->count; i++)
        if (o->tools[i].name == spec->name) {
            o->tools[i].guessed = o->tools[i].guessed && !found;
            return;
        }
    o->tools[o->count++] = (struct context_tool){.name = spec->name,
        .description = spec->description,
        .schema = spec->arguments_schema,
        .guessed = !found};
}

/* A result that is not valid (cut, an error) brings nothing. */
static int offer_take_found(struct offer *o, const char *call_id)
{
    const struct chat_message *m = chat_result(o->chat, call_id);
    jdoc *doc = NULL;
    int error;

    if (!m || m->failed)
        return 0;
    if ((error = jdoc_parse(m->text, m->len, &doc, NULL, 0)))
        return error == ERR_NOMEM ? error : 0;
    const jdoc *tools = jdoc_get(doc, "tools");
    for (size_t i = 0; jdoc_type(tools) == JDOC_ARRAY && i < jdoc_length(tools); i++)
        offer_take(o, jdoc_text_or(jdoc_at(tools, i), "name", ""), true);
    jdoc_free(doc);
    return 0;
}

int offer_build(const struct conf *conf, bool memory, const struct chat *chat, struct arena *arena,
    const struct context_tool **tools, size_t *count)
{
    struct offer o = {.conf = conf, .memory = memory, .chat = chat};
    int error = 0;

    o.tools = arena_array(arena, tools_count() + 1, sizeof *o.tools);
    if (!o.tools)
        return ERR_NOMEM;
    for (size_t i = 0; i < chat->count && !error; i++) {
        const struct chat_message *m = &chat->items[i];
        for (size_t k = 0; k < m->call_count && !error; k++) {
            if (m->calls[k].alias)
                continue; /* a client's */
            offer_take(&o, m->calls[k].name, false);
            if (!strcmp(m->calls[k].name, OFFER_FIND_TOOLS))
                error = offer_take_found(&o, m->calls[k].id);
        }
    }
    *tools = o.tools;
    *count = o.count;
    return error;
}
