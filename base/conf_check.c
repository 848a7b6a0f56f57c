#include "base/conf.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks that look at more than one setting, or at a text's form. The first failure is told. */
typedef int conf_rule_fn(const struct conf *c, char why[CONF_WHY_SIZE]);

#define SOCKET_PATH_MAX 107
#define HS256_SECRET_MIN 32
#define WEBHOOK_SECRET_MIN 24

static bool conf_word_is(const char *word, size_t len, const char *const *words)
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
    static const char *const levels[] = { "debug", "info", "warn", "error", NULL };

    if (conf_one_of(c->log_level, levels))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "log.level: \"%.60s\" is not debug, info, warn or error",
        c->log_level);
    return ERR_CONFIG;
}

static int conf_rule_run_dir(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t room = SOCKET_PATH_MAX - strlen("/control.sock");

    if (c->run_dir[0] && strlen(c->run_dir) <= room)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "run_dir: %zu bytes, but a path of 1 to %zu is needed so that socket names fit",
        strlen(c->run_dir), room);
    return ERR_CONFIG;
}

static int conf_rule_public_base(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->public_base);

    if (len == 0 || (c->public_base[0] == '/' && c->public_base[len - 1] != '/'))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "public_base: \"%.60s\" must start with '/' and not end with it",
        c->public_base);
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

static int conf_rule_jwt(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const algorithms[] = { "HS256", "RS256", "ES256", NULL };

    if (!*c->jwt_algorithm)
        return 0;
    if (!conf_one_of(c->jwt_algorithm, algorithms)) {
        snprintf(why, CONF_WHY_SIZE, "jwt.algorithm: \"%.60s\" is not HS256, RS256 or ES256",
            c->jwt_algorithm);
        return ERR_CONFIG;
    }
    if (strcmp(c->jwt_algorithm, "HS256") == 0) {
        size_t len = strlen(c->jwt_secret), previous = strlen(c->jwt_secret_previous);
        if (len < HS256_SECRET_MIN || (previous && previous < HS256_SECRET_MIN)) {
            snprintf(why, CONF_WHY_SIZE, "%s: %zu bytes, but HS256 needs at least %d",
                len < HS256_SECRET_MIN ? "jwt.secret" : "jwt.secret_previous",
                len < HS256_SECRET_MIN ? len : previous, HS256_SECRET_MIN);
            return ERR_CONFIG;
        }
    } else if (!*c->jwt_keys_dir) {
        snprintf(why, CONF_WHY_SIZE, "jwt.keys_dir: empty, but jwt.algorithm %s needs it",
            c->jwt_algorithm);
        return ERR_CONFIG;
    }
    if (!*c->jwt_audience) {
        snprintf(why, CONF_WHY_SIZE, "jwt.audience: empty, but jwt.algorithm is set");
        return ERR_CONFIG;
    }
    return 0;
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
        if (len > 300 || (*at != '/' && (digits + 2 > len || at[len - digits - 1] != ':' ||
                                            port < 1 || port > 65535))) {
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

static int conf_rule_chain(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const known[] = { "anthropic", "openai", "offline", NULL };
    const char *p = c->providers;

    while (*(p += strspn(p, " \t,"))) {
        size_t len = strcspn(p, " \t,");
        if (!conf_word_is(p, len, known)) {
            snprintf(why, CONF_WHY_SIZE, "model.chain: \"%.*s\" is not anthropic, openai or offline",
                len > 60 ? 60 : (int)len, p);
            return ERR_CONFIG;
        }
        p += len;
    }
    return 0;
}

static bool conf_is_web_url(const char *url)
{
    return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static int conf_rule_urls(const struct conf *c, char why[CONF_WHY_SIZE])
{
    const struct {
        const char *name, *url;
        bool may_be_empty;
    } urls[] = {
        { "anthropic.url", c->anthropic_url, false },
        { "openai.url", c->openai_url, false },
        { "osrm.url", c->osrm_url, true },
        { "search.url", c->search_url, true },
        { "prices.url", c->prices_url, true },
    };

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (conf_is_web_url(urls[i].url) || (urls[i].may_be_empty && !*urls[i].url))
            continue;
        snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" does not start with https:// or http://",
            urls[i].name, urls[i].url);
        return ERR_CONFIG;
    }
    return 0;
}

static int conf_rule_temperature(const struct conf *c, char why[CONF_WHY_SIZE])
{
    const struct {
        const char *name, *text;
    } all[] = {
        { "model.temperature", c->model_temperature },
        { "anthropic.temperature", c->anthropic_temperature },
        { "openai.temperature", c->openai_temperature },
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *text = all[i].text;
        char *end;
        double value = strtod(text, &end);
        if (!*text || (!*end && value >= 0 && value <= 2))
            continue;
        snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" is not a number from 0 to 2", all[i].name, text);
        return ERR_CONFIG;
    }
    return 0;
}

static int conf_rule_openai(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const fields[] = { "auto", "max_tokens", "max_completion_tokens", "none",
        NULL };
    static const char *const thoughts[] = { "auto", "off", NULL };

    if (!conf_one_of(c->openai_max_tokens_field, fields))
        snprintf(why, CONF_WHY_SIZE, "openai.max_tokens_field: \"%.60s\" is not auto, max_tokens, "
            "max_completion_tokens or none", c->openai_max_tokens_field);
    else if (!conf_one_of(c->openai_reasoning_content, thoughts))
        snprintf(why, CONF_WHY_SIZE, "openai.reasoning_content: \"%.60s\" is not auto or off",
            c->openai_reasoning_content);
    else
        return 0;
    return ERR_CONFIG;
}

int conf_check(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static conf_rule_fn *const rules[] = {
        conf_rule_log_level, conf_rule_run_dir, conf_rule_public_base, conf_rule_development,
        conf_rule_jwt, conf_rule_redis, conf_rule_respawn, conf_rule_stream, conf_rule_chain,
        conf_rule_urls, conf_rule_temperature, conf_rule_openai,
        conf_rule_webhook,
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int error = rules[i](c, why);
        if (error)
            return error;
    }
    return 0;
}
