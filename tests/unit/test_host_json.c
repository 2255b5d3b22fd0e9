/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host for programs, from hosts made by hand, read by a strict reader: every member
 * is always there, what is not known is null, and no value leaves its string.
 */
#include "exposition/host_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "json.h"
#include "model/cause.h"

#define MEMBERS 19

static void write_json(struct text *text)
{
	host_json_write(&metrics, text);
}

/* The document; it is one object in one line, with all members, and nothing else. */
static const char *document(struct text *text)
{
	text_reset(text);
	tell(write_json, text);
	assert_int_equal(text->error, 0);
	assert_int_equal(text_string(text)[0], '{');
	assert_int_equal(text->length, strlen(text_string(text)));
	json_check(text_string(text));
	assert_null(strchr(text_string(text), '\n'));
	json_assert_count(text_string(text), "", MEMBERS);
	json_assert_count(text_string(text), "posture", POSTURE_COUNT + 2);
	return text_string(text);
}

static void assert_words(const char *const (*rows)[2], size_t count)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json = document(&text);

	for (size_t i = 0; i < count; i++)
		json_assert_word(json, rows[i][0], rows[i][1]);
}

#define ASSERT_WORDS(...)                                             \
	do {                                                          \
		static const char *const rows[][2] = { __VA_ARGS__ }; \
		assert_words(rows, ARRAY_SIZE(rows));                 \
	} while (0)

static void of_a_clean_host_everything_is_known(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	add_module("ext4", "");
	ASSERT_WORDS({ "tainted", "false" }, { "mask", "0" }, { "taints", "[]" },
	             { "module_support", "true" }, { "modules_loaded", "1" },
	             { "modules_tainting", "0" }, { "modules_proprietary", "0" },
	             { "modules_out_of_tree", "0" }, { "modules_unsigned", "0" },
	             { "modules", "[]" }, { "unexplained", "[]" },
	             { "contradicted", "[]" }, { "hidden", "[]" },
	             { "disagreeing", "[]" }, { "reboot.gone", "[]" },
	             { "reboot.with_modules", "[]" }, { "reboot.with_boot", "[]" },
	             { "reboot.unknown", "[]" });
	json_assert(document(&text), "release", "6.12.0");
	json_assert(document(&text), "dialect", "mainline");
}

static void each_set_bit_is_told_with_its_meaning(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	snapshot.mask = UINT64_C(1) << 63 | 0x200;
	json = document(&text);
	json_assert_word(json, "tainted", "true");
	json_assert_word(json, "mask", "9223372036854776320");
	json_assert_count(json, "taints", 2);
	json_assert_count(json, "taints.0", 5);
	json_assert_word(json, "taints.0.bit", "9");
	json_assert(json, "taints.0.flag", "W");
	json_assert(json, "taints.0.taint", "warn");
	json_assert(json, "taints.0.meaning", taint_meaning(TAINT_WARN));
	json_assert_word(json, "taints.1.bit", "63");
	json_assert(json, "taints.1.flag", "?");
	json_assert(json, "taints.1.taint", "unknown");
	json_assert(json, "taints.1.meaning", "unknown");
	/* Bits do not depend on who knows what they mean. */
	metrics.dialect = NULL;
	json = document(&text);
	json_assert_word(json, "dialect", "null");
	json_assert_word(json, "taints.0.bit", "9");
	json_assert(json, "taints.0.taint", "unknown");
}

static void tainting_modules_are_told_as_the_command_module_does(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct module_record *record;
	struct module_file *file;
	const char *json;

	(void)state;
	snapshot.mask = 0x3001;
	add_module("zfs", "PO");
	add_module("ext4", "");
	record = add_bytes("nvidia_and_more", 6, "POE");
	file = set_file(record, MODULE_SIGNATURE_PKCS7, "/nvidia.ko");
	set_word(file, MODULE_WORD_LICENSE, "NVIDIA");
	set_word(file, MODULE_WORD_SIGNER, "DKMS");
	set_builds(record, "a", "b");
	json = document(&text);
	json_assert_word(json, "modules_loaded", "3");
	json_assert_word(json, "modules_tainting", "2");
	json_assert_word(json, "modules_proprietary", "2");
	json_assert_word(json, "modules_out_of_tree", "2");
	json_assert_word(json, "modules_unsigned", "1");
	json_assert_count(json, "modules", 2);
	json_assert(json, "modules.0.module", "nvidia");
	json_assert(json, "modules.0.flags", "POE");
	json_assert(json, "modules.0.taints.2.taint", "unsigned_module");
	json_assert(json, "modules.0.signature", "pkcs7");
	json_assert(json, "modules.0.signer", "DKMS");
	json_assert(json, "modules.0.license", "NVIDIA");
	json_assert(json, "modules.0.path", "/nvidia.ko");
	json_assert_word(json, "modules.0.file_differs", "true");
	json_assert(json, "modules.1.module", "zfs");
	json_assert(json, "modules.1.signature", "missing");
	json_assert_word(json, "modules.1.file_differs", "null");
	record->file = module_file_free(record->file);
	json_assert(document(&text), "modules.0.signature", "pending");
}

static void what_is_not_explained_is_listed(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	snapshot.mask = 0x3000;
	set_sysfs(add_bytes("zfs and more", 3, "PO"), "P");
	set_sysfs(add_module("same", ""), "");
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, "a", 1), 0);
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, "b", 2), 0);
	json = document(&text);
	json_assert_count(json, "unexplained", 1);
	json_assert(json, "unexplained.0.taint", "unsigned_module");
	json_assert_word(json, "unexplained.0.bit", "13");
	json_assert_count(json, "contradicted", 1);
	json_assert(json, "contradicted.0.flag", "P");
	json_assert_count(json, "hidden", 2);
	json_assert(json, "hidden.0", "a");
	json_assert(json, "hidden.1", "b");
	json_assert_count(json, "disagreeing", 1);
	json_assert(json, "disagreeing.0", "zfs");
}

static void a_reboot_has_each_bit_once_and_its_modules(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	/* P, D, E, T and nobody knows what. */
	snapshot.mask = 0x1022081;
	add_module("zfs", "PO");
	add_module("nvidia", "P");
	json = document(&text);
	json_assert_count(json, "reboot", 4);
	json_assert_count(json, "reboot.gone", 1);
	json_assert(json, "reboot.gone.0.taint", "die");
	json_assert_count(json, "reboot.with_modules", 1);
	json_assert_count(json, "reboot.with_modules.0", 6);
	json_assert_word(json, "reboot.with_modules.0.bit", "0");
	json_assert_count(json, "reboot.with_modules.0.modules", 2);
	json_assert(json, "reboot.with_modules.0.modules.0", "nvidia");
	json_assert(json, "reboot.with_modules.0.modules.1", "zfs");
	json_assert_count(json, "reboot.with_boot", 1);
	json_assert(json, "reboot.with_boot.0.taint", "randstruct");
	json_assert_count(json, "reboot.unknown", 2);
	json_assert(json, "reboot.unknown.0.taint", "unsigned_module");
	json_assert_word(json, "reboot.unknown.1.bit", "24");
}

static void every_posture_has_the_name_of_its_family(void **state)
{
	(void)state;
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot.posture[posture] =
			(struct reading){ .known = true, .value = posture };
	snapshot.lockdown =
		(struct reading){ .known = true, .value = LOCKDOWN_INTEGRITY };
	ASSERT_WORDS({ "posture.module_signatures_enforced", "false" },
	             { "posture.module_loading_disabled", "true" },
	             { "posture.secure_boot", "true" },
	             { "posture.microcode_outdated", "true" },
	             { "posture.panic_mask", "4" },
	             { "posture.kernel_warnings_total", "5" },
	             { "posture.kernel_oopses_total", "6" },
	             { "posture.kernel_softlockups_total", "7" },
	             { "posture.kernel_hardlockups_total", "8" },
	             { "posture.kernel_rcu_stalls_total", "9" },
	             { "posture.lockdown", "\"integrity\"" },
	             { "posture.absent.lockdown", "null" },
	             { "posture.absent.secure_boot", "null" });
}

static void collectors_tell_whether_they_succeeded(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	metrics.succeeded &= ~COLLECTOR_BIT(COLLECTOR_POSTURE);
	json = document(&text);
	json_assert_count(json, "collectors", 4);
	json_assert_word(json, "collectors.kernel", "true");
	json_assert_word(json, "collectors.modules", "true");
	json_assert_word(json, "collectors.posture", "false");
	json_assert_word(json, "collectors.signature", "true");
	metrics.collectors = COLLECTOR_BIT(COLLECTOR_KERNEL);
	json_assert_count(document(&text), "collectors", 1);
}

/* ---- what is not known ---- */

static void without_a_mask_nothing_of_it_is_known(void **state)
{
	(void)state;
	snapshot.mask_result.error = -ENOENT;
	add_module("zfs", "PO");
	ASSERT_WORDS({ "tainted", "null" }, { "mask", "null" }, { "taints", "null" },
	             { "unexplained", "null" }, { "contradicted", "null" },
	             { "reboot", "null" }, { "hidden", "[]" }, { "modules_loaded", "1" },
	             { "modules_tainting", "1" });
}

static void without_a_list_of_modules_none_is_known(void **state)
{
	(void)state;
	snapshot.mask = 1;
	/* In front of what was garbage. */
	add_module("zfs", "PO");
	snapshot.modules.procfs_result.error = -EBADMSG;
	ASSERT_WORDS({ "module_support", "null" }, { "modules_loaded", "null" },
	             { "modules_tainting", "null" }, { "modules_proprietary", "null" },
	             { "modules_out_of_tree", "null" }, { "modules_unsigned", "null" },
	             { "modules", "null" }, { "unexplained", "null" },
	             { "contradicted", "null" }, { "hidden", "null" },
	             { "disagreeing", "null" }, { "reboot.with_modules", "[]" },
	             { "mask", "1" });
}

static void without_sysfs_nothing_of_the_comparison_is_known(void **state)
{
	(void)state;
	snapshot.modules.sysfs_result.error = -ENOENT;
	ASSERT_WORDS({ "hidden", "null" }, { "disagreeing", "null" }, { "modules", "[]" },
	             { "unexplained", "[]" });
}

static void without_a_kernel_no_meaning_is_known(void **state)
{
	(void)state;
	metrics.dialect = NULL;
	text_reset(&snapshot.release);
	add_module("zfs", "PO");
	ASSERT_WORDS({ "release", "null" }, { "dialect", "null" },
	             { "modules_tainting", "1" }, { "modules_proprietary", "null" },
	             { "modules_out_of_tree", "null" }, { "modules_unsigned", "null" },
	             { "unexplained", "null" }, { "contradicted", "null" },
	             { "taints", "[]" }, { "hidden", "[]" },
	             { "modules.0.taints.0.taint", "\"unknown\"" });
}

static void a_posture_that_is_not_known_is_null(void **state)
{
	(void)state;
	/* Whatever is there of a value. */
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot.posture[posture] =
			(struct reading){ .known = false, .value = 1 };
	snapshot.lockdown = (struct reading){ .known = false, .value = LOCKDOWN_NONE };
	ASSERT_WORDS({ "posture.module_signatures_enforced", "null" },
	             { "posture.module_loading_disabled", "null" },
	             { "posture.secure_boot", "null" },
	             { "posture.microcode_outdated", "null" },
	             { "posture.panic_mask", "null" },
	             { "posture.kernel_warnings_total", "null" },
	             { "posture.kernel_oopses_total", "null" },
	             { "posture.kernel_softlockups_total", "null" },
	             { "posture.kernel_hardlockups_total", "null" },
	             { "posture.kernel_rcu_stalls_total", "null" },
	             { "posture.lockdown", "null" });
}

static void an_absent_reading_tells_why(void **state)
{
	static const char *const words[] = { "unknown", "not_offered", "hidden",
		                             "unreadable" };
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(ARRAY_SIZE(words), ABSENCE_COUNT);
	for (enum absence absence = 0; absence < ABSENCE_COUNT; absence++) {
		snapshot.lockdown.absence = absence;
		json_assert(document(&text), "posture.absent.lockdown", words[absence]);
		json_assert(document(&text), "posture.absent.secure_boot", "unknown");
	}
	snapshot.posture[POSTURE_SECURE_BOOT].absence = ABSENCE_HIDDEN;
	json_assert(document(&text), "posture.absent.secure_boot", "hidden");
}

static void a_taint_has_its_cause(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	snapshot.mask = 0x204;
	json_assert_word(document(&text), "taints.0.cause", "null");
	snapshot.posture[POSTURE_MICROCODE_OUTDATED] =
		(struct reading){ .known = true, .value = 1 };
	json_assert(document(&text), "taints.0.cause",
	            cause_find(TAINT_CPU_OUT_OF_SPEC, &snapshot));
	json_assert_word(document(&text), "taints.1.cause", "null");
}

static void a_kernel_that_cannot_load_modules_says_so(void **state)
{
	(void)state;
	snapshot.modules.support = false;
	ASSERT_WORDS({ "module_support", "false" }, { "modules_loaded", "0" });
}

/* ---- hostile values, and no memory ---- */

static void no_hostile_value_leaves_its_string(void **state)
{
	static const char *const paths[] = { "release",          "modules.0.module",
		                             "modules.1.module", "modules.1.license",
		                             "modules.1.path",   "hidden.0",
		                             "disagreeing.0" };

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT, clean = TEXT_INIT;
		const char *json;

		teardown_host(state);
		setup_host(state);
		make_worst_host(hostile[i]);
		json = document(&text);
		utf8_add_clean(&clean, hostile[i], strlen(hostile[i]));
		for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
			json_assert(json, paths[k], text_string(&clean));
		json_assert(json, "reboot.with_modules.0.modules.0", text_string(&clean));
	}
}

static void without_memory_a_document_is_whole_or_has_the_error(void **state)
{
	(void)state;
	make_worst_host("a name that takes more than a few bytes \xff");
	assert_whole_or_error(write_json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_host, teardown_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_a_clean_host_everything_is_known),
		TEST(each_set_bit_is_told_with_its_meaning),
		TEST(tainting_modules_are_told_as_the_command_module_does),
		TEST(what_is_not_explained_is_listed),
		TEST(a_reboot_has_each_bit_once_and_its_modules),
		TEST(every_posture_has_the_name_of_its_family),
		TEST(collectors_tell_whether_they_succeeded),
		TEST(without_a_mask_nothing_of_it_is_known),
		TEST(without_a_list_of_modules_none_is_known),
		TEST(without_sysfs_nothing_of_the_comparison_is_known),
		TEST(without_a_kernel_no_meaning_is_known),
		TEST(a_posture_that_is_not_known_is_null),
		TEST(an_absent_reading_tells_why),
		TEST(a_taint_has_its_cause),
		TEST(a_kernel_that_cannot_load_modules_says_so),
		TEST(no_hostile_value_leaves_its_string),
		TEST(without_memory_a_document_is_whole_or_has_the_error),
	};

	return cmocka_run_group_tests_name("host_json", tests, NULL, NULL);
}
