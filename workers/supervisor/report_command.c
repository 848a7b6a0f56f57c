/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/report_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "fcgi-app/report.h"
#include "store/store.h"
#include "workers/supervisor/feedback_command.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct report_ask {
    int64_t from_ms, to_ms;
    bool json, check;
};

static int report_command_usage(FILE *out, int status)
{
    fputs(
        "usage: turnpike report [--day | --week | --month] [--since WHEN] [--until WHEN] [--json]\n"
        "                       [--check]\n"
        "  WHEN is 7d, 12h or 30m ago, a date, or a date with a time. Without a period: one day.\n"
        "  --check  the exit status is 3 when a promise is not met\n",
        out);
    return status;
}

/* Returns -1, or the exit status. */
static int report_command_options(struct report_ask *ask, int argc, char **argv)
{
    static const struct option table[] = {{"day", no_argument, NULL, 'd'},
        {"week", no_argument, NULL, 'w'}, {"month", no_argument, NULL, 'm'},
        {"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
        {"json", no_argument, NULL, 'j'}, {"check", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int64_t now = clock_real_ms(), days = 1;
    int error = 0;

    *ask = (struct report_ask){.to_ms = now, .from_ms = -1};
    optind = 0;
    for (int option; !error && (option = getopt_long(argc, argv, "h", table, NULL)) != -1;) {
        if (option == 'd' || option == 'w' || option == 'm')
            days = option == 'd' ? 1 : option == 'w' ? 7 : 30;
        else if (option == 's')
            error = feedback_command_when(optarg, now, &ask->from_ms);
        else if (option == 'u')
            error = feedback_command_when(optarg, now, &ask->to_ms);
        else if (option == 'j')
            ask->json = true;
        else if (option == 'k')
            ask->check = true;
        else
            return report_command_usage(option == 'h' ? stdout : stderr, option == 'h' ? 0 : 2);
    }
    if (error || optind < argc)
        return report_command_usage(stderr, 2);
    if (ask->from_ms < 0)
        ask->from_ms = ask->to_ms - days * STATS_DAY_MS;
    return -1;
}

static int report_command_show(const struct report *r, const struct report_ask *ask)
{
    struct report_promise promise;
    struct buf out = {0};
    int status = 0;

    if (ask->json) {
        report_json(r, &out);
        buf_putc(&out, '\n');
    } else {
        report_text(r, &out);
    }
    if (buf_error(&out))
        status = 1;
    else
        fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    for (size_t i = 0; !status && ask->check && report_promise(r, i, &promise); i++)
        if (promise.state == REPORT_NOT_MET)
            status = 3;
    return status;
}

static int report_command_failed(int error)
{
    fprintf(stderr, "turnpike: no report: %s\n", err_text(error));
    return 1;
}

int report_command(const struct conf *conf, int argc, char **argv)
{
    struct report_ask ask;
    struct report *report;
    struct store *store = NULL;
    int status = report_command_options(&ask, argc, argv);

    if (status >= 0)
        return status;
    if (!(report = calloc(1, sizeof *report)))
        return report_command_failed(ERR_NOMEM);
    int error = store_open(&store, conf, NULL, "turnpike");
    if (!error)
        error = report_make(store, ask.from_ms, ask.to_ms, report);
    if (error == ERR_INVALID)
        status = report_command_usage(stderr, 2);
    else if (error)
        status = report_command_failed(error);
    else
        status = report_command_show(report, &ask);
    report_free(report);
    free(report);
    store_close(store);
    return status;
}
