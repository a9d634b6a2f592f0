/*
 * smtp/proxy - the header that a proxy sends in front of a stream
 *
 * PROXY protocol, versions 1 (a line) and 2 (binary), of HAProxy.  It says whose connection it is
 * that the proxy hands on.  Only named addresses are asked for it: whoever may send it may say any
 * address.
 */
#ifndef SMTP_PROXY_H
#define SMTP_PROXY_H

#include "base/fail.h"
#include "base/ip.h"

#define PROXY_LINE_MAX 107           /* of version 1, with its CRLF */
#define PROXY_OCTETS_MAX (16 + 2048) /* of version 2: the rest of it is TLVs, which are skipped */

struct proxy_header {
	bool local; /* the proxy speaks for itself (a health check), or does not say for whom */
	struct endpoint client, server;
};

/* Take the header off *input.  MORE: it is not whole yet. */
enum scan proxy_take(str *input, struct proxy_header *header, struct fail *why) MUST_USE;

#endif
