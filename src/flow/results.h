/*
 * flow/results - the fields that say what was found out about the sender   RFC 8601, RFC 7208
 * section 9.1
 */
#ifndef FLOW_RESULTS_H
#define FLOW_RESULTS_H

#include "base/buf.h"
#include "conf/conf.h"
#include "sender/arc_verify.h"
#include "sender/dkim_verify.h"
#include "sender/dmarc.h"
#include "sender/iprev.h"
#include "sender/spf.h"

/* What is null was not judged. */
struct results {
	str id;    /* ours */
	bool utf8; /* the message is one of SMTPUTF8 */
	struct ip client;
	const struct iprev *iprev;
	struct ip spf_client; /* whom SPF judged; not the client where that is a forwarder */
	str sender, helo;     /* what it judged */
	const struct spf_verdict *mailfrom, *spf_helo;
	const struct dkim_verify *dkim;
	const struct arc_verify_result *arc;
	const struct dmarc_verdict *dmarc;
	const char *disposition; /* what we do about it: "none", "quarantine", "reject" */
};

/* Our name in the field. */
str results_id(const struct conf *c) MUST_USE;

/* Does this whole field claim to be an Authentication-Results field of ours? */
bool results_claimed(const struct conf *c, str name, str value) MUST_USE;

/* Append what stands in the field behind its name, without the line end. */
void results_body(const struct results *r, struct buf *to);

/* Append the field. */
void results_authentication(const struct results *r, struct buf *to);
void results_received_spf(const struct results *r, struct buf *to);

#endif
