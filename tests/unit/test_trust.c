/* SPDX-License-Identifier: MIT */
#include "support.h"
#include "trust.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/uvrest-trust-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void touch(const char *name)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fclose(file);
}

static void a_hashed_certificate_makes_a_hashed_folder(void **state)
{
    (void)state;
    assert_false(uvrest__trust_is_hashed(NULL));
    assert_false(uvrest__trust_is_hashed("/no/such/folder"));
    touch("ca.pem");
    touch("4a6481c.0");
    touch("4a6481cg.0");
    touch("4a6481c9.pem");
    assert_false(uvrest__trust_is_hashed(folder));
    touch("4a6481c9.0");
    assert_true(uvrest__trust_is_hashed(folder));
}

static void what_cannot_be_read_is_named(void **state)
{
    uvrest_reason reason;
    (void)state;
    touch("ca.pem");
    assert_int_equal(uvrest__trust_check(NULL, NULL, &reason), UVREST_OK);
    assert_int_equal(uvrest__trust_check(path_of("ca.pem"), folder, &reason), UVREST_OK);
    assert_int_equal(uvrest__trust_check("/no/such/file", NULL, &reason), UVREST_E_TLS);
    assert_string_equal(reason.text, "ca_file: /no/such/file: No such file or directory");
    assert_int_equal(uvrest__trust_check(folder, NULL, NULL), UVREST_E_TLS);
    assert_int_equal(uvrest__trust_check(NULL, "/no/such/folder", &reason), UVREST_E_TLS);
    assert_string_equal(reason.text, "ca_path: /no/such/folder: No such file or directory");
    assert_int_equal(uvrest__trust_check(NULL, path_of("ca.pem"), &reason), UVREST_E_TLS);
    assert_non_null(strstr(reason.text, "is not a directory"));
}

static int make(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int clear(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hashed_certificate_makes_a_hashed_folder),
        cmocka_unit_test(what_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
