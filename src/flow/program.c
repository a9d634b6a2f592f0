#include "flow/program.h"

#include <assert.h>

#include "base/buf.h"
#include "base/log.h"

#define PLACES_MAX 6

struct place {
	str name;     /* in braces */
	str variable; /* of the environment */
	str value;
};

static void fill_places(struct arena *a, const struct program_mail *mail, struct place to[])
{
	char id[LOG_ID_TEXT_MAX];
	str kept = arena_printf(a, "%s", log_id_print(mail->id, id));
	size_t n = 0;

	to[n++] = (struct place){ S("recipient"), S("RECIPIENT"), mail->recipient };
	to[n++] = (struct place){ S("sender"), S("SENDER"), mail->sender };
	to[n++] = (struct place){ S("nexthop"), S("NEXTHOP"), mail->nexthop };
	to[n++] = (struct place){ S("local"), S("LOCAL"), mail->local };
	to[n++] = (struct place){ S("domain"), S("DOMAIN"), mail->domain };
	to[n++] = (struct place){ S("id"), S("QUEUE_ID"), kept };
	assert(n == PLACES_MAX);
}

bool program_variable_known(str variable)
{
	struct place places[PLACES_MAX];
	struct arena a;
	bool known = false;
	str name;

	arena_init(&a, ARENA_UNLIMITED);
	fill_places(&a, &(struct program_mail){ 0 }, places);
	arena_free(&a);
	if (!str_cut(&variable, '=', &name))
		return false;
	for (size_t i = 0; i < PLACES_MAX; i++)
		known = known || str_eq(places[i].variable, name);
	return known;
}

static str place_value(const struct place *places, str name)
{
	for (size_t i = 0; i < PLACES_MAX; i++)
		if (str_eq(places[i].name, name))
			return places[i].value;
	return S(""); /* the configuration lets no other name in */
}

static bool fill_argument(
	struct arena *a, const struct place *places, str pattern, str *to, struct fail *why)
{
	bool begins_with_place = str_starts(pattern, S("{"));
	struct buf filled = { 0 };
	str before, name;

	while (str_cut(&pattern, '{', &before)) {
		buf_put(&filled, before);
		str_cut(&pattern, '}', &name);
		buf_put(&filled, place_value(places, name));
	}
	buf_put(&filled, before);
	*to = arena_printf(a, "%.*s", STR(buf_str(&filled)));
	buf_free(&filled);
	if (begins_with_place && str_starts(*to, S("-")))
		return fail_with(why, FAIL_PERMANENT, "5.1.3",
			"This address would be an option of the program that it leads to");
	return true;
}

static void fill_environment(
	struct arena *a, const struct place *places, struct courier_program *to)
{
	for (; to->environment_count < PLACES_MAX; to->environment_count++) {
		const struct place *p = &places[to->environment_count];

		to->environment[to->environment_count] =
			arena_printf(a, "%.*s=%.*s", STR(p->variable), STR(p->value));
	}
}

static str fields(struct arena *a, const struct conf_transport *t, const struct program_mail *mail)
{
	str head = S("");

	if (t->return_path == CONF_ON)
		head = arena_printf(a, "Return-Path: <%.*s>\r\n", STR(mail->sender));
	if (t->delivered_to == CONF_ON)
		head = arena_printf(
			a, "%.*sDelivered-To: %.*s\r\n", STR(head), STR(mail->recipient));
	return head;
}

/* The command of an alias, which is the next hop: as the file has it, nothing is filled in. */
static bool fill_alias(struct arena *a, const struct conf_transport *t,
	const struct program_mail *mail, struct courier_program *to, str *head)
{
	str rest = str_skip(mail->nexthop, 1), word;
	struct program_mail of_domain = *mail;
	struct place places[PLACES_MAX];

	of_domain.nexthop = mail->domain;
	fill_places(a, &of_domain, places);
	*to = (struct courier_program){ .run_ms_max = t->run_ms_max,
		.output_octets_max = t->output_octets_max };
	while (to->argument_count < COURIER_ARGUMENTS_MAX && str_word(&rest, &word))
		to->arguments[to->argument_count++] = word;
	fill_environment(a, places, to);
	*head = fields(a, t, mail);
	return true;
}

bool program_fill(struct arena *a, const struct conf_transport *t, const struct program_mail *mail,
	struct courier_program *to, str *head, struct fail *why)
{
	struct place places[PLACES_MAX];

	if (t->word_count == 0)
		return fill_alias(a, t, mail, to, head);
	fill_places(a, mail, places);
	*to = (struct courier_program){ .run_ms_max = t->run_ms_max,
		.output_octets_max = t->output_octets_max };
	for (; to->argument_count < t->word_count; to->argument_count++)
		if (!fill_argument(a, places, t->words[to->argument_count],
			    &to->arguments[to->argument_count], why))
			return false;
	fill_environment(a, places, to);
	*head = fields(a, t, mail);
	return true;
}
