/* SPDX-License-Identifier: MIT */
/**
 * @file gen.h
 * The one contract between generated code and this runtime. Programs do not include it; what it offers may change with
 * UVREST_GEN_VERSION, and generated code says which version it was made for.
 *
 * A generated library has, for each service, one set of tables (uvrest_schema: its models, members, enums), and for
 * each operation one uvrest_op. Both are constant data. The tables hold no pointers but those in uvrest_schema itself,
 * so they need no relocation and stay shared between processes: members, models and names are indices and offsets.
 *
 * Threads: constant data; the functions are those of client.h and json.h.
 */
#ifndef UVREST_GEN_H
#define UVREST_GEN_H

#include <uvrest/client.h>

UVREST_BEGIN_DECLS

/** Raised when a table layout or a function below changes incompatibly. */
#define UVREST_GEN_VERSION 1

/* ---- tables of models: written by gen_tables.inc from the rows a generator emits --------------------------------- */

/** What a member is; the shape is added to it (a member row says `STR`, `STR_ARRAY`, `MODEL_MAP` …). */
typedef enum uvrest_kind {
    UVREST_KIND_BOOL = 0, /* uvrest_opt_bool; in arrays too */
    UVREST_KIND_I32 = 1, /* uvrest_opt_i32 */
    UVREST_KIND_I64 = 2, /* uvrest_opt_i64 */
    UVREST_KIND_F64 = 3, /* uvrest_opt_f64 */
    UVREST_KIND_STR = 4, /* const char *; in an array a NULL element is null */
    UVREST_KIND_ENUM = 5, /* an enum whose first three values are _UNSET, _NULL, _UNKNOWN */
    UVREST_KIND_MODEL = 6, /* const T *; in an array T itself */
    UVREST_KIND_UNION = 7, /* as MODEL, T is laid out as uvrest_union */
    UVREST_KIND_RAW = 8, /* uvrest_raw by value */

    UVREST_SHAPE_ONE = 0x00,
    UVREST_SHAPE_ARRAY = 0x10, /* const E *x; size_t n_x; side by side */
    UVREST_SHAPE_MAP = 0x20, /* struct { const entry *entries; size_t n_entries; }; entry is { key, E };
                                     E of a model is const T *. Only STR, MODEL, RAW */
    UVREST_SHAPE_MAP_ARRAY = 0x30 /* an array of such structs; only STR */
} uvrest_kind;

/** How every tagged union is laid out: kind 0 unset, 1 null, 2 unknown, from 3 on the cases in order. */
typedef struct uvrest_union {
    int kind;
    const void *value; /* a union of pointers in the generated type */
    uvrest_raw raw; /* the text, when the kind is unknown */
} uvrest_union;

/** Flags of a member row. */
enum { UVREST_REQUIRED = 1, UVREST_NULLABLE = 2, UVREST_READ_ONLY = 4, UVREST_WRITE_ONLY = 8 };

/** What the last but one argument of a member row can be: UVREST_ROW_ is put before it. */
enum {
    UVREST_ROW_BOOL = UVREST_KIND_BOOL,
    UVREST_ROW_I32 = UVREST_KIND_I32,
    UVREST_ROW_I64 = UVREST_KIND_I64,
    UVREST_ROW_F64 = UVREST_KIND_F64,
    UVREST_ROW_STR = UVREST_KIND_STR,
    UVREST_ROW_ENUM = UVREST_KIND_ENUM,
    UVREST_ROW_MODEL = UVREST_KIND_MODEL,
    UVREST_ROW_UNION = UVREST_KIND_UNION,
    UVREST_ROW_RAW = UVREST_KIND_RAW,
    UVREST_ROW_BOOL_ARRAY = UVREST_KIND_BOOL + UVREST_SHAPE_ARRAY,
    UVREST_ROW_I32_ARRAY = UVREST_KIND_I32 + UVREST_SHAPE_ARRAY,
    UVREST_ROW_I64_ARRAY = UVREST_KIND_I64 + UVREST_SHAPE_ARRAY,
    UVREST_ROW_F64_ARRAY = UVREST_KIND_F64 + UVREST_SHAPE_ARRAY,
    UVREST_ROW_STR_ARRAY = UVREST_KIND_STR + UVREST_SHAPE_ARRAY,
    UVREST_ROW_ENUM_ARRAY = UVREST_KIND_ENUM + UVREST_SHAPE_ARRAY,
    UVREST_ROW_MODEL_ARRAY = UVREST_KIND_MODEL + UVREST_SHAPE_ARRAY,
    UVREST_ROW_UNION_ARRAY = UVREST_KIND_UNION + UVREST_SHAPE_ARRAY,
    UVREST_ROW_RAW_ARRAY = UVREST_KIND_RAW + UVREST_SHAPE_ARRAY,
    UVREST_ROW_STR_MAP = UVREST_KIND_STR + UVREST_SHAPE_MAP,
    UVREST_ROW_MODEL_MAP = UVREST_KIND_MODEL + UVREST_SHAPE_MAP,
    UVREST_ROW_RAW_MAP = UVREST_KIND_RAW + UVREST_SHAPE_MAP,
    UVREST_ROW_STR_MAP_ARRAY = UVREST_KIND_STR + UVREST_SHAPE_MAP_ARRAY
};

/* Names are offsets into the pool, where a byte with the length stands before each name and a NUL after it. */

typedef struct uvrest_gen_field {
    uint16_t name; /* in the pool */
    uint16_t offset; /* in the model's struct */
    uint16_t of; /* index of the model, union or enum it refers to; 0 for others */
    uint8_t kind; /* uvrest_kind and shape */
    uint8_t flags;
} uvrest_gen_field;

typedef struct uvrest_gen_model {
    uint16_t first; /* its first row in fields; the next model's first ends it */
    uint16_t size; /* sizeof the struct */
    uint16_t extra; /* offsetof its uvrest_extra */
    uint16_t required; /* how many of its members are required */
} uvrest_gen_model;

typedef struct uvrest_gen_enum {
    uint16_t first; /* its first row in texts; the next enum's first ends it */
} uvrest_gen_enum;

typedef struct uvrest_gen_union {
    uint16_t first; /* its first row in cases; the next union's first ends it */
    uint16_t tag; /* in the pool: name of the member that decides */
} uvrest_gen_union;

typedef struct uvrest_gen_case {
    uint16_t text; /* in the pool: the tag's value */
    uint16_t model;
} uvrest_gen_case;

/** The tables of one service. The only pointers. Each row table ends in a row that closes the last range. */
struct uvrest_schema {
    const char *pool; /* padded by 16, so that names are compared 16 bytes at once */
    const uvrest_gen_field *fields;
    const uint8_t *field_tags; /* tag of each field's name, side by side: 16 are compared at once; padded by 16 */
    const uvrest_gen_model *models;
    const uint16_t *texts; /* enum values, in the pool */
    const uint8_t *text_tags; /* as field_tags */
    const uvrest_gen_enum *enums;
    const uvrest_gen_case *cases;
    const uvrest_gen_union *unions;
    uint32_t pool_size; /* without the padding */
    uint16_t n_models;
    uint16_t n_enums;
    uint16_t n_unions;
};

/* The 8-bit tag of a name, which the generator computes with the same formula: of the first 8 bytes and the last 8 as
 * little-endian numbers, both all of a shorter name, in 64 bits:
 *   tag = (((first * 3) ^ last) + len) * 0xFF51AFD7ED558CCD >> 56
 * The codec's own implementation must agree; a test compares them over every table. */

/* ---- operations -------------------------------------------------------------------------------------------------- */

/** Where an argument goes. */
typedef enum uvrest_place {
    UVREST_IN_PATH = 0, /* const char *, percent-encoded into one segment; or uvrest_opt_* */
    UVREST_IN_QUERY = 1, /* const char * or uvrest_opt_*; absent ones are not sent. An array is pointer and count, a
                            member for each element; a uvrest_text_map is name[key]=value for each entry */
    UVREST_IN_HEADER = 2,
    UVREST_IN_BODY = 3, /* the body, by kind */
    UVREST_IN_PART = 4, /* a part of a multipart/form-data body */
    UVREST_IN_CALL = 5, /* const uvrest_call_options * */
    UVREST_IN_FIELD = 6, /* as QUERY, in an application/x-www-form-urlencoded body */
    UVREST_IN_ACCEPT = 7 /* no argument: the name is the media type that is asked for. The last row, if there is one */
} uvrest_place;

/** What a body or an answer is. */
typedef enum uvrest_payload {
    UVREST_PAYLOAD_NONE = 0,
    UVREST_PAYLOAD_MODEL = 1, /* const T * */
    UVREST_PAYLOAD_MODEL_ARRAY = 2, /* struct { const T *items; size_t n_items; } */
    UVREST_PAYLOAD_RAW = 3, /* const uvrest_raw *: JSON without a schema */
    UVREST_PAYLOAD_STR = 4, /* const char *: a JSON string */
    UVREST_PAYLOAD_BYTES = 5, /* const uvrest_bytes * */
    UVREST_PAYLOAD_SEVERAL = 6, /* a struct with one pointer a documented shape, by HTTP status */
    UVREST_PAYLOAD_FILES = 7 /* parts only: const uvrest_bytes *x; size_t n_x; a part of that name for each */
} uvrest_payload;

/** One argument of an operation: a row of its parameter table. */
typedef struct uvrest_param {
    const char *name; /* as it goes on the wire; the content type for a body; NULL for the call options */
    uint16_t offset; /* in the args struct */
    uint16_t model; /* of a body */
    uint8_t place; /* uvrest_place */
    uint8_t kind; /* path, query, header: uvrest_kind; body: uvrest_payload */
    uint8_t flags; /* UVREST_REQUIRED, UVREST_SPREAD */
} uvrest_param;

/** Flag of a parameter row beside UVREST_REQUIRED: the entries of a map go by their keys alone, key=value. */
enum { UVREST_SPREAD = 16 };

/** One shape of an answer, where an operation has several. */
typedef struct uvrest_shape {
    int http_status;
    uint16_t model;
    uint16_t offset; /* of the pointer in the value struct */
} uvrest_shape;

/**
 * An answer whose entries may stand at the top level instead of in the map that its schema promises: members whose
 * value is an object with a member `from` are decoded as entries of the map `into`, with `from` under the name `to`.
 */
typedef struct uvrest_gather {
    const char *into; /* "metadata_values" */
    const char *from; /* "values" */
    const char *to; /* "field_values" */
} uvrest_gather;

/** Whether a call may be repeated after it may have been executed. */
typedef enum uvrest_retry_class {
    UVREST_RETRY_NEVER = 0, /* POST, PATCH: only what was provably not executed */
    UVREST_RETRY_SAFE = 1, /* GET, HEAD and POSTs that only read */
    UVREST_RETRY_IDEMPOTENT = 2 /* PUT, DELETE */
} uvrest_retry_class;

/** Any callback of a generated call; only `deliver` knows its real type. */
typedef void uvrest_any_fn(void);
typedef void uvrest_deliver_fn(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user);

/** One API: what its operations share. */
typedef struct uvrest_api {
    uint32_t version; /* UVREST_GEN_VERSION it was generated for */
    const char *name; /* "iconik" */
    const char *base_url; /* default server */
    const char
        *error_member; /* member of an error body that holds the messages: an array of texts, an object of member to
                                    messages, or a text; "errors" */
    const char *const *credential_names; /* option names in order of the credentials, "app_id"; NULL-ended */
    const char *const
        *credential_headers; /* the header each goes in, "App-ID"; a name may be followed by ": " and a prefix
                                    ("Authorization: Bearer "); of "Authorization: Basic " the value is user:password and
                                    is encoded here; NULL-ended */
    uint32_t required_credentials; /* bit i: the client cannot be made without credential i */
    uint32_t requests; /* published rate limit: requests in … */
    uint32_t window_ms; /* … so many milliseconds; 0: none known */
} uvrest_api;

/** One operation. */
typedef struct uvrest_op {
    const uvrest_api *api;
    const uvrest_schema *schema;
    const char *name; /* "assets_get" */
    const char *path; /* "/API/assets/v1/assets/{asset_id}/" */
    const char *roles; /* comma-separated; NULL if the documents list none */
    const uvrest_param *params; /* path, query, header, body, call; ends at n_params */
    const uvrest_shape *shapes; /* PAYLOAD_SEVERAL only */
    const uvrest_gather *gather; /* PAYLOAD_MODEL only; NULL: the answer comes as documented */
    uvrest_deliver_fn *deliver;
    uint32_t credentials; /* bit i: credential i is sent */
    uint16_t value_model;
    uint8_t value; /* uvrest_payload of the answer */
    uint8_t method; /* uvrest_method */
    uint8_t retry; /* uvrest_retry_class */
    uint8_t n_params;
    uint8_t n_shapes;
    bool redirect_is_answer; /* a documented 3xx: delivered with its Location, never followed */
} uvrest_op;

/** Number and address of a table, as two initialisers. */
#define UVREST_COUNT(rows) ((uint8_t)(sizeof(rows) / sizeof(rows)[0]))

/** Defines NAME_deliver(): hands a value of `type` to a callback of `type`_fn. */
#define UVREST_DELIVER(name, type)                                                                                     \
    static void name##_deliver(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user)        \
    {                                                                                                                  \
        ((type##_fn *)done)((const type *)value, result, user);                                                        \
    }

/** The deliver of calls without an answer body, of raw JSON, bytes and text. */
UVREST_API void uvrest_gen_deliver_done(uvrest_any_fn *done, const void *value, const uvrest_result *result,
                                        void *user);
UVREST_API void uvrest_gen_deliver_raw(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user);
UVREST_API void uvrest_gen_deliver_bytes(uvrest_any_fn *done, const void *value, const uvrest_result *result,
                                         void *user);
UVREST_API void uvrest_gen_deliver_text(uvrest_any_fn *done, const void *value, const uvrest_result *result,
                                        void *user);

/**
 * Makes the client of a generated library. options: a struct that begins with the fields of client_options.inc, then
 * has one `const char *` a credential, in the order of api->credential_names. shared_size: offset of the first
 * credential.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_gen_client_new(const uvrest_api *api, const void *options,
                                                               size_t shared_size, uvrest_client **out_client);

/** Starts a call. args: the operation's args struct; NULL stands for one with nothing set. */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_gen_call(uvrest_client *client, const uvrest_op *op, const void *args,
                                                         uvrest_any_fn *done, void *user, uvrest_call **out_call);

/**
 * The blocking twin. out_value: address of a pointer to the value's type, written (by memcpy, so that no pointer is
 * accessed as another type) with NULL or the value; may be NULL. *out_result is NULL on UVREST_E_INVALID and
 * UVREST_E_NOMEM; out_result NULL for no interest frees the result at once, which is refused with
 * UVREST_E_INVALID if out_value is given.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_gen_wait(uvrest_client *client, const uvrest_op *op, const void *args,
                                                         void *out_value, uvrest_result **out_result);

/**
 * Starts a call whose parameter `param` is the MD5 of a local file, as lower-case hex. The file is read on libuv's
 * thread pool; progress (may be NULL) runs on the loop. Reading counts as part of the call: it can be cancelled, and a
 * file that cannot be read ends it with UVREST_E_IO, executed no.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_gen_call_of_file(uvrest_client *client, const uvrest_op *op,
                                                                 const void *args, const char *param, const char *file,
                                                                 uvrest_progress_fn *progress, uvrest_any_fn *done,
                                                                 void *user, uvrest_call **out_call);
/** Its blocking twin. */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_gen_wait_of_file(uvrest_client *client, const uvrest_op *op,
                                                                 const void *args, const char *param, const char *file,
                                                                 uvrest_progress_fn *progress, void *user,
                                                                 void *out_value, uvrest_result **out_result);

/** uvrest_json_diff() with the out parameter written by memcpy. */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_gen_diff(const uvrest_schema *schema, uint16_t model,
                                                         const void *before, const void *after, uvrest_arena *arena,
                                                         void *out_patch);

UVREST_END_DECLS
#endif /* UVREST_GEN_H */
