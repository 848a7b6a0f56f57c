/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/tools_about.h"

#include "base/jdoc.h"
#include "tools/kit/about.h"
#include "tools/remote/dynamic.h"

#include <string.h>

/* The address that sees the call; NULL when it stays here. */
static const char *tools_about_url(const struct tools_run *run)
{
    const struct dynamic_tool *dynamic = run->spec->dynamic;

    if (dynamic)
        return dynamic->server ? dynamic->server->url : dynamic->declared->url;
    return run->spec->outside ? jdoc_string(jdoc_get(run->args, run->spec->outside), NULL) : NULL;
}

int tools_about(struct tools_run *run)
{
    const struct tools_spec *spec = run->spec;
    const char *url = tools_about_url(run);
    int error = 0;

    if (!run->about && !(run->about = jdoc_new_object()))
        return ERR_NOMEM;
    if (!jdoc_has(run->about, "changes"))
        error = about_arguments(run);
    if (!error && spec->effect == TOOLS_DELETE && !about_has(run, "deletion"))
        error = about_deletion(run, NULL);
    if (!error && spec->reaches_others && !spec->dynamic && !about_has(run, "audience"))
        error = about_audience(run, "others");
    if (!error && url && !about_has(run, "host"))
        error = about_host(run, url);
    return error || jdoc_has(run->about, "effects") ?
        error :
        jdoc_set(run->about, "effects", jdoc_new_array());
}
