/* SPDX-License-Identifier: MIT */
#include "cork.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Where it is not known it is left alone; so is a socket that is not of TCP. */
static void set(int fd, int on)
{
#ifdef TCP_CORK
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
#else
    (void)fd;
    (void)on;
#endif
}

void uvrest__cork_plug(uvrest__cork *cork, int fd)
{
    if (fd < 0 || cork->plugged == fd + 1)
        return;
    uvrest__cork_pull(cork);
    set(fd, 1);
    cork->plugged = fd + 1;
}

void uvrest__cork_pull(uvrest__cork *cork)
{
    if (cork->plugged > 0)
        set(cork->plugged - 1, 0);
    cork->plugged = 0;
}

void uvrest__cork_forget(uvrest__cork *cork, int fd)
{
    if (cork->plugged == fd + 1)
        cork->plugged = 0;
}
