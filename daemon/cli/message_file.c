#include "cli/message_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/enclosed.h"
#include "cli/text.h"

enum { MESSAGE_MAX = 16 * 1024 * 1024 };

static int read_all(struct cli *cli, int fd, const char *path, struct buf *out)
{
    if (buf_read(out, fd, MESSAGE_MAX) != 0)
        return cli_fail(cli, "The message %s could not be read: %s.", path, strerror(errno));
    if (out->len > MESSAGE_MAX)
        return cli_fail(cli, "The message %s has more than %d MiB: it cannot be a message.", path,
                        MESSAGE_MAX >> 20);
    return CLI_OK;
}

int message_file_read(struct cli *cli, const char *path, struct buf *text)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_fail(cli, "The message %s could not be opened: %s.", path, strerror(errno));
    int status = read_all(cli, fd, path, text);
    if (!is_input)
        close(fd);
    if (status == CLI_OK && memchr(text->at ? text->at : "", '\0', text->len))
        return cli_fail(cli, "The message %s has NUL bytes in it: it must be text.", path);
    if (status == CLI_OK && !str_is_utf8(buf_str(text)))
        return cli_fail(cli, "The message %s is not UTF-8: save it with that encoding.", path);
    return status;
}

const char *message_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "message" : slash ? slash + 1 : path;
}

void body_set_text(json_t *body, const char *key, const char *value)
{
    struct buf clean = BUF_INIT;
    if (value && !str_is_utf8(str_of(value)))
        text_clean(&clean, str_of(value));
    if (value)
        json_object_set_new(body, key, json_string(clean.at ? clean.at : value));
    buf_release(&clean);
}

int message_file_body(struct cli *cli, const char *path, struct str text, json_t **body)
{
    json_t *files;
    int status = enclosed_read(cli, path, text, &files);
    if (status != CLI_OK)
        return status;
    *body = json_object();
    if (files)
        json_object_set_new(*body, "files", files);
    json_object_set_new(*body, "message", json_stringn(text.at ? text.at : "", text.len));
    body_set_text(*body, "message_name", message_file_name(path));
    return CLI_OK;
}
