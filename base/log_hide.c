/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log_hide.h"

#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

static struct {
    char *secrets[LOG_HIDE_MAX];
    unsigned next;
} hidden;

static bool log_hide_knows(const char *secret)
{
    for (unsigned i = 0; i < LOG_HIDE_MAX; i++) {
        if (hidden.secrets[i] && strcmp(hidden.secrets[i], secret) == 0)
            return true;
    }
    return false;
}

void log_hide(const char *secret)
{
    char **place = &hidden.secrets[hidden.next % LOG_HIDE_MAX], *copy;

    if (strlen(secret) < LOG_HIDE_MIN || log_hide_knows(secret))
        return;
    copy = secret_dup(secret);
    if (!copy)
        return;
    secret_free(*place);
    *place = copy;
    hidden.next++;
}

static void log_hide_one(char *text, const char *secret)
{
    char head[LOG_HIDE_HEAD + 1] = "";

    strncat(head, secret, LOG_HIDE_HEAD);
    while ((text = strstr(text, head))) {
        for (const char *s = secret; *s && *text == *s; s++)
            *text++ = '*';
    }
}

void log_hide_in(char *text)
{
    for (unsigned i = 0; i < LOG_HIDE_MAX && hidden.secrets[i]; i++)
        log_hide_one(text, hidden.secrets[i]);
}
