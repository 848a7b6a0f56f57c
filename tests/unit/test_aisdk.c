/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aisdk: the events of tests/unit/aisdk_chunks.txt make its chunks, byte for byte; details that are
 * none are refused; nothing that an event says breaks a frame.
 */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "workers/stream/aisdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 8192

struct reader {
    FILE *file;
    struct aisdk *viewer;
    struct buf out;
    size_t at; /* of out, what has been compared */
    unsigned line, events, chunks, cases;
};

/* Everything that an event made stands in the file. */
static void nothing_more(struct reader *r)
{
    if (r->at != r->out.len)
        print_error("line %u: not expected: %s", r->line, r->out.data + r->at);
    assert_int_equal(r->at, r->out.len);
    buf_reset(&r->out);
    r->at = 0;
}

static void expect(struct reader *r, const char *chunk)
{
    const char *have = r->at < r->out.len ? r->out.data + r->at : "\n";
    size_t len = strcspn(have, "\n");

    if (len != strlen(chunk) || memcmp(have, chunk, len) != 0)
        print_error("line %u: %.*s", r->line, (int)len, have);
    assert_int_equal(len, strlen(chunk));
    assert_memory_equal(have, chunk, len);
    r->at += len + 1;
    r->chunks++;
}

static void feed(struct reader *r, const char *flag_and_json)
{
    const struct logentry e = {.id_text = "1-1",
        .id_len = 3,
        .flag = flag_and_json[0],
        .run = "r",
        .run_len = 1,
        .json = flag_and_json + 2,
        .json_len = strlen(flag_and_json + 2)};

    aisdk_event(r->viewer, &e, &r->out);
    r->events++;
}

static void act(struct reader *r, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    r->line++;
    if (line[0] == '>') {
        expect(r, line + 2);
        return;
    }
    nothing_more(r);
    if (line[0] == '=') {
        aisdk_free(r->viewer);
        r->viewer = aisdk_new(line + 2, "", "\n");
        assert_non_null(r->viewer);
        r->cases++;
    } else if (line[0] == '<') {
        feed(r, line + 2);
    } else if (line[0] == '.') {
        aisdk_end(r->viewer, &r->out);
    }
    assert_int_equal(buf_error(&r->out), 0);
}

static void events_make_the_chunks_of_the_file(void **state)
{
    const char *top = getenv("srcdir");
    char path[512], line[LINE_MAX_BYTES];
    struct reader r = {.line = 0};

    (void)state;
    snprintf(path, sizeof path, "%s/tests/unit/aisdk_chunks.txt", top ? top : ".");
    r.file = fopen(path, "r");
    assert_non_null(r.file);
    while (fgets(line, sizeof line, r.file))
        act(&r, line);
    nothing_more(&r);
    fclose(r.file);
    aisdk_free(r.viewer);
    buf_free(&r.out);
    assert_true(r.events > 100 && r.chunks > 100 && r.cases > 10);
}

static void a_detail_has_a_mode_and_its_words(void **state)
{
    static const char *const bad[] = {"", "new", "new ", "new a b", "on a", "on a ", "all a",
        "other a", " new a", "on a b c\nd e"};
    char long_id[300] = "new ";

    (void)state;
    for (size_t i = 0; i + 1 < sizeof bad / sizeof bad[0]; i++)
        assert_null(aisdk_new(bad[i], "", "\n"));
    memset(long_id + 4, 'x', sizeof long_id - 5);
    assert_null(aisdk_new(long_id, "", "\n"));
    struct aisdk *viewer = aisdk_new("on a b", "", "\n");
    assert_non_null(viewer);
    aisdk_free(viewer);
    aisdk_free(NULL);
}

static void a_text_costs_no_parsing(void **state)
{
    /* What is no JSON at all behind the delta: it is not looked at. */
    static const char text[] = "{\"type\":\"TEXT_MESSAGE_CONTENT\",\"delta\":\"a\\\"b\",oops}";
    const struct logentry e = {.flag = LOGENTRY_TEXT, .json = text, .json_len = sizeof text - 1};
    static const char start[] = "{\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"a\"}";
    const struct logentry begins = {.flag = LOGENTRY_NONE,
        .json = start,
        .json_len = sizeof start - 1};
    struct aisdk *viewer = aisdk_new("new m", "data: ", "\n\n");
    struct buf out = {0};

    (void)state;
    aisdk_event(viewer, &e, &out); /* no text is open */
    assert_int_equal(out.len, 0);
    aisdk_event(viewer, &begins, &out);
    buf_reset(&out);
    aisdk_event(viewer, &e, &out);
    assert_string_equal(buf_text(&out),
        "data: {\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"a\\\"b\"}\n\n");
    buf_free(&out);
    aisdk_free(viewer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_make_the_chunks_of_the_file),
        cmocka_unit_test(a_detail_has_a_mode_and_its_words),
        cmocka_unit_test(a_text_costs_no_parsing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
