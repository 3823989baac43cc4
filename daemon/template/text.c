#include "template/text.h"
int text_from_markdown(struct str a, struct buf *b, struct err *e){(void)a;(void)b;(void)e;return 0;}
int text_from_html(struct str a, struct buf *b, struct err *e){(void)a;(void)b;(void)e;return 0;}
