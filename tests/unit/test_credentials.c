/* SPDX-License-Identifier: BSD-2-Clause */
/* test_credentials -- lines of api_keys.file, scopes of every route, what is revoked, the audit
 * log. */
#include "base/clock.h"
#include "base/jdoc.h"
#include "fcgi-app/needs.h"
#include "process/apikey.h"
#include "process/audit.h"
#include "process/auth.h"
#include "process/revoked.h"
#include "process/secrecy.h"
#include "tests/unit/cm.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LOOK_MS 5000

/* ---- lines ---- */

static int parse(const char *line, struct apikey *key, bool *found)
{
    static char copy[512];
    const char *why = NULL;
    snprintf(copy, sizeof copy, "%s", line);
    int error = apikey_parse(copy, key, found, &why);
    if (error)
        assert_non_null(why);
    return error;
}

static void a_line_says_what_its_key_may(void **state)
{
    struct apikey key;
    bool found;
    (void)state;
    assert_int_equal(parse(HASH " ada admin expires=2027-01-31 scopes=chat,tools class=gold "
                                "created=2026-11-30T10:20:30Z night job\r",
                         &key, &found),
        0);
    assert_true(found);
    assert_string_equal(key.user, "ada");
    assert_string_equal(key.role, "admin");
    assert_string_equal(key.class, "gold");
    assert_string_equal(key.name, "night job");
    assert_int_equal(key.scopes, SCOPE_CHAT | SCOPE_TOOLS);
    assert_true(key.expires_ms == 1801353600000);
    assert_true(key.created_ms == 1796034030000);
    assert_true(apikey_id(key.hash) == 0x0123456789abcdef);
    /* As every line was before. */
    assert_int_equal(parse(HASH " ada user reporting job", &key, &found), 0);
    assert_int_equal(key.scopes, SCOPES_ALL);
    assert_true(key.expires_ms == 0);
    assert_string_equal(key.class, "");
    assert_int_equal(parse("# " HASH " ada user", &key, &found), 0);
    assert_false(found);
    assert_int_equal(parse("  ", &key, &found), 0);
    assert_false(found);
}

static void a_line_with_an_error_is_no_key(void **state)
{
    static const char *const lines[] = {HASH, HASH " ada", HASH " ada root", "0123 ada user",
        HASH " ada user expires=tomorrow", HASH " ada user expires=2027-02-30",
        HASH " ada user expires=", HASH " ada user expires=2027-01-31x",
        HASH " ada user scopes=", HASH " ada user scopes=chat,", HASH " ada user scopes=chat;read",
        HASH " ada user scopes=everything", HASH " ada user class=", HASH " ada user class=a/b",
        HASH " ada user expire=2027-01-31", HASH " ada user a=b",
        HASH " ada user created=yesterday", HASH " ada user scopes:read",
        HASH " ada user Scope:chat", HASH " ada user job expires 2027-01-31",
        HASH " ada user class:gold"};
    struct apikey key;
    bool found;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (parse(lines[i], &key, &found) != ERR_CONFIG)
            fail_msg("taken: %s", lines[i]);
}

static void a_line_is_read_as_it_was_written(void **state)
{
    static const char *const lines[] = {HASH " ada user\n",
        HASH " ada admin created=2026-11-30 expires=2027-01-31T00:00:01Z scopes=read,admin "
             "class=gold a name\n",
        HASH " ada user class of 2027, created by classic scopesmith\n"};
    struct apikey key;
    bool found;
    (void)state;
    assert_true(apikey_is_name("class of 2027"));
    assert_false(apikey_is_name("job scopes"));
    assert_false(apikey_is_name("a=b"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct buf text = {0};
        char line[512];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(lines[i], "\n"), lines[i]);
        assert_int_equal(parse(line, &key, &found), 0);
        apikey_write(&key, &text);
        assert_string_equal(buf_text(&text), lines[i]);
        buf_free(&text);
    }
}

static void marks_are_read_as_they_were_written(void **state)
{
    static const char *const bad[] = {"", "k", "x0123456789abcdef.1", "k0123456789abcdef",
        "k0123456789abcdef.1x", "k.1"};
    struct auth_mark mark = {.kind = 'j', .id = 0xfedcba9876543210, .issued_ms = 1790000000123};
    struct auth_mark again;
    char text[AUTH_MARK_SIZE];
    (void)state;
    auth_mark_write(&mark, text);
    assert_true(auth_mark_read(text, &again));
    assert_true(again.kind == 'j' && again.id == mark.id && again.issued_ms == mark.issued_ms);
    auth_mark_write(&(struct auth_mark){0}, text);
    assert_string_equal(text, "-");
    assert_true(auth_mark_read(text, &again));
    assert_true(again.kind == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(auth_mark_read(bad[i], &again));
}

/* ---- scopes ---- */

static bool reads_dav(const char *method)
{
    return strcmp(method, "PROPFIND") == 0 || strcmp(method, "REPORT") == 0 ||
        strcmp(method, "OPTIONS") == 0;
}

static void every_route_takes_the_scope_that_it_needs_and_no_other(void **state)
{
    struct exchange *x = calloc(1, sizeof *x);
    (void)state;
    x->arena = arena_new();
    for (size_t i = 0; i < routes_count(); i++) {
        const struct routes_row *row = routes_at(i);
        unsigned needs = needs_of(row);
        assert_int_equal(needs == 0, row->user == ROUTES_ANYONE);
        for (unsigned at = 0; at < SCOPES_COUNT; at++) {
            unsigned scope = 1u << at;
            x->who.scopes = scope;
            memset(&x->problem, 0, sizeof x->problem);
            int error = needs_check(x, needs);
            assert_int_equal(error, needs == 0 || needs & scope ? 0 : ERR_FORBIDDEN);
            if (error == 0)
                continue;
            assert_int_equal(x->problem.code, PROBLEM_SCOPE);
            assert_non_null(strstr(x->problem.detail, scopes_name(needs)));
            assert_non_null(strstr(x->problem.members, scopes_name(needs)));
        }
        x->who.scopes = SCOPES_ALL;
        assert_int_equal(needs_check(x, needs), 0);
        x->who.scopes = 0;
        assert_int_equal(needs_check(x, needs), needs == 0 ? 0 : ERR_FORBIDDEN);
        /* Nothing but a ticket, which has no more than the key, is made with a key for reading.
         * WebDAV has methods of its own that read. */
        if (needs & SCOPE_READ && strcmp(row->method, "GET") != 0 && !reads_dav(row->method) &&
            strcmp(row->pattern, "/sign-in") != 0)
            assert_string_equal(row->pattern, "/ws-ticket");
    }
    arena_free(x->arena);
    free(x);
}

static void what_matters_most_has_a_scope_of_its_own(void **state)
{
    static const struct {
        const char *method, *pattern;
        unsigned needs;
    } rows[] = {{"POST", "/chat", SCOPE_CHAT}, {"POST", "/responses", SCOPE_CHAT},
        {"POST", "/approvals/{id}", SCOPE_APPROVE}, {"POST", "/tools/{id}", SCOPE_TOOLS},
        {"POST", "/mcp", SCOPE_TOOLS}, {"POST", "/inbox/{user}", SCOPE_ADMIN},
        {"DELETE", "/user-data", SCOPE_WRITE}, {"GET", "/export", SCOPE_READ},
        {"GET", "/sessions/{id}/events", SCOPE_READ}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool found = false;
        for (size_t at = 0; at < routes_count(); at++) {
            const struct routes_row *row = routes_at(at);
            if (strcmp(row->method, rows[i].method) != 0 ||
                strcmp(row->pattern, rows[i].pattern) != 0)
                continue;
            found = true;
            assert_int_equal(needs_of(row), rows[i].needs);
        }
        assert_true(found);
    }
}

/* ---- the place of files ---- */

struct place {
    struct conf conf;
    char dir[64], keys[128], audit[128];
};

static void place_set(struct place *p, const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&p->conf, name, value, why), 0);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    strcpy(p->dir, "/tmp/tp-credentials-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->keys, sizeof p->keys, "%s/keys", p->dir);
    snprintf(p->audit, sizeof p->audit, "%s/audit", p->dir);
    assert_int_equal(conf_init(&p->conf), 0);
    place_set(p, "run_dir", p->dir);
    place_set(p, "api_keys.file", p->keys);
    place_set(p, "audit.file", p->audit);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"keys", "revoked", "audit", "audit.1"};
    struct place *p = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(p->dir), 0);
    conf_fini(&p->conf);
    free(p);
    return 0;
}

/* ---- keys that change ---- */

#define KEY "tpk_0123456789abcdef0123456789abcdef"

static void write_key(const struct place *p, const char *user, const char *more)
{
    char hash[IDENT_SHA256_SIZE], line[512];
    ident_sha256_hex(KEY, strlen(KEY), hash);
    int len = snprintf(line, sizeof line, "%s %s admin %s\n", hash, user, more);
    assert_int_equal(file_replace(p->keys, line, (size_t)len, NULL), 0);
}

static struct auth *auth_of(const struct place *p)
{
    struct auth *a = NULL;
    char why[256] = "";
    if (auth_new(&a, &p->conf, why, sizeof why))
        fail_msg("%s", why);
    return a;
}

static int try_key(struct auth *a, struct auth_identity *who)
{
    const char *why = NULL;
    return auth_token(a, KEY, strlen(KEY), who, &why);
}

/* Until the worker has looked at its files again. */
static void until_key(struct auth *a, int result, struct auth_identity *who)
{
    int64_t until = clock_mono_ms() + LOOK_MS;
    while (try_key(a, who) != result)
        if (clock_mono_ms() > until || poll(NULL, 0, 10) != 0)
            fail_msg("the key's result never became %d", result);
}

static void a_key_has_the_rights_of_its_line(void **state)
{
    struct place *p = *state;
    struct auth_identity who;
    write_key(p, "ada", "scopes=read class=gold");
    struct auth *a = auth_of(p);
    assert_int_equal(try_key(a, &who), 0);
    assert_int_equal(who.scopes, SCOPE_READ);
    assert_string_equal(who.role, "user"); /* the scope admin is not among them */
    assert_string_equal(who.class, "gold");
    assert_int_equal(who.mark.kind, 'k');
    auth_free(a);
    write_key(p, "ada", "scopes=read,admin");
    a = auth_of(p);
    assert_int_equal(try_key(a, &who), 0);
    assert_string_equal(who.role, "admin");
    auth_free(a);
}

static void a_worker_learns_of_changes_by_itself(void **state)
{
    struct place *p = *state;
    struct auth_identity who;
    struct auth_mark mark;
    write_key(p, "ada", "");
    struct auth *a = auth_of(p);
    assert_int_equal(try_key(a, &who), 0);
    mark = who.mark;
    assert_int_equal(auth_ended(a, "ada", &mark), AUTH_LIVES);
    assert_int_equal(auth_ended(a, "bob", &mark), AUTH_REVOKED);
    /* An error takes nothing away. */
    assert_int_equal(file_replace(p->keys, "nonsense\n", 9, NULL), 0);
    poll(NULL, 0, 300);
    assert_int_equal(try_key(a, &who), 0);
    write_key(p, "ada", "expires=2020-01-01");
    until_key(a, ERR_AUTH, &who);
    assert_int_equal(who.ended, AUTH_EXPIRED);
    assert_string_equal(who.user, "");
    assert_int_equal(auth_ended(a, "ada", &mark), AUTH_EXPIRED);
    write_key(p, "ada", "expires=2999-01-01");
    until_key(a, 0, &who);
    assert_true(who.expires_ms > clock_real_ms());
    assert_int_equal(file_replace(p->keys, "#\n", 2, NULL), 0);
    until_key(a, ERR_AUTH, &who);
    assert_int_equal(who.ended, AUTH_LIVES); /* a key that was never there looks the same */
    assert_int_equal(auth_ended(a, "ada", &mark), AUTH_REVOKED);
    auth_free(a);
}

static void revoke_one(const struct place *p, const char *name, const char *value)
{
    struct revoked list = {0};
    char written[IDENT_SHA256_SIZE] = "";
    assert_int_equal(revoked_add(&list, "c:1111111111111111", "0 0"), 0);
    assert_int_equal(revoked_add(&list, name, value), 0);
    assert_int_equal(revoked_add(&list, "u:zoe", "5 0"), 0);
    assert_int_equal(revoked_file_write(&p->conf, &list, written), 0);
    revoked_free(&list);
}

/* The time of the only key that was used; 0 = none was. Forgets it. */
static int64_t take_use(struct keyuse *uses)
{
    struct keyuse_told told[2];
    size_t at = 0, left = 0, count = keyuse_due(uses, INT64_MAX, &at, told, 2, &left);
    assert_in_range(count, 0, 1);
    memset(uses, 0, sizeof *uses);
    return count ? told[0].used_ms : 0;
}

static void a_use_of_a_key_is_noted_also_through_what_was_made_of_it(void **state)
{
    struct place *p = *state;
    struct auth_identity who;
    struct keyuse *uses = calloc(1, sizeof *uses);
    char mark[AUTH_MARK_SIZE], ticket[256];
    int64_t before = clock_real_ms();
    write_key(p, "ada", "");
    struct auth *a = auth_of(p);
    auth_note_uses(a, uses);
    assert_int_equal(try_key(a, &who), 0);
    assert_in_range(take_use(uses), before, clock_real_ms());
    auth_mark_write(&who.mark, mark);
    snprintf(ticket, sizeof ticket, "ada user - 0 %s 2", mark);
    assert_int_equal(auth_ticket(a, ticket, strlen(ticket), NULL, &who), 0);
    assert_in_range(take_use(uses), before, clock_real_ms());
    assert_int_equal(auth_ended(a, "ada", &who.mark), AUTH_LIVES); /* an open connection */
    assert_in_range(take_use(uses), before, clock_real_ms());
    /* What is refused is no use. */
    assert_int_equal(auth_ended(a, "bob", &who.mark), AUTH_REVOKED);
    write_key(p, "ada", "expires=2020-01-01");
    until_key(a, ERR_AUTH, &who);
    memset(uses, 0, sizeof *uses);
    assert_int_equal(try_key(a, &who), ERR_AUTH);
    assert_true(take_use(uses) == 0);
    auth_free(a);
    free(uses);
}

static void a_revoked_key_ends_with_its_tickets(void **state)
{
    struct place *p = *state;
    struct auth_identity who;
    char name[REVOKED_NAME_SIZE], mark[AUTH_MARK_SIZE], ticket[256];
    write_key(p, "ada", "created=2026-11-01");
    struct auth *a = auth_of(p);
    assert_int_equal(try_key(a, &who), 0);
    auth_mark_write(&who.mark, mark);
    revoked_credential_name(who.mark.id, name);
    snprintf(ticket, sizeof ticket, "ada user - 0 %s 2", mark);
    assert_int_equal(auth_ticket(a, ticket, strlen(ticket), NULL, &who), 0);
    assert_int_equal(who.scopes, SCOPE_READ);
    revoke_one(p, name, "0 0");
    until_key(a, ERR_AUTH, &who);
    assert_int_equal(who.ended, AUTH_REVOKED);
    assert_int_equal(auth_ticket(a, ticket, strlen(ticket), NULL, &who), ERR_AUTH);
    auth_free(a);
    a = auth_of(p); /* a worker that starts knows it too */
    assert_int_equal(try_key(a, &who), ERR_AUTH);
    auth_free(a);
}

static void what_was_made_of_a_key_has_no_more_than_its_line(void **state)
{
    struct place *p = *state;
    struct auth_identity who;
    char mark[AUTH_MARK_SIZE], ticket[256];
    write_key(p, "ada", "class=gold");
    struct auth *a = auth_of(p);
    assert_int_equal(try_key(a, &who), 0);
    auth_mark_write(&who.mark, mark);
    assert_int_equal(auth_rights(a, &who.mark), SCOPES_ALL);
    snprintf(ticket, sizeof ticket, "ada admin - 0 %s %u gold", mark, (unsigned)SCOPES_ALL);
    assert_int_equal(auth_ticket(a, ticket, strlen(ticket), NULL, &who), 0);
    assert_string_equal(who.role, "admin");
    write_key(p, "ada", "scopes=read class=free");
    auth_free(a);
    a = auth_of(p);
    assert_int_equal(auth_ticket(a, ticket, strlen(ticket), NULL, &who), 0);
    assert_string_equal(who.role, "user");
    assert_string_equal(who.class, "free");
    assert_int_equal(who.scopes, SCOPE_READ);
    assert_int_equal(auth_rights(a, &who.mark), SCOPE_READ);
    assert_int_equal(auth_rights(a, &(struct auth_mark){.kind = 'j', .id = who.mark.id}),
        SCOPES_ALL);
    auth_free(a);
}

static void what_a_user_had_before_ends_and_what_comes_after_counts(void **state)
{
    struct place *p = *state;
    struct revoked_watch watch = {.conf = &p->conf};
    revoke_one(p, "u:ada", "1000 0");
    revoked_watch_look(&watch);
    assert_true(revoked_has(&watch, "ada", 0, 999));
    assert_true(revoked_has(&watch, "ada", 7, 0)); /* nobody knows when: older */
    assert_false(revoked_has(&watch, "ada", 7, 1000));
    assert_false(revoked_has(&watch, "ad", 0, 0));
    assert_false(revoked_has(&watch, "bob", 0, 0));
    assert_true(revoked_has(&watch, "bob", 0x1111111111111111, 5000));
    revoked_watch_fini(&watch);
}

static void what_is_no_entry_is_passed_over(void **state)
{
    static const struct {
        const char *name, *value;
    } bad[] = {{"c:1", "0 0"}, {"c:111111111111111G", "0 0"}, {"u:", "0 0"}, {"u:a b", "0 0"},
        {"x:a", "0 0"}, {"u:a", "0"}, {"u:a", ""}, {"u:a", "0 0 0"}, {"u:a", "a b"}};
    struct revoked list = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(revoked_add(&list, bad[i].name, bad[i].value), ERR_INVALID);
    assert_int_equal(list.count, 0);
}

/* ---- the audit log ---- */

static void note(const struct place *p, const char *object)
{
    audit_write(&p->conf,
        &(struct audit_act){.act = "test.act",
            .object = object,
            .outcome = "done",
            .user = "ada",
            .credential = "k0123456789abcdef.0"});
}

static size_t verified(const char *path, char prev[AUDIT_DIGEST_SIZE])
{
    size_t lines = 0;
    assert_int_equal(audit_verify(path, prev, &lines), 0);
    return lines;
}

/* The file without its line `without`; with a changed byte when change. */
static void tamper(const char *path, size_t without, bool change)
{
    char *text = NULL;
    size_t len, line = 1, out = 0;
    assert_int_equal(file_read(-100 /* AT_FDCWD */, path, 65536, &text, &len), 0);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (line != without || change)
            text[out++] = line == without && change && c == 'g' ? 'G' : c;
        line += c == '\n';
    }
    assert_int_equal(file_replace(path, text, out, NULL), 0);
    free(text);
}

static void a_line_that_is_missing_or_changed_shows(void **state)
{
    struct place *p = *state;
    char prev[AUDIT_DIGEST_SIZE] = "";
    struct stat st;
    size_t lines;
    for (int i = 0; i < 4; i++)
        note(p, "a\n\"thing\"");
    assert_int_equal(stat(p->audit, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(verified(p->audit, prev), 4);
    tamper(p->audit, 2, false);
    prev[0] = '\0';
    assert_int_equal(audit_verify(p->audit, prev, &lines), ERR_CONFLICT);
    assert_int_equal(lines, 2);
    unlink(p->audit);
    for (int i = 0; i < 4; i++)
        note(p, "thing");
    tamper(p->audit, 3, true);
    prev[0] = '\0';
    assert_int_equal(audit_verify(p->audit, prev, &lines), ERR_CONFLICT);
    assert_int_equal(lines, 4);
}

static void a_rotated_file_goes_on_in_the_next(void **state)
{
    struct place *p = *state;
    char older[160], prev[AUDIT_DIGEST_SIZE] = "";
    note(p, "one");
    snprintf(older, sizeof older, "%s.1", p->audit);
    assert_int_equal(rename(p->audit, older), 0);
    note(p, "two");
    assert_int_equal(verified(older, prev), 1);
    assert_int_equal(verified(p->audit, prev), 1); /* by the digest of the older one */
}

static void half_a_line_does_not_break_the_chain(void **state)
{
    struct place *p = *state;
    char prev[AUDIT_DIGEST_SIZE] = "";
    note(p, "one");
    FILE *file = fopen(p->audit, "a");
    fputs("{\"time\":\"20", file);
    fclose(file);
    note(p, "two");
    assert_int_equal(verified(p->audit, prev), 3);
}

#define WRITERS 4
#define LINES 25

static void several_processes_write_one_chain(void **state)
{
    struct place *p = *state;
    char prev[AUDIT_DIGEST_SIZE] = "";
    pid_t pids[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            for (int at = 0; at < LINES; at++)
                note(p, "thing");
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    assert_int_equal(verified(p->audit, prev), WRITERS * LINES);
}

/* ---- places where others look ---- */

static void secrets_leave_the_command_line_and_the_environment(void **state)
{
    char secret[] = "openai.key=sk-1", plain[] = "run_dir=/run/x", none[] = "openai.key";
    (void)state;
    secrecy_hide_argument(secret);
    assert_string_equal(secret, "openai.key=****");
    secrecy_hide_argument(plain);
    assert_string_equal(plain, "run_dir=/run/x");
    secrecy_hide_argument(none);
    assert_string_equal(none, "openai.key");
    char key[] = "OPENAI_API_KEY=sk-1", token[] = "My_Token=t", zone[] = "TP_ZONE=UTC";
    assert_int_equal(putenv(key) | putenv(token) | putenv(zone), 0);
    secrecy_hide_environment();
    assert_null(getenv("OPENAI_API_KEY"));
    assert_null(getenv("My_Token"));
    assert_string_equal(getenv("TP_ZONE"), "UTC");
    assert_string_equal(key, "OPENAI_API_KEY="); /* what /proc shows */
    assert_string_equal(token, "My_Token=");
    unsetenv("TP_ZONE");
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_its_key_may),
        cmocka_unit_test(a_line_with_an_error_is_no_key),
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(marks_are_read_as_they_were_written),
        cmocka_unit_test(every_route_takes_the_scope_that_it_needs_and_no_other),
        cmocka_unit_test(what_matters_most_has_a_scope_of_its_own),
        cmocka_unit_test(secrets_leave_the_command_line_and_the_environment),
        PLACED(a_key_has_the_rights_of_its_line),
        PLACED(a_worker_learns_of_changes_by_itself),
        PLACED(a_use_of_a_key_is_noted_also_through_what_was_made_of_it),
        PLACED(a_revoked_key_ends_with_its_tickets),
        PLACED(what_was_made_of_a_key_has_no_more_than_its_line),
        PLACED(what_a_user_had_before_ends_and_what_comes_after_counts),
        cmocka_unit_test(what_is_no_entry_is_passed_over),
        PLACED(a_line_that_is_missing_or_changed_shows),
        PLACED(a_rotated_file_goes_on_in_the_next),
        PLACED(half_a_line_does_not_break_the_chain),
        PLACED(several_processes_write_one_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
