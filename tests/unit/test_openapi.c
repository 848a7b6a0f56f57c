/* SPDX-License-Identifier: BSD-2-Clause */
/* test_openapi -- the document tells every route and every tool, and nothing that is not there. */
#include "base/jdoc.h"
#include "base/log.h"
#include "fcgi-app/dav.h"
#include "fcgi-app/openapi.h"
#include "fcgi-app/routes.h"
#include "tests/unit/cm.h"
#include "tools/engine/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf conf;
static jdoc *document;

static int set_up(void **state)
{
    struct buf text = {0};
    char why[256];

    (void)state;
    log_level_set(LOG_LEVEL_ERROR);
    assert_int_equal(conf_init(&conf), 0);
    assert_int_equal(openapi_write(&conf, &text), 0);
    if (jdoc_parse(buf_text(&text), text.len, &document, why, sizeof why))
        fail_msg("%s", why);
    buf_free(&text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jdoc_free(document);
    conf_fini(&conf);
    return 0;
}

static bool is_described(const char *key)
{
    for (size_t i = 0; openapi_texts[i]; i++) {
        jdoc *doc = NULL;
        assert_int_equal(jdoc_parse(openapi_texts[i], strlen(openapi_texts[i]), &doc, NULL, 0), 0);
        bool found = jdoc_has(jdoc_get(doc, "routes"), key);
        jdoc_free(doc);
        if (found)
            return true;
    }
    return false;
}

static void every_route_is_described(void **state)
{
    char key[160];

    (void)state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct routes_row *row = routes_at(i);
        if (row->scope == ROUTES_INTERNAL ||
            !strcmp(row->pattern, DAV_PATTERN)) /* no methods of OpenAPI */
            continue;
        snprintf(key, sizeof key, "%s %s", row->method, row->pattern);
        if (!is_described(key))
            fail_msg("fcgi-app/openapi/ has no \"%s\"", key);
    }
}

static bool is_route(const char *key)
{
    char text[160];

    for (size_t i = 0; i < routes_count(); i++) {
        const struct routes_row *row = routes_at(i);
        snprintf(text, sizeof text, "%s %s", row->method, row->pattern);
        if (row->scope != ROUTES_INTERNAL && strcmp(text, key) == 0)
            return true;
    }
    return false;
}

static void every_description_is_of_a_route(void **state)
{
    (void)state;
    for (size_t i = 0; openapi_texts[i]; i++) {
        jdoc *doc = NULL;
        struct jdoc_iter it = {0};
        const char *key;
        jdoc *route;
        assert_int_equal(jdoc_parse(openapi_texts[i], strlen(openapi_texts[i]), &doc, NULL, 0), 0);
        while (jdoc_next(jdoc_get(doc, "routes"), &it, &key, &route)) {
            if (!is_route(key))
                fail_msg("there is no route \"%s\"", key);
            assert_true(jdoc_length(jdoc_get(route, "responses")) > 0);
            assert_true(*jdoc_text_or(route, "summary", ""));
        }
        jdoc_free(doc);
    }
}

static void every_tool_has_its_schemas(void **state)
{
    char path[128];

    (void)state;
    assert_true(tools_count() > 90);
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        struct buf told = {0}, own = {0};
        jdoc *schema = NULL;
        snprintf(path, sizeof path, "/tools/%s", spec->name);
        const jdoc *post = jdoc_get(jdoc_get(jdoc_get(document, "paths"), path), "post");
        const jdoc *content = jdoc_get(jdoc_get(post, "requestBody"), "content");
        jdoc_write(jdoc_get(jdoc_get(content, "application/json"), "schema"), &told);
        assert_int_equal(jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &schema,
                             NULL, 0),
            0);
        jdoc_write(schema, &own);
        assert_string_equal(buf_text(&told), buf_text(&own));
        jdoc_free(schema);
        buf_free(&told);
        buf_free(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(every_description_is_of_a_route),
        cmocka_unit_test(every_tool_has_its_schemas),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
