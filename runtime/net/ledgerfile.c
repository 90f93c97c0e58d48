/* SPDX-License-Identifier: MIT */
#include "ledgerfile.h"
#include "alloc.h"
#include "clock.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define RINGS_AT (3 * PAGE)
#define VERSION 1u /* of the layout and of what the numbers mean */
#define LOCK_AT 0 /* byte whose lock is the ledger's; the member i lives as long as byte LIVES_AT + i is locked */
#define LIVES_AT 1
#define LOCK_PATIENCE_NS 1000000000
#define LOCK_PAUSE_NS 20000
#define LOCK_PAUSE_MAX_NS 1000000
#define CLOCKS_DIFFER_NS UVREST__NS_PER_S
#define BOOT_ID_SIZE 40
#define NAME_BYTES 8u /* of the key, in the file's name */

static const char magic[8] = "uvledger";
static const char cut_off[] = "the file was cut off";
static const char damaged[] = "the file is damaged";
static const char no_boot_id[] = "the machine does not tell its starts apart";
static const char no_look[] = "the file cannot be looked at";
static const char no_writing[] = "the file cannot be written";

/* What the file is; written when it is made. */
typedef struct head {
    char magic[sizeof magic];
    uint32_t version;
    uint32_t page_size; /* of the numbers: tells builds apart whose structs differ */
    uint32_t cap; /* of each ring */
    uint32_t unused;
    uint8_t key[UVREST__LEDGERFILE_KEY];
    char boot_id[BOOT_ID_SIZE]; /* moments count from the machine's start */
} head;

/* The numbers; the copy with the higher rev and a right checksum counts. */
typedef struct page {
    uint64_t checksum; /* of all that follows */
    uint64_t rev;
    uint32_t prober;
    uint32_t unused;
    uvrest__ledgerfile_member members[UVREST__LEDGERFILE_MEMBERS];
    unsigned char ledger[sizeof(uvrest__ledger)]; /* its rings' addresses mean nothing */
} page;

_Static_assert(sizeof(page) <= PAGE && sizeof(page) % sizeof(uint64_t) == 0, "a copy of the numbers is a page");
_Static_assert(sizeof(head) <= PAGE, "the head is a page");

/* ---- locks and bytes --------------------------------------------------------------------------------------------- */

/* Locks of the opened file, not of the process: they also part two ledgers of one process, and go with the last close,
 * which the kernel does for whoever is killed. */
static bool set_lock(int fd, int command, short type, uint32_t at)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = 1};
    int done;
    do
        done = fcntl(fd, command, &lock);
    while (done != 0 && errno == EINTR);
    return done == 0;
}

/*
 * NULL, or why not. It is held for as long as a question takes, but whoever holds it may be stopped (by a debugger, job
 * control, a frozen container): the kernel's own waiting would then never end, and nor would anybody's calls. Pauses
 * are counted, not time: we may have been stopped as well.
 */
static const char *take_lock(int fd)
{
    struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    long waited = 0;
    while (!set_lock(fd, F_OFD_SETLK, F_WRLCK, LOCK_AT)) {
        if (errno != EAGAIN && errno != EACCES)
            return "locks are not supported there";
        if (waited >= LOCK_PATIENCE_NS)
            return "whoever holds its lock does not go on";
        (void)nanosleep(&pause, NULL);
        waited += pause.tv_nsec;
        if (pause.tv_nsec < LOCK_PAUSE_MAX_NS)
            pause.tv_nsec *= 2;
    }
    return NULL;
}

static void drop_lock(int fd)
{
    (void)set_lock(fd, F_OFD_SETLK, F_UNLCK, LOCK_AT);
}

static bool lives(int fd, uint32_t member)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(LIVES_AT + member), .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

static bool read_at(int fd, void *out, size_t len, size_t at)
{
    unsigned char *bytes = out;
    while (len > 0) {
        ssize_t n = pread(fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_at(int fd, const void *from, size_t len, size_t at)
{
    const unsigned char *bytes = from;
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return true;
}

static size_t size_for(uint32_t cap)
{
    return RINGS_AT + 2 * (size_t)cap * sizeof(uint64_t);
}

/* Writing beyond the limit would be a signal, which ends the process. */
static bool may_write(uint32_t cap)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= size_for(cap);
}

static size_t ring_at(const uvrest__ledger *ledger, const uvrest__stamps *stamps)
{
    return RINGS_AT + (stamps == &ledger->sent ? 0 : (size_t)ledger->sent.cap * sizeof(uint64_t));
}

/* Tells a half-written page from a whole one; nobody is kept from forging it. */
static uint64_t checksum_of(const page *p)
{
    const unsigned char *bytes = (const unsigned char *)p;
    uint64_t sum = UINT64_C(0x9e3779b97f4a7c15), word;
    for (size_t i = sizeof p->checksum; i < sizeof *p; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        sum = (sum ^ word) * UINT64_C(0xff51afd7ed558ccd);
        sum ^= sum >> 32;
    }
    return sum;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* The newest whole copy of the numbers. */
static bool read_page(int fd, page *out)
{
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        page one;
        if (!read_at(fd, &one, sizeof one, (1 + i) * PAGE) || one.checksum != checksum_of(&one) || one.rev == 0)
            continue;
        if (!found || one.rev > out->rev)
            *out = one;
        found = true;
    }
    return found;
}

/* Whether the moments can be what they should. Whoever was killed may have overwritten the oldest with new ones. */
static bool check_stamps(uvrest__stamps *stamps, uint64_t now)
{
    uint64_t last = 0;
    if (stamps->first > stamps->count || stamps->count - stamps->first > stamps->cap)
        return false;
    if (stamps->count > stamps->first)
        last = stamps->ring[(stamps->count - 1) % stamps->cap];
    while (stamps->first < stamps->count && stamps->ring[stamps->first % stamps->cap] > last)
        stamps->first++;
    for (uint64_t i = stamps->first, before = 1; i < stamps->count; i++) {
        uint64_t moment = stamps->ring[i % stamps->cap];
        if (moment < before || moment > now)
            return false;
        before = moment;
    }
    stamps->changed = UINT64_MAX;
    return true;
}

/* Whether numbers agree with one another, so that nothing that is done by them goes wrong. */
static bool is_sound(const page *p, uint32_t cap)
{
    uvrest__ledger theirs;
    uint64_t in_flight = 0;
    memcpy(&theirs, p->ledger, sizeof theirs);
    for (uint32_t i = 0; i < UVREST__LEDGERFILE_MEMBERS; i++)
        in_flight += p->members[i].in_flight;
    return theirs.sent.cap == cap && theirs.answered.cap == cap && theirs.in_flight == in_flight && theirs.slots > 0 &&
           theirs.conf.slots <= cap / 2 && theirs.slots <= theirs.conf.slots && theirs.window_ns > 0 &&
           theirs.n_returned <= theirs.answered.count;
}

/* Makes the ledger what the page says, in the rings it has. */
static void adopt(uvrest__ledgerfile *file, uvrest__ledger *ledger, const page *p)
{
    uint64_t *sent = ledger->sent.ring, *answered = ledger->answered.ring;
    memcpy(ledger, p->ledger, sizeof *ledger);
    memcpy(file->members, p->members, sizeof file->members);
    ledger->sent.ring = sent;
    ledger->answered.ring = answered;
    file->prober = p->prober;
    file->rev = p->rev;
}

static bool read_rings(int fd, uvrest__ledger *ledger)
{
    size_t len = (size_t)ledger->sent.cap * sizeof(uint64_t);
    return read_at(fd, ledger->sent.ring, len, ring_at(ledger, &ledger->sent)) &&
           read_at(fd, ledger->answered.ring, len, ring_at(ledger, &ledger->answered)) &&
           check_stamps(&ledger->sent, ledger->now) && check_stamps(&ledger->answered, ledger->now);
}

static const char *check_size(int fd, uint32_t cap)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return no_look;
    if (st.st_nlink == 0)
        return "the file was removed";
    return st.st_size == (off_t)size_for(cap) ? NULL : cut_off;
}

/* Whoever starts now finds what has the name now. Without any file of that name there is nobody to disagree with. */
static const char *check_name(const uvrest__ledgerfile *file)
{
    struct stat ours, named;
    if (fstat(file->fd, &ours) != 0)
        return no_look;
    if (stat(file->name, &named) != 0 || (ours.st_dev == named.st_dev && ours.st_ino == named.st_ino))
        return NULL;
    return "another file has taken its place";
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

/* Frees the places of the dead. */
static void bury(uvrest__ledgerfile *file, uvrest__ledger *ledger, uint64_t now)
{
    for (uint32_t i = 0; i < UVREST__LEDGERFILE_MEMBERS; i++) {
        uvrest__ledgerfile_member *one = &file->members[i];
        if (one->used == 0 || i == file->me || lives(file->fd, i))
            continue;
        uvrest__ledger_disown(ledger, now, one->in_flight, ledger->probing && file->prober == i);
        *one = (uvrest__ledgerfile_member){0};
    }
    file->checked_at = now;
}

static bool is_alone(const uvrest__ledgerfile *file)
{
    for (uint32_t i = 0; i < UVREST__LEDGERFILE_MEMBERS; i++)
        if (file->members[i].used != 0 && i != file->me)
            return false;
    return true;
}

static bool take_place(uvrest__ledgerfile *file)
{
    for (uint32_t i = 0; i < UVREST__LEDGERFILE_MEMBERS; i++)
        if (file->members[i].used == 0 && set_lock(file->fd, F_OFD_SETLK, F_WRLCK, LIVES_AT + i)) {
            file->members[i].used = 1;
            file->me = i;
            return true;
        }
    return false;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static bool write_span(int fd, const uvrest__stamps *stamps, size_t at, uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t i = (size_t)(from % stamps->cap), n = stamps->cap - i;
        if (n > to - from)
            n = (size_t)(to - from);
        if (!write_at(fd, stamps->ring + i, n * sizeof *stamps->ring, at + i * sizeof *stamps->ring))
            return false;
        from += n;
    }
    return true;
}

static bool write_ring(int fd, const uvrest__ledger *ledger, uvrest__stamps *stamps)
{
    uint64_t from = stamps->changed < stamps->first ? stamps->first : stamps->changed;
    if (from < stamps->count && !write_span(fd, stamps, ring_at(ledger, stamps), from, stamps->count))
        return false;
    stamps->changed = UINT64_MAX;
    return true;
}

/* The rings first: what they hold beyond the numbers' reach means nothing. */
static bool store(uvrest__ledgerfile *file, uvrest__ledger *ledger)
{
    page p;
    uvrest__ledger copy;
    memset(&p, 0, sizeof p);
    if (!may_write(ledger->sent.cap) || !write_ring(file->fd, ledger, &ledger->sent) ||
        !write_ring(file->fd, ledger, &ledger->answered))
        return false;
    memcpy(&copy, ledger, sizeof copy);
    copy.sent.ring = copy.answered.ring = NULL;
    memcpy(p.ledger, &copy, sizeof copy);
    memcpy(p.members, file->members, sizeof p.members);
    p.prober = file->prober;
    p.rev = file->rev + 1;
    p.checksum = checksum_of(&p);
    if (!write_at(file->fd, &p, sizeof p, (1 + p.rev % 2) * PAGE))
        return false;
    file->rev = p.rev;
    return true;
}

static bool read_boot_id(char out[BOOT_ID_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n;
    memset(out, 0, BOOT_ID_SIZE);
    if (fd < 0)
        return false;
    n = read(fd, out, BOOT_ID_SIZE - 1);
    close(fd);
    return n > 0;
}

/* Makes an empty file of one that nobody uses. Its head comes last: without it the file counts as not made yet. */
static const char *make(uvrest__ledgerfile *file, uvrest__ledger *ledger)
{
    head h;
    memset(&h, 0, sizeof h);
    if (!read_boot_id(h.boot_id))
        return no_boot_id;
    if (!may_write(ledger->sent.cap) || ftruncate(file->fd, 0) != 0 ||
        posix_fallocate(file->fd, 0, (off_t)size_for(ledger->sent.cap)) != 0)
        return no_writing;
    memset(file->members, 0, sizeof file->members);
    file->rev = 0;
    if (!take_place(file))
        return "locks are not supported there";
    if (!store(file, ledger))
        return no_writing;
    memcpy(h.magic, magic, sizeof h.magic);
    h.version = VERSION;
    h.page_size = sizeof(page);
    h.cap = ledger->sent.cap;
    memcpy(h.key, file->key, sizeof h.key);
    return write_at(file->fd, &h, sizeof h, 0) ? NULL : no_writing;
}

/* ---- joining ----------------------------------------------------------------------------------------------------- */

static const char *open_file(uvrest__ledgerfile *file)
{
    struct stat st;
    file->fd = open(file->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (file->fd < 0)
        return errno == ELOOP ? "it is a symbolic link" : "the file cannot be opened for reading and writing";
    if (fstat(file->fd, &st) != 0)
        return no_look;
    if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
        return "it is not a file of its own";
    if (st.st_uid != geteuid())
        return "the file is another user's";
    return (st.st_mode & 077) == 0 ? NULL : "other users may use the file";
}

static const char *check_head(const uvrest__ledgerfile *file, const head *h)
{
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return "the file is something else";
    if (h->version != VERSION || h->page_size != sizeof(page))
        return "the file is of another version of the library";
    if (memcmp(h->key, file->key, sizeof h->key) != 0)
        return "the file is of other credentials";
    if (h->cap == 0 || h->cap > 2 * UVREST__RATELIMIT_MAX_SLOTS)
        return damaged;
    return check_size(file->fd, h->cap);
}

static bool make_rings(uvrest__ledger *ledger, const uvrest_alloc *alloc, uint32_t cap)
{
    uint64_t *rings = uvrest__zalloc(alloc, 2 * (size_t)cap * sizeof *rings);
    if (rings == NULL)
        return false;
    ledger->sent = (uvrest__stamps){.ring = rings, .cap = cap};
    ledger->answered = (uvrest__stamps){.ring = rings + cap, .cap = cap};
    return true;
}

/* What is in the file becomes the ledger; or the ledger, with this client's configuration, what is in the file. */
static const char *enter(uvrest__ledgerfile *file, uvrest__ledger *ledger, const page *p, uvrest__ledger *theirs,
                         uint64_t now)
{
    file->me = UINT32_MAX;
    adopt(file, theirs, p);
    if (theirs->now > uvrest__clock_add(now, CLOCKS_DIFFER_NS))
        return "its moments are of another clock";
    if (!read_rings(file->fd, theirs))
        return damaged;
    bury(file, theirs, now);
    if (is_alone(file) && uvrest__ledger_is_idle(theirs, now) &&
        memcmp(&theirs->conf, &ledger->conf, sizeof ledger->conf) != 0)
        return make(file, ledger);
    if (!take_place(file))
        return "too many processes share the file";
    return store(file, theirs) ? NULL : no_writing;
}

/* With the lock held. */
static const char *attach(uvrest__ledgerfile *file, uvrest__ledger *ledger, uint64_t now)
{
    static const head none;
    struct stat st;
    const char *why;
    char boot_id[BOOT_ID_SIZE];
    uvrest__ledger theirs;
    page p;
    head h;
    memset(&h, 0, sizeof h);
    if (fstat(file->fd, &st) != 0)
        return no_look;
    if (st.st_size > 0 && !read_at(file->fd, &h, sizeof h, 0))
        return cut_off;
    if (memcmp(&h, &none, sizeof h) == 0)
        return make(file, ledger);
    why = check_head(file, &h);
    if (why != NULL)
        return why;
    if (!read_boot_id(boot_id))
        return no_boot_id;
    if (memcmp(boot_id, h.boot_id, sizeof boot_id) != 0)
        return make(file, ledger);
    if (!read_page(file->fd, &p) || !is_sound(&p, h.cap))
        return damaged;
    memset(&theirs, 0, sizeof theirs);
    if (!make_rings(&theirs, file->alloc, h.cap))
        return "no memory for its moments";
    why = enter(file, ledger, &p, &theirs, now);
    if (why != NULL || file->rev == 1) { /* not usable, or made anew from ours */
        uvrest__free(file->alloc, theirs.sent.ring);
        return why;
    }
    uvrest__free(file->alloc, ledger->sent.ring);
    memcpy(ledger, &theirs, sizeof theirs);
    return NULL;
}

static const char *open_and_attach(uvrest__ledgerfile *file, uvrest__ledger *ledger, uint64_t now)
{
    const char *why = open_file(file);
    if (why == NULL)
        why = take_lock(file->fd);
    if (why != NULL)
        return why;
    why = attach(file, ledger, now);
    drop_lock(file->fd);
    return why;
}

/* The descriptor goes, and with it all locks. It is forgotten first: a child that is forked in between must not close
 * what has its number by then. */
void uvrest__ledgerfile_abandon(uvrest__ledgerfile *file)
{
    int fd = file->fd;
    file->fd = -1;
    if (fd >= 0)
        close(fd);
}

void uvrest__ledgerfile_init(uvrest__ledgerfile *file)
{
    memset(file, 0, sizeof *file);
    file->fd = -1;
}

uvrest_status uvrest__ledgerfile_open(uvrest__ledgerfile *file, const uvrest_alloc *alloc, const char *path,
                                      const uint8_t key[UVREST__LEDGERFILE_KEY], uvrest__ledger *ledger, uint64_t now,
                                      const char **out_why)
{
    size_t len = strlen(path);
    uvrest__ledgerfile_init(file);
    file->alloc = alloc;
    file->name = uvrest__malloc(alloc, len + 1 + 2 * NAME_BYTES + 1);
    if (file->name == NULL)
        return UVREST_E_NOMEM;
    memcpy(file->name, path, len);
    file->name[len++] = '.';
    uvrest__text_write_hex(file->name + len, key, NAME_BYTES);
    memcpy(file->key, key, sizeof file->key);
    *out_why = open_and_attach(file, ledger, now);
    if (*out_why == NULL)
        return UVREST_OK;
    uvrest__ledgerfile_abandon(file);
    return UVREST_E_IO;
}

/* ---- a question -------------------------------------------------------------------------------------------------- */

/* The ledger goes on as this process's own. What others have under way is counted as answered now. */
static void lose(uvrest__ledgerfile *file, uvrest__ledger *ledger, bool rings_lost)
{
    uint32_t ours = file->members[file->me].in_flight;
    if (rings_lost)
        uvrest__ledger_forfeit(ledger, ledger->now, ours);
    else
        uvrest__ledger_disown(ledger, ledger->now, ledger->in_flight - ours,
                              ledger->probing && file->prober != file->me);
    uvrest__ledgerfile_abandon(file);
}

/* With the lock held. What another process has written meanwhile is read. */
static const char *refresh(uvrest__ledgerfile *file, uvrest__ledger *ledger, bool *out_rings_lost)
{
    const uvrest__ledgerfile_member *ours = &file->members[file->me];
    const char *why = check_size(file->fd, ledger->sent.cap);
    page p;
    if (why != NULL)
        return why;
    if (!read_page(file->fd, &p) || !is_sound(&p, ledger->sent.cap) ||
        memcmp(ours, &p.members[file->me], sizeof *ours) != 0)
        return damaged;
    if (p.rev == file->rev)
        return NULL;
    adopt(file, ledger, &p);
    *out_rings_lost = !read_rings(file->fd, ledger);
    return *out_rings_lost ? damaged : NULL;
}

static bool is_check_due(const uvrest__ledgerfile *file, uint64_t now)
{
    return uvrest__clock_until(file->checked_at, now) >= UVREST__LEDGERFILE_CHECK_NS;
}

bool uvrest__ledgerfile_begin(uvrest__ledgerfile *file, uvrest__ledger *ledger, uint64_t now, const char **out_why)
{
    bool rings_lost = false;
    *out_why = take_lock(file->fd);
    if (*out_why == NULL)
        *out_why = refresh(file, ledger, &rings_lost);
    if (*out_why == NULL && is_check_due(file, now))
        *out_why = check_name(file);
    if (*out_why != NULL) {
        lose(file, ledger, rings_lost);
        return false;
    }
    if (is_check_due(file, now))
        bury(file, ledger, now);
    file->in_flight_before = ledger->in_flight;
    file->probing_before = ledger->probing;
    return true;
}

bool uvrest__ledgerfile_commit(uvrest__ledgerfile *file, uvrest__ledger *ledger, const char **out_why)
{
    file->members[file->me].in_flight += ledger->in_flight - file->in_flight_before;
    if (ledger->probing && !file->probing_before)
        file->prober = file->me;
    if (!store(file, ledger)) {
        *out_why = no_writing;
        lose(file, ledger, false);
        return false;
    }
    drop_lock(file->fd);
    return true;
}

void uvrest__ledgerfile_close(uvrest__ledgerfile *file, uvrest__ledger *ledger)
{
    bool rings_lost = false;
    if (file->fd >= 0 && file->members[file->me].in_flight == 0 && take_lock(file->fd) == NULL) {
        if (refresh(file, ledger, &rings_lost) == NULL) {
            file->members[file->me].used = 0;
            (void)store(file, ledger);
        }
        drop_lock(file->fd);
    }
    uvrest__ledgerfile_abandon(file);
    uvrest__free(file->alloc, file->name);
    file->name = NULL;
}
