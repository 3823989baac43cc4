#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/text.h"

static int cannot_write(const struct output *output, struct err *err)
{
    return err_set(err, "%s could not be written: %s.",
                   output->path ? output->path : "Standard output", strerror(errno));
}

/* Something that exists and is no file (/dev/null, a pipe) is written to as it is. */
static bool is_special(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

/*
 * People's data go to a file of ours: not through a link or into a file that somebody else placed
 * under the name, in a folder that others may write to.
 */
static int part_open(const char *path, bool special)
{
    if (special)
        return open(path, O_WRONLY | O_CLOEXEC);
    unlink(path); /* of an earlier run that was killed */
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static int write_out(const struct output *output, struct str bytes, struct err *err)
{
    if (fwrite(bytes.at, 1, bytes.len, output->file) != bytes.len)
        return cannot_write(output, err);
    return 0;
}

static int write_clean(void *ctx, struct str line, struct err *err)
{
    struct buf clean = BUF_INIT;
    text_clean(&clean, str_ends(line, STR("\r")) ? str_from(line.at, line.len - 1) : line);
    buf_add_byte(&clean, '\n');
    int status = write_out(ctx, buf_str(&clean), err);
    buf_release(&clean);
    return status;
}

static void see_terminal(struct output *output)
{
    output->terminal = isatty(fileno(output->file));
    output->lines = (struct lines){.take = write_clean, .ctx = output};
}

int output_open(struct output *output, const char *path, struct err *err)
{
    *output = (struct output){.file = stdout};
    if (!path || strcmp(path, "-") == 0) {
        see_terminal(output);
        return 0;
    }
    struct buf part = BUF_INIT;
    bool special = is_special(path);
    buf_addf(&part, "%s%s", path, special ? "" : ".part");
    output->path = str_dup(str_of(path));
    output->part = part.at;
    int fd = part_open(part.at, special);
    output->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (output->file) {
        see_terminal(output);
        return 0;
    }
    cannot_write(output, err);
    if (fd >= 0)
        close(fd);
    free(output->path);
    free(output->part);
    return -1;
}

int output_write(struct output *output, struct str bytes, struct err *err)
{
    output->bytes += bytes.len;
    return output->terminal ? lines_feed(&output->lines, bytes, err)
                            : write_out(output, bytes, err);
}

static int put_in_place(struct output *output, bool closed, bool whole, struct err *err)
{
    bool renamed = strcmp(output->part, output->path) != 0;
    if (whole && closed && (!renamed || rename(output->part, output->path) == 0))
        return 0;
    if (whole)
        cannot_write(output, err);
    if (renamed)
        unlink(output->part);
    return -1;
}

int output_close(struct output *output, bool whole, struct err *err)
{
    if (lines_end(&output->lines, whole ? err : NULL) != 0)
        whole = false;
    if (!output->path) {
        if (fflush(stdout) == 0)
            return whole ? 0 : -1;
        return whole ? cannot_write(output, err) : -1;
    }
    bool closed = fclose(output->file) == 0;
    int status = put_in_place(output, closed, whole, err);
    free(output->path);
    free(output->part);
    return status;
}
