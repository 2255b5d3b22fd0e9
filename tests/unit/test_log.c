/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines, read back from standard error as a reader of logfmt or JSON would, strictly.
 * Each write arrives as a packet of its own, so that a line in two pieces would show.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

static int calls_left = -1;        /* realloc() calls that still succeed; negative: all */
static const struct timespec *now; /* what the clocks say; NULL: the truth */

void *__wrap_realloc(void *pointer, size_t size)
{
	if (calls_left == 0)
		return NULL;
	if (calls_left > 0)
		calls_left--;
	return __real_realloc(pointer, size);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	if (!now)
		return __real_clock_gettime(id, time);
	*time = *now;
	return 0;
}

/* ---- standard error ---- */

static int saved = -1, reader = -1;
static char captured[160 << 10]; /* the last packet, with a NUL */
static size_t captured_length;
static size_t packets;

static void release(void)
{
	if (saved >= 0) {
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
	if (reader >= 0)
		close(reader);
	saved = reader = -1;
}

/* No assertion between capture() and captured_end(): its words would be captured, too. */
static void capture(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX,
	                            SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	                            ends),
	                 0);
	reader = ends[0];
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(saved >= 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
}

static void capture_end(void)
{
	ssize_t size;

	dup2(saved, STDERR_FILENO);
	close(saved);
	saved = -1;
	packets = captured_length = 0;
	while ((size = recv(reader, captured, sizeof(captured) - 1, 0)) > 0) {
		packets++;
		captured_length = (size_t)size;
	}
	captured[captured_length] = '\0';
	assert_int_equal(size, 0);
	release();
}

static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	now = NULL;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_left = -1;
	release();
	unsetenv("TZ");
	tzset();
	return 0;
}

/* ---- strict readers ---- */

struct pair {
	struct text key, value;
};

struct pairs {
	struct pair pair[8];
	size_t count;
};

static void pairs_clear(struct pairs *pairs)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs->pair); i++) {
		text_clear(&pairs->pair[i].key);
		text_clear(&pairs->pair[i].value);
	}
	pairs->count = 0;
}

/* Four hexadecimal digits, which must not be half of a surrogate pair. */
static const char *read_unicode(const char *c, struct text *value)
{
	unsigned int point = 0;

	for (int i = 0; i < 4; i++, c++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *digit = *c ? strchr(digits, *c) : NULL;

		assert_non_null(digit);
		point = point * 16 + (unsigned int)(digit - digits) % 16;
	}
	assert_true(point < 0x800);
	if (point >= 0x80) {
		text_add_char(value, (char)(0xc0 | point >> 6));
		point = 0x80 | (point & 0x3f);
	}
	text_add_char(value, (char)point);
	return c;
}

/* RFC 8259, section 7: a string in quotes, whose raw bytes must be valid UTF-8. */
static const char *read_string(const char *c, struct text *value)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";

	assert_int_equal(*c++, '"');
	while (*c != '"') {
		size_t size = utf8_sequence(c, strlen(c) + 1);

		assert_true(size > 0 && (unsigned char)*c >= 0x20);
		if (*c != '\\') {
			text_add(value, c, size);
			c += size;
		} else if (c[1] == 'u') {
			c = read_unicode(c + 2, value);
		} else {
			assert_true(c[1] != '\0');
			assert_non_null(strchr(names, c[1]));
			text_add_char(value, bytes[strchr(names, c[1]) - names]);
			c += 2;
		}
	}
	return c + 1;
}

/* One object of strings, without white space, and a newline. */
static void read_json(struct pairs *pairs)
{
	const char *c = captured;

	assert_int_equal(*c, '{');
	do {
		struct pair *pair = &pairs->pair[pairs->count++];

		assert_true(pairs->count <= ARRAY_SIZE(pairs->pair));
		c = read_string(c + 1, &pair->key);
		assert_int_equal(*c++, ':');
		c = read_string(c, &pair->value);
	} while (*c == ',');
	assert_string_equal(c, "}\n");
	assert_int_equal(c + 2 - captured, captured_length);
}

/* key=value, key="value", one blank between, and a newline. */
static void read_logfmt(struct pairs *pairs)
{
	const char *c = captured - 1;

	do {
		struct pair *pair = &pairs->pair[pairs->count++];
		size_t length;

		assert_true(pairs->count <= ARRAY_SIZE(pairs->pair));
		c++;
		length = strspn(c, "abcdefghijklmnopqrstuvwxyz_");
		assert_true(length > 0);
		text_add(&pair->key, c, length);
		c += length;
		assert_int_equal(*c++, '=');
		if (*c == '"') {
			c = read_string(c, &pair->value);
			continue;
		}
		for (length = 0; c[length] > ' ' && c[length] < 0x7f; length++)
			assert_null(strchr("\"=\\", c[length]));
		assert_true(length > 0);
		text_add(&pair->value, c, length);
		c += length;
	} while (*c == ' ');
	assert_string_equal(c, "\n");
	assert_int_equal(c + 1 - captured, captured_length);
}

static void read_line(enum log_format format, struct pairs *pairs)
{
	assert_int_equal(packets, 1);
	if (format == LOG_FORMAT_JSON)
		read_json(pairs);
	else
		read_logfmt(pairs);
	for (size_t i = 0; i < pairs->count; i++)
		assert_int_equal(pairs->pair[i].key.error | pairs->pair[i].value.error,
		                 0);
}

static void assert_pair(const struct pair *pair, const char *key, const char *value)
{
	assert_string_equal(text_string(&pair->key), key);
	assert_string_equal(text_string(&pair->value), value);
	assert_int_equal(pair->value.length, strlen(value));
}

/* What stands behind the time stamp, in either format. */
static const char *behind_stamp(void)
{
	const char *level = strstr(captured, "level");

	assert_non_null(level);
	return level;
}

/* ---- tests ---- */

static void before_any_call_info_is_written_as_logfmt(void **state)
{
	(void)state;
	capture();
	log_event(LOG_LEVEL_DEBUG, "unheard", NULL);
	log_event(LOG_LEVEL_INFO, "heard", NULL);
	capture_end();
	assert_int_equal(packets, 1);
	assert_string_equal(behind_stamp(), "level=info msg=heard\n");
}

static void a_logfmt_line_looks_as_the_header_shows_it(void **state)
{
	(void)state;
	capture();
	log_event(LOG_LEVEL_INFO, "Listening on", "address", "127.0.0.1:10093", NULL);
	capture_end();
	assert_int_equal(packets, 1);
	assert_memory_equal(captured, "ts=20", 5);
	assert_string_equal(behind_stamp(),
	                    "level=info msg=\"Listening on\" address=127.0.0.1:10093\n");
	assert_int_equal(behind_stamp() - captured,
	                 strlen("ts=2026-11-21T22:02:42.123Z "));
}

static void a_json_line_looks_as_the_header_shows_it(void **state)
{
	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	capture();
	log_event(LOG_LEVEL_INFO, "Listening on", "address", "127.0.0.1:10093", NULL);
	capture_end();
	assert_int_equal(packets, 1);
	assert_memory_equal(captured, "{\"ts\":\"20", 9);
	assert_string_equal(behind_stamp(), "level\":\"info\",\"msg\":\"Listening on\","
	                                    "\"address\":\"127.0.0.1:10093\"}\n");
}

static void the_stamp_is_the_time_of_the_event_in_utc_to_the_millisecond(void **state)
{
	static const struct {
		struct timespec time;
		const char *stamp;
	} rows[] = {
		{ { 0, 0 }, "1970-01-01T00:00:00.000Z" },
		{ { 951782399, 999999999 }, "2000-02-28T23:59:59.999Z" },
		{ { 1709251199, 7000000 }, "2024-02-29T23:59:59.007Z" },
		{ { 1795298562, 123456789 }, "2026-11-21T22:02:42.123Z" },
		{ { 4102444800, 99999999 }, "2100-01-01T00:00:00.099Z" },
		{ { 18446744073, 709551615 }, "2554-07-21T23:34:33.709Z" },
	};

	(void)state;
	assert_int_equal(setenv("TZ", "TEST-09:30", 1), 0);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(rows) * 2; i++) {
		enum log_format format = i % 2 ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT;
		_cleanup_(pairs_clear) struct pairs pairs = { 0 };

		log_configure(LOG_LEVEL_INFO, format);
		now = &rows[i / 2].time;
		capture();
		log_event(LOG_LEVEL_INFO, "then", NULL);
		capture_end();
		read_line(format, &pairs);
		assert_pair(&pairs.pair[0], "ts", rows[i / 2].stamp);
	}
}

static void a_level_lets_through_itself_and_what_is_worse(void **state)
{
	static const char *const words[] = { "debug", "info", "warn", "error" };

	(void)state;
	for (enum log_level limit = LOG_LEVEL_DEBUG; limit <= LOG_LEVEL_ERROR; limit++) {
		for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR;
		     level++) {
			for (enum log_format format = LOG_FORMAT_LOGFMT;
			     format <= LOG_FORMAT_JSON; format++) {
				_cleanup_(pairs_clear) struct pairs pairs = { 0 };

				log_configure(limit, format);
				capture();
				log_event(level, "event", NULL);
				capture_end();
				assert_int_equal(packets, level >= limit);
				if (level < limit)
					continue;
				read_line(format, &pairs);
				assert_int_equal(pairs.count, 3);
				assert_string_equal(text_string(&pairs.pair[0].key),
				                    "ts");
				assert_pair(&pairs.pair[1], "level", words[level]);
				assert_pair(&pairs.pair[2], "msg", "event");
			}
		}
	}
}

static void pairs_keep_their_order(void **state)
{
	(void)state;
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON;
	     format++) {
		_cleanup_(pairs_clear) struct pairs pairs = { 0 };

		log_configure(LOG_LEVEL_INFO, format);
		capture();
		log_event(LOG_LEVEL_WARN, "m", "zebra", "1", "ant", "2", "z_z", "3",
		          NULL);
		capture_end();
		read_line(format, &pairs);
		assert_int_equal(pairs.count, 6);
		assert_pair(&pairs.pair[3], "zebra", "1");
		assert_pair(&pairs.pair[4], "ant", "2");
		assert_pair(&pairs.pair[5], "z_z", "3");
	}
}

static const char *const hostile[] = {
	"",
	" ",
	"  two  words ",
	"=",
	"a=b",
	"\"",
	"\"quoted\"",
	"\\",
	"\\\\\"",
	"ends with a backslash\\",
	"\\u0000",
	"\\n",
	"\n",
	"line\nts=2026-11-21T22:02:42.123Z level=error msg=forged",
	"x\",\"level\":\"error",
	"x} {\"level\":\"error\"}",
	"\r\n",
	"\t\v\f\b",
	"\x1b[31mred\x1b[0m",
	"\x1b]0;title\x07",
	"\x01\x02\x03\x1e\x1f\x7f",
	"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7",
	"\xff",
	"\xff\xfe\x80",
	"\xc0\x80",
	"\xed\xa0\x80",
	"\xf4\x90\x80\x80",
	"\xe2\x82",
	"\xc2\x80\xc2\x85\xc2\x9b\x33\x31m\xc2\x9f",
	"\xc2\xa0",
	"\xe2\x80\xa8\xe2\x80\xa9",
	"null",
	"{}",
	"%s%n%d%",
};

/* Writes one line with a value as message, as value and among others; reads it back. */
static void assert_comes_back(enum log_format format, const char *value)
{
	_cleanup_(text_clear) struct text clean = TEXT_INIT;
	_cleanup_(pairs_clear) struct pairs pairs = { 0 };

	utf8_add_clean(&clean, value, strlen(value));
	capture();
	log_event(LOG_LEVEL_ERROR, value, "first", value, "second", "end", NULL);
	capture_end();
	read_line(format, &pairs);
	assert_int_equal(pairs.count, 5);
	assert_pair(&pairs.pair[1], "level", "error");
	assert_pair(&pairs.pair[2], "msg", text_string(&clean));
	assert_pair(&pairs.pair[3], "first", text_string(&clean));
	assert_pair(&pairs.pair[4], "second", "end");
}

static void hostile_values_come_back_from_logfmt_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
		assert_comes_back(LOG_FORMAT_LOGFMT, hostile[i]);
}

static void hostile_values_come_back_from_json_unchanged(void **state)
{
	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
		assert_comes_back(LOG_FORMAT_JSON, hostile[i]);
}

static void every_byte_comes_back_alone_and_between_others(void **state)
{
	(void)state;
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON;
	     format++) {
		log_configure(LOG_LEVEL_INFO, format);
		for (int byte = 1; byte < 256; byte++) {
			const char alone[] = { (char)byte, '\0' };
			const char between[] = { 'a', (char)byte, 'z', '\0' };

			assert_comes_back(format, alone);
			assert_comes_back(format, between);
		}
	}
}

/* The code points U+0080 to U+009F stand between C2 80 and C2 9F. */
static void assert_no_control_character(void)
{
	assert_int_equal(captured[captured_length - 1], '\n');
	for (size_t i = 0; i + 1 < captured_length; i++) {
		unsigned char c = (unsigned char)captured[i];

		if (c < 0x20 || c == 0x7f)
			fail_msg("control character %#x at %zu", c, i);
		if (c == 0xc2 && (unsigned char)captured[i + 1] < 0xa0)
			fail_msg("control character U+%04X at %zu",
			         (unsigned char)captured[i + 1], i);
	}
}

static void no_ascii_control_character_is_written_raw(void **state)
{
	(void)state;
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON;
	     format++) {
		log_configure(LOG_LEVEL_INFO, format);
		for (int c = 1; c <= 0x7f; c++) {
			const char value[] = { (char)c, '\0' };

			capture();
			log_event(LOG_LEVEL_INFO, value, "key", value, NULL);
			capture_end();
			assert_int_equal(packets, 1);
			assert_no_control_character();
		}
	}
}

/* ECMA-48: U+009B does to a terminal what ESC [ does. */
static void no_c1_control_character_is_written_raw(void **state)
{
	(void)state;
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON;
	     format++) {
		log_configure(LOG_LEVEL_INFO, format);
		for (int second = 0x80; second < 0xa0; second++) {
			const char value[] = { 'x', '\xc2', (char)second, 'y', '\0' };

			capture();
			log_event(LOG_LEVEL_INFO, "module", "name", value, NULL);
			capture_end();
			assert_int_equal(packets, 1);
			assert_no_control_character();
		}
	}
}

static void a_plain_value_stands_bare_in_logfmt(void **state)
{
	static const char *const bare[] = {
		"10093",       "/proc/sys/kernel/tainted",
		"127.0.0.1:9", "[::1]:9",
		"{a,b}",       "it's",
		"a+b-c*d",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bare); i++) {
		capture();
		log_event(LOG_LEVEL_INFO, bare[i], NULL);
		capture_end();
		assert_memory_equal(behind_stamp(), "level=info msg=", 15);
		assert_memory_equal(behind_stamp() + 15, bare[i], strlen(bare[i]));
		assert_string_equal(behind_stamp() + 15 + strlen(bare[i]), "\n");
	}
}

static void a_long_value_is_neither_cut_nor_written_in_pieces(void **state)
{
	char *value = malloc(20001);

	(void)state;
	assert_non_null(value);
	for (size_t i = 0; i < 20000; i++)
		value[i] = "abc \"\\\n\xff"[i % 8];
	value[20000] = '\0';
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON;
	     format++) {
		log_configure(LOG_LEVEL_INFO, format);
		assert_comes_back(format, value);
	}
	free(value);
}

/*
 * Lets the first LIMIT allocations succeed. True if the line came whole; else it must
 * not have come at all.
 */
static bool line_survives(int limit, enum log_format format, const char *value)
{
	_cleanup_(pairs_clear) struct pairs pairs = { 0 };

	capture();
	calls_left = limit;
	log_event(LOG_LEVEL_ERROR, value, "first", value, "second", "end", NULL);
	calls_left = -1;
	capture_end();
	if (packets == 0)
		return false;
	read_line(format, &pairs);
	assert_int_equal(pairs.count, 5);
	assert_pair(&pairs.pair[2], "msg", value);
	assert_pair(&pairs.pair[3], "first", value);
	assert_pair(&pairs.pair[4], "second", "end");
	return true;
}

static void a_line_that_finds_no_memory_is_lost_whole(void **state)
{
	char value[1001];

	(void)state;
	memset(value, ' ', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON;
	     format++) {
		int limit = 0;

		log_configure(LOG_LEVEL_INFO, format);
		while (limit < 100 && !line_survives(limit, format, value))
			limit++;
		assert_true(limit > 2 && limit < 100);
		/* And the next one is as good as ever. */
		assert_comes_back(format, value);
	}
}

static void without_standard_error_nothing_happens(void **state)
{
	int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	(void)state;
	assert_true(copy >= 0);
	close(STDERR_FILENO);
	log_event(LOG_LEVEL_ERROR, "unheard", NULL);
	dup2(copy, STDERR_FILENO);
	close(copy);
}

static void levels_and_formats_parse_by_their_words_alone(void **state)
{
	static const char *const none[] = {
		"",       "Debug", "INFO",  "warning", "err",       "error ", " info",
		"info\n", "trace", "fatal", "0",       "logfmt2",   "Json",   "JSON",
		"text",   "log",   "inf",   "json,",   "debug\xff",
	};
	enum log_level level = LOG_LEVEL_ERROR;
	enum log_format format = LOG_FORMAT_LOGFMT;

	(void)state;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("info", &level));
	assert_int_equal(level, LOG_LEVEL_INFO);
	assert_true(log_level_parse("warn", &level));
	assert_int_equal(level, LOG_LEVEL_WARN);
	assert_true(log_level_parse("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_true(log_format_parse("json", &format));
	assert_int_equal(format, LOG_FORMAT_JSON);
	assert_true(log_format_parse("logfmt", &format));
	assert_int_equal(format, LOG_FORMAT_LOGFMT);

	level = LOG_LEVEL_WARN;
	format = LOG_FORMAT_JSON;
	assert_false(log_level_parse("json", &level));
	assert_false(log_format_parse("info", &format));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_false(log_level_parse(none[i], &level));
		assert_false(log_format_parse(none[i], &format));
	}
	assert_int_equal(level, LOG_LEVEL_WARN);
	assert_int_equal(format, LOG_FORMAT_JSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while nothing is configured. */
		cmocka_unit_test_teardown(before_any_call_info_is_written_as_logfmt,
		                          teardown),
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_logfmt_line_looks_as_the_header_shows_it),
		TEST(a_json_line_looks_as_the_header_shows_it),
		TEST(the_stamp_is_the_time_of_the_event_in_utc_to_the_millisecond),
		TEST(a_level_lets_through_itself_and_what_is_worse),
		TEST(pairs_keep_their_order),
		TEST(hostile_values_come_back_from_logfmt_unchanged),
		TEST(hostile_values_come_back_from_json_unchanged),
		TEST(every_byte_comes_back_alone_and_between_others),
		TEST(no_ascii_control_character_is_written_raw),
		TEST(no_c1_control_character_is_written_raw),
		TEST(a_plain_value_stands_bare_in_logfmt),
		TEST(a_long_value_is_neither_cut_nor_written_in_pieces),
		TEST(a_line_that_finds_no_memory_is_lost_whole),
		TEST(without_standard_error_nothing_happens),
		TEST(levels_and_formats_parse_by_their_words_alone),
#undef TEST
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
