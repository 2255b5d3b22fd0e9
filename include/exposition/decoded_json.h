/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command decode says, for programs.
 */
#pragma once

struct decoded;
struct text;

/* Appends one JSON object in one line, without its end. What is not known is null. */
void decoded_json_write(const struct decoded *decoded, struct text *text);
