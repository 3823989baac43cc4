#include "config/config.h"
#include "config/options.h"
#include "config/values.h"

static const char intro[] =
    "# The configuration of tocsind\n"
    "\n"
    "Printed by `tocsind --options`. One file; relative paths are relative to its folder. "
    "`tocsind --config FILE --check` prints every error with file and line. SIGHUP loads the file "
    "anew; options marked *restart* keep their value until the next start.\n"
    "\n"
    "An option is written `name = value`, a block `name { … }` or `name \"TITLE\" { … }`, a "
    "comment "
    "from `#` to the end of the line. Values of letters, digits and `-._:/@%[]~` may stand without "
    "quotes; every other text stands in `\"…\"` or `'…'` on one line, where `\\\\` is a backslash "
    "and "
    "`\\\"` a quotation mark, and, in `\"…\"`, `\\n` a new line. Variables such as `${HOME}` are "
    "not filled in, and files cannot "
    "include "
    "others.\n"
    "\n"
    "| kind | is written |\n"
    "|---|---|\n"
    "| duration | `250ms` `20s` `5m` `4h` `3d` |\n"
    "| size | `512KiB` `4MiB` `2GiB` |\n"
    "| rate | `100/s` `200/min` `1000/h` `5000/day` |\n"
    "| date | `2026-12-01` |\n"
    "| list | `{ \"100/s\", \"5000/day\" }`, or one value without the braces |\n"
    "| address and port | `127.0.0.1:9125` `[::1]:9125` |\n"
    "| file mode | `0660` |\n";

static void print_heading(const struct block *block, struct buf *out)
{
    const char *title = block->titled ? " \"TITLE\"" : "";
    if (block == &blocks[BLOCK_TOP])
        buf_add_text(out, "\n## At the top\n\n");
    else if (block->parent != BLOCK_TOP)
        buf_addf(out, "\n## %s, inside %s\n\n", block->name, blocks[block->parent].name);
    else
        buf_addf(out, "\n## %s%s\n\n", block->name, title);
    buf_addf(out, "%s\n\n| option | kind | default | bounds | |\n|---|---|---|---|---|\n",
             block->help);
}

static void print_bounds(const struct option *option, struct buf *out)
{
    if (option->low)
        buf_addf(out, "%s to %s", option->low, option->high);
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        buf_addf(out, "%s%s", i ? ", " : "", option->choices[i]);
    if (option->list_max)
        buf_addf(out, "%sat most %zu values", option->low ? ", " : "", option->list_max);
}

static void print_option(const struct option *option, struct buf *out)
{
    buf_addf(out, "| `%s` | %s%s | ", option->name, option->list_max ? "list: " : "",
             value_kind_name(option->kind));
    if (option->preset)
        buf_addf(out, "`%s`", option->preset);
    else
        buf_add_text(out, option->required ? "**required**" : "not set");
    buf_add_text(out, " | ");
    print_bounds(option, out);
    buf_addf(out, " | %s%s |\n", option->help, option->restart ? " *restart*" : "");
}

void config_print_options(struct buf *out)
{
    buf_add_text(out, intro);
    for (int id = 0; id < BLOCK_COUNT; id++) {
        print_heading(&blocks[id], out);
        for (size_t i = 0; i < option_count; i++)
            if (options[i].block == (enum block_id)id)
                print_option(&options[i], out);
    }
}
