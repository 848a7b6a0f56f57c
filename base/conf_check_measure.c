/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings of logs and measurements. */
#include "base/conf_parts.h"

#include "base/address.h"
#include "base/err.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>

#define HEADERS_MAX 4096

int conf_rule_log_format(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const formats[] = {"plain", "logfmt", "json", NULL};

    if (conf_word_is(c->log_format, strlen(c->log_format), formats))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "log.format: \"%.60s\" is not plain, logfmt or json",
        c->log_format);
    return ERR_CONFIG;
}

int conf_rule_metrics(const struct conf *c, char why[CONF_WHY_SIZE])
{
    struct sockaddr_storage address;
    socklen_t len;

    if (*c->metrics_listen && address_parse(c->metrics_listen, &address, &len)) {
        snprintf(why, CONF_WHY_SIZE,
            "metrics.listen: \"%.100s\" is neither address:port (127.0.0.1:9464, [::1]:9464) nor "
            "the absolute path of a socket",
            c->metrics_listen);
        return ERR_CONFIG;
    }
    if (!*c->metrics_file || *c->metrics_file == '/')
        return 0;
    snprintf(why, CONF_WHY_SIZE, "metrics.file: \"%.100s\" is not an absolute path",
        c->metrics_file);
    return ERR_CONFIG;
}

/* name=value, separated by commas; no control character, which would make lines of its own. */
static bool conf_is_headers(const char *text)
{
    if (strlen(text) > HEADERS_MAX)
        return false;
    while (*text) {
        size_t len = strcspn(text, ","), name = strcspn(text, "=");
        if (name == 0 || name >= len)
            return false;
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)text[i] < ' ' || text[i] == 127 ||
                (i < name && strchr(" :\t\"", text[i])))
                return false;
        text += len + (text[len] == ',');
    }
    return true;
}

int conf_rule_otlp(const struct conf *c, char why[CONF_WHY_SIZE])
{
    char reason[URL_WHY_SIZE] = "";
    struct url url;

    if (*c->otlp_url && url_check(c->otlp_url, strlen(c->otlp_url), 0, &url, reason)) {
        snprintf(why, CONF_WHY_SIZE, "otlp.url: %s", reason);
        return ERR_CONFIG;
    }
    if (conf_is_headers(c->otlp_headers))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "otlp.headers: it is not name=value,name=value");
    return ERR_CONFIG;
}
