/*
 * The journal's file: what a delivery thread writes down of a transaction at the moment when it
 * happens, into memory that the file is mapped to. What the process has stored there survives its
 * death; what was synced survives the machine's.
 *
 * A file is three laps of equal size, filled in turn. A lap begins with a header, which is written
 * once and then stands:
 *
 *     "tocsinJ1" · generation (u64 BE) · XXH3-64 of these 16 bytes (u64 BE)
 *     from byte 32: how far it was synced: low half of the generation, place (u32 BE each) ·
 *         the complement of that (u64 BE)
 *
 * and, from byte 64 on, holds records one after the other up to the first that is none:
 *
 *     low half of XXH3-64 of the rest, seeded with generation + place (u32 BE) · length of all
 *     (u16 BE) · kind (u8) · job, contact (u32 BE each) · and by kind:
 *
 *     1 began     domain, message version, at (u32 BE each) · attempts before (u16 BE) ·
 *                 the source's name
 *     2 returned  (it ended before anything of it could count; nothing is known of its receiver)
 *     3 ended     due, at (u32 BE each) · code (u16 BE) · state (u8) · enhanced code (3 × u8) ·
 *                 the reply's text
 *
 * The generation goes up from lap to lap, by one, and by two when a process begins the file anew;
 * its remainder by three says which lap it is. So records of an older use of the same place are
 * none. A lap opens by saying `began` again for each transaction that is still open: it and the one
 * before it are all that is ever needed, and all that is read.
 *
 * A power cut leaves any of what was not synced, sector by sector. Therefore a lap is written over
 * only when the header of the lap that is left for it is on disk: from then on, the one written
 * over is none of the two newest, whatever is left of its header and its records. A header is taken
 * back and given anew by its magic, in one store of eight bytes; whoever dies in between leaves a
 * lap that is not in use.
 *
 * Example, the first record of generation 7: job 12, contact 17 began for the first time, at domain
 * 3, message version 1, from "mx":
 *     <checksum, 4 bytes> 001f 01 0000000c 00000011 00000003 00000001 65000000 0000 6d78
 */
#ifndef TOCSIN_STORE_JOURNAL_FILE_H
#define TOCSIN_STORE_JOURNAL_FILE_H

#include "store/outcomes.h"

enum {
    JOURNAL_MAGIC = 8,
    JOURNAL_SUMMED = 16, /* magic and generation; their checksum follows */
    JOURNAL_HEADER = 64,
    JOURNAL_LAPS = 3,
    JOURNAL_SOURCE_MAX = 63,
    JOURNAL_BEGAN_MAX = 29 + JOURNAL_SOURCE_MAX,
    JOURNAL_ENDED_MAX = 29 + LEDGER_TEXT_MAX,
    JOURNAL_RECORD_MAX = JOURNAL_ENDED_MAX
};

enum journal_kind { JOURNAL_BEGAN = 1, JOURNAL_RETURNED = 2, JOURNAL_ENDED = 3 };

/* The first byte of a transaction was about to be written. */
struct journal_began {
    uint32_t job, contact, domain;
    uint32_t message_version;
    uint32_t at;
    uint16_t attempt;  /* how many there were before */
    struct str source; /* cut to JOURNAL_SOURCE_MAX when written */
};

/* One record; `outcome` is set for JOURNAL_ENDED, as far as the record tells: job, contact, state,
 * due, at, code, enhanced and text. */
struct journal_record {
    enum journal_kind kind;
    struct journal_began began;
    struct outcome outcome;
};

/* Each writes one record to `out` (at least JOURNAL_RECORD_MAX bytes) for this place of a lap of
 * this generation, and returns its length. */
size_t journal_write_began(uint8_t *out, uint64_t generation, size_t place,
                           const struct journal_began *began);
size_t journal_write_returned(uint8_t *out, uint64_t generation, size_t place, uint32_t job,
                              uint32_t contact);
size_t journal_write_ended(uint8_t *out, uint64_t generation, size_t place,
                           const struct outcome *outcome);

/* Writes a lap's header, with nothing synced. */
void journal_write_header(uint8_t out[JOURNAL_HEADER], uint64_t generation);

/* How far a lap was filled or synced, in one word: for journal_write_synced. */
static inline uint64_t journal_progress(uint64_t generation, size_t place)
{
    return generation << 32 | place;
}

/* Notes in a header that the lap was synced so far; the rest of the header is not touched. */
void journal_write_synced(uint8_t header[JOURNAL_HEADER], uint64_t progress);

/* The generation of the lap that was opened last; 0 when there is none. Pure. */
uint64_t journal_newest(struct str file);

/*
 * Calls `each` for every record of a file, in the order in which they were written; views are valid
 * as long as the file's bytes. A tail that was torn is the end. -1 with a sentence part ("is
 * damaged at byte 4711: …") when something is missing that was synced: that is no torn tail. Pure.
 */
int journal_read(struct str file, void (*each)(void *ctx, const struct journal_record *record),
                 void *ctx, struct err *err);

#endif
