/* facts_openapi.c - the schemas of openapi.json that follow from tables
 *
 * States, reasons and limits, and the fields of results, phases and tests (job/result_members.h).
 * A field of the kind JSON_OWN is written by a function, so its schema stands here by name.
 */
#include "base/json_record.h"
#include "base/limit.h"
#include "facts.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/result_members.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void openapi_enums(FILE *f)
{
	fputs("\t\t\t\"Status\": {\"type\": \"string\", \"enum\": [", f);
#define S(id, name, title) facts_quote(f, name, STATE_##id == 0);
	STATES(S)
#undef S
	fputs("]},\n\t\t\t\"Why\": {\n\t\t\t\t\"type\": \"string\",\n\t\t\t\t\"enum\": [\n", f);
#define R(id, name, state, status, title)                                                                              \
	fprintf(f, "\t\t\t\t\t\"%s\"%s\n", name, REASON_##id + 1 < REASON_COUNT ? "," : "");
	REASONS(R)
#undef R
	fputs("\t\t\t\t]\n\t\t\t},\n\t\t\t\"LimitName\": {\"type\": \"string\", \"enum\": [", f);
#define L(id, name, unit, compile, run, ceiling, text) facts_quote(f, name, LIMIT_##id == 0);
	LIMITS(L)
#undef L
	fputs("]},\n", f);
}

static void openapi_limit(FILE *f, enum limit_id id, const char *name, const char *text, const char *type)
{
	static const char *const unit[] = { [UNIT_TIME] = " (seconds)", [UNIT_SIZE] = " (bytes)", [UNIT_COUNT] = "" };

	fprintf(f, "\t\t\t\t\t\"%s\": {\"type\": %s, \"description\": \"%s%s\"}%s\n", name, type, text,
		unit[limit_unit[id]], id + 1 < LIMIT_COUNT ? "," : "");
}

static void openapi_limits(FILE *f)
{
	fputs("\t\t\t\"Limits\": {\n\t\t\t\t\"type\": \"object\",\n\t\t\t\t\"properties\": {\n", f);
#define L(id, name, unit, compile, run, ceiling, text)                                                                 \
	openapi_limit(f, LIMIT_##id, name, text,                                                                       \
		      limit_may_be_none(LIMIT_##id) ? "[\"number\", \"string\"]" : "\"number\"");
	LIMITS(L)
#undef L
	fputs("\t\t\t\t},\n\t\t\t\t\"additionalProperties\": false\n\t\t\t},\n", f);
	fputs("\t\t\t\"PhaseLimits\": {\n\t\t\t\t\"type\": \"object\",\n\t\t\t\t\"description\": \"a number, or text "
	      "as 1.5s or 64M\",\n"
	      "\t\t\t\t\"properties\": {\n",
	      f);
#define L(id, name, unit, compile, run, ceiling, text)                                                                 \
	openapi_limit(f, LIMIT_##id, name, text, "[\"number\", \"string\"]");
	LIMITS(L)
#undef L
	fputs("\t\t\t\t}\n\t\t\t},\n", f);
}

#define TABS "\t\t\t\t\t\t\t\t\t\t"
#define REF(name) "{\"$ref\": \"#/components/schemas/" name "\"}"
static const struct {
	const char *name, *schema;
} own[] = {
	{ "id", REF("Id") },
	{ "state", REF("Status") },
	{ "hit", "{\"type\": \"array\", \"items\": " REF("LimitName") "}" },
	{ "limits", REF("Limits") },
	{ "labels", "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}" },
	{ "packages", "{\"type\": \"array\", \"items\": " REF("Package") "}" },
	{ "left", "{\"type\": \"array\", \"items\": " REF("LeftBehind") "}" },
	{ "left_more", "{\"type\": \"integer\", \"minimum\": 1}" },
	{ "skipped", "{\"type\": \"integer\", \"minimum\": 0}" },
	{ "ok", "{\"type\": \"boolean\"}" },
};

static void own_schema(FILE *f, const char *name)
{
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(own[i].name, name) == 0) {
			fputs(own[i].schema, f);
			return;
		}
	fprintf(stderr, "facts: %s: a result's field of the kind JSON_OWN needs a schema in facts_openapi.c\n", name);
	exit(2);
}

static void word_schema(FILE *f, const struct json_member *m)
{
	bool first = true;

	if (m->words == reason_name) {
		fputs(REF("Why"), f);
		return;
	}
	fputs("{\"type\": \"string\", \"enum\": [", f);
	for (size_t i = 0; i < m->nwords; i++)
		if (m->words[i]) {
			facts_quote(f, m->words[i], first);
			first = false;
		}
	fputs("]}", f);
}

static void integer_schema(FILE *f, const struct json_member *m)
{
	fprintf(f, "{\"type\": %s, \"minimum\": %d, \"maximum\": %" PRId64 "}",
		m->flags & JSON_NULL_BELOW ? "[\"integer\", \"null\"]" : "\"integer\"", m->least, m->most);
}

static void members(FILE *f, const struct json_member *table, int depth, bool *first);

static void object_schema(FILE *f, const struct json_member *m, int depth)
{
	bool first = true;

	if (m->fields == result_phase_members) {
		fputs(REF("Phase"), f);
		return;
	}
	fprintf(f, "{\n%.*s\"type\": \"object\",\n%.*s\"properties\": {", depth + 1, TABS, depth + 1, TABS);
	members(f, m->fields, depth + 2, &first);
	fprintf(f, "\n%.*s}\n%.*s}", depth + 1, TABS, depth, TABS);
}

static void member_schema(FILE *f, const struct json_member *m, int depth)
{
	switch (m->kind) {
	case JSON_TEXT:
		fputs("{\"type\": \"string\"}", f);
		break;
	case JSON_FLAG:
		fputs("{\"type\": \"boolean\"}", f);
		break;
	case JSON_INT:
		integer_schema(f, m);
		break;
	case JSON_NUMBER:
		fputs("{\"type\": \"integer\", \"minimum\": 0}", f);
		break;
	case JSON_SECONDS:
		fputs("{\"type\": \"number\", \"minimum\": 0, \"description\": \"seconds\"}", f);
		break;
	case JSON_TIME:
		fputs("{\"type\": \"string\", \"format\": \"date-time\"}", f);
		break;
	case JSON_WORD:
		word_schema(f, m);
		break;
	case JSON_OBJECT:
		object_schema(f, m, depth);
		break;
	case JSON_OWN:
		own_schema(f, m->name);
		break;
	case JSON_INLINE:
		break;
	}
}

static void members(FILE *f, const struct json_member *table, int depth, bool *first)
{
	for (const struct json_member *m = table; m->name || m->kind == JSON_INLINE; m++) {
		if (m->kind == JSON_INLINE) {
			members(f, m->fields, depth, first);
			continue;
		}
		fprintf(f, "%s\n%.*s\"%s\": ", *first ? "" : ",", depth, TABS, m->name);
		*first = false;
		member_schema(f, m, depth);
	}
}

/* Fields that a later version adds are no error: the object stays open. */
static void record(FILE *f, const char *name, const char *what, const struct json_member *table, const char *required)
{
	bool first = true;

	fprintf(f,
		"\t\t\t\"%s\": {\n\t\t\t\t\"type\": \"object\",\n\t\t\t\t\"description\": \"%s\",\n"
		"\t\t\t\t\"properties\": {",
		name, what);
	members(f, table, 5, &first);
	fprintf(f, "\n\t\t\t\t},\n\t\t\t\t\"required\": [%s]\n\t\t\t},\n", required);
}

static void left_behind(FILE *f)
{
	fputs("\t\t\t\"LeftBehind\": {\n\t\t\t\t\"type\": \"object\",\n\t\t\t\t\"properties\": {\n"
	      "\t\t\t\t\t\"name\": {\"type\": \"string\"},\n\t\t\t\t\t\"why\": {\"type\": \"string\", \"enum\": [",
	      f);
	for (int i = 0; i < LEFT_NAMES; i++)
		facts_quote(f, left_name[i], i == 0);
	fputs("]}\n\t\t\t\t},\n\t\t\t\t\"required\": [\"name\", \"why\"]\n\t\t\t},\n", f);
}

void facts_openapi(FILE *f)
{
	openapi_enums(f);
	openapi_limits(f);
	left_behind(f);
	record(f, "Phase", "One phase of a job, or a test: cee-job(5).", result_phase_members, "\"exit_code\"");
	record(f, "Result", "The result, as in cee-job(5).", result_members, "\"id\", \"state\", \"why\", \"attempt\"");
	record(f, "Test", "The result of a test, as in cee-job(5).", test_members, "\"number\", \"name\", \"why\"");
}
