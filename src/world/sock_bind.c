#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/sock.h"
#include "world/sock_address.h"

#define BACKLOG 4096 /* the kernel cuts it to its somaxconn */

static bool answers(const struct sockaddr_storage *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool yes = fd < 0 || connect(fd, (const struct sockaddr *)address, size) == 0 ||
		   errno != ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return yes;
}

/* What an earlier process left behind may go; a socket that somebody listens on, or anything that
 * is no socket, may not. */
static void remove_stale(const char *path, const struct sockaddr_storage *address, socklen_t size)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !answers(address, size))
		unlink(path);
}

static bool bind_and_listen(int fd, const struct endpoint *at, unsigned mode)
{
	struct sockaddr_storage address;
	socklen_t size = sock_address_of(at, &address);
	int one = 1;

	if (at->ip.family == 0) {
		remove_stale(at->path, &address, size);
		/* nobody can connect before listen: there is no moment of wrong permissions */
		return bind(fd, (struct sockaddr *)&address, size) == 0 &&
		       chmod(at->path, (mode_t)mode) == 0 && listen(fd, BACKLOG) == 0;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(
		fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted streams inherit it */
	if (at->ip.family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	return bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0;
}

int sock_bind(const struct endpoint *at, unsigned mode, struct fail *why)
{
	int fd = socket(sock_address_family(at), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[ENDPOINT_TEXT_MAX];

	if (fd >= 0 && bind_and_listen(fd, at, mode))
		return fd;
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot listen on %s: %s", endpoint_print(at, text),
		strerrordesc_np(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
