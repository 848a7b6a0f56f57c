#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/admit.h"

#include <string.h>
#include <strings.h>

#define HANDLERS_SSE "text/event-stream"

/* handlers -- messages: what starts turns. Turn workers. */

static int handlers_parse(struct exchange *x, enum submit_kind kind, struct submit *out)
{
    jdoc *body = NULL;
    int result = request_json(&x->request, false, &body, &x->problem);
    if (result < 0)
        return result;
    return submit_parse(kind, body, request_header(&x->request, "HTTP_IDEMPOTENCY_KEY"),
        x->app->conf, x->arena, out, &x->problem);
}

static struct submit *handlers_submit_new(struct exchange *x)
{
    return arena_alloc(x->arena, sizeof(struct submit));
}

/* Prefer: respond-async (RFC 7240), also among other preferences. */
static bool handlers_is_async(const struct exchange *x)
{
    static const char wanted[] = "respond-async";
    const char *at = request_header(&x->request, "HTTP_PREFER");
    while (at != NULL && *at != '\0') {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, " \t,;");
        if (len == sizeof(wanted) - 1 && strncasecmp(at, wanted, len) == 0)
            return true;
        at += strcspn(at, ",");
    }
    return false;
}

int handlers_chat(struct exchange *x)
{
    struct submit *submit = handlers_submit_new(x);
    int result = submit == NULL ? ERR_NOMEM : handlers_parse(x, SUBMIT_CHAT, submit);
    if (result < 0)
        return result;
    if (submit->user_id != NULL && strcmp(submit->user_id, x->who.user) != 0) {
        problem_set(&x->problem, PROBLEM_FORBIDDEN, "user_id is not the user of the credential.");
        return ERR_FORBIDDEN;
    }
    bool stream = submit->stream || request_prefers(&x->request, HANDLERS_SSE);
    if (!request_accepts(&x->request, stream ? HANDLERS_SSE : "application/json"))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE, "Accept leaves out %s.",
            stream ? HANDLERS_SSE : "application/json");
    if (!stream && handlers_is_async(x)) {
        result = admit_submit(x, submit, ADMIT_ACCEPTED);
        if (result == 0)
            exchange_header(x, "Preference-Applied", "respond-async");
        return result;
    }
    return admit_submit(x, submit, stream ? ADMIT_STREAM : ADMIT_JSON);
}

int handlers_agui(struct exchange *x)
{
    if (!request_accepts(&x->request, HANDLERS_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE, "Only %s is sent here.",
            HANDLERS_SSE);
    struct submit *submit = handlers_submit_new(x);
    int result = submit == NULL ? ERR_NOMEM : handlers_parse(x, SUBMIT_AGUI, submit);
    return result < 0 ? result : admit_submit(x, submit, ADMIT_STREAM);
}

int handlers_agui_capabilities(struct exchange *x)
{
    exchange_json(x, 200);
    buf_puts(&x->reply.body,
        "{\"identity\":{\"name\":\"PAM\",\"type\":\"turnpike\"},"
        "\"transport\":{\"streaming\":true,\"websocket\":true,\"httpBinary\":false,"
        "\"pushNotifications\":false,\"resumable\":true},"
        "\"tools\":{\"supported\":true,\"parallelCalls\":true},"
        "\"state\":{\"snapshots\":false,\"deltas\":false,\"memory\":true,"
        "\"persistentState\":true}}");
    return 0;
}

int handlers_internal_message(struct exchange *x)
{
    struct submit *submit = handlers_submit_new(x);
    int result = submit == NULL ? ERR_NOMEM : handlers_parse(x, SUBMIT_INTERNAL, submit);
    return result < 0 ? result : admit_submit(x, submit, ADMIT_ACCEPTED);
}

int handlers_internal_run(struct exchange *x)
{
    jdoc *body = NULL;
    int result = request_json(&x->request, false, &body, &x->problem);
    if (result < 0)
        return result;
    const char *user = jdoc_text_or(body, "user", "");
    const char *turn = jdoc_text_or(body, "turn", "");
    if (!ident_is_safe(user, strlen(user), IDENT_USER_MAX) || !ident_is_uuid(turn))
        return problem_field(&x->problem, "turn", "user and turn are needed.");
    memcpy(x->who.user, user, strlen(user) + 1);
    return admit_claim(x, user, turn);
}
