#include "cli/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/text.h"

static int refuse(struct upload *upload, const char *why, struct err *err)
{
    if (upload->fd > STDIN_FILENO)
        close(upload->fd);
    return err_set(err, "The file %s could not be opened: %s.", upload->path, why);
}

int upload_open(struct upload *upload, const char *path, struct progress *progress, struct err *err)
{
    struct stat about;
    bool is_input = strcmp(path, "-") == 0;
    *upload = (struct upload){.path = is_input ? "standard input" : path, .progress = progress};
    upload->fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (upload->fd < 0 || fstat(upload->fd, &about) != 0)
        return refuse(upload, strerror(errno), err);
    if (S_ISDIR(about.st_mode))
        return refuse(upload, "it is a folder", err);
    if (S_ISREG(about.st_mode))
        upload->size = (uint64_t)about.st_size;
    return 0;
}

void upload_close(struct upload *upload)
{
    if (upload->fd > STDIN_FILENO)
        close(upload->fd);
    upload->fd = -1;
}

static ssize_t read_some(void *ctx, char *at, size_t size, struct err *err)
{
    struct upload *upload = ctx;
    ssize_t n;
    do {
        n = read(upload->fd, at, size);
    } while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    upload->broken = true;
    return err_set(err, "Reading %s failed: %s.", upload->path, strerror(errno));
}

static void show(void *ctx, uint64_t sent)
{
    struct upload *upload = ctx;
    struct buf detail = BUF_INIT;
    if (!progress_due(upload->progress))
        return;
    text_bytes(&detail, sent);
    if (upload->size > 0) {
        buf_add_text(&detail, " of ");
        text_bytes(&detail, upload->size);
    }
    progress_draw(upload->progress, "Uploading", sent, upload->size, buf_str(&detail));
    buf_release(&detail);
}

void upload_attach(struct upload *upload, struct http_exchange *exchange)
{
    exchange->read = read_some;
    exchange->read_ctx = upload;
    exchange->progress = show;
    exchange->progress_ctx = upload;
}
