#include "smtp/proxy.h"

#include "base/number.h"

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

#define HEAD_OCTETS 16
#define FAMILY_TCP4 0x11
#define FAMILY_TCP6 0x21

static enum scan bad(struct fail *why, const char *text)
{
	fail_with(why, FAIL_PERMANENT, "5.5.0", "PROXY header: %s", text);
	return SCAN_BAD;
}

/* --- version 1: "PROXY TCP4 192.0.2.1 198.51.100.1 56324 25" -----------------------------------
 */

static bool take_port(str text, uint16_t *port)
{
	uint64_t n;

	if (!number_parse(text, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

/* Exactly one blank between two words. */
static bool take_addresses(str line, bool six, struct proxy_header *header)
{
	str client, server, port;

	return str_cut(&line, ' ', &client) && str_cut(&line, ' ', &server) &&
	       str_cut(&line, ' ', &port) && str_has(client, ':') == six &&
	       str_has(server, ':') == six && !str_has(client, '[') && !str_has(server, '[') &&
	       ip_parse(client, &header->client.ip) && ip_parse(server, &header->server.ip) &&
	       take_port(port, &header->client.port) && take_port(line, &header->server.port);
}

static enum scan take_line(str *input, struct proxy_header *header, struct fail *why)
{
	size_t end = str_find(*input, '\n');
	str line = str_first(*input, end), family;

	if (end >= PROXY_LINE_MAX)
		return bad(why, "the line is too long");
	if (end == input->n)
		return SCAN_MORE;
	if (!str_ends(line, S("\r")))
		return bad(why, "the line does not end in CRLF");
	line.n--;
	line = str_skip(line, 6); /* "PROXY " */
	str_cut(&line, ' ', &family);
	if (str_eq(family, S("UNKNOWN")))
		header->local = true; /* whatever follows is to be ignored */
	else if (!(str_eq(family, S("TCP4")) && take_addresses(line, false, header)) &&
		 !(str_eq(family, S("TCP6")) && take_addresses(line, true, header)))
		return bad(why, "the line cannot be read");
	*input = str_skip(*input, end + 1);
	return SCAN_DONE;
}

/* --- version 2 ---------------------------------------------------------------------------------
 */

static unsigned byte(str s, size_t at)
{
	return (unsigned char)s.p[at];
}

static void take_endpoint(
	str addresses, unsigned family, size_t ip_at, size_t port_at, struct endpoint *e)
{
	e->ip.family = (uint8_t)family;
	memcpy(e->ip.bytes, addresses.p + ip_at, family == 6 ? 16 : 4);
	e->port = (uint16_t)(byte(addresses, port_at) << 8 | byte(addresses, port_at + 1));
}

static enum scan take_binary(str *input, struct proxy_header *header, struct fail *why)
{
	size_t octets;
	unsigned command;
	str body;

	if (input->n < HEAD_OCTETS)
		return SCAN_MORE;
	command = byte(*input, 12);
	octets = byte(*input, 14) << 8 | byte(*input, 15);
	if (command >> 4 != 2 || (command & 15) > 1)
		return bad(why, "an unknown version or command");
	if (HEAD_OCTETS + octets > PROXY_OCTETS_MAX)
		return bad(why, "it is too long");
	if (input->n < HEAD_OCTETS + octets)
		return SCAN_MORE;
	body = str_first(str_skip(*input, HEAD_OCTETS), octets);
	if ((command & 15) == 0) {
		header->local = true;
	} else if (byte(*input, 13) == FAMILY_TCP4 && octets >= 12) {
		take_endpoint(body, 4, 0, 8, &header->client);
		take_endpoint(body, 4, 4, 10, &header->server);
	} else if (byte(*input, 13) == FAMILY_TCP6 && octets >= 36) {
		take_endpoint(body, 6, 0, 32, &header->client);
		take_endpoint(body, 6, 16, 34, &header->server);
	} else {
		return bad(why, "a family of addresses that is not TCP over IPv4 or IPv6");
	}
	*input = str_skip(*input, HEAD_OCTETS + octets);
	return SCAN_DONE;
}

/* An IPv4 client of an IPv6 socket is an IPv4 client. */
static void unmap(struct ip *ip)
{
	static const unsigned char prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct ip plain = { .family = 4 };

	if (ip->family != 6 || memcmp(ip->bytes, prefix, sizeof prefix) != 0)
		return;
	memcpy(plain.bytes, ip->bytes + 12, 4);
	*ip = plain;
}

enum scan proxy_take(str *input, struct proxy_header *header, struct fail *why)
{
	static const str line_start = STR_INIT("PROXY ");
	str binary_start = str_from(signature, sizeof signature);
	enum scan got;

	*header = (struct proxy_header){ 0 };
	if (str_starts(*input, binary_start))
		got = take_binary(input, header, why);
	else if (str_starts(*input, line_start))
		got = take_line(input, header, why);
	else if (str_starts(binary_start, *input) || str_starts(line_start, *input))
		got = SCAN_MORE;
	else
		return bad(why, "there is none, and from this address one must come first");
	unmap(&header->client.ip);
	unmap(&header->server.ip);
	return got;
}
