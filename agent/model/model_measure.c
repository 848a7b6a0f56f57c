/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request to a model took and spent, for the operator. */
#include "agent/model/model_parts.h"

#include "base/clock.h"
#include "process/measure.h"

#include <stdio.h>

static bool model_measure_is_failure(int error)
{
    return error && !model_is_final(error);
}

static void model_measure_span(struct model_attempt *t, const char *model, int error)
{
    const struct provider_usage *usage = &t->m->stream.usage;
    const struct span_attribute attributes[] = {{"gen_ai.operation.name", "chat", 0},
        {"gen_ai.provider.name", t->provider->name, 0}, {"gen_ai.request.model", model, 0},
        {"gen_ai.usage.input_tokens", NULL, usage->input},
        {"gen_ai.usage.output_tokens", NULL, usage->output},
        {"gen_ai.usage.cache_read.input_tokens", NULL, usage->cached},
        {"http.response.status_code", NULL, t->status}};
    char name[128];

    snprintf(name, sizeof name, "chat %s", model);
    spans_end(&t->span,
        &(struct span_end){.name = name,
            .kind = SPAN_CLIENT,
            .attributes = attributes,
            .count = sizeof attributes / sizeof *attributes,
            .error = error ? err_name(error) : NULL});
}

void model_measure(struct model_attempt *t, const struct conf *conf, int error, int64_t began_us)
{
    const struct provider_usage *usage = &t->m->stream.usage;
    /* The name that was asked for: a server may answer with any. */
    const struct measure_labels of = {{t->provider->name, t->provider->model(conf)}};

    model_measure_span(t, of.value[1], error);
    measure_add(MEASURE_MODEL_REQUESTS, &of, 1);
    measure_observe_us(MEASURE_MODEL_TIME, &of, clock_mono_us() - began_us);
    measure_add(MEASURE_MODEL_ERRORS, &of, model_measure_is_failure(error));
    measure_add(MEASURE_MODEL_INPUT, &of, usage->input);
    measure_add(MEASURE_MODEL_CACHED, &of, usage->cached);
    measure_add(MEASURE_MODEL_OUTPUT, &of, usage->output);
    measure_add(MEASURE_MODEL_REASONING, &of, usage->reasoning);
    measure_add(MEASURE_MODEL_CACHE_HITS, &of, usage->cached > 0);
}

void model_measure_retry(const struct model_attempt *t, const struct conf *conf)
{
    measure_add(MEASURE_MODEL_RETRIES,
        &(const struct measure_labels){{t->provider->name, t->provider->model(conf)}}, 1);
}
