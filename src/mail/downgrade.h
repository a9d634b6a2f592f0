/*
 * mail/downgrade - 8-bit content for a peer that takes 7 bits only, as a machine   RFC 6152, 2045
 *
 * Streams a message through: parts with bytes above 127 get quoted-printable (text) or base64 and a
 * new Content-Transfer-Encoding; everything else passes byte for byte.  A message without MIME
 * fields gets MIME-Version and charset unknown-8bit.  Bytes above 127 before, between and behind
 * the parts of a multipart, where nobody looks, become '?'; those in the message's own header stay
 * as they came: a client that never spoke of SMTPUTF8 put them there.
 *
 * It cannot convert: bytes above 127 in the header of a part (RFC 6532); those in what is signed or
 * encoded already, or not understood; a bare CR or LF; a message that does not end where a line
 * ends.
 *
 * A part's encoding stands before its bytes, so the whole message is looked at first (scan), then
 * converted (convert): two passes over the same bytes in any cuts, with memory that is bounded by
 * DOWNGRADE_PARTS_MAX, not by the message.
 */
#ifndef MAIL_DOWNGRADE_H
#define MAIL_DOWNGRADE_H

#include "base/buf.h"

#define DOWNGRADE_PARTS_MAX 1000 /* of a message; more are not converted: false */

struct downgrade;

struct downgrade *downgrade_new(void) MUST_USE;
void downgrade_free(struct downgrade *d);

bool downgrade_scan(struct downgrade *d, str bytes) MUST_USE; /* false: this cannot be converted */

/* How long the result will be.  False: it cannot be converted. */
bool downgrade_scan_end(struct downgrade *d, uint64_t *octets) MUST_USE;

void downgrade_convert(struct downgrade *d, str bytes, struct buf *to);
void downgrade_convert_end(struct downgrade *d, struct buf *to);

#endif
