/* SPDX-License-Identifier: BSD-2-Clause */
/* tools_provider -- tools that need a service of others, and what is said when it is not there. */
#include "tools/engine/tools.h"

#include "base/conf.h"
#include "base/err.h"

#include <string.h>

bool tools_is_provided(const struct conf *conf, const struct tools_spec *spec)
{
    return !spec->provider || conf_has(conf, spec->provider);
}

bool tools_is_memory(const struct tools_spec *spec)
{
    return spec->family && strcmp(spec->family, "memory") == 0 && strcmp(spec->name, "forget") != 0;
}

bool tools_is_offered(const struct tools_context *context, const struct tools_spec *spec)
{
    if (tools_is_memory(spec) && (context->memory_off || !context->conf->memory))
        return false;
    return tools_is_provided(context->conf, spec);
}

const char *tools_provider_words(const struct tools_spec *spec)
{
    static const char *const words[][2] = {{"fuel.url", "a service of fuel prices"},
        {"places.url", "a map service that knows campgrounds and sights"},
        {"prices.url", "a service that compares prices"},
        {"roads.url", "a service of road conditions"},
        {"search.url", "a service that searches the web"},
        {"shop.catalogue", "the catalogue of the shop"}, {"videos.url", "a service of videos"},
        {"weather.url", "a weather service"}};
    for (size_t i = 0; spec->provider && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], spec->provider) == 0)
            return words[i][1];
    return "a service of others";
}

bool tools_shows_settings(const struct tools_context *context)
{
    return context->role && strcmp(context->role, "admin") == 0;
}
