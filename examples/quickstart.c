/* SPDX-License-Identifier: MIT */
/*
 * A first look at an iconik account: an asset with its files, collections, metadata views, a job, a search. Every
 * call is asynchronous; those that do not need one another's answer are under way together.
 *
 *   ICONIK_APP_ID, ICONIK_AUTH_TOKEN   credentials; required
 *   ICONIK_BASE_URL                    default https://app.iconik.io
 *   quickstart [--write] [ASSET_ID]    ASSET_ID: default the first asset that is listed
 *
 * It only reads, unless --write asks it to make, rename and delete an asset and a job of its own.
 */
#include <iconik/iconik.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct quickstart {
    iconik_client *client;
    bool write;
    char asset_id[64];
    const char *program; /* a file at hand, to look for by its checksum */
    unsigned failures;
} quickstart;

/* True if a call went well; otherwise says why it did not, in the server's words, and counts it. */
static bool went_well(quickstart *self, const char *what, const uvrest_result *result)
{
    if (result->status == UVREST_OK)
        return true;
    fprintf(stderr, "%s: %s (%s, HTTP %d)\n", what, result->message, uvrest_status_name(result->status),
            result->http_status);
    self->failures++;
    return false;
}

/* A call that cannot even start reports by its return value; its callback will not run. */
static void started(quickstart *self, const char *what, uvrest_status status)
{
    if (status == UVREST_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, uvrest_status_text(status));
    self->failures++;
}

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static void on_asset(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    if (went_well(user, "asset", result))
        printf("Asset title: %s\n", or_dash(asset->title));
}

static void on_files(const iconik_files_page *files, const uvrest_result *result, void *user)
{
    if (!went_well(user, "files of the asset", result))
        return;
    printf("Files of the asset: %zu\n", files->n_objects);
    for (size_t i = 0; i < files->n_objects; i++)
        printf("  %s, %" PRId64 " bytes\n", or_dash(files->objects[i].name), files->objects[i].size.value);
}

static void on_same_checksum(const iconik_files_page *files, const uvrest_result *result, void *user)
{
    if (went_well(user, "files by checksum", result))
        printf("Files with the content of this program: %zu\n", files->n_objects);
}

static void on_values(const iconik_metadata_values *values, const uvrest_result *result, void *user)
{
    if (!went_well(user, "metadata of the asset", result))
        return;
    if (values == NULL) { /* 404, which the call was told to take as "no values yet" */
        printf("Metadata of the asset: none in this view\n");
        return;
    }
    printf("Metadata of the asset: %zu fields\n", values->metadata_values.n_entries);
    for (size_t i = 0; i < values->metadata_values.n_entries; i++)
        printf("  %s\n", values->metadata_values.entries[i].key);
}

static void on_view(const iconik_metadata_view *view, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "metadata view", result))
        return;
    printf("First metadata view: %s\n", or_dash(view->name));
    const iconik_metadata_asset_view_get_args args = {
        .asset_id = self->asset_id,
        .view_id = view->id,
        .call = &(uvrest_call_options){.absent_is_ok = true},
    };
    started(self, "metadata of the asset", iconik_metadata_asset_view_get(self->client, &args, on_values, self, NULL));
}

static void on_views(const iconik_metadata_view_list *views, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "metadata views", result))
        return;
    printf("Metadata views: %zu\n", views->n_objects);
    if (views->n_objects == 0)
        return;
    const iconik_metadata_views_get_args args = {.view_id = views->objects[0].id};
    started(self, "metadata view", iconik_metadata_views_get(self->client, &args, on_view, self, NULL));
}

static void on_collection(const iconik_collection *collection, const uvrest_result *result, void *user)
{
    if (went_well(user, "collection", result))
        printf("Collection title: %s\n", or_dash(collection->title));
}

static void on_info(const iconik_collection_content_info *info, const uvrest_result *result, void *user)
{
    if (went_well(user, "collection info", result))
        printf("Collection info: %" PRId64 " assets, %" PRId64 " collections\n", info->assets_count.value,
               info->collections_count.value);
}

static void on_contents(const iconik_collection_contents_page *contents, const uvrest_result *result, void *user)
{
    if (went_well(user, "collection contents", result))
        printf("Collection contents: %zu on the first page\n", contents->n_objects);
}

static void on_collections(const iconik_collections_page *collections, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "collections", result))
        return;
    printf("Collections: %" PRId64 "\n", (int64_t)collections->total.value);
    if (collections->n_objects == 0)
        return;
    const char *id = collections->objects[0].id;
    started(self, "collection",
            iconik_collections_get(self->client, &(iconik_collections_get_args){.collection_id = id}, on_collection,
                                   self, NULL));
    started(self, "collection info",
            iconik_collections_content_info_get(
                self->client, &(iconik_collections_content_info_get_args){.collection_id = id}, on_info, self, NULL));
    started(self, "collection contents",
            iconik_collections_contents_list(
                self->client, &(iconik_collections_contents_list_args){.collection_id = id}, on_contents, self, NULL));
}

static void on_hits(const iconik_search_documents_page *hits, const uvrest_result *result, void *user)
{
    if (went_well(user, "search", result))
        printf("Search hits: %" PRId32 "\n", hits->total.value);
}

static void on_job(const iconik_job *job, const uvrest_result *result, void *user)
{
    if (went_well(user, "job", result))
        printf("Job: %s\n", or_dash(job->title));
}

static void on_jobs(const iconik_jobs_page *jobs, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "jobs", result))
        return;
    printf("Jobs: %zu on the first page\n", jobs->n_objects);
    if (jobs->n_objects == 0)
        return;
    const iconik_jobs_get_args args = {.job_id = jobs->objects[0].id};
    started(self, "job", iconik_jobs_get(self->client, &args, on_job, self, NULL));
}

/* ---- writing, with --write ------------------------------------------------------------------------------------ */

static void on_job_aborted(const uvrest_result *result, void *user)
{
    if (went_well(user, "abort the job", result))
        printf("Aborted the job\n");
}

static void on_job_created(const iconik_job *job, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "create a job", result))
        return;
    printf("Created a job: %s\n", or_dash(job->title));
    const iconik_jobs_cancel_args args = {.job_id = job->id};
    started(self, "abort the job", iconik_jobs_cancel(self->client, &args, on_job_aborted, self, NULL));
}

static void on_deleted(const uvrest_result *result, void *user)
{
    if (went_well(user, "delete the asset", result))
        printf("Deleted the asset\n");
}

static void on_renamed(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "rename the asset", result))
        return;
    printf("Renamed the asset: %s\n", or_dash(asset->title));
    const iconik_assets_delete_args args = {.asset_id = asset->id};
    started(self, "delete the asset", iconik_assets_delete(self->client, &args, on_deleted, self, NULL));
}

static void on_created(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "create an asset", result))
        return;
    printf("Created an asset: %s\n", or_dash(asset->title));
    const iconik_assets_update_args args = {
        .asset_id = asset->id,
        .body = &(iconik_asset){.title = "libiconik quickstart, renamed"},
    };
    started(self, "rename the asset", iconik_assets_update(self->client, &args, on_renamed, self, NULL));
}

static void start_writing(quickstart *self)
{
    const iconik_assets_create_args asset = {
        .body = &(iconik_asset_create){.title = "libiconik quickstart"},
    };
    started(self, "create an asset", iconik_assets_create(self->client, &asset, on_created, self, NULL));

    const iconik_jobs_create_args job = {
        .body = &(iconik_job){.title = "libiconik quickstart",
                              .type = ICONIK_JOB_TYPE_CUSTOM,
                              .status = ICONIK_JOB_STATUS_READY},
    };
    started(self, "create a job", iconik_jobs_create(self->client, &job, on_job_created, self, NULL));
}

/* ---- the order of things -------------------------------------------------------------------------------------- */

/* Asks everything that needs nothing but the asset's id. All of it is under way at once. */
static void start_reading(quickstart *self)
{
    iconik_client *client = self->client;

    started(self, "asset",
            iconik_assets_get(client, &(iconik_assets_get_args){.asset_id = self->asset_id}, on_asset, self, NULL));
    started(self, "files of the asset",
            iconik_files_asset_files_list(client, &(iconik_files_asset_files_list_args){.asset_id = self->asset_id},
                                          on_files, self, NULL));
    started(self, "files by checksum",
            iconik_files_by_checksum_of_file(client, &(iconik_files_by_checksum_of_file_args){.file = self->program},
                                             on_same_checksum, self, NULL));
    started(self, "metadata views", iconik_metadata_views_list(client, NULL, on_views, self, NULL));
    started(self, "collections",
            iconik_collections_list(client, &(iconik_collections_list_args){.per_page = uvrest_i32(10)}, on_collections,
                                    self, NULL));
    started(self, "jobs", iconik_jobs_list(client, NULL, on_jobs, self, NULL));

    const iconik_search_criteria_doc_types kinds[] = {ICONIK_SEARCH_CRITERIA_DOC_TYPES_ASSETS};
    const iconik_search_criteria criteria = {.doc_types = kinds, .n_doc_types = 1, .query = "*"};
    started(self, "search", iconik_search(client, &(iconik_search_args){.body = &criteria}, on_hits, self, NULL));
}

static void on_assets(const iconik_assets_page *assets, const uvrest_result *result, void *user)
{
    quickstart *self = user;

    if (!went_well(self, "assets", result))
        return;
    printf("Assets: %zu on the first page\n", assets->n_objects);
    if (self->asset_id[0] == '\0' && assets->n_objects > 0 && assets->objects[0].id != NULL)
        snprintf(self->asset_id, sizeof self->asset_id, "%s", assets->objects[0].id);
    if (self->asset_id[0] != '\0')
        start_reading(self);
}

int main(int argc, char **argv)
{
    quickstart self = {.program = argv[0]};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--write") == 0)
            self.write = true;
        else
            snprintf(self.asset_id, sizeof self.asset_id, "%s", argv[i]);
    }

    uvrest_reason reason;
    const iconik_client_options options = {
        .app_id = getenv("ICONIK_APP_ID"),
        .auth_token = getenv("ICONIK_AUTH_TOKEN"),
        .base_url = getenv("ICONIK_BASE_URL"),
        .reason = &reason,
    };
    uvrest_status status = iconik_client_new(&options, &self.client);
    if (status != UVREST_OK) {
        fprintf(stderr, "no client: %s: %s\n", uvrest_status_text(status), reason.text);
        return EXIT_FAILURE;
    }

    const iconik_assets_list_args first_page = {.per_page = uvrest_i32(50)};
    started(&self, "assets", iconik_assets_list(self.client, &first_page, on_assets, &self, NULL));
    if (self.write)
        start_writing(&self);

    status = iconik_client_run(self.client); /* returns after the last callback */
    if (status != UVREST_OK) {
        fprintf(stderr, "run: %s\n", uvrest_status_text(status));
        self.failures++;
    }
    iconik_client_free(self.client);
    return self.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
