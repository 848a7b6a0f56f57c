#include "config.h"

#include "agent/model/prices.h"
#include "agent/turn.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/serve.h"
#include "process/limits.h"
#include "tools/engine/tools.h"
#include "wire/http/http.h"
#include "workers/supervisor/check_settings.h"
#include "workers/supervisor/supervisor.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* turnpiked: arguments, then the supervisor. */

#define DEFAULT_CONFIG "/etc/turnpike/turnpike.conf"
#define OVERRIDES_MAX 256

struct arguments {
    const char *config; /* NULL = the default one, if it is there */
    char *overrides[OVERRIDES_MAX];
    size_t override_count;
    bool check;
    bool http_ready;
};

static void main_usage(FILE *out)
{
    fputs("usage: turnpiked [--config FILE] [-s NAME=VALUE]... [--check]\n"
          "  --config FILE   settings (default " DEFAULT_CONFIG ", if it is there)\n"
          "  -s NAME=VALUE   one setting, over the file\n"
          "  --check         check the settings and end\n"
          "  --version\n"
          "`turnpike config` lists the settings.\n",
        out);
}

static int main_apply_override(struct conf *conf, const char *text, char why[CONF_WHY_SIZE])
{
    char name[128];
    const char *equals = strchr(text, '=');
    if (!equals || (size_t)(equals - text) >= sizeof name) {
        snprintf(why, CONF_WHY_SIZE, "-s %.100s: NAME=VALUE is needed", text);
        return ERR_CONFIG;
    }
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = '\0';
    return conf_set(conf, name, equals + 1, why);
}

static int main_configure(void *arg, struct conf *conf, char why[CONF_WHY_SIZE])
{
    const struct arguments *arguments = arg;
    int error = conf_init(conf);
    if (error != 0) {
        snprintf(why, CONF_WHY_SIZE, "%s", err_text(error));
        return error;
    }
    if (arguments->config)
        error = conf_load(conf, arguments->config, why);
    else if (access(DEFAULT_CONFIG, F_OK) == 0)
        error = conf_load(conf, DEFAULT_CONFIG, why);
    for (size_t i = 0; i < arguments->override_count && error == 0; i++)
        error = main_apply_override(conf, arguments->overrides[i], why);
    if (error == 0)
        error = conf_check(conf, why);
    if (error != 0)
        conf_fini(conf);
    return error;
}

static int main_prepare(void *arg, const struct conf *conf, char why[CONF_WHY_SIZE])
{
    struct arguments *arguments = arg;
    int error = arguments->http_ready ? 0 : http_global_init();
    arguments->http_ready = error == 0;
    if (error == 0) {
        error = tools_configure(conf, why, CONF_WHY_SIZE);
        if (error == ERR_CONFIG)
            return error;
    }
    if (error == 0 &&
        (limits_load(conf, why, CONF_WHY_SIZE) != 0 ||
            prices_load(conf->prices_file, why, CONF_WHY_SIZE) != 0) &&
        *why != '\0')
        return ERR_CONFIG;
    if (error == 0)
        error = turn_global_init(conf);
    if (error != 0) {
        snprintf(why, CONF_WHY_SIZE, "what workers share cannot be prepared: %s", err_text(error));
        return error;
    }
    return serve_global_init(conf, why, CONF_WHY_SIZE);
}

/* ---- --check: everything that is wrong, at once ---- */

#define CHECK_TOLD_MAX 100 /* a file that is something else has a problem in each line */

static void main_check_print(void *arg, const char *why)
{
    int *problems = arg;

    if (++*problems <= CHECK_TOLD_MAX)
        fprintf(stderr, "turnpiked: %s\n", why);
}

/* Files, -s and the form of all settings. Returns 0; ERR_NOMEM; ERR_CONFIG: the file cannot be
 * read, so that nothing is known of what would be set. */
static int main_check_form(const struct arguments *arguments, struct conf *conf, int *problems)
{
    char why[CONF_WHY_SIZE];
    const char *file = arguments->config;

    if (!file && access(DEFAULT_CONFIG, F_OK) == 0)
        file = DEFAULT_CONFIG;
    int found = file ? conf_load_each(conf, file, main_check_print, problems) : 0;
    if (found < 0)
        return found;
    for (size_t i = 0; i < arguments->override_count; i++)
        if (main_apply_override(conf, arguments->overrides[i], why))
            main_check_print(problems, why);
    conf_check_each(conf, main_check_print, problems);
    return 0;
}

/* What the start would read: keys, MCP servers, declared tools. */
static void main_check_parts(const struct conf *conf, int *problems)
{
    char why[CONF_WHY_SIZE] = "";

    if (tools_configure(conf, why, sizeof why))
        main_check_print(problems, why);
    if (serve_global_init(conf, why, sizeof why))
        main_check_print(problems, why);
}

static int main_check_only(const struct arguments *arguments)
{
    struct conf conf;
    int problems = 0;

    if (conf_init(&conf)) {
        fprintf(stderr, "turnpiked: %s\n", err_text(ERR_NOMEM));
        return 1;
    }
    int error = main_check_form(arguments, &conf, &problems);
    if (error == ERR_NOMEM)
        main_check_print(&problems, err_text(error));
    else if (!error)
        check_settings(&conf, main_check_print, &problems);
    if (!problems)
        main_check_parts(&conf, &problems);
    conf_fini(&conf);
    if (problems) {
        fprintf(stderr, "turnpiked: %d problem%s in the settings%s\n", problems,
            problems == 1 ? "" : "s",
            problems > CHECK_TOLD_MAX ? ", of which the first are told" : "");
        return 1;
    }
    puts("the settings are valid");
    return 0;
}

/* Returns -1 to go on, else the exit status. */
static int main_parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, 's'}, {"check", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            arguments->config = strdup(optarg);
            break;
        case 's':
            if (arguments->override_count == OVERRIDES_MAX) {
                fputs("turnpiked: too many -s\n", stderr);
                return 2;
            }
            arguments->overrides[arguments->override_count++] = strdup(optarg);
            break;
        case 'k':
            arguments->check = true;
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
    if (optind == argc)
        return -1;
    main_usage(stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static struct arguments arguments; /* reachable until the end: it owns copies of arguments */
    worker_title_init(argc, argv);
    int status = main_parse_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments.check)
        return main_check_only(&arguments);
    const struct supervisor_options options = {.mains = {[SCOREBOARD_API] = api_worker_main,
                                                   [SCOREBOARD_TURN] = turn_worker_main,
                                                   [SCOREBOARD_STREAM] = stream_worker_main,
                                                   [SCOREBOARD_QUARANTINE] = turn_worker_main,
                                                   [SCOREBOARD_TOOL] = tool_process_main,
                                                   [SCOREBOARD_HOUSEKEEPER] = housekeeper_main},
        .configure = main_configure,
        .prepare = main_prepare,
        .arg = &arguments};
    return supervisor_run(&options);
}
