/*
 * world/courier_frame - how the daemon and a courier's child speak to each other, as a machine
 *
 * A frame is a letter, four bytes of length (the high one first) and so many bytes.  The daemon
 * orders: BEGIN (path, a NUL, head), APPEND (path, a NUL, sender, a NUL, head) or RUN (a program),
 * DATA as often as it likes, then FINISH or DROP; each FINISH is answered by one ANSWER (status, a
 * NUL, text; an empty status says delivered).  LOOK (an extension) stands alone, and is answered by
 * FOUND (a letter of enum courier_found, and a text) or ANSWER.  The office says GONE (as ANSWER)
 * of a stream for which it has no child: nothing on it was or will be done.  In front of what is
 * said of BEGIN, APPEND, RUN and LOOK stand whom it is for: address and into, each with a NUL
 * behind it. The rest of RUN is four numbers (how many arguments, how many variables, milliseconds,
 * octets of output), the arguments and the variables, each with a NUL behind it, and the head.
 */
#ifndef WORLD_COURIER_FRAME_H
#define WORLD_COURIER_FRAME_H

#include "base/buf.h"
#include "base/fail.h"
#include "world/courier.h"

#define COURIER_FRAME_MAX 65536 /* of the bytes behind the length */
#define COURIER_FRAME_HEAD 5

enum courier_word {
	COURIER_BEGIN = 'B',
	COURIER_APPEND = 'P',
	COURIER_RUN = 'R',
	COURIER_DATA = 'D',
	COURIER_FINISH = 'F',
	COURIER_DROP = 'X',
	COURIER_ANSWER = 'A',
	COURIER_LOOK = 'L',
	COURIER_FOUND = 'T',
	COURIER_GONE = 'G',
};

/* The first bytes of a frame whose rest has n bytes. */
void courier_frame_head(enum courier_word word, size_t n, char to[COURIER_FRAME_HEAD]);

/* Take one whole frame off *input. */
enum scan courier_frame_take(str *input, enum courier_word *word, str *rest) MUST_USE;

/* The child's side: orders in their legal order only. */
struct courier_frame_reader {
	struct buf in;
	size_t told_n;  /* bytes of the order that was told last */
	bool in_parcel; /* between BEGIN or RUN and FINISH or DROP */
};

struct courier_order {
	enum courier_word word;
	struct courier_whom whom;       /* of BEGIN, APPEND, RUN and LOOK; its user is not told */
	str path, head;                 /* of BEGIN and APPEND; head of RUN, too */
	str sender;                     /* of APPEND */
	struct courier_program program; /* of RUN */
	str bytes;                      /* of DATA; the extension of LOOK */
};

#define COURIER_FEED_MAX 65536 /* bytes to feed at once */

void courier_frame_feed(struct courier_frame_reader *r, str bytes); /* after MORE */
/* What is told lives until the next call.  BAD: whoever speaks here is not our daemon. */
enum scan courier_frame_next(struct courier_frame_reader *r, struct courier_order *order) MUST_USE;

/* Whom it is for.  False: too long, or a NUL is in it. */
bool courier_frame_write_whom(const struct courier_whom *whom, struct buf *to) MUST_USE;

/* The rest of RUN behind that, both sides.  write: false when it would be too long, or the program
 * is none. */
bool courier_frame_write_program(
	const struct courier_program *program, str head, struct buf *to) MUST_USE;
bool courier_frame_read_program(str rest, struct courier_program *program, str *head) MUST_USE;

/* ANSWER, both sides; why null: delivered.  a why of FAIL_NONE, too, and its
 * text is kept.  read: false when it is none. */
void courier_frame_write_answer(const struct fail *why, struct buf *to);
void courier_frame_write_gone(const struct fail *why, struct buf *to); /* read like an ANSWER */
bool courier_frame_read_answer(str rest, struct fail *why) MUST_USE; /* kind FAIL_NONE: delivered */

/* FOUND, both sides.  read: false when it is none. */
void courier_frame_write_found(enum courier_found found, str text, struct buf *to);
bool courier_frame_read_found(str rest, enum courier_found *found, str *text) MUST_USE;

/* A part of the name of a file: not empty, short, no slash, no NUL. */
bool courier_frame_extension_good(str extension) MUST_USE;

/* Absolute, no "..", not the root, at most COURIER_PATH_MAX. */
bool courier_frame_path_good(str path) MUST_USE;

#endif
