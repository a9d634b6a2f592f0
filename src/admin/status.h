/*
 * admin/status - the daemon on one screen
 */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include "base/buf.h"
#include "flow/flow.h"
#include "gate/quarantine.h"
#include "queue/schedule.h"

#define STATUS_PROCESSES_MAX 5

/* One of the processes of this server. */
struct status_process {
	char name[16];
	char walls[200]; /* around it, in words; "" none */
	uint32_t id;     /* 0: it does not run now */
	unsigned restarts;
	int64_t since_ms; /* wall clock */
};

struct status {
	struct status_process processes[STATUS_PROCESSES_MAX];
	size_t process_count;
	const struct conf *conf; /* what is served */
	const struct identities *identities;
	struct schedule *schedule;
	struct flow_numbers total, minute; /* since the start; in the last minute */
	unsigned sessions;                 /* open now */
	unsigned workers;
	struct spool_numbers spool;
	struct quarantine_sum quarantine;
	int64_t since_ms, now_ms; /* wall clock */
	bool accepting;
	struct fail why_not; /* when not accepting */
};

void status_print(const struct status *s, bool json, struct buf *out);

#endif
