/* Sites without hosts: domains that take no mail, and those about which DNS says nothing now. */
#ifndef TOCSIN_DELIVERY_NOWHERE_H
#define TOCSIN_DELIVERY_NOWHERE_H

#include "delivery/site.h"

/* Bounces what is queued, some hundred copies at a time; or, when DNS may know better later, lets
 * it wait: the domain's home asks again, and it expires like all that waits (delivery/expiry.h). */
void nowhere_work(struct site *site);

#endif
