/*
 * Lets one write or sync of a process's database files fail: `LD_PRELOAD=fail-io.so FAIL_IO_CONTROL=file`. The file is
 * eight numbers of 64 bits that the campaign writes and reads while the process runs: which call fails, counted from 1
 * (0: none); 1 for writes, 2 for syncs; the errno; whether all that follow fail too; then writes and syncs seen, calls
 * failed, and 1 once the shim is there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 65536, WRITE = 1, SYNC = 2 };
struct control { int64_t at, kind, error, lasting, writes, syncs, failed, present; };

static struct control none;
static volatile struct control *control = &none;
static unsigned char is_database[FDS];

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("FAIL_IO_CONTROL");
  int fd = name ? (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC) : -1;
  void *at = fd < 0 ? MAP_FAILED : mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) control = at;
  control->present = 1;
}

static int fails(int fd, int kind) {
  if (fd < 0 || fd >= FDS || !is_database[fd]) return 0;
  int64_t seen = __atomic_add_fetch(kind == WRITE ? &control->writes : &control->syncs, 1, __ATOMIC_SEQ_CST);
  int64_t at = control->at;
  if (control->kind != kind || at == 0 || (control->lasting ? seen < at : seen != at)) return 0;
  __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
  errno = (int)control->error;
  return 1;
}

static int opened(int fd, const char *path) {
  const char *name = strrchr(path, '/');
  if (fd >= 0 && fd < FDS) is_database[fd] = strncmp(name ? name + 1 : path, "interdict.sqlite", 16) == 0;
  return fd;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define OPEN(name)                                              \
  int name(const char *path, int flags, ...) {                  \
    va_list rest;                                               \
    va_start(rest, flags);                                      \
    mode_t mode = va_arg(rest, mode_t);                         \
    va_end(rest);                                               \
    return opened(REAL(name)(path, flags, mode), path);         \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  static __typeof__(&close) real;
  if (!real) real = REAL(close);
  if (fd >= 0 && fd < FDS) is_database[fd] = 0;
  return real(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  static __typeof__(&write) real;
  if (!real) real = REAL(write);
  return fails(fd, WRITE) ? -1 : real(fd, bytes, length);
}

#define PWRITE(name, type)                                                  \
  ssize_t name(int fd, const void *bytes, size_t length, type offset) {     \
    static __typeof__(&name) real;                                          \
    if (!real) real = REAL(name);                                           \
    return fails(fd, WRITE) ? -1 : real(fd, bytes, length, offset);         \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC_BY(name)                                                       \
  int name(int fd) {                                                        \
    static __typeof__(&name) real;                                          \
    if (!real) real = REAL(name);                                           \
    return fails(fd, SYNC) ? -1 : real(fd);                                 \
  }
SYNC_BY(fsync)
SYNC_BY(fdatasync)
