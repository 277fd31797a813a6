/* facts_text.c - the facts for C#, JavaScript, Python, the shells and the manual pages */
#include "base/limit.h"
#include "facts.h"
#include "job/reasons.h"
#include "wire/resident.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

/* ---- names as other languages spell them ------------------------------------------- */

/* STDIN_END -> StdinEnd */
static void put_pascal(FILE *f, const char *id)
{
	for (bool start = true; *id; start = *id++ == '_')
		if (*id != '_')
			fputc(start ? toupper(*id) : tolower(*id), f);
}

/* CPU_LIMIT -> cpu limit */
static void put_plain(FILE *f, const char *id)
{
	for (; *id; id++)
		fputc(*id == '_' ? ' ' : tolower(*id), f);
}

static void put_pascal_value(FILE *f, const char *id, int value)
{
	fputc('\t', f);
	put_pascal(f, id);
	fprintf(f, " = %d,\n", value);
}

static void quote_plain(FILE *f, const char *id, bool first)
{
	fputs(first ? "\"" : ", \"", f);
	put_plain(f, id);
	fputc('"', f);
}

void facts_quote(FILE *f, const char *text, bool first)
{
	fprintf(f, "%s\"%s\"", first ? "" : ", ", text);
}

/* ---- C# ---------------------------------------------------------------------------- */

static void csharp_enums(FILE *f)
{
	fputs("enum FrameType : byte\n{\n", f);
#define F(id, number, stream, text, min, max) put_pascal_value(f, #id, number);
	FRAMES(F)
#undef F
	fputs("}\n\nenum FrameStream : byte\n{\n", f);
#define F(id) put_pascal_value(f, #id, STREAM_##id);
	FRAME_STREAMS(F)
#undef F
	fputs("}\n\n/// <summary>How a phase ended.</summary>\nenum How\n{\n", f);
#define F(id) put_pascal_value(f, #id, END_##id);
	FRAME_HOWS(F)
#undef F
	fputs("}\n\n/// <summary>A limit's place in a PHASE frame, and its bit in an END's Exceeded.</summary>\nenum "
	      "Limit\n{\n",
	      f);
#define L(id, name, unit, compile, run, ceiling, text) put_pascal_value(f, #id, LIMIT_##id);
	LIMITS(L)
#undef L
	fputs("}\n\n", f);
}

static void csharp_end_fields(FILE *f)
{
#define F(id, name, what)                                                                                              \
	fputs(END_##id ? ", " : " ", f);                                                                               \
	put_pascal(f, #id);
	FRAME_END_FIELDS(F)
#undef F
}

void facts_csharp(FILE *f)
{
	fputs("// Facts.cs - " FACTS_HEAD "\n\n", f);
	csharp_enums(f);
	fprintf(f,
		"static class Wire\n{\n\tpublic const int HeaderBytes = %d, MaxBytes = %d, ResidentVersion = %d, "
		"Limits = %d;\n}\n\n",
		FRAME_HEADER, FRAME_MAX, RESIDENT_VERSION, LIMIT_COUNT);
	fputs("#pragma warning disable CS0649	// a compiler has no figures for some fields\n"
	      "/// <summary>The fields of an END frame.</summary>\nstruct EndFrame\n{\n",
	      f);
	/* names only: a comment that changes is no reason to build an image again */
	fputs("\tpublic long", f);
	csharp_end_fields(f);
	fputs(";\n\n\tpublic readonly long[] InOrder() => new[] {", f);
	csharp_end_fields(f);
	fputs(" };\n}\n", f);
}

/* ---- JavaScript ---------------------------------------------------------------------- */

void facts_javascript(FILE *f)
{
	fputs("// facts.js - " FACTS_HEAD
	      "\n\n// What the page calls each state and each reason.\nexport const states = {\n",
	      f);
#define S(id, name, title) fprintf(f, "\t\"%s\": \"%s\",\n", name, title);
	STATES(S)
#undef S
	fputs("};\nexport const reasons = {\n", f);
#define R(id, name, state, status, title) fprintf(f, "\t\"%s\": \"%s\",\n", name, title);
	REASONS(R)
#undef R
	fputs("};\n", f);
}

/* ---- Python ---------------------------------------------------------------------------- */

static void python_frames(FILE *f)
{
	fprintf(f, "FRAME_VERSION = %d\nFRAME_MAX = %d\nTEST_STDIN = %d\n", FRAME_VERSION, FRAME_MAX, TEST_STDIN);
	fprintf(f, "HELLO_CELLS = %d\n\n# frame types\n", HELLO_CELLS);
#define F(id, number, stream, text, min, max) fprintf(f, "%s = %d\n", #id, number);
	FRAMES(F)
#undef F
	fputs("\n# bits of a JOB's flags\n", f);
#define F(id, bit, what) fprintf(f, "JOB_%s = %d\n", #id, bit);
	FRAME_JOB_FLAGS(F)
#undef F
	fputs("\n# fields of a JOB, each a u64\nJOB_FIELDS = [", f);
#define F(id, name, what) facts_quote(f, #name, JOB_##id == 0);
	FRAME_JOB_FIELDS(F)
#undef F
	fputs("]\n# fields of an END, each a u64\nEND_FIELDS = [", f);
#define F(id, name, what) facts_quote(f, #name, END_##id == 0);
	FRAME_END_FIELDS(F)
#undef F
	fputs("]\n# how a phase ended\nHOWS = [", f);
#define F(id) quote_plain(f, #id, END_##id == 0);
	FRAME_HOWS(F)
#undef F
	fputs("]\n# why a file was left behind\nLEFT_REASONS = [", f);
#define F(id, name) quote_plain(f, #id, LEFT_##id == 0);
	LEFT_REASONS_TABLE(F)
#undef F
	fputs("]\n\n", f);
}

void facts_python(FILE *f)
{
	fputs("\"\"\"facts.py - " FACTS_HEAD "\"\"\"\n\n", f);
	python_frames(f);
	fputs("PHASES = [", f);
#define P(id, name) facts_quote(f, name, PHASE_##id == 0);
	PHASES(P)
#undef P
	fputs("]\n# in the order of a PHASE frame and of the bits of exceeded in an END\nLIMITS = [", f);
#define L(id, name, unit, compile, run, ceiling, text) facts_quote(f, name, LIMIT_##id == 0);
	LIMITS(L)
#undef L
	fputs("]\nSTATES = [", f);
#define S(id, name, title) facts_quote(f, name, STATE_##id == 0);
	STATES(S)
#undef S
	fputs("]\n# reason: (state, exit status of cee-submit -w; -1 the program's own, -2 128 + its signal)\nREASONS "
	      "= {\n",
	      f);
#define R(id, name, state, status, title)                                                                              \
	fprintf(f, "    \"%s\": (\"%s\", %d),\n", name, state_name[STATE_##state], status);
	REASONS(R)
#undef R
	fputs("}\n", f);
}

/* ---- completion ---------------------------------------------------------------------- */

void facts_completion(FILE *f)
{
	fputs("cee_limits='", f);
#define L(id, name, unit, compile, run, ceiling, text) fprintf(f, "%s%s", LIMIT_##id ? " " : "", name);
	LIMITS(L)
#undef L
	fputs("'\n", f);
}

/* ---- manual pages ------------------------------------------------------------------------ */

void facts_man_meanings(FILE *f) /* cee-job(5) */
{
	static const char *const unit[] = { [UNIT_TIME] = "time", [UNIT_SIZE] = "size", [UNIT_COUNT] = "count" };

	fputs(".It Sy name Ta Sy unit Ta Sy bounds\n", f);
#define L(id, name, u, compile, run, ceiling, text) fprintf(f, ".It %s Ta %s Ta %s\n", name, unit[UNIT_##u], text);
	LIMITS(L)
#undef L
}

void facts_man_defaults(FILE *f) /* cee.conf(5) */
{
	char compile[LIMIT_TEXT_MAX], run[LIMIT_TEXT_MAX], most[LIMIT_TEXT_MAX];

	fputs(".It Sy name Ta Sy limit.compile Ta Sy limit.run Ta Sy ceiling\n", f);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		limit_format(compile, (enum limit_id)i, limits_usual[PHASE_COMPILE].v[i]);
		limit_format(run, (enum limit_id)i, limits_usual[PHASE_RUN].v[i]);
		limit_format(most, (enum limit_id)i, limits_ceiling.v[i]);
		fprintf(f, ".It %s Ta %s Ta %s Ta %s\n", limit_name[i], compile, run, most);
	}
}

void facts_man_status(FILE *f) /* cee(7) */
{
	fputs(".It Sy why Ta Sy state Ta Sy status\n", f);
	for (int i = 0; i < REASON_COUNT; i++) {
		fprintf(f, ".It %s Ta %s Ta ", reason_name[i], state_name[reason_state[i]]);
		if (reason_status[i] >= 0)
			fprintf(f, "%d\n", reason_status[i]);
		else
			fputs(reason_status[i] == STATUS_OWN ? "the program's own\n" : "128 + the signal's number\n",
			      f);
	}
}
