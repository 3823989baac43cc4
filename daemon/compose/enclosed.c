#include "compose/enclosed.h"

#include "mail/media.h"

/* Content-IDs are made of the content: the same in every copy, and in no other mail by chance. */
#define ID_DOMAIN STR("tocsin")

static int prepare_image(const struct draft_file *file, struct str bytes, struct arena *memory,
                         struct enclosed *out, struct err *err)
{
    struct str name = draft_file_name(file);
    struct buf id = BUF_INIT;
    if (!media_is_image(media_type(name, bytes)))
        return err_set(err, "Line %u: \"%.*s\" is no image, which Inline is for; use Attach.",
                       file->line, STR_ARG(name));
    attachment_id(&id, bytes, ID_DOMAIN);
    attachment_prepare(&out->images[out->image_count++], name, buf_str(&id), bytes, memory);
    buf_release(&id);
    return 0;
}

int enclosed_prepare(const struct draft *draft, const struct bundle *bundle, struct arena *memory,
                     struct enclosed *out, struct err *err)
{
    *out = (struct enclosed){.image_count = 0};
    for (size_t i = 0; i < draft->file_count; i++) {
        const struct draft_file *file = &draft->files[i];
        const struct bundle_file *found = bundle_find(bundle, "files/", file->path);
        if (!found)
            return err_set(err, "Line %u: the file \"%.*s\" did not come along with the message.",
                           file->line, STR_ARG(file->path));
        if (file->shown && prepare_image(file, found->data, memory, out, err) != 0)
            return -1;
        if (!file->shown)
            attachment_prepare(&out->files[out->file_count++], draft_file_name(file), STR(""),
                               found->data, memory);
    }
    return 0;
}

/* After the name, something that no file name goes on with. */
static bool ends_name(struct str rest)
{
    return rest.len == 0 || strchr("\"'()<> \t\r\n?#;", rest.at[0]);
}

/* How much of the text is the name, as it is or with bytes as %20 (which Markdown writes); 0: it is
 * another one. */
static size_t name_length(struct str text, struct str name)
{
    size_t at = 0;
    for (size_t i = 0; i < name.len; i++) {
        struct str rest = str_skip(text, at);
        bool coded = rest.len > 2 && rest.at[0] == '%' && str_hex_value(rest.at[1]) >= 0 &&
                     str_hex_value(rest.at[2]) >= 0;
        int byte = coded ? str_hex_value(rest.at[1]) * 16 + str_hex_value(rest.at[2]) : 0;
        if (coded && (char)byte == name.at[i])
            at += 3;
        else if (rest.len && rest.at[0] == name.at[i])
            at++;
        else
            return 0;
    }
    return at;
}

/* The image whose name stands at the start of the text, with the length of the name. */
static const struct attachment *image_at(const struct enclosed *enclosed, const struct draft *draft,
                                         struct str text, size_t *len)
{
    size_t image = 0;
    for (size_t i = 0; i < draft->file_count; i++) {
        if (!draft->files[i].shown)
            continue;
        *len = name_length(text, draft_file_name(&draft->files[i]));
        if (*len && ends_name(str_skip(text, *len)))
            return &enclosed->images[image];
        image++;
    }
    return NULL;
}

static int check_shown(const struct enclosed *enclosed, const struct draft *draft,
                       const bool *shown, struct err *err)
{
    size_t image = 0;
    for (size_t i = 0; i < draft->file_count && image < enclosed->image_count; i++) {
        const struct draft_file *file = &draft->files[i];
        if (!file->shown || shown[image++])
            continue;
        struct str name = draft_file_name(file);
        return err_set(
            err,
            "Line %u: the text does not show \"%.*s\": write ![What it shows](<cid:%.*s>), "
            "or Attach it.",
            file->line, STR_ARG(name), STR_ARG(name));
    }
    return 0;
}

int enclosed_show(const struct enclosed *enclosed, const struct draft *draft, struct str html,
                  struct buf *out, struct err *err)
{
    bool shown[DRAFT_FILES_MAX] = {false};
    size_t kept = 0, len = 0;
    for (size_t at = 0; at + 4 < html.len; at++) {
        if (memcmp(html.at + at, "cid:", 4) != 0)
            continue;
        const struct attachment *image = image_at(enclosed, draft, str_skip(html, at + 4), &len);
        if (!image)
            continue;
        buf_add_str(out, (struct str){html.at + kept, at + 4 - kept});
        buf_add_str(out, image->id);
        kept = at + 4 + len;
        shown[image - enclosed->images] = true;
    }
    buf_add_str(out, str_skip(html, kept));
    return check_shown(enclosed, draft, shown, err);
}
