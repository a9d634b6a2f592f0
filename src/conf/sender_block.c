#include "conf/sender_block.h"

#include "conf/block.h"
#include "conf/value.h"
#include "dns/name.h"

bool conf_sender_block_section(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_block_on *block = field;

	if (!block->on)
		block->origin = d->words[0].origin;
	block->on = true;
	return conf_block_section(b, row, d, field);
}

bool conf_sender_block_id(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a name such as mail.example.org";
	const struct conf_word *word = conf_value_one(b, d, takes);
	char ascii[DNS_NAME_MAX + 1];

	(void)row;
	if (!word)
		return false;
	if (!dns_name_ascii(word->text, ascii))
		return conf_value_wrong(b, d, word, takes);
	*(str *)field = arena_copy(b->arena, str_of(ascii));
	return true;
}
