/* SPDX-License-Identifier: BSD-2-Clause */
/* delete_own_entry: what the user has published goes, for everyone. */
#include "tools/community/community.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"

#include "base/err.h"

#include <string.h>

/* The shared family in which entries of a kind are; NULL: nothing that could be taken down. */
static const char *community_own_family(const char *kind)
{
    static const char *const kinds[] = {"post", "meetup", "tip", "knowledge"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i], kind) == 0)
            return kinds[i];
    return NULL;
}

/* The entry of the arguments (the caller's). Returns 0; ERR_INVALID (said); a fault. */
static int community_own_read(struct tools_run *run, jdoc **entry, const char **seen)
{
    const char *id = jdoc_text_or(run->args, "entry_id", "");
    int error = record_get(run, "community", id, entry, seen);
    if (error == ERR_NOT_FOUND) {
        error = run_fail(run, "not_found",
            "There is no such entry. list_records of the kind community_entry lists those there "
            "are.");
        return error != 0 ? error : ERR_INVALID;
    }
    if (error != 0 || community_own_family(jdoc_text_or(*entry, "kind", "")))
        return error;
    error = run_fail_at(run, "/entry_id", "a post, meetup, tip or article",
        "It is a %.40s, which cannot be taken down.", jdoc_text_or(*entry, "kind", ""));
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_delete_own_entry(struct tools_run *run)
{
    jdoc *entry = NULL;
    int error = community_own_read(run, &entry, NULL);
    const char *title = error != 0 ?
        NULL :
        preview_text(run->arena, jdoc_text_or(entry, "text", ""), PREVIEW_TITLE);
    if (error == 0)
        error = !title ?
            ERR_NOMEM :
            preview_say(run, "take down the %s %s of %.10s for everyone",
                jdoc_text_or(entry, "kind", ""), title, jdoc_text_or(entry, "created_at", ""));
    if (error == 0)
        error = about_title(run, "community_entry", entry, "text");
    if (error == 0)
        error = about_deletion(run, NULL);
    if (error == 0)
        error = about_audience(run, "everyone");
    jdoc_free(entry);
    return error == ERR_INVALID ? 0 : error;
}

int community_tool_delete_own_entry(struct tools_run *run)
{
    jdoc *entry = NULL;
    const char *seen = NULL;
    int error = community_own_read(run, &entry, &seen);
    if (error == 0)
        error = record_fence(run);
    if (error == 0) {
        error =
            shared_drop(run->context->store, community_own_family(jdoc_text_or(entry, "kind", "")),
                jdoc_text_or(entry, "ref", ""), run->context->uid);
        error = error == ERR_NOT_FOUND ? 0 : error; /* an earlier try, or the limit of a family */
    }
    if (error != 0) {
        jdoc_free(entry);
        return error == ERR_INVALID ? 0 : error;
    }
    run_succeed(run, "The %s is taken down for everyone.", jdoc_text_or(entry, "kind", ""));
    error = record_remove(run, "community", seen, "entry", entry);
    return error != ERR_CONFLICT && error != ERR_NOT_FOUND ?
        error :
        run_fail(run, "conflict", "It is being taken down already.");
}
