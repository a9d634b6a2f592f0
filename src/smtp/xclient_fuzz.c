/* Laws: no value has a control character, whatever the encoding was; a helo is one that HELO would
 * have taken, or none; what is refused is refused with 501 and a clean text. */
#include "test/fuzz.h"

#include "smtp/command.h"
#include "smtp/xclient.h"

static void check_clean(const char *text)
{
	for (; *text; text++)
		LAW((unsigned char)*text > ' ' && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xclient x = { 0 };
	struct fail why = { 0 };
	str name;

	if (size == 0)
		return 0;
	if (!xclient_parse(str_from(data + 1, size - 1), data[0] & 1, &x, &why)) {
		LAW(fail_code(&why) == 501);
		return 0;
	}
	check_clean(x.helo);
	check_clean(x.login);
	LAW(!x.helo[0] || smtp_command_helo(str_of(x.helo), &name, NULL));
	LAW(x.addr.family == 0 || x.addr.family == 4 || x.addr.family == 6);
	LAW(!(data[0] & 1) || !x.login[0]);
	return 0;
}
