/*
 * Calls that this project does not make, turned into compile errors. Every file is compiled with
 * this header in front (-include base/banned.h), after the system headers that declare them.
 * Each ban names what to use instead. The idea is git's banned.h.
 */
#ifndef TOCSIN_BASE_BANNED_H
#define TOCSIN_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BANNED(call, use) banned_##call##_use_##use

#undef strcpy
#define strcpy(...) BANNED(strcpy, buf_add)
#undef strcat
#define strcat(...) BANNED(strcat, buf_add)
#undef strncpy
#define strncpy(...) BANNED(strncpy, buf_add)
#undef strncat
#define strncat(...) BANNED(strncat, buf_add)
#undef stpcpy
#define stpcpy(...) BANNED(stpcpy, buf_add)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#undef strtok
#define strtok(...) BANNED(strtok, str_cut)
#undef strtok_r
#define strtok_r(...) BANNED(strtok_r, str_cut)
#undef atoi
#define atoi(...) BANNED(atoi, str_to_u64)
#undef atol
#define atol(...) BANNED(atol, str_to_u64)
#undef atoll
#define atoll(...) BANNED(atoll, str_to_u64)
#undef atof
#define atof(...) BANNED(atof, strtod)
#undef gmtime
#define gmtime(...) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(...) BANNED(localtime, localtime_r)
#undef ctime
#define ctime(...) BANNED(ctime, strftime)
#undef asctime
#define asctime(...) BANNED(asctime, strftime)
#undef rand
#define rand(...) BANNED(rand, random_u64)
#undef srand
#define srand(...) BANNED(srand, random_u64)

#endif
