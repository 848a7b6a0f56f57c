/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/record_seeds.h"

#include "base/clock.h"
#include "store/records.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#define YEARS10_MS INT64_C(312000000000) /* up to November 2026 */
#define ONCE 50
#define PICK(list, n) list[(unsigned)(n) % (sizeof list / sizeof *(list))]

static const char *const spending[] = {"food", "gas", "diesel", "campground", "tolls", "other"};
static const char *const services[] = {"Oil change", "Brake pads front", "Tyre rotation",
    "Roof seal inspection", "Wheel bearing grease", "Air filter"};
static const char *const things[] = {"rice", "tinned tomatoes", "pasta", "lentils", "olive oil",
    "chicken breast", "milk", "cheddar"};
static const char *const meals[] = {"breakfast", "lunch", "dinner", "snack"};
static const char *const kinds[] = {"lab_result", "prescription", "doctor_note", "imaging"};
static const char *const priorities[] = {"critical", "high", "medium", "low"};
static const char *const areas[] = {"financial", "vehicle", "life", "legal"};
static const char *const gear[] = {"recovery", "kitchen", "power", "safety"};
static const char *const faults[] = {"power", "water", "comfort", "storage", "driving"};
static const char *const severities[] = {"minor", "major", "critical"};
static const char *const currencies[] = {"AUD", "AUD", "AUD", "USD"};

struct seed { /* what the makers of JSON take */
    struct arena *arena;
    const char *id, *day; /* day: of its time */
    int n;
    int64_t ms;
};

#define STAMP "\"created_at\":\"2026-11-01T02:00:00Z\",\"updated_at\":\"2026-11-01T02:00:00Z\"}"
#define MAKE(family, ...) \
    static const char *make_##family(const struct seed *s) \
    { \
        return arena_printf(s->arena, __VA_ARGS__); \
    }

MAKE(expense,
    "{\"id\":\"%s\",\"amount\":%d,\"amount_minor\":%d00,\"currency\":\"%s\",\"category\":\"%s\","
    "\"date\":\"%s\",\"time_ms\":%lld," STAMP,
    s->id, 1 + s->n % 90, 1 + s->n % 90, PICK(currencies, s->n), PICK(spending, s->n), s->day,
    (long long)s->ms)
MAKE(fuel,
    "{\"id\":\"%s\",\"odometer\":%d,\"volume\":%d.5,\"price\":1.8,\"price_millis\":1800,\"total\":%d,"
    "\"total_minor\":%d00,\"currency\":\"%s\",\"filled_to_top\":%s,\"entry_date\":\"%s\",\"timezone\":"
    "\"Australia/Sydney\",\"time_ms\":%lld,\"vehicle_id\":\"%s\"," STAMP,
    s->id, 1000 + s->n * 9, 30 + s->n % 40, 50 + s->n % 70, 50 + s->n % 70, PICK(currencies, s->n),
    s->n % 3 != 0 ? "true" : "false", s->day, (long long)s->ms, s->n % 5 == 0 ? "truck" : "van")
MAKE(maintenance,
    "{\"id\":%s,\"task\":\"%s\",\"service_date\":\"%s\",\"timezone\":\"Australia/Sydney\","
    "\"time_ms\":%lld,\"status\":\"%s\",\"mileage\":%d,\"cost\":%d,\"cost_minor\":%d00,\"currency\":\"AUD\"," STAMP,
    s->id, PICK(services, s->n), s->day, (long long)s->ms,
    s->n % 3 == 0 ? "scheduled" : "completed", s->n, 1 + s->n % 400, 1 + s->n % 400)
MAKE(medical_record,
    "{\"id\":\"%s\",\"title\":\"Visit %d\",\"record_type\":\"%s\",\"date\":\"%s\",\"provider\":"
    "\"Dr Lee\",\"summary\":\"%s\",\"text\":\"Blood pressure taken, all well. Next visit in %d weeks.\","
    "\"tags\":[\"routine\"]}",
    s->id, s->n, PICK(kinds, s->n), s->day, s->n % 50 == 0 ? "cholesterol raised" : "no findings",
    s->n % 9)
MAKE(medication,
    "{\"id\":\"%s\",\"name\":\"Medicine %d\",\"dosage\":\"5 mg\",\"frequency\":\"daily\",\"active\":%s,"
    "\"end_date\":\"%s\"}",
    s->id, s->n, s->n % 7 == 0 ? "false" : "true", s->n % 500 == 0 ? "2027-01-31" : s->day)
MAKE(transition_task,
    "{\"id\":\"%s\",\"title\":\"Sort out thing %d\",\"category\":\"%s\",\"priority\":\"%s\","
    "\"status\":\"%s\",\"days_before_departure\":%d," STAMP,
    s->id, s->n, PICK(areas, s->n / 4), PICK(priorities, s->n),
    s->n % 3 == 0 ? "completed" : "pending", s->n % 200)
MAKE(equipment,
    "{\"id\":\"%s\",\"name\":\"Piece %d of gear\",\"category\":\"%s\",\"is_essential\":%s,\"priority\":"
    "\"medium\",\"is_purchased\":%s,\"estimated_cost\":%d,\"estimated_cost_minor\":%d00,\"currency\":\"AUD\"," STAMP,
    s->id, s->n, PICK(gear, s->n), s->n % 2 == 0 ? "true" : "false",
    s->n % 3 == 0 ? "true" : "false", 1 + s->n % 90, 1 + s->n % 90)
MAKE(shakedown_trip,
    "{\"id\":\"%s\",\"trip_type\":\"weekend\",\"start_date\":\"%s\",\"end_date\":\"%s\",\"nights\":%d,"
    "\"confidence_rating\":%d," STAMP,
    s->id, s->day, s->day, s->n % 5, 1 + s->n % 5)
MAKE(shakedown_issue,
    "{\"id\":\"%s\",\"category\":\"%s\",\"severity\":\"%s\",\"description\":\"It leaks\",\"cost\":%d,"
    "\"cost_minor\":%d00,\"currency\":\"AUD\",\"resolved\":%s," STAMP,
    s->id, PICK(faults, s->n), PICK(severities, s->n), 1 + s->n % 50, 1 + s->n % 50,
    s->n % 2 == 0 ? "true" : "false")
MAKE(pantry,
    "{\"id\":\"%s\",\"ingredient_name\":\"%s\",\"quantity\":%d,\"unit\":\"g\",\"expiry_date\":\"%s\"," STAMP,
    s->id, PICK(things, s->n), 100 + s->n % 900,
    s->n % 3 == 0     ? "2026-11-25" :
        s->n % 3 == 1 ? "2027-11-25" :
                        s->day)
MAKE(recipe,
    "{\"id\":\"%s\",\"name\":\"%s with %s\",\"url\":\"https://example.org/%d\",\"meal_type\":\"%s\",\"servings\":2,"
    "\"total_minutes\":%d,\"ingredients\":[\"200 g %s\",\"1 tin %s\",\"1 tbsp olive oil\",\"salt\"],\"visibility\":"
    "\"private\"," STAMP,
    s->id, PICK(things, s->n), PICK(things, s->n / 8), s->n, PICK(meals, s->n), 10 + s->n % 50,
    PICK(things, s->n), PICK(things, s->n / 8))
MAKE(meal_plan,
    "{\"id\":\"%s\",\"start_date\":\"%s\",\"end_date\":\"%s\",\"days\":[{\"date\":\"2026-11-23\",\"meals\":"
    "[{\"meal_type\":\"dinner\",\"recipe_id\":\"r1\",\"name\":\"Rice\",\"source\":\"own\"}]}]," STAMP,
    s->id, s->day, s->day)
MAKE(event,
    "{\"id\":\"%s\",\"title\":\"Dentist %d\",\"start_date\":\"%sT14:00:00+11:00\",\"all_day\":false,\"timezone\":"
    "\"Australia/Sydney\",\"start_ms\":%lld,\"event_type\":\"personal\",\"reminder_minutes\":[]," STAMP,
    s->id, s->n, s->day, (long long)s->ms)
MAKE(trip, "{\"id\":\"%s\",\"name\":\"Coast %d\",\"destination\":{\"name\":\"Brisbane\"}," STAMP,
    s->id, s->n)
MAKE(favorite, "{\"id\":\"%s\",\"location_name\":\"Beach %d\"," STAMP, s->id, s->n)
MAKE(notice, "{\"id\":\"%s\",\"message\":\"Hello %d\"," STAMP, s->id, s->n)
MAKE(vehicle, "{\"id\":\"%s\",\"name\":\"Van %d\"," STAMP, s->id, s->n)

#define ROW(family) \
    { \
#family, make_##family \
    }
static const struct {
    const char *family;
    const char *(*make)(const struct seed *s);
} makers[] = {ROW(expense), {"saving", make_expense}, ROW(fuel), ROW(maintenance),
    ROW(medical_record), ROW(medication), ROW(transition_task), ROW(equipment), ROW(shakedown_trip),
    ROW(shakedown_issue), ROW(pantry), ROW(recipe), ROW(meal_plan), ROW(event), ROW(trip),
    ROW(favorite), ROW(notice), ROW(vehicle)};

const char *record_seeds_make(struct arena *arena, const char *family, int n, int all,
    const char **id, int64_t *time_ms)
{
    char stamp[CLOCK_RFC3339_SIZE];
    struct seed s = {.arena = arena, .n = n, .ms = RECORD_SEEDS_FIRST + YEARS10_MS / all * n};
    clock_rfc3339(s.ms, stamp);
    s.day = arena_memdup(arena, stamp, 10);
    s.id = arena_printf(arena, strcmp(family, "maintenance") == 0 ? "%d" : "r%d", n + 1);
    *id = s.id;
    *time_ms = s.ms;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (strcmp(makers[i].family, family) == 0)
            return makers[i].make(&s);
    return NULL;
}

void record_seeds_fill(struct tool_bench *b, const char *family, int all)
{
    struct arena *arena = arena_new();
    struct records_write writes[ONCE];
    struct records_fence fence = {.uid = b->context.uid};
    const char *prior;
    size_t count = 0;
    for (int n = 0; n < all; n++) {
        struct records_write *w = &writes[count++];
        *w = (struct records_write){.family = family};
        w->json = record_seeds_make(arena, family, n, all, &w->id, &w->time_ms);
        assert_non_null(w->json);
        if (count < ONCE && n + 1 < all)
            continue;
        assert_int_equal(
            records_commit(b->context.store, &fence,
                &(struct records_batch){.writes = writes, .count = count, .result = "{}"}, arena,
                &prior),
            0);
        count = 0;
        arena_reset(arena);
    }
    arena_free(arena);
}
