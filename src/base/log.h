/*
 * base/log - one record an event: a name and key=value pairs
 *
 * A record is built in place, on the stack, and handed whole to the sink of the world that we live
 * in.  Values are cleaned of control characters and quoted where they have spaces; what does not
 * fit is cut.  Threads may log at the same time.
 *
 *	struct log_record r;
 *
 *	log_open(&r, LOG_INFO, "delivered");
 *	log_str(&r, "to", address);
 *	log_int(&r, "delay_ms", delay_ms);
 *	log_close(&r);
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/fail.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_PLAIN, LOG_JSON };

#define LOG_RECORD_MAX 2048

struct log_record {
	enum log_level level;
	size_t n;
	bool cut; /* a value did not fit */
	char text[LOG_RECORD_MAX];
};

/* Where records go: called with one line, without its newline.  Null: nowhere. */
typedef void log_sink(enum log_level level, str line);

void log_setup(log_sink *sink, enum log_level lowest, enum log_format format);
bool log_wanted(enum log_level level) MUST_USE;

void log_open(struct log_record *r, enum log_level level, const char *event);
void log_str(struct log_record *r, const char *key, str value);
void log_c(struct log_record *r, const char *key, const char *value);
void log_int(struct log_record *r, const char *key, int64_t value);
void log_id(struct log_record *r, const char *key, uint64_t id); /* as ids are printed everywhere */
void log_fail(struct log_record *r, const struct fail *why);     /* code, status, reason, rule */
void log_close(struct log_record *r);

/* An event with one text, for what has no data. */
void log_line(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);

/* How every id of a session or a message is written: 13 letters and digits, which sort by time. */
#define LOG_ID_TEXT_MAX 14
char *log_id_print(uint64_t id, char to[LOG_ID_TEXT_MAX]);
bool log_id_parse(str s, uint64_t *id) MUST_USE;

#endif
