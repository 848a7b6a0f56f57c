/* SPDX-License-Identifier: BSD-2-Clause */
/* save_favorite_spot. Records: "favorite", by the time they were saved. */
#include "tools/engine/registry.h"
#include "tools/kit/place.h"
#include "tools/kit/record.h"

#include "base/err.h"
#include "base/ident.h"

#include <string.h>

int travel_tool_save_favorite_spot(struct tools_run *run)
{
    static const char *const fields[] = {"location_name", "location_address", "category", "notes",
        "rating", NULL};
    char id[IDENT_UUID_SIZE];
    struct place spot;
    jdoc *favorite = jdoc_new_object();
    if (!favorite)
        return ERR_NOMEM;
    ident_uuid7(id);
    int failed = jdoc_set_string(favorite, "id", id);
    failed |= record_copy(favorite, run->args, fields);
    /* Coordinates of the address's town help a map; without them the bookmark is as good. */
    if (place_try(run, jdoc_text_or(run->args, "location_address", ""), &spot)) {
        failed |= jdoc_set_double(favorite, "latitude", spot.latitude);
        failed |= jdoc_set_double(favorite, "longitude", spot.longitude);
    }
    failed |= record_stamp(run, favorite);
    if (failed != 0 ||
        !run_succeed(run, "%s is among the favourite spots.",
            jdoc_text_or(favorite, "location_name", ""))) {
        jdoc_free(favorite);
        return ERR_NOMEM;
    }
    if (jdoc_set(run->result, "favorite", favorite) != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = "favorite",
        .id = id,
        .document = favorite,
        .time_ms = run->context->now_ms};
    return record_commit(run, &item, 1, false);
}
