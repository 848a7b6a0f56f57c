/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/selftest_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/log_hide.h"
#include "fcgi-app/selftest.h"
#include "tools/engine/tools.h"
#include "tools/remote/dynamic.h"
#include "wire/http/http.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct selftest_command {
    struct store *store;
    struct reactor *reactor;
    struct selftest *test;
    bool json;
    int64_t within_ms; /* of each check */
};

static int selftest_command_usage(FILE *out, int status)
{
    fputs("usage: turnpike selftest [--json] [--timeout TIME]\n"
          "  Asks each service of the settings once. Exit status 1: one of them failed.\n"
          "  --timeout TIME  how long each may take, such as 5s; 20s at most, and without it\n",
        out);
    return status;
}

/* Returns -1, or the exit status. */
static int selftest_command_options(struct selftest_command *c, int argc, char **argv)
{
    static const struct option table[] = {{"json", no_argument, NULL, 'j'},
        {"timeout", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};

    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "h", table, NULL)) != -1;) {
        if (option == 'j')
            c->json = true;
        else if (option != 't' || conf_duration(optarg, &c->within_ms) || c->within_ms < 1)
            return selftest_command_usage(option == 'h' ? stdout : stderr, option == 'h' ? 0 : 2);
    }
    return optind < argc ? selftest_command_usage(stderr, 2) : -1;
}

static int selftest_command_open(struct selftest_command *c, const struct conf *conf, char *why,
    size_t size)
{
    int error = http_global_init();

    if (!error)
        error = tools_configure(conf, why, size);
    if (!error)
        error = reactor_new(&c->reactor);
    if (!error)
        error = store_open(&c->store, conf, c->reactor, "turnpike");
    if (!error)
        error = selftest_new(&c->test, c->store, c->reactor, dynamic_servers());
    if (!error)
        selftest_within(c->test, c->within_ms);
    return error;
}

static int selftest_command_run(struct selftest_command *c)
{
    int64_t next;
    sigset_t mask;
    int error = 0;

    sigemptyset(&mask);
    while (error >= 0 && !selftest_step(c->test, clock_mono_ms(), &next)) {
        error = reactor_step(c->reactor, next, &mask);
        error = error == ERR_CANCELLED ? 0 : error;
    }
    return error < 0 ? error : 0;
}

static int selftest_command_show(const struct selftest_command *c)
{
    int status = 0;

    for (size_t i = 0; i < selftest_count(c->test); i++) {
        const struct selftest_check *check = selftest_at(c->test, i);
        bool failed = check->state == SELFTEST_FAILED;

        status |= failed;
        if (c->json)
            continue;
        if (check->state == SELFTEST_NOT_CONFIGURED)
            printf("%-24s not configured\n", check->name);
        else
            printf("%-24s %-7s %6lld ms%s%s\n", check->name, failed ? "FAILED" : "ok",
                (long long)check->ms, *check->why ? "  " : "", check->why);
    }
    if (c->json) {
        struct buf out = {0};

        selftest_json(c->test, false, &out);
        puts(buf_text(&out));
        buf_free(&out);
    }
    return status;
}

int selftest_command(const struct conf *conf, int argc, char **argv)
{
    struct selftest_command c = {.within_ms = SELFTEST_CHECK_MS};
    char why[CONF_WHY_SIZE] = "";
    int status = selftest_command_options(&c, argc, argv);

    if (status >= 0)
        return status;
    conf_each_secret(conf, log_hide); /* services repeat what they were sent */
    log_level_set(LOG_LEVEL_ERROR);   /* what failed is in the list */
    int error = selftest_command_open(&c, conf, why, sizeof why);
    if (!error)
        error = selftest_command_run(&c);
    if (error)
        fprintf(stderr, "turnpike: %s\n", *why ? why : err_text(error));
    status = error ? 1 : selftest_command_show(&c);
    selftest_free(c.test);
    if (c.store)
        store_close(c.store);
    if (c.reactor)
        reactor_free(c.reactor);
    return status;
}
