/* tocsin site suspend, resume: nothing goes there for a time; everything goes again. */
#include <string.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/site_words.h"
#include "cli/text.h"

static void print_line(struct buf *words)
{
    struct buf line = BUF_INIT;
    text_clean(&line, buf_str(words));
    puts(line.at);
    buf_release(&line);
    buf_release(words);
}

static uint64_t queued_at(const json_t *sites)
{
    uint64_t sum = 0;
    size_t i;
    json_t *site;
    json_array_foreach(sites, i, site) sum += json_count(site, "queued");
    return sum;
}

/* The suspension by hand among what is in force there. */
static const json_t *find_suspension(const json_t *place)
{
    size_t i;
    json_t *restraint;
    json_array_foreach(json_object_get(place, "restraints"), i, restraint)
    {
        if (strcmp(json_text(restraint, "action"), "suspend") == 0 &&
            !*json_text(restraint, "rule"))
            return restraint;
    }
    return NULL;
}

static void print_suspended(const json_t *place)
{
    struct buf words = BUF_INIT;
    uint64_t queued = queued_at(json_object_get(place, "sites"));
    buf_addf(&words, "%s is suspended ", json_text(place, "name"));
    restraint_say_time(&words, find_suspension(place), clock_wall_s());
    buf_add_byte(&words, '.');
    if (queued > 0) {
        buf_add_byte(&words, ' ');
        text_count(&words, queued, "recipient waits", "recipients wait");
        buf_add_text(&words, " there.");
    }
    print_line(&words);
}

static void print_still_suspended(const json_t *sites)
{
    size_t i;
    json_t *site;
    json_array_foreach(sites, i, site)
    {
        struct buf words = BUF_INIT;
        if (strcmp(json_text(site, "state"), "suspended") != 0)
            continue;
        buf_addf(&words, "%s is still suspended: %s", json_text(site, "site"),
                 json_text(site, "why"));
        print_line(&words);
    }
}

static void print_resumed(const json_t *place)
{
    struct buf words = BUF_INIT;
    uint64_t lifted = json_count(place, "lifted");
    buf_addf(&words, "%s goes on: ", json_text(place, "name"));
    if (lifted > 0)
        text_count(&words, lifted, "restraint was lifted.", "restraints were lifted.");
    else
        buf_add_text(&words, "nothing was in force for it; what failed is tried again at once.");
    print_line(&words);
    print_still_suspended(json_object_get(place, "sites"));
}

/* JSON carries UTF-8 only. */
static void set_text(json_t *body, const char *key, const char *value)
{
    struct buf clean = BUF_INIT;
    if (!value)
        return;
    text_clean(&clean, str_of(value));
    json_object_set_new(body, key, json_stringn(clean.at ? clean.at : "", clean.len));
    buf_release(&clean);
}

/* To be freed. */
static char *make_body(const struct args *args)
{
    json_t *body = json_object();
    set_text(body, "for", args->words_len > 1 ? args->words[1] : NULL);
    set_text(body, "reason", args_value(args, "reason"));
    if (args_has(args, "force"))
        json_object_set_new(body, "force", json_true());
    char *text = json_dumps(body, 0);
    json_decref(body);
    return text;
}

static int control(struct cli *cli, const struct args *args, const char *verb, struct str body,
                   void (*print)(const json_t *place))
{
    struct buf target = BUF_INIT;
    json_t *place;
    target_add(&target, "/v1/sites/", args->words[0]);
    buf_addf(&target, "/%s", verb);
    int status = ask_post(cli, target.at, body, &place);
    buf_release(&target);
    return status == CLI_OK ? json_show(cli, place, print) : status;
}

static int run_suspend(struct cli *cli, const struct args *args)
{
    char *body = make_body(args);
    int status = control(cli, args, "suspend", str_of(body), print_suspended);
    free(body);
    return status;
}

static int run_resume(struct cli *cli, const struct args *args)
{
    return control(cli, args, "resume", STR(""), print_resumed);
}

static const struct flag suspend_flags[] = {
    {"reason", "TEXT", "Why, for those who look at it later"},
    {"force", NULL, "Also a site that nobody knows yet: before the job begins"},
    {NULL, NULL, NULL},
};

const struct command site_suspend_command = {
    .group = "site",
    .name = "suspend",
    .words = "NAME [TIME]",
    .words_min = 1,
    .words_max = 2,
    .summary = "Send nothing to a receiver, for a time or until resumed",
    .about = "NAME is a site as \"tocsin site list\" shows it, a provider, or a source\n"
             "(nothing goes out from it, wherever to). TIME is as in 30m, 4h or 2d.\n"
             "What is on the wire is still sent; what waits is kept, and ages as\n"
             "usual. It survives a restart. When the time is over, the pace comes\n"
             "back step by step.",
    .flags = suspend_flags,
    .run = run_suspend,
};

const struct command site_resume_command = {
    .group = "site",
    .name = "resume",
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .summary = "Lift all that restrains a receiver, and try it at once",
    .about = "NAME is that of a site, a provider or a source. Also what rules put in\n"
             "force there because of the receiver's replies is lifted, and the usual\n"
             "limits hold at once. What restrains the provider of a site is lifted\n"
             "with the name of the provider.",
    .run = run_resume,
};
