/* SPDX-License-Identifier: MIT */
/*
 * Some answers have their entries at the top level where the schema promises a map of them: {"title": {"values": […]}}
 * for {"metadata_values": {"title": {"field_values": […]}}}. This writes the second form from the first, so that both
 * are decoded into the same member.
 */
#ifndef UVREST_JSON_GATHER_H
#define UVREST_JSON_GATHER_H

#include "attributes.h"
#include <uvrest/gen.h>

/*
 * *out is the text itself if it is no object, has the map, or has no member that is an object with a member rule->from;
 * else the other form, arena. Text that is not valid JSON is left for the decoder to refuse. UVREST_E_NOMEM.
 */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__json_gather(const uvrest_gather *rule, uvrest_raw text,
                                                                 uvrest_arena *arena, uvrest_raw *out);

#endif /* UVREST_JSON_GATHER_H */
