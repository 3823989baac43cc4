/* GET /v1/imports/:id/rejects: the file that the importer wrote, as it is. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "api/answer.h"
#include "api/flow.h"
#include "api/inside.h"
#include "base/alloc.h"

enum { PIECE = 64 * 1024 };

struct rejects_file {
    int fd;
};

static int next(void *ctx, struct buf *out, struct err *err)
{
    struct rejects_file *file = ctx;
    ssize_t got = read(file->fd, buf_reserve(out, PIECE), PIECE);
    if (got < 0)
        return err_set(err, "The file of rejected rows cannot be read: %s.", strerror(errno));
    out->len += (size_t)got;
    return got > 0;
}

static void file_free(void *ctx)
{
    struct rejects_file *file = ctx;
    close(file->fd);
    free(file);
}

static const struct flow_producer producer = {"text/csv; charset=utf-8", next, file_free};

void import_rejects(struct http_request *request)
{
    struct buf path = BUF_INIT;
    uint32_t id;
    if (!request_id(request, "import", &id))
        return;
    buf_addf(&path, "%s/%u.rejects.csv", api_of(request)->imports.folder, id);
    int fd = open(path.at, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    buf_release(&path);
    if (fd < 0) {
        http_respond_error(request, 404, "There are no rejected rows of an import %u.", id);
        return;
    }
    struct rejects_file *file = NEW(struct rejects_file);
    file->fd = fd;
    flow_start(api_of(request)->parts.front, request, &producer, file);
}
