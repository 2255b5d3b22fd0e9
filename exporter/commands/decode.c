/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command decode. Knows what an argument may be; what is in it others know. All
 * files are open before the sandbox is entered, in which none can be opened any more.
 */
#include "commands/decode.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/text.h"
#include "commands/confine.h"
#include "commands/options.h"
#include "commands/output.h"
#include "exposition/decoded.h"
#include "exposition/decoded_json.h"
#include "model/backtrace.h"
#include "model/boot_log.h"
#include "model/diagnosis.h"
#include "model/taint_string.h"
#include "sources/hostfs.h"
#include "sources/klog.h"
#include "sources/klog_assembler.h"
#include "sources/klog_reader.h"

/* What is longer is neither a mask nor a string of flags. */
#define SMALL_MAX 256

/* So much is written at once. */
#define OUTPUT_SIZE (64u << 10)

/* What entering the sandbox takes, however many files there are. */
#define SPARE_DESCRIPTORS 4

#define EXPECTED                                                             \
	"a mask such as 12289 or 0x3001, flags such as POE, what is behind " \
	"\"Tainted:\", a kernel log, or a file with one of these"

struct input {
	const char *argument;
	int fd;    /* -1: the argument itself */
	int error; /* of opening */
};

struct decoding {
	const struct options *options;
	struct input *inputs;
	size_t count;
	struct klog *klog;
	struct klog_reader *reader;
	const char *source; /* at work */
	struct text text;   /* not written yet */
	size_t found;       /* things, in all */
};

/* ---- what was found ---- */

static int say(struct decoding *decoding, const struct decoded *decoded)
{
	struct text *text = &decoding->text;
	bool is_first = decoding->found++ == 0;
	int r = 0;

	if (decoding->options->is_json) {
		text_add_string(text, is_first ? "" : ",\n");
		decoded_json_write(decoded, text);
	} else {
		text_add_string(text, is_first ? "" : "\n");
		decoded_write(decoded, text);
	}
	if (text->error)
		return text->error;
	if (text->length >= OUTPUT_SIZE) {
		r = output_write(STDOUT_FILENO, text);
		text_reset(text);
	}
	return r;
}

static struct report_hints hints_of(const struct decoding *decoding,
                                    const struct boot_log *boot)
{
	return (struct report_hints){
		.is_dialect_given = decoding->options->scrape.is_dialect_given,
		.dialect = decoding->options->scrape.dialect,
		.release = boot ? text_string(&boot->release) : "",
		.version = boot ? text_string(&boot->version) : "",
	};
}

static bool is_announced(const struct boot_log *boot, enum announcement announcement,
                         const char *module)
{
	return module ? tally_has(&boot->tally, announcement, module, strlen(module))
	              : tally_has_event(&boot->tally, announcement);
}

/*
 * Whether the log tells F to be that of modules that were not verified: of each listed
 * one with an F, or of any if none is listed. It may announce one load only.
 */
static bool is_unsigned_announced(const struct backtrace *backtrace,
                                  const struct boot_log *boot)
{
	bool is_listed = false;

	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_module *module = &backtrace->modules[i];
		const char *name = backtrace_name(backtrace, module->name);

		if (module->count || !taint_letters_has(&module->letters, 'F'))
			continue;
		is_listed = true;
		if (!is_announced(boot, ANNOUNCEMENT_UNSIGNED_MODULE, name) ||
		    is_announced(boot, ANNOUNCEMENT_FORCED_MODULE, name))
			return false;
	}
	return is_listed || (is_announced(boot, ANNOUNCEMENT_UNSIGNED_MODULE, NULL) &&
	                     !is_announced(boot, ANNOUNCEMENT_FORCED_MODULE, NULL));
}

static int say_backtrace(void *context, const struct backtrace *backtrace,
                         const struct boot_log *boot)
{
	struct decoding *decoding = context;
	struct report_hints hints = hints_of(decoding, boot);
	struct diagnosis diagnosis;

	hints.is_unsigned_announced = is_unsigned_announced(backtrace, boot);
	diagnosis_of_backtrace(&diagnosis, backtrace, &hints);
	return say(decoding, &(struct decoded){ .source = decoding->source,
	                                        .diagnosis = &diagnosis,
	                                        .backtrace = backtrace,
	                                        .boot = boot });
}

static int say_boot(void *context, const struct boot_log *boot)
{
	struct decoding *decoding = context;
	struct report_hints hints = hints_of(decoding, boot);
	struct backtrace nothing;
	struct diagnosis diagnosis;

	backtrace_init(&nothing);
	diagnosis_of_backtrace(&diagnosis, &nothing, &hints);
	return say(decoding, &(struct decoded){ .source = decoding->source,
	                                        .diagnosis = &diagnosis,
	                                        .boot = boot });
}

static int say_mask(struct decoding *decoding, uint64_t mask)
{
	struct report_hints hints = hints_of(decoding, NULL);
	struct diagnosis diagnosis;

	diagnosis_of_mask(&diagnosis, mask, &hints);
	return say(decoding, &(struct decoded){ .source = decoding->source,
	                                        .diagnosis = &diagnosis });
}

/* ---- what it may be ---- */

/* "12289", "0x3001", or as sysctl(8) prints it. */
static bool mask_parse(const char *string, uint64_t *ret_mask)
{
	static const char sysctl[] = "kernel.tainted = ";
	size_t length;

	if (strncmp(string, sysctl, strlen(sysctl)) == 0)
		string += strlen(sysctl);
	if (strncmp(string, "0x", 2) != 0 && strncmp(string, "0X", 2) != 0)
		return number_parse(string, ret_mask) == 0;
	length = strcspn(string, " \t\r\n");
	return string[length + strspn(string + length, " \t\r\n")] == '\0' &&
	       number_hexadecimal_parse(string, length, ret_mask) == 0;
}

/*
 * Whether they are the letters of some kernel and no word: "POE", or what stands behind
 * "Tainted:".
 */
static bool is_flags(const char *string, size_t length, const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < length; i++)
		if (!isalpha((unsigned char)string[i]) && !strchr(" -?", string[i]))
			return false;
	return taint_letters_is_empty(&diagnosis->strangers) &&
	       (diagnosis->mask || diagnosis->has_uncertain_place ||
	        memchr(string, 'G', length));
}

static int decode_flags(struct decoding *decoding, const char *string, size_t length)
{
	struct report_hints hints = hints_of(decoding, NULL);
	struct diagnosis diagnosis;

	diagnosis_of_flags(&diagnosis, string, length, &hints);
	if (!is_flags(string, length, &diagnosis))
		return 0;
	return say(decoding, &(struct decoded){ .source = decoding->source,
	                                        .diagnosis = &diagnosis });
}

/* What is short may be anything. The text has a NUL behind it. */
static int decode_small(struct decoding *decoding, const char *string, size_t length)
{
	size_t found = decoding->found;
	uint64_t mask;
	int r;

	if (strlen(string) == length && mask_parse(string, &mask))
		return say_mask(decoding, mask);
	r = klog_reader_add(decoding->reader, string, length);
	if (r == 0)
		r = klog_reader_end(decoding->reader);
	if (r < 0 || decoding->found > found)
		return r;
	length = strcspn(string, "\r\n");
	if (string[length + strspn(string + length, "\r\n")] == '\0')
		return decode_flags(decoding, string, length);
	return 0;
}

/* The start of a file, as far as it may be small. 0 or -errno. */
static int read_start(int fd, char *start, size_t *ret_length)
{
	*ret_length = 0;
	while (*ret_length <= SMALL_MAX) {
		ssize_t size = read(fd, start + *ret_length, SMALL_MAX + 1 - *ret_length);

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return size < 0 ? -errno : 0;
		*ret_length += (size_t)size;
	}
	return 0;
}

static int decode_file(struct decoding *decoding, int fd)
{
	char start[SMALL_MAX + 2];
	size_t length;
	int r = read_start(fd, start, &length), ended;

	if (r < 0)
		return r;
	start[length] = '\0';
	if (length <= SMALL_MAX)
		return decode_small(decoding, start, length);
	r = klog_reader_add(decoding->reader, start, length);
	if (r == 0)
		r = klog_reader_read(decoding->reader, fd);
	/* A file that cannot be read to its end leaves nothing for the next. */
	ended = klog_reader_end(decoding->reader);
	return r < 0 ? r : ended;
}

/* 1: all is well; 0: nothing was recognised or read, which was logged; or -ENOMEM. */
static int decode_input(struct decoding *decoding, const struct input *input)
{
	size_t found = decoding->found;
	int r = input->error;

	decoding->source = input->argument;
	if (r == 0)
		r = input->fd >= 0 ? decode_file(decoding, input->fd)
		                   : decode_small(decoding, input->argument,
		                                  strlen(input->argument));
	if (r == -ENOMEM)
		return r;
	if (r == 0 && decoding->found > found)
		return 1;
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot decode", "argument", input->argument,
		          "err", error_words(r), NULL);
	else
		log_event(LOG_LEVEL_ERROR, "Nothing recognised", "argument",
		          input->argument, "expected", EXPECTED, NULL);
	return 0;
}

/* ---- the command ---- */

static void clear_decoding(struct decoding *decoding)
{
	for (size_t i = 0; decoding->inputs && i < decoding->count; i++)
		if (decoding->inputs[i].fd != STDIN_FILENO)
			close_descriptor(&decoding->inputs[i].fd);
	free(decoding->inputs);
	klog_reader_free(decoding->reader);
	klog_free(decoding->klog);
	text_clear(&decoding->text);
}

/* What is no file is taken for text. */
static void open_input(const char *argument, struct input *input)
{
	uint64_t mask;
	int r;

	*input = (struct input){ .argument = argument, .fd = -1 };
	if (strcmp(argument, "-") == 0) {
		input->fd = STDIN_FILENO;
		return;
	}
	if (mask_parse(argument, &mask))
		return;
	r = hostfs_given_stream_open(argument, &input->fd);
	if (r < 0 && !error_is_missing(r) && r != -ENAMETOOLONG)
		input->error = r;
}

static int open_inputs(struct decoding *decoding)
{
	const struct options *options = decoding->options;
	size_t count = options->arguments_count;
	int spare[SPARE_DESCRIPTORS];

	decoding->inputs = calloc(count + 1, sizeof(*decoding->inputs));
	if (!decoding->inputs)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(spare); i++)
		spare[i] = eventfd(0, EFD_CLOEXEC);
	for (size_t i = 0; i < count; i++)
		open_input(options->arguments[i], &decoding->inputs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(spare); i++)
		close_descriptor(&spare[i]);
	if (!count)
		open_input("-", &decoding->inputs[count++]);
	decoding->count = count;
	return 0;
}

static int decode_all(struct decoding *decoding)
{
	int good = 1;

	if (decoding->options->is_json)
		text_add_string(&decoding->text, "[\n");
	for (size_t i = 0; i < decoding->count; i++) {
		int r = decode_input(decoding, &decoding->inputs[i]);

		if (r < 0)
			return r;
		good = good && r;
	}
	if (decoding->options->is_json)
		text_add_string(&decoding->text, "\n]\n");
	return decoding->text.error ? decoding->text.error : good;
}

int decode_run(const struct options *options)
{
	_cleanup_(clear_decoding) struct decoding decoding = { .options = options };
	const struct klog_listener listener = { say_backtrace, say_boot, &decoding };
	bool in_force[SANDBOX_LAYER_COUNT];
	int r, good = 0;

	r = open_inputs(&decoding);
	if (r == 0)
		r = confine(options, NULL, 0, in_force);
	if (r == 0)
		r = klog_new(&decoding.klog);
	if (r == 0)
		r = klog_reader_new(decoding.klog, &listener, &decoding.reader);
	if (r == 0) {
		good = decode_all(&decoding);
		r = good < 0 ? good : output_write(STDOUT_FILENO, &decoding.text);
	}
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot decode", "err", error_words(r), NULL);
	return r == 0 && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
