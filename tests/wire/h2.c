/* SPDX-License-Identifier: MIT */
#include "h2.h"
#include "folder.h"

char h2_certificate[PATH_MAX];
char h2_key[PATH_MAX];

int h2_make_certificate(void **state)
{
    (void)state;
    folder_take();
    strcpy(h2_certificate, folder_path("own.pem"));
    strcpy(h2_key, folder_path("own.key"));
    return folder_run("openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -days 2 -subj /CN=own "
                      "-addext subjectAltName=IP:127.0.0.1");
}

server *h2_start(const char *script, const char *alpn)
{
    server_tls tls = {.certificate = h2_certificate, .key = h2_key, .alpn = alpn};
    return server_start_tls(script, &tls);
}

sample_client_options h2_options(const server *s)
{
    sample_client_options options = wire_options(s);
    options.ca_file = h2_certificate;
    return options;
}

seen h2_call_once(const char *script, wire_start_fn *start, const uvrest_call_options *call, size_t *out_requests)
{
    server *s = h2_start(script, "h2");
    sample_client_options options = h2_options(s);
    seen saw = wire_call_with(&options, start, call);
    if (out_requests != NULL)
        *out_requests = server_requests(s);
    server_stop(s);
    return saw;
}
