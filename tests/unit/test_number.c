/* SPDX-License-Identifier: MIT */
#include "number.h"
#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

static uvrest__number read_number(const char *text)
{
    uvrest__number number;
    uvrest__fault fault;
    const uint8_t *p = (const uint8_t *)text;
    assert_ptr_equal(uvrest__number_read(p, p + strlen(text), &number, &fault), p + strlen(text));
    return number;
}

static void integers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"-0.0e5", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551615", false, 0},
        {"9007199254740993", true, 9007199254740993},
        {"1e18", true, 1000000000000000000},
        {"1e19", false, 0},
        {"12.00", true, 12},
        {"1200e-2", true, 12},
        {"12.5", false, 0},
        {"0.5e1", true, 5},
        {"92233720368547758070e-1", true, INT64_MAX},
        {"9223372036854775807.0", true, INT64_MAX},
        {"9223372036854775807.1", false, 0},
        {"1.0000000000000000000000000000", true, 1},
        {"1.0000000000000000000000000001", false, 0},
        {"1e400", false, 0},
        {"1e-400", false, 0},
        {"0e999999999999999999999", true, 0},
        {"1e999999999999999999999", false, 0},
        {"1e-999999999999999999999", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uvrest__number number = read_number(cases[i].text);
        int64_t value = 0;
        if (uvrest__number_to_i64(&number, &value) != cases[i].fits || value != cases[i].value)
            fail_msg("%s became %lld", cases[i].text, (long long)value);
    }
}

static void integers_print_as_they_are(void **state)
{
    static const int64_t values[] = {0, 9, 10, 99, 100, 12345, -1, -10, INT32_MIN, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char printed[UVREST__NUMBER_TEXT_MAX + 1], expected[32];
        *uvrest__number_print_i64(printed, values[i]) = '\0';
        snprintf(expected, sizeof expected, "%lld", (long long)values[i]);
        assert_string_equal(printed, expected);
    }
}

static void doubles_print_shortest(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0"},
                 {-0.0, "-0.0"},
                 {1.0, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {0.3, "0.3"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3, "0.3333333333333333"},
                 {5e-324, "5e-324"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {9007199254740993.0, "9007199254740992"},
                 {1e21, "1e21"},
                 {1e22, "1e22"},
                 {1e23, "1e23"},
                 {123456789012345680.0, "123456789012345680"},
                 {0.000001, "0.000001"},
                 {0.00000123, "0.00000123"},
                 {1.5e-7, "1.5e-7"},
                 {5.684341886080801e-14, "5.684341886080801e-14"},
                 {23.976, "23.976"},
                 {1699999999.123456, "1699999999.123456"},
                 {9.5367431640625e-7, "9.5367431640625e-7"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char printed[UVREST__NUMBER_TEXT_MAX + 1];
        size_t len = (size_t)(uvrest__number_print_f64(printed, cases[i].value) - printed);
        assert_in_range(len, 1, UVREST__NUMBER_TEXT_MAX);
        printed[len] = '\0';
        if (strcmp(printed, cases[i].text) != 0 && strtod(printed, NULL) == strtod(cases[i].text, NULL) &&
            strlen(printed) <= strlen(cases[i].text))
            continue; /* another one as short */
        assert_string_equal(printed, cases[i].text);
    }
}

/* xorshift: the same numbers in each run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double make_double(uint64_t random, unsigned kind)
{
    double value;
    if (kind == 4)
        random &= UINT64_C(0x800FFFFFFFFFFFFF); /* subnormal */
    switch (kind) {
    case 1:
        return (double)(random >> 11) / 9007199254740992.0;
    case 2:
        return (double)random;
    case 3:
        return ldexp(1, (int)(random % 2098) - 1074);
    case 5:
        return (double)(random % 1000000007) / (double)(1 + (random >> 40) % 1000);
    default:
        memcpy(&value, &random, sizeof value);
        return isfinite(value) ? value : 0;
    }
}

static unsigned count_digits(const char *text)
{
    unsigned n = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

static void doubles_round_trip_and_none_shorter_does(void **state)
{
    uint64_t random = UINT64_C(88172645463325252);
    (void)state;
    for (unsigned i = 0; i < 60000; i++) {
        double value = make_double(next_random(&random), i % 6), again;
        char printed[UVREST__NUMBER_TEXT_MAX + 1], other[64];
        uvrest__number number;
        int digits = 1;
        *uvrest__number_print_f64(printed, value) = '\0';
        number = read_number(printed);
        assert_true(uvrest__number_to_f64(&number, &again));
        assert_memory_equal(&again, &value, sizeof value);
        assert_true(uvrest__number_survives(&number, value));
        again = strtod(printed, NULL);
        assert_memory_equal(&again, &value, sizeof value);
        do
            snprintf(other, sizeof other, "%.*e", digits - 1, value);
        while (strtod(other, NULL) != value && ++digits <= 17);
        if (count_digits(printed) > count_digits(other))
            fail_msg("%s is longer than %s", printed, other);
    }
}

static void check_against_strtod(const char *text)
{
    uvrest__number number = read_number(text);
    double ours, theirs = strtod(text, NULL);
    bool finite = uvrest__number_to_f64(&number, &ours);
    if (finite != (isfinite(theirs) != 0) || memcmp(&ours, &theirs, sizeof ours) != 0)
        fail_msg("%.60s: %a instead of %a", text, ours, theirs);
}

static void doubles_are_read_correctly_rounded(void **state)
{
    static const char *const hard[] = {
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272088284396434110686182e-324",
        "2.47032822920623272088284396434110686183e-324",
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000000000001",
        "9007199254740992.9999999999999999999999999999999999999",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641"
        "6"
        "69288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027006985557136695"
        "9"
        "622842914819860834936475292719074168444365510704342711559699508093042880",
        "8.5e-45",
        "6.8985865317742005e-81",
        "1e23",
        "8.41e21",
        "5e-324",
        "4.9406564584124654e-324",
        "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13",
        "62.5364939768271845828",
        "8.10109172351e-10",
        "1.50000000000000011102230246251565",
        "1e-345",
        "1e-400",
        "1e400",
        "1e309",
        "0e400",
        "123456789012345678901234567890e-40",
    };
    uint64_t random = UINT64_C(1181783497276652981);
    char text[1200];
    (void)state;
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++)
        check_against_strtod(hard[i]);
    for (unsigned i = 0; i < 20000; i++) {
        double value = make_double(next_random(&random), i % 6);
        snprintf(text, sizeof text, "%.*e", (int)(next_random(&random) % 40), value);
        check_against_strtod(text);
        if (i % 20 == 0) {
            /* The boundary to the next double, in full, then with one digit more and one less. */
            long double middle = ((long double)fabs(value) + (long double)nextafter(fabs(value), INFINITY)) / 2;
            int len = snprintf(text, sizeof text, "%.*Le", 800, middle);
            if (!isfinite((double)middle) || len > 1000)
                continue;
            check_against_strtod(text);
            *strchr(text, 'e') = '\0';
            text[strlen(text) - 1] = '1';
            snprintf(text + strlen(text), 32, "e%d", (int)(next_random(&random) % 20) - 10);
            check_against_strtod(text);
        }
    }
    /* More digits than decide anything. */
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993.", 17);
    memcpy(text + 1100, "1", 2);
    check_against_strtod(text);
}

static void what_printing_would_change_does_not_survive(void **state)
{
    static const struct {
        const char *text;
        bool survives;
    } cases[] = {
        {"0.1", true},
        {"0.10", true},
        {"1e-1", true},
        {"0.30000000000000004", true},
        {"0.3000000000000000400", true},
        {"0.30000000000000005", false},
        {"0.1000000000000000055511151231257827", false},
        {"9007199254740992", true},
        {"9007199254740993", false},
        {"1e23", true},
        {"99999999999999991611392", false},
        {"-0.0", true},
        {"-0", true},
        {"5e-324", true},
        {"4.9406564584124654e-324", false},
        {"3e-324", false},
        {"1e-400", false},
        {"1e400", false},
        {"1.7976931348623157e308", true},
        {"123456789012345678", false},
        {"100000000000000000000000000000", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uvrest__number number = read_number(cases[i].text);
        double value;
        (void)uvrest__number_to_f64(&number, &value);
        if (uvrest__number_survives(&number, value) != cases[i].survives)
            fail_msg("%s", cases[i].text);
    }
}

static void no_locale_changes_a_number(void **state)
{
    uvrest__number number;
    char printed[UVREST__NUMBER_TEXT_MAX + 1];
    double value;
    (void)state;
    support_comma_locale();
    number = read_number("0.30000000000000004");
    assert_true(uvrest__number_to_f64(&number, &value));
    *uvrest__number_print_f64(printed, value) = '\0';
    setlocale(LC_ALL, "C");
    assert_string_equal(printed, "0.30000000000000004");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(integers_print_as_they_are),
        cmocka_unit_test(doubles_print_shortest),
        cmocka_unit_test(doubles_round_trip_and_none_shorter_does),
        cmocka_unit_test(doubles_are_read_correctly_rounded),
        cmocka_unit_test(what_printing_would_change_does_not_survive),
        cmocka_unit_test(no_locale_changes_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
