#include "compose/letterhead.h"

#include "mail/header.h"

void letterhead_init(struct letterhead *l)
{
    *l = (struct letterhead){.fields = BUF_INIT, .value = BUF_INIT};
}

void letterhead_release(struct letterhead *l)
{
    buf_release(&l->fields);
    buf_release(&l->value);
}

void letterhead_forget(struct letterhead *l)
{
    l->sender = NULL;
}

/* What the list is called in List-Id and Feedback-ID. */
static struct str list_label(const struct message *m)
{
    if (m->list_id.len)
        return m->list_id;
    return m->topic.len ? m->topic : STR("mail");
}

/* RFC 2919 and 8058. */
static void add_list_fields(struct letterhead *l, const struct mailing *mailing)
{
    struct buf *out = &l->fields, *value = &l->value;
    const struct identity *identity = l->sender->identity;
    struct str label = list_label(mailing->message);
    buf_reset(value);
    buf_addf(value, "<%.*s.%s>", STR_ARG(label), identity->domain.at);
    header_add_raw(out, "List-Id", buf_str(value));
    header_add_raw(out, "List-Unsubscribe-Post", STR("List-Unsubscribe=One-Click"));
    buf_reset(value);
    buf_addf(value, "%u:%.*s:%s:%s", mailing->job, STR_ARG(label), job_lane_name(mailing->lane),
             identity->domain.at);
    header_add_raw(out, "Feedback-ID", buf_str(value));
}

static void write_fields(struct letterhead *l, const struct mailing *mailing)
{
    const struct message *m = mailing->message;
    struct buf *out = &l->fields;
    buf_reset(out);
    header_add_date(out, "Date", l->now);
    header_add_mailbox(out, "From", m->has_from ? &m->from : &l->sender->from);
    if (m->has_reply_to)
        header_add_mailbox(out, "Reply-To", &m->reply_to);
    add_list_fields(l, mailing);
    header_add_raw(out, "MIME-Version", STR("1.0"));
}

void letterhead_add(struct letterhead *l, const struct mailing *mailing,
                    const struct sender *sender, int64_t now, struct buf *out)
{
    if (l->sender != sender || l->job != mailing->job || l->now != now) {
        l->sender = sender;
        l->job = mailing->job;
        l->now = now;
        write_fields(l, mailing);
    }
    buf_add_str(out, buf_str(&l->fields));
}
