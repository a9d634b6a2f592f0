/*
 * world/courier - a delivery into files or into a program, made by a child as another user
 *
 * For files: one child a user and loop, started when first needed, gone when idle for a minute; for
 * programs: one a run.  As root it takes the user's uid, gid and groups and no more, else it runs
 * as we are, and another user is refused (4.3.5).
 *
 * A message for a Maildir is written into PATH/tmp, synced, renamed into PATH/new, and the
 * folder is synced, before it is said to be delivered: what Maildir readers expect, and what P2
 * needs.  Folders that are missing are made.  All failures are temporary: 4.2.2 over quota, 4.3.1
 * disk full, 4.3.0 others.
 *
 * A program gets the message on its standard input, in a session and a process group of its own, in
 * the folder /, with no other open file than what it may say; never as root (4.3.5).  Its arguments
 * pass no shell.  When its time is over, it is killed, and its whole group with it (4.3.0).  How it
 * ended is read as world/courier_exit says.  A message that cannot be given whole kills it, too, so
 * that half a mail is never taken for one.
 *
 * Behind it stands an office that has more rights than we, and believes nothing: what the
 * configuration in force does not name is refused there (4.3.5), see world/courier_child; so is
 * what would be too much for it (4.3.0), see world/courier_office.
 *
 * No handler function is called from inside a call that the owner makes.
 */
#ifndef WORLD_COURIER_H
#define WORLD_COURIER_H

#include "base/fail.h"
#include "world/loop.h"

#define COURIER_CHILDREN_MAX 192 /* at once, of all loops: each has its share of them */
#define COURIER_SHARE_MAX 64     /* at once, of one loop */
#define COURIER_IDLE_MS 60000    /* then a child goes */
#define COURIER_SILENT_MS 300000 /* then a child that is to write or sync is given up */
#define COURIER_PATH_MAX 1024
#define COURIER_HEAD_MAX 4096
#define COURIER_ARGUMENTS_MAX 64         /* of a program */
#define COURIER_VARIABLES_MAX 16         /* of its environment, besides those of its user */
#define COURIER_PROGRAM_OCTETS_MAX 32768 /* of all of them together */
#define COURIER_OUTPUT_MAX 65536         /* what a program says is kept up to here at most */

struct courier;

/* control: to the office (world/courier_office), which may die and be replaced; it becomes ours.
 * loops: how many have parcels.  Parcels end before their loops are freed, loops before
 * courier_close. */
struct courier *courier_open(int control, unsigned loops) MUST_USE;
void courier_close(struct courier *c);

/* The configuration has changed: what begins from now on goes to children that were made by it. */
void courier_renew(struct courier *c);

struct courier_parcel; /* one message on its way into a Maildir */

/* By whose rights, and for which recipient: the office asks the configuration about him. */
struct courier_whom {
	str user;    /* "" is home, for the rights that the courier itself keeps are no mail's */
	str address; /* as in the envelope */
	str into;    /* likewise: where his alias or his .forward leads, or "" */
};
#define COURIER_WHOM_MAX 4096 /* address and into, together */

/* A user's .forward: he has none; text is what stands in it; or there is one that must not be
 * followed, and text says why. */
enum courier_found { COURIER_NONE, COURIER_FILE, COURIER_UNFIT };

struct courier_handler {
	/* Its turn has come, or what was written has been passed on: give the next block.  Called
	 * until courier_finish. */
	void (*writable)(void *owner);
	/* courier_look: what was found; text lives until it returns.  Called once, in place of
	 * done, which says that it could not be looked. */
	void (*looked)(void *owner, enum courier_found found, str text);
	/* It is over: delivered (why is null, or of the kind FAIL_NONE with what the program said),
	 * or not.  Called once, unless dropped before; the pointer is dead. */
	void (*done)(void *owner, const struct fail *why);
};

/* Begin.  path: absolute, without "..".  head: fields to put before the content (Return-Path,
 * Delivered-To), CRLF lines; in the file lines end in LF, as Maildir readers expect. */
struct courier_parcel *courier_send(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str head, const struct courier_handler *handler,
	void *owner) MUST_USE;

/* Look into the .forward of the user, in his home and as he: .forward+EXTENSION first, where there
 * is one, then .forward.  As Postfix does it: it must be a regular file, his or root's, and not
 * writable by everybody; what cannot be read is one that must not be followed.  May be dropped. */
#define COURIER_EXTENSION_MAX 64     /* longer ones, and those with a slash, have no file */
#define COURIER_FORWARD_OCTETS 32768 /* a larger file is not followed */
struct courier_parcel *courier_look(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str extension, const struct courier_handler *handler,
	void *owner) MUST_USE;

/* The same at the end of a file in mbox format, mbox(5): "From sender date", lines that begin with
 * From get a '>', and an empty line at the end.  The file is made where it is missing; it is locked
 * meanwhile (fcntl, and PATH.lock where that can be made), and synced before the message is said to
 * be delivered.  What is no regular file, and what is locked for long, is refused (4.2.0). */
struct courier_parcel *courier_append(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str sender, str head,
	const struct courier_handler *handler, void *owner) MUST_USE;

/* A program, and what it gets: the first argument is its absolute path; environment: NAME=value. */
struct courier_program {
	str arguments[COURIER_ARGUMENTS_MAX];
	size_t argument_count;
	str environment[COURIER_VARIABLES_MAX];
	size_t environment_count;
	int64_t run_ms_max;       /* from its start to its end */
	size_t output_octets_max; /* what it says beyond is read and forgotten */
};

/* The same into a program; it gets lines that end in LF, too. */
struct courier_parcel *courier_run(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, const struct courier_program *program, str head,
	const struct courier_handler *handler, void *owner) MUST_USE;

void courier_write(struct courier_parcel *p, str bytes); /* copied; who has much gives one block and
							     waits for writable */
void courier_finish(struct courier_parcel *p);           /* all is there: deliver it */
void courier_drop(struct courier_parcel *p);             /* undo, if it is not too late */

#endif
