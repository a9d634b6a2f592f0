#include "daemon/privilege.h"

#include <string.h>

#include "world/file.h"
#include "world/pass.h"

_Static_assert(sizeof(struct privilege_question) <= PASS_OCTETS_MAX, "a question is one message");
_Static_assert(sizeof(struct privilege_answer) <= PASS_OCTETS_MAX, "an answer is one message");

static int parent = -1;

bool privilege_read(str bytes, struct privilege_question *q)
{
	if (bytes.n != sizeof *q)
		return false;
	memcpy(q, bytes.p, sizeof *q);
	return (unsigned)q->word < PRIVILEGE_WORDS &&
	       memchr(q->text, '\0', sizeof q->text) != NULL &&
	       memchr(q->at.path, '\0', sizeof q->at.path) != NULL;
}

static bool answers(str question, str answer)
{
	const struct privilege_question *q = (const void *)question.p;
	uint32_t number;

	if (answer.n != sizeof(struct privilege_answer))
		return false;
	memcpy(&number, answer.p + offsetof(struct privilege_answer, number), sizeof number);
	return number == q->number;
}

/* The descriptor that came with the answer, or -1; false: a->why. */
static bool ask(struct privilege_question *q, struct privilege_answer *a, int *descriptor)
{
	static uint32_t number;
	char bytes[PASS_OCTETS_MAX];
	str got;

	q->number = __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
	if (!pass_ask(parent, str_from((const char *)q, sizeof *q), bytes, &got, descriptor,
		    answers, PRIVILEGE_WAIT_MS))
		return fail_with(&a->why, FAIL_TEMPORARY, "4.3.0", "the parent does not answer");
	memcpy(a, got.p, sizeof *a);
	return a->why.kind == FAIL_NONE;
}

static int ask_descriptor(struct privilege_question *q, struct fail *why)
{
	struct privilege_answer a;
	int descriptor;

	if (!ask(q, &a, &descriptor) && why)
		*why = a.why;
	return descriptor;
}

static int open_file(const char *path, struct fail *why)
{
	struct privilege_question q = { .word = PRIVILEGE_OPEN };

	if (strlen(path) >= sizeof q.text) {
		fail_with(why, FAIL_PERMANENT, "5.3.0", "%s: too long", path);
		return -1;
	}
	memcpy(q.text, path, strlen(path));
	return ask_descriptor(&q, why);
}

void privilege_of(int socket)
{
	parent = socket;
	file_opener(open_file);
}

int privilege_bind(const struct endpoint *at, struct fail *why)
{
	struct privilege_question q = { .word = PRIVILEGE_BIND, .at = *at };

	return ask_descriptor(&q, why);
}

void privilege_release(const struct endpoint *at)
{
	struct privilege_question q = { .word = PRIVILEGE_RELEASE, .at = *at };

	ask_descriptor(&q, NULL);
}

struct ip *privilege_addresses(struct arena *arena, size_t *count)
{
	struct privilege_question q = { .word = PRIVILEGE_ADDRESSES };
	struct privilege_answer a;
	struct ip *addresses;
	int none;

	*count = ask(&q, &a, &none) ? a.count : 0;
	addresses = arena_alloc(arena, (*count + 1) * sizeof *addresses);
	memcpy(addresses, a.addresses, *count * sizeof *addresses);
	return addresses;
}

size_t privilege_processes(struct status_process to[STATUS_PROCESSES_MAX])
{
	struct privilege_question q = { .word = PRIVILEGE_PROCESSES };
	struct privilege_answer a;
	int none;

	if (!ask(&q, &a, &none))
		return 0;
	memcpy(to, a.processes, a.count * sizeof *to);
	return a.count;
}

void privilege_ready(const char *walls)
{
	struct privilege_question q = { .word = PRIVILEGE_READY };

	str_to_c(str_of(walls), q.text, sizeof q.text);
	(void)!pass_send(parent, str_from((const char *)&q, sizeof q), -1, PRIVILEGE_WAIT_MS);
}

bool privilege_alive(void)
{
	return pass_alive(parent);
}
