/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family convert. */
#include "tools/engine/registry.h"
#include "tools/kit/unit_table.h"

#include "base/err.h"

#include <stdio.h>

static int convert_unknown(struct tools_run *run, const char *key, int error, const char *why)
{
    char path[16];
    const char *said = jdoc_text_or(run->args, key, "");
    snprintf(path, sizeof path, "/%s", key);
    if (error == ERR_CONFLICT)
        error = run_ask_back(run, path, why, "\"%s\" can be several units: %s. Which one is meant?",
            said, why);
    else if (error == ERR_NOT_FOUND)
        error = run_fail_at(run, path, "a unit, as km, mile, US gallon, psi, mpg, celsius",
            "\"%s\" is no unit that is known here", said);
    return error != 0 ? error : ERR_INVALID;
}

/* Both units; the kind of one decides what "oz" of the other is. Returns 0; ERR_INVALID (the
 * failure is set); ERR_NOMEM. */
static int convert_find(struct tools_run *run, const struct unit **from, const struct unit **to)
{
    char why[UNIT_WHY_SIZE] = "";
    const struct units *own = &run->context->units;
    const char *first = jdoc_text_or(run->args, "from", "");
    const char *second = jdoc_text_or(run->args, "to", "");
    int error = unit_find(first, own, NULL, from, why);
    if (error != 0)
        return convert_unknown(run, "from", error, why);
    error = unit_find(second, own, &(*from)->kind, to, why);
    if (error != 0)
        return convert_unknown(run, "to", error, why);
    if ((*from)->kind == (*to)->kind)
        return 0;
    error = unit_find(first, own, &(*to)->kind, from, why);
    if (error != 0)
        return convert_unknown(run, "from", error, why);
    if ((*from)->kind == (*to)->kind)
        return 0;
    error = run_fail_at(run, "/to", "a unit of the same kind",
        "%s is a unit of %s and %s one of %s: neither can be the other%s", (*from)->symbol,
        unit_kind_name((*from)->kind), (*to)->symbol, unit_kind_name((*to)->kind),
        (*from)->kind + (*to)->kind == UNIT_VOLUME + UNIT_MASS ?
            " without knowing what is weighed" :
            "");
    return error != 0 ? error : ERR_INVALID;
}

int convert_tool_convert_units(struct tools_run *run)
{
    const struct unit *from, *to;
    char before[UNIT_NUMBER_SIZE], after[UNIT_NUMBER_SIZE];
    double value = 0, result = 0;
    int error = convert_find(run, &from, &to);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc_get_double(run->args, "value", &value);
    if (unit_convert(value, from, to, &result) != 0)
        return run_fail_at(run, "/value",
            from->kind == UNIT_TEMPERATURE ? "a temperature not below absolute zero" :
                from->kind == UNIT_FUEL    ? "a fuel economy above 0" :
                                             "a smaller number",
            "there is no such value in %s", from->symbol);
    unit_number(value, before);
    unit_number(result, after);
    jdoc *answer = run_succeed(run, "%s %s = %s %s.", before, from->symbol, after, to->symbol);
    jdoc *conversion = jdoc_new_object();
    if (!answer || !conversion || jdoc_set(answer, "conversion", conversion) != 0) {
        if (!answer)
            jdoc_free(conversion);
        return ERR_NOMEM;
    }
    int failed = jdoc_set_double(conversion, "value", value);
    failed |= jdoc_set_string(conversion, "from", from->name);
    failed |= jdoc_set_double(conversion, "result", result);
    failed |= jdoc_set_string(conversion, "to", to->name);
    failed |= jdoc_set_string(conversion, "kind", unit_kind_name(from->kind));
    return failed != 0 ? ERR_NOMEM : 0;
}
