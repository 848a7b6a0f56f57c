/* SPDX-License-Identifier: BSD-2-Clause */
/* log: one line a fact, escapes, levels, rotation, the limit for hostile input. */
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "tests/unit/cm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/log-XXXXXX", path[64], moved[64];

static size_t read_all(const char *name, char *out, size_t size)
{
    FILE *f = fopen(name, "r");
    size_t n = f ? fread(out, 1, size - 1, f) : 0;

    out[n] = 0;
    if (f)
        fclose(f);
    return n;
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/log", directory);
    snprintf(moved, sizeof moved, "%s/log.1", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(moved);
    rmdir(directory);
    return 0;
}

static void lines(void **state)
{
    char text[16384], long_text[6000];

    (void)state;
    assert_int_equal(log_open("/nonexistent/log"), ERR_IO);
    assert_int_equal(log_open(path), 0);
    log_process_set("turn/17");
    log_context_set("turn=1\nforged");
    errno = EPIPE;
    log_info("a\nb\r\x1b[31m %s", "caf\xc3\xa9");
    assert_int_equal(errno, EPIPE);
    log_debug("hidden");
    log_context_set(NULL);
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    log_error("%s", long_text);
    size_t n = read_all(path, text, sizeof text);
    char *second = strchr(text, '\n') + 1;
    assert_non_null(strstr(text, "Z INFO turn/17["));
    assert_non_null(strstr(text, "] turn=1\\nforged a\\nb\\r\\x1b[31m caf\xc3\xa9\n"));
    assert_null(strstr(text, "hidden"));
    assert_true(strlen(second) <= 4096);
    assert_true(strlen(second) > 4000);
    assert_ptr_equal(strchr(second, '\n'), text + n - 1);
}

static unsigned written, unwritten;

static void count(enum log_level level, bool was_written)
{
    (void)level;
    ++*(was_written ? &written : &unwritten);
}

/* A file that may grow no more, in the middle of a line. */
static void a_line_that_is_not_taken_whole_is_left_out(void **state)
{
    char text[16384], before[16384];
    struct rlimit limit, small;
    size_t n;

    (void)state;
    assert_int_equal(log_open(path), 0);
    log_info("the last one that fits");
    n = read_all(path, before, sizeof before);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = n + 10, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    written = unwritten = 0;
    log_count(count);
    for (int i = 0; i < 3; i++)
        log_info("one that does not");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(read_all(path, text, sizeof text), n);
    assert_string_equal(text, before);
    log_info("one behind them");
    log_count(NULL);
    assert_int_equal(unwritten, 3);
    assert_int_equal(written, 2);
    read_all(path, text, sizeof text);
    assert_null(strstr(text, "does not"));
    assert_non_null(strstr(text + n, "one behind them\n"));
    assert_non_null(strstr(text + n, "3 lines before the last one are lost"));
}

static void what_must_not_be_lost_is_written_at_any_level(void **state)
{
    char text[16384];

    (void)state;
    assert_int_equal(log_open(path), 0);
    log_level_set(LOG_LEVEL_ERROR);
    log_warn("a warning %d", 17);
    log_always("an act %d", 17);
    log_level_set(LOG_LEVEL_INFO);
    read_all(path, text, sizeof text);
    assert_null(strstr(text, "a warning 17"));
    assert_non_null(strstr(text, " INFO "));
    assert_non_null(strstr(text, "an act 17\n"));
}

static void rotation(void **state)
{
    char text[4096];

    (void)state;
    assert_int_equal(rename(path, moved), 0);
    log_warn("to the old file");
    log_reopen();
    log_warn("to the new file");
    read_all(path, text, sizeof text);
    assert_non_null(strstr(text, "to the new file"));
    assert_null(strstr(text, "to the old file"));
}

/* A folder stands where the file was. */
static void a_log_that_cannot_be_opened_again_says_so(void **state)
{
    char text[8192];

    (void)state;
    unlink(moved);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    log_reopen();
    log_warn("still to the old file");
    assert_int_equal(rmdir(path), 0);
    log_reopen();
    log_warn("to the third file");
    read_all(moved, text, sizeof text);
    assert_non_null(strstr(text, "ERROR turn/17"));
    assert_non_null(strstr(text, "the log file cannot be opened again: Is a directory"));
    assert_non_null(strstr(text, "still to the old file"));
    assert_null(strstr(text, "to the third file"));
    read_all(path, text, sizeof text);
    assert_non_null(strstr(text, "to the third file"));
}

static void hostile_input_is_limited(void **state)
{
    struct log_limit limit = {0};
    char text[8192];
    int passed = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        passed += log_limit_pass(&limit);
    assert_int_equal(passed, 10);
    limit.window_ms -= 10000; /* as if ten seconds had gone */
    assert_true(log_limit_pass(&limit));
    read_all(path, text, sizeof text);
    assert_non_null(strstr(text, "990 more lines"));
    assert_int_equal(log_open(NULL), 0);
}

/* Text of strangers closes no quote, no line and no field; a cut line is whole in its form. */
static void lines_in_other_forms(void **state)
{
    char text[16384], long_text[6000];
    jdoc *line = NULL;

    (void)state;
    unlink(path);
    assert_int_equal(log_open(path), 0);
    log_form_set(LOG_FORM_JSON);
    log_context_set("turn=1 user=a\"b words level=forged trace=ff");
    log_warn("a\"b\\c\n\x01 caf\xc3\xa9 \xff \xc3");
    read_all(path, text, sizeof text);
    assert_int_equal(jdoc_parse(text, strlen(text), &line, NULL, 0), 0);
    assert_string_equal(jdoc_text_or(line, "message", ""),
        "a\"b\\c\n\x01 caf\xc3\xa9 \xef\xbf\xbd \xef\xbf\xbd");
    assert_string_equal(jdoc_text_or(line, "level", ""), "warn");
    assert_string_equal(jdoc_text_or(line, "process", ""), "turn/17");
    assert_string_equal(jdoc_text_or(line, "turn", ""), "1");
    assert_string_equal(jdoc_text_or(line, "user", ""), "a\"b");
    assert_string_equal(jdoc_text_or(line, "trace", ""), "ff");
    jdoc_free(line);
    memset(long_text, '"', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(truncate(path, 0), 0);
        log_error("%.*s%s", i, "abc", long_text);
        size_t n = read_all(path, text, sizeof text);
        assert_true(n > 4000 && n <= 4096 && text[n - 1] == '\n');
        assert_int_equal(jdoc_parse(text, n, &line, NULL, 0), 0);
        jdoc_free(line);
    }
    assert_int_equal(truncate(path, 0), 0);
    log_form_set(LOG_FORM_LOGFMT);
    log_info("x=\"1\" \n");
    read_all(path, text, sizeof text);
    assert_non_null(strstr(text, " level=info process=turn/17 pid="));
    assert_non_null(
        strstr(text, " turn=\"1\" user=\"a\\\"b\" trace=\"ff\" message=\"x=\\\"1\\\" \\n\"\n"));
    log_form_set(LOG_FORM_PLAIN);
    log_context_set(NULL);
    assert_int_equal(log_open(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(rotation),
        cmocka_unit_test(a_log_that_cannot_be_opened_again_says_so),
        cmocka_unit_test(hostile_input_is_limited),
        cmocka_unit_test(a_line_that_is_not_taken_whole_is_left_out),
        cmocka_unit_test(what_must_not_be_lost_is_written_at_any_level),
        cmocka_unit_test(lines_in_other_forms),
    };
    return cmocka_run_group_tests_name("log", tests, setup, teardown);
}
