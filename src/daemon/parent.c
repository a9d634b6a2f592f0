#include "daemon/parent.h"

#include "admin/generation.h"
#include "base/log.h"
#include "daemon/control.h"
#include "daemon/mail.h"
#include "daemon/parent_inside.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/hand.h"
#include "world/logger.h"
#include "world/pass.h"
#include "world/process.h"

#define DEFAULT_USER "facteur"
#define END_MS_MAX (MAIL_STOP_MS_MAX + 10000) /* for mail to stop, or for the others to end */

#define MAY(word) (1U << PRIVILEGE_##word)

/* clang-format off */
static const struct parent_role roles[PARENT_MEMBERS] = {
	[PARENT_COURIER] = { "courier", MAY(READY) },
	[PARENT_VAULT] = { "vault", MAY(OPEN) | MAY(READY) },
	[PARENT_MAIL] = { "mail", MAY(BIND) | MAY(RELEASE) | MAY(OPEN) | MAY(ADDRESSES) |
		MAY(PROCESSES) | MAY(READY) },
};
/* clang-format on */

/* It is about to die: that comes by another way. */
static void on_gone(void *owner)
{
	(void)owner;
}

static void on_question(void *owner, str bytes, int *descriptor)
{
	(void)descriptor;
	parent_answer(owner, bytes);
}

static const struct pass_handler questions = { .received = on_question, .gone = on_gone };

/* --- their lives -------------------------------------------------------------------------------
 */

static void on_end(void *owner, const struct child_end *how);

static void close_member(struct parent_member *m)
{
	pass_watch_free(m->watch);
	pass_close(m->socket);
	m->watch = NULL;
	m->socket = -1;
}

/* mail has its ends of all links, in their order, and the page of world/hand; each of the others
 * its own end. */
static void hand_out(struct parent_member *m, struct child_setup *setup)
{
	struct parent *p = m->parent;
	size_t self = (size_t)(m - p->members);

	for (size_t i = 0; i < LENGTH(p->links); i++)
		if (self == PARENT_MAIL)
			setup->descriptors[setup->descriptor_count++] = p->links[i][0];
		else if (self == i)
			setup->descriptors[setup->descriptor_count++] = p->links[i][1];
	if (self == PARENT_MAIL)
		setup->descriptors[setup->descriptor_count++] = p->hand;
}

static bool start_member(struct parent_member *m, struct fail *why)
{
	struct parent *p = m->parent;
	int ends[2];
	struct child_setup setup = {
		.words = {S("process"), str_of(m->role->name), p->user, S("-c"), p->dir},
		.word_count = 5,
		.descriptor_count = 1,
	};

	if (!pass_pair(ends, why))
		return false;
	setup.descriptors[0] = ends[1];
	hand_out(m, &setup);
	if (m == &p->members[PARENT_MAIL])
		for (size_t i = 0; i < p->port_count; i++)
			p->ports[i].asked = false;
	m->child = child_start(p->loop, &setup, on_end, m, why);
	pass_close(ends[1]);
	m->socket = ends[0];
	m->ready = false;
	m->walls[0] = '\0';
	m->since_ms = clock_wall_ms();
	if (m->child)
		m->watch = pass_watch(p->loop, ends[0], &questions, m);
	else
		close_member(m);
	return m->child != NULL;
}

static void start_again(struct loop_timer *timer)
{
	struct parent_member *m = AROUND(timer, struct parent_member, again);
	struct fail why;

	m->restarts++;
	if (start_member(m, &why))
		return;
	log_line(LOG_ERROR, "not-started", "%s: %s", m->role->name, why.text);
	loop_timer_set(
		m->parent->loop, &m->again, loop_now_ms(m->parent->loop) + PARENT_AGAIN_MS_MAX);
}

static void plan_again(struct parent_member *m)
{
	struct loop *l = m->parent->loop;

	if (clock_wall_ms() - m->since_ms >= PARENT_STEADY_MS || m->again_ms == 0)
		m->again_ms = PARENT_AGAIN_MS_MIN;
	loop_timer_set(l, &m->again, loop_now_ms(l) + m->again_ms);
	m->again_ms *= 2;
	if (m->again_ms > PARENT_AGAIN_MS_MAX)
		m->again_ms = PARENT_AGAIN_MS_MAX;
}

static void close_links(struct parent *p)
{
	for (size_t i = 0; i < LENGTH(p->links); i++) {
		pass_close(p->links[i][0]);
		pass_close(p->links[i][1]);
		p->links[i][0] = p->links[i][1] = -1;
	}
}

static bool open_links(struct parent *p, struct fail *why)
{
	for (size_t i = 0; i < LENGTH(p->links); i++)
		if (!pass_pair(p->links[i], why))
			return false;
	return true;
}

/* mail has ended: the others end with their sockets. */
static void end_rest(struct parent *p)
{
	bool any = false;

	p->ending = true;
	close_links(p);
	for (size_t i = 0; i < PARENT_MEMBERS; i++) {
		loop_timer_cancel(p->loop, &p->members[i].again);
		close_member(&p->members[i]);
		any |= p->members[i].child != NULL;
	}
	loop_timer_set(p->loop, &p->patience, loop_now_ms(p->loop) + END_MS_MAX);
	if (!any)
		loop_stop(p->loop);
}

static void look_for_the_end(struct parent *p)
{
	for (size_t i = 0; i < PARENT_MEMBERS; i++)
		if (p->members[i].child)
			return;
	loop_stop(p->loop);
}

static void on_end(void *owner, const struct child_end *how)
{
	struct parent_member *m = owner;
	struct parent *p = m->parent;
	bool mail = m == &p->members[PARENT_MAIL];
	bool told = mail && !how->killed && (how->code == 0 || !m->was_ready || p->stopping);

	m->child = NULL;
	close_member(m);
	if (mail)
		hand_died(how->crashed);
	if (p->ending) {
		look_for_the_end(p);
		return;
	}
	if (!told) {
		log_line(LOG_ERROR, "process-died", "%s: %s", m->role->name, how->text);
		logger_flush();
	}
	if (told || (mail && p->stopping)) {
		p->code = how->killed ? 1 : how->code;
		end_rest(p);
	} else {
		plan_again(m);
	}
}

/* --- orders ------------------------------------------------------------------------------------
 */

static void lost_patience(struct loop_timer *timer)
{
	struct parent *p = AROUND(timer, struct parent, patience);

	for (size_t i = 0; i < PARENT_MEMBERS; i++)
		if (p->members[i].child && (p->ending || i == PARENT_MAIL)) {
			log_line(LOG_WARNING, "killed", "%s does not end", roles[i].name);
			child_order(p->members[i].child, CHILD_KILL);
		}
}

static void stop(struct parent *p)
{
	struct parent_member *mail = &p->members[PARENT_MAIL];

	if (p->stopping)
		return;
	p->stopping = true;
	process_notify("STOPPING=1");
	loop_timer_set(p->loop, &p->patience, loop_now_ms(p->loop) + END_MS_MAX);
	if (!mail->child)
		end_rest(p);
	else if (mail->ready)
		child_order(mail->child, CHILD_STOP);
}

static void on_signal(void *owner, enum process_signal signal)
{
	struct parent *p = owner;
	struct parent_member *mail = &p->members[PARENT_MAIL];

	switch (signal) {
	case PROCESS_STOP:
		stop(p);
		return;
	case PROCESS_RELOAD:
		if (mail->child && mail->ready)
			child_order(mail->child, CHILD_RELOAD);
		return;
	}
}

/* --- the start ---------------------------------------------------------------------------------
 */

/* The first time there is nothing compiled yet. */
static bool compile_first(struct parent *p, struct fail *why)
{
	struct generation_report report = { 0 };
	bool compiled = file_exists(file_path(&p->arena, p->dir, S("current"))) ||
			generation_compile(p->dir, &report);

	if (!compiled) {
		process_print_error(buf_str(&report.lines));
		*why = report.why;
		if (why->kind == FAIL_NONE)
			fail_with(why, FAIL_PERMANENT, "5.3.5", "the configuration was refused");
	}
	generation_report_free(&report);
	return compiled;
}

/* Who to become: nobody when we are not root, or when the default user was never made. */
static str user_to_be(const struct conf *conf)
{
	struct fail why;

	if (!process_is_root())
		return S("");
	if (str_eq(conf->user, S(DEFAULT_USER)) && !process_user_exists(conf->user, &why) &&
		why.kind == FAIL_PERMANENT) {
		log_line(LOG_WARNING, "runs-as-root",
			"there is no user %s: the daemon keeps root's rights (make install makes "
			"the user, or the word \"user\" names another)",
			DEFAULT_USER);
		return S("");
	}
	return conf->user;
}

static bool make_folders(const struct conf *conf, str user, struct fail *why)
{
	const str folders[] = { conf->spool_dir, conf->state_dir, conf->run_dir };

	for (size_t i = 0; i < LENGTH(folders); i++) {
		if (!file_make_folder(folders[i], i == 2 ? 0755 : 0700, why))
			return false;
		if (user.n > 0 && !process_give(folders[i], user, why))
			return false;
	}
	return true;
}

static bool prepare(struct parent *p, struct fail *why)
{
	struct conf *c = compile_first(p, why) ? generation_conf(p->dir, why) : NULL;
	bool prepared;

	if (!c)
		return false;
	logger_setup(c->log_level, c->log_format);
	p->user = arena_copy(&p->arena, user_to_be(c));
	prepared = make_folders(c, p->user, why) && control_at(c, &p->control, why) &&
		   open_links(p, why);
	conf_drop(c);
	p->hand = prepared ? hand_make(why) : -1;
	if (p->hand < 0)
		return false;
	hand_of(p->hand);
	return prepared;
}

static bool start(struct parent *p, struct fail *why)
{
	p->loop = loop_new("parent");
	p->patience.run = lost_patience;
	process_files_max();
	process_signals(p->loop, on_signal, p);
	for (size_t i = 0; i < PARENT_MEMBERS; i++) {
		p->members[i] = (struct parent_member){
			.parent = p, .role = &roles[i], .socket = -1, .again.run = start_again
		};
		if (!start_member(&p->members[i], why))
			return false;
	}
	return true;
}

int parent_run(str dir)
{
	struct parent p = {
		.dir = dir, .links = {{ -1, -1 }, { -1, -1 }}
	};
	struct fail why = { 0 };

	arena_init(&p.arena, ARENA_UNLIMITED);
	logger_setup(LOG_INFO, LOG_PLAIN);
	if (!prepare(&p, &why) || !start(&p, &why)) {
		log_line(LOG_ERROR, "not-started", "%s", why.text);
		logger_flush();
		process_exit(why.kind == FAIL_TEMPORARY ? 75 : 1);
	}
	logger_flush();
	loop_run(p.loop);
	loop_timer_cancel(p.loop, &p.patience);
	while (p.port_count > 0)
		parent_answer_close(&p, &p.ports[0]);
	loop_free(p.loop);
	signing_paths_free(p.signing);
	conf_drop(p.conf);
	arena_free(&p.arena);
	return p.code;
}
