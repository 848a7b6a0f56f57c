/* SPDX-License-Identifier: BSD-2-Clause */
/* Definitions of MCP tools that end, or fill, the process that reads them: others stay in use. */
#include "workers/housekeeper/mcp_verdict.h"

#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#define GOOD "{\"name\":\"good\",\"inputSchema\":{\"type\":\"object\"}}"
#define BAD \
    "{\"name\":\"bad\",\"description\":\"boom crash parser\",\"inputSchema\":{\"type\":\"object\"}}"

static struct conf conf;

static void setup(void)
{
    assert_int_equal(conf_init(&conf), 0);
    conf.development = true;
    free(conf.fault_word);
    conf.fault_word = strdup("boom");
}

static void take(struct mcp_verdict *v, const char *text, const char *wanted)
{
    jdoc *tools = NULL, *out = jdoc_new_array();
    struct buf names = {0};

    assert_int_equal(jdoc_parse(text, strlen(text), &tools, NULL, 0), 0);
    assert_int_equal(mcp_verdict_take(v, &conf, "s", tools, out), 0);
    for (size_t i = 0; i < jdoc_length(out); i++)
        buf_printf(&names, "%s ", jdoc_text_or(jdoc_at(out, i), "name", ""));
    assert_string_equal(buf_text(&names), wanted);
    buf_free(&names);
    jdoc_free(tools);
    jdoc_free(out);
}

/* The word is another one later on: who reads the same definitions again finds nothing bad. */
static void the_same_ones_are_tried_once(void **state)
{
    struct mcp_verdict v = {0};

    (void)state;
    setup();
    take(&v, "[" GOOD "," BAD "]", "good ");
    free(conf.fault_word);
    conf.fault_word = strdup("other");
    take(&v, "[" GOOD "," BAD "]", "good ");
    take(&v, "[" BAD "," GOOD "]", "bad good ");
    assert_int_equal(v.until_ms, 0);
    mcp_verdict_free(&v);
    conf_fini(&conf);
}

static void what_was_bad_is_tried_again_later(void **state)
{
    struct mcp_verdict v = {0};

    (void)state;
    setup();
    take(&v, "[" BAD "]", "");
    free(conf.fault_word);
    conf.fault_word = strdup("other");
    assert_true(v.until_ms > 0);
    v.until_ms = 1;
    take(&v, "[" BAD "]", "bad ");
    mcp_verdict_free(&v);
    conf_fini(&conf);
}

/* Its reader says that it has no memory: that is no fault of this process. */
static void one_that_needs_all_memory_is_left_out(void **state)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(TURNPIKE_STRICT)
    struct mcp_verdict v = {0};
    struct buf text = {0};

    setup();
    buf_puts(&text, "[" GOOD ",{\"name\":\"large\",\"inputSchema\":{\"enum\":[[]");
    for (int i = 0; i < 1200000; i++)
        buf_puts(&text, ",[]");
    buf_puts(&text, "]}}]");
    take(&v, buf_text(&text), "good ");
    buf_free(&text);
    mcp_verdict_free(&v);
    conf_fini(&conf);
#endif
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_ones_are_tried_once),
        cmocka_unit_test(what_was_bad_is_tried_again_later),
        cmocka_unit_test(one_that_needs_all_memory_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
