#include "world/sock_address.h"

#include <netinet/in.h>
#include <sys/un.h>

int sock_address_family(const struct endpoint *e)
{
	if (e->ip.family == 4)
		return AF_INET;
	return e->ip.family == 6 ? AF_INET6 : AF_UNIX;
}

socklen_t sock_address_of(const struct endpoint *e, struct sockaddr_storage *to)
{
	struct sockaddr_in *four = (struct sockaddr_in *)to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_un *local = (struct sockaddr_un *)to;

	memset(to, 0, sizeof *to);
	to->ss_family = (sa_family_t)sock_address_family(e);
	if (e->ip.family == 4) {
		four->sin_port = htons(e->port);
		memcpy(&four->sin_addr, e->ip.bytes, 4);
		return sizeof *four;
	}
	if (e->ip.family == 6) {
		six->sin6_port = htons(e->port);
		memcpy(&six->sin6_addr, e->ip.bytes, 16);
		return sizeof *six;
	}
	str_to_c(str_of(e->path), local->sun_path, sizeof local->sun_path);
	return sizeof *local;
}

void sock_address_read(const struct sockaddr_storage *from, socklen_t size, struct endpoint *to)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_un *local = (const struct sockaddr_un *)from;

	*to = (struct endpoint){ 0 };
	if (from->ss_family == AF_INET) {
		to->port = ntohs(four->sin_port);
		to->ip.family = 4;
		memcpy(to->ip.bytes, &four->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);

		to->port = ntohs(six->sin6_port);
		to->ip.family = mapped ? 4 : 6;
		memcpy(to->ip.bytes, six->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
	} else if (size > offsetof(struct sockaddr_un, sun_path)) {
		size_t n = size - offsetof(struct sockaddr_un, sun_path);

		str_to_c(str_from(local->sun_path, strnlen(local->sun_path, n)), to->path,
			sizeof to->path);
	}
}
