#include "config/parse.h"

#include "base/alloc.h"
#include "config/text.h"

enum { OPEN_MAX = 4, SHOWN_MAX = 80 };

/* A block that is being read. */
struct open_block {
    cfg_t *cfg;
    enum block_id id;
    int line;
    uint64_t seen; /* a bit for each option of the table that it has had, by place in the block */
    const cfg_opt_t *list; /* whose list is being read; else NULL */
    unsigned list_size;    /* as it was, with the mark */
};

/* A block that was met: for titles that come twice. */
struct met_block {
    enum block_id id;
    const cfg_t *parent;
    struct str title;
    int line;
    struct met_block *before;
};

struct reading {
    enum parse_file file;
    const struct value_context *context;
    struct problems *problems;
    struct arena memory;
    struct open_block open[OPEN_MAX];
    size_t depth;
    struct met_block *met;
    struct str unknown;   /* the name that was refused last */
    struct value *values; /* of the list that is being read */
};

/* libconfuse's callbacks carry no context. */
static struct reading *reading;

static struct open_block *block_now(void)
{
    return &reading->open[reading->depth - 1];
}

/* How a person would call a place: "site.connections", or "data_dir" at the top. */
static struct str option_path(enum block_id block, const char *name)
{
    if (block == BLOCK_TOP)
        return str_of(name);
    struct buf path = BUF_INIT;
    if (blocks[block].parent != BLOCK_TOP)
        buf_addf(&path, "%s.", blocks[blocks[block].parent].name);
    buf_addf(&path, "%s.%s", blocks[block].name, name);
    struct str result = arena_str(&reading->memory, buf_str(&path));
    buf_release(&path);
    return result;
}

/* A value as errors show it. */
static int shown_len(struct str value)
{
    return (int)(value.len < SHOWN_MAX ? value.len : SHOWN_MAX);
}

static void say_not_for_providers(cfg_t *cfg, struct str name)
{
    problems_add(
        reading->problems, cfg->line,
        "There is no \"%.*s\" in a file of providers: it has blocks provider and rule only.",
        shown_len(name), name.at ? name.at : "");
}

static void say_unknown_in(enum block_id block, cfg_t *cfg, const char *name)
{
    const char *meant = option_suggest(block, str_of(name));
    struct buf where = BUF_INIT;
    if (block == BLOCK_TOP)
        buf_add_text(&where, "outside the blocks");
    else
        buf_addf(&where, "in a %s block", blocks[block].name);
    if (meant)
        problems_add(reading->problems, cfg->line, "There is no \"%.*s\" %s: did you mean \"%s\"?",
                     shown_len(str_of(name)), name, where.at, meant);
    else
        problems_add(reading->problems, cfg->line,
                     "There is no \"%.*s\" %s: tocsind --options lists all that there are.",
                     shown_len(str_of(name)), name, where.at);
    buf_release(&where);
}

static void say_unknown(cfg_t *cfg, const char *name)
{
    enum block_id block = block_find(str_of(cfg->name));
    if (block == BLOCK_TOP && reading->file == PARSE_PROVIDERS)
        say_not_for_providers(cfg, str_of(name));
    else
        say_unknown_in(block, cfg, name);
    reading->unknown = arena_str(&reading->memory, str_of(name));
}

/* One of libconfuse's own messages, which begin small and have no full stop. */
static void say_syntax(cfg_t *cfg, const char *format, va_list args)
{
    struct buf text = BUF_INIT;
    buf_addv(&text, format, args);
    if (text.len && text.at[0] >= 'a' && text.at[0] <= 'z')
        text.at[0] = (char)(text.at[0] - 'a' + 'A');
    problems_add(reading->problems, cfg->line, "%.*s; what follows was not checked.",
                 shown_len(buf_str(&text)), text.at);
    buf_release(&text);
}

/*
 * An unknown name is let through as an option, so that reading goes on behind it. When it was the
 * name of a block, libconfuse now misses its "=" and gives up, in words that would mislead.
 */
static void on_error(cfg_t *cfg, const char *format, va_list args)
{
    bool names_option = strstr(format, "'%s'") != NULL;
    va_list copy;
    va_copy(copy, args);
    const char *name = names_option ? va_arg(copy, const char *) : "";
    va_end(copy);
    if (strncmp(format, "no such option", strlen("no such option")) == 0)
        say_unknown(cfg, name);
    else if (reading->unknown.at && strcmp(reading->unknown.at, name) == 0)
        problems_add(reading->problems, cfg->line,
                     "What follows the unknown \"%.*s\" was not checked.", shown_len(str_of(name)),
                     name);
    else
        say_syntax(cfg, format, args);
}

static void check_title(enum block_id id, struct str title, int line)
{
    struct err err;
    if (title.len == 0)
        problems_add(reading->problems, line, "The title of this %s is empty: name it.",
                     blocks[id].name);
    else if (blocks[id].title_check && blocks[id].title_check(title, &err) != 0)
        problems_add(reading->problems, line, "The title \"%.*s\" of this %s %s.", shown_len(title),
                     title.at, blocks[id].name, err.text);
}

/* Remembers the block, and says so if it was there before. */
static void meet_block(enum block_id id, cfg_t *cfg, int line)
{
    struct str title = str_of(cfg->title);
    const cfg_t *parent = block_now()->cfg;
    for (const struct met_block *met = reading->met; met; met = met->before) {
        if (met->id != id || met->parent != parent || !str_eq_nocase(met->title, title))
            continue;
        problems_add(reading->problems, line, "A second %s%s%.*s%s; the first is on line %d.",
                     blocks[id].name, title.at ? " \"" : " block", shown_len(title),
                     title.at ? title.at : "", title.at ? "\"" : "", met->line);
        return;
    }
    struct met_block *met = ARENA_NEW(&reading->memory, struct met_block);
    struct str copy = arena_str(&reading->memory, title);
    *met = (struct met_block){id, parent, copy, line, reading->met};
    reading->met = met;
}

/* The first option of each block holds the line of its brace. */
static void open_block(cfg_t *cfg, int line)
{
    enum block_id id = block_find(str_of(cfg->name));
    if (blocks[id].titled)
        check_title(id, str_of(cfg->title), line);
    if (blocks[id].titled || !blocks[id].many)
        meet_block(id, cfg, line);
    reading->open[reading->depth++] = (struct open_block){.cfg = cfg, .id = id, .line = line};
}

/* The options of a block stand together in the table: a bit for each. */
static uint64_t option_bit(const struct option *option)
{
    uint64_t bit = 1;
    while (option > options && option[-1].block == option->block) {
        bit <<= 1;
        option--;
    }
    return bit;
}

static void check_required(const struct open_block *block)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &options[i];
        if (o->block != block->id || !o->required || block->seen & option_bit(o))
            continue;
        if (o->block == BLOCK_TOP)
            problems_add(reading->problems, block->line, "%s is missing: add %s = …", o->name,
                         o->name);
        else
            problems_add(reading->problems, block->line, "This %s block has no %s: add %s = …",
                         blocks[o->block].name, o->name, o->name);
    }
}

static void say_value(const struct option *option, int line, struct str text, const struct err *err)
{
    struct str path = option_path(option->block, option->name);
    problems_add(reading->problems, line, "The value \"%.*s\" of %.*s %s.", shown_len(text),
                 text.at, STR_ARG(path), err->text);
}

static void check_value(const struct option *option, int line, struct str text)
{
    struct value value;
    struct err err;
    if (value_parse(option, text, reading->context, &value, &err) != 0)
        say_value(option, line, text, &err);
}

/* The value at position n of a list, whose values before it have been through here. */
static void check_list_value(const struct option *option, int line, struct str text, size_t n)
{
    struct value *values = reading->values;
    struct err err;
    if (n > option->list_max)
        return; /* said when the first one was too many */
    if (value_parse(option, text, reading->context, &values[n], &err) != 0 ||
        value_list_check(option, &values[n], values, n, &err) != 0)
        say_value(option, line, text, &err);
}

static void note_option(struct open_block *block, const struct option *option, int line)
{
    if (block->seen & option_bit(option))
        problems_add(reading->problems, line,
                     "A second %s in the same place: remove one of the two.", option->name);
    block->seen |= option_bit(option);
}

static void end_list(struct open_block *block, const struct option *option, int line)
{
    struct str path = option_path(option->block, option->name);
    if (block->list_size == 1)
        problems_add(reading->problems, line,
                     "The list %.*s is empty: write a value, or leave it out.", STR_ARG(path));
    block->list = NULL;
}

/*
 * Called for the mark of a list, for each of its values, and once more at its end; or once, for a
 * value that stands there without braces.
 */
static void on_list(struct open_block *block, const struct option *option, int line, cfg_opt_t *opt)
{
    unsigned size = cfg_opt_size(opt);
    struct str last = str_of(size ? cfg_opt_getnstr(opt, size - 1) : NULL);
    bool begins = size == 1 && str_eq(last, STR(CONFIG_LIST_MARK));
    if (block->list == opt && size == block->list_size) {
        end_list(block, option, line);
        return;
    }
    if (block->list != opt)
        note_option(block, option, line);
    if (begins)
        block->list = opt;
    else
        check_list_value(option, line, last, block->list ? size - 2 : 0);
    block->list_size = size;
}

/*
 * libconfuse takes a name like "dkim|key" (in quotes) for a path to an option of an inner block;
 * it is no option of the block where it stands, and so it is refused like any unknown name.
 */
static int on_option(cfg_t *cfg, cfg_opt_t *opt)
{
    struct open_block *block = block_now();
    bool first = block->cfg != cfg;
    struct str name = str_of(opt->name);
    const struct option *option = option_find(block->id, name);
    if (first && str_eq(name, STR(CONFIG_LINE_OPTION))) {
        open_block(cfg, (int)strtol(cfg_opt_getstr(opt), NULL, 10));
        return 0;
    }
    if (!option) {
        say_unknown(cfg, opt->name);
        return 0;
    }
    if (option->list_max) {
        on_list(block, option, cfg->line, opt);
        return 0;
    }
    note_option(block, option, cfg->line);
    check_value(option, cfg->line, str_of(cfg_opt_getstr(opt)));
    return 0;
}

/* libconfuse finds no fault in an option with the name "". */
static void check_names(const struct open_block *block)
{
    for (unsigned i = 0; i < cfg_num(block->cfg); i++)
        if (cfg_opt_name(cfg_getnopt(block->cfg, i))[0] == '\0')
            problems_add(reading->problems, block->line, "An option here has an empty name.");
}

static int on_block_end(cfg_t *cfg, cfg_opt_t *opt)
{
    (void)cfg, (void)opt;
    check_required(block_now());
    check_names(block_now());
    reading->depth--;
    return 0;
}

static bool block_met(enum block_id id)
{
    for (const struct met_block *met = reading->met; met; met = met->before)
        if (met->id == id)
            return true;
    return false;
}

/* What can only be missed at the end of the file. */
static void check_whole(void)
{
    check_names(block_now());
    if (reading->file == PARSE_PROVIDERS)
        return;
    check_required(block_now());
    for (int i = 0; i < BLOCK_COUNT; i++)
        if (blocks[i].example && !block_met((enum block_id)i))
            problems_add(reading->problems, 1, "There is no %s block: add %s.", blocks[i].name,
                         blocks[i].example);
}

static cfg_opt_t string_option(const char *name, bool list)
{
    cfg_opt_t option = CFG_STR(name, NULL, CFGF_NODEFAULT);
    option.flags |= list ? CFGF_LIST : CFGF_NONE;
    option.validcb = on_option;
    return option;
}

static cfg_opt_t *block_options(enum block_id id);

/* Every block may come again for libconfuse, which would else replace the first without a word. */
static cfg_opt_t block_option(enum block_id id)
{
    cfg_flag_t flags = CFGF_MULTI | (blocks[id].titled ? CFGF_TITLE : CFGF_NONE);
    cfg_opt_t option = CFG_SEC(blocks[id].name, block_options(id), flags);
    option.validcb = on_block_end;
    return option;
}

static cfg_opt_t *block_options(enum block_id id)
{
    cfg_opt_t *made = arena_zero(&reading->memory, (option_count + BLOCK_COUNT) * sizeof(*made));
    bool narrow = reading->file == PARSE_PROVIDERS;
    size_t count = 0;
    if (id != BLOCK_TOP)
        made[count++] = string_option(CONFIG_LINE_OPTION, false);
    for (size_t i = 0; i < option_count; i++)
        if (options[i].block == id && (id != BLOCK_TOP || !narrow))
            made[count++] = string_option(options[i].name, options[i].list_max > 0);
    for (int i = BLOCK_TOP + 1; i < BLOCK_COUNT; i++)
        if (blocks[i].parent == id && (id != BLOCK_TOP || !narrow || blocks[i].shaping))
            made[count++] = block_option((enum block_id)i);
    made[count] = (cfg_opt_t)CFG_END();
    return made;
}

/* CFGF_KEYSTRVAL turns a name that was refused into an option, so that reading goes on. */
static cfg_t *tree_new(void)
{
    cfg_t *root = cfg_init(block_options(BLOCK_TOP), CFGF_KEYSTRVAL);
    if (!root)
        abort();
    cfg_set_error_function(root, on_error);
    reading->open[0] = (struct open_block){.cfg = root, .id = BLOCK_TOP, .line = 1};
    reading->depth = 1;
    return root;
}

static int tree_read(cfg_t *root, struct str text)
{
    FILE *file = fmemopen((void *)(uintptr_t)text.at, text.len, "r");
    if (!file)
        abort();
    int result = cfg_parse_fp(root, file);
    fclose(file);
    return result;
}

cfg_t *parse_text(struct str safe_text, enum parse_file file, const struct value_context *context,
                  struct problems *problems)
{
    struct reading now = {
        .file = file, .context = context, .problems = problems, .memory = ARENA_INIT};
    reading = &now;
    now.values = arena_zero(&now.memory, (OPTION_LIST_LONGEST + 1) * sizeof(*now.values));
    cfg_t *root = tree_new();
    int result = tree_read(root, safe_text);
    if (result == CFG_SUCCESS) {
        check_whole();
    } else {
        if (problems->count == 0)
            problems_add(problems, root->line, "This cannot be read as a configuration.");
        cfg_free(root);
        root = NULL;
    }
    arena_release(&now.memory);
    reading = NULL;
    return root;
}

int parse_block_line(cfg_t *block)
{
    const char *line = block ? cfg_getstr(block, CONFIG_LINE_OPTION) : NULL;
    return line ? (int)strtol(line, NULL, 10) : 1;
}
