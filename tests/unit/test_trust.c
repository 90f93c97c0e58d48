/* SPDX-License-Identifier: MIT */
#include "folder.h"
#include "support.h"
#include "trust.h"

static const char *folder;

static void a_hashed_certificate_makes_a_hashed_folder(void **state)
{
    (void)state;
    assert_false(uvrest__trust_is_hashed(NULL));
    assert_false(uvrest__trust_is_hashed("/no/such/folder"));
    folder_fill("ca.pem", ' ', 0);
    folder_fill("4a6481c.0", ' ', 0);
    folder_fill("4a6481cg.0", ' ', 0);
    folder_fill("4a6481c9.pem", ' ', 0);
    assert_false(uvrest__trust_is_hashed(folder));
    folder_fill("4a6481c9.0", ' ', 0);
    assert_true(uvrest__trust_is_hashed(folder));
}

static void what_cannot_be_read_is_named(void **state)
{
    uvrest_reason reason;
    (void)state;
    folder_fill("ca.pem", ' ', 0);
    assert_int_equal(uvrest__trust_check(NULL, NULL, &reason), UVREST_OK);
    assert_int_equal(uvrest__trust_check(folder_path("ca.pem"), folder, &reason), UVREST_OK);
    assert_int_equal(uvrest__trust_check("/no/such/file", NULL, &reason), UVREST_E_TLS);
    assert_string_equal(reason.text, "ca_file: /no/such/file: No such file or directory");
    assert_int_equal(uvrest__trust_check(folder, NULL, NULL), UVREST_E_TLS);
    assert_int_equal(uvrest__trust_check(NULL, "/no/such/folder", &reason), UVREST_E_TLS);
    assert_string_equal(reason.text, "ca_path: /no/such/folder: No such file or directory");
    assert_int_equal(uvrest__trust_check(NULL, folder_path("ca.pem"), &reason), UVREST_E_TLS);
    assert_non_null(strstr(reason.text, "is not a directory"));
}

static int make(void **state)
{
    (void)state;
    folder = folder_take();
    return 0;
}

static void pins_are_hashes_and_nothing_else(void **state)
{
#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    static const char *const good[] = {NULL, PIN, PIN ";" PIN, "sha256//+/09azAZ+/09azAZ+/09azAZ+/09azAZ+/09azAZ+/0="};
    static const char *const bad[] = {"",
                                      ";",
                                      PIN ";",
                                      PIN "=",
                                      PIN " ;" PIN,
                                      "sha256//",
                                      "/etc/passwd",
                                      "AAAA",
                                      "sha256//=",
                                      ";" PIN,
                                      PIN "," PIN,
                                      "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                      "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-="};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(uvrest__trust_check_pins(good[i], NULL), UVREST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uvrest_reason reason = {""};
        if (uvrest__trust_check_pins(bad[i], &reason) != UVREST_E_INVALID)
            fail_msg("accepted: %s", bad[i]);
        assert_memory_equal(reason.text, "pinned_public_key: ", 19);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hashed_certificate_makes_a_hashed_folder),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(pins_are_hashes_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
