/* SPDX-License-Identifier: MIT */
/* The services of the generated library; services.c is written by CMake from the list of its tables. */
#ifndef SERVICES_H
#define SERVICES_H

#include <uvrest/gen.h>

typedef struct service {
    const char *name;
    const uvrest_schema *(*schema)(void);
    const char *const *models; /* their names, by number */
} service;

extern const service services[];
extern const unsigned n_services;

#endif /* SERVICES_H */
