/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "agent/model/prices.h"
#include "agent/turn.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "fcgi-app/serve.h"
#include "process/limits.h"
#include "process/secrecy.h"
#include "tools/engine/tools.h"
#include "wire/http/http.h"
#include "workers/supervisor/check_command.h"
#include "workers/supervisor/check_settings.h"
#include "workers/supervisor/settings.h"
#include "workers/supervisor/supervisor.h"
#include "workers/supervisor/upgrade.h"

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* turnpiked: arguments, then the supervisor. */

struct arguments {
    struct settings_source settings;
    const char *user; /* with --check */
    bool check, json;
    bool http_ready, started;
};

static void main_usage(FILE *out)
{
    fputs(
        "usage: turnpiked [--config FILE] [-s NAME=VALUE]... [--check [--json] [--user NAME]]\n"
        "  --config FILE   settings (default " SETTINGS_FILE ", if it is there)\n"
        "  -s NAME=VALUE   one setting, over the file\n"
        "  --check         tell everything that is wrong with the settings, and end: with status 1\n"
        "                  when something is; warnings do not count\n"
        "  --json          the same for programs, on standard output\n"
        "  --user NAME     look at files as this user (root alone; for " SETTINGS_FILE "\n"
        "                  it is turnpike)\n"
        "  --version\n"
        "`turnpike config` lists the settings.\n",
        out);
}

/* Errors and warnings of a start or a reload: the errors for whoever asked, the warnings for the
 * log. */
struct main_told {
    struct buf *why;
    const struct conf *conf;
    bool first; /* the log does not look as the settings say yet */
};

static void main_collect(void *arg, const struct conf_problem *problem)
{
    const struct main_told *told = arg;
    char line[CONF_WHY_SIZE];

    conf_problem_line(problem, line);
    if (told->first)
        log_form_set(log_form_named(told->conf->log_format));
    if (problem->warning)
        log_warn("%s", line + strlen("warning: "));
    else
        buf_printf(told->why, "%s\n", line);
}

static int main_configure(void *arg, struct conf *conf, struct buf *why)
{
    struct arguments *arguments = arg;
    struct main_told told = {why, conf, !arguments->started};
    int error = conf_init(conf);

    if (error)
        return error;
    error = settings_read(&arguments->settings, conf, main_collect, &told);
    /* The unit's ExecStartPre= has looked at files before a start; before a reload nobody has. */
    if (!error && arguments->started)
        check_settings(conf, main_collect, &told);
    if (!error && why->len)
        error = ERR_CONFIG;
    if (error)
        conf_fini(conf);
    arguments->started = arguments->started || !error;
    return error;
}

static int main_prepare(void *arg, const struct conf *conf, struct buf *why)
{
    struct arguments *arguments = arg;
    char text[CHECK_SETTINGS_WHY_SIZE] = "";
    int error = arguments->http_ready ? 0 : http_global_init();
    arguments->http_ready = error == 0;
    if (error == 0) {
        error = tools_configure(conf, text, sizeof text);
        if (error == ERR_CONFIG) {
            buf_puts(why, text);
            return error;
        }
    }
    if (error == 0 &&
        (limits_load(conf, text, sizeof text) != 0 ||
            prices_load(conf->prices_file, text, sizeof text) != 0) &&
        *text != '\0') {
        buf_printf(why, "%s\n", text);
        return ERR_CONFIG;
    }
    if (error == 0)
        error = turn_global_init(conf);
    if (error != 0) {
        buf_printf(why, "what workers share cannot be prepared: %s\n", err_text(error));
        return error;
    }
    error = serve_global_init(conf, text, sizeof text);
    buf_puts(why, text);
    return error;
}

/* The text is copied: what is secret in the arguments is starred out. */
static bool main_add_override(struct settings_source *source, const char *text)
{
    if (source->override_count == SETTINGS_OVERRIDES_MAX) {
        fputs("turnpiked: too many -s\n", stderr);
        return false;
    }
    source->overrides[source->override_count] = secret_dup(text);
    return source->overrides[source->override_count++];
}

/* Returns -1 to go on, else the exit status. */
static int main_parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, 's'}, {"check", no_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'}, {"user", required_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            arguments->settings.config = strdup(optarg);
            break;
        case 's':
            if (!main_add_override(&arguments->settings, optarg))
                return 2;
            secrecy_hide_argument(optarg);
            break;
        case 'k':
            arguments->check = true;
            break;
        case 'j':
            arguments->json = true;
            break;
        case 'u':
            arguments->user = strdup(optarg);
            break;
        case 'v':
            puts("turnpiked " PACKAGE_VERSION);
            return 0;
        case 'h':
            main_usage(stdout);
            return 0;
        default:
            main_usage(stderr);
            return 2;
        }
    }
    if (optind == argc && (arguments->check || (!arguments->json && !arguments->user)))
        return -1;
    main_usage(stderr);
    return 2;
}

/* The same arguments for the program that takes over: the copies, in which nothing is starred. */
static char **main_arguments_again(const struct arguments *arguments, char *program)
{
    static char *again[4 + 2 * SETTINGS_OVERRIDES_MAX];
    static char config[] = "--config", set[] = "-s";
    size_t n = 0;
    again[n++] = program;
    if (arguments->settings.config) {
        again[n++] = config;
        again[n++] = (char *)arguments->settings.config;
    }
    for (size_t i = 0; i < (size_t)arguments->settings.override_count; i++) {
        again[n++] = set;
        again[n++] = (char *)arguments->settings.overrides[i];
    }
    again[n] = NULL;
    return again;
}

int main(int argc, char **argv)
{
    static struct arguments arguments; /* reachable until the end: it owns copies of arguments */
    static char program[PATH_MAX];
    upgrade_program(program, sizeof program);
    secrecy_hide_environment();
    worker_title_init(argc, argv);
    int status = main_parse_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments.check)
        return check_command(&arguments.settings, arguments.user, arguments.json);
    const struct supervisor_options options = {.mains = {[SCOREBOARD_API] = api_worker_main,
                                                   [SCOREBOARD_TURN] = turn_worker_main,
                                                   [SCOREBOARD_STREAM] = stream_worker_main,
                                                   [SCOREBOARD_QUARANTINE] = turn_worker_main,
                                                   [SCOREBOARD_TOOL] = tool_process_main,
                                                   [SCOREBOARD_HOUSEKEEPER] = housekeeper_main},
        .configure = main_configure,
        .prepare = main_prepare,
        .arg = &arguments,
        .program = program,
        .argv = main_arguments_again(&arguments, program)};
    return supervisor_run(&options);
}
