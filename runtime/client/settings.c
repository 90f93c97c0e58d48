/* SPDX-License-Identifier: MIT */
#include "settings.h"
#include "alloc.h"
#include "headers.h"
#include "redis.h"
#include "text.h"
#include "trust.h"
#include <string.h>

#define DEFAULT_CONNECT_TIMEOUT_MS 10000u
#define DEFAULT_TIMEOUT_MS 60000u
#define DEFAULT_LOW_SPEED_MS 30000u
/* Idle connections are dropped before common servers drop them, after 60 s and more. */
#define DEFAULT_CONNECTION_AGE_MS 55000u
#define DEFAULT_CONNECTION_LIFETIME_MS 3600000u
#define DEFAULT_MAX_IN_FLIGHT 64u
#define DEFAULT_POOL_MAXSIZE 10u
#define DEFAULT_POOL_CONNECTIONS 10u
#define DEFAULT_MAX_QUEUED 1000000u
#define DEFAULT_ATTEMPTS 4u
#define DEFAULT_MAX_BODY_BYTES ((size_t)64 * 1024 * 1024)
#define DEFAULT_ARENA_FACTOR 4u
#define DEFAULT_ARENA_EXTRA ((size_t)1 << 20)
/* Beyond a day a time-out is a mistake; this also keeps every sum of them far from overflow. */
#define MAX_TIMEOUT_MS 86400000u

uvrest_status uvrest__settings_take(const void *options, size_t size, size_t ours, uvrest_client_options *out)
{
    const unsigned char *bytes = options;
    uvrest_client_options taken;
    memset(&taken, 0, sizeof taken);
    memcpy(&taken, options, size < ours ? size : ours);
    for (size_t i = ours; i < size; i++) {
        if (bytes[i] != 0) {
            uvrest__reason_set(taken.reason, "options: a field is set that this version of the library does not know",
                               (char *)NULL);
            return UVREST_E_INVALID;
        }
    }
    *out = taken;
    return UVREST_OK;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static uvrest_status refuse(const uvrest_client_options *o, const char *field, const char *why)
{
    uvrest__reason_set(o->reason, field, why, (char *)NULL);
    return UVREST_E_INVALID;
}

/* A text that was to be read from somewhere and is empty stands for nothing, least of all for more trust than meant. */
static uvrest_status check_values(const uvrest_client_options *o)
{
    const struct {
        const char *field;
        const char *text;
        uint32_t ms;
    } rows[] = {
        {"connect_timeout_ms", NULL, o->connect_timeout_ms},
        {"timeout_ms", NULL, o->timeout_ms},
        {"low_speed_ms", NULL, o->low_speed_ms},
        {"max_connection_age_ms", NULL, o->max_connection_age_ms},
        {"max_connection_lifetime_ms", NULL, o->max_connection_lifetime_ms},
        {"base_url", o->base_url, 0},
        {"user_agent", o->user_agent, 0},
        {"ca_file", o->ca_file, 0},
        {"ca_path", o->ca_path, 0},
        {"pinned_public_key", o->pinned_public_key, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].ms > MAX_TIMEOUT_MS)
            return refuse(o, rows[i].field, ": more than a day");
        if (rows[i].text != NULL && *rows[i].text == '\0')
            return refuse(o, rows[i].field, ": empty");
    }
    return UVREST_OK;
}

static uvrest_status check_fields(const uvrest_client_options *o)
{
    if (o->alloc != NULL && (o->alloc->allocate == NULL || o->alloc->resize == NULL || o->alloc->release == NULL))
        return refuse(o, "alloc", ": a function is missing");
    if (o->own_thread && o->loop != NULL)
        return refuse(o, "own_thread", ": not with a loop of the caller's");
    if (o->base_url == NULL)
        return refuse(o, "base_url", ": required");
    return check_values(o);
}

static uvrest_status copy(const uvrest_alloc *alloc, const char *text, char **out)
{
    *out = uvrest__strdup(alloc, text);
    return *out == NULL && text != NULL ? UVREST_E_NOMEM : UVREST_OK;
}

static uvrest_status copy_texts(uvrest__settings *s, const uvrest_client_options *o)
{
    const char *agent = o->user_agent == NULL ? "libuvrest/" UVREST_VERSION : o->user_agent;
    uvrest_status st = uvrest__headers_check_value("user_agent", agent, o->reason);
    if (st == UVREST_OK)
        st = copy(s->alloc, agent, &s->user_agent);
    if (st == UVREST_OK)
        st = copy(s->alloc, o->ca_file, &s->ca_file);
    if (st == UVREST_OK)
        st = copy(s->alloc, o->ca_path, &s->ca_path);
    if (st == UVREST_OK)
        st = copy(s->alloc, o->pinned_public_key, &s->pinned_public_key);
    if (st == UVREST_OK)
        st = copy(s->alloc, o->rate_limit.shared_file, &s->shared_file);
    s->rate_limit.shared_file = s->shared_file;
    return st;
}

static uvrest_status read_redis(uvrest__settings *s, const uvrest_client_options *o)
{
    if (o->rate_limit.shared_redis == NULL)
        return UVREST_OK;
    if (!uvrest__redis_is_built())
        return refuse(o, "rate_limit.shared_redis", ": the library was built without hiredis");
    return uvrest__redisurl_init(&s->redis, s->alloc, o->rate_limit.shared_redis, o->rate_limit.shared_redis_cleartext,
                                 o->reason);
}

static void copy_numbers(uvrest__settings *s, const uvrest_client_options *o)
{
    s->connect_timeout_ms = or_default(o->connect_timeout_ms, DEFAULT_CONNECT_TIMEOUT_MS);
    s->timeout_ms = or_default(o->timeout_ms, DEFAULT_TIMEOUT_MS);
    s->deadline_ms = o->deadline_ms;
    s->low_speed_ms = or_default(o->low_speed_ms, DEFAULT_LOW_SPEED_MS);
    s->max_connection_age_ms = or_default(o->max_connection_age_ms, DEFAULT_CONNECTION_AGE_MS);
    s->max_connection_lifetime_ms = or_default(o->max_connection_lifetime_ms, DEFAULT_CONNECTION_LIFETIME_MS);
    s->max_in_flight = or_default(o->max_in_flight, DEFAULT_MAX_IN_FLIGHT);
    s->pool_maxsize = or_default(o->pool_maxsize, DEFAULT_POOL_MAXSIZE);
    s->pool_connections = or_default(o->pool_connections, DEFAULT_POOL_CONNECTIONS);
    s->max_queued = or_default(o->max_queued, DEFAULT_MAX_QUEUED);
    s->attempts = or_default(o->attempts, DEFAULT_ATTEMPTS);
    s->max_body_bytes = o->max_body_bytes == 0 ? DEFAULT_MAX_BODY_BYTES : o->max_body_bytes;
    s->decoding.max_depth = o->max_depth;
    s->decoding.max_notes = o->max_notes;
    s->decoding.max_bytes = o->max_arena_bytes;
    /* Decoded values are larger than their text; beyond this much of it an answer is refused. */
    if (o->max_arena_bytes == 0 &&
        (!uvrest__size_mul(s->max_body_bytes, DEFAULT_ARENA_FACTOR, &s->decoding.max_bytes) ||
         !uvrest__size_add(s->decoding.max_bytes, DEFAULT_ARENA_EXTRA, &s->decoding.max_bytes)))
        s->decoding.max_bytes = 0; /* no ceiling */
}

uvrest_status uvrest__settings_init(uvrest__settings *out, const uvrest_client_options *o, uint32_t requests,
                                    uint32_t window_ms)
{
    uvrest_status st;
    uvrest__settings s = {.alloc = o->alloc,
                          .loop = o->loop,
                          .no_proxy = o->no_proxy,
                          .strict = o->strict,
                          .read_only = o->read_only,
                          .own_thread = o->own_thread,
                          .unlimited = o->disable_rate_limit_handling,
                          .on_log = o->on_log,
                          .log_user = o->log_user,
                          .on_request = o->on_request,
                          .on_response = o->on_response,
                          .hook_user = o->hook_user};
    st = check_fields(o);
    if (st == UVREST_OK)
        st = uvrest__trust_check(o->ca_file, o->ca_path, o->reason);
    if (st == UVREST_OK)
        st = uvrest__trust_check_pins(o->pinned_public_key, o->reason);
    if (st == UVREST_OK)
        st = uvrest__ratelimit_configure(&s.rate_limit, &o->rate_limit, requests, window_ms, o->reason);
    if (st == UVREST_OK)
        st = uvrest__url_base_init(&s.base, s.alloc, o->base_url, o->allow_http, o->reason);
    if (st == UVREST_OK)
        st = copy_texts(&s, o);
    if (st == UVREST_OK)
        st = read_redis(&s, o);
    if (st != UVREST_OK) {
        uvrest__settings_fini(&s);
        return st;
    }
    copy_numbers(&s, o);
    *out = s;
    return UVREST_OK;
}

void uvrest__settings_fini(uvrest__settings *settings)
{
    uvrest__url_base_fini(&settings->base, settings->alloc);
    uvrest__free(settings->alloc, settings->user_agent);
    uvrest__free(settings->alloc, settings->ca_file);
    uvrest__free(settings->alloc, settings->ca_path);
    uvrest__free(settings->alloc, settings->pinned_public_key);
    uvrest__free(settings->alloc, settings->shared_file);
    uvrest__redisurl_fini(&settings->redis, settings->alloc);
    settings->user_agent = settings->ca_file = settings->ca_path = NULL;
    settings->pinned_public_key = settings->shared_file = NULL;
}
