/*
 * Runs a fuzz target over the files of a folder, so that the seeds (and every input that once broke
 * something) are tested in a build without libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_SIZE = 4 * 1024 * 1024 };

static int replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    /* An exact-size copy, so that AddressSanitizer sees a read past its end. */
    static uint8_t whole[INPUT_MAX_SIZE];
    size_t size = fread(whole, 1, sizeof(whole), file);
    fclose(file);
    uint8_t *input = malloc(size ? size : 1);
    if (!input)
        return -1;
    memcpy(input, whole, size);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER-OF-INPUTS (it must exist)\n", argv[0]);
        return 2;
    }
    int count = 0, failed = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        failed |= replay(argv[1], entry->d_name);
    }
    closedir(folder);
    printf("%d inputs replayed\n", count);
    return failed || count == 0;
}
