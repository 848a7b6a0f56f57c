/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/config_command.h"

#include "base/buf.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/settings_page.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 5000

struct config_print {
    const struct config_request *request;
    struct buf
        running; /* lines `NAME<tab>VALUE<tab>...` of the service, as its command config says */
    struct buf changes; /* lines `NAME<tab>RUNNING<tab>FILE`: what a reload would change */
    bool asked;         /* the service has answered */
    const char *group;  /* of the setting before */
    int shown;
};

/* The cell of a line that begins with NAME<tab>; NULL: there is no such line. cell: from 1 on. */
static const char *config_command_cell(const struct buf *lines, const char *name, int cell,
    int *len)
{
    size_t name_len = strlen(name);

    for (const char *at = lines->len ? buf_text(lines) : ""; *at;) {
        size_t whole = strcspn(at, "\n");
        if (strncmp(at, name, name_len) == 0 && at[name_len] == '\t') {
            for (; cell > 0; cell--)
                at += strcspn(at, "\t") + 1;
            *len = (int)strcspn(at, "\t\n");
            return at;
        }
        at += whole + (at[whole] != '\0');
    }
    return NULL;
}

static bool config_command_is_named(const struct config_request *request, const char *name)
{
    for (int i = 0; i < request->name_count; i++)
        if (strcmp(request->names[i], name) == 0)
            return true;
    return request->name_count == 0;
}

/* ---- as text ---- */

static void config_command_print_origin(const struct conf_setting *s)
{
    if (s->source && s->line)
        printf("%s:%u", s->source, s->line);
    else
        printf("%s", s->source ? s->source : "its default");
}

static void config_command_print_line(const struct conf_setting *s)
{
    printf("%s%s = %s\n", s->secret && *s->value ? "# set: " : "", s->name, s->value);
}

static void config_command_print_range(const struct conf_setting *s)
{
    if (*s->least && *s->most)
        printf(", %s to %s", s->least, s->most);
    else if (*s->least)
        printf(", %s or more", s->least);
}

/* The service runs with another value than the file has. */
static void config_command_print_change(const struct config_print *p, const struct conf_setting *s)
{
    int len = 0;
    const char *running = config_command_cell(&p->changes, s->name, 1, &len);

    if (running && s->secret)
        puts("# the service runs with another one, until `turnpike reload`");
    else if (running)
        printf("# the service runs with %.*s, until `turnpike reload`\n", len ? len : 7,
            len ? running : "nothing");
}

static void config_command_print_text(struct config_print *p, const struct conf_setting *s)
{
    if (p->request->name_count) {
        printf("# %s\n# %s, default: %s", s->help, s->type, *s->def ? s->def : "empty");
        config_command_print_range(s);
        fputs("; from ", stdout);
        config_command_print_origin(s);
        putchar('\n');
    } else if (p->request->changed) {
        fputs("# ", stdout);
        config_command_print_origin(s);
        printf("; default: %s\n", *s->def ? s->def : "empty");
    } else {
        printf("# %s (default: %s)\n", s->help, *s->def ? s->def : "empty");
    }
    config_command_print_change(p, s);
    config_command_print_line(s);
}

/* ---- as JSON ---- */

static void config_command_put_member(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, ",\"%s\":", name);
    buf_json_text(out, value);
}

static void config_command_print_json(struct config_print *p, const struct conf_setting *s)
{
    struct buf out = {0};
    int len = 0;
    const char *running = config_command_cell(&p->running, s->name, 1, &len);

    buf_puts(&out, p->shown ? ",\n{\"name\":" : "\n{\"name\":");
    buf_json_text(&out, s->name);
    config_command_put_member(&out, "group", s->group);
    config_command_put_member(&out, "type", s->type);
    config_command_put_member(&out, "value", s->value);
    config_command_put_member(&out, "default", s->def);
    config_command_put_member(&out, "meaning", s->help);
    if (*s->least)
        config_command_put_member(&out, "least", s->least);
    if (*s->most)
        config_command_put_member(&out, "most", s->most);
    if (s->source)
        config_command_put_member(&out, "source", s->source);
    if (s->line)
        buf_printf(&out, ",\"line\":%u", s->line);
    buf_printf(&out, ",\"secret\":%s,\"changed\":%s", s->secret ? "true" : "false",
        s->changed ? "true" : "false");
    if (running) {
        buf_puts(&out, ",\"running\":");
        buf_json_string(&out, running, (size_t)len);
    }
    if (p->asked)
        buf_printf(&out, ",\"reload_changes\":%s",
            config_command_cell(&p->changes, s->name, 1, &len) ? "true" : "false");
    buf_putc(&out, '}');
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

/* ---- all of them ---- */

static void config_command_print_one(void *arg, const struct conf_setting *setting)
{
    struct config_print *p = arg;
    struct conf_setting s = *setting;
    char value[1024];
    int len = 0;
    const char *running =
        p->request->running ? config_command_cell(&p->running, s.name, 1, &len) : NULL;

    if (!config_command_is_named(p->request, s.name))
        return;
    if (running) {
        snprintf(value, sizeof value, "%.*s", len, running);
        s.value = value;
        s.changed = s.secret ? *value != '\0' : strcmp(value, s.def) != 0;
        s.source = config_command_cell(&p->changes, s.name, 1, &len) ? "the service" : s.source;
        s.line = strcmp(s.source ? s.source : "", "the service") == 0 ? 0 : s.line;
    }
    if (p->request->changed && !s.changed && !config_command_cell(&p->changes, s.name, 1, &len))
        return;
    if (p->request->json)
        config_command_print_json(p, &s);
    else
        config_command_print_text(p, &s);
    p->shown++;
}

static bool config_command_names_are_good(const struct conf *conf,
    const struct config_request *request)
{
    bool good = true;

    for (int i = 0; i < request->name_count; i++) {
        const char *name = request->names[i], *near = conf_near_name(name);
        if (near && strcmp(near, name) == 0)
            continue;
        fprintf(stderr, "turnpike: %s: there is no such setting%s%s%s\n", name,
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        good = false;
    }
    (void)conf;
    return good;
}

/* What the service says. Nobody need run it, unless it was asked for. Returns 0 or 1. */
static int config_command_ask(struct config_print *p)
{
    const struct config_request *request = p->request;
    bool wanted = request->running || request->changed || request->json || request->name_count;
    int error = wanted ? control_ask(request->path, "config", TIMEOUT_MS, &p->running) : 0;

    if (error && request->running) {
        fprintf(stderr, "turnpike: %s: %s\n", request->path,
            error == ERR_NOT_FOUND ? "no turnpiked listens there" : err_text(error));
        return 1;
    }
    if (error || !wanted) {
        buf_reset(&p->running);
        return 0;
    }
    p->asked = control_ask(request->path, "config changes", TIMEOUT_MS, &p->changes) == 0;
    if (!p->asked || strncmp(buf_text(&p->changes), "error:", 6) == 0) {
        p->asked = false;
        buf_reset(&p->changes);
    }
    return 0;
}

int config_command(const struct conf *conf, const struct config_request *request)
{
    struct config_print p = {.request = request};
    int status = config_command_names_are_good(conf, request) ? 0 : 1;

    if (request->page) {
        settings_page_print(conf);
        return 0;
    }
    if (!status)
        status = config_command_ask(&p);
    if (!status) {
        if (request->json)
            fputs("{\"settings\":[", stdout);
        conf_visit(conf, config_command_print_one, &p);
        if (request->json)
            puts("\n]}");
    }
    buf_free(&p.running);
    buf_free(&p.changes);
    return status;
}

/* ---- its words ---- */

static int config_command_usage(FILE *out)
{
    fputs("usage: turnpike [--config FILE] config [--changed] [--running] [--json] [NAME...]\n"
          "  without anything: all settings, as a configuration file\n"
          "  NAME...    these, with their limits and the line that set them\n"
          "  --changed  those that differ from their defaults, or from what the service runs with\n"
          "  --running  the values that the service runs with\n"
          "  --json     the same for programs\n",
        out);
    return out == stdout ? 0 : 2;
}

int config_command_options(int argc, char **argv, struct config_request *request,
    struct config_place *place)
{
    static const struct option table[] = {{"changed", no_argument, NULL, 'd'},
        {"running", no_argument, NULL, 'R'}, {"json", no_argument, NULL, 'j'},
        {"page", no_argument, NULL, 'p'}, {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'}, {"run-dir", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

    optind = 0; /* getopt begins anew, behind the command */
    for (int option; (option = getopt_long(argc, argv, "c:h", table, NULL)) != -1;) {
        switch (option) {
        case 'd':
            request->changed = true;
            break;
        case 'R':
            request->running = true;
            break;
        case 'j':
            request->json = true;
            break;
        case 'p':
            request->page = true;
            break;
        case 'c':
            place->config = optarg;
            break;
        case 's':
            place->socket = optarg;
            break;
        case 'r':
            place->run_dir = optarg;
            break;
        default:
            return config_command_usage(option == 'h' ? stdout : stderr);
        }
    }
    request->names = argv + optind;
    request->name_count = argc - optind;
    return -1;
}
