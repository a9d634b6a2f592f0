#include "admin/users.h"

#include "world/process.h"

static bool names_user(const struct conf_directive *d, unsigned depth)
{
	str word = d->words[d->word_count > 1 ? d->word_count - 2 : 0].text;

	if (d->word_count == 3 && str_eq(word, S("as"))) /* "programs as USER" */
		return true;
	return d->word_count == 2 && str_eq(word, depth == 0 ? S("user") : S("as"));
}

/* As "{local}" somebody is looked for when mail comes for him. */
static bool is_missing(str user, struct fail *why)
{
	return !str_eq(user, CONF_USER_LOCAL) && !process_user_exists(user, why);
}

/* Blocks are not deeper than CONF_DEPTH_MAX. */
static bool check(const struct conf_directives *all, unsigned depth, struct buf *report)
{
	bool ok = true;

	for (size_t i = 0; i < all->count; i++) {
		const struct conf_directive *d = &all->items[i];
		const struct conf_word *user = &d->words[d->word_count - 1];
		char place[CONF_ORIGIN_TEXT_MAX];
		struct fail why;

		if (d->has_block) {
			ok &= check(&d->block, depth + 1, report);
		} else if (names_user(d, depth) && is_missing(user->text, &why)) {
			buf_putf(report, "%s:%u: %s\n", conf_origin_print(&user->origin, place),
				user->origin.column, why.text);
			ok = false;
		}
	}
	return ok;
}

bool users_check(const struct conf *c, struct buf *report)
{
	return check(&c->directives, 0, report);
}
