/*
 * daemon/parent_inside - what the files of the parent share
 */
#ifndef DAEMON_PARENT_INSIDE_H
#define DAEMON_PARENT_INSIDE_H

#include "admin/signing.h"
#include "daemon/privilege.h"
#include "world/child.h"

#define PARENT_PORTS_MAX 65 /* of the listeners, and the control socket */

enum { PARENT_COURIER, PARENT_VAULT, PARENT_MAIL, PARENT_MEMBERS };

struct parent_role {
	const char *name;
	unsigned may; /* which questions are answered: a bit for each word */
};

struct parent_member {
	struct parent *parent;
	const struct parent_role *role;
	struct child *child; /* null: it does not run */
	int socket;          /* to it; -1 */
	struct pass_watch *watch;
	struct loop_timer again;
	int64_t since_ms, again_ms;
	unsigned restarts;
	bool ready, was_ready;
	char walls[200];
};

struct parent_port {
	struct endpoint at;
	int descriptor;
	bool asked; /* in this life of mail */
};

struct parent {
	str dir, user; /* user: whom mail becomes; "" nobody else */
	struct arena arena;
	struct loop *loop;
	struct endpoint control;
	struct parent_member members[PARENT_MEMBERS];
	int links[PARENT_MAIL][2]; /* between mail and each of the others: mail's end, and theirs */
	struct conf *conf;         /* what was in force when somebody asked last; may be null */
	struct signing_paths *signing; /* the keys that its table names; null without conf */
	struct parent_port ports[PARENT_PORTS_MAX];
	size_t port_count;
	int hand; /* the page on which mail says what it works on */
	struct loop_timer patience;
	bool stopping, ending; /* mail is to end; it has, and so are the others */
	int code;
};

/* A message of one of them. */
void parent_answer(struct parent_member *m, str bytes);
void parent_answer_close(struct parent *p, struct parent_port *port);

#endif
