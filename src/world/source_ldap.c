/*
 * world/source_ldap - an LDAP directory, over libldap                                  RFC 4511
 *
 * A result is waited for up to the deadline; libldap's own timeouts bound the rest.
 */
#include <limits.h>
#include <sys/time.h>

#include <ldap.h>

#include "base/mem.h"
#include "world/source_inside.h"

#define PLACES_MAX 4096
#define FILTER_MAX (4 * SOURCE_KEY_OCTETS_MAX)

bool source_ldap_check(str places, struct fail *why)
{
	char uri[PLACES_MAX];
	LDAPURLDesc *url;
	str rest = places, word;

	if (places.n >= sizeof uri)
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "these URIs are too long");
	while (str_word(&rest, &word)) {
		if (ldap_url_parse(str_to_c(word, uri, sizeof uri), &url) != LDAP_URL_SUCCESS)
			return fail_with(why, FAIL_PERMANENT, "5.3.5",
				"'%.*s' is no URI such as ldap://ldap.example.org", STR(word));
		ldap_free_urldesc(url);
	}
	return true;
}

/* It connects to nobody. */
void source_ldap_prepare(void)
{
	LDAP *c;

	if (ldap_initialize(&c, "ldap://localhost") == LDAP_SUCCESS)
		ldap_unbind_ext(c, NULL, NULL);
}

static struct timeval time_left(int64_t deadline_ms)
{
	int64_t left = source_left_ms(deadline_ms);

	return (struct timeval){ .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };
}

static void close_connection(void *connection)
{
	ldap_unbind_ext(connection, NULL, NULL);
}

/* The result of what was asked with this number.  Its code, or libldap's. */
static int await(LDAP *c, int number, int64_t deadline_ms, LDAPMessage **message)
{
	struct timeval left = time_left(deadline_ms);
	int kind = ldap_result(c, number, LDAP_MSG_ALL, &left, message);
	int code = LDAP_OTHER;

	if (kind == 0) {
		ldap_abandon_ext(c, number, NULL, NULL);
		return LDAP_TIMEOUT;
	}
	if (kind < 0) {
		ldap_get_option(c, LDAP_OPT_RESULT_CODE, &code);
		return code;
	}
	return ldap_parse_result(c, *message, &code, NULL, NULL, NULL, NULL, 0) == LDAP_SUCCESS
		       ? code
		       : LDAP_OTHER;
}

static int start_tls(LDAP *c, int64_t deadline_ms)
{
	LDAPMessage *message = NULL;
	int number, code = ldap_start_tls(c, NULL, NULL, &number);

	if (code != LDAP_SUCCESS)
		return code;
	code = await(c, number, deadline_ms, &message);
	ldap_msgfree(message);
	return code == LDAP_SUCCESS ? ldap_install_tls(c) : code;
}

/* Anonymously, too: it shows that somebody is there. */
static int bind_as(LDAP *c, const struct source_setup *setup, int64_t deadline_ms)
{
	struct berval password = { setup->password.n, (char *)setup->password.p };
	char name[SOURCE_KEY_OCTETS_MAX];
	LDAPMessage *message = NULL;
	int number, code;

	code = ldap_sasl_bind(c, str_to_c(setup->bind_name, name, sizeof name), LDAP_SASL_SIMPLE,
		&password, NULL, NULL, &number);
	if (code != LDAP_SUCCESS)
		return code;
	code = await(c, number, deadline_ms, &message);
	ldap_msgfree(message);
	return code;
}

static int set_up(LDAP *c, const struct source_setup *setup, int64_t deadline_ms)
{
	struct timeval left = time_left(deadline_ms);
	int version = LDAP_VERSION3, fresh = 0, code = LDAP_SUCCESS;
	char ca[PATH_MAX];

	ldap_set_option(c, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(c, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(c, LDAP_OPT_NETWORK_TIMEOUT, &left);
	ldap_set_option(c, LDAP_OPT_TIMEOUT, &left);
	if (setup->ca_file.n > 0) {
		ldap_set_option(
			c, LDAP_OPT_X_TLS_CACERTFILE, str_to_c(setup->ca_file, ca, sizeof ca));
		code = ldap_set_option(c, LDAP_OPT_X_TLS_NEWCTX, &fresh);
	}
	if (code == LDAP_SUCCESS && setup->tls == SOURCE_START_TLS)
		code = start_tls(c, deadline_ms);
	return code == LDAP_SUCCESS ? bind_as(c, setup, deadline_ms) : code;
}

static void *open_connection(
	const struct source_setup *setup, int64_t deadline_ms, struct fail *why)
{
	char places[PLACES_MAX];
	LDAP *c = NULL;
	int code = ldap_initialize(&c, str_to_c(setup->place, places, sizeof places));

	if (code == LDAP_SUCCESS)
		code = set_up(c, setup, deadline_ms);
	if (code == LDAP_SUCCESS)
		return c;
	fail_with(
		why, FAIL_TEMPORARY, "4.3.0", "%.*s: %s", STR(setup->place), ldap_err2string(code));
	if (c)
		close_connection(c);
	return NULL;
}

static bool take_entry(
	LDAP *c, LDAPMessage *entry, const struct source_setup *setup, struct source_reply *reply)
{
	bool ok = true;
	char name[80];

	for (unsigned i = 0; ok && i < setup->attribute_count; i++) {
		struct berval **values = ldap_get_values_len(
			c, entry, str_to_c(setup->attributes[i], name, sizeof name));

		for (int k = 0; ok && values && values[k]; k++)
			ok = source_reply_add(
				reply, str_from(values[k]->bv_val, values[k]->bv_len));
		ldap_value_free_len(values);
	}
	return ok;
}

static int search(LDAP *c, const struct source_setup *setup, const char *filter,
	int64_t deadline_ms, int *number)
{
	static const int scopes[] = { [SOURCE_SUB] = LDAP_SCOPE_SUBTREE,
		[SOURCE_ONE] = LDAP_SCOPE_ONELEVEL,
		[SOURCE_BASE] = LDAP_SCOPE_BASE };
	char names[SOURCE_ATTRIBUTES_MAX][80], *attributes[SOURCE_ATTRIBUTES_MAX + 1];
	char base[SOURCE_KEY_OCTETS_MAX];
	struct timeval left = time_left(deadline_ms);
	unsigned i;

	for (i = 0; i < setup->attribute_count; i++)
		attributes[i] = str_to_c(setup->attributes[i], names[i], sizeof names[i]);
	attributes[i] = NULL;
	return ldap_search_ext(c, str_to_c(setup->base, base, sizeof base), scopes[setup->scope],
		filter, attributes, 0, NULL, NULL, &left, SOURCE_ROWS_MAX, number);
}

static void ask(void *connection, const struct source_setup *setup, str key, int64_t deadline_ms,
	struct source_reply *reply)
{
	LDAPMessage *message = NULL;
	char filter[FILTER_MAX];
	int number, code;

	if (!source_filter(setup->filter, key, filter, sizeof filter))
		return;
	code = search(connection, setup, filter, deadline_ms, &number);
	if (code == LDAP_SUCCESS)
		code = await(connection, number, deadline_ms, &message);
	if (code == LDAP_SUCCESS)
		for (LDAPMessage *entry = ldap_first_entry(connection, message); entry;
			entry = ldap_next_entry(connection, entry))
			if (!take_entry(connection, entry, setup, reply))
				break;
	if (code != LDAP_SUCCESS && code != LDAP_NO_SUCH_OBJECT)
		source_reply_broken(reply, "%.*s: %s", STR(setup->place), ldap_err2string(code));
	ldap_msgfree(message);
}

const struct source_type source_ldap_type = { open_connection, ask, close_connection };
