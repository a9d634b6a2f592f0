/*
 * world/process - who we are to the kernel: signals, users, cores, the service manager
 */
#ifndef WORLD_PROCESS_H
#define WORLD_PROCESS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/ip.h"
#include "base/str.h"
#include "world/loop.h"

enum process_signal { PROCESS_STOP, PROCESS_RELOAD }; /* TERM or INT; HUP */

/* Have signals reported in a loop, for the rest of the process's life; PIPE is ignored. */
void process_signals(
	struct loop *l, void (*got)(void *owner, enum process_signal signal), void *owner);

bool process_is_root(void) MUST_USE;

bool process_user_exists(
	str user, struct fail *why) MUST_USE; /* false: *why, which may be temporary */

/* Give a folder to a user, as root, before he takes over. */
bool process_give(str path, str user, struct fail *why) MUST_USE;

/* Become a user for good: his groups, his gid, his uid, and no way to gain any right again. */
bool process_become(str user, struct fail *why) MUST_USE;

/* Open a file for reading with the rights of a user ("": our own), as root, in a process without
 * threads.  -1: *why. */
int process_open_as(const char *path, str user, struct fail *why) MUST_USE;

/* One that shows when it was changed, and gives no byte of it. */
int process_open_facts(const char *path, struct fail *why) MUST_USE;

unsigned process_cores(void) MUST_USE;
uint32_t process_id(void) MUST_USE;
str process_folder(struct arena *a) MUST_USE; /* the current folder */

/* Raise the limit of open files to what the kernel allows; returns it. */
uint64_t process_files_max(void);

/* The addresses of our interfaces, without ports; in the arena. */
struct ip *process_addresses(struct arena *a, size_t *count) MUST_USE;

/* Tell the service manager that started us, sd_notify(3); nothing without one. */
void process_notify(const char *state);

/* Write to standard output (or error), whole; false when that is closed. */
bool process_print(str text) MUST_USE;
bool process_print_error(str text);

/* The first line of standard input, without its end.  At a terminal it is asked for, twice, and not
 * shown.  False: *why. */
bool process_read_secret(const char *prompt, struct buf *to, struct fail *why) MUST_USE;

/* What standard input has now, blocking; 0 at its end, or when it cannot be read. */
size_t process_input(char *bytes, size_t size) MUST_USE;

_Noreturn void process_exit(int code); /* at once: no exit handlers, no joining of threads */

#endif
