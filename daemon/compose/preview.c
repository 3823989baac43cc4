#include "compose/preview.h"

#include "compose/enclose.h"

static struct message *compile(struct str source, const struct library *library, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct message *message = NULL;
    if (enclose(source, library, &bytes, err) == 0)
        message = message_compile(buf_str(&bytes), err);
    buf_release(&bytes);
    return message;
}

static void add_mailbox(struct buf *out, const struct mailbox *mailbox)
{
    struct str address = address_text(&mailbox->address);
    if (mailbox->name.len)
        buf_addf(out, "%.*s <%.*s>", STR_ARG(mailbox->name), STR_ARG(address));
    else
        buf_add_str(out, address);
}

static void take(const struct composer *composer, const struct copy *copy,
                 const struct sender *sender, struct preview *out)
{
    const struct message *m = copy->mailing->message;
    out->skipped = copy->result != COPY_READY;
    buf_add_str(&out->to, buf_str(&copy->recipient));
    if (out->skipped) {
        out->why = copy->why;
        return;
    }
    add_mailbox(&out->from, m->has_from ? &m->from : &sender->from);
    buf_add_str(&out->subject, buf_str(&composer->subject));
    buf_add_str(&out->whole, buf_str(&copy->sheet->head));
    buf_add_str(&out->whole, buf_str(&copy->sheet->body));
    buf_add_str(&out->whole, m->tail);
}

static int compose(struct mailing *mailing, const struct preview_order *order, struct txn *txn,
                   const struct senders *senders, int64_t now, struct preview *out, struct err *err)
{
    struct composer composer;
    struct sheet sheet = {.head = BUF_INIT, .body = BUF_INIT};
    struct copy copy = {.mailing = mailing, .contact = order->contact, .sheet = &sheet};
    composer_init(&composer);
    composer.readable = &out->parts;
    int result = composer_use(&composer, senders, err);
    if (result == 0) {
        compose_copy(&composer, txn, &copy, now);
        result = txn_failed(txn, err);
    }
    if (result == 0)
        take(&composer, &copy, senders_find(senders, order->identity), out);
    composer_release(&composer);
    buf_release(&sheet.head);
    buf_release(&sheet.body);
    buf_release(&copy.sender);
    buf_release(&copy.recipient);
    return result;
}

int preview_make(const struct preview_order *order, struct txn *txn, const struct senders *senders,
                 int64_t now, struct preview *out, struct err *err)
{
    const struct sender *sender = senders_find(senders, order->identity);
    struct message *message = compile(order->source, senders->library, err);
    if (!message || sender_check(sender, order->identity, message->has_from, err) != 0) {
        message_free(message);
        return -1;
    }
    struct job_record job = {
        .lane = order->lane, .name = order->name, .identity = sender->identity->name};
    struct mailing *mailing = mailing_new(&job, message);
    mailing_turn(mailing, GATE_OPEN);
    int result = compose(mailing, order, txn, senders, now, out, err);
    mailing_unref(mailing);
    return result;
}

void preview_release(struct preview *p)
{
    struct buf *all[] = {&p->from, &p->to, &p->subject, &p->parts.text, &p->parts.html, &p->whole};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_release(all[i]);
}
