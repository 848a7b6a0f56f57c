/* SPDX-License-Identifier: BSD-2-Clause */
/* conf: forms, limits, reasons, files, secrets, checks across settings. */
#include "base/conf.h"
#include "base/err.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct conf c;
static char why[CONF_WHY_SIZE];

static int setup(void **state)
{
    (void)state;
    why[0] = 0;
    return conf_init(&c);
}

static int teardown(void **state)
{
    (void)state;
    conf_fini(&c);
    return 0;
}

static void defaults_are_right(void **state)
{
    (void)state;
    assert_int_equal(c.turn_seats, 256);
    assert_int_equal(c.turn_workers, 0);
    assert_int_equal(c.queue_wait_ms, 5000);
    assert_int_equal(c.body_max, 1 << 20);
    assert_true(c.session_keep_ms == 365LL * 86400000);
    assert_false(c.development);
    assert_string_equal(c.log_file, "");
    assert_int_equal(conf_check(&c, why), 0);
}

static void values_and_reasons(void **state)
{
    static const struct {
        const char *name, *value, *why; /* NULL = taken */
    } cases[] = {
        {"turn.workers", "8", NULL},
        {"turn.seats", "200", NULL},
        {"turn.seats", "0", "turn.seats: 0 is below 1 (1 to 4096)"},
        {"turn.seats", "5000", "turn.seats: 5000 is above 4096 (1 to 4096)"},
        {"turn.workers", "200",
            "turn.workers: 200 is above 64: turn.workers now counts processes; "
            "write turn.seats = 200 for 200 turns at once"},
        {"turn.workers", "4096",
            "turn.workers: 4096 is above 64: turn.workers now counts processes; "
            "write turn.seats = 4096 for 4096 turns at once"},
        {"turn.workers", "5000", "turn.workers: 5000 is above 64 (0 to 64)"},
        {"turn.workers", "-1", "turn.workers: \"-1\" is not a whole number"},
        {"turn.workers", "8x", "turn.workers: \"8x\" is not a whole number"},
        {"turn.workers", "", "turn.workers: has no value: a whole number is needed"},
        {"turn.workers", "99999999999999999999",
            "turn.workers: \"99999999999999999999\" is not a whole number"},
        {"turn.queue_wait", "250ms", NULL},
        {"turn.queue_wait", "5",
            "turn.queue_wait: \"5\" is not a duration such as 250ms, 5s, 10m, 24h or 30d; did you "
            "mean 5s?"},
        {"turn.queue_wait", "5 Sec",
            "turn.queue_wait: \"5 Sec\" is not a duration such as 250ms, 5s, 10m, 24h or 30d; did "
            "you mean 5s?"},
        {"turn.queue_wait", "5s # long",
            "turn.queue_wait: \"5s # long\" is not a duration such as 250ms, 5s, 10m, 24h or 30d: a "
            "comment needs a line of its own"},
        {"turn.queue_wait", "1ms", "turn.queue_wait: 1ms is below 50ms (50ms to 10m)"},
        {"turn.queue_wait", "1h", "turn.queue_wait: 1h is above 10m (50ms to 10m)"},
        {"keep.log", "106751991168d",
            "keep.log: \"106751991168d\" is not a duration such as 250ms, 5s, 10m, 24h or 30d"},
        {"stream.max_age", "0", NULL},
        {"http.body", "64k", NULL},
        {"http.body", "1", "http.body: 1 is below 4k (4k to 64m)"},
        {"http.body", "1g", "http.body: 1g is above 64m (4k to 64m)"},
        {"http.body", "8MB",
            "http.body: \"8MB\" is not a size such as 65536, 64k, 8m or 1g; did you mean 8m?"},
        {"keep.log", "1m", NULL},
        {"keep.log", "1s", "keep.log: 1s is below 1m (1m or more)"},
        {"development", "yes", NULL},
        {"development", "enabled", "development: \"enabled\" is not on or off; did you mean on?"},
        {"development", "offf", "development: \"offf\" is not on or off; did you mean off?"},
        {"socket_mode", "0640", NULL},
        {"socket_mode", "0", NULL},
        {"socket_mode", "432", NULL},
        {"socket_mode", "660",
            "socket_mode: \"660\" is not a mode in octal such as 0660; did you mean 0660?"},
        {"socket_mode", "0800", "socket_mode: \"0800\" is not a mode in octal such as 0660"},
        {"socket_mode", "01777", "socket_mode: 01777 is above 0777 (0000 to 0777)"},
        {"socket_mode", "0x1b0", "socket_mode: \"0x1b0\" is not a mode in octal such as 0660"},
        {"development", "maybe", "development: \"maybe\" is not on or off"},
        {"nonsense", "1", "nonsense: there is no such setting"},
        {"seats", "1", "seats: there is no such setting; did you mean turn.seats?"},
        {"Turn-Seats", "1", "Turn-Seats: there is no such setting; did you mean turn.seats?"},
        {"trun.seats", "1", "trun.seats: there is no such setting; did you mean turn.seats?"},
        {"turn.workers_file", "x", "turn.workers_file: there is no such setting"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int error = conf_set(&c, cases[i].name, cases[i].value, why);
        assert_int_equal(error, cases[i].why ? ERR_CONFIG : 0);
        if (cases[i].why)
            assert_string_equal(why, cases[i].why);
    }
    assert_int_equal(c.turn_workers, 8);
    assert_int_equal(c.turn_seats, 200);
    assert_int_equal(c.queue_wait_ms, 250);
    assert_int_equal(c.body_max, 65536);
}

static void text_with_line_numbers(void **state)
{
    static const char good[] = "# a comment\r\n\r\n  turn.workers =  7 \r\nmachine=a = b # c\n"
                               "turn.workers = 9";
    static const char bad[] = "turn.workers = 7\nlease = 5\n";

    (void)state;
    assert_int_equal(conf_load_text(&c, "x", good, sizeof good - 1, why), 0);
    assert_int_equal(c.turn_workers, 9);
    assert_string_equal(c.machine, "a = b # c");
    assert_int_equal(conf_load_text(&c, "x.conf", bad, sizeof bad - 1, why), ERR_CONFIG);
    assert_non_null(strstr(why, "x.conf:2: lease: \"5\" is not a duration"));
    assert_int_equal(conf_load_text(&c, "x", "word\n", 5, why), ERR_CONFIG);
    assert_string_equal(why, "x:1: this line is not of the form name = value");
    assert_int_equal(conf_load_text(&c, "x", "a\0b", 3, why), ERR_CONFIG);
    assert_int_equal(conf_load(&c, "/nonexistent/x", why), ERR_CONFIG);
    assert_string_equal(why, "/nonexistent/x: No such file or directory");
    assert_int_equal(conf_load(&c, "/", why), ERR_CONFIG);
    assert_string_equal(why, "/: not a regular file");
}

static void hide(void *arg, const struct conf_setting *s)
{
    *(int *)arg += 1;
    if (strcmp(s->name, "redis.password") == 0)
        assert_string_equal(s->value, "***");
    if (strcmp(s->name, "turn.queue_wait") == 0)
        assert_string_equal(s->value, "5s");
    if (strcmp(s->name, "socket_mode") == 0)
        assert_string_equal(s->value, "0660");
    assert_null(strstr(s->value, "s3cret"));
    assert_true(*s->group && *s->help && *s->type);
}

static void secrets_from_files(void **state)
{
    char directory[] = "/tmp/conf-XXXXXX", path[64];
    int visited = 0;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/key", directory);
    FILE *f = fopen(path, "w");
    fputs("s3cret\n", f);
    fclose(f);
    assert_int_equal(conf_set(&c, "redis.password_file", path, why), 0);
    assert_string_equal(c.redis_password, "s3cret");
    conf_visit(&c, hide, &visited);
    assert_true(visited > 80);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(conf_set(&c, "openai.key_file", "key", why), ERR_CONFIG);
    assert_non_null(strstr(why, "$CREDENTIALS_DIRECTORY is not set"));
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    assert_int_equal(conf_set(&c, "openai.key_file", "key", why), 0);
    assert_string_equal(c.openai_key, "s3cret");
    assert_int_equal(conf_set(&c, "openai.key_file", "absent", why), ERR_CONFIG);
    assert_non_null(strstr(why, "/absent: No such file"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not block */
    assert_int_equal(conf_set(&c, "openai.key_file", "key", why), ERR_CONFIG);
    assert_int_equal(conf_set(&c, "openai.key_file", "", why), 0);
    assert_string_equal(c.openai_key, "");
    unlink(path);
    rmdir(directory);
}

static char heard[256];

static void hear(const char *secret)
{
    size_t len = strlen(heard);
    snprintf(heard + len, sizeof heard - len, "%s|", secret);
}

/* Whoever repeats a header's value repeats it without its name, or without "Bearer". */
static void headers_are_secret_value_by_value(void **state)
{
    (void)state;
    heard[0] = '\0';
    assert_int_equal(conf_set(&c, "otlp.headers", "authorization=Bearer t0ken,x-key=k3y", why), 0);
    conf_each_secret(&c, hear);
    assert_string_equal(heard, "Bearer t0ken|t0ken|k3y|");
}

static void check(const char *name, const char *value, const char *reason)
{
    assert_int_equal(conf_set(&c, name, value, why), 0);
    int error = conf_check(&c, why);
    if (!reason && error)
        fail_msg("%s", why);
    if (reason && (!error || !strstr(why, reason)))
        fail_msg("%s = %s: \"%s\", not \"%s\"", name, value, error ? why : "", reason);
}

static void the_page_is_told_what_it_can_use(void **state)
{
    (void)state;
    check("page.name", "Frau Müller 🚐", NULL);
    check("page.name", "  ", "page.name: 1 to 60 characters");
    check("page.name", "PAM", NULL);
    check("page.images", "https://a.example http://[::1]:80", NULL);
    check("page.images", "*", "page.images: \"*\" is not an origin");
    check("page.images", "https://a.example/x", "is not an origin");
    check("page.images", "", NULL);
    check("page.post_message", "https://a.example null", "page.post_message: \"null\" is not");
    check("page.post_message", "https://a.example", NULL);
    check("page.tiles_url", "https://t.example/{z}/{x}/1.png", "has no {y}");
    check("page.tiles_url", "t.example/{z}/{x}/{y}", "page.tiles_url: ");
    check("page.tiles_url", "https://t.example/{z}/{x}/{y}.png", "page.tiles_attribution: empty");
    check("page.tiles_attribution", "Tile Makers", NULL);
    check("page.sign_in_url", "/login?next=/", NULL);
    check("page.sign_in_url", "https://www.example.org/login", NULL);
    check("page.sign_in_url", "//evil.example/", "page.sign_in_url: ");
    check("page.sign_in_url", "/\\evil.example/", "page.sign_in_url: ");
    check("page.sign_in_url", "javascript:alert(1)", "page.sign_in_url: ");
    check("page.sign_in_url", "", NULL);
    check("page.sign_out_url", "logout", "page.sign_out_url: ");
    check("page.sign_out_url", "/logout", NULL);
    check("auth.cookie", "a b", "auth.cookie: \"a b\" is not the name of a cookie");
    check("auth.cookie", "__Host-token", NULL);
}

static void files_must_fit_into_what_carries_and_keeps_them(void **state)
{
    (void)state;
    check("attachments.bytes", "20m", "above attachments.body");
    check("attachments.body", "30m", NULL);
    check("attachments.quota", "10m", "above attachments.quota");
    check("attachments.quota", "20m", NULL);
}

static void checks_across_settings(void **state)
{
    static const char *const loopback[] = {"127.0.0.1:80", "127.9.9.9", "[::1]:80", "::1",
        "localhost:8080"};
    static const char *const elsewhere[] = {"0.0.0.0:80", "10.0.0.1", "", "[::]:80", "example.org",
        "127.0.0.1.example.org:80", "localhost.example.org", "[::1]x", "8.8.8.8:127"};

    (void)state;
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        check("development", "off", NULL);
        check("listen_hint", elsewhere[i], NULL);
        check("development", "on", "is not a loopback address");
        conf_set(&c, "development", "off", why);
    }
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        check("listen_hint", loopback[i], NULL);
        check("development", "on", NULL);
    }
    check("jwt.algorithm", "none", "\"none\" is not HS256, RS256");
    check("jwt.algorithm", "HS256 RS256", "HS256 stands alone");
    check("jwt.algorithm", "HS256", "jwt.secret: 0 bytes");
    check("jwt.secret", "0123456789012345678901234567890123456789", "jwt.audience");
    check("jwt.audience", "pam", NULL);
    check("jwt.secret_previous", "short", "jwt.secret_previous: 5 bytes");
    check("jwt.secret_previous", "", NULL);
    check("jwt.algorithm", "ES256", "jwt.keys_dir");
    check("jwt.algorithm", "ES256, EdDSA", "jwt.keys_dir");
    check("jwt.jwks_url", "login.example.org", "jwt.jwks_url: ");
    check("jwt.jwks_url", "http://login.example.org/jwks", "must begin with https://");
    check("jwt.jwks_url", "http://127.0.0.1:1/jwks", NULL);
    check("jwt.jwks_url", "https://login.example.org/jwks", NULL);
    check("jwt.algorithm", "", NULL);
    check("jwt.audience", "", "jwt.audience");
    check("jwt.audience", "pam", NULL);
    check("jwt.algorithm", "HS256", "HS256 stands alone");
    check("jwt.jwks_url", "", NULL);
    check("jwt.algorithm", "", NULL);
    check("log.level", "loud", "log.level");
    check("log.level", "warn", NULL);
    check("facade.model", " ", "names of 1 to 100 characters");
    check("facade.model", "pam a/b", "not \"a/b\"");
    check("facade.model", "pam gpt-4o", NULL);
    check("model.chain", "anthropic, openai offline", "anthropic.key: empty");
    check("anthropic.key", "k", "openai.key: empty, but model.chain names openai");
    check("openai.url", "http://127.0.0.1:11434/v1", NULL);
    check("openai.url", "https://api.openai.com/v1", "openai.key");
    check("openai.key", "k", NULL);
    check("model.chain", "anthropic gemini",
        "\"gemini\" is not anthropic, openai, responses or offline");
    check("model.chain", "offline", NULL);
    check("responses.summary", "long", "responses.summary: \"long\" is not auto, concise");
    check("responses.summary", "off", NULL);
    check("responses.temperature", "3", "responses.temperature");
    check("responses.temperature", "", NULL);
    check("model.temperature", "warm", "model.temperature");
    check("model.temperature", "", NULL);
    check("respawn.min", "31s", "respawn.min");
    check("respawn.min", "1s", NULL);
    check("stream.ping", "60s", "stream.ping");
    check("stream.ping", "20s", NULL);
    check("anthropic.url", "ftp://x", "anthropic.url");
    check("anthropic.url", "https://api.example.com:99999", "a port that is not from 1 to 65535");
    check("anthropic.url", "http://user:secret@127.0.0.1:8080/v1", NULL);
    check("weather.url", "https://.com", "weather.url: \"https://.com\" has a host name");
    check("weather.url", "http://forecast_1:8080/v1", NULL);
    check("origins", "https://a.example https://a.example/",
        "\"https://a.example/\" is not an origin");
    check("origins", "a.example", "is not an origin");
    check("origins", "https://", "is not an origin");
    check("origins", "https://*.example", "is not an origin");
    check("origins", "https://a.example:8443 capacitor://localhost null http://[::1]:80", NULL);
    check("origins", " * ", NULL);
    check("jwt.user_claim", "", "jwt.user_claim: empty");
    check("jwt.user_claim", "https://example.com/uid", NULL);
}

static char told[4096];

static void keep(void *arg, const struct conf_problem *problem)
{
    char line[CONF_WHY_SIZE];
    size_t len = strlen(told);

    (void)arg;
    snprintf(told + len, sizeof told - len, "%s\n", conf_problem_line(problem, line));
}

static void say(const char *text)
{
    told[0] = 0;
    FILE *f = fopen("test_conf.told", "w");
    fputs(text, f);
    fclose(f);
    conf_fini(&c);
    assert_int_equal(conf_init(&c), 0);
    assert_true(conf_load_each(&c, "test_conf.told", keep, NULL) >= 0);
    conf_check_each(&c, keep, NULL);
    unlink("test_conf.told");
}

static void all_problems_are_told_with_their_places(void **state)
{
    (void)state;
    say("# first\nlog.level = debgu\nturn.seats 8\nturn.seats = 8\nturn.seats = 9\n"
        "model.chain = opnai\nmachine = \"a\"\nanthropic.thinking = hihg\n");
    assert_string_equal(told,
        "test_conf.told:3: turn.seats: = is missing between the name and the value\n"
        "warning: test_conf.told:5: turn.seats: is set in line 4 too; this line, 5, counts\n"
        "warning: test_conf.told:7: machine: the quotation marks are part of the value\n"
        "test_conf.told:2: log.level: \"debgu\" is not debug, info, warn or error; did you mean "
        "debug?\n"
        "test_conf.told:6: model.chain: \"opnai\" is not anthropic, openai, responses or offline; did "
        "you mean openai?\n"
        "test_conf.told:8: anthropic.thinking: \"hihg\" is not auto, on, off, minimal, low, medium, "
        "high, xhigh, max or tokens from 1024 to 1000000\n");
    assert_int_equal(c.turn_seats, 9);
}

/* A line that is not of the form may hold a secret, or be one. */
static void no_problem_shows_a_secret(void **state)
{
    (void)state;
    say("openai.key sk-hidden\nopenai.key: sk-hidden\nopenai.key sk-hidden==\nsk-hidden\n"
        "sk-hidden==\nsk hidden = 1\nopenai.kye = sk-hidden\n");
    assert_null(strstr(told, "hidden"));
    assert_non_null(strstr(told,
        "told:1: openai.key: = is missing between the name and the value\n"
        "test_conf.told:2: openai.key: = is missing between the name and the value\n"
        "test_conf.told:3: openai.key: = is missing between the name and the value\n"
        "test_conf.told:4: this line is not of the form name = value\n"
        "test_conf.told:5: this line is not of the form name = value\n"
        "test_conf.told:6: this line is not of the form name = value\n"
        "test_conf.told:7: openai.kye: there is no such setting; did you mean openai.key?\n"));
}

/* What would only follow from a line that has been told is not told. */
static void nothing_that_follows_from_it(void **state)
{
    (void)state;
    say("model.chain = openai\nopenai.key_file = /nope\n");
    assert_string_equal(told,
        "test_conf.told:2: openai.key_file: /nope: No such file or directory\n");
}

static void what_is_valid_and_does_not_fit_together_is_a_warning(void **state)
{
    static const struct {
        const char *file, *told;
    } cases[] = {
        {"redis.host = 10.0.0.1\n",
            "warning: test_conf.told:1: redis.host: is not used while redis.socket is "
            "/run/redis/redis-server.sock; write `redis.socket =` for it\n"},
        {"redis.sentinels = a:1\nredis.port = 1\n",
            "warning: test_conf.told:2: redis.port: is not used, as redis.sentinels names the "
            "server\n"},
        {"jwt.secret = 01234567890123456789012345678901\n",
            "warning: test_conf.told:1: jwt.secret: is not used, as jwt.algorithm does not name "
            "HS256\n"},
        {"openai.key = k\n",
            "warning: test_conf.told:1: openai.key: is not used, as model.chain does not name "
            "openai\n"},
        {"search.key = k\n",
            "warning: test_conf.told:1: search.key: is not used, as search.url is empty\n"},
        {"\ntool.process_wait = 5s\n",
            "warning: test_conf.told:2: tool.process_ms: is not below tool.process_wait, so that one "
            "slow call makes the calls behind it fail\n"},
        {"tools.allow_private = on\n",
            "warning: test_conf.told:1: tools.allow_private: is for tests only: users can reach this "
            "machine's own network by it\n"},
        {"socket_mode = 432\n",
            "warning: test_conf.told:1: socket_mode: 432 is decimal: write it in octal, 0660\n"},
        {"listen_hint = 127.0.0.1:6379\nredis.socket =\n",
            "test_conf.told:1: redis.port: port 6379 is that of listen_hint, too: one of them cannot "
            "listen\n"},
        {"metrics.listen = 127.0.0.1:8080\nlisten_hint = [::1]:8080\n",
            "test_conf.told:1: metrics.listen: port 8080 is that of listen_hint, too: one of them "
            "cannot listen\n"},
        {"listen_hint = 127.0.0.1:80800\n",
            "test_conf.told:1: listen_hint: \"127.0.0.1:80800\" has no port from 1 to 65535\n"},
        {"model.chain = \n",
            "test_conf.told:1: model.chain: is empty: `offline` answers without a "
            "model\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(cases[i].file);
        assert_string_equal(told, cases[i].told);
    }
    say("");
    assert_string_equal(told, ""); /* the defaults */
}

static void look(void *arg, const struct conf_setting *s)
{
    (void)arg;
    if (strcmp(s->name, "turn.seats") == 0) {
        assert_string_equal(s->value, "9");
        assert_string_equal(s->least, "1");
        assert_string_equal(s->most, "4096");
        assert_string_equal(s->source, "x.conf");
        assert_int_equal(s->line, 2);
        assert_true(s->changed);
    } else if (strcmp(s->name, "lease") == 0) {
        assert_string_equal(s->source, "-s");
        assert_false(s->changed); /* said, and the same as the default */
    } else if (strcmp(s->name, "redis.password") == 0) {
        assert_string_equal(s->value, "***");
        assert_true(s->changed && s->secret);
    } else {
        assert_null(s->source);
        assert_false(s->changed);
    }
}

static void a_setting_knows_where_it_is_from(void **state)
{
    static const char text[] = "\nturn.seats = 9\nredis.password = s3cret\n";
    struct conf other;

    (void)state;
    assert_int_equal(conf_load_text(&c, "x.conf", text, sizeof text - 1, why), 0);
    assert_int_equal(conf_override_each(&c, "lease=5s", keep, NULL), 0);
    conf_visit(&c, look, NULL);
    assert_int_equal(conf_init(&other), 0);
    assert_true(conf_differs(&c, &other, "turn.seats"));
    assert_true(conf_differs(&c, &other, "redis.password"));
    assert_false(conf_differs(&c, &other, "lease"));
    conf_fini(&other);
    assert_int_equal(conf_override_each(&c, "lease", keep, NULL), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_right, setup, teardown),
        cmocka_unit_test_setup_teardown(values_and_reasons, setup, teardown),
        cmocka_unit_test_setup_teardown(text_with_line_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_from_files, setup, teardown),
        cmocka_unit_test_setup_teardown(the_page_is_told_what_it_can_use, setup, teardown),
        cmocka_unit_test_setup_teardown(files_must_fit_into_what_carries_and_keeps_them, setup,
            teardown),
        cmocka_unit_test_setup_teardown(checks_across_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(all_problems_are_told_with_their_places, setup, teardown),
        cmocka_unit_test_setup_teardown(no_problem_shows_a_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_are_secret_value_by_value, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_that_follows_from_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_valid_and_does_not_fit_together_is_a_warning, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_setting_knows_where_it_is_from, setup, teardown),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
