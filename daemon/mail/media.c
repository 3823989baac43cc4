#include "mail/media.h"

static const struct {
    const char *extension;
    const char *type;
} extensions[] = {
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"heic", "image/heic"},
    {"bmp", "image/bmp"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"svg", "image/svg+xml"},
    {"ics", "text/calendar"},
    {"vcf", "text/vcard"},
    {"csv", "text/csv"},
    {"txt", "text/plain"},
    {"md", "text/markdown"},
    {"html", "text/html"},
    {"htm", "text/html"},
    {"rtf", "application/rtf"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"epub", "application/epub+zip"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"json", "application/json"},
    {"xml", "application/xml"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
};

/* How images begin; a ? is any byte. */
static const struct {
    struct str start;
    const char *type;
} signatures[] = {
    {{"\x89PNG\r\n\x1A\n", 8}, "image/png"},
    {{"\xFF\xD8\xFF", 3}, "image/jpeg"},
    {{"GIF87a", 6}, "image/gif"},
    {{"GIF89a", 6}, "image/gif"},
    {{"RIFF????WEBP", 12}, "image/webp"},
    {{"????ftypavif", 12}, "image/avif"},
    {{"????ftypheic", 12}, "image/heic"},
    {{"BM????\0\0\0\0", 10}, "image/bmp"},
    {{"II*\0", 4}, "image/tiff"},
    {{"MM\0*", 4}, "image/tiff"},
};

static const char unknown[] = "application/octet-stream";

static bool begins(struct str bytes, struct str start)
{
    if (bytes.len < start.len)
        return false;
    for (size_t i = 0; i < start.len; i++)
        if (start.at[i] != '?' && bytes.at[i] != start.at[i])
            return false;
    return true;
}

static const char *type_by_start(struct str bytes)
{
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
        if (begins(bytes, signatures[i].start))
            return signatures[i].type;
    return NULL;
}

static const char *type_by_extension(struct str file_name)
{
    const char *dot = file_name.len ? memrchr(file_name.at, '.', file_name.len) : NULL;
    if (!dot)
        return unknown;
    struct str extension = str_skip(file_name, (size_t)(dot + 1 - file_name.at));
    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (str_eq_nocase(extension, str_of(extensions[i].extension)))
            return extensions[i].type;
    return unknown;
}

/* SVG is text, and so has no first bytes of its own. */
static bool has_signature(struct str type)
{
    return media_is_image(type) && !str_eq(type, STR("image/svg+xml"));
}

struct str media_type(struct str file_name, struct str bytes)
{
    const char *seen = type_by_start(bytes);
    struct str said = str_of(type_by_extension(file_name));
    if (seen)
        return str_of(seen);
    return has_signature(said) ? str_of(unknown) : said;
}

bool media_is_image(struct str type)
{
    return str_starts(type, STR("image/"));
}
