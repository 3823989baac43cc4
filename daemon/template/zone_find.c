/* The system's zone files by name, each read once. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "template/zone.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"

/* A zone that was asked for. They stay until the process ends: no more than there are files. */
struct known_zone {
    char name[ZONE_NAME_MOST + 1];
    struct zone *zone;
    UT_hash_handle hh;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known_zone *known;

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-';
}

/* Without points, and with something between the slashes, no name leaves the folder. */
static bool is_name(struct str name)
{
    if (name.len == 0 || name.len > ZONE_NAME_MOST || name.at[name.len - 1] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        bool part_begins = i == 0 || name.at[i - 1] == '/';
        if (!is_name_byte(name.at[i]) && (name.at[i] != '/' || part_begins))
            return false;
    }
    return true;
}

static int read_all(int fd, struct buf *out, struct err *err)
{
    if (buf_read(out, fd, ZONE_FILE_MOST) == 0)
        return 0;
    return err_set(err, "The file cannot be read: %s.", strerror(errno));
}

static int read_file(const char *name, struct buf *out, struct err *err)
{
    char path[sizeof(ZONE_FOLDER) + ZONE_NAME_MOST];
    struct stat status;
    snprintf(path, sizeof(path), ZONE_FOLDER "%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, "%s: %s.", path, strerror(errno));
    int result = 0;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        result = err_set(err, "%s is no file.", path);
    else
        result = read_all(fd, out, err);
    close(fd);
    return result;
}

static struct known_zone *load(const char *name, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct zone *zone = NULL;
    if (read_file(name, &bytes, err) == 0)
        zone = zone_parse(buf_str(&bytes), err);
    buf_release(&bytes);
    if (!zone) {
        err_prefix(err, "There is no time zone \"%s\" on this system", name);
        return NULL;
    }
    struct known_zone *k = NEW(struct known_zone);
    memcpy(k->name, name, strlen(name) + 1);
    k->zone = zone;
    HASH_ADD_STR(known, name, k);
    return k;
}

const struct template_zone *zone_find(struct str name, struct err *err)
{
    char text[ZONE_NAME_MOST + 1];
    struct known_zone *k;
    if (!is_name(name)) {
        err_set(err,
                "\"%.*s\" is no name of a time zone: write it as in \"Europe/Brussels\" or "
                "\"UTC\".",
                (int)(name.len < 80 ? name.len : 80), name.at ? name.at : "");
        return NULL;
    }
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    pthread_mutex_lock(&lock);
    HASH_FIND_STR(known, text, k);
    if (!k)
        k = load(text, err);
    pthread_mutex_unlock(&lock);
    return k ? zone_for_template(k->zone) : NULL;
}
