/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/modules.h"

#include "tools/kit/alarm.h"

#include "tools/engine/registry.h"

#include <string.h>

const struct module_rings *modules_rings(void)
{
    for (const struct module *const *m = tools_modules; *m; m++)
        if ((*m)->rings)
            return (*m)->rings;
    return NULL;
}

const struct module_file *modules_file(const char *type)
{
    for (const struct module *const *m = tools_modules; *m; m++)
        if ((*m)->file && strcmp((*m)->file->type, type) == 0)
            return (*m)->file;
    return NULL;
}

int modules_before(const struct tools_context *context, const char *family, const jdoc *record)
{
    int error = 0;
    for (const struct module *const *m = tools_modules; error == 0 && *m; m++)
        if ((*m)->records)
            error = (*m)->records->before(context, family, record);
    const struct module_alarm *alarm = error == 0 ? modules_alarm(family) : NULL;
    return alarm ? alarm_plan(context, alarm, record) : error;
}

const struct module_alarm *modules_alarm(const char *family)
{
    for (const struct module *const *m = tools_modules; *m; m++)
        for (const struct module_alarm *a = (*m)->alarms; a && a->family; a++)
            if (strcmp(a->family, family) == 0)
                return a;
    return NULL;
}

const struct module_collection *modules_collection(void)
{
    for (const struct module *const *m = tools_modules; *m; m++)
        if ((*m)->collection)
            return (*m)->collection;
    return NULL;
}

const struct module_feed *modules_feed(void)
{
    for (const struct module *const *m = tools_modules; *m; m++)
        if ((*m)->feed)
            return (*m)->feed;
    return NULL;
}
