/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/api_key_command.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/ident.h"
#include "process/apikey.h"
#include "process/scopes.h"
#include "store/keyuses.h"
#include "workers/supervisor/ending.h"
#include "workers/supervisor/keyfile.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_KEY_BYTES 32
#define API_KEY_SIZE (4 + 2 * API_KEY_BYTES + 1)
#define API_KEY_ID_MIN 4 /* digits of the digest that name a key */
#define API_KEY_GRACE "7d"
#define API_KEY_FILE_MAX (4 * 1024 * 1024)

struct api_key {
    const struct conf *conf;
    const char *file; /* "" = there is none */
    const char *name, *expires, *scopes, *class, *grace;
    bool json;
    int argc; /* words without options */
    char **argv;
};

static int api_key_command_usage(void)
{
    fputs("usage: turnpike api-key USER [user|admin] [--name N] [--expires 90d|DATE]\n"
          "                        [--scopes A,B] [--class NAME]\n"
          "                        add USER ...   the same, and written to api_keys.file\n"
          "                        list [--json] | revoke ID | rotate ID [--grace 7d]\n"
          "scopes:\n",
        stderr);
#define API_KEY_SCOPE_(name, text, help) fprintf(stderr, "  %-8s %s\n", text, help);
    SCOPES_TABLE(API_KEY_SCOPE_)
#undef API_KEY_SCOPE_
    return 2;
}

static int api_key_command_wrong(const char *what)
{
    fprintf(stderr, "turnpike: %s\n", what);
    return 2;
}

/* ---- options ---- */

static bool api_key_command_options(struct api_key *a, int argc, char **argv)
{
    static const struct option table[] = {{"name", required_argument, NULL, 'n'},
        {"expires", required_argument, NULL, 'e'}, {"scopes", required_argument, NULL, 's'},
        {"class", required_argument, NULL, 'k'}, {"grace", required_argument, NULL, 'g'},
        {"file", required_argument, NULL, 'f'}, {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};

    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (option) {
        case 'n':
            a->name = optarg;
            break;
        case 'e':
            a->expires = optarg;
            break;
        case 's':
            a->scopes = optarg;
            break;
        case 'k':
            a->class = optarg;
            break;
        case 'g':
            a->grace = optarg;
            break;
        case 'f':
            a->file = optarg;
            break;
        case 'j':
            a->json = true;
            break;
        default:
            return false;
        }
    }
    a->argc = argc - optind;
    a->argv = argv + optind;
    return true;
}

static int api_key_command_read_scopes(const struct api_key *a, struct apikey *key)
{
    const char *bad;
    size_t len;

    key->scopes = SCOPES_ALL;
    key->has_scopes = a->scopes != NULL;
    if (!a->scopes || scopes_read(a->scopes, &key->scopes, &bad, &len) == 0)
        return 0;
    fprintf(stderr, "turnpike: there is no scope \"%.*s\"\n", (int)len, bad);
    return 2;
}

/* What the words and options say. Returns 0 or the exit status. */
static int api_key_command_read(const struct api_key *a, struct apikey *key)
{
    const char *user = a->argc > 0 ? a->argv[0] : "", *role = a->argc > 1 ? a->argv[1] : "user";

    memset(key, 0, sizeof *key);
    if (ident_user_named(user, strlen(user), key->user) < 0) {
        fprintf(stderr, "turnpike: the user is needed: a name of 1 to %d bytes, or an id\n",
            IDENT_NAME_MAX);
        return 2;
    }
    if (a->argc > 2)
        return api_key_command_usage();
    if (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0)
        return api_key_command_wrong("the role is user or admin");
    if (a->expires && !ending_time(a->expires, &key->expires_ms))
        return api_key_command_wrong(
            "--expires needs a time such as 90d, or a date such as 2027-01-31");
    if (a->expires && key->expires_ms <= clock_real_ms())
        return api_key_command_wrong("--expires is in the past");
    if (a->class && !apikey_is_class(a->class))
        return api_key_command_wrong(
            "--class needs a name of up to 32 letters, digits and - _ . :");
    if (a->name && !apikey_is_name(a->name))
        return api_key_command_wrong(
            "--name takes up to 64 bytes without \"=\", control characters and words such as "
            "\"scopes\"");
    snprintf(key->role, sizeof key->role, "%s", role);
    snprintf(key->class, sizeof key->class, "%s", a->class ? a->class : "");
    snprintf(key->name, sizeof key->name, "%s", a->name ? a->name : "");
    return api_key_command_read_scopes(a, key);
}

/* ---- making one ---- */

static void api_key_command_make(struct apikey *key, char text[API_KEY_SIZE])
{
    memcpy(text, APIKEY_PREFIX, sizeof APIKEY_PREFIX);
    ident_token(API_KEY_BYTES, text + 4);
    ident_sha256_hex(text, strlen(text), key->hash);
    key->created_ms = clock_real_ms() / 1000 * 1000;
}

static void api_key_command_show(const char *text)
{
    printf("# The key, shown this once; its holder sends it as `Authorization: Bearer KEY`:\n%s\n",
        text);
}

static int api_key_command_run_print(struct api_key *a)
{
    char text[API_KEY_SIZE];
    struct apikey key;
    struct buf line = {0};
    int status = api_key_command_read(a, &key);

    if (status != 0)
        return status;
    api_key_command_make(&key, text);
    apikey_write(&key, &line);
    status = buf_error(&line) ? 1 : 0;
    if (status == 0) {
        api_key_command_show(text);
        printf("# The line for api_keys.file; it is valid as soon as it is there:\n%s",
            buf_text(&line));
    }
    buf_free(&line);
    return status;
}

/* Whatever the file's last line looks like, the next one begins anew. */
static void api_key_command_copy(struct buf *out, const char *text)
{
    size_t len = strlen(text);

    buf_put(out, text, len);
    if (len > 0 && text[len - 1] != '\n')
        buf_putc(out, '\n');
}

static int api_key_command_run_add(struct api_key *a)
{
    char made[API_KEY_SIZE], *text = NULL;
    struct keyfile file;
    struct apikey key;
    int status = api_key_command_read(a, &key), error;

    if (status != 0)
        return status;
    api_key_command_make(&key, made);
    error = keyfile_open(&file, a->file, &text);
    if (!error) {
        api_key_command_copy(&file.fresh, text);
        apikey_write(&key, &file.fresh);
        error = keyfile_replace(&file);
    }
    if (!error) {
        api_key_command_show(made);
        printf("# Written to %s as %.16s: it is valid now.\n", a->file, key.hash);
        ending_audit_key(a->conf, "api-key.add", &key);
    }
    free(text);
    keyfile_close(&file);
    return error ? 1 : 0;
}

/* ---- the keys that are there ---- */

static void api_key_command_list_date(int64_t real_ms, const char *none)
{
    char date[CLOCK_RFC3339_SIZE];

    clock_rfc3339(real_ms, date);
    printf(" %-10.10s", real_ms ? date : none);
}

struct api_key_list {
    bool json;
    size_t count;
    bool knows_uses; /* Redis has said them */
    struct keyuses uses;
};

/* To the minute, in UTC: uses are written once a minute. */
static void api_key_command_list_use(const struct api_key_list *l, int64_t real_ms)
{
    char date[CLOCK_RFC3339_SIZE];

    clock_rfc3339(real_ms, date);
    date[10] = ' ';
    printf(" %-16.16s", !l->knows_uses ? "?" : real_ms ? date : "never");
}

static void api_key_command_list_one(const struct api_key_list *l, const struct apikey *key)
{
    char scopes[SCOPES_TEXT_SIZE] = "all";

    if (l->count == 0)
        printf("%-16s %-20s %-5s %-10s %-10s %-16s %-24s %-10s %s\n", "ID", "USER", "ROLE",
            "CREATED", "EXPIRES", "LAST USED", "SCOPES", "CLASS", "NAME");
    if (key->has_scopes)
        scopes_write(key->scopes, scopes);
    printf("%.16s %-20s %-5s", key->hash, key->user, key->role);
    api_key_command_list_date(key->created_ms, "-");
    api_key_command_list_date(key->expires_ms, "never");
    api_key_command_list_use(l, keyuses_find(&l->uses, apikey_id(key->hash)));
    printf(" %-24s %-10s %s%s\n", scopes, *key->class ? key->class : "-", key->name,
        key->expires_ms && key->expires_ms <= clock_real_ms() ? " (expired)" : "");
}

static void api_key_command_json_date(struct buf *b, const char *name, int64_t real_ms)
{
    char date[CLOCK_RFC3339_SIZE];

    if (real_ms == 0)
        return;
    clock_rfc3339(real_ms, date);
    buf_json_member(b, name, date);
}

static void api_key_command_list_json(const struct api_key_list *l, const struct apikey *key)
{
    int64_t used_ms = keyuses_find(&l->uses, apikey_id(key->hash));
    struct buf b = {0};
    char scopes[SCOPES_TEXT_SIZE];

    scopes_write(key->scopes, scopes);
    buf_printf(&b, "%s{\"id\":\"%.16s\"", l->count == 0 ? "[" : ",\n ", key->hash);
    buf_json_member(&b, "user", key->user);
    buf_json_member(&b, "role", key->role);
    buf_json_member(&b, "scopes", scopes);
    api_key_command_json_date(&b, "created", key->created_ms);
    api_key_command_json_date(&b, "expires", key->expires_ms);
    api_key_command_json_date(&b, "last_used", used_ms);
    if (l->knows_uses && used_ms == 0)
        buf_puts(&b, ",\"last_used\":null");
    buf_json_member(&b, "class", key->class);
    buf_json_member(&b, "name", key->name);
    buf_putc(&b, '}');
    fputs(buf_text(&b), stdout);
    buf_free(&b);
}

/* What a command does with a line that is a key. False: it is taken out of the file. */
typedef bool api_key_fn(void *arg, struct apikey *key);

/* Every line, into fresh; each key after the function has seen it. Returns 0 or ERR_CONFIG. */
static int api_key_command_walk(const char *path, char *text, struct buf *fresh, api_key_fn *fn,
    void *arg)
{
    unsigned number = 0;

    for (char *line; text && *text && (line = strsep(&text, "\n"));) {
        char copy[4096];
        struct apikey key;
        const char *why = "";
        bool found = false;

        number++;
        snprintf(copy, sizeof copy, "%s", line);
        if (strlen(line) >= sizeof copy || apikey_parse(copy, &key, &found, &why)) {
            fprintf(stderr, "turnpike: %s:%u: %s\n", path, number, *why ? why : "too long");
            return ERR_CONFIG;
        }
        int64_t expires_ms = key.expires_ms;
        if (found && !fn(arg, &key))
            continue;
        if (key.expires_ms != expires_ms)
            apikey_write(&key, fresh);
        else
            buf_printf(fresh, "%s\n", line);
    }
    return 0;
}

static bool api_key_command_on_list(void *arg, struct apikey *key)
{
    struct api_key_list *l = arg;

    (l->json ? api_key_command_list_json : api_key_command_list_one)(l, key);
    l->count++;
    return true;
}

static int api_key_command_read_uses(struct store *store, void *arg)
{
    struct api_key_list *l = arg;
    int error = keyuses_read(store, &l->uses);

    l->knows_uses = !error;
    return error;
}

static int api_key_command_run_list(struct api_key *a)
{
    struct api_key_list l = {.json = a->json};
    struct buf same = {0};
    char *text = NULL;
    size_t len;
    int error = file_read(AT_FDCWD, a->file, API_KEY_FILE_MAX, &text, &len);

    if (error)
        fprintf(stderr, "turnpike: %s: %s\n", a->file, file_why(error));
    if (!error && ending_in_store(a->conf, api_key_command_read_uses, &l))
        fputs("turnpike: so nobody knows when the keys were last used\n", stderr);
    if (!error)
        error = api_key_command_walk(a->file, text, &same, api_key_command_on_list, &l);
    if (!error && a->json)
        puts(l.count ? "]" : "[]");
    else if (!error && l.count == 0)
        printf("no keys in %s\n", a->file);
    keyuses_free(&l.uses);
    free(text);
    buf_free(&same);
    return error ? 1 : 0;
}

/* ---- one key by its id ---- */

struct api_key_pick {
    const char *id;
    size_t count;
    struct apikey key; /* as it was found */
    bool drops;
    int64_t ends_ms; /* drops false: the new end */
};

static bool api_key_command_on_pick(void *arg, struct apikey *key)
{
    struct api_key_pick *p = arg;

    if (strncmp(key->hash, p->id, strlen(p->id)) != 0)
        return true;
    p->count++;
    p->key = *key;
    if (!p->drops && (!key->expires_ms || key->expires_ms > p->ends_ms))
        key->expires_ms = p->ends_ms;
    return !p->drops;
}

/* Takes the key out of the file, or gives it an end; more: further lines. Returns 0 or the exit
 * status. */
static int api_key_command_change(const struct api_key *a, struct api_key_pick *p,
    struct apikey *more)
{
    struct keyfile file;
    char *text = NULL;
    int error, status = 1;

    p->id = a->argc > 0 ? a->argv[0] : "";
    if (a->argc != 1 || strlen(p->id) < API_KEY_ID_MIN ||
        strspn(p->id, "0123456789abcdef") != strlen(p->id))
        return api_key_command_wrong("the id of a key is needed: at least 4 digits of what "
                                     "`turnpike api-key list` shows");
    error = keyfile_open(&file, a->file, &text);
    if (!error)
        error = api_key_command_walk(a->file, text, &file.fresh, api_key_command_on_pick, p);
    if (!error && p->count != 1) {
        fprintf(stderr, "turnpike: %s: %s\n", p->id,
            p->count ? "more than one key begins so" : "there is no such key in the file");
    } else if (!error) {
        if (more) {
            char hash[IDENT_SHA256_SIZE];
            int64_t created_ms = more->created_ms;
            memcpy(hash, more->hash, sizeof hash);
            *more = p->key;
            memcpy(more->hash, hash, sizeof hash);
            more->created_ms = created_ms;
            apikey_write(more, &file.fresh);
        }
        status = keyfile_replace(&file) ? 1 : 0;
    }
    free(text);
    keyfile_close(&file);
    return status;
}

static int api_key_command_run_revoke(struct api_key *a)
{
    struct api_key_pick p = {.drops = true};
    int status = api_key_command_change(a, &p, NULL);

    if (status != 0)
        return status;
    printf("%.16s of %s is out of %s: it counts no more on this machine\n", p.key.hash, p.key.user,
        a->file);
    ending_audit_key(a->conf, "api-key.revoke", &p.key);
    return ending_revoke_key(a->conf, &p.key) ? 1 : 0;
}

static int api_key_command_run_rotate(struct api_key *a)
{
    struct api_key_pick p = {.drops = false};
    struct apikey fresh = {.role = ""};
    char made[API_KEY_SIZE], ends[CLOCK_RFC3339_SIZE];
    int64_t grace;
    int status;

    if (conf_duration(a->grace ? a->grace : API_KEY_GRACE, &grace) || grace < 0)
        return api_key_command_wrong("--grace needs a time such as 7d or 0s");
    p.ends_ms = (clock_real_ms() + grace) / 1000 * 1000;
    api_key_command_make(&fresh, made);
    status = api_key_command_change(a, &p, &fresh);
    if (status != 0)
        return status;
    clock_rfc3339(p.key.expires_ms && p.key.expires_ms < p.ends_ms ? p.key.expires_ms : p.ends_ms,
        ends);
    api_key_command_show(made);
    printf("# Written to %s as %.16s: it is valid now. The old one, %.16s, ends at %s.\n", a->file,
        fresh.hash, p.key.hash, ends);
    ending_audit_key(a->conf, "api-key.rotate", &p.key);
    ending_copy_limits(a->conf, &p.key, &fresh);
    return 0;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(struct api_key *a);
} api_key_command_runs[] = {{"add", api_key_command_run_add}, {"list", api_key_command_run_list},
    {"revoke", api_key_command_run_revoke}, {"rotate", api_key_command_run_rotate}};

int api_key_command(const struct conf *conf, const char *wrong, int argc, char **argv)
{
    struct api_key a = {.conf = conf, .file = conf->api_keys_file};

    if (!api_key_command_options(&a, argc + 1, argv - 1))
        return api_key_command_usage();
    for (size_t i = 0; a.argc > 0 && i < sizeof api_key_command_runs / sizeof *api_key_command_runs;
         i++) {
        if (strcmp(a.argv[0], api_key_command_runs[i].name) != 0)
            continue;
        if (wrong) {
            fprintf(stderr, "turnpike: %s\n", wrong);
            return 1;
        }
        if (!*a.file)
            return api_key_command_wrong(
                "the setting api_keys.file names no file (or --file PATH)");
        a.argc--;
        a.argv++;
        return api_key_command_runs[i].run(&a);
    }
    return a.argc > 0 ? api_key_command_run_print(&a) : api_key_command_usage();
}
