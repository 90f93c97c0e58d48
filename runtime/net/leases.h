/* SPDX-License-Identifier: MIT */
/**
 * @file leases.h
 * A client's share of a quota that several machines use: slots leased from a log on a server (Redis or Valkey), and
 * what has become of them. Pure bookkeeping: what to ask, what an answer means, whether one more may be sent. Who
 * carries questions and answers is fleet.h. Used by ratelimit.c alone.
 *
 * The log holds, by the server's clock, each slot in one of three states: free; out, with one holder (a client and its
 * credentials); or back at a moment. A question tells the server what a holder still has out and how long ago the
 * others were answered (they are back a window and a guard, W, after that), and asks for more. One atomic script does
 * it all. A slot is granted when it is free, or ahead of time with the moment at which it is.
 *
 * Why no window ever holds more than the quota: the API counts a request at c, not after the moment r at which its
 * answer or its giving up is known. Its slot goes out again
 *   - after the report of r, made a microseconds after it: the server handles it at e >= r + a, so e - a + W >= c + W;
 *   - for a holder that fell silent, W after the last moment at which one of its requests may be under way. It sends
 *     within `valid` of the moment at which it asked the last question that was answered, which is before the server
 *     handled that, and no attempt lasts longer than it has told the server. Longer ones wait until that is known;
 *   - unused, at once, or when it would have been free, since nothing was counted for it.
 * A slot granted for a moment d after e is used d after the answer arrived, so later. Questions are numbered and kept
 * until they are answered: one that is repeated counts once, and what a lost answer granted was never used.
 * A server that forgot (started anew, flushed, an older copy) is recognised by who asks next and knows better, by the
 * log's name, its own number or place; then every slot not known to be out counts as answered at that moment. The
 * server's clock may jump: set back, it stands still meanwhile; one that is further ahead than a holder's own clock and
 * the guard explain is put right (so a question that takes longer than the one before by more than the guard costs that
 * time). What is left to the API's own count and its refusals (ratelimit.h): a server that forgot, or jumped ahead,
 * while only newcomers ask it; a process stopped for longer than all that between may() and the send.
 *
 * Other programs, which know nothing of the log: each question tells what the API's newest count was. What of that can
 * not be ours, by what is out and what is back when, is theirs: so much less is granted, to all holders alike. A
 * refused request holds its slot as any other, but is not taken for one that was counted.
 *
 * A server that cannot be asked: what is leased is used while it is valid. Then nothing is sent for a window, so that
 * whatever others had sent before is over, and after that this client keeps to `alone` slots of its own, or to none.
 * Cost: one round trip a batch of slots, 8 bytes a slot; one more a second while anything is out.
 *
 * Threads: plain data of one client. Time: monotonic nanoseconds, handed in.
 */
#ifndef UVREST_NET_LEASES_H
#define UVREST_NET_LEASES_H

#include "buf.h"
#include "ratelimit.h"

/** Grants in one answer at most, and reports in one question. */
#define UVREST__LEASES_GRANTS 64u
#define UVREST__LEASES_REPORTS 100u
/** Numbers in one answer at most. */
#define UVREST__LEASES_VALUES (5u + 2u * UVREST__LEASES_GRANTS)
/** Slots asked for at a time, however fast they are used. */
#define UVREST__LEASES_MAX_BATCH 200u
/** Bytes of a holder's name, and of the key that tells logs apart. */
#define UVREST__LEASES_ID 33u
#define UVREST__LEASES_KEY 32u

/** Slots to be used from a moment on. */
typedef struct uvrest__lease {
    uint64_t from_ns;
    uint32_t n;
} uvrest__lease;

typedef struct uvrest__leases {
    const uvrest_alloc *alloc;
    char id[UVREST__LEASES_ID];
    char key[2 * UVREST__LEASES_KEY + 1]; /* of the log; a hash, in hexadecimal digits */
    uint64_t window_ns; /* W of the newest question */
    uint32_t batch;
    uint32_t alone; /* slots used while the server is away */
    uint64_t fresh_epoch; /* the log's name, if it is ours to give */

    uvrest__lease stock[UVREST__LEASES_GRANTS]; /* leased and not used; by moment */
    uint32_t n_stock;
    uint32_t n_leased; /* slots in it */
    uint32_t in_flight;
    uint32_t n_used; /* since the newest question */
    uint32_t n_refused; /* of those that ended: not known to the server … */
    uint32_t told_refused; /* … and of these, in the open question */

    uint64_t *ended; /* owned; ring of moments at which slots were answered */
    uint32_t cap;
    uint64_t first; /* those before it are back */
    uint64_t reported; /* those before it are known to the server */
    uint64_t reporting; /* and those before it are in the open question */
    uint64_t count;

    uint64_t seq; /* of the open or the newest question */
    uint64_t epoch; /* the log's name; 0: none known */
    uint32_t n_asked; /* slots the open question asks for */
    bool open; /* a question is under way */
    bool again; /* the newest question has not been answered: it is repeated */
    uint64_t asked_at; /* the newest question */
    uint64_t known_at; /* when the newest answered one was asked; 0: none */
    uint64_t told_valid_ns; /* how long what the open question asks for may be used, from asked_at on */
    uint64_t known_valid_ns; /* and the newest answered one, from known_at on */
    uint64_t ask_again_at; /* for more slots */
    uint64_t rests_until; /* after an answer that made no sense: nothing is asked before */
    uint64_t away_since; /* 0: the server answers */

    uint32_t demand; /* calls that wait */
    bool bulk; /* they leave the reserve */
    uint64_t longest_ns; /* of all attempts so far */
    uint64_t told_longest_ns; /* in the open question */
    uint64_t known_longest_ns; /* which the server knows */
    bool told_paused; /* in the open question */
    bool known_paused; /* which the server knows */
    bool uses_stock; /* what may() has found */
    bool refused; /* a pause has begun or ended that the server does not know */
} uvrest__leases;

/** What the ledger says that a question tells. */
typedef struct uvrest__leases_terms {
    uint32_t slots;
    uint64_t window_ns; /* W */
    uint64_t guard_ns; /* the part of it that is no window */
    uint32_t reserve; /* slots that bulk calls leave to others */
    uint64_t interval_ns; /* 0: none */
    bool paused;
    uint64_t pause_ns; /* left of a pause that a refusal of ours began; 0: none */
    int64_t seen; /* of the slots, those that the API has counted as used by anybody; -1: not known */
    uint64_t seen_ago_ns; /* the request that brought that was sent so long ago */
} uvrest__leases_terms;

/** What an answer says to the ledger. */
typedef struct uvrest__leases_news {
    bool paused; /* the credentials are paused … */
    uint64_t pause_ns; /* … for so long; 0: it is our turn to probe */
    int64_t taken; /* slots that are out, or not back yet */
} uvrest__leases_news;

#define UVREST__LEASES_SCRIPT_NAME 41u
/** Appends the script. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__leases_add_script(uvrest__buf *out);
/** The name it has on a server that has seen it: 40 hexadecimal digits. */
void uvrest__leases_script_name(const uvrest__buf *script, char out[UVREST__LEASES_SCRIPT_NAME]);

/** A holder that has nothing. key: the log's. *leases is owned: uvrest__leases_fini(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__leases_init(uvrest__leases *leases, const uvrest_alloc *alloc,
                                                  const uvrest__ratelimit_conf *conf,
                                                  const uint8_t key[UVREST__LEASES_KEY], uvrest__rand rand);
void uvrest__leases_fini(uvrest__leases *leases);

/** How many calls wait, how long the attempt of the next may last, and whether it must leave the reserve alone. */
void uvrest__leases_expect(uvrest__leases *leases, uint32_t demand, uint64_t attempt_ns, bool bulk);
/** Whether there is a slot for an attempt that lasts so long at most; if there is none, *out_wait is written. */
UVREST_MUST_USE bool uvrest__leases_may(uvrest__leases *leases, uint64_t now, uint64_t attempt_ns,
                                        uvrest__ratelimit_wait *out_wait);
/** Uses the slot there just was. */
void uvrest__leases_use(uvrest__leases *leases);
/** A sending ended: answered, refused by the API's limit, or given up. */
void uvrest__leases_ended(uvrest__leases *leases, uint64_t now, bool refused);
/** It was not sent. */
void uvrest__leases_not_sent(uvrest__leases *leases, uint64_t now);
/** A pause has begun or ended. */
void uvrest__leases_refused(uvrest__leases *leases);

/** When a question is to be asked: 0 now; UINT64_MAX: not before something else happens. */
uint64_t uvrest__leases_due(const uvrest__leases *leases, uint64_t now);
/**
 * Opens a question: appends the words that follow EVALSHA and the script's name, each with a closing NUL, to words.
 * *out_n: how many. leaving: the last one, everything unused is handed
 * back; another may be open. UVREST_E_NOMEM: nothing was opened.
 */
UVREST_MUST_USE uvrest_status uvrest__leases_ask(uvrest__leases *leases, uint64_t now,
                                                 const uvrest__leases_terms *terms, bool leaving, uvrest__buf *words,
                                                 size_t *out_n);
/** The open question was answered. false: not in the way it should, which counts as no answer, and the next question
 * comes a tenth of a second later. */
UVREST_MUST_USE bool uvrest__leases_answer(uvrest__leases *leases, uint64_t now, const int64_t *values, size_t n,
                                           uvrest__leases_news *out_news);
/** The open question will not be answered, or none can be asked. true: it is the first time
 * since there was an answer. */
bool uvrest__leases_lost(uvrest__leases *leases, uint64_t now);
/** How long a question may be under way. */
uint64_t uvrest__leases_patience(const uvrest__leases *leases);

#endif /* UVREST_NET_LEASES_H */
