/*
 * What it costs to render a template alone: compiled once, rendered COUNT times into one buffer,
 * values escaped for HTML, all values there already.
 *
 *     bench/render FILE.json COUNT [OUTPUT]      FILE: {"template": …, "data": {…}}
 *
 * Prints microseconds a rendering (of this process, user and system), how often the renderings
 * called the heap, and their size; the last one is written to OUTPUT.
 */
#include <string.h>
#include <time.h>

#include "heap_calls.h"
#include "cli/json_value.h"
#include "template/liquid.h"

enum { WARM_UP = 2000 };

struct bench {
    struct template *template;
    struct value data;
    struct arena memory, scratch;
    struct buf out;
};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int render_all(struct bench *b, unsigned long count, struct err *err)
{
    const struct render_options options = {.escape = ESCAPE_HTML};
    struct template_scope scope = json_value_scope(&b->data);
    struct template_error error;
    for (unsigned long i = 0; i < count; i++) {
        buf_reset(&b->out);
        arena_reset(&b->scratch);
        if (template_render(b->template, &scope, &options, &b->scratch, &b->out, &error) != 0)
            return err_set(err, "The template cannot be rendered: %s", error.text);
    }
    return 0;
}

static int measure(struct bench *b, unsigned long count, struct err *err)
{
    if (render_all(b, WARM_UP, err) != 0)
        return -1;
    double before = cpu_us();
    heap_calls.on = true;
    int result = render_all(b, count, err);
    heap_calls.on = false;
    if (result == 0)
        printf("%.3f us a rendering; %lu heap calls; %zu bytes\n",
               (cpu_us() - before) / (double)count, heap_calls.count, b->out.len);
    return result;
}

static int compile(struct bench *b, const json_t *json, struct err *err)
{
    const json_t *source = json_object_get(json, "template"), *data = json_object_get(json, "data");
    struct template_error error;
    if (!json_is_string(source) || !json_is_object(data))
        return err_set(err, "The file must have \"template\", a text, and \"data\", an object.");
    struct str text = {json_string_value(source), json_string_length(source)};
    b->data = json_value(data, &b->memory);
    b->template = template_compile(text, NULL, &error);
    return b->template ? 0 : err_set(err, "The template cannot be compiled: %s", error.text);
}

static int keep(const struct bench *b, const char *path, struct err *err)
{
    FILE *file = fopen(path, "wbe");
    size_t written = file ? fwrite(b->out.at, 1, b->out.len, file) : 0;
    if (!file || fclose(file) != 0 || written != b->out.len)
        return err_set(err, "%s cannot be written.", path);
    return 0;
}

static int run(struct bench *b, char **argv, struct err *err)
{
    json_error_t at;
    json_t *json = json_load_file(argv[1], 0, &at);
    if (!json)
        return err_set(err, "%s cannot be read as JSON: %s.", argv[1], at.text);
    int result = compile(b, json, err);
    if (result == 0)
        result = measure(b, strtoul(argv[2], NULL, 10), err);
    if (result == 0 && argv[3])
        result = keep(b, argv[3], err);
    json_decref(json);
    return result;
}

int main(int argc, char **argv)
{
    struct err err = {""};
    struct bench b = {.out = BUF_INIT};
    if (argc < 3) {
        fprintf(stderr, "usage: render FILE.json COUNT [OUTPUT]\n");
        return 2;
    }
    int result = run(&b, argv, &err);
    if (result != 0)
        fprintf(stderr, "%s\n", err.text);
    template_free(b.template);
    arena_release(&b.memory);
    arena_release(&b.scratch);
    buf_release(&b.out);
    return result == 0 ? 0 : 1;
}
