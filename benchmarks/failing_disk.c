/* A disk that fails: the k-th system call that changes a file under one folder gives an error, once or for good.
 * Loaded before the C library (LD_PRELOAD); armed by benchmarks/faults_library.py. Linux only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char under[4096];
static long at, calls;
static int code, sticky, armed;

void fault_under(const char *folder) { snprintf(under, sizeof under, "%s", folder); }
void fault_arm(long k, int error, int for_good) { at = k; code = error; sticky = for_good; calls = 0; armed = 1; }
long fault_calls(void) { return calls; }

static int ours(int fd) {
    char link[64], path[4096];
    if (!armed || !under[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strncmp(path, under, strlen(under)) == 0;
}
static int named(const char *path) { return armed && under[0] && strncmp(path, under, strlen(under)) == 0; }
static int fails(void) {
    long now = __sync_add_and_fetch(&calls, 1);
    if (at && (now == at || (sticky && now > at))) { errno = code; return 1; }
    return 0;
}
#define REAL(name, type) static type (*real)() = 0; if (!real) real = (type (*)())dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *b, size_t n) { REAL("write", ssize_t); return ours(fd) && fails() ? -1 : real(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL("pwrite", ssize_t); return ours(fd) && fails() ? -1 : real(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL("pwrite64", ssize_t); return ours(fd) && fails() ? -1 : real(fd, b, n, o); }
int fsync(int fd) { REAL("fsync", int); return ours(fd) && fails() ? -1 : real(fd); }
int fdatasync(int fd) { REAL("fdatasync", int); return ours(fd) && fails() ? -1 : real(fd); }
int ftruncate(int fd, off_t n) { REAL("ftruncate", int); return ours(fd) && fails() ? -1 : real(fd, n); }
int ftruncate64(int fd, off64_t n) { REAL("ftruncate64", int); return ours(fd) && fails() ? -1 : real(fd, n); }
int rename(const char *a, const char *b) { REAL("rename", int); return named(b) && fails() ? -1 : real(a, b); }
int unlink(const char *p) { REAL("unlink", int); return named(p) && fails() ? -1 : real(p); }
int mkdir(const char *p, mode_t m) { REAL("mkdir", int); return named(p) && fails() ? -1 : real(p, m); }
#define OPEN(name) int name(const char *p, int flags, ...) { \
    REAL(#name, int); va_list more; va_start(more, flags); mode_t m = va_arg(more, mode_t); va_end(more); \
    return (flags & (O_WRONLY | O_RDWR | O_CREAT)) && named(p) && fails() ? -1 : real(p, flags, m); }
OPEN(open)
OPEN(open64)
