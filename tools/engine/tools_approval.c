/* SPDX-License-Identifier: BSD-2-Clause */
/* tools_approval -- which calls a user is asked about, and which results are not to be trusted. */
#include "tools/engine/tools.h"

#include "base/err.h"
#include "tools/engine/kinds.h"
#include "tools/engine/tools_args.h"

#include <string.h>

bool tools_needs_approval(const struct tools_spec *spec, const jdoc *args)
{
    if (spec->approval != TOOLS_APPROVAL_ALWAYS)
        return false;
    if (!spec->approval_argument || !args)
        return true;
    const char *value = jdoc_string(jdoc_get(args, spec->approval_argument), NULL);
    return !value || strcmp(value, spec->approval_value) == 0;
}

bool tools_may_leave(const struct tools_spec *spec)
{
    return spec->reaches_others || spec->outlives || spec->effect == TOOLS_OUTSIDE || spec->outside;
}

bool tools_call_leaves(const struct tools_spec *spec, const char *args_json, size_t len)
{
    struct tools_run run = {.spec = spec};
    if (!spec->outside || strcmp(spec->outside, "*") == 0 || spec->reaches_others ||
        spec->outlives || spec->effect == TOOLS_OUTSIDE)
        return tools_may_leave(spec);
    int error = tools_args_read(&run, args_json, len);
    bool leaves = !error ? jdoc_get(run.args, spec->outside) != NULL : error != ERR_INVALID;
    tools_fini(&run);
    return leaves;
}

/* Failures with these codes are worded here, whatever tool it is. */
static bool tools_approval_own_failure(const char *code)
{
    static const char *const codes[] = {"invalid_json", "invalid_argument", "provider_failed",
        "provider_not_configured", "memory_off", "provider_unavailable", "timeout", "cancelled",
        "not_found", "unknown_outcome", "result_too_large", "rate_limited", "limit_reached",
        "forbidden", "no_route", "internal_error", "busy", "tool_crashed"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

/* Events that came by a calendar file have a uid (calendar_file.c): who sent the file wrote
 * them. */
static bool tools_approval_imported(const jdoc *result)
{
    const jdoc *events = jdoc_get(result, "events");
    bool found = jdoc_has(jdoc_get(result, "event"), "uid");
    for (size_t i = 0; !found && i < jdoc_length(events); i++)
        found = jdoc_has(jdoc_at(events, i), "uid");
    return found;
}

/* Expenses that came by a file have such ids (tools/money/statement_rows.c): a bank, or whoever
 * was paid, wrote their words. */
static bool tools_approval_of_file(const jdoc *record)
{
    return strncmp(jdoc_text_or(record, "id", ""), "imp-", 4) == 0;
}

/* Records of a kind that may hold what others wrote (tools/kit/kind.h). */
static bool tools_approval_of_others(const jdoc *result)
{
    const jdoc *records = jdoc_get(result, "records");
    const struct kind *kind = kinds_find(jdoc_text_or(result, "kind", ""));
    bool found = (kind && kind->untrusted) || tools_approval_of_file(jdoc_get(result, "record"));
    for (size_t i = 0; !found && i < jdoc_length(records); i++) {
        kind = kinds_find(jdoc_text_or(jdoc_at(records, i), "kind", ""));
        found = (kind && kind->untrusted) || tools_approval_of_file(jdoc_at(records, i));
    }
    return found;
}

bool tools_result_untrusted(const struct tools_spec *spec, const jdoc *result)
{
    bool success = false;
    if (!spec->dynamic && strcmp(spec->family, "records") == 0)
        return tools_approval_of_others(result);
    if (!spec->dynamic && strcmp(spec->family, "calendar") == 0)
        return tools_approval_imported(result);
    jdoc_get_bool(result, "success", &success);
    if (!spec->dynamic && jdoc_is_true(result, "by_others")) /* as read_result, or a report, says */
        return true;
    return spec->untrusted &&
        (success ||
            !tools_approval_own_failure(jdoc_text_or(jdoc_get(result, "error"), "code", "")));
}

bool tools_call_needs_approval(const struct tools_spec *spec, const char *args_json, size_t len)
{
    struct tools_run run = {.spec = spec};
    if (!spec->approval_argument)
        return tools_needs_approval(spec, NULL);
    int error = tools_args_read(&run, args_json, len);
    bool needed = error != ERR_INVALID && tools_needs_approval(spec, !error ? run.args : NULL);
    tools_fini(&run);
    return needed;
}
