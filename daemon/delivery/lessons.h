/* What a site learns from sessions that ended, beside site_learn (delivery/site.h): see lessons.c.
 */
#ifndef TOCSIN_DELIVERY_LESSONS_H
#define TOCSIN_DELIVERY_LESSONS_H

#include "delivery/site.h"

/* No host of the site can be tried for this outlet: back off. */
void lessons_no_host(struct outlet *outlet);

#endif
