/* SPDX-License-Identifier: MIT */
/*
 * Calls every operation of the generated library against a mock that knows the documents and nothing of this project.
 * It refuses what does not fit them, a path, query, header or body, and answers with values it makes from the schemas.
 *
 *   contract URL CASES
 *
 * CASES is the file make_calls.py writes. Of each call it is checked that the mock took it for the operation it was
 * meant for and had nothing to say about it, that the answer decodes without a note that is not explained, and that the
 * value survives decode, encode, decode, encode. Failures are printed by operation; the exit status is 1 if there are
 * any.
 */
#include "contract.h"
#include "canon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIND = 0x0F, SHAPE = 0x30 }; /* of a row of a table */
enum { CONCURRENCY = 8, DEADLINE_MS = 60000, EXCERPT = 1500 };

static const char OPERATION_HEADER[] = "X-Operation";
static const char LOCATION[] = "http://127.0.0.1:1/elsewhere"; /* as in merge.py */

typedef struct contract_case {
    const contract_op *op;
    int http_status;
    const char *prefer;
    const char *body; /* JSON; NULL for none */
} contract_case;

/* A decode note that explained.yaml explains. */
typedef struct explanation {
    const char *op;
    const char *path;
    const char *expected;
    unsigned n_used;
} explanation;

struct contract_call {
    const contract_case *what;
    uvrest_arena *arena; /* holds the body that is sent, then what is encoded of the answer */
};

static struct {
    iconik_client *client;
    char *text; /* the file of cases, cut into pieces */
    contract_case *cases;
    size_t n_cases;
    explanation *explained;
    size_t n_explained;
    size_t next;
    size_t n_pending;
    unsigned *n_done; /* by operation */
    unsigned n_values; /* that went through decode, encode, decode, encode */
    unsigned n_failures;
} run;

static void pump(void);

_Noreturn static void die(const char *what, const char *which)
{
    fprintf(stderr, "contract: %s: %s\n", what, which);
    exit(2);
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

static void failed(const contract_call *call, const char *what, const char *details, size_t len)
{
    const contract_case *c = call->what;
    run.n_failures++;
    printf("%s (%s): %s", c->op->name, c->prefer, what);
    if (len != 0)
        printf(": %.*s", (int)(len < EXCERPT ? len : EXCERPT), details);
    putchar('\n');
}

static void failed_text(const contract_call *call, const char *what, const char *details)
{
    failed(call, what, details, details == NULL ? 0 : strlen(details));
}

/* ---- checking an answer ------------------------------------------------------------------------------------------ */

static const contract_answer *answer_of(const contract_call *call)
{
    const contract_op *op = call->what->op;
    for (unsigned i = 0; i < op->n_answers; i++)
        if (op->answers[i].http_status == call->what->http_status)
            return &op->answers[i];
    return NULL;
}

/* The operation's name without what tells one of its bodies from another. */
static bool is_operation(const contract_call *call, const char *header)
{
    const char *name = call->what->op->name;
    size_t len = header == NULL ? 0 : strlen(header);
    return len != 0 && strncmp(name, header, len) == 0 && (name[len] == '\0' || strcmp(name + len, "_xml") == 0);
}

static bool check_taken(const contract_call *call, const uvrest_result *result)
{
    const char *violations = uvrest_result_header(result, "sl-violations");
    const char *operation = uvrest_result_header(result, OPERATION_HEADER);
    if (result->http_status != call->what->http_status) {
        if (result->body.text != NULL)
            failed(call, "refused", result->body.text, result->body.len);
        else
            failed_text(call, uvrest_status_name(result->status), result->message);
        return false;
    }
    if (result->status != UVREST_OK)
        failed_text(call, uvrest_status_name(result->status), result->message);
    if (!is_operation(call, operation))
        failed_text(call, "another operation was reached", operation == NULL ? "none" : operation);
    /* What the mock finds wrong with its own answers is its own affair. */
    if (violations != NULL && strstr(violations, "[\"request\"") != NULL)
        failed_text(call, "the mock has something to say", violations);
    if (result->attempts != 1)
        failed_text(call, "it was sent more than once", NULL);
    return result->status == UVREST_OK;
}

static bool is_explained(const contract_call *call, const uvrest_decode_note *note)
{
    for (size_t i = 0; i < run.n_explained; i++) {
        explanation *e = &run.explained[i];
        if (strcmp(e->op, call->what->op->name) == 0 && strcmp(e->path, note->path) == 0 &&
            strcmp(e->expected, note->expected) == 0) {
            e->n_used++;
            return true;
        }
    }
    return false;
}

static void check_notes(const contract_call *call, const uvrest_result *result)
{
    char text[EXCERPT];
    for (size_t i = 0; i < result->n_notes; i++) {
        const uvrest_decode_note *note = &result->notes[i];
        if (is_explained(call, note))
            continue;
        snprintf(text, sizeof text, "%s: %s expected, found %s", note->path, note->expected, note->found);
        failed_text(call, "a decode note", text);
    }
    if (result->n_notes_dropped != 0)
        failed_text(call, "more decode notes than are kept", NULL);
}

static void check_known(contract_call *call, uvrest_model model, const char *value);

/* An element of an array, or what an entry of a map points to. */
static void check_nested_known(contract_call *call, const uvrest_schema *schema, const uvrest_gen_field *field,
                               const char *value)
{
    uvrest_union choice;
    if (value == NULL)
        return;
    if ((field->kind & KIND) == UVREST_KIND_MODEL) {
        check_known(call, (uvrest_model){schema, field->of}, value);
        return;
    }
    memcpy(&choice, value, sizeof choice);
    if (choice.kind >= 3)
        check_known(call,
                    (uvrest_model){schema, schema->cases[schema->unions[field->of].first + choice.kind - 3].model},
                    choice.value);
}

static void check_member_known(contract_call *call, const uvrest_schema *schema, const uvrest_gen_field *field,
                               const char *member)
{
    const bool is_model = (field->kind & KIND) == UVREST_KIND_MODEL;
    const size_t size = is_model ? schema->models[field->of].size : sizeof(uvrest_union);
    const char *items;
    size_t n = 0;
    if (!is_model && (field->kind & KIND) != UVREST_KIND_UNION)
        return;
    memcpy(&items, member, sizeof items);
    if ((field->kind & SHAPE) == UVREST_SHAPE_ONE) {
        check_nested_known(call, schema, field, items);
        return;
    }
    memcpy(&n, member + sizeof items, sizeof n);
    for (size_t i = 0; i < n; i++) {
        const char *entry = items + i * 2 * sizeof(void *); /* key and value of a map */
        if ((field->kind & SHAPE) == UVREST_SHAPE_MAP)
            memcpy(&entry, entry + sizeof(void *), sizeof entry);
        else
            entry = items + i * size;
        check_nested_known(call, schema, field, entry);
    }
}

/*
 * A fixed answer has the members of the schema and no others: one that the model does not know says that the model is
 * another's. Answers at random have unknown members on purpose.
 */
static void check_known(contract_call *call, uvrest_model model, const char *value)
{
    const uvrest_gen_model *row = &model.schema->models[model.id];
    const uvrest_extra *extra;
    if (strstr(call->what->prefer, "dynamic") != NULL)
        return;
    memcpy(&extra, value + row->extra, sizeof extra);
    for (size_t i = 0; i < uvrest_extra_count(extra); i++) {
        uvrest_extra_member member = uvrest_extra_at(extra, i);
        if (!uvrest_is_null(extra, member.name))
            failed_text(call, "the model does not know the member", member.name);
    }
    for (unsigned i = row[0].first; i < row[1].first; i++)
        check_member_known(call, model.schema, &model.schema->fields[i], value + model.schema->fields[i].offset);
}

/* Encodes a value, compares it with what came, decodes that again and encodes it once more. */
static void check_value(contract_call *call, uint16_t id, const void *value, uvrest_raw came)
{
    const uvrest_model model = {call->what->op->schema(), id};
    const unsigned flags = UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL; /* answers lack what is write-only */
    uvrest_decode_report report;
    uvrest_reason reason = {""};
    uvrest_raw first, second;
    const void *again;
    run.n_values++;
    check_known(call, model, value);
    if (uvrest_json_encode(model, value, flags, call->arena, &first, &reason) != UVREST_OK) {
        failed_text(call, "the answer is not encoded", reason.text);
        return;
    }
    if (!canon_equal(came.text, came.len, first.text, first.len)) {
        failed(call, "the answer does not survive; it came as", came.text, came.len);
        failed(call, "and is encoded as", first.text, first.len);
    }
    if (uvrest_json_decode(model, first.text, first.len, NULL, call->arena, &again, &report) != UVREST_OK ||
        uvrest_json_encode(model, again, flags, call->arena, &second, &reason) != UVREST_OK)
        failed_text(call, "what was encoded is not decoded", report.failure.path);
    else if (first.len != second.len || memcmp(first.text, second.text, first.len) != 0)
        failed(call, "a second encoding differs", second.text, second.len);
}

static void check_array(contract_call *call, uint16_t id, const char *items, size_t n, uvrest_raw came)
{
    const uvrest_model model = {call->what->op->schema(), id};
    const size_t size = model.schema->models[id].size;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (to == NULL)
        die("no memory", "an array");
    fputc('[', to);
    for (size_t i = 0; i < n; i++) {
        uvrest_raw one;
        check_known(call, model, items + i * size);
        if (uvrest_json_encode(model, items + i * size, UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL, call->arena,
                               &one, NULL) == UVREST_OK)
            fprintf(to, "%s%.*s", i == 0 ? "" : ",", (int)one.len, one.text);
    }
    fputc(']', to);
    fclose(to);
    run.n_values++;
    if (!canon_equal(came.text, came.len, text, len))
        failed(call, "the array does not survive", text, len);
    free(text);
}

static void check_payload(contract_call *call, const void *value, size_t n_items, const uvrest_result *result)
{
    const contract_answer *answer = answer_of(call);
    const uvrest_raw came = result->body;
    const bool wanted = answer->payload != UVREST_PAYLOAD_NONE;
    if ((value != NULL) != wanted) {
        failed_text(call, wanted ? "there is no value" : "there is a value", NULL);
        return;
    }
    switch (answer->payload) {
    case UVREST_PAYLOAD_MODEL:
        check_value(call, answer->model, value, came);
        break;
    case UVREST_PAYLOAD_MODEL_ARRAY:
        check_array(call, answer->model, value, n_items, came);
        break;
    case UVREST_PAYLOAD_BYTES: {
        const uvrest_bytes *bytes = value;
        if (bytes->len != came.len || memcmp(bytes->data, came.text, came.len) != 0 || bytes->len == 0 ||
            bytes->content_type == NULL)
            failed(call, "the bytes are not those of the body", bytes->data, bytes->len);
        break;
    }
    case UVREST_PAYLOAD_RAW: {
        const uvrest_raw *raw = value;
        if (!canon_equal(raw->text, raw->len, came.text, came.len))
            failed(call, "the raw value is not the body", raw->text, raw->len);
        break;
    }
    case UVREST_PAYLOAD_STR:
        if (!canon_is_text(came.text, came.len, value))
            failed_text(call, "the text is not the one that came", value);
        break;
    default:
        break;
    }
}

void contract_done(contract_call *call, const void *value, size_t n_items, const uvrest_result *result)
{
    const contract_case *c = call->what;
    if (check_taken(call, result)) {
        const char *location = uvrest_result_header(result, "Location");
        check_notes(call, result);
        check_payload(call, value, n_items, result);
        if (c->http_status >= 300 && (location == NULL || strcmp(location, LOCATION) != 0))
            failed_text(call, "the Location is not passed on", location);
    }
    run.n_done[c->op - contract_ops]++;
    uvrest_arena_free(call->arena);
    free(call);
    run.n_pending--;
    pump();
}

void contract_on_nothing(const uvrest_result *result, void *user)
{
    contract_done(user, NULL, 0, result);
}

void contract_on_bytes(const uvrest_bytes *value, const uvrest_result *result, void *user)
{
    contract_done(user, value, value != NULL, result);
}

void contract_on_raw(const uvrest_raw *value, const uvrest_result *result, void *user)
{
    contract_done(user, value, value != NULL, result);
}

void contract_on_text(const char *value, const uvrest_result *result, void *user)
{
    contract_done(user, value, value != NULL, result);
}

/* ---- starting calls ---------------------------------------------------------------------------------------------- */

/* A text as a model. Only what a server has to set may be missing in it. */
static const void *make_model(contract_call *call, const char *text)
{
    const contract_op *op = call->what->op;
    const uvrest_model model = {op->schema(), op->body_model};
    uvrest_decode_report report;
    const void *value = NULL;
    if (uvrest_json_decode(model, text, strlen(text), NULL, call->arena, &value, &report) != UVREST_OK)
        failed_text(call, "the body is no such model", report.failure.path);
    for (size_t i = 0; i < report.n_notes; i++)
        if (strcmp(report.notes[i].expected, "a required member") != 0)
            failed_text(call, "the model does not hold the body", report.notes[i].path);
    return value;
}

/* The body as a program would make it: of a PATCH it is what leads from nothing to all of it. */
static const void *make_body(contract_call *call, uvrest_raw *raw)
{
    const contract_case *c = call->what;
    const void *body = NULL;
    if (c->body == NULL)
        return NULL;
    *raw = uvrest_raw_of(c->body, strlen(c->body));
    if (c->op->body == UVREST_PAYLOAD_RAW)
        return raw;
    if (c->op->diff == NULL)
        return make_model(call, c->body);
    if (c->op->diff(make_model(call, "{}"), make_model(call, c->body), call->arena, &body) != UVREST_OK)
        failed_text(call, "there is no patch", NULL);
    return body;
}

/* Starts a call, or makes it and waits. */
static void start(const contract_case *what, bool wait)
{
    const unsigned n_before = run.n_done[what->op - contract_ops];
    char prefer[96];
    const char *const headers[] = {prefer, NULL};
    uvrest_reason reason = {""};
    const uvrest_call_options options = {
        .headers = headers,
        .attempts = 1,
        .deadline_ms = DEADLINE_MS,
        .reason = &reason,
    };
    contract_input input = {.options = &options};
    uvrest_raw raw;
    contract_call *call = calloc(1, sizeof *call);
    uvrest_status st;
    if (call == NULL || uvrest_arena_new(NULL, 0, &call->arena) != UVREST_OK)
        die("no memory", what->op->name);
    call->what = what;
    snprintf(prefer, sizeof prefer, "Prefer: %s", what->prefer);
    input.body = make_body(call, &raw);
    run.n_pending++;
    st = (wait ? what->op->wait : what->op->start)(run.client, &input, call);
    if (wait ? run.n_done[what->op - contract_ops] != n_before : st == UVREST_OK)
        return;
    run.n_pending--;
    failed_text(call, uvrest_status_name(st), reason.text);
    uvrest_arena_free(call->arena);
    free(call);
}

static void pump(void)
{
    while (run.next < run.n_cases && run.n_pending < CONCURRENCY)
        start(&run.cases[run.next++], false);
}

/* The first case of each operation once more, one after the other, through the blocking functions. */
static void wait_for_each(void)
{
    const contract_op *last = NULL;
    for (size_t i = 0; i < run.n_cases; i++) {
        if (run.cases[i].op != last)
            start(&run.cases[i], true);
        last = run.cases[i].op;
    }
}

/* ---- the file of cases ------------------------------------------------------------------------------------------- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text;
    long size;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0)
        die("cannot read", path);
    text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size)
        die("cannot read", path);
    text[size] = '\0';
    fclose(file);
    return text;
}

static const contract_op *find_op(const char *name)
{
    for (unsigned i = 0; i < contract_n_ops; i++)
        if (strcmp(contract_ops[i].name, name) == 0)
            return &contract_ops[i];
    die("no such operation", name);
}

static void add_line(char *line)
{
    char *fields[5] = {NULL}, *rest;
    size_t n = 0;
    for (char *field = strtok_r(line, "\t", &rest); field != NULL && n < 5; field = strtok_r(NULL, "\t", &rest))
        fields[n++] = field;
    if (n == 5 && strcmp(fields[0], "call") == 0)
        run.cases[run.n_cases++] = (contract_case){find_op(fields[1]), atoi(fields[2]), fields[3],
                                                   strcmp(fields[4], "-") == 0 ? NULL : fields[4]};
    else if (n == 4 && strcmp(fields[0], "note") == 0)
        run.explained[run.n_explained++] = (explanation){find_op(fields[1])->name, fields[2], fields[3], 0};
    else
        die("a line that is neither a call nor a note", fields[0] == NULL ? "" : fields[0]);
}

static void read_cases(const char *path)
{
    size_t n = 1;
    char *rest;
    run.text = read_file(path);
    for (const char *c = run.text; *c != '\0'; c++)
        n += *c == '\n';
    run.cases = calloc(n, sizeof *run.cases);
    run.explained = calloc(n, sizeof *run.explained);
    run.n_done = calloc(contract_n_ops, sizeof *run.n_done);
    if (run.cases == NULL || run.explained == NULL || run.n_done == NULL)
        die("no memory", path);
    for (char *line = strtok_r(run.text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        add_line(line);
}

static void make_client(const char *url)
{
    uvrest_reason reason = {""};
    const iconik_client_options options = {
        .base_url = url,
        .reason = &reason,
        .no_proxy = true,
        .disable_rate_limit_handling = true,
        .max_in_flight = CONCURRENCY,
        .pool_maxsize = CONCURRENCY,
        .app_id = "an-app",
        .auth_token = "a-token",
        .share_auth_token = "a-share-token",
        .temp_auth_token = "a-temp-token",
    };
    if (iconik_client_new(&options, &run.client) != UVREST_OK)
        die("no client", reason.text);
}

/* What was never exercised proves nothing. */
static void check_completeness(void)
{
    for (unsigned i = 0; i < contract_n_ops; i++) {
        if (run.n_done[i] == 0) {
            printf("%s: never answered\n", contract_ops[i].name);
            run.n_failures++;
        }
    }
    for (size_t i = 0; i < run.n_explained; i++) {
        if (run.explained[i].n_used == 0) {
            printf("%s: %s: nothing needs this explanation; remove it from explained.yaml\n", run.explained[i].op,
                   run.explained[i].path);
            run.n_failures++;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage", "contract URL CASES");
    setvbuf(stdout, NULL, _IOLBF, 0); /* what was found stands there even if a later call ends the process */
    read_cases(argv[2]);
    make_client(argv[1]);
    pump();
    if (iconik_client_run(run.client) != UVREST_OK)
        die("the loop does not run", argv[1]);
    wait_for_each();
    check_completeness();
    printf("%zu calls of %u operations and one blocking call of each, %u values, %u failures\n", run.n_cases,
           contract_n_ops, run.n_values, run.n_failures);
    iconik_client_free(run.client);
    free(run.cases);
    free(run.explained);
    free(run.n_done);
    free(run.text);
    return run.n_failures == 0 ? 0 : 1;
}
