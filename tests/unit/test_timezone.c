/* SPDX-License-Identifier: BSD-2-Clause */
/* The system's time zones, at changes of the clocks, in the past and in the far future. */
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/kit/civil.h"
#include "tools/kit/timestamp.h"
#include "tools/kit/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct zone *zone(const char *name)
{
    const struct zone *z = NULL;
    assert_int_equal(zone_get(name, &z), 0);
    return z;
}

static void reads_local_times(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *text, *utc;
        enum zone_kind kind;
    } cases[] = {
        {"Australia/Sydney", "2026-12-01T09:30", "2026-11-30T22:30:00.000Z", ZONE_EXACT},
        {"Australia/Sydney", "2026-07-01T09:30", "2026-06-30T23:30:00.000Z", ZONE_EXACT},
        {"Australia/Brisbane", "2026-12-01T09:30", "2026-11-30T23:30:00.000Z", ZONE_EXACT},
        /* Sydney goes forward on 4 October 2026 at 02:00 and back on 5 April 2026 at 03:00. */
        {"Australia/Sydney", "2026-10-04T02:30", "2026-10-03T16:30:00.000Z", ZONE_GAP},
        {"Australia/Sydney", "2026-10-04T01:59:59", "2026-10-03T15:59:59.000Z", ZONE_EXACT},
        {"Australia/Sydney", "2026-10-04T03:00", "2026-10-03T16:00:00.000Z", ZONE_EXACT},
        {"Australia/Sydney", "2026-04-05T02:30", "2026-04-04T15:30:00.000Z", ZONE_OVERLAP},
        {"Australia/Sydney", "2026-04-05T03:00", "2026-04-04T17:00:00.000Z", ZONE_EXACT},
        {"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00.000Z", ZONE_GAP},
        /* Beyond the last transition of any file: the footer's rule. */
        {"Europe/Dublin", "2150-07-01T12:00", "2150-07-01T11:00:00.000Z", ZONE_EXACT},
        {"America/New_York", "2099-03-08T02:30", "2099-03-08T07:30:00.000Z", ZONE_GAP},
        {"America/Sao_Paulo", "2018-11-04T00:30", "2018-11-04T03:30:00.000Z", ZONE_GAP},
        {"Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15:00.000Z", ZONE_EXACT},
        {"UTC", "2026-01-01T00:00", "2026-01-01T00:00:00.000Z", ZONE_EXACT},
        {"Australia/Sydney", "2026-12-01T09:30Z", "2026-12-01T09:30:00.000Z", ZONE_EXACT},
        {"Australia/Sydney", "2026-12-01T09:30+0530", "2026-12-01T04:00:00.000Z", ZONE_EXACT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timestamp m;
        char utc[CLOCK_RFC3339_SIZE];
        assert_int_equal(timestamp_parse(cases[i].text, zone(cases[i].zone), &m), 0);
        clock_rfc3339(m.ms, utc);
        if (strcmp(utc, cases[i].utc) != 0 || m.kind != cases[i].kind)
            fail_msg("%s %s: %s, kind %d", cases[i].zone, cases[i].text, utc, m.kind);
    }
}

/* Our reading against the C library's, hour by hour around every change, for many zones. */
static void agrees_with_the_system(void **state)
{
    (void)state;
    static const char *const names[] = {"Australia/Sydney", "Australia/Adelaide",
        "America/New_York", "America/Santiago", "Europe/London", "Europe/Dublin",
        "Africa/Casablanca", "Asia/Tehran", "Pacific/Chatham", "Pacific/Apia", "Antarctica/Troll",
        "America/Nuuk", "Asia/Gaza"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        setenv("TZ", names[n], 1);
        tzset();
        const struct zone *z = zone(names[n]);
        for (time_t t = -1500000000; t < 4000000000; t += 86400 * 3 + 3607) {
            struct tm tm;
            struct zone_offset o;
            localtime_r(&t, &tm);
            zone_at(z, t, &o);
            if (tm.tm_gmtoff != o.seconds || (tm.tm_isdst > 0) != o.daylight)
                fail_msg("%s at %lld: %ld, not %d", names[n], (long long)t, tm.tm_gmtoff,
                    o.seconds);
        }
    }
    unsetenv("TZ");
}

static void refuses_what_is_no_zone(void **state)
{
    (void)state;
    static const char *const names[] = {"", "Mars/Phobos", "../../etc/passwd", "/etc/passwd",
        "Australia", "zone.tab", "Australia/", "UTC\n", "leapseconds", "posixrules/x", "a b"};
    const struct zone *z;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(zone_get(names[i], &z) < 0);
}

/* Cut and changed files are refused, never read beyond their end. */
static void survives_damaged_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/tzdir.XXXXXX", path[64];
    unsigned char good[8192], bad[8192];
    assert_non_null(mkdtemp(dir));
    FILE *in = fopen("/usr/share/zoneinfo/Australia/Sydney", "rb");
    assert_non_null(in);
    size_t len = fread(good, 1, sizeof good, in);
    fclose(in);
    setenv("TZDIR", dir, 1);
    srand(7);
    for (int i = 0; i < 1000; i++) {
        char name[16];
        const struct zone *z;
        struct zone_offset o;
        size_t n = i < 400 ? (size_t)rand() % len : len;
        memcpy(bad, good, len);
        for (int k = i % 4; k > 0; k--)
            bad[(size_t)rand() % (i % 2 ? 120 : len)] = (unsigned char)rand();
        snprintf(name, sizeof name, "Z%d", i);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        FILE *out = fopen(path, "wb");
        assert_int_equal(fwrite(bad, 1, n, out), n);
        fclose(out);
        if (zone_get(name, &z) == 0)
            for (int64_t t = -3000000000; t < 9000000000; t += 700000000)
                zone_at(z, t, &o);
        unlink(path);
    }
    unsetenv("TZDIR");
    rmdir(dir);
}

static void finds_periods(void **state)
{
    (void)state;
    const struct zone *z = zone("Australia/Sydney");
    struct timestamp now;
    char date[TIMESTAMP_SIZE];
    static const struct {
        const char *period, *from;
    } cases[] = {{"week", "2026-11-16"}, {"month", "2026-11-01"}, {"quarter", "2026-10-01"},
        {"year", "2026-01-01"}};
    timestamp_parse("2026-11-22T00:30", z, &now);
    for (size_t i = 0; i < 4; i++) {
        int64_t start = timestamp_period_start(cases[i].period, now.ms, z);
        timestamp_date(start, z, date);
        assert_string_equal(date, cases[i].from);
        assert_int_equal(start, timestamp_day(start, 0, z));
    }
    /* A day of 23 hours is one day. */
    timestamp_parse("2026-10-03T12:00", z, &now);
    timestamp_format(timestamp_add_days(now.ms, 1, z), z, date);
    assert_string_equal(date, "2026-10-04T12:00:00+11:00");
    assert_int_equal(timestamp_day(now.ms, 2, z) - timestamp_day(now.ms, 1, z), 23 * 3600000);
}

static void knows_countries(void **state)
{
    (void)state;
    char code[3];
    assert_true(zone_country("Australia/Sydney", code));
    assert_string_equal(code, "AU");
    assert_false(zone_country("UTC", code));
}

static void refuses_dates_that_do_not_exist(void **state)
{
    (void)state;
    static const char *const texts[] = {"2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1",
        "2026-01-01T24:00", "2026-01-01T10:60", "2026-01-01T10", "2026-01-01T10:00+25:00",
        "2026-01-01T10:00Zx", "1800-01-01", "", "x", "2026-01-01T10:00:60"};
    struct civil c;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(civil_parse(texts[i], &c), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_local_times),
        cmocka_unit_test(agrees_with_the_system),
        cmocka_unit_test(refuses_what_is_no_zone),
        cmocka_unit_test(survives_damaged_files),
        cmocka_unit_test(finds_periods),
        cmocka_unit_test(knows_countries),
        cmocka_unit_test(refuses_dates_that_do_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
