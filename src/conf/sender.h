/*
 * conf/sender - the words about who the sender is, and about what we say of ourselves
 *
 * spf, dkim, dmarc, authentication-results, sign, srs.  A block that is not written is off: nothing
 * is looked up for it, nothing is written.  An empty one has its defaults.
 */
#ifndef CONF_SENDER_H
#define CONF_SENDER_H

#include "conf/read.h"

/* What a verdict costs the message. */
enum conf_cost {
	CONF_TAG,    /* nothing: the message and the log say it */
	CONF_DEFER,  /* 4xx */
	CONF_REFUSE, /* 5xx */
};

/* First in each block that is off until it is written. */
struct conf_block_on {
	bool on;
	struct conf_origin origin; /* of the word that opens it */
};

/* spf { fail COST; softfail COST; permerror COST; temperror COST; helo-fail COST } */
struct conf_spf {
	struct conf_block_on block;
	enum conf_cost fail, softfail, permerror, temperror, helo_fail;
};

/* dkim { fail COST; permerror COST; temperror COST } */
struct conf_dkim {
	struct conf_block_on block;
	enum conf_cost fail, permerror, temperror;
};

enum conf_dmarc_mode { CONF_OBSERVE, CONF_QUARANTINE, CONF_REJECT };

enum conf_quarantined { CONF_QUARANTINED_TAG, CONF_QUARANTINED_HOLD };

/* dmarc { observe | quarantine | reject; quarantined tag | hold; lists DOMAIN ...; temperror COST;
 * keep TIME } */
struct conf_dmarc {
	struct conf_block_on block;
	enum conf_dmarc_mode mode;
	enum conf_quarantined quarantined;
	enum conf_cost temperror;
	int64_t keep_ms;                        /* what was found, for reports */
	const struct conf_sender_domain *lists; /* whose mail is known to break signatures */
	size_t list_count;
};

struct conf_sender_domain {
	str name; /* lower case, ASCII; ".example.org": all below it */
	struct conf_origin origin;
};

enum conf_added { CONF_NOT_ADDED, CONF_ADDED };

/* authentication-results { id HOST; iprev; received-spf } */
struct conf_results {
	str id; /* "": the hostname */
	enum conf_added iprev, received_spf;
};

enum conf_signatures { CONF_SIGN_ONE, CONF_SIGN_ALL };

/* "relaxed/simple": of the header and of the body. */
enum conf_canonical {
	CONF_SIMPLE_SIMPLE,
	CONF_SIMPLE_RELAXED,
	CONF_RELAXED_SIMPLE,
	CONF_RELAXED_RELAXED,
};

/* A file as it is written; "" where none is. */
struct conf_sign_file {
	str path;
	struct conf_origin origin;
};

/* sign { keytable FILE; signingtable [refile:]FILE; hosts FILE; signatures one | all;
 * canonicalization FORM } */
struct conf_sign {
	struct conf_block_on block;
	struct conf_sign_file keytable, signingtable, hosts;
	bool patterns; /* the signing table is a "refile:" */
	enum conf_signatures signatures;
	enum conf_canonical canonical;
	int64_t settle_ms, retire_ms, look_ms; /* of keys that replace others */
};

/* arc { key NAME } */
struct conf_arc {
	struct conf_block_on block;
	str key; /* of the KeyTable of sign; "": chains are judged, and nothing is sealed */
};

/* srs { secrets FILE; domain NAME ...; valid TIME } */
struct conf_srs {
	struct conf_block_on block;
	str secrets;                              /* absolute */
	const struct conf_sender_domain *domains; /* the first one writes; one at least */
	size_t domain_count;
	int64_t valid_ms;
};

struct conf_sender {
	struct conf_spf spf;
	struct conf_dkim dkim;
	struct conf_dmarc dmarc;
	struct conf_results results;
	struct conf_sign sign;
	struct conf_arc arc;
	struct conf_srs srs;
};

#endif
