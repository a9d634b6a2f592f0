#include "conf/nearest.h"

#include "base/ascii.h"

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Three rows of the table of Wagner and Fischer: swaps look two rows back. */
unsigned conf_nearest_distance(str a, str b)
{
	unsigned rows[3][CONF_NEAREST_MAX + 1];

	a = str_first(a, CONF_NEAREST_MAX);
	b = str_first(b, CONF_NEAREST_MAX);
	for (unsigned j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3],
			 *two_above = rows[(i + 1) % 3];
		char c = ascii_lower(a.p[i - 1]);

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			char d = ascii_lower(b.p[j - 1]);

			row[j] = above[j - 1] + (c != d);
			row[j] = least(row[j], above[j] + 1);
			row[j] = least(row[j], row[j - 1] + 1);
			if (i > 1 && j > 1 && c == ascii_lower(b.p[j - 2]) &&
				d == ascii_lower(a.p[i - 2]))
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a.n % 3][b.n];
}

void conf_nearest_offer(struct conf_nearest *n, str known)
{
	unsigned distance = conf_nearest_distance(n->word, known);

	if (n->best.n > 0 && n->distance <= distance)
		return;
	n->best = known;
	n->distance = distance;
}
