/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/err.h"
#include "workers/supervisor/api_key_command.h"
#include "workers/supervisor/audit_command.h"
#include "workers/supervisor/cache_command.h"
#include "workers/supervisor/config_command.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/failover_command.h"
#include "workers/supervisor/feedback_command.h"
#include "workers/supervisor/limits_command.h"
#include "workers/supervisor/mcp_command.h"
#include "workers/supervisor/observe_command.h"
#include "workers/supervisor/origins_command.h"
#include "workers/supervisor/push_key_command.h"
#include "workers/supervisor/reload_command.h"
#include "workers/supervisor/report_command.h"
#include "workers/supervisor/revoke_command.h"
#include "workers/supervisor/selftest_command.h"
#include "workers/supervisor/setup_command.h"
#include "workers/supervisor/tables_command.h"
#include "workers/supervisor/top_command.h"
#include "workers/terminal/terminal_command.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* turnpike: the operator's command. Speaks to the control socket of a running turnpiked. */

#define DEFAULT_CONFIG "/etc/turnpike/turnpike.conf"
/* Where systemd puts the service's credentials; root may read them. */
#define CREDENTIALS "/run/credentials/turnpike.service"
#define TIMEOUT_MS 5000

struct options {
    const char *socket, *run_dir, *config;
    bool json;
    char path[256]; /* of the control socket */
};

struct command {
    const char *name, *arguments, *help;
    int (*run)(struct options *o, int argc, char **argv);
};

/* --- settings --- */

/* The file that was named must be readable; the default one need not be there. conf is always
 * initialised afterwards unless there is no memory. */
static int turnpike_load_settings(const struct options *o, struct conf *conf,
    char why[CONF_WHY_SIZE])
{
    why[0] = '\0';
    int error = conf_init(conf);
    if (error != 0) {
        fprintf(stderr, "turnpike: %s\n", err_text(error));
        exit(1);
    }
    if (o->config)
        return conf_load(conf, o->config, why);
    return access(DEFAULT_CONFIG, F_OK) == 0 ? conf_load(conf, DEFAULT_CONFIG, why) : 0;
}

static void turnpike_find_socket(struct options *o)
{
    struct conf conf;
    char why[CONF_WHY_SIZE];
    if (o->socket) {
        snprintf(o->path, sizeof o->path, "%s", o->socket);
        return;
    }
    if (o->run_dir) {
        snprintf(o->path, sizeof o->path, "%s/control.sock", o->run_dir);
        return;
    }
    /* The default socket would be another service's. */
    if (o->config && access(o->config, R_OK)) {
        fprintf(stderr, "turnpike: %s: %s\n", o->config, strerror(errno));
        exit(1);
    }
    /* Only run_dir matters: credentials that only the service can read are no obstacle. */
    err_ignore(turnpike_load_settings(o, &conf, why));
    snprintf(o->path, sizeof o->path, "%s/control.sock", conf.run_dir);
    conf_fini(&conf);
}

/* --- asking --- */

static int turnpike_ask(struct options *o, const char *line, struct buf *reply)
{
    if (o->path[0] == '\0')
        turnpike_find_socket(o);
    buf_reset(reply);
    int error = control_ask(o->path, line, TIMEOUT_MS, reply);
    if (error == ERR_NOT_FOUND)
        fprintf(stderr, "turnpike: no turnpiked listens on %s\n", o->path);
    else if (error == ERR_FORBIDDEN)
        fprintf(stderr, "turnpike: %s: permission denied (be root or turnpiked's user)\n", o->path);
    else if (error != 0)
        fprintf(stderr, "turnpike: %s: %s\n", o->path, err_text(error));
    return error;
}

static int turnpike_ask_and_print(struct options *o, const char *line)
{
    struct buf reply = {0};
    int status = turnpike_ask(o, line, &reply) == 0 ? 0 : 1;
    const char *text = buf_text(&reply);
    if (status == 0 && strncmp(text, "error:", 6) == 0) {
        fprintf(stderr, "turnpike: %s", text);
        status = 1;
    } else if (status == 0) {
        fwrite(text, 1, reply.len, stdout);
    }
    buf_free(&reply);
    return status;
}

static int turnpike_run_status(struct options *o, int argc, char **argv)
{
    bool json = o->json || (argc == 1 && strcmp(argv[0], "json") == 0);
    return turnpike_ask_and_print(o, json ? "status json" : "status");
}

static int turnpike_run_drain(struct options *o, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return turnpike_ask_and_print(o, "drain");
}

static int turnpike_run_reload(struct options *o, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    turnpike_find_socket(o);
    return reload_command(o->path);
}

static int turnpike_run_upgrade(struct options *o, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    turnpike_find_socket(o);
    return upgrade_command(o->path);
}

static int turnpike_run_reopen(struct options *o, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return turnpike_ask_and_print(o, "reopen");
}

static int turnpike_run_metrics(struct options *o, int argc, char **argv)
{
    bool text = argc == 1 && strcmp(argv[0], "text") == 0;
    if (argc > 0 && !text) {
        fputs("turnpike: metrics takes no argument but `text`\n", stderr);
        return 2;
    }
    return turnpike_ask_and_print(o, text ? "metrics text" : "metrics");
}

/* --- top --- */

static int turnpike_ask_status(void *arg, struct buf *reply)
{
    return turnpike_ask(arg, "status", reply);
}

static int turnpike_run_top(struct options *o, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return top_is_screen() ? top_command(turnpike_ask_status, o) :
                             turnpike_ask_and_print(o, "status");
}

/* --- config --- */

static void turnpike_print_problem(void *arg, const struct conf_problem *problem)
{
    char line[CONF_WHY_SIZE];
    int *errors = arg;
    *errors += !problem->warning;
    fprintf(stderr, "turnpike: %s\n", conf_problem_line(problem, line));
}

/* Settings that are wrong are told; the others are shown all the same. */
static int turnpike_show_config(struct options *o, const struct config_request *request)
{
    struct conf conf;
    const char *file = o->config          ? o->config :
        access(DEFAULT_CONFIG, F_OK) == 0 ? DEFAULT_CONFIG :
                                            NULL;
    int errors = 0, status = 1, error = conf_init(&conf);
    if (access(CREDENTIALS, X_OK) == 0)
        setenv("CREDENTIALS_DIRECTORY", CREDENTIALS, 0);
    if (error == 0 && file && !request->page)
        error = conf_load_each(&conf, file, turnpike_print_problem, &errors);
    if (error >= 0) {
        conf_check_each(&conf, turnpike_print_problem, &errors);
        status = config_command(&conf, request);
    }
    conf_fini(&conf);
    return status != 0 || errors > 0 ? 1 : 0;
}

static int turnpike_run_config(struct options *o, int argc, char **argv)
{
    struct config_request request = {.json = o->json};
    struct config_place place = {.config = o->config, .socket = o->socket, .run_dir = o->run_dir};
    int status = config_command_options(argc + 1, argv - 1, &request, &place);
    if (status >= 0)
        return status;
    o->config = place.config;
    o->socket = place.socket;
    o->run_dir = place.run_dir;
    if (!request.page)
        turnpike_find_socket(o);
    request.path = o->path;
    return turnpike_show_config(o, &request);
}

/* --- origins, for nginx --- */

static int turnpike_run_origins(struct options *o, int argc, char **argv)
{
    struct conf conf;
    char why[CONF_WHY_SIZE];
    (void)argc;
    (void)argv;
    if (access(CREDENTIALS, X_OK) == 0)
        setenv("CREDENTIALS_DIRECTORY", CREDENTIALS, 0);
    int error = turnpike_load_settings(o, &conf, why);
    if (error == 0)
        error = conf_check(&conf, why);
    if (error == 0)
        origins_command(&conf);
    else
        fprintf(stderr, "turnpike: %s\n", why[0] != '\0' ? why : err_text(error));
    conf_fini(&conf);
    return error == 0 ? 0 : 1;
}

/* --- MCP servers, Redis --- */

/* A command of an operator that speaks to Redis itself. */
static int turnpike_run_with_store(struct options *o,
    int (*command)(const struct conf *conf, int argc, char **argv), int argc, char **argv)
{
    struct conf conf;
    char why[CONF_WHY_SIZE];
    if (access(CREDENTIALS, X_OK) == 0)
        setenv("CREDENTIALS_DIRECTORY", CREDENTIALS, 0);
    int status = 1, error = turnpike_load_settings(o, &conf, why);
    if (error == 0)
        status = command(&conf, argc, argv);
    else
        fprintf(stderr, "turnpike: %s\n", why[0] != '\0' ? why : err_text(error));
    conf_fini(&conf);
    return status;
}

static int turnpike_run_mcp(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, mcp_command, argc, argv);
}

static int turnpike_run_cache(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, cache_command, argc, argv);
}

static int turnpike_do_failover(const struct conf *conf, int argc, char **argv)
{
    (void)argv;
    if (argc == 0)
        return failover_command(conf);
    fputs("turnpike: failover takes no argument: the Sentinels choose the replica\n", stderr);
    return 2;
}

static int turnpike_run_failover(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, turnpike_do_failover, argc, argv);
}

/* --- what the service has done --- */

static int turnpike_run_report(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, report_command, argc + 1, argv - 1);
}

static int turnpike_run_feedback(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, feedback_command, argc + 1, argv - 1);
}

static int turnpike_run_selftest(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, selftest_command, argc + 1, argv - 1);
}

/* --- observe --- */

static int turnpike_run_observe(struct options *o, int argc, char **argv)
{
    struct conf conf;
    char why[CONF_WHY_SIZE];
    int error = turnpike_load_settings(o, &conf, why);
    int status = 1;
    if (error != 0)
        fprintf(stderr, "turnpike: %s\n", why);
    else
        status = observe_command(&conf, argc > 0 ? argv[0] : NULL);
    conf_fini(&conf);
    return status;
}

/* --- limits --- */

static int turnpike_do_limits(const struct conf *conf, int argc, char **argv)
{
    return limits_command(conf, false, argc, argv);
}

static int turnpike_do_limits_json(const struct conf *conf, int argc, char **argv)
{
    return limits_command(conf, true, argc, argv);
}

static int turnpike_run_limits(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, o->json ? turnpike_do_limits_json : turnpike_do_limits, argc,
        argv);
}

/* --- chat --- */

/* The site of this machine: where nginx listens, by the settings that the user may read. */
static int turnpike_run_chat(struct options *o, int argc, char **argv)
{
    struct conf conf;
    char why[CONF_WHY_SIZE], site[256] = "";
    err_ignore(turnpike_load_settings(o, &conf, why)); /* of no use to a user who may not read it */
    if (conf.listen_hint[0] != '\0')
        snprintf(site, sizeof site, "http://%s", conf.listen_hint);
    conf_fini(&conf);
    return terminal_command(argc + 1, argv - 1, site);
}

/* --- API keys --- */

/* What prints a key alone needs no settings, and works where they cannot be read. */
static int turnpike_run_api_key(struct options *o, int argc, char **argv)
{
    struct conf conf;
    char why[CONF_WHY_SIZE];
    if (access(CREDENTIALS, X_OK) == 0)
        setenv("CREDENTIALS_DIRECTORY", CREDENTIALS, 0);
    int error = turnpike_load_settings(o, &conf, why);
    int status = api_key_command(&conf,
        error == 0 ? NULL :
            *why   ? why :
                     err_text(error),
        argc, argv);
    conf_fini(&conf);
    return status;
}

static int turnpike_run_revoke(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, revoke_command, argc, argv);
}

static int turnpike_run_audit(struct options *o, int argc, char **argv)
{
    return turnpike_run_with_store(o, audit_command, argc, argv);
}

/* --- the key of web pushes --- */

static int turnpike_run_push_key(struct options *o, int argc, char **argv)
{
    (void)o;
    (void)argv;
    return push_key_command(argc);
}

/* --- set-up --- */

static int turnpike_run_setup(struct options *o, int argc, char **argv)
{
    (void)o;
    return setup_command(argc, argv);
}

/* --- commands --- */

static const struct command commands[] = {
    {"setup", "[OPTIONS]", "a running service behind nginx; setup --help", turnpike_run_setup},
    {"status", "[--json]", "every worker and what runs in it, limits beside values",
        turnpike_run_status},
    {"top", "", "the same, refreshed each second", turnpike_run_top},
    {"metrics", "[text]", "OpenMetrics; text: Prometheus' older format", turnpike_run_metrics},
    {"reload", "", "read the configuration again, new workers first; waits until they serve",
        turnpike_run_reload},
    {"upgrade", "", "go on in the installed turnpiked, which serves before the old one ends",
        turnpike_run_upgrade},
    {"drain", "", "finish what runs, then end; again = faster", turnpike_run_drain},
    {"reopen", "", "open the log file again", turnpike_run_reopen},
    {"config", "[NAME...]", "settings and where they are from; config --help", turnpike_run_config},
    {"report", "[--week]", "the promised figures, tools, money; report --help",
        turnpike_run_report},
    {"feedback", "[--csv]", "what users say about answers; feedback --help", turnpike_run_feedback},
    {"selftest", "[--json]", "ask each model and service once", turnpike_run_selftest},
    {"chat", "[MESSAGE]", "talk to the assistant; chat --help", turnpike_run_chat},
    {"origins", "", "the settings `origins` and `page.*` as lines for nginx", turnpike_run_origins},
    {"api-key", "USER [ROLE]", "make an API key; add, list, revoke, rotate", turnpike_run_api_key},
    {"revoke", "user USER", "end what was issued before now; token JTI, list, forget",
        turnpike_run_revoke},
    {"audit", "verify", "does a line of the audit log miss or differ?", turnpike_run_audit},
    {"push-key", "", "make the key of web pushes, for push.key_file", turnpike_run_push_key},
    {"mcp", "[list]", "tools of MCP servers; accept SERVER[/TOOL], forget, refresh, login, logout",
        turnpike_run_mcp},
    {"observe", "[DIR]", "Prometheus with our alert rules, on loopback, to try them",
        turnpike_run_observe},
    {"limits", "[USER]", "what the site or a user uses and may use; set NAME=VALUE, unset NAME",
        turnpike_run_limits},
    {"cache", "show | clear", "answers that are kept for all users (cache.answers)",
        turnpike_run_cache},
    {"failover", "", "another Redis becomes the master; nothing is lost (Sentinel)",
        turnpike_run_failover},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void turnpike_usage(FILE *out)
{
    fputs("usage: turnpike [--socket PATH | --run-dir DIR | --config FILE] COMMAND\n"
          "       turnpike --version | --help\n",
        out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-8s %-12s %s\n", commands[i].name, commands[i].arguments,
            commands[i].help);
}

/* For build-aux/make-manual, which makes the manual pages and the completion of shells. */
static int turnpike_print_table(const char *table)
{
    if (strcmp(table, "settings") == 0) {
        tables_settings();
        return 0;
    }
    if (strcmp(table, "words") == 0) {
        tables_words();
        return 0;
    }
    if (strcmp(table, "commands") != 0)
        return 2;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("%s\t%s\t%s\n", commands[i].name, commands[i].arguments, commands[i].help);
    return 0;
}

/* These have their own options. */
static bool turnpike_reads_options(const char *command, const char *sub)
{
    static const char *const own[] = {"api-key", "chat", "config", "feedback", "report", "selftest",
        "setup"};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(command, own[i]) == 0)
            return true;
    return strcmp(command, "mcp") == 0 && sub && strcmp(sub, "login") == 0;
}

/* Options up to the command (shorts begins with +), or around its arguments. Returns -1, or the
 * exit status. */
static int turnpike_options(struct options *o, int argc, char **argv, const char *shorts)
{
    static const struct option table[] = {{"socket", required_argument, NULL, 's'},
        {"run-dir", required_argument, NULL, 'r'}, {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'}, {"tables", required_argument, NULL, 't'},
        {"version", no_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, shorts, table, NULL)) != -1;) {
        if (option == 's')
            o->socket = optarg;
        else if (option == 'r')
            o->run_dir = optarg;
        else if (option == 'c')
            o->config = optarg;
        else if (option == 'j')
            o->json = true;
        else if (option == 't')
            return turnpike_print_table(optarg);
        else if (option == 'v') {
            puts("turnpike " PACKAGE_VERSION);
            return 0;
        } else {
            turnpike_usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    int status = turnpike_options(&o, argc, argv, "+c:h");
    if (status >= 0)
        return status;
    argc -= optind;
    argv += optind;
    bool own = argc > 0 && turnpike_reads_options(argv[0], argc > 1 ? argv[1] : NULL);
    optind = own ? 1 : 0; /* getopt begins anew, behind the command */
    if (argc > 0 && !own && (status = turnpike_options(&o, argc, argv, "c:h")) >= 0)
        return status;
    for (size_t i = 0; argc > 0 && i < COMMAND_COUNT; i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(&o, argc - optind, argv + optind);
    turnpike_usage(stderr);
    return 2;
}
