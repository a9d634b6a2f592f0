/*
 * flow/judge_inside - what flow/judge and flow/judge_cost know of each other
 */
#ifndef FLOW_JUDGE_INSIDE_H
#define FLOW_JUDGE_INSIDE_H

#include "flow/arc_check.h"
#include "flow/dkim_check.h"
#include "flow/dmarc_check.h"
#include "flow/judge.h"
#include "flow/questions.h"
#include "flow/results.h"
#include "flow/spf_check.h"

#define JUDGE_AUTHORS_MAX 10
#define JUDGE_HOPS_MAX 20 /* Received fields that are read for forwarders */

struct judge {
	struct flow *flow;
	const struct conf *conf;
	struct arena arena;
	struct judge_client client;
	struct questions questions; /* of iprev */
	struct iprev iprev;
	bool iprev_open, iprev_known;
	const struct conf_net *forwarder; /* the client is one, by this line */
	unsigned hops;                    /* of others that were read */
	bool hop_found;                   /* spf_client is the one before the forwarders */
	struct ip spf_client;
	str spf_helo;
	struct spf_check *mailfrom, *helo; /* null: not judged */
	struct dkim_check *dkim;           /* null: not wanted */
	struct arc_check *arc;             /* the same */
	bool excused;                      /* from what SPF costs */
	bool ended, dkim_open, arc_open;
	str authors[JUDGE_AUTHORS_MAX]; /* domains in From */
	size_t author_count;
	bool author_bad;           /* there is something in From that cannot be read */
	struct dmarc_check *dmarc; /* null: not wanted, or not yet */
	judge_answer *answered;    /* the question that is open; null: none is */
	void *owner;
};

/* What the verdicts that are known cost.  False: *why is the reply. */
bool judge_cost_spf(const struct judge *j, struct fail *why) MUST_USE;
bool judge_cost_dkim(const struct judge *j, struct fail *why) MUST_USE;
bool judge_dmarc_cost(const struct judge *j, struct fail *why) MUST_USE;

/* What is done about DMARC's verdict: "none", "quarantine" or "reject"; *at, *rule: the line that
 * made it less than what the domain asks for, and its name; null: none did. */
const char *judge_dmarc_disposition(
	const struct judge *j, const struct conf_origin **at, const char **rule) MUST_USE;

void judge_dmarc_identifiers(
	const struct judge *j, struct dmarc_identifier ids[DMARC_IDENTIFIERS_MAX], size_t *count);

/* One record that says what was found. */
void judge_cost_log(const struct judge *j, const struct fail *why);

#endif
