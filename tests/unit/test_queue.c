/* SPDX-License-Identifier: MIT */
#include "queue.h"
#include "support.h"

static uvrest__queue_item item(uint64_t number, uvrest_priority priority)
{
    uvrest__queue_item made = {.number = number, .priority = (uint8_t)priority};
    return made;
}

static void check_next(uvrest__queue *queue, uint64_t number)
{
    uvrest__queue_item *next = uvrest__queue_peek(queue);
    assert_non_null(next);
    assert_int_equal(next->number, number);
    uvrest__queue_remove(queue, next);
}

static void first_come_first_served_inside_a_priority(void **state)
{
    uvrest__queue queue = {0};
    uvrest__queue_item items[] = {item(0, UVREST_PRIORITY_BULK), item(1, UVREST_PRIORITY_NORMAL),
                                  item(2, UVREST_PRIORITY_HIGH), item(3, UVREST_PRIORITY_NORMAL),
                                  item(4, UVREST_PRIORITY_HIGH), item(5, UVREST_PRIORITY_BULK)};
    static const uint64_t order[] = {2, 4, 1, 3, 0, 5};
    (void)state;
    assert_null(uvrest__queue_peek(&queue));
    for (size_t i = 0; i < 6; i++)
        uvrest__queue_put(&queue, &items[i]);
    assert_int_equal(queue.n, 6);
    for (size_t i = 0; i < 6; i++)
        check_next(&queue, order[i]);
    assert_int_equal(queue.n, 0);
    assert_null(uvrest__queue_peek(&queue));
}

static void who_comes_back_takes_the_old_place(void **state)
{
    uvrest__queue queue = {0};
    uvrest__queue_item items[6];
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        items[i] = item(i, UVREST_PRIORITY_NORMAL);
        uvrest__queue_put(&queue, &items[i]);
    }
    for (uint64_t i = 0; i < 3; i++)
        check_next(&queue, i);
    uvrest__queue_put(&queue, &items[2]);
    uvrest__queue_put(&queue, &items[0]);
    uvrest__queue_remove(&queue, &items[5]);
    uvrest__queue_put(&queue, &items[5]);
    uvrest__queue_put(&queue, &items[1]);
    for (uint64_t i = 0; i < 6; i++)
        check_next(&queue, i);
}

static void items_leave_from_anywhere(void **state)
{
    uvrest__queue queue = {0};
    uvrest__queue_item items[5];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        items[i] = item(i, UVREST_PRIORITY_BULK);
        uvrest__queue_put(&queue, &items[i]);
    }
    uvrest__queue_remove(&queue, &items[2]);
    uvrest__queue_remove(&queue, &items[4]);
    uvrest__queue_remove(&queue, &items[0]);
    assert_false(items[0].queued);
    check_next(&queue, 1);
    check_next(&queue, 3);
    assert_int_equal(queue.n, 0);
}

static void bulk_counts_as_demand_when_nothing_else_waits(void **state)
{
    uvrest__queue queue = {0};
    uvrest__queue_item items[] = {item(0, UVREST_PRIORITY_BULK), item(1, UVREST_PRIORITY_BULK),
                                  item(2, UVREST_PRIORITY_BULK), item(3, UVREST_PRIORITY_NORMAL),
                                  item(4, UVREST_PRIORITY_HIGH)};
    (void)state;
    assert_int_equal(uvrest__queue_demand(&queue), 0);
    for (size_t i = 0; i < 5; i++)
        uvrest__queue_put(&queue, &items[i]);
    assert_int_equal(uvrest__queue_demand(&queue), 2);
    check_next(&queue, 4);
    assert_int_equal(uvrest__queue_demand(&queue), 1);
    check_next(&queue, 3);
    assert_int_equal(uvrest__queue_demand(&queue), 3);
    check_next(&queue, 0);
    assert_int_equal(uvrest__queue_demand(&queue), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_come_first_served_inside_a_priority),
        cmocka_unit_test(who_comes_back_takes_the_old_place),
        cmocka_unit_test(items_leave_from_anywhere),
        cmocka_unit_test(bulk_counts_as_demand_when_nothing_else_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
