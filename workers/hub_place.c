#include "workers/hub_place.h"

#include "base/err.h"

#include <string.h>

/* Fields of the reply of store/lua/view_locate.lua. */
enum {
    AT_RUN,
    AT_FIRST,
    AT_TOP,
    AT_OLDEST,
    AT_TRIMMED,
    AT_EXISTS,
    AT_STATE,
    AT_STATUS,
    AT_KNOWN
};

static bool read_id(const char *text, size_t len, struct logentry_id *id)
{
    return text && logentry_id_parse(text, len, id) == 0;
}

int hub_place_read(
    const char *const *texts, const size_t *lens, size_t count, struct hub_place *p)
{
    memset(p, 0, sizeof(*p));
    if (count < HUB_PLACE_MESSAGES)
        return ERR_INTERNAL;
    if (!read_id(texts[AT_TOP], lens[AT_TOP], &p->top))
        return ERR_INTERNAL;
    p->has_log = read_id(texts[AT_OLDEST], lens[AT_OLDEST], &p->oldest);
    p->has_first = read_id(texts[AT_FIRST], lens[AT_FIRST], &p->first);
    p->trimmed = texts[AT_TRIMMED] && texts[AT_TRIMMED][0] == '1';
    p->exists = texts[AT_EXISTS] && texts[AT_EXISTS][0] == '1';
    p->known = texts[AT_KNOWN] && texts[AT_KNOWN][0] == '1';
    p->run = texts[AT_RUN] ? texts[AT_RUN] : "";
    p->running = p->run[0] != '\0';
    p->state = texts[AT_STATE] ? texts[AT_STATE] : "";
    return 0;
}
