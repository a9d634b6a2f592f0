#include "world/sock_wire.h"

#include <errno.h>
#include <sys/socket.h>

/* What the kernel's answer means; at the end of the stream a read returns 0. */
static enum tls_step step_of(ssize_t result, int *error)
{
	if (result >= 0)
		return TLS_DONE;
	if (errno == EAGAIN)
		return TLS_WAITS;
	*error = errno;
	return TLS_BROKEN;
}

enum tls_step sock_wire_read(
	int fd, struct tls_stream *tls, char *to, size_t size, size_t *n, int *error)
{
	ssize_t got;

	if (tls) {
		*error = EPROTO;
		return tls_stream_read(tls, to, size, n);
	}
	do {
		got = recv(fd, to, size, 0);
	} while (got < 0 && errno == EINTR);
	*n = got > 0 ? (size_t)got : 0;
	return got == 0 ? TLS_ENDED : step_of(got, error);
}

enum tls_step sock_wire_write(int fd, struct tls_stream *tls, str bytes, size_t *n, int *error)
{
	ssize_t taken;

	if (tls) {
		*error = EPROTO;
		return tls_stream_write(tls, bytes, n);
	}
	do {
		taken = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	} while (taken < 0 && errno == EINTR);
	*n = taken > 0 ? (size_t)taken : 0;
	return step_of(taken, error);
}

enum tls_step sock_wire_peek(int fd, char *to, size_t size, size_t *n, int *error)
{
	ssize_t got;

	do {
		got = recv(fd, to, size, MSG_PEEK);
	} while (got < 0 && errno == EINTR);
	*n = got > 0 ? (size_t)got : 0;
	return got == 0 ? TLS_ENDED : step_of(got, error);
}

void sock_wire_drop(int fd, char *to, size_t n)
{
	ssize_t got = 1;

	while (n > 0 && (got > 0 || errno == EINTR)) {
		got = recv(fd, to, n, 0);
		n -= got > 0 ? (size_t)got : 0;
	}
}
