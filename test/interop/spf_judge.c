/*
 * spf_judge - SPF verdicts of many cases in one process, for test_spf.py
 *
 * Each file begins with a line "CLIENT\tHELO\tSENDER"; behind it stands the zone that answers.  One
 * line a file is printed: result, mechanism, mechanism inside of an include, terms that looked
 * something up, explanation, reason; with tabs between them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "sender/spf_fake.h"

static void read_file(const char *path, struct buf *to)
{
	char part[4096];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!file) {
		perror(path);
		exit(1);
	}
	while ((n = fread(part, 1, sizeof part, file)) > 0)
		buf_put(to, str_from(part, n));
	fclose(file);
}

static void print(const struct spf_verdict *v)
{
	printf("%s\t%.*s\t%.*s\t%u\t%s\t%s\n", spf_result_name(v->result), STR(v->mechanism),
		STR(v->inner), v->lookups, v->explanation, v->why.text);
}

/* False: the case is not as it should be. */
static bool judge(str text, uint64_t seed, struct fail *why)
{
	struct spf_request request = { 0 };
	struct dns_zone *zone;
	struct prng r;
	struct spf *s;
	str line, client;

	str_cut(&text, '\n', &line);
	str_cut(&line, '\t', &client);
	request.sender = line;
	str_cut(&request.sender, '\t', &request.helo);
	zone = dns_zone_parse(text, why);
	if (!zone || !ip_parse(client, &request.client))
		return false;
	prng_seed(&r, seed);
	s = spf_new(&request);
	if (spf_fake_run(s, zone, &r, SPF_QUESTIONS_MAX))
		print(spf_verdict(s));
	spf_free(s);
	dns_zone_free(zone);
	return true;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct fail why = { 0 };
		struct buf text = { 0 };

		read_file(argv[i], &text);
		if (!judge(buf_str(&text), (uint64_t)i, &why)) {
			fprintf(stderr, "%s: %s\n", argv[i], why.text);
			return 1;
		}
		buf_free(&text);
	}
	return 0;
}
