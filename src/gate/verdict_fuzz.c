/* Laws: what is taken has a kind that its place allows; a refusal has a code of refusal, a status
 * of the same class and a text; a field to be put in has a name, and who gets a copy an address;
 * what is refused says why. */
#include "test/fuzz.h"

#include "gate/verdict.h"
#include "mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum verdict_place place;
	struct fail why = { 0 };
	struct verdict v;
	bool of_header;

	if (size == 0)
		return 0;
	of_header = data[0] & 1;
	place = of_header ? VERDICT_OF_HEADER : VERDICT_OF_ACCESS;
	if (!verdict_parse(str_from(data + 1, size - 1), place, &v, &why)) {
		LAW(why.text[0] != '\0');
		return 0;
	}
	LAW(verdict_name(v.kind) != NULL);
	LAW(of_header || v.kind < VERDICT_REMOVE);
	if (v.kind == VERDICT_REFUSE) {
		LAW(v.code >= 400 && v.code <= 599 && v.text.n > 0);
		LAW(v.status[0] == '0' + v.code / 100 && v.status[1] == '.');
	}
	if (v.kind == VERDICT_COPY)
		LAW(address_parse(v.text, true, NULL));
	if (v.kind == VERDICT_REPLACE || v.kind == VERDICT_PREPEND)
		LAW(str_find(v.text, ':') > 0 && str_find(v.text, ':') < v.text.n);
	return 0;
}
