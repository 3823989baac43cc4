#include "loop/scratch.h"

#include "base/alloc.h"

struct loop_scratch *loop_scratch_new(void)
{
    struct loop_scratch *scratch = alloc(sizeof(*scratch));
    buf_init(&scratch->wire);
    return scratch;
}

void loop_scratch_free(struct loop_scratch *scratch)
{
    if (!scratch)
        return;
    buf_release(&scratch->wire);
    free(scratch);
}
