#include "smtp/transaction.h"

const char *smtp_phase_name(enum smtp_phase phase)
{
    static const char *const names[] = {
        [SMTP_PHASE_MAIL] = "mail",
        [SMTP_PHASE_RCPT] = "rcpt",
        [SMTP_PHASE_DATA] = "data",
        [SMTP_PHASE_BODY] = "body",
    };
    return names[phase];
}

const char *smtp_loss_name(enum smtp_loss loss)
{
    return loss == SMTP_IN_DOUBT ? "in doubt" : "not sent";
}

const char *smtp_end_name(enum smtp_end end)
{
    static const char *const names[] = {
        [SMTP_END_QUIT] = "quit",
        [SMTP_END_ABORTED] = "aborted",
        [SMTP_END_PEER_CLOSED] = "closed by peer",
        [SMTP_END_UNAVAILABLE] = "unavailable (421)",
        [SMTP_END_REFUSED] = "refused",
        [SMTP_END_TIMEOUT] = "timeout",
        [SMTP_END_GARBAGE] = "garbage",
        [SMTP_END_CONNECT_FAILED] = "connect failed",
        [SMTP_END_SHORTAGE] = "nothing to connect with",
        [SMTP_END_TLS_FAILED] = "tls failed",
        [SMTP_END_TLS_MISSING] = "tls not offered",
    };
    return names[end];
}
