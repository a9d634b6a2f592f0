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

#define INIT_FILES_MAX 64

struct init_files {
	struct init_file items[INIT_FILES_MAX];
	size_t count;
	struct tls_self self; /* its texts are those of two of the files */
};

bool init_files_make(struct arena *a, const struct init_pivot *p, struct init_files *to,
	struct fail *why) MUST_USE;

/* All, or where one of them is there already, none. */
bool init_files_write(
	struct arena *a, const struct init_files *files, str dir, struct fail *why) MUST_USE;

#endif
