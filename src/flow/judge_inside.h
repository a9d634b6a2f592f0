/*
 * flow/judge_inside - what flow/judge and flow/judge_cost know of each other
 */
#ifndef FLOW_JUDGE_INSIDE_H
#define FLOW_JUDGE_INSIDE_H

#include "flow/dkim_check.h"
#include "flow/judge.h"
#include "flow/questions.h"
#include "flow/results.h"
#include "flow/spf_check.h"

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
	bool ended, dkim_open;
	judge_answer *answered; /* the question that is open; null: none is */
	void *owner;
};

/* What the verdicts that are known cost.  False: *why is the reply. */
bool judge_cost_spf(const struct judge *j, struct fail *why) MUST_USE;
bool judge_cost_dkim(const struct judge *j, struct fail *why) MUST_USE;

/* One record that says what was found. */
void judge_cost_log(const struct judge *j, const struct fail *why);

#endif
