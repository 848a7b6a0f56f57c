#include "fcgi-app/webhook.h"

#include "base/address.h"
#include "base/err.h"
#include "store/webhooks.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define FIELD "webhook.url"

static bool webhook_is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* The part between "://" and the path: a host, perhaps a port, no credentials. */
static int webhook_check_host(const char *host, bool any_address, struct problem *problem)
{
    char name[256];
    size_t len = strcspn(host, "/?#");
    if (memchr(host, '@', len) != NULL)
        return problem_field(problem, FIELD, FIELD " must not carry credentials.");
    if (*host == '[') {
        host++;
        len = strcspn(host, "]/?#");
    } else {
        len = strcspn(host, ":/?#");
    }
    if (len == 0 || len >= sizeof(name))
        return problem_field(problem, FIELD, FIELD " names no host.");
    memcpy(name, host, len);
    name[len] = '\0';
    if (!any_address && (strcasecmp(name, "localhost") == 0 ||
                            (webhook_is_address(name) && !address_text_is_public(name))))
        return problem_field(problem, FIELD, FIELD " is not an address of the public internet.");
    return 0;
}

static int webhook_check_url(const char *url, size_t len, const struct conf *conf,
    struct problem *problem)
{
    bool https = strncasecmp(url, "https://", 8) == 0;
    if (len > WEBHOOKS_URL_MAX)
        return problem_limit(problem, FIELD, WEBHOOKS_URL_MAX,
            FIELD " has %zu bytes; %d are allowed.", len, WEBHOOKS_URL_MAX);
    if (!https && !(conf->webhook_allow_private && strncasecmp(url, "http://", 7) == 0))
        return problem_field(problem, FIELD, FIELD " must begin with https://.");
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)url[i] <= ' ' || (unsigned char)url[i] >= 0x7f || url[i] == '\\')
            return problem_field(problem, FIELD,
                FIELD " must be written in visible ASCII characters.");
    return webhook_check_host(strchr(url, ':') + 3, conf->webhook_allow_private, problem);
}

int webhook_parse(
    const jdoc *body, const struct conf *conf, const char **url, struct problem *problem)
{
    const jdoc *webhook = jdoc_get(body, "webhook");
    const char *text = NULL;
    size_t len = 0;
    *url = NULL;
    if (webhook == NULL)
        return 0;
    if (jdoc_type(webhook) != JDOC_OBJECT)
        return problem_field(problem, "webhook", "webhook must be an object, not %s.",
            jdoc_type_name(jdoc_type(webhook)));
    if (conf->webhook_secret[0] == '\0')
        return problem_set(problem, PROBLEM_NO_WEBHOOKS,
            "webhook was asked for, but the setting webhook.secret is empty.");
    if (jdoc_get_string(webhook, "url", &text, &len) < 0)
        return problem_field(problem, FIELD, FIELD " must be a string.");
    if (jdoc_length(webhook) > 1)
        return problem_field(problem, "webhook", "webhook has members other than url.");
    int result = webhook_check_url(text, len, conf, problem);
    *url = result == 0 ? text : NULL;
    return result;
}
