#include "cli/enclosed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"

enum { FILE_MAX = 10 * 1024 * 1024 };

static int read_file(struct cli *cli, const char *path, unsigned line, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 ? -1 : buf_read(out, fd, FILE_MAX), error = errno;
    if (fd >= 0)
        close(fd);
    if (result != 0)
        return cli_fail(cli, "Line %u: the file %s could not be read: %s.", line, path,
                        strerror(error));
    if (out->len > FILE_MAX)
        return cli_fail(cli,
                        "The file %s has more than %d MiB: put it on a web site, and a link "
                        "into the text.",
                        path, FILE_MAX >> 20);
    return CLI_OK;
}

static int take(struct cli *cli, const char *message_path, struct str name, unsigned line,
                json_t **files)
{
    struct buf path = BUF_INIT, bytes = BUF_INIT, coded = BUF_INIT;
    const char *slash = strrchr(message_path, '/');
    bool beside = slash && name.len && name.at[0] != '/' && strcmp(message_path, "-") != 0;
    buf_addf(&path, "%.*s%.*s", beside ? (int)(slash - message_path) + 1 : 0, message_path,
             STR_ARG(name));
    int status = read_file(cli, path.at, line, &bytes);
    if (status == CLI_OK) {
        base64_encode(buf_str(&bytes), &coded);
        *files = *files ? *files : json_object();
        json_object_setn_new(*files, name.at, name.len, json_stringn(coded.at, coded.len));
    }
    buf_release(&path);
    buf_release(&bytes);
    buf_release(&coded);
    return status;
}

int enclosed_read(struct cli *cli, const char *message_path, struct str message, json_t **files)
{
    unsigned line = 1;
    *files = NULL;
    for (struct str rest = message; rest.at; line++) {
        struct str value = str_cut(&rest, '\n');
        if (str_trim(value).len == 0)
            break;
        struct str name = str_trim(str_cut(&value, ':'));
        value = str_trim(value);
        bool names = str_eq_nocase(name, STR("Attach")) || str_eq_nocase(name, STR("Inline"));
        int status = names && value.len ? take(cli, message_path, value, line, files) : CLI_OK;
        if (status != CLI_OK)
            return status;
    }
    return CLI_OK;
}
