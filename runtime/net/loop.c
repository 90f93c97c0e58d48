/* SPDX-License-Identifier: MIT */
#include "loop.h"
#include "alloc.h"
#include <assert.h>
#include <poll.h>
#include <uv.h>

struct uvrest__loop {
    uvrest__loop_conf conf;
    uv_loop_t *uv;
    uv_loop_t own;
    uv_async_t wake; /* active for ever, so its reference is what holds the loop */
    uv_idle_t soon;
    uv_prepare_t before; /* before and after: libuv is between them while it reports descriptors */
    uv_check_t after;
    unsigned n_open; /* objects libuv still knows */
    uvrest__timer *due; /* set to the next turn; NULL: none known */
    uvrest__loop_fn *after_reports; /* NULL: nobody asked */
    void *after_reports_user;
    uvrest__poll *likely; /* reported or was watched last; NULL once it is not watched */
    bool polling;
    bool changed; /* what is watched, and epoll does not know yet */
    uvrest__loop_news news; /* since somebody asked */
    bool closing;
    bool closed;
};

struct uvrest__timer {
    uv_timer_t uv;
    uvrest__loop *loop;
    uvrest__loop_fn *fn;
    void *user;
};

struct uvrest__poll {
    uv_poll_t uv;
    uvrest__loop *loop;
    uvrest__poll_fn *fn;
    void *user;
    int fd;
    unsigned watched;
};

typedef struct job {
    uv_work_t uv;
    uvrest__loop *loop;
    uvrest__loop_fn *work;
    uvrest__loop_fn *done;
    void *user;
} job;

/* Of the thread, not of a uvrest__loop: several may share a caller's loop, and one may be gone when its call-back
 * ends. */
static _Thread_local const uvrest__loop_visit *innermost;

void uvrest__loop_enter(const uvrest__loop *loop, uvrest__loop_visit *visit)
{
    *visit = (uvrest__loop_visit){loop->uv, innermost};
    innermost = visit;
}

void uvrest__loop_leave(const uvrest__loop_visit *visit)
{
    innermost = visit->outer;
}

static void run(uvrest__loop *loop, uvrest__loop_fn *fn, void *user)
{
    uvrest__loop_visit visit;
    uvrest__loop_enter(loop, &visit);
    fn(user);
    uvrest__loop_leave(&visit);
}

/* One object less. The last one of a loop that closes ends it; after that the loop may be gone. */
static void gone(uvrest__loop *loop)
{
    loop->n_open--;
    if (loop->closing && loop->n_open == 0) {
        loop->closed = true;
        run(loop, loop->conf.on_closed, loop->conf.user);
    }
}

static uvrest_status status_of(int error)
{
    return error == UV_ENOMEM ? UVREST_E_NOMEM : UVREST_E_IO;
}

/* ---- the loop ---- */

static void on_wake(uv_async_t *async)
{
    uvrest__loop *loop = async->data;
    if (!loop->closing)
        run(loop, loop->conf.on_wake, loop->conf.user);
}

static void on_soon(uv_idle_t *idle)
{
    uvrest__loop *loop = idle->data;
    uv_idle_stop(idle);
    run(loop, loop->conf.on_soon, loop->conf.user);
}

static void on_before(uv_prepare_t *prepare)
{
    uvrest__loop *loop = prepare->data;
    loop->polling = true;
    loop->changed = false; /* libuv tells epoll next */
}

static void on_after(uv_check_t *check)
{
    uvrest__loop *loop = check->data;
    uvrest__loop_fn *fn = loop->after_reports;
    loop->after_reports = NULL;
    if (fn != NULL)
        run(loop, fn, loop->after_reports_user);
    loop->polling = false;
    if (loop->news == UVREST__LOOP_UNSEEN)
        loop->news = UVREST__LOOP_QUIET;
}

static void on_own_closed(uv_handle_t *handle)
{
    gone(handle->data);
}

/* The async comes first, since it alone can fail, and then nothing has to be undone. */
static uvrest_status init_handles(uvrest__loop *loop)
{
    int error = uv_async_init(loop->uv, &loop->wake, on_wake);
    if (error != 0)
        return status_of(error);
    uv_idle_init(loop->uv, &loop->soon);
    uv_prepare_init(loop->uv, &loop->before);
    uv_check_init(loop->uv, &loop->after);
    loop->changed = true;
    loop->wake.data = loop->soon.data = loop->before.data = loop->after.data = loop;
    uv_prepare_start(&loop->before, on_before);
    uv_check_start(&loop->after, on_after);
    uv_unref((uv_handle_t *)&loop->wake);
    uv_unref((uv_handle_t *)&loop->soon);
    uv_unref((uv_handle_t *)&loop->before);
    uv_unref((uv_handle_t *)&loop->after);
    loop->n_open = 4;
    return UVREST_OK;
}

uvrest_status uvrest__loop_new(const uvrest__loop_conf *conf, uvrest__loop **out)
{
    uvrest_status st;
    uvrest__loop *loop = uvrest__zalloc(conf->alloc, sizeof *loop);
    if (loop == NULL)
        return UVREST_E_NOMEM;
    loop->conf = *conf;
    loop->uv = conf->borrowed;
    if (loop->uv == NULL) {
        int error = uv_loop_init(&loop->own);
        if (error != 0) {
            st = status_of(error);
            goto free_loop;
        }
        loop->uv = &loop->own;
    }
    st = init_handles(loop);
    if (st != UVREST_OK)
        goto close_loop;

    *out = loop;
    return UVREST_OK;

close_loop:
    if (conf->borrowed == NULL)
        uv_loop_close(&loop->own);
free_loop:
    uvrest__free(conf->alloc, loop);
    return st;
}

void uvrest__loop_close(uvrest__loop *loop)
{
    assert(!loop->closing);
    loop->closing = true;
    uv_close((uv_handle_t *)&loop->wake, on_own_closed);
    uv_close((uv_handle_t *)&loop->soon, on_own_closed);
    uv_close((uv_handle_t *)&loop->before, on_own_closed);
    uv_close((uv_handle_t *)&loop->after, on_own_closed);
}

void uvrest__loop_free(uvrest__loop *loop)
{
    if (loop == NULL)
        return;
    assert(loop->closed);
    if (loop->uv == &loop->own) {
        int error = uv_loop_close(&loop->own);
        assert(error == 0);
        (void)error;
    }
    uvrest__free(loop->conf.alloc, loop);
}

void uvrest__loop_hold(uvrest__loop *loop, bool hold)
{
    if (loop->closing)
        return;
    if (hold)
        uv_ref((uv_handle_t *)&loop->wake);
    else
        uv_unref((uv_handle_t *)&loop->wake);
}

void uvrest__loop_soon(uvrest__loop *loop)
{
    if (!loop->closing)
        uv_idle_start(&loop->soon, on_soon);
}

bool uvrest__loop_after_reports(uvrest__loop *loop, uvrest__loop_fn *fn, void *user)
{
    loop->after_reports = loop->polling ? fn : NULL;
    loop->after_reports_user = user;
    return loop->polling;
}

void uvrest__loop_wake(uvrest__loop *loop)
{
    uv_async_send(&loop->wake);
}

uint64_t uvrest__loop_now_ms(const uvrest__loop *loop)
{
    return uv_now(loop->uv);
}

uvrest__loop_news uvrest__loop_take_news(uvrest__loop *loop)
{
    uvrest__loop_news news = loop->news;
    loop->news = UVREST__LOOP_UNSEEN;
    return news;
}

bool uvrest__loop_is_own(const uvrest__loop *loop)
{
    return loop->uv == &loop->own;
}

bool uvrest__loop_is_running(const uvrest__loop *loop)
{
    for (const uvrest__loop_visit *visit = innermost; visit != NULL; visit = visit->outer)
        if (visit->uv == loop->uv)
            return true;
    return loop->polling;
}

bool uvrest__loop_turn(uvrest__loop *loop)
{
    uvrest__loop_visit visit;
    int alive;
    uvrest__loop_enter(loop, &visit);
    alive = uv_run(loop->uv, UV_RUN_ONCE);
    uvrest__loop_leave(&visit);
    return alive != 0;
}

/* ---- timers ---- */

static void set_due(uvrest__timer *timer, bool due)
{
    if (due)
        timer->loop->due = timer;
    else if (timer->loop->due == timer)
        timer->loop->due = NULL;
}

static void on_timer(uv_timer_t *uv)
{
    uvrest__timer *timer = uv->data;
    set_due(timer, false);
    run(timer->loop, timer->fn, timer->user);
}

static void on_timer_closed(uv_handle_t *handle)
{
    uvrest__timer *timer = handle->data;
    uvrest__loop *loop = timer->loop;
    uvrest__free(loop->conf.alloc, timer);
    gone(loop);
}

uvrest_status uvrest__timer_new(uvrest__loop *loop, uvrest__loop_fn *fn, void *user, uvrest__timer **out)
{
    uvrest__timer *timer = uvrest__zalloc(loop->conf.alloc, sizeof *timer);
    if (timer == NULL)
        return UVREST_E_NOMEM;
    uv_timer_init(loop->uv, &timer->uv);
    uv_unref((uv_handle_t *)&timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    timer->fn = fn;
    timer->user = user;
    loop->n_open++;
    *out = timer;
    return UVREST_OK;
}

void uvrest__timer_set(uvrest__timer *timer, uint64_t delay_ms)
{
    uv_timer_start(&timer->uv, on_timer, delay_ms, 0);
    set_due(timer, delay_ms == 0);
}

void uvrest__timer_stop(uvrest__timer *timer)
{
    uv_timer_stop(&timer->uv);
    set_due(timer, false);
}

void uvrest__timer_close(uvrest__timer *timer)
{
    if (timer == NULL)
        return;
    set_due(timer, false);
    uv_close((uv_handle_t *)&timer->uv, on_timer_closed);
}

/* ---- descriptors ---- */

static void set_likely(uvrest__poll *poll)
{
    if (poll->watched != 0)
        poll->loop->likely = poll;
    else if (poll->loop->likely == poll)
        poll->loop->likely = NULL;
}

static void on_poll(uv_poll_t *uv, int status, int uv_events)
{
    uvrest__poll *poll = uv->data;
    uvrest__loop *loop = poll->loop;
    unsigned events = 0;
    uvrest__loop_visit visit;
    if (status < 0) {
        poll->watched = 0; /* libuv has stopped it */
        events = UVREST__POLL_ERROR;
    }
    if (uv_events & UV_READABLE)
        events |= UVREST__POLL_IN;
    if (uv_events & UV_WRITABLE)
        events |= UVREST__POLL_OUT;
    set_likely(poll);
    loop->news = UVREST__LOOP_HEARD;
    uvrest__loop_enter(loop, &visit);
    poll->fn(poll->fd, events, poll->user);
    uvrest__loop_leave(&visit);
}

static void on_poll_closed(uv_handle_t *handle)
{
    uvrest__poll *poll = handle->data;
    uvrest__loop *loop = poll->loop;
    uvrest__free(loop->conf.alloc, poll);
    gone(loop);
}

uvrest_status uvrest__poll_new(uvrest__loop *loop, int fd, uvrest__poll_fn *fn, void *user, uvrest__poll **out)
{
    int error;
    uvrest__poll *poll = uvrest__zalloc(loop->conf.alloc, sizeof *poll);
    if (poll == NULL)
        return UVREST_E_NOMEM;
    error = uv_poll_init_socket(loop->uv, &poll->uv, fd);
    if (error != 0) {
        uvrest__free(loop->conf.alloc, poll);
        return status_of(error);
    }
    uv_unref((uv_handle_t *)&poll->uv);
    poll->uv.data = poll;
    poll->loop = loop;
    poll->fn = fn;
    poll->user = user;
    poll->fd = fd;
    loop->n_open++;
    *out = poll;
    return UVREST_OK;
}

uvrest_status uvrest__poll_watch(uvrest__poll *poll, unsigned events)
{
    int error;
    int uv_events = ((events & UVREST__POLL_IN) ? UV_READABLE : 0) | ((events & UVREST__POLL_OUT) ? UV_WRITABLE : 0);
    if (poll->watched == events)
        return UVREST_OK;
    error = events == 0 ? uv_poll_stop(&poll->uv) : uv_poll_start(&poll->uv, uv_events, on_poll);
    if (error != 0)
        return status_of(error);
    poll->watched = events;
    poll->loop->changed = true;
    set_likely(poll);
    return UVREST_OK;
}

void uvrest__poll_close(uvrest__poll *poll)
{
    if (poll == NULL)
        return;
    poll->watched = 0;
    set_likely(poll);
    uv_close((uv_handle_t *)&poll->uv, on_poll_closed); /* leaves epoll at once, the memory goes later */
}

/* ---- without a turn ---- */

/*
 * Waits for the likely descriptor on the descriptor itself: the kernel then wakes this thread as the one the sender's
 * gives way to, which it does not through epoll, and the report costs no turn. epoll is waited for as well, for all
 * others.
 */
static void wait_for_likely(uvrest__loop *loop)
{
    uvrest__poll *likely = loop->likely;
    int timeout_ms = uv_backend_timeout(loop->uv);
    struct pollfd fds[2] = {{.fd = uv_backend_fd(loop->uv), .events = POLLIN}};
    if (likely == NULL || loop->changed || timeout_ms == 0)
        return;
    fds[1].fd = likely->fd;
    fds[1].events =
        (short)((likely->watched & UVREST__POLL_IN ? POLLIN : 0) | (likely->watched & UVREST__POLL_OUT ? POLLOUT : 0));
    if (poll(fds, 2, timeout_ms) <= 0 || fds[1].revents == 0 || (fds[1].revents & ~(POLLIN | POLLOUT)) != 0)
        return;
    uv_update_time(loop->uv);
    on_poll(&likely->uv, 0, (fds[1].revents & POLLIN ? UV_READABLE : 0) | (fds[1].revents & POLLOUT ? UV_WRITABLE : 0));
}

void uvrest__loop_step(uvrest__loop *loop, const bool *done)
{
    uvrest__timer *timer = loop->due;
    assert(uvrest__loop_is_own(loop));
    uv_update_time(loop->uv);
    if (timer != NULL) {
        uvrest__timer_stop(timer);
        run(loop, timer->fn, timer->user);
    }
    if (!*done)
        wait_for_likely(loop);
}

/* ---- work ---- */

static void on_work(uv_work_t *uv)
{
    job *j = uv->data;
    j->work(j->user);
}

static void on_work_done(uv_work_t *uv, int status)
{
    job *j = uv->data;
    uvrest__loop *loop = j->loop;
    (void)status; /* only uv_cancel() makes it an error, and nobody calls that */
    run(loop, j->done, j->user);
    uvrest__free(loop->conf.alloc, j);
    gone(loop);
}

uvrest_status uvrest__loop_work(uvrest__loop *loop, uvrest__loop_fn *work, uvrest__loop_fn *done, void *user)
{
    int error;
    job *j = uvrest__zalloc(loop->conf.alloc, sizeof *j);
    if (j == NULL)
        return UVREST_E_NOMEM;
    j->uv.data = j;
    j->loop = loop;
    j->work = work;
    j->done = done;
    j->user = user;
    error = uv_queue_work(loop->uv, &j->uv, on_work, on_work_done);
    if (error != 0) {
        uvrest__free(loop->conf.alloc, j);
        return status_of(error);
    }
    loop->n_open++;
    return UVREST_OK;
}
