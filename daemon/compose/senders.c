#include "compose/senders.h"

#include "base/alloc.h"
#include "template/zone.h"

static int load_sender(struct senders *all, struct sender *s, struct err *err)
{
    const struct identity *identity = s->identity;
    if (identity->dkim_count > IDENTITY_KEYS_MAX)
        return err_set(err, "Identity \"%s\" has %zu dkim blocks; at most %d are taken.",
                       identity->name.at, identity->dkim_count, IDENTITY_KEYS_MAX);
    s->has_from = identity->from.len > 0;
    if (s->has_from && mailbox_parse(identity->from, &all->memory, &s->from, err) != 0)
        return err_prefix(err, "Identity \"%s\", from", identity->name.at);
    for (size_t i = 0; i < identity->dkim_count; i++) {
        s->keys[i] = dkim_key_load(identity->dkim[i].key.at, err);
        if (!s->keys[i])
            return err_prefix(err, "Identity \"%s\", selector \"%s\"", identity->name.at,
                              identity->dkim[i].selector.at);
        s->key_count++;
    }
    return 0;
}

static int find_zone(struct senders *senders, struct err *err)
{
    struct str name = senders->config->timezone;
    if (name.len == 0)
        return 0;
    senders->zone = zone_find(name, err);
    return senders->zone ? 0 : -1;
}

/* What a composer would find wrong is found here, before anybody depends on it. */
static int try_signers(const struct senders *senders, struct err *err)
{
    struct signers signers = {0};
    if (signers_init(&signers, senders, err) != 0)
        return -1;
    signers_release(&signers);
    return 0;
}

struct senders *senders_new(struct config *config, const struct token_key *tokens, struct err *err)
{
    struct senders *all = NEW(struct senders);
    all->config = config_ref(config);
    all->tokens = *tokens;
    all->count = config->identity_count;
    all->all = alloc_zero(all->count, sizeof(*all->all));
    atomic_init(&all->refs, 1);
    all->library = library_load(config->templates, err);
    int result = all->library ? find_zone(all, err) : -1;
    for (size_t i = 0; i < all->count && result == 0; i++) {
        all->all[i].identity = &config->identities[i];
        result = load_sender(all, &all->all[i], err);
    }
    if (result == 0 && try_signers(all, err) == 0)
        return all;
    senders_unref(all);
    return NULL;
}

struct senders *senders_ref(struct senders *senders)
{
    atomic_fetch_add_explicit(&senders->refs, 1, memory_order_relaxed);
    return senders;
}

void senders_unref(struct senders *senders)
{
    if (!senders || atomic_fetch_sub_explicit(&senders->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < senders->count; i++)
        for (size_t k = 0; k < senders->all[i].key_count; k++)
            dkim_key_free(senders->all[i].keys[k]);
    free(senders->all);
    library_free(senders->library);
    arena_release(&senders->memory);
    config_unref(senders->config);
    free(senders);
}

const struct sender *senders_find(const struct senders *senders, struct str identity)
{
    for (size_t i = 0; i < senders->count; i++)
        if (identity.len == 0 || str_eq(senders->all[i].identity->name, identity))
            return &senders->all[i];
    return NULL;
}

int sender_check(const struct sender *sender, struct str identity, bool message_has_from,
                 struct err *err)
{
    if (!sender)
        return err_set(err, "There is no identity \"%.*s\" in the configuration.",
                       STR_ARG(identity));
    if (!message_has_from && !sender->has_from)
        return err_set(err,
                       "The message has no From, and the identity \"%.*s\" has none to lend: add a "
                       "line \"From: Name <address>\".",
                       STR_ARG(sender->identity->name));
    return 0;
}

static int make_signers(struct dkim_signer **out, const struct sender *s, struct err *err)
{
    for (size_t i = 0; i < s->key_count; i++) {
        struct dkim_params params = {.domain = s->identity->domain.at,
                                     .selector = s->identity->dkim[i].selector.at};
        out[i] = dkim_signer_new(s->keys[i], &params, err);
        if (!out[i])
            return -1;
    }
    return 0;
}

int signers_init(struct signers *signers, const struct senders *senders, struct err *err)
{
    signers->senders = senders;
    signers->all = alloc_zero(senders->count * IDENTITY_KEYS_MAX, sizeof(struct dkim_signer *));
    for (size_t i = 0; i < senders->count; i++) {
        if (make_signers(signers->all + i * IDENTITY_KEYS_MAX, &senders->all[i], err) != 0) {
            signers_release(signers);
            return -1;
        }
    }
    return 0;
}

void signers_release(struct signers *signers)
{
    if (!signers->all)
        return;
    for (size_t i = 0; i < signers->senders->count * IDENTITY_KEYS_MAX; i++)
        dkim_signer_free(signers->all[i]);
    free(signers->all);
    signers->all = NULL;
}

struct dkim_signer **signers_of(const struct signers *signers, const struct sender *sender)
{
    return signers->all + (size_t)(sender - signers->senders->all) * IDENTITY_KEYS_MAX;
}
