/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/direct.h"

/* handlers -- a tool called by POST /tools/{name}. Api workers. */

int handlers_tool_call(struct exchange *x)
{
    struct direct d = {.spec = handlers_tool_named(x),
        .key = request_header(&x->request, "HTTP_IDEMPOTENCY_KEY"),
        .approval = request_header(&x->request, "HTTP_APPROVAL_ID")};
    int error;
    if (!d.spec)
        return ERR_NOT_FOUND;
    if ((error = direct_check_key(x, "Idempotency-Key", d.key)) < 0 ||
        (error = direct_check_approval(x, "Approval-Id", d.approval)) < 0 ||
        (error = request_value(&x->request, true, &d.value, &x->problem)) < 0)
        return error;
    d.args = x->request.body;
    d.args_len = x->request.body_len;
    error = direct_call(x, &d);
    if (error == 0) {
        exchange_json(x, 200);
        jdoc_write(d.result, &x->reply.body);
    }
    jdoc_free(d.result);
    return error;
}
