/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/schema/pattern.h"

#include "base/err.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * regexec keeps each state that a text has led it to, as long as the compiled pattern lives: 2 to
 * 4 KB a state, and up to one for each byte. So a pattern is compiled anew after PATTERN_FED bytes
 * of texts, which bounds the memory that texts of users can make it take. A longer text matches
 * nothing.
 */
#define PATTERN_FED PATTERN_TEXT_MAX

struct pattern {
    char *text;
    regex_t compiled;
    size_t fed;
    struct pattern *next;
};

static struct pattern *patterns;

static bool pattern_compile(regex_t *out, const char *text)
{
    return regcomp(out, text, REG_EXTENDED | REG_NOSUB) == 0;
}

static struct pattern *pattern_get(const char *text)
{
    for (struct pattern *p = patterns; p; p = p->next)
        if (strcmp(p->text, text) == 0)
            return p;
    struct pattern *p = calloc(1, sizeof *p);
    if (!p || !(p->text = strdup(text)) || !pattern_compile(&p->compiled, text)) {
        free(p ? p->text : NULL);
        free(p);
        return NULL;
    }
    p->next = patterns;
    patterns = p;
    return p;
}

/* Without memory it stays compiled as it is. */
static void pattern_refresh(struct pattern *p)
{
    regex_t anew;
    if (!pattern_compile(&anew, p->text))
        return;
    regfree(&p->compiled);
    p->compiled = anew;
    p->fed = 0;
}

bool pattern_matches(const char *pattern, const char *text)
{
    struct pattern *p = pattern_get(pattern);
    size_t len = strlen(text);
    if (!p || len > PATTERN_FED)
        return false;
    if (p->fed + len > PATTERN_FED)
        pattern_refresh(p);
    p->fed += len;
    return regexec(&p->compiled, text, 0, NULL, 0) == 0;
}

int pattern_check(const char *pattern, char *why, size_t why_size)
{
    for (const char *c = pattern; *c != '\0'; c++) {
        bool lazy =
            c > pattern && *c == '?' && strchr("*+?}", c[-1]) && (c < pattern + 2 || c[-2] != '\\');
        if ((*c == '(' && c[1] == '?') || lazy) {
            snprintf(why, why_size, "groups (?...) and lazy quantifiers are not supported");
            return ERR_INVALID;
        }
        if (*c == '[' && c[1] == ':') {
            snprintf(why, why_size, "[:classes:] mean something else in JSON Schema");
            return ERR_INVALID;
        }
        if (*c != '\\')
            continue;
        c++;
        if (*c == '\0' || isalnum((unsigned char)*c)) {
            snprintf(why, why_size, "\\%c is not supported; write a [class]", *c);
            return ERR_INVALID;
        }
    }
    regex_t compiled;
    int error = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        regerror(error, &compiled, why, why_size);
        return ERR_INVALID;
    }
    regfree(&compiled);
    return 0;
}
