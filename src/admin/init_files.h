/*
 * admin/init_files - the files of a first configuration
 */
#ifndef ADMIN_INIT_FILES_H
#define ADMIN_INIT_FILES_H

#include "base/arena.h"
#include "world/tls_self.h"

/* What the administrator has said. */
struct init_pivot {
	str hostname, postmaster; /* postmaster "": a mailbox of our own */
	const str *domains;       /* at least one */
	size_t domain_count;
	const str *networks;
	size_t network_count;
};

struct init_file {
	str name; /* below the configuration folder */
	str text;
	unsigned mode;
};

#define INIT_DOMAINS_MAX 50
#define INIT_FILES_MAX (16 + 3 * INIT_DOMAINS_MAX)

struct init_files {
	struct init_file items[INIT_FILES_MAX];
	size_t count;
	struct tls_self self; /* its texts are those of two of the files */
};

/* Everything lives as long as the files do. */
void init_files_add(struct init_files *to, str name, str text, unsigned mode);

bool init_files_make(struct arena *a, const struct init_pivot *p, struct init_files *to,
	struct fail *why) MUST_USE;

/* All, or where one of them is there already, none. */
bool init_files_write(
	struct arena *a, const struct init_files *files, str dir, struct fail *why) MUST_USE;

/* admin/init_sender: those about senders, and the keys. */
bool init_sender_make(struct arena *a, const struct init_pivot *p, struct init_files *to,
	struct fail *why) MUST_USE;

#endif
