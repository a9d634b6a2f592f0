#include "daemon/run.h"

#include "admin/generation.h"
#include "admin/json.h"
#include "admin/destination.h"
#include "admin/queue.h"
#include "admin/rows.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sanitized.h"
#include "conf/restart.h"
#include "daemon/control.h"
#include "daemon/mail.h"
#include "daemon/ports.h"
#include "daemon/privilege.h"
#include "daemon/walls.h"
#include "world/child.h"
#include "world/hand.h"
#include "world/logger.h"
#include "world/process.h"
#include "world/sock.h"
#include "world/vault.h"

#define LOOK_MS 1000

struct daemon {
	str dir;
	struct arena arena;
	struct router *router;
	struct router *first; /* that of the start */
	struct identities *identities;
	struct ports *ports;
	struct courier *courier;
	struct loop *loop;
	struct mail *mail;
	int control_descriptor;
	char walls[SANDBOX_WORDS_MAX];
	struct control *control;
	struct rows_watch *rows;
	struct loop_timer every_second, certificates;
	bool reloading, stopping, stopped_clean;
	bool broken; /* it stops because it cannot go on: who starts it must start it anew */
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

/* Serve them from now on; ports_want has been asked.  Takes both references. */
static void serve_router(struct daemon *d, struct router *router, struct identities *identities)
{
	struct mail_setup setup = { .router = router, .identities = identities };

	setup.ports = ports_wanted(d->ports, &setup.port_count);
	setup.own = d->own;
	setup.own_count = d->own_count;
	d->reloading = true;
	mail_reload(d->mail, &setup, reload_over, d);
	router_drop(d->router);
	identities_drop(d->identities);
	d->router = router;
	d->identities = identities;
}

static void look_at_rows(struct daemon *d)
{
	struct router *router;

	if (d->reloading || d->stopping)
		return;
	router = rows_watch_look(d->rows, d->router);
	if (router)
		serve_router(d, router, identities_keep(d->identities));
}

static void look_at_certificates(struct loop_timer *timer)
{
	struct daemon *d = AROUND(timer, struct daemon, certificates);
	struct identities *renewed = NULL;

	loop_timer_set(d->loop, timer, loop_now_ms(d->loop) + IDENTITIES_LOOK_MS);
	if (!d->reloading && !d->stopping)
		renewed = identities_look(d->identities, router_conf(d->router));
	if (renewed)
		serve_router(d, router_keep(d->router), renewed);
}

static void watch_rows(struct daemon *d)
{
	rows_watch_free(d->rows);
	d->rows = rows_watch_new(d->router);
}

/* What was changed, and a reload does not change. */
static void say_restart(struct daemon *d, struct buf *words)
{
	conf_restart_words(router_conf(d->first), router_conf(d->router), words);
	if (buf_str(words).n > 0)
		log_line(LOG_WARNING, "needs-restart", "%.*s", STR(buf_str(words)));
}

/* restart: gets the words that wait for a new start. */
static bool reload(struct daemon *d, struct buf *restart, struct fail *why)
{
	struct router *router;
	struct identities *identities;
	const struct conf *conf;

	if (d->stopping)
		return fail_with(why, FAIL_TEMPORARY, "", "the server is about to stop");
	if (d->reloading)
		return fail_with(why, FAIL_TEMPORARY, "", "a reload is going on already");
	router = generation_load(d->dir, why);
	if (!router)
		return false;
	conf = router_conf(router);
	identities = identities_load(conf, d->identities, why);
	if (!identities || !ports_want(d->ports, conf, why)) {
		identities_drop(identities);
		router_drop(router);
		return false;
	}
	logger_setup(conf->log_level, conf->log_format);
	/* the former ones stay in the arena: somebody may look at them until he has the new ones */
	d->own = ports_reached(d->ports, &d->arena, &d->own_count);
	serve_router(d, router, identities);
	watch_rows(d);
	say_restart(d, restart);
	log_line(LOG_INFO, "reloaded", "generation %u", conf->generation);
	return true;
}

static void stopped(void *owner, bool clean)
{
	struct daemon *d = owner;

	d->stopped_clean = clean;
	loop_stop(d->loop);
}

static void deaf(void *owner)
{
	struct daemon *d = owner;

	ports_close_all(d->ports);
}

static void stop(struct daemon *d)
{
	log_line(LOG_INFO, "stopping", "no new mail; what was promised is finished first");
	d->stopping = true;
	mail_stop(d->mail, deaf, stopped, d);
}

/* What only a new start mends ends us: until then no delivery could be written down. */
static void look_whether_broken(struct daemon *d)
{
	const char *why = mail_fenced(d->mail) ? "a sync of the spool has failed"
			  : !privilege_alive() ? "the parent has gone"
					       : NULL;

	if (!why || d->stopping)
		return;
	d->broken = true;
	log_line(LOG_ERROR, "broken", "%s: this process ends, to be started anew", why);
	stop(d);
}

static void second_passed(struct loop_timer *timer)
{
	struct daemon *d = AROUND(timer, struct daemon, every_second);

	loop_timer_set(d->loop, timer, loop_now_ms(d->loop) + LOOK_MS);
	look_at_rows(d);
	look_whether_broken(d);
}

static void on_signal(void *owner, enum process_signal signal)
{
	struct daemon *d = owner;
	struct buf restart = { 0 };
	struct fail why;

	switch (signal) {
	case PROCESS_STOP:
		stop(d);
		return;
	case PROCESS_RELOAD:
		if (!reload(d, &restart, &why))
			log_line(LOG_ERROR, "not-reloaded", "%s", why.text);
		buf_free(&restart);
		return;
	}
}

static void print_reloaded(unsigned generation, str restart, struct buf *out)
{
	json_t *o = json_object();

	json_put_bool(o, "reloaded", true);
	json_put_int(o, "generation", generation);
	if (restart.n > 0)
		json_put_str(o, "needs_restart", restart);
	json_print(o, out);
}

static int answer_reload(struct daemon *d, bool json, struct buf *out)
{
	struct buf restart = { 0 };
	struct fail why;
	bool done = reload(d, &restart, &why);
	unsigned generation = router_conf(d->router)->generation;

	if (!done && json)
		json_print_why(str_of(why.text), out);
	else if (!done)
		buf_putf(out, "%s\n", why.text);
	else if (json)
		print_reloaded(generation, buf_str(&restart), out);
	else
		buf_putf(out, "generation %u is served\n", generation);
	if (done && !json && buf_str(&restart).n > 0)
		buf_putf(out, "but this holds from the next start on: %.*s\n",
			STR(buf_str(&restart)));
	buf_free(&restart);
	return done ? 0 : 1;
}

/* For tests: whoever works on this message dies of it. */
static int answer_crash_at(str word, struct buf *out)
{
	uint64_t id;

	if (!log_id_parse(word, &id)) {
		buf_put(out, S("that is no id\n"));
		return 2;
	}
	hand_trap(id);
	return 0;
}

static int answer(void *owner, const str *words, size_t count, bool json, struct buf *out)
{
	struct daemon *d = owner;
	struct status status;

	if (count == 1 && str_eq(words[0], S("status"))) {
		mail_status(d->mail, &status);
		status.process_count = privilege_processes(status.processes);
		status_print(&status, json, out);
		return 0;
	}
	if (count == 1 && str_eq(words[0], S("walls")))
		return walls_command(router_conf(d->router), json, out);
	if (BASE_SANITIZED && count == 2 && str_eq(words[0], S("crash-at")))
		return answer_crash_at(words[1], out);
	if (count == 1 && str_eq(words[0], S("reload")))
		return answer_reload(d, json, out);
	if (count == 1 && str_eq(words[0], S("stop"))) {
		buf_put(out, json ? S("{\"stopping\": true}\n") : S("stopping\n"));
		stop(d);
		return 0;
	}
	buf_put(out, S("the daemon does not know that order\n"));
	return 2;
}

static bool talk(void *owner, struct talk *t, const str *words, size_t count, bool json)
{
	struct daemon *d = owner;

	if (count >= 1 && str_eq(words[0], S("queue")))
		queue_talk(mail_dispatch(d->mail), t, words + 1, count - 1, json);
	else if (count >= 1 && str_eq(words[0], S("destination")))
		destination_talk(mail_dispatch(d->mail), t, words + 1, count - 1, json);
	else
		return false;
	return true;
}

static const struct control_answers answers = { .request = answer, .talk = talk };

/* --- the start ---------------------------------------------------------------------------------
 */

static bool load(struct daemon *d, struct fail *why)
{
	d->router = generation_load(d->dir, why);
	if (!d->router)
		return false;
	logger_setup(router_conf(d->router)->log_level, router_conf(d->router)->log_format);
	return true;
}

static bool open_control(struct daemon *d, struct fail *why)
{
	struct endpoint at;

	if (!control_at(router_conf(d->router), &at, why))
		return false;
	d->control_descriptor = privilege_bind(&at, why);
	return d->control_descriptor >= 0;
}

/* The committer, the scheduler, the resolver and the neighbours on the machine want to run, too:
 * with as many workers as cores, each of them is woken more often, for less. */
static unsigned worker_count(const struct conf *conf)
{
	return conf->workers ? conf->workers : (process_cores() + 1) / 2;
}

static bool prepare(struct daemon *d, struct fail *why)
{
	const struct conf *conf = router_conf(d->router);

	d->ports = ports_new();
	if (!ports_want(d->ports, conf, why) || !open_control(d, why))
		return false;
	d->own = ports_reached(d->ports, &d->arena, &d->own_count);
	d->identities = identities_load(conf, NULL, NULL);
	d->courier = courier_open(RUN_COURIER, worker_count(conf));
	return walls_around_mail(conf, d->walls, why);
}

static bool serve(struct daemon *d, struct fail *why)
{
	const struct conf *conf = router_conf(d->router);
	struct mail_setup setup = { .router = d->router,
		.identities = d->identities,
		.courier = d->courier,
		.own = d->own,
		.own_count = d->own_count,
		.workers = worker_count(conf) };

	d->first = router_keep(d->router);
	d->loop = setup.loop = loop_new("main");
	loop_gathers(d->loop);
	setup.ports = ports_wanted(d->ports, &setup.port_count);
	process_signals(d->loop, on_signal, d);
	d->mail = mail_start(&setup, why);
	if (!d->mail)
		return false;
	watch_rows(d);
	d->every_second.run = second_passed;
	loop_timer_set(d->loop, &d->every_second, loop_now_ms(d->loop) + LOOK_MS);
	d->certificates.run = look_at_certificates;
	loop_timer_set(d->loop, &d->certificates, loop_now_ms(d->loop) + IDENTITIES_LOOK_MS);
	d->control = control_new(d->loop, d->control_descriptor, &answers, d);
	log_line(LOG_INFO, "ready", "%.*s serves generation %u with %u worker%s",
		STR(conf->hostname.text), conf->generation, setup.workers,
		setup.workers == 1 ? "" : "s");
	logger_flush();
	privilege_ready(d->walls);
	loop_run(d->loop);
	return true;
}

/* Only after a clean stop: everything is given back, so that leaks show in tests. */
static void give_back(struct daemon *d)
{
	control_free(d->control);
	loop_timer_cancel(d->loop, &d->every_second);
	loop_timer_cancel(d->loop, &d->certificates);
	rows_watch_free(d->rows);
	mail_free(d->mail);
	loop_free(d->loop);
	courier_close(d->courier);
	sock_unbind(d->control_descriptor);
	ports_free(d->ports);
	router_drop(d->first);
	router_drop(d->router);
	identities_drop(d->identities);
	arena_free(&d->arena);
}

int run_mail(str dir, str user)
{
	struct daemon d = { .dir = dir, .control_descriptor = -1 };
	struct fail why = { 0 };

	arena_init(&d.arena, ARENA_UNLIMITED);
	child_settle("facteur-mail");
	privilege_of(RUN_PARENT);
	vault_of(RUN_VAULT);
	hand_of(RUN_HAND);
	logger_setup(LOG_INFO, LOG_PLAIN);
	if ((user.n > 0 && !process_become(user, &why)) || !load(&d, &why) || !prepare(&d, &why) ||
		!serve(&d, &why)) {
		log_line(LOG_ERROR, "not-started", "%s", why.text);
		logger_flush();
		process_exit(why.kind == FAIL_TEMPORARY ? 75 : 1);
	}
	log_line(LOG_INFO, "stopped", "%s", d.stopped_clean ? "clean" : "cut off");
	logger_flush();
	if (!d.stopped_clean)
		process_exit(d.broken);
	give_back(&d);
	return d.broken;
}
