/*
 * daemon/privilege - what the other processes ask of the parent, who may do more than they
 *
 * One question at a time and process, over the pair of sockets that it was born with; the parent
 * answers each but PRIVILEGE_READY.  Questions and answers are plain structures of one size: both
 * ends are the same program.  The parent believes nothing: it opens only the ports and files that
 * the generation in force names.
 */
#ifndef DAEMON_PRIVILEGE_H
#define DAEMON_PRIVILEGE_H

#include "admin/status.h"
#include "base/arena.h"
#include "base/fail.h"
#include "base/ip.h"

enum privilege_word {
	PRIVILEGE_BIND,      /* a listening socket; at */
	PRIVILEGE_RELEASE,   /* that is no longer wanted; at */
	PRIVILEGE_OPEN,      /* a file, for reading; text: its path */
	PRIVILEGE_ADDRESSES, /* of this machine */
	PRIVILEGE_PROCESSES, /* who runs */
	PRIVILEGE_READY,     /* it serves from now on; text: the walls around it */
	PRIVILEGE_WORDS,     /* how many there are */
};

#define PRIVILEGE_TEXT_MAX 4096
#define PRIVILEGE_ADDRESSES_MAX 256
#define PRIVILEGE_WAIT_MS 10000 /* a parent that does not answer by then is as good as dead */

struct privilege_question {
	enum privilege_word word;
	uint32_t number; /* its answer has it, too */
	struct endpoint at;
	char text[PRIVILEGE_TEXT_MAX];
};

struct privilege_answer {
	uint32_t number;
	struct fail why; /* FAIL_NONE: done */
	size_t count;
	union {
		struct ip addresses[PRIVILEGE_ADDRESSES_MAX];
		struct status_process processes[STATUS_PROCESSES_MAX];
	};
};

/* The parent's side: are these bytes a question?  Its texts end, its word is one. */
bool privilege_read(str bytes, struct privilege_question *q) MUST_USE;

/* The side of those who ask.  They wait. */
void privilege_of(int socket);                                            /* whom to ask, once */
int privilege_bind(const struct endpoint *at, struct fail *why) MUST_USE; /* -1: *why */
void privilege_release(const struct endpoint *at);
struct ip *privilege_addresses(struct arena *a, size_t *count) MUST_USE;
size_t privilege_processes(struct status_process to[STATUS_PROCESSES_MAX]) MUST_USE;
void privilege_ready(const char *walls);
bool privilege_alive(void) MUST_USE; /* is there a parent? */

#endif
