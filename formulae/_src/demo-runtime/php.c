/* A stand-in for PHP that understands no PHP at all.
 *
 * It exists so that the example formulae can show how a language runtime and its
 * extensions are packaged, on a machine that has a C compiler and nothing else.
 * Like the real one it finds its extensions through the .ini files of etc/php/conf.d, loads
 * shared objects from a folder named for its interface, and refuses those that
 * were compiled for another series.
 *
 *     php -v        the version
 *     php -m        the extensions that are loaded
 *     php -c NAME   calls the extension NAME and prints what it returns
 */
#define _GNU_SOURCE
#include "demo_module.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct demo_module *modules[64];
static size_t loaded;
static char prefix[PATH_MAX];

/* The folder above bin/: wherever the package was unpacked. */
static void find_prefix(void)
{
    ssize_t length = readlink("/proc/self/exe", prefix, sizeof prefix - 1);

    if (length < 0) {
        perror("/proc/self/exe");
        exit(1);
    }
    prefix[length] = '\0';
    for (int levels = 0; levels < 2; levels++) {
        char *slash = strrchr(prefix, '/');
        if (slash != NULL)
            *slash = '\0';
    }
}

static void load(const char *file)
{
    char path[PATH_MAX * 2];
    const struct demo_module *(*entry)(void);
    const struct demo_module *module;
    void *handle;

    snprintf(path, sizeof path, "%s/lib/php/extensions/no-debug-non-zts-%u/%s",
             prefix, DEMO_API, file);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fprintf(stderr, "php: %s\n", dlerror());
        exit(1);
    }
    /* The cast that POSIX asks for. */
    *(void **)&entry = dlsym(handle, "demo_module");
    module = entry != NULL ? entry() : NULL;
    if (module == NULL || module->api != DEMO_API) {
        fprintf(stderr, "php: %s is no extension for interface %u\n", path, DEMO_API);
        exit(1);
    }
    if (loaded < sizeof modules / sizeof *modules)
        modules[loaded++] = module;
}

static int is_ini(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && strcmp(entry->d_name + length - 4, ".ini") == 0;
}

/* Every `extension=NAME.so` of etc/php/conf.d, in the order of the file names. */
static void load_all(void)
{
    char folder[PATH_MAX + 32], path[PATH_MAX * 2], line[512];
    struct dirent **entries;
    int count;

    snprintf(folder, sizeof folder, "%s/etc/php/conf.d", prefix);
    count = scandir(folder, &entries, is_ini, alphasort);
    for (int i = 0; i < count; i++) {
        FILE *file;

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        file = fopen(path, "r");
        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            line[strcspn(line, "\r\n")] = '\0';
            if (strncmp(line, "extension=", 10) == 0)
                load(line + 10);
        }
        if (file != NULL)
            fclose(file);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    const char *option = argc > 1 ? argv[1] : "-v";

    find_prefix();
    load_all();
    if (strcmp(option, "-v") == 0) {
        printf("Demo runtime %s (a stand-in: this is not PHP)\n", DEMO_VERSION);
        return 0;
    }
    if (strcmp(option, "-m") == 0) {
        for (size_t i = 0; i < loaded; i++)
            printf("%s %s\n", modules[i]->name, modules[i]->version);
        return 0;
    }
    if (strcmp(option, "-c") == 0 && argc > 2) {
        for (size_t i = 0; i < loaded; i++)
            if (strcmp(modules[i]->name, argv[2]) == 0) {
                printf("%ld\n", modules[i]->call());
                return 0;
            }
        fprintf(stderr, "php: no extension '%s' is loaded\n", argv[2]);
        return 1;
    }
    fprintf(stderr, "Usage: php -v | -m | -c EXTENSION\n");
    return 2;
}
