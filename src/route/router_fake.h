/*
 * route/router_fake - a router from texts, for tests
 */
#ifndef ROUTE_ROUTER_FAKE_H
#define ROUTE_ROUTER_FAKE_H

#include "route/route.h"

struct router_fake_file {
	const char *name, *text;
};

/* conf: the text of "a.conf"; files: the alias files and those of
 * tables that it names.  All of it must be right. */
struct router *router_fake_new(
	const char *conf, const struct router_fake_file *files, size_t count) MUST_USE;

#endif
