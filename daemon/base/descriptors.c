#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEPT_MOST = 64, KEPT_SHARE = 4 };

void descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t descriptors_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : UINT64_MAX;
}

uint64_t descriptors_kept(uint64_t limit)
{
    uint64_t share = limit / KEPT_SHARE;
    return share < KEPT_MOST ? share : KEPT_MOST;
}

/* The kernel gives the lowest number that is free: so many are taken at least (open(2)). */
bool descriptors_left(uint64_t keep)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return !error_is_shortage(errno);
    close(fd);
    return (uint64_t)fd + keep < descriptors_limit();
}

bool error_is_shortage(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
        return true;
    default:
        return false;
    }
}
