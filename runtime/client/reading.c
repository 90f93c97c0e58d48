/* SPDX-License-Identifier: MIT */
#include "reading.h"
#include "alloc.h"
#include "digest.h"
#include "text.h"
#include <errno.h>
#include <string.h>

#define BUFFER 65536u

struct uvrest__reading {
    uvrest_call *call; /* NULL once it has ended */
    const uvrest_alloc *alloc;
    uvrest__loop *loop;
    uvrest_progress_fn *progress;
    void *user;
    uvrest__digest digest;
    uvrest_status status; /* of the newest step */
    char *file; /* behind the buffer */
    char buffer[BUFFER];
};

/* On a thread of the pool: touches the digest, the buffer and the status, nothing else. */
static void step(void *user)
{
    uvrest__reading *reading = user;
    reading->status = UVREST_OK;
    if (reading->digest.context == NULL)
        reading->status = uvrest__digest_open(&reading->digest, reading->file);
    if (reading->status == UVREST_OK)
        reading->status = uvrest__digest_step(&reading->digest, reading->buffer, sizeof reading->buffer);
}

static void end(uvrest__reading *reading)
{
    uvrest__digest_fini(&reading->digest);
    uvrest__free(reading->alloc, reading);
}

static void fail(uvrest__reading *reading, uvrest_call *call)
{
    char bytes[512];
    uvrest__text text;
    uvrest__text_init(&text, bytes, sizeof bytes);
    uvrest__text_add_foreign(&text, reading->file, strlen(reading->file));
    uvrest__text_add(&text, ": ");
    if (reading->digest.error == ESTALE)
        uvrest__text_add(&text, "the file changed while it was read");
    else if (reading->digest.error == EINVAL)
        uvrest__text_add(&text, "not a regular file");
    else
        uvrest__text_add(&text, reading->digest.error == 0 ? uvrest_status_text(reading->status)
                                                           : strerror(reading->digest.error));
    uvrest__call_end_with(call, reading->status, bytes);
}

static void on_step(void *user)
{
    uvrest__reading *reading = user;
    uvrest_call *call = reading->call;
    bool go_on = true;
    if (call != NULL && reading->status == UVREST_OK && reading->progress != NULL) {
        go_on = reading->progress(reading->digest.done_bytes, reading->digest.total_bytes, reading->user);
        call = reading->call; /* the callback may have ended it */
    }
    if (call == NULL) {
        end(reading);
        return;
    }
    if (!go_on) {
        uvrest__call_end(call, UVREST_E_CANCELLED, "cancelled by the progress callback");
    } else if (reading->status != UVREST_OK) {
        fail(reading, call);
    } else if (reading->digest.ended) {
        uvrest__request_fill(&call->request, reading->digest.hex);
        uvrest__call_ready(call);
    } else if (uvrest__loop_work(reading->loop, step, on_step, reading) == UVREST_OK) {
        return;
    } else {
        uvrest__call_end(call, UVREST_E_NOMEM, uvrest_status_text(UVREST_E_NOMEM));
    }
    end(reading);
}

uvrest_status uvrest__reading_new(uvrest_call *call, const char *file, uvrest_progress_fn *progress, void *user)
{
    uvrest_client *client = call->client;
    size_t file_size = strlen(file) + 1;
    uvrest__reading *reading;
    size_t size;
    if (!uvrest__size_add(sizeof *reading, file_size, &size))
        return UVREST_E_NOMEM;
    reading = uvrest__malloc(client->settings.alloc, size);
    if (reading == NULL)
        return UVREST_E_NOMEM;
    reading->call = call;
    reading->alloc = client->settings.alloc;
    reading->loop = client->loop;
    reading->progress = progress;
    reading->user = user;
    reading->status = UVREST_OK;
    reading->file = (char *)(reading + 1);
    memcpy(reading->file, file, file_size);
    uvrest__digest_init(&reading->digest);
    call->reading = reading;
    return UVREST_OK;
}

void uvrest__reading_free(uvrest__reading *reading)
{
    if (reading != NULL)
        uvrest__free(reading->alloc, reading);
}

uvrest_status uvrest__reading_begin(uvrest__reading *reading)
{
    return uvrest__loop_work(reading->loop, step, on_step, reading);
}

void uvrest__reading_detach(uvrest__reading *reading)
{
    reading->call = NULL;
}
