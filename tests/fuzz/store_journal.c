/*
 * A journal's file of any bytes: reading ends, stays within the bytes and the bounds of the header,
 * and the same file tells the same again. What it accepts can be written again as it was.
 */
#include <assert.h>
#include <string.h>

#include "store/journal_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct str file;
    size_t count;
    uint64_t sum;
};

static void hear(void *ctx, const struct journal_record *record)
{
    struct heard *h = ctx;
    const struct journal_began *b = &record->began;
    const struct outcome *o = &record->outcome;
    uint8_t again[JOURNAL_RECORD_MAX];
    size_t len = 0;
    switch (record->kind) {
    case JOURNAL_BEGAN:
        assert(b->source.at >= h->file.at &&
               b->source.at + b->source.len <= h->file.at + h->file.len);
        len = journal_write_began(again, 1, JOURNAL_HEADER, b);
        break;
    case JOURNAL_RETURNED:
        len = journal_write_returned(again, 1, JOURNAL_HEADER, b->job, b->contact);
        break;
    case JOURNAL_ENDED:
        assert(o->state < RECIPIENT_STATES && o->text_len <= LEDGER_TEXT_MAX);
        assert(o->job == b->job && o->contact == b->contact);
        len = journal_write_ended(again, 1, JOURNAL_HEADER, o);
        break;
    }
    assert(len > 0 && len <= sizeof(again));
    h->count++;
    h->sum += (uint64_t)record->kind * (b->job + 31U * b->contact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard first = {.file = str_from(data, size)}, second = first;
    struct err err;
    int one = journal_read(first.file, hear, &first, &err);
    int two = journal_read(second.file, hear, &second, &err);
    assert(one == two && first.count == second.count && first.sum == second.sum);
    assert(first.count == 0 || journal_newest(first.file) > 0);
    return 0;
}
