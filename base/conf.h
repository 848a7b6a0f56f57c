/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_CONF_H
#define TURNPIKE_BASE_CONF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * conf -- the settings. One table makes the struct, the parser, the defaults, `turnpike config` and
 * docs/settings.md; docs/operate.md says which of them to think about. A file holds `name = value`
 * lines and `#` comments; later lines win; then `-s name=value` of the command line. The supervisor
 * reads it, workers inherit it by fork and never change it. A new setting is a new row X of the
 * group G above it; then build-aux/make-settings writes the page anew.
 *
 * Types: INT; BOOL (on/off); MODE (of a file, in octal: 0660); MS (a duration: 250ms, 5s, 10m, 24h,
 * 30d); SIZE (bytes: 64k, 8m); TEXT; SECRET (text, never printed; `NAME_file = PATH` reads it from
 * a file, a bare PATH without '/' is taken from $CREDENTIALS_DIRECTORY). min and max are in the
 * base unit; max 0 = no upper bound; 0 0 = any.
 */
#define CONF_GROUPS(X, G) \
    G("Process") \
    X(run_dir, TEXT, "run_dir", "/run/turnpike", 0, 0, "where the unix sockets are made") \
    X(log_file, TEXT, "log.file", "", 0, 0, "log file; empty = standard error (the journal)") \
    X(audit_file, TEXT, "audit.file", "", 0, 0, \
        "administrators' acts and approvals, a JSON object a line; empty = the log") \
    X(log_level, TEXT, "log.level", "info", 0, 0, "debug, info, warn or error") \
    X(log_format, TEXT, "log.format", "plain", 0, 0, "plain, logfmt or json") \
    X(slow_turn_ms, MS, "slow.turn", "20s", 0, 86400000, \
        "a turn that took longer is told in the log, with its stages; 0 = none is") \
    X(slow_tool_ms, MS, "slow.tool", "5s", 0, 86400000, \
        "a tool's call that took longer is told in the log; 0 = none is") \
    X(metrics_listen, TEXT, "metrics.listen", "127.0.0.1:9464", 0, 0, \
        "where GET /metrics is answered: address:port, or the path of a socket; empty = nowhere") \
    X(metrics_file, TEXT, "metrics.file", "", 0, 0, \
        "file for node_exporter's textfile collector, written every 15 s; empty = none") \
    X(otlp_url, TEXT, "otlp.url", "", 0, 0, \
        "collector of OpenTelemetry traces (OTLP/HTTP), with the path /v1/traces; empty = none") \
    X(otlp_headers, SECRET, "otlp.headers", "", 0, 0, "headers for it, `name=value,name=value`") \
    X(otlp_sample, INT, "otlp.sample", "10", 0, 100, \
        "of 100 requests without a trace of their own, how many are traced") \
    X(core_dumps, BOOL, "core_dumps", "off", 0, 0, \
        "a process that crashes leaves a core file; it holds secrets and what users said") \
    X(development, BOOL, "development", "off", 0, 0, \
        "requests without credential are user dev; refused unless listen_hint is loopback") \
    X(listen_hint, TEXT, "listen_hint", "", 0, 0, \
        "address:port where nginx listens; development mode demands a loopback address") \
    X(public_base, TEXT, "public_base", "/api/v1/pam", 0, 0, "path in front of all routes") \
    X(machine, TEXT, "machine", "", 0, 0, "name of this machine in leases; empty = host name") \
    X(socket_mode, MODE, "socket_mode", "0660", 0, 0777, "mode of the sockets") \
    X(socket_group, TEXT, "socket_group", "", 0, 0, "group of the sockets, for nginx") \
    G("Pools of workers") \
    X(api_workers, INT, "api.workers", "4", 1, 256, "api worker processes") \
    X(turn_seats, INT, "turn.seats", "256", 1, 4096, "turns that run at once on this machine") \
    X(turn_workers, INT, "turn.workers", "0", 0, 64, \
        "turn worker processes, which share turn.seats; 0 = one per core, at least 2") \
    X(turn_reserved, INT, "turn.reserved", "2", 1, 64, \
        "seats beyond turn.seats that only answer duplicates, queue and refuse") \
    X(turn_quarantine, INT, "turn.quarantine", "2", 1, 16, \
        "turns at once that are tried again apart, in a process each, as a worker died in them") \
    X(turn_quarantine_idle_ms, MS, "turn.quarantine_idle", "60s", 100, 86400000, \
        "a quarantine worker that has had no turn for so long leaves") \
    X(turn_user, INT, "turn.user", "8", 0, 4096, \
        "turns of one user that run at once, on all machines; 0 = any. More wait, up to turn.queue") \
    X(stream_workers, INT, "stream.workers", "0", 0, 256, "stream workers; 0 = one per core") \
    X(tool_processes, INT, "tool.processes", "0", 0, 64, \
        "processes for tools that compute for long, one call each; 0 = half the cores, at least 2") \
    X(tool_process_ms, MS, "tool.process_ms", "20s", 100, 600000, \
        "how long such a call may take; then its process is killed") \
    X(tool_process_wait_ms, MS, "tool.process_wait", "25s", 10, 600000, \
        "how long such a call waits for a process, and for earlier ones of its user; then it fails") \
    X(backlog, INT, "backlog", "1024", 16, 65535, "listen backlog of each socket") \
    X(queue_wait_ms, MS, "turn.queue_wait", "5s", 50, 600000, \
        "a request that waited longer for a worker is answered 503") \
    X(recycle_requests, INT, "recycle.requests", "2000", 0, 1000000000, \
        "requests after which a worker is replaced, of a turn worker per seat, +-20 %; 0 = never") \
    X(recycle_age_ms, MS, "recycle.age", "24h", 0, 0, "age after which a worker is replaced") \
    X(recycle_memory, SIZE, "recycle.memory", "64m", 0, 0, \
        "private memory above which a worker is replaced; of a turn worker 256k more per seat, of a " \
        "tool process 3 times that") \
    X(drain_ms, MS, "drain", "30s", 0, 86400000, \
        "how long a running turn may go on after TERM or reload") \
    X(kill_ms, MS, "kill_grace", "5s", 100, 600000, "between TERM and KILL of a stuck worker") \
    X(ready_ms, MS, "worker_ready", "10s", 100, 600000, "a worker that is not ready by then dies") \
    X(backoff_min_ms, MS, "respawn.min", "100ms", 1, 600000, "first delay after an early death") \
    X(backoff_max_ms, MS, "respawn.max", "30s", 1, 600000, "longest delay after early deaths") \
    G("Redis, and what it keeps") \
    X(redis_socket, TEXT, "redis.socket", "/run/redis/redis-server.sock", 0, 0, \
        "unix socket of Redis; empty = redis.host") \
    X(redis_host, TEXT, "redis.host", "127.0.0.1", 0, 0, "host of Redis") \
    X(redis_port, INT, "redis.port", "6379", 1, 65535, "port of Redis") \
    X(redis_user, TEXT, "redis.user", "", 0, 0, "ACL user; empty = default") \
    X(redis_password, SECRET, "redis.password", "", 0, 0, "password of Redis") \
    X(redis_sentinels, TEXT, "redis.sentinels", "", 0, 0, \
        "Sentinels, host:port or unix paths separated by blanks; they name the server") \
    X(redis_master, TEXT, "redis.master", "mymaster", 0, 0, \
        "name of the master with the Sentinels") \
    X(redis_sentinel_password, SECRET, "redis.sentinel_password", "", 0, 0, \
        "password of the Sentinels") \
    X(redis_cluster, TEXT, "redis.cluster", "", 0, 0, \
        "some nodes of a Redis Cluster, host:port separated by blanks; they name the others") \
    X(redis_database, INT, "redis.database", "0", 0, 1000000, "database number") \
    X(redis_timeout_ms, MS, "redis.timeout", "2s", 50, 60000, "connect and reply timeout") \
    X(lease_ms, MS, "lease", "5s", 1000, 60000, "lease of a running turn") \
    X(event_min_interval_ms, MS, "event.min_interval", "0ms", 0, 1000, \
        "least time between two appends of one turn's text; 0 = as fast as Redis answers") \
    X(log_turn_bytes, SIZE, "log.turn_bytes", "4m", 65536, 268435456, \
        "events of one turn that the log may hold") \
    X(log_keep_ms, MS, "keep.log", "24h", 60000, 0, "how long events can be replayed") \
    X(turn_keep_ms, MS, "keep.turns", "7d", 60000, 0, "how long a finished turn can be asked for") \
    X(session_keep_ms, MS, "keep.sessions", "365d", 3600000, 0, \
        "how long an unused session stays") \
    X(stats_hours_keep_ms, MS, "keep.stats_hours", "14d", 86400000, 0, \
        "how long the sums of each hour stay, for reports") \
    X(stats_keep_ms, MS, "keep.stats", "400d", 86400000, 0, "the same of each day") \
    X(selftest_every_ms, MS, "selftest.every", "0ms", 0, 0, \
        "how often models and services are asked whether they work; 0 = on request only") \
    X(feedback_keep_ms, MS, "feedback.keep", "400d", 86400000, 0, \
        "how long what users say about answers stays in the site's index") \
    X(feedback_max, INT, "feedback.max", "10000", 0, 1000000, \
        "entries of that index a month, up to 4.4 kB each; the oldest leave first; 0 = no index") \
    X(seen_keep_ms, MS, "keep.client_messages", "24h", 60000, 0, \
        "how long a client message id is recognised") \
    X(queue_max, INT, "turn.queue", "16", 0, 1000, \
        "turns that may wait in one session, and of one user for turn.user") \
    X(session_undo_ms, MS, "session.undo", "30s", 1000, 86400000, \
        "for so long a deleted chat can be had back, when its deletion asks for that") \
    X(session_index, INT, "session.index", "50000", 2000, 100000000, \
        "words of one user's chats that are indexed for searching, about 440 bytes each") \
    X(session_messages_max, INT, "session.messages", "2000", 10, 100000, \
        "messages kept in one session; the oldest go first") \
    G("HTTP") \
    X(body_max, SIZE, "http.body", "1m", 4096, 67108864, "largest request body") \
    X(message_max, INT, "http.message", "4000", 1, 1000000, "largest message, in characters") \
    X(facade_model, TEXT, "facade.model", "pam", 0, 0, \
        "name of the assistant as a model of the OpenAI facade") \
    X(facade_message_max, INT, "facade.message", "100000", 1, 10000000, \
        "largest new message by the OpenAI facade, in characters") \
    X(facade_messages_max, INT, "facade.messages", "1000", 1, 100000, \
        "messages of one request of the OpenAI facade") \
    X(facade_instructions_max, SIZE, "facade.instructions", "64k", 1, 16777216, \
        "instructions of an application by the OpenAI facade, in bytes") \
    X(rate_chat_user, INT, "rate.chat_user", "30", 0, 1000000, \
        "messages a minute and user; 0 = any") \
    X(rate_api_user, INT, "rate.api_user", "300", 0, 1000000, "other requests a minute and user") \
    X(rate_stream_user, INT, "rate.stream_user", "1200", 0, 1000000, \
        "reads of durable streams a minute and user") \
    X(rate_feedback_user, INT, "rate.feedback_user", "5", 0, 1000000, \
        "feedback a minute and user") \
    X(rate_ws_messages, INT, "rate.ws_messages", "60", 0, 1000000, "frames a minute and socket") \
    G("Limits of use and cost") \
    X(limit_user_tokens_day, INT, "limit.user_tokens_day", "0", 0, 9000000000000000, \
        "tokens of one user in a day (UTC), input and output; 0 = any") \
    X(limit_user_tokens_month, INT, "limit.user_tokens_month", "0", 0, 9000000000000000, \
        "the same in a month") \
    X(limit_user_money_day, TEXT, "limit.user_money_day", "0", 0, 0, \
        "what the models of one user may cost in a day, in US dollars such as 0.50; 0 = any") \
    X(limit_user_money_month, TEXT, "limit.user_money_month", "0", 0, 0, "the same in a month") \
    X(limit_user_connections, INT, "limit.user_connections", "0", 0, 1000000, \
        "WebSockets and open streams of one user on one machine; 0 = any") \
    X(limit_user_bytes, SIZE, "limit.user_bytes", "0", 0, 0, \
        "bytes that one user has in Redis, estimated; above it no turn begins; 0 = any") \
    X(limit_key_turns, INT, "limit.key_turns", "0", 0, 4096, \
        "turns of one API key that run at once; 0 = any") \
    X(limit_key_messages, INT, "limit.key_messages", "0", 0, 1000000, \
        "messages a minute and API key; 0 = any") \
    X(limit_key_tokens_day, INT, "limit.key_tokens_day", "0", 0, 9000000000000000, \
        "tokens of one API key in a day; 0 = any") \
    X(limit_key_tokens_month, INT, "limit.key_tokens_month", "0", 0, 9000000000000000, \
        "the same in a month") \
    X(limit_key_money_day, TEXT, "limit.key_money_day", "0", 0, 0, \
        "what the models of one API key may cost in a day, in US dollars; 0 = any") \
    X(limit_key_money_month, TEXT, "limit.key_money_month", "0", 0, 0, "the same in a month") \
    X(limit_site_messages, INT, "limit.site_messages", "0", 0, 1000000000, \
        "messages a minute of all users; 0 = any") \
    X(limit_site_tokens_day, INT, "limit.site_tokens_day", "0", 0, 9000000000000000, \
        "tokens of all users in a day; 0 = any") \
    X(limit_site_tokens_month, INT, "limit.site_tokens_month", "0", 0, 9000000000000000, \
        "the same in a month") \
    X(limit_site_money_day, TEXT, "limit.site_money_day", "0", 0, 0, \
        "what all models may cost in a day, in US dollars; 0 = any") \
    X(limit_site_money_month, TEXT, "limit.site_money_month", "0", 0, 0, "the same in a month") \
    X(limits_classes_file, TEXT, "limits.classes_file", "", 0, 0, \
        "classes of users, lines `CLASS NAME=VALUE...` with limits of their own; empty = none") \
    X(prices_file, TEXT, "model.prices_file", "", 0, 0, \
        "prices of models, lines `MODEL INPUT CACHED CACHE_WRITE OUTPUT`; empty = the built-in ones") \
    X(unknown_price, TEXT, "model.unknown_price", "15", 0, 0, \
        "what limits of money take for a million tokens of a model without a price, in US dollars") \
    G("Files in messages") \
    X(attachments_bytes, SIZE, "attachments.bytes", "5m", 1024, 33554432, "largest file") \
    X(attachments_message, INT, "attachments.message", "10", 0, 64, \
        "files of one message; 0 = none are taken") \
    X(attachments_quota, SIZE, "attachments.quota", "100m", 1024, 0, \
        "bytes of all files of one user in Redis") \
    X(attachments_keep_ms, MS, "attachments.keep", "30d", 1000, 0, \
        "how long a file stays after its last use") \
    X(attachments_kinds, TEXT, "attachments.kinds", \
        "image/png image/jpeg image/webp image/gif application/pdf text/*", 0, 0, \
        "types of files that are taken, separated by blanks") \
    X(attachments_body, SIZE, "attachments.body", "16m", 4096, 268435456, \
        "largest body of /chat, /agui and /attachments, which carry files; at least http.body") \
    X(attachments_memory, SIZE, "attachments.memory", "128m", 1048576, 0, \
        "bytes of files on their way, in one turn worker; what needs more waits or is refused") \
    X(attachments_fetch_ms, MS, "attachments.fetch", "10s", 100, 60000, \
        "how long the downloads of the files may take that a message gives by address") \
    G("Speech") \
    X(voice_transcribe, TEXT, "voice.transcribe", "auto", 0, 0, \
        "speech in: url = by voice.url, offline = by a program here, off; auto = url if set, else " \
        "offline") \
    X(voice_speak, TEXT, "voice.speak", "auto", 0, 0, "speech out, the same") \
    X(voice_url, TEXT, "voice.url", "", 0, 0, \
        "base URL of a service with OpenAI's audio endpoints; empty = none") \
    X(voice_key, SECRET, "voice.key", "", 0, 0, "its key, sent as bearer token") \
    X(voice_transcribe_model, TEXT, "voice.transcribe_model", "whisper-1", 0, 0, \
        "its model for speech in") \
    X(voice_speak_model, TEXT, "voice.speak_model", "tts-1", 0, 0, "its model for speech out") \
    X(voice_voice, TEXT, "voice.voice", "", 0, 0, \
        "the usual voice; empty = alloy of the service, slt of the program") \
    X(voice_programs, TEXT, "voice.programs", "/usr/bin", 0, 0, \
        "folder of pocketsphinx_continuous, flite and espeak-ng") \
    X(voice_bytes, SIZE, "voice.bytes", "10m", 1024, 67108864, \
        "largest sound that is transcribed") \
    X(voice_duration_ms, MS, "voice.duration", "120s", 1000, 3600000, \
        "longest sound that is transcribed, where its head tells") \
    X(voice_text, INT, "voice.text", "1000", 1, 100000, \
        "longest text that is spoken, in characters") \
    X(voice_ms, MS, "voice.timeout", "60s", 100, 600000, "how long one may take") \
    X(voice_waiting, INT, "voice.waiting", "16", 1, 1000, \
        "calls of speech that wait or run on this machine; more are refused") \
    X(rate_voice_minute, INT, "rate.voice_minute", "10", 0, 1000000, \
        "sounds transcribed a minute and user; 0 = any") \
    X(rate_speak_minute, INT, "rate.speak_minute", "60", 0, 1000000, \
        "texts spoken a minute and user, a sentence each; 0 = any") \
    G("Webhooks") \
    X(webhook_secret, SECRET, "webhook.secret", "", 0, 0, \
        "signs what webhooks carry, at least 24 bytes; empty = no webhooks") \
    X(webhook_allow_private, BOOL, "webhook.allow_private", "off", 0, 0, \
        "webhooks may go to private addresses and by http; for tests only") \
    X(webhook_queue_max, INT, "webhook.queue", "10000", 1, 10000000, \
        "turns with a webhook that have not been told of; more are refused") \
    G("Web pushes") \
    X(push_key, SECRET, "push.key", "", 0, 0, \
        "private key of P-256 in PEM that signs web pushes (turnpike push-key); empty = no pushes") \
    X(push_subject, TEXT, "push.subject", "", 0, 0, \
        "mailto: or https: address of the operator, for push services; needed with push.key") \
    X(push_answers_ms, MS, "push.answers_after", "15s", 0, 3600000, \
        "an answer that took longer is pushed to browsers that asked for answers") \
    X(push_allow_private, BOOL, "push.allow_private", "off", 0, 0, \
        "push services may have private addresses, and be asked by http; for tests only") \
    G("Authentication") \
    X(jwt_algorithm, TEXT, "jwt.algorithm", "", 0, 0, \
        "HS256, or some of RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA; empty = no " \
        "JWT, with jwt.jwks_url all but HS256") \
    X(jwt_secret, SECRET, "jwt.secret", "", 0, 0, "HS256 secret, at least 32 bytes") \
    X(jwt_secret_previous, SECRET, "jwt.secret_previous", "", 0, 0, "accepted during a rotation") \
    X(jwt_keys_dir, TEXT, "jwt.keys_dir", "", 0, 0, "directory of KID.pem public keys") \
    X(jwt_jwks_url, TEXT, "jwt.jwks_url", "", 0, 0, "the issuer's JSON Web Key Set") \
    X(jwt_jwks_refresh_ms, MS, "jwt.jwks_refresh", "10m", 10000, 86400000, \
        "how often that is fetched") \
    X(jwt_jwks_pause_ms, MS, "jwt.jwks_pause", "10s", 1000, 3600000, \
        "least time between two fetches because of an unknown key") \
    X(jwt_jwks_allow_private, BOOL, "jwt.jwks_allow_private", "off", 0, 0, \
        "its host may have a private address, and be asked by http") \
    X(jwt_audience, TEXT, "jwt.audience", "", 0, 0, "required aud") \
    X(jwt_issuer, TEXT, "jwt.issuer", "", 0, 0, "required iss; empty = any") \
    X(jwt_user_claim, TEXT, "jwt.user_claim", "sub", 0, 0, \
        "the claim that names the user, such as email or https://example.com/uid") \
    X(jwt_class_claim, TEXT, "jwt.class_claim", "", 0, 0, \
        "the claim that names the user's class (limits.classes_file); empty = none") \
    X(jwt_leeway_ms, MS, "jwt.leeway", "30s", 0, 300000, "clock difference allowed") \
    X(api_keys_file, TEXT, "api_keys.file", "", 0, 0, \
        "API keys, a line each, read when it changes; `turnpike api-key` writes them: docs/security.md") \
    X(auth_cookie, TEXT, "auth.cookie", "", 0, 0, \
        "cookie in which the site's own log-in keeps the token; empty = cookies count for nothing") \
    X(ticket_ms, MS, "ws.ticket", "30s", 1000, 600000, "life of a ticket that nobody used") \
    X(ticket_stream_ms, MS, "stream.ticket", "12h", 60000, 604800000, \
        "how long an EventSource may reconnect with its ticket") \
    X(origins, TEXT, "origins", "", 0, 0, \
        "exact origins of pages that may use the API, separated by blanks; * = any") \
    X(development_hosts, TEXT, "development.hosts", "", 0, 0, \
        "host names that development mode answers besides loopback's, separated by blanks") \
    X(fault_word, TEXT, "development.fault_word", "", 0, 0, \
        "for tests of Turnpike: messages with this word crash or hold their worker; empty = none") \
    G("The page and `<turnpike-chat>`") \
    X(page_name, TEXT, "page.name", "PAM", 0, 0, "the assistant's name, as people see it") \
    X(page_images, TEXT, "page.images", "", 0, 0, \
        "origins from which pictures in answers are shown, separated by blanks; empty = none are") \
    X(page_tiles_url, TEXT, "page.tiles_url", "", 0, 0, \
        "map tiles, such as https://tiles.example.org/{z}/{x}/{y}.png; empty = maps without") \
    X(page_tiles_attribution, TEXT, "page.tiles_attribution", "", 0, 0, \
        "whom the map names as the source of its tiles") \
    X(page_sign_in_url, TEXT, "page.sign_in_url", "", 0, 0, \
        "where people sign in: an address, or a path of this site; empty = on the page") \
    X(page_sign_out_url, TEXT, "page.sign_out_url", "", 0, 0, \
        "where people sign out who are signed in by auth.cookie; as page.sign_in_url") \
    X(page_session, TEXT, "page.session", "", 0, 0, \
        "cookie = the page changes a key or token for a cookie that no script sees; empty = it keeps " \
        "it in the tab") \
    X(page_session_idle_ms, MS, "page.session_idle", "7d", 60000, 31536000000, \
        "such a sign-in ends when nothing has used it for so long") \
    X(page_session_life_ms, MS, "page.session_life", "30d", 60000, 31536000000, \
        "and at the latest after this time, or with the key or token that began it") \
    X(page_post_message, TEXT, "page.post_message", "", 0, 0, \
        "origins of pages that may hand the page a token by postMessage, separated by blanks") \
    G("Streams") \
    X(stream_max, INT, "stream.connections", "16384", 16, 1000000, \
        "connections of one stream worker") \
    X(stream_queue, SIZE, "stream.queue", "256k", 4096, 67108864, \
        "bytes queued for a slow viewer") \
    X(stream_frame_max, SIZE, "stream.frame", "64k", 1024, 16777216, "largest WebSocket message") \
    X(ws_deflate, BOOL, "ws.deflate", "off", 0, 0, \
        "compresses messages of WebSockets whose client can (permessage-deflate)") \
    X(stream_ping_ms, MS, "stream.ping", "25s", 1000, 3600000, "ping (SSE: comment) interval") \
    X(stream_idle_ms, MS, "stream.idle", "60s", 2000, 86400000, \
        "silence after which a peer is gone") \
    X(stream_max_age_ms, MS, "stream.max_age", "0ms", 0, 0, \
        "planned reconnect before a proxy's cap; 0 = never") \
    X(stream_poll_ms, MS, "stream.poll", "20s", 100, 300000, \
        "how long a long-poll waits for something new") \
    X(stream_retry_ms, MS, "stream.retry", "1s", 0, 600000, "SSE retry: sent on planned ends") \
    G("Models and turns") \
    X(providers, TEXT, "model.chain", "offline", 0, 0, \
        "providers in the order of trial: anthropic openai responses offline") \
    X(anthropic_url, TEXT, "anthropic.url", "https://api.anthropic.com", 0, 0, "base URL") \
    X(anthropic_key, SECRET, "anthropic.key", "", 0, 0, "API key") \
    X(anthropic_model, TEXT, "anthropic.model", "claude-sonnet-5-5", 0, 0, "model") \
    X(anthropic_temperature, TEXT, "anthropic.temperature", "", 0, 0, \
        "temperature; empty = not sent") \
    X(anthropic_cache, BOOL, "anthropic.cache_control", "on", 0, 0, \
        "marks for the prompt cache are sent") \
    X(anthropic_think_tags, TEXT, "anthropic.think_tags", "auto", 0, 0, \
        "thoughts between tags in the text: on, off, auto = on but for the vendor's own host") \
    X(anthropic_context_tokens, INT, "anthropic.context_tokens", "0", 0, 100000000, \
        "tokens of its model's window; 0 = by the table of models") \
    X(anthropic_output_tokens, INT, "anthropic.output_tokens", "0", 0, 10000000, \
        "most tokens that its model gives in one answer; 0 = by the table of models") \
    X(anthropic_images, TEXT, "anthropic.images", "auto", 0, 0, \
        "its model takes images: on, off, auto = by the table of models") \
    X(anthropic_documents, TEXT, "anthropic.documents", "auto", 0, 0, \
        "its model takes PDF: on, off, auto = by the table of models and servers") \
    X(anthropic_thinking, TEXT, "anthropic.thinking", "auto", 0, 0, \
        "auto = nothing is said; off; on; minimal, low, medium, high, xhigh, max; or tokens") \
    X(anthropic_deferred_tools, TEXT, "anthropic.deferred_tools", "auto", 0, 0, \
        "tools are kept back until find_tools names them, so that the vendor's cache holds: on, off, " \
        "auto = by the table of models and servers") \
    X(openai_url, TEXT, "openai.url", "https://api.openai.com/v1", 0, 0, "base URL") \
    X(openai_key, SECRET, "openai.key", "", 0, 0, "API key") \
    X(openai_model, TEXT, "openai.model", "gpt-6-sol", 0, 0, "model") \
    X(openai_temperature, TEXT, "openai.temperature", "", 0, 0, "temperature; empty = not sent") \
    X(openai_max_tokens_field, TEXT, "openai.max_tokens_field", "auto", 0, 0, \
        "max_tokens, max_completion_tokens, none; auto = by the server and the model's name") \
    X(openai_stream_options, BOOL, "openai.stream_options", "on", 0, 0, \
        "asks for the count of tokens in the stream") \
    X(openai_reasoning_content, TEXT, "openai.reasoning_content", "auto", 0, 0, \
        "thoughts of a step with calls go back: auto = to the server that sent them; off") \
    X(openai_think_tags, TEXT, "openai.think_tags", "auto", 0, 0, \
        "thoughts between tags in the text: on, off, auto = on but for the vendor's own host") \
    X(openai_context_tokens, INT, "openai.context_tokens", "0", 0, 100000000, \
        "tokens of its model's window; 0 = by the table of models") \
    X(openai_output_tokens, INT, "openai.output_tokens", "0", 0, 10000000, \
        "most tokens that its model gives in one answer; 0 = by the table of models") \
    X(openai_images, TEXT, "openai.images", "auto", 0, 0, \
        "its model takes images: on, off, auto = by the table of models") \
    X(openai_documents, TEXT, "openai.documents", "auto", 0, 0, \
        "its model takes PDF: on, off, auto = by the table of models and servers") \
    X(openai_thinking, TEXT, "openai.thinking", "auto", 0, 0, \
        "auto = nothing is said; off; on; minimal, low, medium, high, xhigh, max; or tokens") \
    X(openai_thinking_form, TEXT, "openai.thinking_form", "auto", 0, 0, \
        "how it is told: reasoning_effort, reasoning, thinking, chat_template, none; auto = by the " \
        "server and the model") \
    X(responses_url, TEXT, "responses.url", "https://api.openai.com/v1", 0, 0, "base URL") \
    X(responses_key, SECRET, "responses.key", "", 0, 0, "API key") \
    X(responses_model, TEXT, "responses.model", "gpt-6-sol", 0, 0, "model") \
    X(responses_temperature, TEXT, "responses.temperature", "", 0, 0, \
        "temperature; empty = not sent") \
    X(responses_context_tokens, INT, "responses.context_tokens", "0", 0, 100000000, \
        "tokens of its model's window; 0 = by the table of models") \
    X(responses_output_tokens, INT, "responses.output_tokens", "0", 0, 10000000, \
        "most tokens that its model gives in one answer; 0 = by the table of models") \
    X(responses_images, TEXT, "responses.images", "auto", 0, 0, \
        "its model takes images: on, off, auto = by the table of models") \
    X(responses_documents, TEXT, "responses.documents", "auto", 0, 0, \
        "its model takes PDF: on, off, auto = by the table of models and servers") \
    X(responses_thinking, TEXT, "responses.thinking", "auto", 0, 0, \
        "auto = nothing is said; off; on; minimal, low, medium, high, xhigh, max; or tokens") \
    X(responses_summary, TEXT, "responses.summary", "auto", 0, 0, \
        "of thoughts, when responses.thinking is set: auto, concise, detailed, off") \
    X(responses_deferred_tools, TEXT, "responses.deferred_tools", "auto", 0, 0, \
        "tools are kept back until find_tools names them, so that the vendor's cache holds: on, off, " \
        "auto = by the table of models and servers") \
    X(responses_parallel, BOOL, "responses.parallel_tool_calls", "on", 0, 0, \
        "the model may call several tools at once") \
    X(responses_background, BOOL, "responses.background", "off", 0, 0, \
        "the vendor keeps each answer, so that another worker can go on with it") \
    X(responses_think_tags, TEXT, "responses.think_tags", "auto", 0, 0, \
        "thoughts between tags in the text: on, off, auto = on but for the vendor's own host") \
    X(model_temperature, TEXT, "model.temperature", "", 0, 0, \
        "temperature for all providers, before their own; empty = not sent") \
    X(model_output_tokens, INT, "model.output_tokens", "2048", 1, 1000000, "output of one call") \
    X(model_context_tokens, INT, "model.context_tokens", "60000", 1000, 10000000, \
        "tokens of conversation and client tools sent, at most; estimated") \
    X(memory, BOOL, "memory", "on", 0, 0, \
        "the assistant may remember facts about a user, who may turn that off") \
    X(model_summary, BOOL, "model.summary", "on", 0, 0, \
        "a summary by the model stands for messages that leave its window") \
    X(model_summary_keep, INT, "model.summary_keep", "50", 10, 90, \
        "percent of the window that the latest messages may keep when one is made") \
    X(model_summary_tokens, INT, "model.summary_tokens", "1500", 100, 20000, \
        "most tokens of a summary") \
    X(model_summary_ms, MS, "model.summary_time", "45s", 100, 3600000, \
        "how long one may take; half of the turn's time at most") \
    X(titles, BOOL, "titles", "on", 0, 0, \
        "the model writes the titles of chats; off = they are the first words") \
    X(title_model, TEXT, "title.model", "", 0, 0, \
        "PROVIDER:MODEL that writes them; empty = as answers") \
    X(title_ms, MS, "title.time", "10s", 100, 600000, "how long one may take") \
    X(cache_answers, BOOL, "cache.answers", "off", 0, 0, \
        "answers that depend on no user and no time are kept for all users") \
    X(cache_ttl_ms, MS, "cache.ttl", "24h", 60000, 2592000000, "how long such an answer is kept") \
    X(cache_entries, INT, "cache.entries", "1024", 16, 65536, \
        "how many are kept at once, 16 KiB each at most; the same on all machines") \
    X(cache_users, INT, "cache.users", "2", 1, 16, \
        "users who must have asked a question before another one gets its kept answer") \
    X(cache_wait_ms, MS, "cache.wait", "250ms", 10, 5000, \
        "how long a turn waits for Redis' word on a kept answer; then it asks the model") \
    X(model_tools_max, INT, "model.tools_max", "128", 32, 100000, \
        "tools of one request; found ones leave first, then a client's") \
    X(client_tools_max, SIZE, "http.client_tools", "128k", 1024, 67108864, \
        "bytes of a client's tools; half of model.context_tokens at most") \
    X(model_connect_ms, MS, "model.connect", "5s", 100, 600000, "connect timeout") \
    X(model_first_ms, MS, "model.first_byte", "60s", 100, 600000, "until the first event") \
    X(model_idle_ms, MS, "model.idle", "60s", 100, 600000, "between events") \
    X(model_retries, INT, "model.retries", "2", 0, 10, "tries after the first, before a token") \
    X(breaker_failures, INT, "breaker.failures", "3", 1, 1000, "failures in a row that open it") \
    X(breaker_open_ms, MS, "breaker.open", "60s", 100, 3600000, "how long a provider is skipped") \
    X(turn_model_calls, INT, "turn.model_calls", "8", 1, 100, "model calls of one turn") \
    X(turn_tool_calls, INT, "turn.tool_calls", "16", 0, 1000, "tool calls of one turn") \
    X(turn_ms, MS, "turn.time", "120s", 1000, 3600000, "wall clock of one turn") \
    X(turn_attempts, INT, "turn.attempts", "3", 1, 100, \
        "how often a turn is begun whose worker dies, before it ends with an error") \
    X(turn_output_tokens, INT, "turn.output_tokens", "65536", 1, 10000000, \
        "output of one turn, thoughts too") \
    X(turn_bytes, SIZE, "turn.bytes", "1m", 1024, 67108864, "text and arguments of one turn") \
    X(tool_result_max, SIZE, "tool.result", "64k", 1024, 16777216, "bytes of one tool result") \
    X(tool_result_shown, SIZE, "tool.result_shown", "8k", 2048, 16777216, \
        "bytes of a tool result that the model sees; of a larger one its first parts") \
    X(approval_ms, MS, "approval.time", "10m", 100, 86400000, \
        "how long the user may think about an approval") \
    X(rate_tools_minute, INT, "rate.tools_minute", "120", 0, 1000000, \
        "tool calls a minute and user; 0 = any") \
    X(rate_tools_day, INT, "rate.tools_day", "3000", 0, 100000000, \
        "tool calls a day and user; 0 = any") \
    X(rate_erasures_day, INT, "rate.erasures_day", "10", 0, 1000000, \
        "erasures a day and user; 0 = any") \
    X(system_prompt_file, TEXT, "system_prompt.file", "", 0, 0, "replaces the built-in prompt") \
    X(default_zone, TEXT, "default_zone", "UTC", 0, 0, "time zone of users who gave none") \
    X(default_currency, TEXT, "default_currency", "AUD", 0, 0, "currency of users who gave none") \
    X(default_units, TEXT, "default_units", "metric", 0, 0, \
        "units of users who gave none: metric, us or imperial") \
    X(offline_word_ms, MS, "offline.word_delay", "15ms", 0, 1000, \
        "time between the words that the offline provider streams; a JSON reply has none") \
    G("Tools") \
    X(osrm_url, TEXT, "osrm.url", "", 0, 0, "routing service in OSRM form; empty = estimates") \
    X(rates_url, TEXT, "rates.url", "", 0, 0, \
        "exchange rates in the form of the European Central Bank (eurofxref); empty = none") \
    X(rates_refresh_ms, MS, "rates.refresh", "6h", 60000, 604800000, "how often they are fetched") \
    X(valhalla_url, TEXT, "valhalla.url", "", 0, 0, \
        "routing service in Valhalla form, in place of osrm.url; it respects vehicles' sizes") \
    X(shop_catalogue, TEXT, "shop.catalogue", "", 0, 0, "JSON file of the shop's products") \
    X(search_url, TEXT, "search.url", "", 0, 0, "web search service") \
    X(search_key, SECRET, "search.key", "", 0, 0, "its key, sent as bearer token") \
    X(prices_url, TEXT, "prices.url", "", 0, 0, "price comparison service") \
    X(prices_key, SECRET, "prices.key", "", 0, 0, "its key, sent as bearer token") \
    X(tools_allow_private, BOOL, "tools.allow_private", "off", 0, 0, \
        "tools and messages may fetch from private addresses, and by http; for tests only") \
    X(calendar_subscriptions, INT, "calendar.subscriptions", "20", 0, 100, \
        "calendars at addresses that a user may subscribe to; 0 = none") \
    X(weather_url, TEXT, "weather.url", "", 0, 0, "weather service in Open-Meteo form") \
    X(weather_key, SECRET, "weather.key", "", 0, 0, "its API key, if it wants one") \
    X(geocode_url, TEXT, "geocode.url", "", 0, 0, "geocoder for places the gazetteer has not") \
    X(geocode_interval_ms, MS, "geocode.interval", "1s", 0, 60000, \
        "the site asks at most once in it, as public geocoders demand; 0 = any") \
    X(geocode_keep_ms, MS, "geocode.keep", "7d", 60000, 2592000000, \
        "how long an answer is kept in Redis, for all users") \
    X(geocode_form, TEXT, "geocode.form", "nominatim", 0, 0, "its form: nominatim or photon") \
    X(places_url, TEXT, "places.url", "", 0, 0, "place service in Overpass form") \
    X(fuel_url, TEXT, "fuel.url", "", 0, 0, "fuel price service, see docs/tools.md") \
    X(fuel_key, SECRET, "fuel.key", "", 0, 0, "its bearer token, if it wants one") \
    X(ocr_url, TEXT, "ocr.url", "", 0, 0, \
        "service that reads the text of a picture: docs/tools.md") \
    X(ocr_key, SECRET, "ocr.key", "", 0, 0, "its bearer token, if it wants one") \
    X(roads_url, TEXT, "roads.url", "", 0, 0, "road conditions in Open511 form") \
    X(roads_key, SECRET, "roads.key", "", 0, 0, "its API key, if it wants one") \
    X(videos_url, TEXT, "videos.url", "", 0, 0, "video search in YouTube Data API form") \
    X(videos_key, SECRET, "videos.key", "", 0, 0, "its API key") \
    X(gazetteer_file, TEXT, "gazetteer.file", "", 0, 0, "place names; empty = the installed one") \
    X(land_file, TEXT, "land.file", "", 0, 0, \
        "land mask; empty = landmass.bin beside gazetteer.file") \
    X(mcp_file, TEXT, "mcp.file", "", 0, 0, "JSON file of MCP servers; empty = none") \
    X(mcp_refresh_ms, MS, "mcp.refresh", "5m", 100, 86400000, \
        "how often their tools are listed again") \
    X(mcp_trust_first, BOOL, "mcp.trust_first", "off", 0, 0, \
        "a tool seen for the first time is used without `turnpike mcp accept`") \
    X(mcp_token_key, SECRET, "mcp.token_key", "", 0, 0, \
        "encrypts the OAuth tokens of MCP servers in Redis, at least 32 bytes; the same on all " \
        "machines") \
    X(mcp_token_key_previous, SECRET, "mcp.token_key_previous", "", 0, 0, \
        "opens what was encrypted before a rotation of mcp.token_key") \
    X(http_tools_dir, TEXT, "http_tools.dir", "", 0, 0, \
        "directory of JSON files, each a tool made of an HTTP request; empty = none")

/* C types of the setting types. */
typedef int64_t conf_INT_t;
typedef int64_t conf_MODE_t;
typedef int64_t conf_MS_t;
typedef int64_t conf_SIZE_t;
typedef bool conf_BOOL_t;
typedef char *conf_TEXT_t;
typedef char *conf_SECRET_t;

/* The rows alone, and the groups alone. */
#define CONF_NONE_(...)
#define CONF_TABLE(X) CONF_GROUPS(X, CONF_NONE_)

struct conf_origins;
struct conf {
#define CONF_FIELD_(field, type, name, def, min, max, help) conf_##type##_t field;
    CONF_TABLE(CONF_FIELD_)
#undef CONF_FIELD_
    struct conf_origins *where; /* where each value is from */
};

#define CONF_WHY_SIZE 512

/* Sets all defaults. Returns 0 or ERR_NOMEM. Text fields are never NULL afterwards. */
MUST_CHECK int conf_init(struct conf *c);
void conf_fini(struct conf *c);
/* "90d", "30s": a time as settings have it. Returns 0 or ERR_INVALID. */
MUST_CHECK int conf_duration(const char *value, int64_t *ms);
/* Whether the setting of this name holds a secret; false also for what is no setting. */
bool conf_is_secret(const char *name);
/* Each secret that is set. */
void conf_each_secret(const struct conf *c, void (*fn)(const char *secret));
/*
 * One setting by name.
 *   why  out. With 0: "", or a warning. Else the reason: "turn.workers: 0 is below 1 (1 to 64)"
 * Returns 0, ERR_CONFIG, ERR_NOMEM.
 */
MUST_CHECK int conf_set(struct conf *c, const char *name, const char *value,
    char why[CONF_WHY_SIZE]);
/* A file over the present values; why carries file and line. Returns 0, ERR_CONFIG, ERR_NOMEM. */
MUST_CHECK int conf_load(struct conf *c, const char *path, char why[CONF_WHY_SIZE]);
/* The same from memory; source stands for the path in why. */
MUST_CHECK int conf_load_text(struct conf *c, const char *source, const char *text, size_t len,
    char why[CONF_WHY_SIZE]);

/*
 * What is wrong with the settings, one by one, so that all of it can be told at once; what is good
 * is set. A warning stops nothing.
 */
struct conf_problem {
    bool warning;
    const char *source; /* file, or "-s"; NULL = no setting that anybody wrote */
    unsigned line;      /* 0 = not of a file */
    const char *text;   /* "log.level: ..."; plain: no control characters, UTF-8 */
};
typedef void conf_problem_fn(void *arg, const struct conf_problem *problem);
/* For parts that check files of their own: check_settings.c finds the place. */
typedef void conf_reason_fn(void *arg, const char *why);
/* "[warning: ][SOURCE[:LINE]: ]TEXT". Returns out. */
const char *conf_problem_line(const struct conf_problem *problem, char out[CONF_WHY_SIZE]);

/* Returns how many errors there were; ERR_NOMEM; ERR_CONFIG: the file cannot be read (told). */
MUST_CHECK int conf_load_each(struct conf *c, const char *path, conf_problem_fn *fn, void *arg);
/* A `-s NAME=VALUE` in the same way. Returns 0, ERR_CONFIG (told), ERR_NOMEM. */
MUST_CHECK int conf_override_each(struct conf *c, const char *text, conf_problem_fn *fn, void *arg);
/* Tells each check of conf_check that failed, and each warning about settings that do not fit
 * together. */
void conf_check_each(const struct conf *c, conf_problem_fn *fn, void *arg);
/*
 * conf_tell -- for checks elsewhere: a problem whose text begins with the setting's name. Its place
 * is that of the first setting in the text that somebody has set. Nothing is told of a setting
 * whose own line has been told already.
 */
void conf_tell(const struct conf *c, conf_problem_fn *fn, void *arg, bool warning,
    const char *text);
/* Has somebody set it? name: of the table. */
bool conf_is_set(const struct conf *c, const char *name);
/* Has the setting a value that is not empty? name: of the table. */
bool conf_has(const struct conf *c, const char *name);
/* Checks across settings (development mode's address, JWT key for its algorithm, ...). */
MUST_CHECK int conf_check(const struct conf *c, char why[CONF_WHY_SIZE]);

/* A setting as it is now, in texts. */
struct conf_setting {
    const char *group, *name, *type; /* type: "integer", "duration", ... */
    const char *value, *def, *help;  /* value of a secret: "***" or "" */
    const char *least, *most;        /* "" = no bound */
    const char *source;              /* NULL = its default */
    unsigned line;
    bool secret, changed; /* changed: another value than its default */
};
/* Visits every setting in table order; what is passed lives until fn returns. */
typedef void conf_visit_fn(void *arg, const struct conf_setting *setting);
void conf_visit(const struct conf *c, conf_visit_fn *fn, void *arg);
/* Has the setting another value in b than in a? Secrets too. */
bool conf_differs(const struct conf *a, const struct conf *b, const char *name);
/* The name of the setting that is most like this one; NULL: none is. */
const char *conf_near_name(const char *name);
/* The word that is most like the text; NULL: none is. words: the last is followed by NULL. */
const char *conf_near_word(const char *text, size_t len, const char *const *words);

#endif
