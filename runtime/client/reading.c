/* SPDX-License-Identifier: MIT */
#include "reading.h"
#include "alloc.h"
#include "digest.h"
#include "text.h"
#include <errno.h>
#include <string.h>

#define BUFFER 65536u

struct uvrest__reading {
    uvrest__reading_conf conf; /* owner is NULL once nobody waits; file stands behind the buffer */
    uvrest__digest digest;
    uvrest_status status; /* of the newest step */
    char buffer[BUFFER];
};

/* On a thread of the pool: touches the digest, the buffer and the status, nothing else. */
static void step(void *user)
{
    uvrest__reading *reading = user;
    reading->status = UVREST_OK;
    if (reading->digest.context == NULL)
        reading->status = uvrest__digest_open(&reading->digest, reading->conf.file);
    if (reading->status == UVREST_OK)
        reading->status = uvrest__digest_step(&reading->digest, reading->buffer, sizeof reading->buffer);
}

/* Tells whoever still waits. */
static void end(uvrest__reading *reading, uvrest_status status, const char *text)
{
    if (reading->conf.owner != NULL)
        reading->conf.ended(reading->conf.owner, status, text);
    uvrest__digest_fini(&reading->digest);
    uvrest__free(reading->conf.alloc, reading);
}

static void fail(uvrest__reading *reading)
{
    char bytes[512];
    uvrest__text text;
    uvrest__text_init(&text, bytes, sizeof bytes);
    uvrest__text_add_foreign(&text, reading->conf.file, strlen(reading->conf.file));
    uvrest__text_add(&text, ": ");
    if (reading->digest.error == ESTALE)
        uvrest__text_add(&text, "the file changed while it was read");
    else if (reading->digest.error == EINVAL)
        uvrest__text_add(&text, "not a regular file");
    else
        uvrest__text_add(&text, reading->digest.error == 0 ? uvrest_status_text(reading->status)
                                                           : strerror(reading->digest.error));
    end(reading, reading->status, bytes);
}

static void on_step(void *user)
{
    uvrest__reading *reading = user;
    const uvrest__reading_conf *conf = &reading->conf;
    bool go_on = true;
    if (conf->owner != NULL && reading->status == UVREST_OK && conf->progress != NULL)
        go_on = conf->progress(reading->digest.done_bytes, reading->digest.total_bytes, conf->user);
    if (conf->owner == NULL) /* by now: the callback may have ended its call */
        end(reading, UVREST_E_CANCELLED, "");
    else if (!go_on)
        end(reading, UVREST_E_CANCELLED, "cancelled by the progress callback");
    else if (reading->status != UVREST_OK)
        fail(reading);
    else if (reading->digest.ended)
        end(reading, UVREST_OK, reading->digest.hex);
    else if (uvrest__loop_work(conf->loop, step, on_step, reading) != UVREST_OK)
        end(reading, UVREST_E_NOMEM, uvrest_status_text(UVREST_E_NOMEM));
}

uvrest_status uvrest__reading_new(const uvrest__reading_conf *conf, uvrest__reading **out)
{
    size_t file_size = strlen(conf->file) + 1;
    uvrest__reading *reading;
    size_t size;
    if (!uvrest__size_add(sizeof *reading, file_size, &size))
        return UVREST_E_NOMEM;
    reading = uvrest__malloc(conf->alloc, size);
    if (reading == NULL)
        return UVREST_E_NOMEM;
    reading->conf = *conf;
    reading->conf.file = memcpy(reading + 1, conf->file, file_size);
    reading->status = UVREST_OK;
    uvrest__digest_init(&reading->digest);
    *out = reading;
    return UVREST_OK;
}

void uvrest__reading_free(uvrest__reading *reading)
{
    if (reading != NULL)
        uvrest__free(reading->conf.alloc, reading);
}

uvrest_status uvrest__reading_begin(uvrest__reading *reading)
{
    return uvrest__loop_work(reading->conf.loop, step, on_step, reading);
}

void uvrest__reading_detach(uvrest__reading *reading)
{
    reading->conf.owner = NULL;
}
