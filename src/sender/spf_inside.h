/*
 * sender/spf_inside - what the files of sender/spf share; nobody else looks here
 */
#ifndef SENDER_SPF_INSIDE_H
#define SENDER_SPF_INSIDE_H

#include "base/arena.h"
#include "sender/spf.h"
#include "sender/spf_record.h"
#include "sender/spf_round.h"

/* What happens next, once all open questions are answered; each stage is a function below. */
enum spf_stage {
	STAGE_RECORD,   /* the TXT records of a domain are there */
	STAGE_NEXT,     /* take the next term of the record */
	STAGE_RUN,      /* ask what the term needs, or judge at once */
	STAGE_MX,       /* the MX records are there: ask for the hosts' addresses */
	STAGE_JUDGE,    /* the addresses are there */
	STAGE_PTR,      /* the names of the client are there: ask for their addresses */
	STAGE_VALIDATE, /* those are there: which names are the client's? */
	STAGE_REDIRECT, /* go on with another domain's record */
	STAGE_EXPLAIN,  /* ask for the explanation */
	STAGE_TEXT,     /* it is there */
	STAGE_TELL,     /* expand it */
	STAGE_DONE,
};

/* One record in evaluation; an include opens another one above it. */
enum spf_role { SPF_FIRST, SPF_INCLUDED, SPF_REDIRECTED };

struct spf_frame {
	enum spf_role role;
	str domain, text;
	struct spf_record record;
	struct spf_term term; /* the one in hand */
};

struct spf {
	struct arena arena;
	bool full; /* it is */
	struct spf_macro_values values;
	struct spf_verdict verdict;
	int64_t deadline_ms;
	enum spf_stage stage;

	struct spf_frame frames[SPF_LOOKUPS_MAX + 1]; /* every include counts as a look-up */
	size_t depth;
	struct spf_round round;

	struct spf_names client_names; /* validated, once client_known */
	bool client_known;
	enum spf_stage resume; /* after they became known */
};

/* --- sender/spf.c */

void spf_end(struct spf *s, enum spf_result result);
void spf_end_error(struct spf *s, enum spf_result result); /* after verdict.why was set */
void spf_temperror(struct spf *s, str name);               /* its look-up failed */

#define SPF_PERMERROR_WITH(s, format, ...)                                                     \
	do {                                                                                   \
		fail_with(&(s)->verdict.why, FAIL_PERMANENT, "5.7.24", format, ##__VA_ARGS__); \
		spf_end_error(s, SPF_PERMERROR);                                               \
	} while (0)

str spf_keep(struct spf *s, str text); /* "" and s->full where there is no room */
void spf_ask(struct spf *s, str name, enum dns_type type);
enum dns_type spf_address_type(const struct spf *s);

/* Is all known that the macros of this text need?  False: it is being asked for, and the stage here
 * comes again afterwards. */
bool spf_ready(struct spf *s, str text, enum spf_stage here) MUST_USE;

/* The name that a domain-spec means; false: none that could be asked for. */
bool spf_expand(struct spf *s, str spec, char room[DNS_NAME_MAX + 1], str *name) MUST_USE;

/* --- sender/spf_frame.c: records, one in another */

struct spf_frame *spf_frame_top(struct spf *s);
void spf_frame_open(struct spf *s, enum spf_role role, str domain);
void spf_frame_match(struct spf *s); /* the term in hand does */
void spf_frame_read(struct spf *s);
void spf_frame_next(struct spf *s);
void spf_frame_redirect(struct spf *s);

/* --- sender/spf_term.c: what the mechanisms ask for, and when they match */

void spf_term_run(struct spf *s);
void spf_term_mx(struct spf *s);
void spf_term_judge(struct spf *s);

/* --- sender/spf_client.c: the names of the client's own address, section 5.5 */

void spf_client_ask(struct spf *s, enum spf_stage resume);
void spf_client_ptr(struct spf *s);
void spf_client_validate(struct spf *s);
str spf_client_name(const struct spf *s, str domain); /* for %{p}, once they are known */

/* --- sender/spf_explanation.c: why it failed, in the domain's words, section 6.2 */

void spf_explanation_ask(struct spf *s);
void spf_explanation_read(struct spf *s);
void spf_explanation_tell(struct spf *s);

#endif
