/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/trips.h"

#include <string.h>

static const char *const trips_roles[TRIPS_ROLES] = {"none", "viewer", "editor", "owner"};

static const struct {
    const char *name;
    bool may[TRIPS_ROLES];
} trips_rights[TRIPS_ACTIONS] = {
#define TRIPS_ROW_(name, text, viewer, editor, owner) {text, {false, viewer, editor, owner}},
    TRIPS_RIGHTS(TRIPS_ROW_)
#undef TRIPS_ROW_
};

bool trips_may(enum trips_role role, enum trips_action action)
{
    return trips_rights[action].may[role];
}

const char *trips_role_name(enum trips_role role)
{
    return trips_roles[role];
}

const char *trips_action_name(enum trips_action action)
{
    return trips_rights[action].name;
}

enum trips_role trips_role_of(const char *name, size_t len)
{
    for (int i = TRIPS_VIEWER; i < TRIPS_ROLES; i++)
        if (strlen(trips_roles[i]) == len && memcmp(trips_roles[i], name, len) == 0)
            return (enum trips_role)i;
    return TRIPS_NOBODY;
}
