/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/webhook.h"

#include "base/err.h"
#include "base/url.h"
#include "store/webhooks.h"

#include <string.h>

#define FIELD "webhook.url"

static int webhook_check_url(const char *url, size_t len, const struct conf *conf,
    struct problem *problem)
{
    struct url u;
    char why[URL_WHY_SIZE];
    if (len > WEBHOOKS_URL_MAX)
        return problem_limit(problem, FIELD, WEBHOOKS_URL_MAX,
            FIELD " has %zu bytes; %d are allowed.", len, WEBHOOKS_URL_MAX);
    if (url_check(url, len, 0, &u, why) < 0)
        return problem_field(problem, FIELD, FIELD " %s.", why);
    if (conf->webhook_allow_private)
        return 0;
    if (!u.https)
        return problem_field(problem, FIELD, FIELD " must begin with https://.");
    if (url_names_private(&u))
        return problem_field(problem, FIELD, FIELD " is not an address of the public internet.");
    return 0;
}

int webhook_parse(const jdoc *body, const struct conf *conf, const char **url,
    struct problem *problem)
{
    const jdoc *webhook = jdoc_get(body, "webhook");
    const char *text = NULL;
    size_t len = 0;
    *url = NULL;
    if (!webhook)
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
    int error = webhook_check_url(text, len, conf, problem);
    *url = error == 0 ? text : NULL;
    return error;
}
