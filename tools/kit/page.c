/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/page.h"

#include "process/aside.h"
#include "process/scoreboard.h"

#define PAGE_TIME_MS 3000
#define PAGE_MEMORY ((size_t)64 << 20)

struct page_reading {
    struct tools_run *run;
    const struct page *page;
    struct aside_work work;
    struct aside *aside; /* NULL: it has ended */
    struct tools_step step;
    struct buf answer;
    int error;
};

static void page_on_cancel(struct tools_run *run)
{
    struct page_reading *r = run->state;

    if (r->aside)
        aside_cancel(r->aside);
    r->aside = NULL;
}

static void page_step(struct tools_run *run, void *arg)
{
    const struct page_reading *r = arg;

    run->on_cancel = NULL;
    r->page->done(run, r->error, r->answer.data, r->answer.len);
}

static void page_on_done(void *arg, int error, const struct buf *out)
{
    struct page_reading *r = arg;

    r->aside = NULL;
    r->error = error;
    if (!error) {
        buf_put(&r->answer, out->data, out->len);
        r->error = buf_error(&r->answer);
    }
    r->step = (struct tools_step){.fn = page_step, .arg = r};
    run_defer(r->run, &r->step);
}

static void page_free_answer(void *arg)
{
    buf_free(arg);
}

int page_read(struct tools_run *run, const struct page *page, const char *body, size_t len)
{
    struct page_reading *r = arena_alloc(run->arena, sizeof *r);
    const char *copy = arena_memdup(run->arena, body, len);
    int error = r && copy ? 0 : ERR_NOMEM;

    if (error)
        return error;
    *r = (struct page_reading){.run = run, .page = page};
    r->work = (struct aside_work){.name = page->name,
        .read = page->read,
        .in = copy,
        .len = len,
        .time_ms = PAGE_TIME_MS,
        .memory = PAGE_MEMORY,
        .out_max = page->out_max,
        .conf = run->context->conf,
        .owner = scoreboard_owner(run->context->uid)};
    error = arena_on_free(run->arena, page_free_answer, &r->answer);
    if (!error)
        error = aside_start(&r->aside, run->context->reactor, &r->work, page_on_done, r);
    if (error)
        return error;
    run->state = r;
    run->on_cancel = page_on_cancel;
    return 0;
}
