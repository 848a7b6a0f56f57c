/* SPDX-License-Identifier: BSD-2-Clause */
/* Any file is either taken or refused with a reason; what was taken can be printed and taken. */
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(void *arg, const struct conf_setting *setting)
{
    char why[CONF_WHY_SIZE];

    if (strcmp(setting->value, "***") != 0 &&
        conf_set(arg, setting->name, setting->value, why) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf c, copy;
    char why[CONF_WHY_SIZE] = "";

    if (conf_init(&c) != 0 || conf_init(&copy) != 0)
        abort();
    int error = conf_load_text(&c, "fuzz", (const char *)data, size, why);
    if (error && (error != ERR_CONFIG || !*why))
        abort();
    conf_visit(&c, again, &copy);
    conf_check(&c, why);
    conf_fini(&c);
    conf_fini(&copy);
    return 0;
}
