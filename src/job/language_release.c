/* language_release.c - frees the members of a language */
#include "base/strv.h"
#include "job/job_files.h"
#include "job/language.h"

#include <stdlib.h>

void lang_release(struct lang *l)
{
	free(l->name);
	free(l->title);
	strv_release(l->aliases, l->naliases);
	strv_release(l->extensions, l->nextensions);
	strv_release(l->versions, l->nversions);
	strv_release(l->frameworks, l->nframeworks);
	free(l->available);
	free(l->image_versions);
	free(l->runtimes);
	free(l->registry);
	free(l->image);
	free(l->pull);
	strv_release(l->distribution, l->ndistribution);
	strv_release(l->packages, l->npackages);
	free(l->with);
	strv_release(l->hostdirs, l->nhostdirs);
	free(l->dir);
	strv_release(l->setup, l->nsetup);
	free(l->file);
	job_files_release(l->files, l->nfiles);
	strv_release(l->compile, l->ncompile);
	strv_release(l->run, l->nrun);
	strv_release(l->check, l->ncheck);
	strv_release(l->resident.command, l->resident.ncommand);
	strv_release(l->resident.arguments, l->resident.narguments);
	strv_release(l->session.run, l->session.nrun);
	free(l->session.driver);
	free(l->session.text);
	free(l->layer.grammar);
	strv_release(l->layer.fetch, l->layer.nfetch);
	strv_release(l->layer.compile, l->layer.ncompile);
	strv_release(l->layer.run, l->layer.nrun);
	strv_release(l->layer.check, l->layer.ncheck);
	strv_release(l->layer.arguments, l->layer.narguments);
	strv_release(l->layer.env, l->layer.nenv);
	strv_release(l->layer.links, l->layer.nlinks);
	strv_release(l->env, l->nenv);
	strv_release(l->live_env, l->nlive_env);
	free(l->hashbang);
	free(l->hello);
	free(l->missing);
	*l = (struct lang){ 0 };
}
