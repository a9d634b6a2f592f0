#include "daemon/run.h"

#include <stdio.h>

#include "admin/generation.h"
#include "admin/queue.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "daemon/control.h"
#include "daemon/mail.h"
#include "daemon/ports.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/logger.h"
#include "world/process.h"
#include "world/sock.h"

#define DEFAULT_USER "facteur"

struct daemon {
	str dir;
	struct arena arena;
	struct router *router;
	struct ports *ports;
	struct courier *courier;
	struct loop *loop;
	struct mail *mail;
	int control_descriptor;
	struct control *control;
	bool reloading, stopped_clean;
	struct endpoint *own;
	size_t own_count;
};

/* --- orders ------------------------------------------------------------------------------------
 */

static void reload_over(void *owner)
{
	struct daemon *d = owner;

	d->reloading = false;
	ports_close_unwanted(d->ports);
}

static bool reload(struct daemon *d, struct fail *why)
{
	struct router *router;
	const struct conf *conf;
	const struct worker_port *ports;
	size_t port_count;

	if (d->reloading)
		return fail_with(why, FAIL_TEMPORARY, "", "a reload is going on already");
	router = generation_load(d->dir, why);
	if (!router)
		return false;
	conf = router_conf(router);
	if (!ports_want(d->ports, conf, why)) {
		router_drop(router);
		return false;
	}
	logger_setup(conf->log_level, conf->log_format);
	d->reloading = true;
	ports = ports_wanted(d->ports, &port_count);
	mail_reload(d->mail, router, ports, port_count, reload_over, d);
	router_drop(d->router);
	d->router = router;
	log_line(LOG_INFO, "reloaded", "generation %u", conf->generation);
	return true;
}

static void stopped(void *owner, bool clean)
{
	struct daemon *d = owner;

	d->stopped_clean = clean;
	loop_stop(d->loop);
}

static void stop(struct daemon *d)
{
	log_line(LOG_INFO, "stopping", "no new mail; what was promised is finished first");
	process_notify("STOPPING=1");
	mail_stop(d->mail, stopped, d);
}

static void on_signal(void *owner, enum process_signal signal)
{
	struct daemon *d = owner;
	struct fail why;

	switch (signal) {
	case PROCESS_STOP:
		stop(d);
		return;
	case PROCESS_RELOAD:
		if (!reload(d, &why))
			log_line(LOG_ERROR, "not-reloaded", "%s", why.text);
		return;
	}
}

static int answer(void *owner, const str *words, size_t count, bool json, struct buf *out)
{
	struct daemon *d = owner;
	struct status status;
	struct fail why;

	if (count == 1 && str_eq(words[0], S("status"))) {
		mail_status(d->mail, &status);
		status_print(&status, json, out);
		return 0;
	}
	if (count >= 1 && str_eq(words[0], S("queue")))
		return queue_command(mail_dispatch(d->mail), words + 1, count - 1, json, out);
	if (count == 1 && str_eq(words[0], S("reload"))) {
		bool done = reload(d, &why);

		buf_putf(out, json ? "{\"reloaded\": %s, \"generation\": %u}\n" : "",
			done ? "true" : "false", router_conf(d->router)->generation);
		if (!json && done)
			buf_putf(out, "generation %u is served\n",
				router_conf(d->router)->generation);
		if (!done && !json)
			buf_putf(out, "%s\n", why.text);
		return done ? 0 : 1;
	}
	if (count == 1 && str_eq(words[0], S("stop"))) {
		buf_put(out, json ? S("{\"stopping\": true}\n") : S("stopping\n"));
		stop(d);
		return 0;
	}
	buf_put(out, S("the daemon does not know that order\n"));
	return 2;
}

/* --- the start ---------------------------------------------------------------------------------
 */

/* The first time there is nothing compiled yet. */
static bool compile_first(struct daemon *d, struct fail *why)
{
	struct generation_report report = { 0 };
	bool compiled = file_exists(file_path(&d->arena, d->dir, S("current"))) ||
			generation_compile(d->dir, &report);

	if (!compiled) {
		process_print_error(buf_str(&report.lines));
		*why = report.why;
		if (why->kind == FAIL_NONE)
			fail_with(why, FAIL_PERMANENT, "5.3.5", "the configuration was refused");
	}
	generation_report_free(&report);
	return compiled;
}

static bool load(struct daemon *d, struct fail *why)
{
	if (!compile_first(d, why))
		return false;
	d->router = generation_load(d->dir, why);
	if (!d->router)
		return false;
	logger_setup(router_conf(d->router)->log_level, router_conf(d->router)->log_format);
	return true;
}

/* Who to become: nobody when we are not root, or when the default user was never made. */
static str user_to_be(const struct conf *conf)
{
	if (!process_is_root())
		return S("");
	if (str_eq(conf->user, S(DEFAULT_USER)) && !process_user_exists(conf->user)) {
		log_line(LOG_WARNING, "runs-as-root",
			"there is no user %s: the daemon keeps root's rights (make install makes "
			"the "
			"user, or the word \"user\" names another)",
			DEFAULT_USER);
		return S("");
	}
	return conf->user;
}

static bool make_folders(struct daemon *d, str user, struct fail *why)
{
	const struct conf *conf = router_conf(d->router);
	const str folders[] = { conf->spool_dir, conf->state_dir, conf->run_dir };

	for (size_t i = 0; i < LENGTH(folders); i++) {
		if (!file_make_folder(folders[i], i == 2 ? 0755 : 0700, why))
			return false;
		if (user.n > 0 && !process_give(folders[i], user, why))
			return false;
	}
	return true;
}

static bool open_control(struct daemon *d, str user, struct fail *why)
{
	struct endpoint at = { 0 };
	int n = snprintf(at.path, sizeof at.path, "%.*s/" CONTROL_NAME,
		STR(router_conf(d->router)->run_dir));

	if (n < 0 || (size_t)n >= sizeof at.path)
		return fail_with(why, FAIL_PERMANENT, "", "the run folder's path is too long");
	d->control_descriptor = sock_bind(&at, 0600, why);
	if (d->control_descriptor < 0)
		return false;
	return user.n == 0 || process_give(str_of(at.path), user, why);
}

static bool prepare(struct daemon *d, struct fail *why)
{
	const struct conf *conf = router_conf(d->router);
	str user = user_to_be(conf);

	process_files_max();
	d->ports = ports_new();
	if (!make_folders(d, user, why) || !ports_want(d->ports, conf, why))
		return false;
	d->own = ports_reached(d->ports, &d->arena, &d->own_count);
	/* keeps the rights that we give up */
	d->courier = courier_open(conf->hostname.text, user, why);
	if (!d->courier || !open_control(d, user, why))
		return false;
	return user.n == 0 || process_become(user, why);
}

static bool serve(struct daemon *d, struct fail *why)
{
	const struct conf *conf = router_conf(d->router);
	struct mail_setup setup = { .router = d->router,
		.courier = d->courier,
		.own = d->own,
		.own_count = d->own_count,
		.workers = conf->workers ? conf->workers : process_cores() };

	d->loop = setup.loop = loop_new("main");
	setup.ports = ports_wanted(d->ports, &setup.port_count);
	process_signals(d->loop, on_signal, d);
	d->mail = mail_start(&setup, why);
	if (!d->mail)
		return false;
	d->control = control_new(d->loop, d->control_descriptor, answer, d);
	log_line(LOG_INFO, "ready", "%.*s serves generation %u with %u workers",
		STR(conf->hostname.text), conf->generation, setup.workers);
	logger_flush();
	process_notify("READY=1");
	loop_run(d->loop);
	return true;
}

/* Only after a clean stop: everything is given back, so that leaks show in tests. */
static void give_back(struct daemon *d)
{
	control_free(d->control);
	mail_free(d->mail);
	loop_free(d->loop);
	courier_close(d->courier);
	sock_unbind(d->control_descriptor);
	ports_free(d->ports);
	router_drop(d->router);
	arena_free(&d->arena);
}

int run_daemon(str dir)
{
	struct daemon d = { .dir = dir, .control_descriptor = -1 };
	struct fail why = { 0 };

	arena_init(&d.arena, ARENA_UNLIMITED);
	map_seed(clock_random());
	logger_setup(LOG_INFO, LOG_PLAIN);
	if (!load(&d, &why) || !prepare(&d, &why) || !serve(&d, &why)) {
		log_line(LOG_ERROR, "not-started", "%s", why.text);
		logger_flush();
		process_exit(why.kind == FAIL_TEMPORARY ? 75 : 1);
	}
	log_line(LOG_INFO, "stopped", "%s", d.stopped_clean ? "clean" : "cut off");
	logger_flush();
	if (!d.stopped_clean)
		process_exit(0);
	give_back(&d);
	return 0;
}
