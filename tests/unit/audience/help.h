/* For the tests of audience/: whole imports of a text into the store of store/help.h. */
#ifndef TOCSIN_TESTS_AUDIENCE_HELP_H
#define TOCSIN_TESTS_AUDIENCE_HELP_H

#include "unit/store/help.h"

#include "audience/import.h"
#include "base/buf.h"

struct folder {
    char path[100];
};

static inline struct folder import_folder(const struct place *p)
{
    struct folder f;
    snprintf(f.path, sizeof(f.path), "%s/imports", p->dir);
    return f;
}

static inline void post_done(void *ctx, struct import *import)
{
    (void)import;
    sem_post(ctx);
}

static inline void apply_and_wait(struct import *import)
{
    sem_t done;
    sem_init(&done, 0, 0);
    import_apply(import, post_done, &done);
    while (sem_wait(&done))
        ;
    sem_destroy(&done);
}

/* An import with everything fed; -1 with the sentence when it was refused. Free it in any case. */
static inline int import_text(const struct place *p, const char *list, struct str text,
                              struct import **out, struct err *err)
{
    struct folder folder = import_folder(p);
    struct import_options options = {.folder = folder.path, .list = str_of(list)};
    *out = import_new(p->store, &options, err);
    if (!*out || import_feed(*out, text, err) < 0)
        return -1;
    return import_finish(*out, err);
}

/* The same, applied; it must work. */
static inline struct import_summary import_whole(const struct place *p, const char *list,
                                                 struct str text)
{
    struct import *import;
    struct err err = {""};
    if (import_text(p, list, text, &import, &err) < 0)
        fail_msg("%s", err.text);
    apply_and_wait(import);
    struct import_summary summary = import_summary(import);
    assert_string_equal(import_error(import), "");
    assert_int_equal(summary.state, IMPORT_DONE);
    import_free(import);
    return summary;
}

#endif
