#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

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

int output_open(struct output *output, const char *path, struct err *err)
{
    *output = (struct output){.file = stdout};
    if (!path || strcmp(path, "-") == 0)
        return 0;
    struct buf part = BUF_INIT;
    buf_addf(&part, "%s%s", path, is_special(path) ? "" : ".part");
    output->path = str_dup(str_of(path));
    output->part = part.at;
    int fd = open(output->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    output->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (output->file)
        return 0;
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
    if (fwrite(bytes.at, 1, bytes.len, output->file) != bytes.len)
        return cannot_write(output, err);
    return 0;
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
