/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Definitions of tools that others wrote: what every worker does with one ends, in little time, and
 * its patterns are matched in little time against a text of a user. The text is what stands behind
 * a NUL.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/foreign_schema.h"
#include "tools/remote/mcp_trial.h"
#include "tools/schema/schema.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Far above what it takes, and far below what a user of the same worker would see. */
#define SLOW_MS 1500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void match(const jdoc *schema, const char *text)
{
    struct jdoc_iter it = {0};
    struct tools_problem problem;
    const char *key;
    jdoc *value, *check = foreign_schema_check(schema), *arguments = jdoc_new_object();

    while (check && arguments && jdoc_next(jdoc_get(check, "properties"), &it, &key, &value))
        if (jdoc_set_string(arguments, key, text) != 0)
            break;
    if (check && arguments)
        err_ignore(schema_validate(check, arguments, &problem));
    jdoc_free(check);
    jdoc_free(arguments);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    jdoc *definition = NULL;
    char text[4097];
    int64_t began = cpu_ms();

    if (jdoc_parse((const char *)data, len, &definition, NULL, 0) != 0)
        return 0;
    snprintf(text, sizeof text, "%.*s", end ? (int)(size - len - 1) : 0,
        end ? (const char *)end + 1 : "");
    err_ignore(mcp_trial_use(definition));
    match(jdoc_get(definition, "inputSchema"), text);
    jdoc_free(definition);
    if (cpu_ms() - began > SLOW_MS)
        abort();
    return 0;
}
