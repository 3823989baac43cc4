/* Keys that make a request safe to repeat, for those who did not choose one. */
#ifndef TOCSIN_CLI_KEY_H
#define TOCSIN_CLI_KEY_H

enum { KEY_LENGTH = 32 };

/* A key that nobody has used, with its NUL: the daemon does once what was asked with it, however
 * often it is asked. */
void key_make(char key[KEY_LENGTH + 1]);

#endif
