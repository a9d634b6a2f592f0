#include "world/gateway.h"

#include "test/test.h"

/* As a Linux prints them, whose bytes are the other way round. */
static const char routes[] =
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	"eth1\t0000A8C0\t0105A8C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	"tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n";
static const char routes6[] =
	"fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	"fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
	"20010db8000000000000000000000000 20 00000000000000000000000000000000 00 "
	"fd000000000000000000000000000009 00000400 00000003 00000000 00000003     eth0\n";

TEST(gateway_is_where_all_else_is_sent)
{
	struct ip found[GATEWAYS_MAX];
	char text[IP_TEXT_MAX];

	if (*(const char *)&(const int){ 1 } != 1)
		return; /* this text was printed on a machine of the other kind */
	CHECK_INT(gateway_read(str_of(routes), str_of(routes6), found), 2);
	CHECK_STR(str_of(ip_print(&found[0], text)), S("192.0.2.1"));
	CHECK_STR(str_of(ip_print(&found[1], text)), S("fd00::1"));
	CHECK_INT(gateway_read(S(""), S("rubbish\n0 0 0 0 0 0 0 0 0 0\n"), found), 0);
	CHECK(gateway_list(found) <= GATEWAYS_MAX);
}
