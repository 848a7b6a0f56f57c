#include "tools/schema/pattern.h"

#include "base/err.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pattern {
    char *text;
    regex_t compiled;
    struct pattern *next;
};

static struct pattern *patterns;

static struct pattern *pattern_get(const char *text)
{
    for (struct pattern *p = patterns; p; p = p->next)
        if (strcmp(p->text, text) == 0)
            return p;
    struct pattern *p = calloc(1, sizeof *p);
    if (!p || !(p->text = strdup(text))) {
        free(p);
        return NULL;
    }
    if (regcomp(&p->compiled, text, REG_EXTENDED | REG_NOSUB) != 0) {
        free(p->text);
        free(p);
        return NULL;
    }
    p->next = patterns;
    patterns = p;
    return p;
}

bool pattern_matches(const char *pattern, const char *text)
{
    struct pattern *p = pattern_get(pattern);
    return p && regexec(&p->compiled, text, 0, NULL, 0) == 0;
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
