/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/limits_command.h"

#include "base/buf.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "base/reactor.h"
#include "process/limits.h"
#include "store/store.h"
#include "store/usage.h"
#include "workers/supervisor/ending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 32

/* Whose limits are meant. */
struct limits_target {
    char user[IDENT_USER_MAX + 1]; /* "" = the site, or a class */
    const char *cls;               /* NULL = none; with a user, the user's */
};

struct limits_words { /* of one change, as Redis has it */
    char field[160], value[LIMITS_VALUE_SIZE];
};

struct command {
    const struct conf *conf;
    struct store *store;
    struct limits_target target;
    struct limits_words words[CHANGES_MAX];
    struct usage_change changes[CHANGES_MAX];
    size_t count;
    bool json;
};

static int limits_command_usage(void)
{
    fputs(
        "usage: turnpike limits [--json] [site | class CLASS | USER [class CLASS]] [set NAME=VALUE... | "
        "unset NAME...]\n"
        "names: turns, messages, tokens_day, tokens_month, money_day, money_month, bytes; of an "
        "API key of the user KEY/NAME\n",
        stderr);
    return 2;
}

/* ---- what is shown ---- */

static void limits_command_print_window(const jdoc *doc, const char *name, const char *word)
{
    const jdoc *w = jdoc_get(doc, name);
    int64_t unpriced = jdoc_int_or(w, "unpriced_tokens", 0);

    printf("%-6s %-10s  %lld tokens, %.6g USD", word, jdoc_text_or(w, "window", ""),
        (long long)jdoc_int_or(w, "tokens", 0), jdoc_double_or(w, "money_usd", 0));
    if (unpriced)
        printf(" and %lld tokens without a price, taken for %.6g USD", (long long)unpriced,
            jdoc_double_or(w, "assumed_usd", 0));
    printf("; until %s\n", jdoc_text_or(w, "resets_at", ""));
}

static void limits_command_print_limit(const jdoc *limit)
{
    printf("%-5s %-13s %15.15g", jdoc_text_or(limit, "scope", ""), jdoc_text_or(limit, "name", ""),
        jdoc_double_or(limit, "limit", 0));
    if (jdoc_has(limit, "used"))
        printf(" %15.15g %15.15g", jdoc_double_or(limit, "used", 0),
            jdoc_double_or(limit, "left", 0));
    if (jdoc_has(limit, "key"))
        printf("  of %s", jdoc_text_or(limit, "key", ""));
    putchar('\n');
}

static void limits_command_print_set(const jdoc *set)
{
    struct jdoc_iter it = {0};
    const char *field;
    jdoc *value;

    while (jdoc_next(set, &it, &field, &value)) {
        double number = 0;
        (void)jdoc_double(value, &number);
        printf("set   %s=%.15g\n", field, number);
    }
}

static int limits_command_print(const char *text, size_t len)
{
    jdoc *doc = NULL;
    const jdoc *limits;

    if (jdoc_parse(text, len, &doc, NULL, 0))
        return 1;
    limits = jdoc_get(doc, "limits");
    if (jdoc_has(doc, "user"))
        printf("user   %s\n", jdoc_text_or(doc, "user", ""));
    if (jdoc_has(doc, "class"))
        printf("class  %s\n", jdoc_text_or(doc, "class", ""));
    else if (jdoc_has(doc, "user") && limits_class_at(0))
        puts("class  none named: these hold without one (turnpike limits USER class CLASS)");
    limits_command_print_window(doc, "day", "today");
    limits_command_print_window(doc, "month", "month");
    printf("%-5s %-13s %15s %15s %15s\n", "of", "limit", "allowed", "used", "left");
    for (size_t i = 0; i < jdoc_length(limits); i++)
        limits_command_print_limit(jdoc_at(limits, i));
    limits_command_print_set(jdoc_get(doc, "set"));
    jdoc_free(doc);
    return 0;
}

static int limits_command_show(struct command *c)
{
    const struct usage_asker asker = {.uid = *c->target.user ? c->target.user : NULL,
        .cls = c->target.cls ? c->target.cls : "",
        .key = "",
        .money = true};
    struct buf json = {0};
    int status = 0, error = usage_show(c->store, &asker, &json);

    if (error)
        fprintf(stderr, "turnpike: %s\n", err_text(error));
    else if (c->json)
        printf("%s\n", buf_text(&json));
    else
        status = limits_command_print(buf_text(&json), json.len);
    buf_free(&json);
    return error ? 1 : status;
}

/* ---- what is set ---- */

static bool limits_command_may_set(const struct command *c, enum limits_name name, bool of_key)
{
    const bool of_site = !*c->target.user && !c->target.cls;

    if (name == LIMITS_CONNECTIONS)
        return false;
    if (of_site || of_key)
        return name != LIMITS_BYTES && (of_key || name != LIMITS_TURNS);
    return true;
}

/* "NAME=VALUE", of an API key "KEY/NAME=VALUE"; to unset, "NAME". */
static int limits_command_read(struct command *c, const char *text, bool set)
{
    const char *slash = strchr(text, '/'), *name_text = slash ? slash + 1 : text;
    struct limits_words *w = &c->words[c->count];
    char why[LIMITS_WHY_SIZE] = "";
    enum limits_name name = limits_find(name_text, strlen(name_text));
    int64_t value = 0;

    if (set && limits_parse(name_text, &name, &value, why)) {
        fprintf(stderr, "turnpike: %s\n", why);
        return 2;
    }
    if (name == LIMITS_COUNT || (slash && (!*c->target.user || slash - text > USAGE_KEY_MAX)) ||
        !limits_command_may_set(c, name, slash != NULL)) {
        fprintf(stderr, "turnpike: %s: %s\n", text,
            name == LIMITS_CONNECTIONS ?
                "set it by limit.user_connections or in limits.classes_file" :
                "there is no such limit here");
        return 2;
    }
    if (*c->target.user)
        snprintf(w->field, sizeof w->field, "%.*s%s", slash ? (int)(slash + 1 - text) : 0, text,
            limits_word(name));
    else if (c->target.cls)
        snprintf(w->field, sizeof w->field, "class/%s/%s", c->target.cls, limits_word(name));
    else
        snprintf(w->field, sizeof w->field, "site/%s", limits_word(name));
    snprintf(w->value, sizeof w->value, "%lld", (long long)value);
    c->changes[c->count] = (struct usage_change){w->field, set ? w->value : NULL};
    c->count++;
    return 0;
}

/* Limits are money: the audit log has who changed them, a line each. */
static void limits_command_audit(const struct command *c, bool set, char **argv, bool failed)
{
    char object[IDENT_USER_MAX + 200];

    for (size_t i = 0; i < c->count; i++) {
        snprintf(object, sizeof object, "%s%s %.160s",
            *c->target.user   ? c->target.user :
                c->target.cls ? "class " :
                                "site",
            !*c->target.user && c->target.cls ? c->target.cls : "", argv[i]);
        ending_audit(c->conf, set ? "limits.set" : "limits.unset", object,
            failed ? "failed" : "done");
    }
}

static int limits_command_change(struct command *c, bool set, int argc, char **argv)
{
    int error;

    if (argc < 1 || argc > CHANGES_MAX)
        return limits_command_usage();
    for (int i = 0; i < argc; i++) {
        int status = limits_command_read(c, argv[i], set);
        if (status)
            return status;
    }
    error = usage_set(c->store, *c->target.user ? c->target.user : NULL, c->changes, c->count);
    limits_command_audit(c, set, argv, error != 0);
    if (error)
        fprintf(stderr, "turnpike: %s\n", err_text(error));
    return error ? 1 : 0;
}

/* ---- arguments ---- */

/* "class CLASS", if it stands there. Returns how many words it has, or -1. */
static int limits_command_class(struct command *c, int argc, char **argv)
{
    const char *known;

    if (argc < 2 || strcmp(argv[0], "class") != 0)
        return 0;
    for (size_t i = 0; (known = limits_class_at(i)); i++)
        if (!strcmp(known, argv[1])) {
            c->target.cls = known;
            return 2;
        }
    fprintf(stderr, "turnpike: limits.classes_file has no class \"%s\"\n", argv[1]);
    return -1;
}

/* Returns how many words name the target, or -1. The class of a user comes with the user's token or
 * key: who looks must name it. */
static int limits_command_target(struct command *c, int argc, char **argv)
{
    int words;

    if (argc < 1 || !strcmp(argv[0], "site"))
        return argc < 1 ? 0 : 1;
    if ((words = limits_command_class(c, argc, argv)))
        return words;
    if (ident_user_named(argv[0], strlen(argv[0]), c->target.user)) {
        fprintf(stderr, "turnpike: \"%s\" cannot be a user\n", argv[0]);
        return -1;
    }
    words = limits_command_class(c, argc - 1, argv + 1);
    return words < 0 ? words : 1 + words;
}

static int limits_command_dispatch(struct command *c, int argc, char **argv)
{
    int words = limits_command_target(c, argc, argv);

    if (words < 0)
        return 2;
    if (words == argc)
        return limits_command_show(c);
    argc -= words + 1;
    argv += words;
    if ((strcmp(argv[0], "set") != 0 && strcmp(argv[0], "unset") != 0) ||
        (*c->target.user && c->target.cls)) /* of the user, or of all of the class? */
        return limits_command_usage();
    return limits_command_change(c, !strcmp(argv[0], "set"), argc, argv + 1);
}

int limits_command(const struct conf *conf, bool json, int argc, char **argv)
{
    struct command *c = calloc(1, sizeof *c);
    struct reactor *reactor = NULL;
    char why[CONF_WHY_SIZE] = "";
    int status = 1, error = c ? limits_load(conf, why, sizeof why) : ERR_NOMEM;

    if (!error)
        error = reactor_new(&reactor);
    if (!error)
        error = store_open(&c->store, conf, reactor, "turnpike");
    if (!error) {
        c->conf = conf;
        c->json = json;
        status = limits_command_dispatch(c, argc, argv);
    } else {
        fprintf(stderr, "turnpike: %s\n", *why ? why : err_text(error));
    }
    if (c && c->store)
        store_close(c->store);
    if (reactor)
        reactor_free(reactor);
    free(c);
    return status;
}
