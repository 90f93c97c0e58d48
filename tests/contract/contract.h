/* SPDX-License-Identifier: MIT */
/* Between the driver and calls.c, which make_calls.py writes: how each operation is started, and what it may answer. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <uvrest/gen.h>

#include <iconik/iconik.h>

/* A call under way. */
typedef struct contract_call contract_call;

/* What a call is started with beside its parameters, which stand in calls.c. */
typedef struct contract_input {
    const void *body; /* the model that goes in the body, or const uvrest_raw *; NULL for none */
    const uvrest_call_options *options;
} contract_input;

typedef uvrest_status contract_start_fn(iconik_client *client, const contract_input *input, contract_call *call);

/* The typed diff of a model, untyped. */
typedef uvrest_status contract_diff_fn(const void *before, const void *after, uvrest_arena *arena,
                                       const void **out_patch);

/* What a status brings. */
typedef struct contract_answer {
    int http_status;
    uvrest_payload payload;
    uint16_t model;
} contract_answer;

typedef struct contract_op {
    const char *name;
    contract_start_fn *start;
    contract_start_fn *wait; /* its blocking twin */
    const uvrest_schema *(*schema)(void);
    uvrest_payload body; /* MODEL or RAW where the driver has to make one; NONE where calls.c has it */
    uint16_t body_model;
    contract_diff_fn *diff; /* of a PATCH; else NULL */
    const contract_answer *answers;
    unsigned n_answers;
} contract_op;

extern const contract_op contract_ops[];
extern const unsigned contract_n_ops;

/* Every callback ends here. value: what came, NULL for nothing; of an array its items. */
void contract_done(contract_call *call, const void *value, size_t n_items, const uvrest_result *result);
void contract_on_nothing(const uvrest_result *result, void *user);
void contract_on_bytes(const uvrest_bytes *value, const uvrest_result *result, void *user);
void contract_on_raw(const uvrest_raw *value, const uvrest_result *result, void *user);
void contract_on_text(const char *value, const uvrest_result *result, void *user);

#endif /* CONTRACT_H */
