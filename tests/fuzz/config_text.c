/*
 * The whole configuration, from arbitrary bytes: a text gives either a configuration that can
 * answer every question, or errors of which each is one line with the name of the file and a line
 * number. It also shows that libconfuse stands what config/text.c lets through.
 */
#include <assert.h>

#include "config/config.h"

static void check_config(struct config *config)
{
    assert(config->data_dir.len && config->control.socket.len);
    assert(config->identity_count && config->source_count);
    assert(config_identity(config, STR("")));
    assert(config_route(config, STR("dest.example")));
    assert(config_site(config, STR("dest.example")));
    assert(config->threads.delivery >= 1 && config->threads.composers >= 1);
    assert(config->retry.max_ms >= config->retry.first_ms);
    struct buf said = BUF_INIT;
    assert(config_diff_needs_restart(config, config, &said) == 0);
    buf_release(&said);
}

static void check_errors(const struct config_errors *errors)
{
    int lines = 0;
    assert(errors->count > 0);
    for (struct str rest = buf_str(&errors->text); rest.len; lines++) {
        struct str line = str_cut(&rest, '\n');
        assert(str_starts(line, STR("f:")));
        line = str_skip(line, 2);
        uint64_t number = 0;
        assert(str_to_u64(str_cut(&line, ':'), &number) && number >= 1);
        assert(line.len > 2 && line.at[0] == ' ');
    }
    assert(lines == errors->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config *config = config_load_text(str_from(data, size), "f", "", &errors);
    if (config)
        check_config(config);
    else
        check_errors(&errors);
    config_unref(config);
    config_errors_release(&errors);
    return 0;
}
