/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"
#include "base/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * conf_check_model -- the rules of models and of services that tools ask. A new model provider is a
 * row of CONF_PROVIDERS, and the settings of its name (NAME.url, NAME.key, ...) in conf.h.
 */

#define THINKING_MIN 1024 /* Anthropic's least budget */
#define THINKING_MAX 1000000
#define WINDOW_MIN 1000 /* as model.context_tokens */

/* The model providers that have a server: name, and the vendor's own address. */
#define CONF_PROVIDERS(X) \
    X(anthropic, "https://api.anthropic.com") \
    X(openai, "https://api.openai.com") \
    X(responses, "https://api.openai.com")

struct conf_provider {
    const char *name, *vendor, *url, *key, *temperature, *think_tags, *images, *documents,
        *thinking;
    int64_t context_tokens;
};
enum {
#define CONF_PROVIDER_PLACE_(provider, vendor) CONF_PROVIDER_##provider,
    CONF_PROVIDERS(CONF_PROVIDER_PLACE_)
#undef CONF_PROVIDER_PLACE_
        CONF_PROVIDER_COUNT
};

static void conf_list_providers(const struct conf *c, struct conf_provider list[])
{
#define CONF_PROVIDER_ROW_(provider, vendor) \
    list[CONF_PROVIDER_##provider] = \
        (struct conf_provider){#provider, vendor, c->provider##_url, c->provider##_key, \
            c->provider##_temperature, c->provider##_think_tags, c->provider##_images, \
            c->provider##_documents, c->provider##_thinking, c->provider##_context_tokens};
    CONF_PROVIDERS(CONF_PROVIDER_ROW_)
#undef CONF_PROVIDER_ROW_
}

int conf_rule_chain(const struct conf *c, char why[CONF_WHY_SIZE])
{
#define CONF_PROVIDER_NAME_(provider, vendor) #provider,
    static const char *const known[] = {CONF_PROVIDERS(CONF_PROVIDER_NAME_) "offline", NULL};
#undef CONF_PROVIDER_NAME_
    const char *p = c->providers;
    bool any = false;

    while (*(p += strspn(p, " \t,"))) {
        size_t len = strcspn(p, " \t,");
        if (!conf_word_is(p, len, known))
            return conf_not_one_of("model.chain", p, len, known, why);
        p += len;
        any = true;
    }
    if (any)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "model.chain: is empty: `offline` answers without a model");
    return ERR_CONFIG;
}

/* At the vendor's own address no request is answered without a key. */
int conf_rule_keys(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct conf_provider providers[CONF_PROVIDER_COUNT];

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT; i++) {
        const char *name = providers[i].name;
        if (!conf_list_has(c->providers, name) || *providers[i].key ||
            strncmp(providers[i].url, providers[i].vendor, strlen(providers[i].vendor)) != 0)
            continue;
        snprintf(why, CONF_WHY_SIZE, "%s.key: empty, but model.chain names %s", name, name);
        return ERR_CONFIG;
    }
    return 0;
}

/* The setting NAME.url. */
static int conf_check_url(const char *name, const char *url, char why[CONF_WHY_SIZE])
{
    char wrong[URL_WHY_SIZE];

    if (url_check(url, strlen(url), URL_LOGIN, NULL, wrong) == 0)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "%s.url: \"%.40s\" %s", name, strchr(url, '@') ? "..." : url,
        wrong);
    return ERR_CONFIG;
}

int conf_rule_urls(const struct conf *c, char why[CONF_WHY_SIZE])
{
    const struct {
        const char *name, *url;
    } may_be_empty[] = {
        {"osrm", c->osrm_url},
        {"valhalla", c->valhalla_url},
        {"search", c->search_url},
        {"prices", c->prices_url},
        {"weather", c->weather_url},
        {"geocode", c->geocode_url},
        {"places", c->places_url},
        {"fuel", c->fuel_url},
        {"roads", c->roads_url},
        {"videos", c->videos_url},
        {"voice", c->voice_url},
    };
    struct conf_provider providers[CONF_PROVIDER_COUNT];

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT; i++)
        if (conf_check_url(providers[i].name, providers[i].url, why))
            return ERR_CONFIG;
    for (size_t i = 0; i < sizeof may_be_empty / sizeof *may_be_empty; i++)
        if (*may_be_empty[i].url && conf_check_url(may_be_empty[i].name, may_be_empty[i].url, why))
            return ERR_CONFIG;
    return 0;
}

/* The setting NAME.temperature. */
static int conf_check_temperature(const char *name, const char *text, char why[CONF_WHY_SIZE])
{
    char *end;
    double value = strtod(text, &end);

    if (!*text || (!*end && value >= 0 && value <= 2))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "%s.temperature: \"%.60s\" is not a number from 0 to 2", name,
        text);
    return ERR_CONFIG;
}

int conf_rule_temperature(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct conf_provider providers[CONF_PROVIDER_COUNT];
    int error = conf_check_temperature("model", c->model_temperature, why);

    conf_list_providers(c, providers);
    for (size_t i = 0; !error && i < CONF_PROVIDER_COUNT; i++)
        error = conf_check_temperature(providers[i].name, providers[i].temperature, why);
    return error;
}

int conf_rule_openai(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const fields[] = {"auto", "max_tokens", "max_completion_tokens", "none",
        NULL};
    static const char *const thoughts[] = {"auto", "off", NULL};
    static const char *const forms[] = {"auto", "reasoning_effort", "reasoning", "thinking",
        "chat_template", "none", NULL};
    int error = conf_check_word("openai.max_tokens_field", c->openai_max_tokens_field, fields, why);

    if (!error)
        error =
            conf_check_word("openai.reasoning_content", c->openai_reasoning_content, thoughts, why);
    if (!error)
        error = conf_check_word("openai.thinking_form", c->openai_thinking_form, forms, why);
    return error;
}

/* The setting NAME.WHAT is auto, on or off. */
static int conf_check_switch(const char *name, const char *what, const char *value,
    char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"auto", "on", "off", NULL};
    char full[64];

    snprintf(full, sizeof full, "%s.%s", name, what);
    return conf_check_word(full, value, known, why);
}

int conf_rule_responses(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const summaries[] = {"auto", "concise", "detailed", "off", NULL};

    int error = conf_check_switch("anthropic", "deferred_tools", c->anthropic_deferred_tools, why);

    if (!error)
        error = conf_check_switch("responses", "deferred_tools", c->responses_deferred_tools, why);
    if (!error)
        error = conf_check_word("responses.summary", c->responses_summary, summaries, why);
    return error;
}

int conf_rule_geocode(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const forms[] = {"nominatim", "photon", NULL};

    return conf_check_word("geocode.form", c->geocode_form, forms, why);
}

int conf_rule_title(const struct conf *c, char why[CONF_WHY_SIZE])
{
#define CONF_PROVIDER_NAME_(provider, vendor) #provider,
    static const char *const known[] = {CONF_PROVIDERS(CONF_PROVIDER_NAME_) NULL};
#undef CONF_PROVIDER_NAME_
    const char *colon = strchr(c->title_model, ':');

    if (!*c->title_model ||
        (colon && colon[1] &&
            conf_word_is(c->title_model, (size_t)(colon - c->title_model), known)))
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "title.model: \"%.60s\" is not PROVIDER:MODEL, such as openai:gpt-mini", c->title_model);
    return ERR_CONFIG;
}

int conf_rule_switches(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct conf_provider providers[CONF_PROVIDER_COUNT];
    int error = 0;

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT && !error; i++) {
        const struct conf_provider *p = &providers[i];
        if (!(error = conf_check_switch(p->name, "think_tags", p->think_tags, why)) &&
            !(error = conf_check_switch(p->name, "images", p->images, why)))
            error = conf_check_switch(p->name, "documents", p->documents, why);
    }
    return error;
}

int conf_rule_window(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct conf_provider providers[CONF_PROVIDER_COUNT];

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT; i++) {
        if (!providers[i].context_tokens || providers[i].context_tokens >= WINDOW_MIN)
            continue;
        snprintf(why, CONF_WHY_SIZE, "%s.context_tokens: %lld is neither 0 nor %d or more",
            providers[i].name, (long long)providers[i].context_tokens, WINDOW_MIN);
        return ERR_CONFIG;
    }
    return 0;
}

int conf_rule_thinking(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"auto", "on", "off", "minimal", "low", "medium", "high",
        "xhigh", "max", NULL};
    struct conf_provider providers[CONF_PROVIDER_COUNT];

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT; i++) {
        const char *value = providers[i].thinking;
        size_t digits = strspn(value, "0123456789");
        long tokens = digits && digits < 8 && !value[digits] ? strtol(value, NULL, 10) : 0;
        if (conf_word_is(value, strlen(value), known) ||
            (tokens >= THINKING_MIN && tokens <= THINKING_MAX))
            continue;
        snprintf(why, CONF_WHY_SIZE,
            "%s.thinking: \"%.60s\" is not auto, on, off, minimal, low, medium, high, xhigh, max or "
            "tokens from %d to %d",
            providers[i].name, value, THINKING_MIN, THINKING_MAX);
        return ERR_CONFIG;
    }
    return 0;
}
