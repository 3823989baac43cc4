/*
 * The right-hand side of an address: a domain name or an address literal. Domains come out as lower
 * case A-labels (IDNA2008), which is the form that DNS, SMTP, DKIM and the unique key all want.
 * Nothing here asks the DNS.
 */
#ifndef TOCSIN_MAIL_DOMAIN_H
#define TOCSIN_MAIL_DOMAIN_H

#include "base/buf.h"
#include "base/str.h"
#include "mail/fault.h"

enum { DOMAIN_MAX = 255, DOMAIN_LABEL_MAX = 63 }; /* octets, RFC 5321 §4.5.3.1.2, RFC 1035 §2.3.4 */

/*
 * Reads a domain name or a literal such as [192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321 §4.1.2 and
 * §4.1.3, RFC 6531 §3.3) and writes its normal form with a NUL to `out`. Returns its length, or -1
 * with the reason. A name without a dot and one whose last label is a number (RFC 1123 §2.1: it
 * would read as an IP address) are refused.
 */
int domain_parse(struct str text, char out[static DOMAIN_MAX + 1], struct address_fault *why);

/*
 * Appends a domain in normal form with its A-labels as U-labels (RFC 5890 §2.3.2.1), which is how
 * a message with UTF-8 in its header shows it (RFC 6532). What is no internationalised name, would
 * not come back as the same domain, or is longer than DOMAIN_MAX octets then, stays as it is.
 */
void domain_add_unicode(struct buf *out, struct str domain);

#endif
