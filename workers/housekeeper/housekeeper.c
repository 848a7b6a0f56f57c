#include "process/worker.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/reactor.h"
#include "base/task.h"
#include "store/hints.h"
#include "store/store.h"
#include "store/turns.h"
#include "wire/redis/listen.h"
#include "workers/housekeeper/blame_desk.h"
#include "workers/housekeeper/handover.h"
#include "workers/housekeeper/mcp_desk.h"
#include "workers/housekeeper/reminders.h"
#include "workers/housekeeper/webhooks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The housekeeper looks after turns that nobody runs: those of dead workers become pending,
 * pending ones are handed to the turn pool. What it knows is a list of jobs; the truth stands in
 * Redis. It also holds the desks of reminders, webhooks and MCP servers.
 */
#define LOOK_MS 1000     /* between looks at tp:hint:leases */
#define LOOK_BUSY_MS 250 /* while something was due */
#define LOOK_MAX 64      /* hints of one look: what is taken over at once stays bounded */
#define JOBS_MAX 4608 /* every turn of a machine at once, and some */
#define HANDOVERS_MAX 64 /* open at once */
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000
/* Who was refused has been told to come again in a second: a waiting turn lets them in first. */
#define COURTESY_MS 1100
#define LINE_SIZE 8192 /* of lines read at once */
#define PLACE_LOOK_MS 25 /* between looks for a free worker, while turns wait for one */
#define WOKEN_MAX 64     /* turns named on tp:wake between two steps */
#define TASK_STACK 131072 /* of those that connect, and of those that ask for a dead worker's turn */
#define BURY_MAX 64 /* such at once, over one connection */
#define LEAVE_MS 1000 /* for open handovers, when asked to go */
#define MEMORY_EVERY_MS 60000

enum job_kind { JOB_NONE, JOB_DEAD, JOB_RUN };

struct housekeeper;
struct job {
    enum job_kind kind;
    struct housekeeper *keeper;
    char uid[IDENT_USER_MAX + 1], turn[IDENT_UUID_SIZE];
    int pid; /* JOB_DEAD: of the worker */
    enum turns_loss_kind how; /* JOB_DEAD: TURNS_DEAD or TURNS_SPARED */
    uint64_t order; /* of its arrival */
    int64_t due_ms;
    unsigned tries;
    bool busy; /* JOB_DEAD: a task has it */
    bool suspect; /* JOB_RUN: for a quarantine worker */
    bool abandoned; /* its worker is gone: viewers see a halt, so it does not wait as long as others */
    struct handover *handover; /* in progress */
};

#define BEAT_MS 1000

struct housekeeper {
    struct worker *worker;
    struct reactor *reactor;
    struct store *store;
    struct store *deaths; /* the tasks of JOB_DEAD share it: what a worker leaves goes out together */
    struct listen *listen;
    struct listen_ear ear; /* of tp:wake */
    struct reminders_desk *desk;
    struct webhooks_desk *webhooks;
    struct mcp_desk *mcp;
    struct blame_desk blame;
    struct scoreboard_seat *seat; /* of the reminder it works on; NULL = none */
    struct reactor_source supervisor;
    char machine[64]; /* as owners of turns begin */
    char line[LINE_SIZE];
    size_t line_len;
    struct job jobs[JOBS_MAX];
    size_t jobs_used; /* no job at or above it */
    uint64_t arrivals; /* of jobs */
    struct turns_hint woken[WOKEN_MAX];
    size_t woken_count;
    size_t handovers, apart; /* open: all; to quarantine workers */
    unsigned long long refusals; /* of the turn pool to others, so far */
    int64_t refused_ms;                        /* monotonic: when somebody else was seen refused */
    int64_t look_ms, memory_ms;
    int64_t patient_until_ms; /* nothing counts as expired before: Redis was away */
    unsigned link_generation;
    bool orphaned;
};

/* --- jobs --- */

static struct job *job_find(struct housekeeper *k, enum job_kind kind, const char *turn, int pid)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind == kind && strcmp(k->jobs[i].turn, turn) == 0 && k->jobs[i].pid == pid)
            return &k->jobs[i];
    return NULL;
}

/*
 * A place for a job, or NULL. What a dead worker leaves takes that of a turn which waits to be
 * handed over: that one's hint is found again by a later look, this one is told only once.
 */
static struct job *job_place(struct housekeeper *k, enum job_kind kind)
{
    struct job *waits = NULL;
    for (size_t i = 0; i < k->jobs_used; i++) {
        if (k->jobs[i].kind == JOB_NONE)
            return &k->jobs[i];
        if (k->jobs[i].kind == JOB_RUN && !k->jobs[i].handover)
            waits = &k->jobs[i];
    }
    if (k->jobs_used < JOBS_MAX)
        return &k->jobs[k->jobs_used++];
    return kind == JOB_DEAD ? waits : NULL;
}

static void notice_refusals(struct housekeeper *k, int64_t now)
{
    unsigned long long all = atomic_load(&k->worker->board->refused_full);
    unsigned long long own = atomic_load(&k->worker->board->refused_handovers);
    if (all <= own || all - own <= k->refusals)
        return;
    k->refused_ms = now;
    k->refusals = all - own;
}

/*
 * A session may have as many turns waiting as it likes: its next one comes at once only when nobody
 * else was just refused. Else a worker stays free for as long as those were told to wait.
 */
static int64_t first_due(struct housekeeper *k, enum job_kind kind)
{
    int64_t now = clock_mono_ms();
    notice_refusals(k, now);
    bool others_wait = k->refused_ms != 0 && now - k->refused_ms < COURTESY_MS;
    return kind == JOB_RUN && others_wait ? now + COURTESY_MS : now;
}

/* Returns the job, also when there was one already; NULL when there is no place for it. */
static struct job *job_add(
    struct housekeeper *k, enum job_kind kind, const char *uid, const char *turn, int pid)
{
    struct job *job = job_find(k, kind, turn, pid);
    if (job)
        return job;
    job = job_place(k, kind);
    if (job == NULL) {
        /* The hint stays where it is; a later look finds it again. */
        log_limited(LOG_LEVEL_WARN, "too many turns to look after at once");
        return NULL;
    }
    *job = (struct job){.kind = kind, .keeper = k, .pid = pid, .due_ms = first_due(k, kind)};
    job->order = ++k->arrivals;
    snprintf(job->uid, sizeof(job->uid), "%s", uid);
    snprintf(job->turn, sizeof(job->turn), "%s", turn);
    return job;
}

/* Its handover is over. */
static void job_handed(struct job *job)
{
    job->handover = NULL;
    job->keeper->handovers--;
    job->keeper->apart -= job->suspect;
}

static void job_end(struct job *job)
{
    struct housekeeper *k = job->keeper;
    if (job->handover != NULL) {
        handover_cancel(job->handover);
        job_handed(job);
    }
    job->kind = JOB_NONE;
    while (k->jobs_used > 0 && k->jobs[k->jobs_used - 1].kind == JOB_NONE)
        k->jobs_used--;
}

static void job_later(struct job *job, int64_t least_ms)
{
    int64_t delay = RETRY_MIN_MS;
    for (unsigned i = 0; i < job->tries && delay < RETRY_MAX_MS; i++)
        delay *= 2;
    if (delay > RETRY_MAX_MS)
        delay = RETRY_MAX_MS;
    job->tries++;
    job->due_ms = clock_mono_ms() + (delay > least_ms ? delay : least_ms);
}

static void job_on_handover(void *arg, int status, int retry_ms)
{
    struct job *job = arg;
    job_handed(job);
    if (status == 503 || status == 0) {
        log_debug("turn %s: the pool answered %d, again later", job->turn, status);
        job_later(job, job->abandoned ? 0 : retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : retry_ms);
        return;
    }
    /* 429: as many turns of its user run as one may have. When one ends, tp:wake names this one. */
    if (status != 202 && status != 409 && status != 404 && status != 429)
        log_warn("turn %s could not be handed over: status %d", job->turn, status);
    if (status == 202)
        atomic_fetch_add(&job->keeper->worker->slot->requests, 1);
    if (status == 404)
        turns_hint_remove(job->keeper->store, job->uid, job->turn);
    job_end(job);
}

static void job_run(struct job *job)
{
    struct housekeeper *k = job->keeper;
    const char *path = job->suspect ? k->worker->quarantine_socket : k->worker->turn_socket;
    int error = handover_start(
        &job->handover, k->reactor, path, job->uid, job->turn, job_on_handover, job);
    if (error == 0) {
        k->handovers++;
        k->apart += job->suspect;
        return;
    }
    log_limited(LOG_LEVEL_WARN, "turn %s: %s cannot be reached: %s", job->turn,
        job->suspect ? "the quarantine worker" : "the turn pool", err_text(error));
    job_later(job, 0);
}

/* The turn of a worker that is gone is for any other one now. Returns turns_abandon's result. */
static int give_up(struct housekeeper *k, struct store *store, const char *uid, const char *turn,
    const struct turns_loss *loss)
{
    char next[IDENT_UUID_SIZE];
    bool suspect = false;
    int error = turns_abandon(store, uid, turn, loss, next, &suspect);
    if (error != 0)
        return error;
    atomic_fetch_add(&k->worker->slot->requests, 1);
    if (next[0] != '\0') {
        struct job *job = job_add(k, JOB_RUN, uid, next, 0);
        if (job != NULL) {
            job->abandoned = true;
            job->suspect |= suspect && !job->handover;
            job->due_ms = clock_mono_ms();
        }
    }
    return 0;
}

/* In a task. */
static void job_dead(struct job *job)
{
    struct housekeeper *k = job->keeper;
    char owner[96];
    snprintf(owner, sizeof(owner), "%.40s/turn/%d/", k->machine, job->pid);
    const struct turns_loss loss = {.how = job->how, .owner = owner};
    int error = give_up(k, k->deaths, job->uid, job->turn, &loss);
    if (error == ERR_STORE || error == ERR_STORE_FULL || error == ERR_STORE_READONLY) {
        job_later(job, 0);
        return;
    }
    if (error == 0)
        log_info("turn %s of user %s: its worker %d died%s", job->turn, job->uid, job->pid,
            job->how == TURNS_SPARED ? ", not in this turn: no attempt is lost"
                                     : " in this turn");
    else if (error != ERR_NOT_FOUND && error != ERR_CONFLICT)
        log_error("turn %s cannot be taken over: %s", job->turn, err_text(error));
    job_end(job);
}

static void bury(void *arg)
{
    struct job *job = arg;
    job_dead(job);
    job->busy = false;
}

/* Turns of dead workers that are due: viewers of a hundred do not wait for one after the other. */
static void dead_jobs_step(struct housekeeper *k, int64_t now)
{
    for (size_t i = 0; i < k->jobs_used && tasks_count() < BURY_MAX; i++) {
        struct job *job = &k->jobs[i];
        if (job->kind == JOB_DEAD && !job->busy && job->due_ms <= now)
            job->busy = task_spawn(bury, job, -1, NULL) == 0;
    }
}

/* Turns that quarantine workers can take now. */
static int64_t places_apart(const struct housekeeper *k)
{
    const struct scoreboard *board = k->worker->board;
    int64_t places = k->worker->conf->turn_quarantine - (int64_t)k->apart;
    for (size_t i = 0; i < board->slot_count; i++)
        if (atomic_load(&board->slots[i].pool) == SCOREBOARD_QUARANTINE)
            places -= atomic_load(&board->slots[i].seats_busy);
    return places;
}

/*
 * The turn that has waited for a worker longest, of those that are due; or NULL.
 *   apart  whether a quarantine worker is free
 */
static struct job *job_oldest(struct housekeeper *k, int64_t now, bool apart)
{
    struct job *oldest = NULL;
    for (size_t i = 0; i < k->jobs_used; i++) {
        struct job *job = &k->jobs[i];
        if (job->kind == JOB_RUN && job->handover == NULL && job->due_ms <= now &&
            (apart || !job->suspect) && (oldest == NULL || job->order < oldest->order))
            oldest = job;
    }
    return oldest;
}

static bool has_suspects(const struct housekeeper *k)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind == JOB_RUN && k->jobs[i].suspect && !k->jobs[i].handover)
            return true;
    return false;
}

/*
 * Hands over as many turns as there are free workers; the pool need not be asked to know that. The
 * suspect ones wait for each other, the oldest first, and are in nobody else's way meanwhile.
 */
static void places_step(struct housekeeper *k, int64_t now)
{
    struct scoreboard *board = k->worker->board;
    int64_t places = atomic_load(&board->turn_limit) - atomic_load(&board->running_turns) -
                     (int64_t)k->handovers;
    int64_t apart = has_suspects(k) ? places_apart(k) : 0;
    struct job *job;
    while (places-- > 0 && k->handovers < HANDOVERS_MAX &&
           (job = job_oldest(k, now, apart > 0)) != NULL) {
        apart -= job->suspect;
        job_run(job);
    }
}

/* Runs what is due; returns when the next one is. */
static int64_t jobs_step(struct housekeeper *k, int64_t now, int64_t next)
{
    int waiting = 0;
    dead_jobs_step(k, now);
    places_step(k, now);
    for (size_t i = 0; i < k->jobs_used; i++) {
        const struct job *job = &k->jobs[i];
        if (job->kind == JOB_NONE || job->handover != NULL)
            continue;
        waiting += job->kind == JOB_RUN && !job->suspect && job->due_ms <= now;
        int64_t due = job->due_ms <= now ? now + PLACE_LOOK_MS : job->due_ms;
        if (due < next)
            next = due;
    }
    atomic_store(&k->worker->board->turns_waiting, waiting);
    return next;
}

/* --- hints --- */

static bool seat_is_of(const struct scoreboard_seat *seat, const char *uid, const char *turn)
{
    char its_uid[IDENT_USER_MAX + 1], its_session[IDENT_SESSION_MAX + 1];
    char its_turn[IDENT_UUID_SIZE];
    return atomic_load(&seat->taken) &&
           scoreboard_turn_get(seat, its_uid, its_session, its_turn) &&
           strcmp(its_turn, turn) == 0 && strcmp(its_uid, uid) == 0;
}

/*
 * Why nobody has renewed a lease: a worker of this machine has the turn, but its loop does not come
 * round (the supervisor will see that too, in a while). It hangs in this turn, or in another one.
 */
static enum turns_loss_kind expired_how(const struct housekeeper *k, const struct turns_hint *hint)
{
    const struct scoreboard *board = k->worker->board;
    int64_t since = clock_mono_ms() - k->worker->conf->lease_ms / 2;
    for (size_t i = 0; i < board->slot_count; i++) {
        const struct scoreboard_slot *slot = &board->slots[i];
        const struct scoreboard_seat *seat;
        if (atomic_load(&slot->pid) == 0 || atomic_load(&slot->seats_busy) == 0 ||
            atomic_load(&slot->beat_ms) > since)
            continue;
        for (size_t n = 0; (seat = scoreboard_seat_at(board, slot, n)) != NULL; n++)
            if (seat_is_of(seat, hint->uid, hint->turn))
                return scoreboard_executing(board, slot) == seat ? TURNS_STUCK : TURNS_BESIDE;
    }
    return TURNS_EXPIRED;
}

static void hint_expired(struct housekeeper *k, const struct turns_hint *hint)
{
    static const char *const why[] = {[TURNS_EXPIRED] = "",
        [TURNS_STUCK] = ", as its worker hangs in this turn",
        [TURNS_BESIDE] = ", as its worker hangs, but not in this turn: no attempt is lost"};
    const struct turns_loss loss = {.how = expired_how(k, hint)};
    int error = give_up(k, k->store, hint->uid, hint->turn, &loss);
    if (error == 0)
        log_warn("turn %s of user %s: nobody renewed its lease%s", hint->turn, hint->uid,
            why[loss.how]);
    else if (error == ERR_NOT_FOUND)
        turns_hint_remove(k->store, hint->uid, hint->turn);
}

/* A message that was told to wait: it need not let others in first, as it is one of those itself. */
static void job_wait(struct housekeeper *k, const struct turns_hint *hint)
{
    struct job *job = job_add(k, JOB_RUN, hint->uid, hint->turn, 0);
    if (job != NULL && job->handover == NULL)
        job->due_ms = clock_mono_ms();
}

/* A worker has died in this turn: seen after a restart, or on behalf of another machine. */
static void job_apart(struct housekeeper *k, const struct turns_hint *hint)
{
    struct job *job = job_add(k, JOB_RUN, hint->uid, hint->turn, 0);
    if (job && !job->handover)
        job->suspect = true;
}

/* What the turn's own state says; a hint is only where to look. */
static void hint_look(struct housekeeper *k, const struct turns_hint *hint, int64_t now)
{
    char state[16] = "";
    int64_t left = 0;
    int error = turns_state(k->store, hint->uid, hint->turn, state, &left);
    if (error == ERR_NOT_FOUND)
        turns_hint_remove(k->store, hint->uid, hint->turn);
    else if (error != 0)
        return;
    else if (strcmp(state, "pending") == 0 || strcmp(state, "answered") == 0)
        job_add(k, JOB_RUN, hint->uid, hint->turn, 0);
    else if (strcmp(state, "suspect") == 0)
        job_apart(k, hint);
    else if (strcmp(state, "waiting") == 0)
        job_wait(k, hint);
    else if (strcmp(state, "queued") == 0 || strcmp(state, "held") == 0)
        return; /* its hint has been moved: it stays until the turn has ended */
    else if (strcmp(state, "running") != 0)
        turns_hint_remove(k->store, hint->uid, hint->turn);
    else if (left <= 0 && now >= k->patient_until_ms)
        hint_expired(k, hint);
}

/* Redis was away, or has answered so late that workers cannot have renewed their leases either. */
static void notice_outage(struct housekeeper *k, int64_t asked, int64_t now)
{
    unsigned generation = link_generation(k->store->link);
    if (generation == k->link_generation && now - asked < k->worker->conf->lease_ms / 4)
        return;
    k->link_generation = generation;
    k->patient_until_ms = now + k->worker->conf->lease_ms;
}

static void look(struct housekeeper *k, int64_t now)
{
    static struct turns_hint hints[LOOK_MAX];
    size_t count = 0;
    k->look_ms = now + LOOK_MS;
    int64_t asked = clock_mono_ms();
    int error = turns_hints(k->store, 0, hints, LOOK_MAX, &count);
    notice_outage(k, asked, clock_mono_ms());
    if (error != 0) {
        log_limited(LOG_LEVEL_WARN, "cannot look for abandoned turns: %s", err_text(error));
        return;
    }
    for (size_t i = 0; i < count; i++)
        hint_look(k, &hints[i], now);
    if (count > 0)
        k->look_ms = now + LOOK_BUSY_MS;
}

/* "UID TURN": looked at in the next step, whenever its hint is due. */
static void note_woken(struct housekeeper *k, const char *bytes, size_t len)
{
    const char *blank = memchr(bytes, ' ', len);
    size_t uid = blank == NULL ? 0 : (size_t)(blank - bytes);
    struct turns_hint *hint = &k->woken[k->woken_count];
    if (uid == 0 || uid > IDENT_USER_MAX || len - uid - 1 != IDENT_UUID_SIZE - 1 ||
        k->woken_count == WOKEN_MAX)
        return; /* its hint is found by itself */
    memcpy(hint->uid, bytes, uid);
    hint->uid[uid] = '\0';
    memcpy(hint->turn, blank + 1, IDENT_UUID_SIZE - 1);
    hint->turn[IDENT_UUID_SIZE - 1] = '\0';
    if (ident_is_safe(hint->uid, uid, IDENT_USER_MAX) && ident_is_uuid(hint->turn))
        k->woken_count++;
}

static void look_at_woken(struct housekeeper *k, int64_t now)
{
    for (size_t i = 0; i < k->woken_count; i++)
        hint_look(k, &k->woken[i], now);
    k->woken_count = 0;
}

static void housekeeper_on_wake(void *arg, const char *bytes, size_t len)
{
    struct housekeeper *k = arg;
    if (webhooks_desk_wake(k->webhooks, bytes, len) || mcp_desk_wake(k->mcp, bytes, len) ||
        blame_desk_wake(&k->blame, bytes, len))
        return;
    note_woken(k, bytes, len);
    k->look_ms = 0;
    reminders_desk_wake(k->desk);
}

static void housekeeper_on_subscribed(void *arg)
{
    struct housekeeper *k = arg;
    k->look_ms = 0;
    blame_desk_look(&k->blame);
    reminders_desk_wake(k->desk);
}

/* --- lines from the supervisor --- */

/* "dead UID TURN PID": the worker died while it executed this turn. "spared UID TURN PID": it died,
 * but not in this turn. "blame MARK MS": workers/housekeeper/blame_desk.h. */
static void housekeeper_on_line(struct housekeeper *k, const char *line)
{
    char word[8], uid[IDENT_USER_MAX + 1], turn[IDENT_UUID_SIZE];
    int pid = 0;
    struct blame_mark mark;
    if (sscanf(line, "%7s %128s %36s %d", word, uid, turn, &pid) == 4 &&
        (strcmp(word, "dead") == 0 || strcmp(word, "spared") == 0) &&
        ident_is_safe(uid, strlen(uid), IDENT_USER_MAX) && ident_is_uuid(turn)) {
        struct job *job = job_add(k, JOB_DEAD, uid, turn, pid);
        if (job)
            job->how = strcmp(word, "dead") == 0 ? TURNS_DEAD : TURNS_SPARED;
    } else if (sscanf(line, "blame %llx %" SCNd64, &mark.key, &mark.ms) == 2) {
        blame_desk_tell(&k->blame, &mark);
    } else {
        log_error("the supervisor said what is not understood: %.100s", line);
    }
}

_Static_assert(IDENT_USER_MAX == 128 && IDENT_UUID_SIZE == 37, "the widths in sscanf above");

static void housekeeper_on_supervisor(struct reactor_source *source, uint32_t events)
{
    struct housekeeper *k = source->arg;
    (void)events;
    ssize_t n =
        recv(source->fd, k->line + k->line_len, sizeof(k->line) - 1 - k->line_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        reactor_unwatch(k->reactor, source);
        k->orphaned = true;
        return;
    }
    k->line_len += (size_t)n;
    k->line[k->line_len] = '\0';
    char *at = k->line;
    for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        housekeeper_on_line(k, at);
    }
    k->line_len -= (size_t)(at - k->line);
    if (k->line_len >= sizeof(k->line) - 1)
        k->line_len = 0;
    memmove(k->line, at, k->line_len);
}

static void reminder_done(struct housekeeper *k)
{
    struct worker *w = k->worker;
    scoreboard_enter(w->board, w->slot, NULL);
    if (k->seat)
        scoreboard_seat_give(w->board, w->slot, k->seat);
    k->seat = NULL;
}

/* One user's poisonous record may end this process once, not keep everybody's reminders from them. */
static bool housekeeper_on_reminder(void *arg, const char *uid, const char *member)
{
    struct housekeeper *k = arg;
    struct worker *w = k->worker;
    struct blame_work work = {.route = "a reminder"};
    reminder_done(k);
    if (!member)
        return true;
    snprintf(work.uid, sizeof work.uid, "%s", uid);
    ident_sha256_hex(member, strlen(member), work.digest);
    if (blame_left(&w->board->blame, &work, clock_mono_ms(), NULL) > 0)
        return false;
    k->seat = scoreboard_seat_take(w->board, w->slot);
    if (k->seat) {
        scoreboard_work_set(k->seat, &work);
        scoreboard_enter(w->board, w->slot, k->seat);
    }
    return true;
}

/* --- the process --- */

static const struct listen_handlers housekeeper_hears = {
    .message = housekeeper_on_wake, .subscribed = housekeeper_on_subscribed};

static int housekeeper_open(struct housekeeper *k)
{
    const struct conf *conf = k->worker->conf;
    const struct tasks_settings tasks = {.stack_bytes = TASK_STACK, .stacks_kept = 1};
    char owner[96];
    /* The same as in the owner of a turn worker (fcgi-app/loop.c). */
    if (conf->machine[0] != '\0')
        snprintf(k->machine, sizeof(k->machine), "%.63s", conf->machine);
    else if (gethostname(k->machine, sizeof(k->machine) - 1) < 0)
        snprintf(k->machine, sizeof(k->machine), "unknown");
    snprintf(owner, sizeof(owner), "%.40s/housekeeper/%d/%lld", k->machine, (int)getpid(),
        (long long)clock_real_ms());
    k->ear = (struct listen_ear){.channel = HINTS_WAKE, .on = &housekeeper_hears, .arg = k};
    int error = reactor_new(&k->reactor);
    if (error == 0)
        error = store_open(&k->store, conf, k->reactor, owner);
    if (error == 0)
        error = store_open(&k->deaths, conf, k->reactor, owner);
    if (error == 0)
        error = reminders_desk_new(&k->desk, k->store);
    k->blame = (struct blame_desk){.store = k->store, .blame = &k->worker->board->blame};
    if (error == 0)
        reminders_desk_guard(k->desk, housekeeper_on_reminder, k);
    if (error == 0)
        error = webhooks_desk_new(&k->webhooks, k->store, k->reactor);
    if (error == 0)
        error = mcp_desk_new(&k->mcp, k->store, k->reactor);
    if (error == 0)
        error = tasks_open(k->reactor, &tasks);
    if (error == 0)
        link_attach(k->deaths->link, k->reactor);
    if (error == 0)
        error = listen_new(&k->listen, k->deaths->link);
    if (error == 0)
        listen_add(k->listen, &k->ear);
    if (error == 0 && k->worker->supervisor_fd >= 0)
        error = reactor_watch(k->reactor, &k->supervisor, k->worker->supervisor_fd, EPOLLIN,
            housekeeper_on_supervisor, k);
    return error;
}

static void housekeeper_close(struct housekeeper *k)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind != JOB_NONE)
            job_end(&k->jobs[i]);
    listen_free(k->listen);
    store_close(k->deaths); /* its replies are told to tasks */
    tasks_close();
    reminders_desk_free(k->desk);
    webhooks_desk_free(k->webhooks);
    mcp_desk_free(k->mcp);
    store_close(k->store);
    reactor_free(k->reactor);
    free(k);
}

static void measure(struct housekeeper *k, int64_t now)
{
    if (now < k->memory_ms)
        return;
    k->memory_ms = now + MEMORY_EVERY_MS;
    atomic_store(&k->worker->slot->memory_bytes, worker_memory());
}

static int64_t housekeeper_step(struct housekeeper *k)
{
    int64_t now = clock_mono_ms();
    if (k->worker->reopen) {
        k->worker->reopen = 0;
        log_reopen();
    }
    measure(k, now);
    notice_refusals(k, now);
    blame_desk_step(&k->blame, now);
    look_at_woken(k, now);
    if (now >= k->look_ms)
        look(k, now);
    int64_t next = jobs_step(k, now, reminders_desk_step(k->desk, now));
    int64_t webhooks = webhooks_desk_step(k->webhooks, now);
    next = webhooks < next ? webhooks : next;
    int64_t mcp = mcp_desk_step(k->mcp, now);
    next = mcp < next ? mcp : next;
    return next < k->look_ms ? next : k->look_ms;
}

static bool has_dead_jobs(const struct housekeeper *k)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind == JOB_DEAD)
            return true;
    return false;
}

static bool is_busy(const struct housekeeper *k)
{
    return k->handovers > 0 || has_dead_jobs(k) || webhooks_desk_open(k->webhooks) > 0;
}

/* The supervisor's last lines and what is half done; new turns are for the next housekeeper. */
static void housekeeper_leave(struct housekeeper *k)
{
    int64_t until = clock_mono_ms() + LEAVE_MS;
    do {
        int64_t now = clock_mono_ms();
        dead_jobs_step(k, now);
        /* One more look at the socket, in which lines may still stand. */
        int ran = task_wait(k->reactor, is_busy(k) ? now + 50 : 0, &k->worker->wait_mask);
        if (ran == 0 && !is_busy(k))
            break;
    } while (clock_mono_ms() < until && !k->worker->abort_turn);
}

int housekeeper_main(struct worker *w)
{
    struct housekeeper *k = calloc(1, sizeof(*k));
    if (k == NULL)
        return 1;
    k->worker = w;
    worker_signals(w);
    int error = housekeeper_open(k);
    if (error != 0) {
        log_error("cannot start: %s", err_text(error));
        housekeeper_close(k);
        return 1;
    }
    worker_ready(w);
    while (!w->drain && !k->orphaned) {
        int64_t next = housekeeper_step(k), soon = clock_mono_ms() + BEAT_MS;
        worker_beat(w);
        if (next > soon)
            next = soon;
        int result = task_wait(k->reactor, next, &w->wait_mask);
        if (result < 0 && result != ERR_CANCELLED)
            break;
    }
    housekeeper_leave(k);
    housekeeper_close(k);
    return 0;
}
