#include "admin/init_files.h"

#include <assert.h>

#include "world/file.h"
#include "world/gateway.h"

void init_files_add(struct init_files *to, str name, str text, unsigned mode)
{
	assert(to->count < INIT_FILES_MAX);
	to->items[to->count++] = (struct init_file){ name, text, mode };
}

static str take(struct arena *a, struct buf *text)
{
	str kept = arena_copy(a, buf_str(text));

	buf_free(text);
	return kept;
}

/* Whoever comes through it has its address. */
static void leave_out_gateways(const struct init_pivot *p, struct buf *text)
{
	struct ip gateways[GATEWAYS_MAX];
	size_t count = gateway_list(gateways);
	char shown[IP_TEXT_MAX];

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < p->network_count; k++) {
			struct ip_net net;

			if (!ip_net_parse(p->networks[k], &net) || !ip_net_has(&net, &gateways[i]))
				continue;
			buf_putf(text, "relay-for   !%s  # the default gateway\n",
				ip_print(&gateways[i], shown));
			break;
		}
}

static str identity(struct arena *a, const struct init_pivot *p)
{
	struct buf text = { 0 };

	buf_putf(&text,
		"# Who we are, and whom we relay for without a password.\n"
		"hostname    %.*s\n"
		"postmaster  root@%.*s\n"
		"relay-for   127.0.0.0/8 ::1/128\n",
		STR(p->hostname), STR(p->domains[0]));
	leave_out_gateways(p, &text);
	for (size_t i = 0; i < p->network_count; i++)
		buf_putf(&text, "relay-for   %.*s\n", STR(p->networks[i]));
	return take(a, &text);
}

static str listeners(struct arena *a, const struct init_pivot *p)
{
	return arena_printf(a,
		"# Other servers come to port 25, people who log in to the other two.\n"
		"listen mx          { on *:25;  tls offered }\n"
		"listen submission  { on *:587; tls required; login required }\n"
		"listen submissions { on *:465; tls implicit; login required }\n"
		"\n"
		"# facteur user set NAME adds a login.\n"
		"login { passwd-file users; default-domain %.*s }\n"
		"\n"
		"# Signed by nobody but itself.  A better pair that takes its place is shown at "
		"once, "
		"without a reload.\n"
		"tls {\n"
		"    certificate  tls/%.*s.pem\n"
		"    key          tls/%.*s.key\n"
		"}\n",
		STR(p->domains[0]), STR(p->hostname), STR(p->hostname));
}

static str domains(struct arena *a, const struct init_pivot *p)
{
	struct buf text = { 0 };

	buf_put(&text, S("# The domains that we take mail for.\n"));
	for (size_t i = 0; i < p->domain_count; i++)
		buf_putf(&text, "domain %.*s { aliases aliases/%.*s.aliases }\n",
			STR(p->domains[i]), STR(p->domains[i]));
	if (p->postmaster.n == 0)
		buf_putf(&text,
			"\n# The postmaster's mail, until an alias leads to somebody who reads "
			"it.\n"
			"mailbox root@%.*s { maildir /var/lib/facteur/mail/root }\n",
			STR(p->domains[0]));
	return take(a, &text);
}

static str aliases(struct arena *a, const struct init_pivot *p, str domain)
{
	bool first = str_eq(domain, p->domains[0]);
	struct buf text = { 0 };

	buf_putf(&text,
		"# Aliases of %.*s, as in aliases(5); facteur compile takes changes up.\n"
		"postmaster: root\n"
		"abuse:      postmaster\n",
		STR(domain));
	if (first && p->postmaster.n > 0)
		buf_putf(&text, "root:       %.*s\n", STR(p->postmaster));
	else if (!first)
		buf_putf(&text, "root:       root@%.*s\n", STR(p->domains[0]));
	return take(a, &text);
}

bool init_files_make(
	struct arena *a, const struct init_pivot *p, struct init_files *to, struct fail *why)
{
	str host = p->hostname;

	if (p->domain_count > INIT_DOMAINS_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.5.4", "at most %d domains at first",
			INIT_DOMAINS_MAX);
	if (!tls_self_make(&to->self, &host, 1, why))
		return false;
	init_files_add(to, S("conf.d/10-identity.conf"), identity(a, p), 0644);
	init_files_add(to, S("conf.d/20-listen.conf"), listeners(a, p), 0644);
	init_files_add(to, S("conf.d/30-domains.conf"), domains(a, p), 0644);
	for (size_t i = 0; i < p->domain_count; i++)
		init_files_add(to, arena_printf(a, "aliases/%.*s.aliases", STR(p->domains[i])),
			aliases(a, p, p->domains[i]), 0644);
	init_files_add(to, arena_printf(a, "tls/%.*s.pem", STR(host)),
		buf_str(&to->self.certificate), 0644);
	init_files_add(
		to, arena_printf(a, "tls/%.*s.key", STR(host)), buf_str(&to->self.key), 0600);
	init_files_add(to, S("users"),
		S("# Who may log in, as in Dovecot's passwd-file: name:{SCHEME}hash\n"), 0600);
	return init_sender_make(a, p, to, why);
}

static str folder_of(str path)
{
	return str_first(path, str_find_last(path, '/'));
}

bool init_files_write(struct arena *a, const struct init_files *files, str dir, struct fail *why)
{
	for (size_t i = 0; i < files->count; i++) {
		str path = file_path(a, dir, files->items[i].name);

		if (file_exists(path))
			return fail_with(why, FAIL_PERMANENT, "5.3.0",
				"%.*s is there already; nothing was written", STR(path));
	}
	for (size_t i = 0; i < files->count; i++) {
		const struct init_file *f = &files->items[i];
		str path = file_path(a, dir, f->name);
		bool secret = str_starts(f->name, S("tls/"));

		if (!file_make_folder(folder_of(path), secret ? 0700 : 0755, why) ||
			!file_replace(path, f->text, f->mode, why))
			return false;
	}
	return true;
}
