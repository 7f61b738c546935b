/* A disk that takes longer to make something durable: every flush waits FLUSH_MICROSECONDS first.
   Preloaded into all processes of a benchmark, so that the hub and its peers have the same disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int file)
{
    const char *said = getenv("FLUSH_MICROSECONDS");
    long micros = said ? atol(said) : 0;
    struct timespec wait = {micros / 1000000, micros % 1000000 * 1000};
    nanosleep(&wait, NULL);
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
