/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the build: prints the names that Windows has for time zones. Beside each is the zone
 * of the IANA database that CLDR's table windowsZones has for the whole world. ICU has that table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

#define MAKE_MAX 400
#define MAKE_LEAST 100 /* fewer cannot be the whole table */
#define MAKE_SIZE 128

static char make_names[MAKE_MAX][MAKE_SIZE];
static size_t make_count;

static int make_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void make_add(const char *name)
{
    for (size_t i = 0; i < make_count; i++)
        if (strcmp(make_names[i], name) == 0)
            return;
    if (make_count == MAKE_MAX || strlen(name) >= MAKE_SIZE || strpbrk(name, "\"\\"))
        exit(1);
    strcpy(make_names[make_count++], name);
}

static void make_collect(UEnumeration *all)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar name[MAKE_SIZE];
    const UChar *id;
    int32_t len;

    while ((id = uenum_unext(all, &len, &error))) {
        char text[MAKE_SIZE];
        UErrorCode failed = U_ZERO_ERROR;
        int32_t n = ucal_getWindowsTimeZoneID(id, len, name, MAKE_SIZE, &failed);
        if (U_FAILURE(failed) || n <= 0 || n >= MAKE_SIZE)
            continue;
        u_strToUTF8(text, sizeof text, NULL, name, n, &failed);
        if (U_SUCCESS(failed))
            make_add(text);
    }
}

static void make_print(const char *name)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar windows[MAKE_SIZE], id[MAKE_SIZE];
    char text[MAKE_SIZE];
    int32_t len, n;

    u_strFromUTF8(windows, MAKE_SIZE, &len, name, -1, &error);
    n = ucal_getTimeZoneIDForWindowsID(windows, len, "001", id, MAKE_SIZE, &error);
    u_strToUTF8(text, sizeof text, NULL, id, n, &error);
    if (U_FAILURE(error) || n <= 0)
        exit(1);
    printf("    {\"%s\", \"%s\"},\n", name, text);
}

int main(void)
{
    UErrorCode error = U_ZERO_ERROR;
    UEnumeration *all = ucal_openTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, NULL, NULL, &error);

    if (U_FAILURE(error))
        return 1;
    make_collect(all);
    uenum_close(all);
    if (make_count < MAKE_LEAST)
        return 1;
    qsort(make_names, make_count, sizeof make_names[0], make_compare);
    printf("/* Made by tools/calendar/windows_zones_make.c from CLDR's table windowsZones. */\n"
           "#include \"tools/calendar/windows_zones.h\"\n\n"
           "const struct windows_zone windows_zones[] = {\n");
    for (size_t i = 0; i < make_count; i++)
        make_print(make_names[i]);
    printf("};\nconst size_t windows_zones_count = %zu;\n", make_count);
    return ferror(stdout) || fflush(stdout);
}
