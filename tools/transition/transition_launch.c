/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family transition: readiness, and the week before the departure. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/record.h"
#include "tools/transition/transition.h"

#include "base/clock.h"
#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- get_transition_progress --- */

static const char *const categories[] = {"financial", "vehicle", "life", "downsizing", "equipment",
    "legal", "social", "custom"};
#define CATEGORIES (sizeof categories / sizeof *categories)
#define TRIPS_WANTED 3

struct progress {
    struct transition_departure departure;
    int64_t tasks, done, overdue, critical_open;
    int64_t by_category[CATEGORIES], done_by_category[CATEGORIES];
    double weight, weight_done;
    int64_t items, bought, essential, essential_bought;
    int64_t trips, critical_issues;
};

static double transition_weight_of(const char *priority)
{
    static const char *const order[] = {"low", "medium", "high", "critical"};
    for (int i = 0; i < 4; i++)
        if (strcmp(order[i], priority) == 0)
            return i + 1;
    return 2;
}

/* "open PRIORITY CATEGORY" or "done ...". */
static void transition_count_tasks(struct progress *p, const struct records_number *n)
{
    char state[8] = "", priority[16] = "", category[32] = "";
    if (sscanf(n->field, "%7s %15s %31s", state, priority, category) < 2)
        return;
    bool done = strcmp(state, "done") == 0;
    p->tasks += n->value;
    p->done += done ? n->value : 0;
    p->critical_open += !done && strcmp(priority, "critical") == 0 ? n->value : 0;
    p->weight += transition_weight_of(priority) * (double)n->value;
    p->weight_done += done ? transition_weight_of(priority) * (double)n->value : 0;
    for (size_t i = 0; i < CATEGORIES; i++)
        if (strcmp(categories[i], category) == 0) {
            p->by_category[i] += n->value;
            p->done_by_category[i] += done ? n->value : 0;
        }
}

static int transition_numbers_of(struct tools_run *run, const char *family, const char *bucket,
    struct records_numbers *out)
{
    return records_numbers(run->context->store, run->context->uid, family,
        &(struct records_texts){&bucket, 1}, run->arena, out);
}

/* Open tasks that were due before today: their tags' scores are days before the departure. */
static int transition_count_overdue(struct tools_run *run, struct progress *p)
{
    int64_t first = p->departure.days + 1;
    struct records_tag tags[] = {{"open critical", first, RECORD_FOREVER, 0},
        {"open high", first, RECORD_FOREVER, 0}, {"open medium", first, RECORD_FOREVER, 0},
        {"open low", first, RECORD_FOREVER, 0}};
    if (!p->departure.known)
        return 0;
    int error =
        records_tags(run->context->store, run->context->uid, TRANSITION_TASK, tags, 4, run->arena);
    for (size_t i = 0; i < 4; i++)
        p->overdue += tags[i].count;
    return error;
}

/* 0 to 100: tasks count 60, essential gear 25, practice trips 15, as far as there are any. */
static bool transition_score_of(const struct progress *p, int64_t *score)
{
    double sum = 0, of = 0;
    if (p->tasks > 0) {
        sum += 60 * p->weight_done / p->weight;
        of += 60;
    }
    if (p->essential > 0) {
        sum += 25 * (double)p->essential_bought / (double)p->essential;
        of += 25;
    }
    if (p->trips > 0) {
        double part = (double)(p->trips < TRIPS_WANTED ? p->trips : TRIPS_WANTED) / TRIPS_WANTED;
        sum += 15 * (p->critical_issues > 0 ? part / 2 : part);
        of += 15;
    }
    if (of <= 0)
        return false;
    *score = (int64_t)floor(sum * 100 / of);
    return true;
}

static int transition_set_categories(jdoc *object, const struct progress *p)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < CATEGORIES; i++) {
        if (p->by_category[i] == 0)
            continue;
        jdoc *item = jdoc_new_object();
        failed |= !item || jdoc_set_string(item, "category", categories[i]) != 0 ||
            jdoc_set_int(item, "total", p->by_category[i]) != 0 ||
            jdoc_set_int(item, "completed", p->done_by_category[i]) != 0;
        failed |= jdoc_push(list, item);
    }
    if (failed == 0)
        return jdoc_set(object, "by_category", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

static int transition_set_progress(jdoc *object, const struct progress *p, bool scored,
    int64_t score)
{
    int failed = 0;
    if (scored)
        failed |= jdoc_set_int(object, "score", score) |
            jdoc_set_string(object, "how",
                "tasks by priority 60, essential equipment 25, up to "
                "three practice trips 15 (half while a critical problem is open); what is not "
                "tracked does not count");
    failed |= jdoc_set_int(object, "tasks", p->tasks);
    failed |= jdoc_set_int(object, "tasks_completed", p->done);
    failed |= jdoc_set_int(object, "tasks_overdue", p->overdue);
    failed |= jdoc_set_int(object, "critical_tasks_open", p->critical_open);
    failed |= transition_set_categories(object, p);
    failed |= jdoc_set_int(object, "equipment_items", p->items);
    failed |= jdoc_set_int(object, "equipment_purchased", p->bought);
    failed |= jdoc_set_int(object, "essential_items", p->essential);
    failed |= jdoc_set_int(object, "essential_purchased", p->essential_bought);
    failed |= jdoc_set_int(object, "shakedown_trips", p->trips);
    failed |= jdoc_set_int(object, "critical_issues_open", p->critical_issues);
    failed |= transition_set_departure(object, &p->departure);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* All from the sums that stand beside the records. */
static int transition_gather(struct tools_run *run, struct progress *p)
{
    struct records_numbers tasks = {0}, items = {0}, issues = {0};
    int error = transition_departure(run, &p->departure);
    if (error == 0)
        error = transition_numbers_of(run, TRANSITION_TASK, "all", &tasks);
    for (size_t i = 0; error == 0 && i < tasks.count; i++)
        transition_count_tasks(p, &tasks.all[i]);
    if (error == 0)
        error = transition_count_overdue(run, p);
    if (error == 0)
        error = transition_numbers_of(run, TRANSITION_EQUIPMENT, "*", &items);
    if (error == 0)
        error = transition_numbers_of(run, TRANSITION_ISSUE, "all", &issues);
    if (error == 0)
        error = records_count(run->context->store, run->context->uid, TRANSITION_TRIP,
            -RECORD_FOREVER, RECORD_FOREVER, &p->trips);
    p->bought = cost_number(&items, "bought");
    p->items = p->bought + cost_number(&items, "buy");
    p->essential_bought = cost_number(&items, "essential bought");
    p->essential = p->essential_bought + cost_number(&items, "essential buy");
    p->critical_issues = cost_number(&issues, "critical");
    return error;
}

int transition_tool_get_transition_progress(struct tools_run *run)
{
    struct progress p = {0};
    int64_t score = 0;
    int error = transition_gather(run, &p);
    if (error != 0)
        return error;
    bool scored = transition_score_of(&p, &score);
    if (!(scored ? run_succeed(run, "Readiness %lld of 100: %lld of %lld tasks done.",
                       (long long)score, (long long)p.done, (long long)p.tasks) :
                   run_succeed(run,
                       "Nothing is tracked yet: no tasks, essential equipment or "
                       "practice trips.")))
        return ERR_NOMEM;
    jdoc *object = jdoc_new_object();
    error = object ? jdoc_set(run->result, "progress", object) : ERR_NOMEM;
    return error == 0 ? transition_set_progress(object, &p, scored, score) : error;
}

/* --- the launch week --- */

/* A standard list, the same for everyone; the result says so. */
static const struct launch_task {
    const char *id;
    int day;
    const char *title;
} launch_tasks[] = {
    {"day7_mechanical", 7, "Check tyres, brakes, lights, belts and fluids"},
    {"day7_first_stop", 7, "Confirm the booking of the first nights"},
    {"day6_documents", 6, "Gather licences, registration, insurance and medical cards"},
    {"day6_mail", 6, "Have the mail redirected"},
    {"day5_medicines", 5, "Get the medicines for the first month"},
    {"day5_notices", 5, "Tell bank, insurers and phone company about the journey"},
    {"day4_weight", 4, "Load the heavy things low and over the axles, and weigh the rig"},
    {"day4_maps", 4, "Download offline maps and back up phones and photographs"},
    {"day3_tanks", 3, "Fill water and gas, empty the waste tanks"},
    {"day3_home", 3, "Leave the home safe: water, power, keys, a neighbour who knows"},
    {"day2_groceries", 2, "Stock food for the first days"},
    {"day2_road", 2, "Look at weather and roads of the first leg"},
    {"day1_pack", 1, "Pack clothes and what lies loose; secure cupboards"},
    {"day1_charge", 1, "Charge batteries and devices, fill the fuel tank"},
    {"day0_walkaround", 0, "Walk around: hitch, hatches, steps, mirrors, lights"},
    {"day0_odometer", 0, "Note the odometer and set out"},
};
#define LAUNCH_TASKS (sizeof launch_tasks / sizeof *launch_tasks)
#define OWN_SHOWN 20

struct launch {
    struct transition_departure departure;
    jdoc *done[LAUNCH_TASKS]; /* records, or NULL */
    jdoc *own;                /* the user's own tasks of the week */
    size_t own_total;
    int64_t completed;
};

static int transition_take_own(void *arg, const jdoc *task)
{
    struct launch *l = arg;
    return jdoc_push(l->own, transition_task_view(task, &l->departure));
}

static int transition_read_launch(struct tools_run *run, struct launch *l)
{
    const struct tools_context *context = run->context;
    struct records_tag tag = {"launch", -RECORD_FOREVER, RECORD_FOREVER, 0};
    struct records_page page = {.family = TRANSITION_TASK,
        .tag = "launch",
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .max = OWN_SHOWN};
    int error = transition_departure(run, &l->departure);
    for (size_t i = 0; error == 0 && i < LAUNCH_TASKS; i++) {
        error = record_get(run, TRANSITION_LAUNCH, launch_tasks[i].id, &l->done[i], NULL);
        l->completed += error == 0;
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    if (error == 0)
        error = records_tags(context->store, context->uid, TRANSITION_TASK, &tag, 1, run->arena);
    l->own_total = (size_t)tag.count;
    return error == 0 ? record_tagged(run, &page, transition_take_own, l, NULL) : error;
}

static jdoc *transition_launch_view(const struct launch_task *task, const jdoc *done,
    const struct transition_departure *d)
{
    char date[TIMESTAMP_SIZE];
    const char *status = done ? "completed" : "pending";
    jdoc *view = jdoc_new_object();
    if (!view)
        return NULL;
    int failed = jdoc_set_string(view, "id", task->id);
    failed |= jdoc_set_string(view, "title", task->title);
    failed |= jdoc_set_int(view, "days_before_departure", task->day);
    if (d->known) {
        timestamp_date(timestamp_day(d->ms, -task->day, d->zone), d->zone, date);
        failed |= jdoc_set_string(view, "due_date", date);
        if (!done && d->days < task->day)
            status = "overdue";
    }
    failed |= jdoc_set_string(view, "status", status);
    failed |=
        jdoc_set_string(view, "completed_at", jdoc_string(jdoc_get(done, "completed_at"), NULL));
    failed |= jdoc_set_string(view, "notes", jdoc_string(jdoc_get(done, "notes"), NULL));
    if (failed == 0)
        return view;
    jdoc_free(view);
    return NULL;
}

static int transition_set_launch(jdoc *object, struct launch *l)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < LAUNCH_TASKS; i++)
        failed |=
            jdoc_push(list, transition_launch_view(&launch_tasks[i], l->done[i], &l->departure));
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    failed |= jdoc_set(object, "tasks", list);
    failed |= jdoc_set_bool(object, "standard_list", true);
    failed |= jdoc_set_int(object, "total", LAUNCH_TASKS);
    failed |= jdoc_set_int(object, "completed", l->completed);
    failed |= jdoc_set_bool(object, "in_launch_week",
        l->departure.known && l->departure.days >= 0 && l->departure.days <= 7);
    failed |= transition_set_departure(object, &l->departure);
    failed |= jdoc_set(object, "own_tasks", l->own);
    l->own = NULL;
    failed |= jdoc_set_int(object, "own_tasks_total", (int64_t)l->own_total);
    return failed != 0 ? ERR_NOMEM : 0;
}

static jdoc *transition_say_launch(struct tools_run *run, const struct launch *l)
{
    const struct transition_departure *d = &l->departure;
    if (!d->known)
        return run_succeed(run,
            "%lld of %zu launch tasks are done. The day of departure is not "
            "known yet.",
            (long long)l->completed, LAUNCH_TASKS);
    if (d->days < 0)
        return run_succeed(run, "The departure was on %s. %lld of %zu launch tasks are done.",
            d->date, (long long)l->completed, LAUNCH_TASKS);
    return run_succeed(run, "%d day%s to the departure on %s. %lld of %zu launch tasks are done.",
        d->days, d->days == 1 ? "" : "s", d->date, (long long)l->completed, LAUNCH_TASKS);
}

int transition_tool_get_launch_week_status(struct tools_run *run)
{
    struct launch l = {.own = jdoc_new_array()};
    jdoc *object = jdoc_new_object();
    int error = !l.own || !object ? ERR_NOMEM : transition_read_launch(run, &l);
    if (error == 0)
        error = transition_set_launch(object, &l);
    if (error == 0)
        error = transition_say_launch(run, &l) ? 0 : ERR_NOMEM;
    if (error == 0)
        error = jdoc_set(run->result, "launch", object);
    else
        jdoc_free(object);
    for (size_t i = 0; i < LAUNCH_TASKS; i++)
        jdoc_free(l.done[i]);
    jdoc_free(l.own);
    return error;
}

/* --- complete_launch_task --- */

static int transition_launch_complete_once(struct tools_run *run, void *arg)
{
    const struct launch_task *task = arg;
    struct transition_departure d;
    jdoc *record = NULL, *view = NULL;
    char now[CLOCK_RFC3339_SIZE];
    const char *seen = NULL;
    int error = record_get(run, TRANSITION_LAUNCH, task->id, &record, &seen);
    bool again = error == 0;
    clock_rfc3339(run->context->now_ms, now);
    if (error == ERR_NOT_FOUND) {
        record = jdoc_new_object();
        error = !record || jdoc_set_string(record, "id", task->id) != 0 ||
                jdoc_set_string(record, "completed_at", now) != 0 ?
            ERR_NOMEM :
            0;
    }
    if (error == 0)
        error = jdoc_set_string(record, "notes", jdoc_string(jdoc_get(run->args, "notes"), NULL)) |
                record_stamp(run, record) ?
            ERR_NOMEM :
            transition_departure(run, &d);
    if (error == 0) {
        view = transition_launch_view(task, record, &d);
        error = !view ||
                !run_succeed(run, again ? "\"%s\" was done already." : "\"%s\" is done.",
                    task->title) ?
            ERR_NOMEM :
            0;
    }
    if (error == 0)
        error = jdoc_set(run->result, "task", view);
    else
        jdoc_free(view);
    struct record_item item = {.family = TRANSITION_LAUNCH,
        .id = task->id,
        .document = record,
        .time_ms = run->context->now_ms,
        .seen = seen};
    if (error == 0)
        error = record_commit(run, &item, 1, again);
    jdoc_free(record);
    return error == ERR_NOT_FOUND ? ERR_CONFLICT : error;
}

int transition_tool_complete_launch_task(struct tools_run *run)
{
    const char *id = jdoc_text_or(run->args, "task_id", "");
    for (size_t i = 0; i < LAUNCH_TASKS; i++)
        if (strcmp(launch_tasks[i].id, id) == 0)
            return record_retry(run, transition_launch_complete_once, (void *)&launch_tasks[i]);
    return run_fail(run, "not_found",
        "There is no such task in the launch week. "
        "get_launch_week_status lists them; tasks of the user's own checklist are done with "
        "complete_transition_task.");
}
