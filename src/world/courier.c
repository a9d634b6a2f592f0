#include "world/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "world/courier_child.h"
#include "world/courier_frame.h"
#include "world/loop_event.h"
#include "world/pass.h"
#include "world/sock_inside.h"

struct courier {
	int control;          /* to the office */
	unsigned share;       /* children of one loop, at most */
	unsigned era;         /* of the configuration; atomic */
	pthread_mutex_t lock; /* of the list; a child itself belongs to its loop */
	struct list children;
};

/* A child process, seen from here: parcels go to it one after the other. */
struct child {
	struct list link;
	struct courier *courier;
	struct loop *loop;
	struct loop_hook end; /* the loop ends first */
	struct loop_timer timer;
	struct sock *sock;
	struct list parcels; /* the first one is in its hands */
	struct buf in;       /* an answer that is not whole yet */
	bool single;         /* it runs one program, and goes */
	unsigned era;        /* in which it was made */
	int64_t silent_ms;   /* then it is given up */
	char user[COURIER_USER_MAX + 1];
};

struct courier_parcel {
	struct list link;
	struct loop *loop;
	struct child *child;                   /* null: it never had one */
	const struct courier_handler *handler; /* null: it was dropped too late */
	void *owner;
	struct buf out; /* until its turn */
	bool begun, finished;
	bool looks;               /* courier_look: no message */
	struct loop_hook refusal; /* where there is no child */
	struct fail why;
};

/* --- children --- */

static void free_child(struct child *child)
{
	pthread_mutex_lock(&child->courier->lock);
	list_remove(&child->link);
	pthread_mutex_unlock(&child->courier->lock);
	list_remove(&child->end.link);
	loop_timer_cancel(child->loop, &child->timer);
	sock_close(child->sock);
	buf_free(&child->in);
	mem_free(child);
}

static void free_parcel(struct courier_parcel *p)
{
	list_remove(&p->link);
	list_remove(&p->refusal.link);
	buf_free(&p->out);
	mem_free(p);
}

static struct courier_parcel *in_hand(struct child *child)
{
	struct list *first = list_first(&child->parcels);

	return first ? AROUND(first, struct courier_parcel, link) : NULL;
}

static void end_parcel(struct courier_parcel *p, const struct fail *why)
{
	list_remove(&p->link);
	if (p->handler)
		p->handler->done(p->owner, why);
	free_parcel(p);
}

/* The process is gone, or as good as: so is every parcel that waits for it. */
static void lose_child(struct child *child, const struct fail *why)
{
	struct list left;

	list_init(&left);
	list_insert(&child->parcels, &left);
	list_remove(&child->parcels);
	free_child(child);
	while (!list_empty(&left))
		end_parcel(AROUND(list_first(&left), struct courier_parcel, link), why);
}

/* Whose move is it?  The child's while it has something to write or to sync; the owner's while the
 * parcel is open, and his deadlines are his own; nobody's without parcels. */
static void watch(struct child *child)
{
	struct courier_parcel *p = in_hand(child);
	int64_t now_ms = loop_now_ms(child->loop);

	if (!p)
		loop_timer_set(child->loop, &child->timer, now_ms + COURIER_IDLE_MS);
	else if (p->finished || sock_backlog(child->sock) > 0)
		loop_timer_set(child->loop, &child->timer, now_ms + child->silent_ms);
	else
		loop_timer_cancel(child->loop, &child->timer);
}

static void on_timer(struct loop_timer *timer)
{
	struct child *child = AROUND(timer, struct child, timer);
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.3.0", "the %s does not answer",
		child->single ? "courier of a program" : "disk of a Maildir");
	lose_child(child, &why);
}

/* --- parcels --- */

/* A frame for the child: at once, or when the parcel's turn comes. */
static void put_frame(struct courier_parcel *p, enum courier_word word, str bytes)
{
	char head[COURIER_FRAME_HEAD];

	courier_frame_head(word, bytes.n, head);
	if (p->begun) {
		sock_send(p->child->sock, str_from(head, sizeof head));
		sock_send(p->child->sock, bytes);
	} else {
		buf_put(&p->out, str_from(head, sizeof head));
		buf_put(&p->out, bytes);
	}
}

/* It knows only the configuration that was in force when it was made. */
static bool of_the_past(const struct child *child)
{
	return child->era != __atomic_load_n(&child->courier->era, __ATOMIC_RELAXED);
}

/* If the first of those that wait can be handed over, it is. */
static void begin_next(struct child *child)
{
	struct courier_parcel *p = in_hand(child);

	if (p && !p->begun) {
		p->begun = true;
		sock_send(child->sock, buf_str(&p->out));
		buf_free(&p->out);
	}
	watch(child);
}

/* What the child says: the end of the parcel in hand, or what was found. */
static bool understand(struct courier_parcel *p, enum courier_word word, str rest,
	enum courier_found *found, str *text, struct fail *why)
{
	*why = (struct fail){ 0 };
	if (p->looks && word == COURIER_FOUND)
		return courier_frame_read_found(rest, found, text);
	if (word != COURIER_ANSWER || !courier_frame_read_answer(rest, why))
		return false;
	return !p->looks || why->kind != FAIL_NONE;
}

static void end_look(struct courier_parcel *p, enum courier_found found, str text)
{
	if (p->handler)
		p->handler->looked(p->owner, found, text);
	free_parcel(p);
}

/* The answer to the parcel in hand.  Its owner may do anything in done, even what ends this child:
 * so that comes last. */
static bool take_answer(struct child *child)
{
	struct courier_parcel *p = in_hand(child);
	str left = buf_str(&child->in), rest, text;
	enum courier_found found;
	enum courier_word word;
	struct buf said;
	struct fail why;

	switch (courier_frame_take(&left, &word, &rest)) {
	case SCAN_MORE:
		return true;
	case SCAN_BAD:
		return false;
	case SCAN_DONE:
		break;
	}
	if (word == COURIER_GONE && courier_frame_read_answer(rest, &why) &&
		why.kind != FAIL_NONE) {
		lose_child(child, &why);
		return true;
	}
	if (left.n > 0 || !p || !p->finished || !understand(p, word, rest, &found, &text, &why))
		return false;
	said = child->in; /* text is in it, and the child may go */
	child->in = (struct buf){ .limit_octets = said.limit_octets };
	list_remove(&p->link);
	if (child->single || (of_the_past(child) && list_empty(&child->parcels)))
		free_child(child);
	else
		begin_next(child);
	if (word == COURIER_FOUND)
		end_look(p, found, text);
	else
		end_parcel(p, why.kind == FAIL_NONE && !why.text[0] ? NULL : &why);
	buf_free(&said);
	return true;
}

static size_t on_received(void *owner, str bytes)
{
	struct child *child = owner;
	struct fail why;

	if (!buf_add(&child->in, bytes) || !take_answer(child)) {
		fail_with(&why, FAIL_TEMPORARY, "4.3.0", "the courier is not understood");
		lose_child(child, &why);
	}
	return bytes.n;
}

static void on_drained(void *owner)
{
	struct child *child = owner;
	struct courier_parcel *p = in_hand(child);

	watch(child);
	if (p && p->begun && !p->finished && p->handler->writable)
		p->handler->writable(p->owner);
}

static void on_closed(void *owner, const struct fail *why)
{
	struct fail gone;

	(void)why;
	fail_with(&gone, FAIL_TEMPORARY, "4.3.0", "the courier has died");
	lose_child(owner, &gone);
}

static const struct sock_handler child_handler = {
	.received = on_received,
	.drained = on_drained,
	.closed = on_closed,
};

/* --- finding and starting a child --- */

/* The child of this user in this loop, for Maildirs; else how many the loop has, and one of them
 * without work. */
static struct child *find_child(
	struct courier *c, struct loop *loop, str user, size_t *count, struct child **idle)
{
	struct child *found = NULL;

	*count = 0;
	*idle = NULL;
	pthread_mutex_lock(&c->lock);
	LIST_EACH (link, &c->children) {
		struct child *child = AROUND(link, struct child, link);

		if (child->loop != loop)
			continue;
		++*count;
		if (child->single)
			continue;
		if (list_empty(&child->parcels))
			*idle = child;
		if (str_eq(str_of(child->user), user) && !of_the_past(child))
			found = child;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* Tell the office whose child is wanted, and give it its end of the stream. */
static bool order_child(int control, bool single, str user, int descriptor)
{
	char name[COURIER_USER_MAX + 1] = { single ? COURIER_CHILD_RUNS : COURIER_CHILD_WRITES };

	str_to_c(user, name + 1, sizeof name - 1);
	return pass_send(control, str_from(name, user.n + 1), descriptor, 0);
}

static void on_loop_end(struct loop_hook *hook)
{
	struct child *child = AROUND(hook, struct child, end);

	while (!list_empty(&child->parcels))
		free_parcel(in_hand(child));
	free_child(child);
}

static struct child *start_child(
	struct courier *c, struct loop *loop, bool single, str user, struct fail *why)
{
	unsigned era = __atomic_load_n(&c->era, __ATOMIC_RELAXED); /* before the office looks */
	struct child *child;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot send a courier: %s",
			strerrordesc_np(errno));
		return NULL;
	}
	if (!order_child(c->control, single, user, ends[1])) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot send a courier: %s",
			strerrordesc_np(errno));
		close(ends[0]);
		close(ends[1]);
		return NULL;
	}
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK); /* ours; the child's own waits */
	child = MEM_NEW(struct child);
	child->courier = c;
	child->era = era;
	child->single = single;
	child->silent_ms = COURIER_SILENT_MS;
	child->loop = loop;
	child->sock = sock_adopt(loop, ends[0], &child_handler, child);
	child->timer.run = on_timer;
	child->in.limit_octets = COURIER_FRAME_HEAD + COURIER_FRAME_MAX;
	list_init(&child->parcels);
	list_init(&child->end.link);
	child->end.run = on_loop_end;
	loop_at_end(loop, &child->end);
	str_to_c(user, child->user, sizeof child->user);
	pthread_mutex_lock(&c->lock);
	list_append(&c->children, &child->link);
	pthread_mutex_unlock(&c->lock);
	return child;
}

static struct child *child_for(
	struct courier *c, struct loop *loop, bool single, str user, struct fail *why)
{
	size_t count;
	struct child *idle, *child = find_child(c, loop, user, &count, &idle);

	if (child && !single)
		return child;
	if (user.n >= COURIER_USER_MAX || str_has(user, '\0')) {
		fail_with(why, FAIL_TEMPORARY, "4.3.5", "no name of a user: %.*s", STR(user));
		return NULL;
	}
	if (count >= c->share && !idle) {
		fail_with(
			why, FAIL_TEMPORARY, "4.3.0", "too many couriers are on their way already");
		return NULL;
	}
	if (count >= c->share)
		free_child(idle);
	return start_child(c, loop, single, user, why);
}

/* --- what owners call --- */

static void on_refusal(struct loop_hook *hook)
{
	struct courier_parcel *p = AROUND(hook, struct courier_parcel, refusal);

	end_parcel(p, &p->why);
}

static struct courier_parcel *parcel_new(
	struct loop *loop, const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = MEM_NEW(struct courier_parcel);

	p->loop = loop;
	p->handler = handler;
	p->owner = owner;
	list_init(&p->link);
	list_init(&p->refusal.link);
	p->refusal.run = on_refusal;
	return p;
}

static struct child *accept_parcel(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str head, struct fail *why)
{
	if (!courier_frame_path_good(path)) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "no path of a Maildir: %.*s", STR(path));
		return NULL;
	}
	if (head.n > COURIER_HEAD_MAX) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "the fields for the Maildir are too long");
		return NULL;
	}
	return child_for(c, loop, false, whom->user, why);
}

/* The first bytes of every order. */
static bool put_whom(const struct courier_whom *whom, struct buf *to, struct fail *why)
{
	return courier_frame_write_whom(whom, to) ||
	       fail_with(why, FAIL_TEMPORARY, "4.3.0", "no address for a courier: %.*s",
		       STR(whom->address));
}

static struct courier_parcel *send_parcel(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str sender, str head, enum courier_word word,
	const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = parcel_new(loop, handler, owner);
	struct buf begin = { 0 };

	if (put_whom(whom, &begin, &p->why))
		p->child = accept_parcel(c, loop, whom, path, head, &p->why);
	if (!p->child) {
		buf_free(&begin);
		loop_soon(loop, &p->refusal);
		return p;
	}
	buf_put(&begin, path);
	buf_put_char(&begin, '\0');
	if (word == COURIER_APPEND) {
		buf_put(&begin, sender);
		buf_put_char(&begin, '\0');
	}
	buf_put(&begin, head);
	put_frame(p, word, buf_str(&begin));
	buf_free(&begin);
	list_append(&p->child->parcels, &p->link);
	begin_next(p->child);
	return p;
}

struct courier_parcel *courier_append(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str sender, str head,
	const struct courier_handler *handler, void *owner)
{
	return send_parcel(c, loop, whom, path, sender, head, COURIER_APPEND, handler, owner);
}

struct courier_parcel *courier_send(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str head, const struct courier_handler *handler,
	void *owner)
{
	return send_parcel(c, loop, whom, path, S(""), head, COURIER_BEGIN, handler, owner);
}

struct courier_parcel *courier_look(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str extension, const struct courier_handler *handler,
	void *owner)
{
	struct courier_parcel *p = parcel_new(loop, handler, owner);
	struct buf order = { 0 };

	p->looks = true;
	if (put_whom(whom, &order, &p->why))
		p->child = child_for(c, loop, false, whom->user, &p->why);
	if (p->child) {
		if (courier_frame_extension_good(extension))
			buf_put(&order, extension);
		put_frame(p, COURIER_LOOK, buf_str(&order));
		p->finished = true;
		list_append(&p->child->parcels, &p->link);
		begin_next(p->child);
	} else {
		loop_soon(loop, &p->refusal);
	}
	buf_free(&order);
	return p;
}

static bool put_run(const struct courier_whom *whom, const struct courier_program *program,
	str head, struct buf *to, struct fail *why)
{
	return put_whom(whom, to, why) &&
	       (courier_frame_write_program(program, head, to) ||
		       fail_with(why, FAIL_TEMPORARY, "4.3.5", "this program cannot be run"));
}

struct courier_parcel *courier_run(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, const struct courier_program *program, str head,
	const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = parcel_new(loop, handler, owner);
	struct buf run = { 0 };

	if (put_run(whom, program, head, &run, &p->why))
		p->child = child_for(c, loop, true, whom->user, &p->why);
	if (p->child) {
		/* the child ends it in time; this is for one that cannot */
		p->child->silent_ms = program->run_ms_max + COURIER_SILENT_MS;
		put_frame(p, COURIER_RUN, buf_str(&run));
		list_append(&p->child->parcels, &p->link);
		begin_next(p->child);
	} else {
		loop_soon(loop, &p->refusal);
	}
	buf_free(&run);
	return p;
}

void courier_write(struct courier_parcel *p, str bytes)
{
	while (p->child && bytes.n > 0) {
		put_frame(p, COURIER_DATA, str_first(bytes, COURIER_FRAME_MAX));
		bytes = str_skip(bytes, COURIER_FRAME_MAX);
	}
	if (p->child)
		watch(p->child);
}

void courier_finish(struct courier_parcel *p)
{
	if (!p->child)
		return;
	p->finished = true;
	put_frame(p, COURIER_FINISH, S(""));
	watch(p->child);
}

void courier_drop(struct courier_parcel *p)
{
	struct child *child = p->child;

	if (p->begun && p->finished) {
		p->handler = NULL; /* its answer will come, and mean nothing */
		return;
	}
	if (p->begun && !child->single)
		put_frame(p, COURIER_DROP, S(""));
	free_parcel(p);
	if (child && child->single)
		free_child(child); /* which hears the end of the stream, and kills the program */
	else if (child)
		begin_next(child);
}

void courier_renew(struct courier *c)
{
	if (c)
		__atomic_add_fetch(&c->era, 1, __ATOMIC_RELAXED);
}

struct courier *courier_open(int control, unsigned loops)
{
	struct courier *c = MEM_NEW(struct courier);

	c->control = control;
	c->share = COURIER_CHILDREN_MAX / (loops > 0 ? loops : 1);
	if (c->share > COURIER_SHARE_MAX)
		c->share = COURIER_SHARE_MAX;
	if (c->share == 0)
		c->share = 1;
	pthread_mutex_init(&c->lock, NULL);
	list_init(&c->children);
	return c;
}

void courier_close(struct courier *c)
{
	if (!c)
		return;
	close(c->control);
	pthread_mutex_destroy(&c->lock);
	mem_free(c);
}
