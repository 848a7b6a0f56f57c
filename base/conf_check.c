#include "base/conf_parts.h"

#include "base/err.h"
#include "base/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Checks that look at more than one setting, or at a text's form. A new model provider is a row of
 * CONF_PROVIDERS, and the settings of its name (NAME.url, NAME.key, ...) in conf.h.
 */
#define SOCKET_PATH_MAX 107
#define WEBHOOK_SECRET_MIN 24
#define THINKING_MIN 1024 /* Anthropic's least budget */
#define THINKING_MAX 1000000
#define WINDOW_MIN 1000 /* as model.context_tokens */

bool conf_word_is(const char *word, size_t len, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == len && memcmp(*words, word, len) == 0)
            return true;
    return false;
}

static bool conf_one_of(const char *value, const char *const *words)
{
    return conf_word_is(value, strlen(value), words);
}

static int conf_rule_log_level(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

    if (conf_one_of(c->log_level, levels))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "log.level: \"%.60s\" is not debug, info, warn or error",
        c->log_level);
    return ERR_CONFIG;
}

static int conf_rule_run_dir(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t room = SOCKET_PATH_MAX - strlen("/control.sock");

    if (c->run_dir[0] == '/' && strlen(c->run_dir) <= room)
        return 0;
    if (c->run_dir[0] && c->run_dir[0] != '/') {
        snprintf(why, CONF_WHY_SIZE, "run_dir: \"%.60s\" does not begin with '/'", c->run_dir);
        return ERR_CONFIG;
    }
    snprintf(why, CONF_WHY_SIZE,
        "run_dir: %zu bytes, but a path of 1 to %zu is needed so that socket names fit",
        strlen(c->run_dir), room);
    return ERR_CONFIG;
}

#define CONF_MODEL_MAX 100

static int conf_rule_public_base(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->public_base);

    if (len == 0 || (c->public_base[0] == '/' && c->public_base[len - 1] != '/'))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "public_base: \"%.60s\" must start with '/' and not end with it",
        c->public_base);
    return ERR_CONFIG;
}

/* Names of a model, separated by blanks, as clients put them into a path. */
static int conf_rule_facade_model(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char good[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-";
    const char *at = c->facade_model + strspn(c->facade_model, " ");
    bool any = false;

    while (*at) {
        size_t len = strcspn(at, " ");
        if (len > CONF_MODEL_MAX || strspn(at, good) < len)
            break;
        any = true;
        at += len + strspn(at + len, " ");
    }
    if (any && !*at)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "facade.model: names of 1 to %d characters A-Z a-z 0-9 _ . : @ - are needed, not \"%.60s\"",
        CONF_MODEL_MAX, at);
    return ERR_CONFIG;
}

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; the port may be absent. */
static bool conf_is_loopback(const char *hint)
{
    char host[64];
    struct in_addr v4;
    struct in6_addr v6;
    const char *start = hint, *end;

    if (*hint == '[') {
        start = hint + 1;
        end = strchr(start, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
    } else {
        end = start + strcspn(start, ":");
        if (end[0] && strchr(end + 1, ':'))
            end = start + strlen(start); /* an IPv6 address without brackets */
    }
    size_t len = (size_t)(end - start);
    if (len == 0 || len >= sizeof host)
        return false;
    memcpy(host, start, len);
    host[len] = 0;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0;
}

static int conf_rule_development(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (!c->development || conf_is_loopback(c->listen_hint))
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "development: on is refused, because listen_hint \"%.60s\" is not a loopback address",
        c->listen_hint);
    return ERR_CONFIG;
}

static int conf_rule_fault_word(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (!*c->fault_word || c->development)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "development.fault_word: is refused without development = on, as every user could crash "
        "workers");
    return ERR_CONFIG;
}

/* Each word is a unix path or has a port from 1 to 65535 after its last colon. */
static int conf_check_sentinels(const struct conf *c, char why[CONF_WHY_SIZE])
{
    const char *at = c->redis_sentinels;
    static const char between[] = " ,\t";

    while (*(at += strspn(at, between))) {
        size_t len = strcspn(at, between), digits = 0;
        long port = 0;

        while (digits < len && at[len - digits - 1] >= '0' && at[len - digits - 1] <= '9')
            digits++;
        if (digits && digits < 6)
            port = strtol(at + len - digits, NULL, 10);
        if (len > 300 ||
            (*at != '/' &&
                (digits + 2 > len || at[len - digits - 1] != ':' || port < 1 || port > 65535))) {
            snprintf(why, CONF_WHY_SIZE,
                "redis.sentinels: \"%.*s\" is neither host:port nor a path",
                (int)(len > 80 ? 80 : len), at);
            return ERR_CONFIG;
        }
        at += len;
    }
    if (*c->redis_master)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "redis.master: empty, but redis.sentinels is set");
    return ERR_CONFIG;
}

static int conf_rule_redis(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (strlen(c->redis_socket) > SOCKET_PATH_MAX) {
        snprintf(why, CONF_WHY_SIZE, "redis.socket: longer than %d bytes", SOCKET_PATH_MAX);
        return ERR_CONFIG;
    }
    if (*c->redis_sentinels)
        return conf_check_sentinels(c, why);
    if (*c->redis_socket || *c->redis_host)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "redis.host: empty, and redis.socket as well");
    return ERR_CONFIG;
}

static int conf_rule_webhook(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->webhook_secret);

    if (len == 0 || len >= WEBHOOK_SECRET_MIN)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "webhook.secret: %zu bytes, but at least %d are needed", len,
        WEBHOOK_SECRET_MIN);
    return ERR_CONFIG;
}

static int conf_rule_push(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (!*c->push_key || !strncmp(c->push_subject, "mailto:", 7) ||
        !strncmp(c->push_subject, "https://", 8))
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "push.subject: push.key needs it, an address that begins with mailto: or https://");
    return ERR_CONFIG;
}

static int conf_rule_respawn(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (c->backoff_min_ms <= c->backoff_max_ms)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "respawn.min: above respawn.max");
    return ERR_CONFIG;
}

static int conf_rule_stream(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (c->stream_ping_ms < c->stream_idle_ms)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "stream.ping: not below stream.idle, so live peers would be cut");
    return ERR_CONFIG;
}

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

static int conf_rule_chain(const struct conf *c, char why[CONF_WHY_SIZE])
{
#define CONF_PROVIDER_NAME_(provider, vendor) #provider,
#define CONF_PROVIDER_LIST_(provider, vendor) #provider ", "
    static const char *const known[] = {CONF_PROVIDERS(CONF_PROVIDER_NAME_) "offline", NULL};
    static const char names[] = CONF_PROVIDERS(CONF_PROVIDER_LIST_) "offline";
#undef CONF_PROVIDER_LIST_
#undef CONF_PROVIDER_NAME_
    const char *p = c->providers;

    while (*(p += strspn(p, " \t,"))) {
        size_t len = strcspn(p, " \t,");
        if (!conf_word_is(p, len, known)) {
            snprintf(why, CONF_WHY_SIZE, "model.chain: \"%.*s\" is not one of %s",
                len > 60 ? 60 : (int)len, p, names);
            return ERR_CONFIG;
        }
        p += len;
    }
    return 0;
}

/* At the vendor's own address no request is answered without a key. */
static int conf_rule_keys(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct conf_provider providers[CONF_PROVIDER_COUNT];

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT; i++) {
        const char *const name[] = {providers[i].name, NULL};
        const char *p = c->providers;
        bool named = false;
        while (*(p += strspn(p, " \t,"))) {
            size_t len = strcspn(p, " \t,");
            named = named || conf_word_is(p, len, name);
            p += len;
        }
        if (!named || *providers[i].key ||
            strncmp(providers[i].url, providers[i].vendor, strlen(providers[i].vendor)) != 0)
            continue;
        snprintf(why, CONF_WHY_SIZE, "%s.key: empty, but model.chain names %s", name[0], name[0]);
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

static int conf_rule_urls(const struct conf *c, char why[CONF_WHY_SIZE])
{
    const struct {
        const char *name, *url;
    } may_be_empty[] = {
        {"osrm", c->osrm_url},
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

static int conf_rule_temperature(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct conf_provider providers[CONF_PROVIDER_COUNT];
    int error = conf_check_temperature("model", c->model_temperature, why);

    conf_list_providers(c, providers);
    for (size_t i = 0; !error && i < CONF_PROVIDER_COUNT; i++)
        error = conf_check_temperature(providers[i].name, providers[i].temperature, why);
    return error;
}

static int conf_rule_openai(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const struct {
        const char *name, *words, *list[8];
    } rows[] = {
        {"max_tokens_field", "auto, max_tokens, max_completion_tokens or none",
            {"auto", "max_tokens", "max_completion_tokens", "none"}},
        {"reasoning_content", "auto or off", {"auto", "off"}},
        {"thinking_form", "auto, reasoning_effort, reasoning, thinking, chat_template or none",
            {"auto", "reasoning_effort", "reasoning", "thinking", "chat_template", "none"}},
    };
    const char *const values[] = {c->openai_max_tokens_field, c->openai_reasoning_content,
        c->openai_thinking_form};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (conf_one_of(values[i], rows[i].list))
            continue;
        snprintf(why, CONF_WHY_SIZE, "openai.%s: \"%.60s\" is not %s", rows[i].name, values[i],
            rows[i].words);
        return ERR_CONFIG;
    }
    return 0;
}

/* The setting NAME.WHAT is auto, on or off. */
static int conf_check_switch(const char *name, const char *what, const char *value,
    char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"auto", "on", "off", NULL};

    if (conf_one_of(value, known))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "%s.%s: \"%.60s\" is not auto, on or off", name, what, value);
    return ERR_CONFIG;
}

static int conf_rule_responses(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const summaries[] = {"auto", "concise", "detailed", "off", NULL};

    if (conf_one_of(c->responses_summary, summaries))
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "responses.summary: \"%.60s\" is not auto, concise, detailed or off", c->responses_summary);
    return ERR_CONFIG;
}

static int conf_rule_title(const struct conf *c, char why[CONF_WHY_SIZE])
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

static int conf_rule_switches(const struct conf *c, char why[CONF_WHY_SIZE])
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

static int conf_rule_window(const struct conf *c, char why[CONF_WHY_SIZE])
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

static int conf_rule_thinking(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"auto", "on", "off", "minimal", "low", "medium", "high",
        "xhigh", "max", NULL};
    struct conf_provider providers[CONF_PROVIDER_COUNT];

    conf_list_providers(c, providers);
    for (size_t i = 0; i < CONF_PROVIDER_COUNT; i++) {
        const char *value = providers[i].thinking;
        size_t digits = strspn(value, "0123456789");
        long tokens = digits && digits < 8 && !value[digits] ? strtol(value, NULL, 10) : 0;
        if (conf_one_of(value, known) || (tokens >= THINKING_MIN && tokens <= THINKING_MAX))
            continue;
        snprintf(why, CONF_WHY_SIZE,
            "%s.thinking: \"%.60s\" is not auto, on, off, minimal, low, medium, high, xhigh, max or "
            "tokens from %d to %d",
            providers[i].name, value, THINKING_MIN, THINKING_MAX);
        return ERR_CONFIG;
    }
    return 0;
}

/* A file must fit into what carries it, and into what keeps it. */
static int conf_rule_attachments(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (c->attachments_bytes > c->attachments_body) {
        snprintf(why, CONF_WHY_SIZE,
            "attachments.bytes: %lld is above attachments.body, %lld: no such file can be sent",
            (long long)c->attachments_bytes, (long long)c->attachments_body);
        return ERR_CONFIG;
    }
    if (c->attachments_bytes > c->attachments_quota) {
        snprintf(why, CONF_WHY_SIZE,
            "attachments.bytes: %lld is above attachments.quota, %lld: no such file can be kept",
            (long long)c->attachments_bytes, (long long)c->attachments_quota);
        return ERR_CONFIG;
    }
    return 0;
}

static int conf_rule_voice(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"auto", "url", "offline", "off", NULL};
    const struct {
        const char *name, *value;
    } rows[] = {{"transcribe", c->voice_transcribe}, {"speak", c->voice_speak}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!conf_one_of(rows[i].value, known)) {
            snprintf(why, CONF_WHY_SIZE, "voice.%s: \"%.60s\" is not auto, url, offline or off",
                rows[i].name, rows[i].value);
            return ERR_CONFIG;
        }
        if (!strcmp(rows[i].value, "url") && !*c->voice_url) {
            snprintf(why, CONF_WHY_SIZE, "voice.url: empty, but voice.%s is url", rows[i].name);
            return ERR_CONFIG;
        }
    }
    return 0;
}

static conf_rule_fn *const conf_rules[] = {
    conf_rule_log_level,
    conf_rule_run_dir,
    conf_rule_public_base,
    conf_rule_facade_model,
    conf_rule_development,
    conf_rule_fault_word,
    conf_rule_jwt,
    conf_rule_redis,
    conf_rule_respawn,
    conf_rule_stream,
    conf_rule_chain,
    conf_rule_keys,
    conf_rule_urls,
    conf_rule_temperature,
    conf_rule_switches,
    conf_rule_title,
    conf_rule_window,
    conf_rule_thinking,
    conf_rule_openai,
    conf_rule_responses,
    conf_rule_webhook,
    conf_rule_push,
    conf_rule_origins,
    conf_rule_user_claim,
    conf_rule_cookie,
    conf_rule_attachments,
    conf_rule_page_name,
    conf_rule_page_origins,
    conf_rule_page_tiles,
    conf_rule_page_urls,
    conf_rule_voice,
    conf_rule_log_format,
    conf_rule_metrics,
    conf_rule_otlp,
};

void conf_check_each(const struct conf *c, conf_problem_fn *fn, void *arg)
{
    char why[CONF_WHY_SIZE];

    for (size_t i = 0; i < sizeof conf_rules / sizeof conf_rules[0]; i++)
        if (conf_rules[i](c, why))
            fn(arg, why);
}

int conf_check(const struct conf *c, char why[CONF_WHY_SIZE])
{
    for (size_t i = 0; i < sizeof conf_rules / sizeof conf_rules[0]; i++) {
        int error = conf_rules[i](c, why);
        if (error)
            return error;
    }
    return 0;
}
