/*
 * Writes down what a process does to its database files and what it tells its clients, in the one order in which it
 * happens: `LD_PRELOAD=shim.so POWERCUT_LOG=file`. A write is logged before it is made, a sync after it has returned, an
 * answer before it is sent. Record: u8 kind, u8 file, u16 0, u32 length, u64 offset (little endian), then the bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 65536, DIRECTORY = 4, ANSWER_BYTES = 2048 };
static unsigned char file_of[FDS];
static int log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct record { uint8_t kind, file; uint16_t zero; uint32_t length; uint64_t offset; };

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("POWERCUT_LOG");
  if (name) log_fd = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(char kind, int file, uint64_t offset, const void *bytes, uint32_t length) {
  if (log_fd < 0) return;
  struct record head = { (uint8_t)kind, (uint8_t)file, 0, bytes ? length : 0, offset };
  struct iovec parts[2] = { { &head, sizeof head }, { (void *)bytes, bytes ? length : 0 } };
  pthread_mutex_lock(&lock);
  syscall(SYS_writev, log_fd, parts, bytes ? 2 : 1);
  pthread_mutex_unlock(&lock);
}

static int ends_with(const char *text, const char *end) {
  size_t a = strlen(text), b = strlen(end);
  return a >= b && strcmp(text + a - b, end) == 0;
}

static int number_of(const char *path) {
  if (ends_with(path, "/interdict.sqlite")) return 1;
  if (ends_with(path, "/interdict.sqlite-wal")) return 2;
  if (ends_with(path, "/interdict.sqlite-journal")) return 3;
  return 0;
}

static int file(int fd) { return fd >= 0 && fd < FDS ? file_of[fd] : 0; }

static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < FDS) {
    file_of[fd] = number_of(path);
    if (file_of[fd]) note('C', file_of[fd], 0, 0, 0);
  }
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
  if (fd >= 0 && fd < FDS) file_of[fd] = 0;
  static __typeof__(&close) real;
  if (!real) real = REAL(close);
  return real(fd);
}

static void answer(const struct iovec *parts, int count) {
  static const char wanted[] = "HTTP/1.1 201";
  if (count < 1 || parts[0].iov_len < sizeof wanted - 1 || memcmp(parts[0].iov_base, wanted, sizeof wanted - 1)) return;
  note('A', 0, 0, parts[0].iov_base, parts[0].iov_len < ANSWER_BYTES ? parts[0].iov_len : ANSWER_BYTES);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  static __typeof__(&write) real;
  if (!real) real = REAL(write);
  if (file(fd)) note('W', file(fd), lseek(fd, 0, SEEK_CUR), bytes, length);
  else answer(&(struct iovec){ (void *)bytes, length }, 1);
  return real(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static __typeof__(&writev) real;
  if (!real) real = REAL(writev);
  answer(parts, count);
  return real(fd, parts, count);
}

#define PWRITE(name, type)                                                  \
  ssize_t name(int fd, const void *bytes, size_t length, type offset) {     \
    static __typeof__(&name) real;                                          \
    if (!real) real = REAL(name);                                           \
    if (file(fd)) note('W', file(fd), offset, bytes, length);               \
    return real(fd, bytes, length, offset);                                 \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, type)                                                \
  int name(int fd, type length) {                                           \
    if (file(fd)) note('T', file(fd), length, 0, 0);                        \
    return REAL(name)(fd, length);                                          \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

static int synced(int fd) {
  struct stat about;
  if (file(fd)) return file(fd);
  return fstat(fd, &about) == 0 && S_ISDIR(about.st_mode) ? DIRECTORY : 0;
}

#define SYNC(name)                                                          \
  int name(int fd) {                                                        \
    static __typeof__(&name) real;                                          \
    if (!real) real = REAL(name);                                           \
    int done = real(fd);                                                    \
    int what = done == 0 ? synced(fd) : 0;                                  \
    if (what) note('S', what, 0, 0, 0);                                     \
    return done;                                                            \
  }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
  if (number_of(path)) note('U', number_of(path), 0, 0, 0);
  return REAL(unlink)(path);
}
