/* SPDX-License-Identifier: MIT */
/**
 * @file proxy.h
 * Which variable of the environment names the proxy that libcurl would use, so that a message can name it.
 *
 * Threads: reads the environment, as getenv() does.
 */
#ifndef UVREST_NET_PROXY_H
#define UVREST_NET_PROXY_H

#include <stdbool.h>

/** "https_proxy", "HTTPS_PROXY" …; NULL if none is set. NO_PROXY may still exempt the host. Static text. */
const char *uvrest__proxy_variable(bool tls);

#endif /* UVREST_NET_PROXY_H */
