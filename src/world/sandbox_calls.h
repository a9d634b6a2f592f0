/*
 * world/sandbox_calls - the system calls that a process of ours may make, and nothing else
 */
#ifndef WORLD_SANDBOX_CALLS_H
#define WORLD_SANDBOX_CALLS_H

#include "world/sandbox.h"

/* *stands: false on a kernel without filters. */
bool sandbox_calls_enter(enum sandbox_sockets sockets, bool *stands, struct fail *why) MUST_USE;

#endif
