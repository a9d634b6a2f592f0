/*
 * flow/program - the command line, the environment and the fields of a pipe
 *
 * One recipient a run.  What stands in braces in the arguments of the transport is filled in; no
 * shell reads it, and no address of a stranger can become an option: an argument that begins with
 * such a value and then with a hyphen is refused (5.1.3).
 */
#ifndef FLOW_PROGRAM_H
#define FLOW_PROGRAM_H

#include "base/arena.h"
#include "conf/conf.h"
#include "world/courier.h"

struct program_mail {
	uint64_t id;
	str recipient, sender; /* sender: "" is the null sender */
	str local, domain;     /* of the recipient, in table form, local without its sub-address */
	str nexthop;
};

/* Is this NAME=value of the environment one of those that we give? */
bool program_variable_known(str variable) MUST_USE;

/* The strs of *to and *head are in the arena, or the transport's. */
bool program_fill(struct arena *a, const struct conf_transport *t, const struct program_mail *mail,
	struct courier_program *to, str *head, struct fail *why) MUST_USE;

#endif
