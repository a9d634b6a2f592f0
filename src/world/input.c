#include "world/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct input {
	FILE *from;
	char path[FAIL_TEXT_MAX / 2];
	char line[INPUT_LINE_MAX];
};

struct input *input_open(str path, struct fail *why)
{
	struct input *in = MEM_NEW(struct input);

	str_to_c(path, in->path, sizeof in->path);
	in->from = str_eq(path, S("-")) ? stdin : fopen(in->path, "re");
	if (in->from)
		return in;
	fail_with(why, FAIL_PERMANENT, "5.3.0", "%s: %s", in->path, strerrordesc_np(errno));
	mem_free(in);
	return NULL;
}

void input_close(struct input *in)
{
	if (!in)
		return;
	if (in->from != stdin)
		fclose(in->from);
	mem_free(in);
}

bool input_line(struct input *in, str *line, struct fail *why)
{
	size_t n = 0;
	int c;

	*why = (struct fail){ 0 };
	while ((c = getc_unlocked(in->from)) != EOF && c != '\n')
		if (n < sizeof in->line)
			in->line[n++] = (char)c;
	*line = str_from(in->line, n);
	if (c == '\n' || n > 0)
		return true;
	if (ferror(in->from))
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s: %s", in->path, strerrordesc_np(errno));
	return false;
}

bool input_is_terminal(void)
{
	return isatty(STDIN_FILENO);
}
