#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "world/sock_address.h"
#include "world/sock_inside.h"

/* Returns the system's number of what went wrong at once, or 0. */
static int connect_from(int fd, const struct endpoint *to, const struct ip *from)
{
	struct sockaddr_storage address;
	struct endpoint source = { 0 };
	int one = 1;
	socklen_t size;

	if (to->ip.family != 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (from && from->family != 0 && from->family == to->ip.family) {
		/* the port is chosen at connect, where it need not be unique for all peers */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
		source.ip = *from;
		size = sock_address_of(&source, &address);
		if (bind(fd, (struct sockaddr *)&address, size) != 0)
			return errno;
	}
	size = sock_address_of(to, &address);
	if (connect(fd, (struct sockaddr *)&address, size) != 0 && errno != EINPROGRESS)
		return errno;
	return 0;
}

struct sock *sock_connect(struct loop *l, const struct endpoint *to, const struct ip *from,
	const struct sock_handler *handler, void *owner)
{
	int fd = socket(sock_address_family(to), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? errno : connect_from(fd, to, from);

	return sock_await(l, fd, to, error, handler, owner);
}
