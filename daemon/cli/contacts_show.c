/* tocsin contacts show: one contact with everything that is kept of it. */
#include "cli/ask.h"
#include "cli/table.h"

static void add_value(struct table *record, const char *name, const json_t *value)
{
    struct buf text = BUF_INIT;
    json_add_value(&text, value);
    record_text(record, name, buf_str(&text));
    buf_release(&text);
}

/* Most people left nothing: that takes no line. */
static void add_choice(struct table *record, const char *name, const json_t *list)
{
    if (json_array_size(list) > 0)
        add_value(record, name, list);
}

static void print_contact(const json_t *contact)
{
    struct table *record = record_new();
    const char *name;
    json_t *value;
    add_value(record, "email", json_object_get(contact, "email"));
    add_value(record, "id", json_object_get(contact, "id"));
    add_value(record, "lists", json_object_get(contact, "lists"));
    add_choice(record, "left lists", json_object_get(contact, "left_lists"));
    add_choice(record, "left topics", json_object_get(contact, "left_topics"));
    add_value(record, "suppressed", json_object_get(contact, "suppressed"));
    add_value(record, "unsubscribed", json_object_get(contact, "unsubscribed"));
    add_value(record, "consent", json_object_get(contact, "consent"));
    record_time(record, "created", json_text(contact, "created_at"));
    record_time(record, "updated", json_text(contact, "updated_at"));
    json_object_foreach(json_object_get(contact, "attributes"), name, value)
    {
        struct buf label = BUF_INIT;
        buf_addf(&label, "contact.%s", name);
        add_value(record, label.at, value);
        buf_release(&label);
    }
    table_print(record);
    table_free(record);
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf target = BUF_INIT;
    json_t *contact;
    target_add(&target, "/v1/contacts/", args->words[0]);
    int status = ask_get(cli, target.at, &contact);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    return json_show(cli, contact, print_contact);
}

const struct command contacts_show_command = {
    .group = "contacts",
    .name = "show",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .summary = "Show a contact: lists, attributes, consent, what it left",
    .run = run,
};
