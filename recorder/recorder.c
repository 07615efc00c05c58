/* Watches a make and writes down when it started, when it ended and how. It changes nothing about that make.
 *
 *   recorder watch FOLDER DIGEST MAKE NAME...   called once by $(shell ...) of Makefile.instrumented, so that make is its
 *                                               parent: leaves a process behind, the watcher, and returns at once
 *   recorder run -- COMMAND ARGUMENT...         runs COMMAND as `time` does, and tells a watcher how it ended: for
 *                                               systems whose kernel does not tell
 *   recorder check                              prints how a process can be watched here, having tried it, or "none"
 *
 * FOLDER is where the decision is kept, DIGEST names what was agreed to, MAKE is the last part of make's own name, and
 * the NAMEs are what the catalog calls the goals. docs/how-it-works.md shows the whole; the record is read by
 * instrumented_make/reporter/run_files.py. Whatever fails while watching, the answer is silence: no output, no status.
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/event.h>
#include <sys/sysctl.h>
#define BOOT_CLOCK CLOCK_MONOTONIC_RAW
#define AWAKE_CLOCK CLOCK_UPTIME_RAW
#else
#include <sys/syscall.h>
#include <sys/utsname.h>
#define BOOT_CLOCK CLOCK_BOOTTIME
#define AWAKE_CLOCK CLOCK_MONOTONIC
#endif

#define LARGEST_RECORD 65536
#define END_BYTES 96 /* reserved with the start, so that a disk that fills up meanwhile cannot lose the end */
#ifndef FIRST_WAY
#define FIRST_WAY PIDFD /* for tests: the ways before this one are left out */
#endif
enum { PIDFD, CONNECTOR, RUN, KQUEUE, NONE };
static const char *const WAYS[] = {"pidfd", "connector", "run", "kqueue", "none"};

struct moment {
  long long time_ns, boot_ns, awake_ns; /* since 1970; since boot, asleep or not; since boot, awake */
};

static long long clock_ns(clockid_t clock) {
  struct timespec time = {0, 0};
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static struct moment now(void) {
  return (struct moment){clock_ns(CLOCK_REALTIME), clock_ns(BOOT_CLOCK), clock_ns(AWAKE_CLOCK)};
}

/* ---------------------------------------------------------------------------------------------------------------------
 * 1. What each system knows of another process. open_way() prepares for the end of `pid` and returns one of WAYS;
 *    wait_for_end() then sleeps until it has come, and returns how, as waitpid() does, or -1 if that was not told. In a
 *    watcher all signals are blocked, so no call is interrupted.
 * ------------------------------------------------------------------------------------------------------------------ */

/* What the watched make was started with. */
static struct {
  char *argument, **environment;
} origin;

/* The strings in `text`, `bytes` long and followed by a NUL, as a list that ends with NULL; NULL without memory. */
static char **strings(char *text, size_t bytes) {
  char **list = calloc(bytes + 2, sizeof *list);
  for (size_t at = 0, count = 0; list != NULL && at < bytes; at += strlen(text + at) + 1) list[count++] = text + at;
  return list;
}

#ifdef __APPLE__
static unsigned long space_of_pids(void) { return 0; }

static pid_t parent_of(pid_t pid) {
  struct kinfo_proc info = {0};
  size_t bytes = sizeof info;
  return sysctl((int[]){CTL_KERN, KERN_PROC, KERN_PROC_PID, pid}, 4, &info, &bytes, NULL, 0) == 0 && bytes == sizeof info
             ? info.kp_eproc.e_ppid
             : 0;
}

/* The system gives the number of arguments, the program's path, and then arguments and environment. */
static int read_origin(pid_t pid) {
  int count, largest = 0;
  size_t bytes = sizeof largest, at = sizeof count;
  if (sysctl((int[]){CTL_KERN, KERN_ARGMAX}, 2, &largest, &bytes, NULL, 0) != 0) return 0;
  char *text = calloc(1, (size_t)largest + 1);
  bytes = (size_t)largest;
  if (text == NULL || sysctl((int[]){CTL_KERN, KERN_PROCARGS2, pid}, 3, text, &bytes, NULL, 0) != 0 || bytes < at) return 0;
  memcpy(&count, text, sizeof count);
  for (at += strlen(text + at); at < bytes && text[at] == '\0';) at++;
  origin.argument = text + at;
  for (; at < bytes && count > 0; count--) at += strlen(text + at) + 1;
  if (at < bytes) origin.environment = strings(text + at, bytes - at);
  return origin.environment != NULL;
}

static int open_way(pid_t pid, int *descriptor) {
  struct kevent wanted;
  EV_SET(&wanted, pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT | NOTE_EXITSTATUS, 0, NULL);
  *descriptor = kqueue();
  return *descriptor >= 0 && kevent(*descriptor, &wanted, 1, NULL, 0, NULL) == 0 ? KQUEUE : NONE;
}

static int wait_for_end(int way, int descriptor, struct moment *ended) {
  struct kevent event;
  int got = way == KQUEUE ? kevent(descriptor, NULL, 0, &event, 1, NULL) : 0;
  *ended = now();
  return got == 1 && !(event.flags & EV_ERROR) ? (int)event.data : -1;
}

static int open_mailbox(void) { return -1; } /* nobody asks: the kernel tells */

static void close_from(int first) {
  for (int file = first; file < 65536; file++) close(file);
}

static socklen_t address_of(pid_t pid, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  size_t used = confstr(_CS_DARWIN_USER_TEMP_DIR, address->sun_path, sizeof address->sun_path);
  if (used == 0 || used > sizeof address->sun_path - 32) return 0;
  snprintf(address->sun_path + used - 1, 32, "instrumented-make-%d", (int)pid);
  return sizeof *address;
}
#else
/* From the kernel's headers, which a C library does not always come with. */
#define PIDFD_GET_INFO 0xC040FF0BUL /* _IOWR(0xFF, 11, struct pidfd_info), of 64 bytes */
#define PIDFD_INFO_EXIT 8
struct pidfd_info {
  uint64_t mask, cgroup;
  uint32_t pid, tgid, ppid, ids[8];
  int32_t exit_code;
};
struct netlink_address {
  uint16_t family, pad;
  uint32_t port, groups;
};
struct connector_message {
  uint32_t length; /* the netlink header */
  uint16_t type, flags;
  uint32_t netlink_sequence, port;
  uint32_t index, value, sequence, ack; /* the connector's */
  uint16_t content_length, content_flags;
  union {
    uint32_t subscription[2];
    struct { uint32_t what, cpu, time[2], pid, tgid, exit_code, exit_signal; } event;
  } content;
};
struct filter_step {
  uint16_t code;
  uint8_t if_true, if_false;
  uint32_t value;
};
#define EVENT_NONE 0u
#define EVENT_EXIT 0x80000000u
#define AT(member) ((uint32_t)offsetof(struct connector_message, member))
#define MAILBOX 200 /* the descriptor that `run` answers a watcher by: seldom taken, and below every usual limit */
#define MAILBOX_NAME "instrumented-make"

/* Whether this kernel is at least `major`.`minor`. */
static int kernel_is(int major, int minor) {
  struct utsname kernel;
  int is_major = 0, is_minor = 0;
  if (uname(&kernel) != 0 || sscanf(kernel.release, "%d.%d", &is_major, &is_minor) != 2) return 0;
  return is_major > major || (is_major == major && is_minor >= minor);
}

/* Put the content of /proc/`pid`/`name` into `text`, with a NUL after it; 0 if it is empty, or does not fit. */
static size_t proc(pid_t pid, const char *name, char *text, size_t room) {
  char path[64];
  size_t bytes = 0;
  ssize_t got = 1;
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  for (; file >= 0 && got > 0 && bytes < room; bytes += got > 0 ? (size_t)got : 0) got = read(file, text + bytes, room - bytes);
  if (file >= 0) close(file);
  if (got != 0 || bytes == room) return 0;
  text[bytes] = '\0';
  return bytes;
}

/* The parent of `pid`; 0 if there is none that this process can see. Since Linux 6.13 a descriptor tells, in a third of
 * the time that /proc takes. */
static pid_t parent_of(pid_t pid) {
  struct pidfd_info info = {0};
  char text[4096], *after;
  int parent = 0, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  int told = pidfd >= 0 && ioctl(pidfd, PIDFD_GET_INFO, &info) == 0;
  if (pidfd >= 0) close(pidfd);
  if (told) return (pid_t)info.ppid;
  /* The second word is a name in brackets that may hold anything, a bracket too. */
  if (proc(pid, "stat", text, sizeof text) == 0 || (after = strrchr(text, ')')) == NULL) return 0;
  return sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* A number that distinguishes this space of process ids from those of other containers; 0 if unknown. */
static unsigned long space_of_pids(void) {
  static struct stat about;
  if (about.st_ino == 0) stat("/proc/self/ns/pid", &about);
  return (unsigned long)about.st_ino;
}

/* Most environments fit into the first room, and no process is started with more than 6 MiB. */
static int read_origin(pid_t pid) {
  size_t bytes = 0;
  for (size_t room = 1 << 16; bytes == 0 && room <= 8 << 20; room <<= 7) {
    char *text = malloc(2 * room);
    if (text == NULL || proc(pid, "cmdline", text, room) == 0 || (bytes = proc(pid, "environ", text + room, room)) == 0)
      continue;
    origin.argument = text;
    origin.environment = strings(text + room, bytes);
  }
  return origin.environment != NULL;
}

/* Since Linux 6.15, a descriptor of a process tells anybody how that process ended, once it has been reaped. */
static int open_pidfd(pid_t pid) {
  struct pidfd_info info = {0};
  int pidfd = kernel_is(6, 15) ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
  return pidfd >= 0 && ioctl(pidfd, PIDFD_GET_INFO, &info) == 0 ? pidfd : -1;
}

/* Linux 6.6 to 6.14: the process connector, for the first space of process ids and of networks, tells everybody. Before
 * 6.6 it told root only, and otherwise. Whoever asks for all events is answered, before send() returns; after that, ask
 * for ends only. */
static int open_connector(pid_t pid) {
  uint32_t mark = (uint32_t)getpid();
  struct netlink_address address = {AF_NETLINK, 0, 0, 1};
  struct connector_message answer, message = {AT(content.subscription[1]), 3, 0, 0, 0, 1, 1, 0, mark, 4, 0, {{1, EVENT_EXIT}}};
  /* Wake up for that answer and for this end only. A filter loads words in network order. */
  struct filter_step steps[] = {{0x20, 0, 0, AT(content.event.what)},
                                {0x15, 0, 2, __builtin_bswap32(EVENT_EXIT)},
                                {0x20, 0, 0, AT(content.event.pid)},
                                {0x15, 3, 4, __builtin_bswap32((uint32_t)pid)},
                                {0x15, 0, 3, EVENT_NONE},
                                {0x20, 0, 0, AT(ack)},
                                {0x15, 0, 1, __builtin_bswap32(mark + 1)},
                                {0x06, 0, 0, 0xffffffff},
                                {0x06, 0, 0, 0}};
  struct { unsigned short length; struct filter_step *steps; } filter = {sizeof steps / sizeof *steps, steps};
  int file = kernel_is(6, 6) ? socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 11 /* NETLINK_CONNECTOR */) : -1;
  if (file < 0 || setsockopt(file, SOL_SOCKET, 26 /* SO_ATTACH_FILTER */, &filter, sizeof filter) != 0 ||
      bind(file, (struct sockaddr *)&address, sizeof address) != 0 || send(file, &message, message.length, 0) < 0 ||
      recv(file, &answer, sizeof answer, MSG_DONTWAIT) < (ssize_t)AT(content.event.tgid) ||
      answer.content.event.what != EVENT_NONE || answer.content.event.pid != 0 /* an error */)
    return -1;
  message.length += message.content_length;
  message.content_length *= 2;
  send(file, &message, message.length, 0);
  return file;
}

/* Where `run` will write the status of its child: a file without a name, locked until the status is in it. */
static int open_mailbox(void) {
  int file = (int)syscall(SYS_memfd_create, MAILBOX_NAME, 0);
  int kept = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, MAILBOX);
  if (file >= 0) close(file);
  if (kept >= 0) flock(kept, LOCK_EX);
  return kept;
}

/* The mailbox of a `run` that is the parent of `pid`. */
static int find_mailbox(pid_t pid) {
  char path[64], target[64] = "";
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)parent_of(pid), MAILBOX);
  return readlink(path, target, sizeof target - 1) > 0 && strcmp(target, "/memfd:" MAILBOX_NAME " (deleted)") == 0
             ? open(path, O_RDONLY | O_CLOEXEC)
             : -1;
}

static int open_way(pid_t pid, int *descriptor) {
  if (FIRST_WAY <= PIDFD && (*descriptor = open_pidfd(pid)) >= 0) return PIDFD;
  if (FIRST_WAY <= CONNECTOR && (*descriptor = open_connector(pid)) >= 0) return CONNECTOR;
  return (*descriptor = find_mailbox(pid)) >= 0 ? RUN : NONE;
}

static int wait_for_end(int way, int descriptor, struct moment *ended) {
  int status = -1;
  if (way == PIDFD) {
    /* First it has ended; then its parent has taken note, and only then is there an answer. */
    struct pollfd poller = {descriptor, POLLIN, 0};
    struct pidfd_info info = {.mask = PIDFD_INFO_EXIT};
    poll(&poller, 1, -1);
    *ended = now();
    poller.events = 0;
    while (!(poller.revents & POLLHUP) && poll(&poller, 1, -1) == 1) continue;
    if (ioctl(descriptor, PIDFD_GET_INFO, &info) == 0 && (info.mask & PIDFD_INFO_EXIT)) status = info.exit_code;
  } else if (way == CONNECTOR) {
    struct connector_message message = {0};
    while (recv(descriptor, &message, sizeof message, 0) > 0 && message.content.event.what != EVENT_EXIT) continue;
    *ended = now();
    if (message.content.event.what == EVENT_EXIT) status = (int)message.content.event.exit_code;
  } else if (way == RUN) {
    flock(descriptor, LOCK_SH);
    *ended = now();
    if (read(descriptor, &status, sizeof status) != (ssize_t)sizeof status) status = -1;
  }
  return status;
}

static void close_from(int first) {
  if (syscall(436 /* close_range, on every architecture */, first, ~0u, 0) == 0) return;
  for (int file = first; file < 65536; file++) close(file);
}

/* The address that stands for the make `pid`: it is in no folder, and is gone with the process that holds it. */
static socklen_t address_of(pid_t pid, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int bytes = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "instrumented-make-%u-%lu-%d",
                       (unsigned)geteuid(), space_of_pids(), (int)pid);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)bytes);
}
#endif

/* ---------------------------------------------------------------------------------------------------------------------
 * 2. What is checked out, from two small files of git's
 * ------------------------------------------------------------------------------------------------------------------ */

struct checkout {
  char folder[PATH_MAX], top[PATH_MAX]; /* where make runs, and the nearest folder from there up that has .git */
  char ref[PATH_MAX], commit[PATH_MAX];
};

/* Join two paths into `path`, of PATH_MAX bytes; an absolute `name` stands alone. 0 if there is no room. */
static int join(char *path, const char *folder, const char *name) {
  int used = *name == '/' ? snprintf(path, PATH_MAX, "%s", name) : snprintf(path, PATH_MAX, "%s/%s", folder, name);
  return used > 0 && used < PATH_MAX;
}

/* Put the first line of a regular file of this user into `line`, of PATH_MAX bytes. 0, and "", if there is none. */
static int read_line(int folder, const char *path, char *line) {
  struct stat about;
  ssize_t got = 0;
  if (fstatat(folder, path, &about, 0) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid()) {
    int file = openat(folder, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    got = file < 0 ? 0 : read(file, line, PATH_MAX - 1);
    if (file >= 0) close(file);
  }
  line[got > 0 ? got : 0] = '\0';
  line[strcspn(line, "\n")] = '\0';
  return *line != '\0';
}

static void read_checkout(struct checkout *out) {
  char path[PATH_MAX], git[PATH_MAX], shared[PATH_MAX], line[PATH_MAX], *slash;
  struct stat about;
  out->top[0] = out->ref[0] = out->commit[0] = '\0';
  if (getcwd(out->folder, sizeof out->folder) == NULL || strchr(out->folder, '\n') != NULL) {
    out->folder[0] = '\0';
    return;
  }
  memcpy(out->top, out->folder, sizeof out->top);
  while (!join(path, out->top, ".git") || stat(path, &about) != 0) {
    if ((slash = strrchr(out->top, '/')) == NULL) return;
    *slash = '\0';
  }
  if (about.st_uid != geteuid()) return;
  if (S_ISDIR(about.st_mode)) memcpy(git, path, sizeof git);
  else if (!read_line(AT_FDCWD, path, line) || strncmp(line, "gitdir: ", 8) != 0 || !join(git, out->top, line + 8)) return;
  if (!join(path, git, "HEAD") || !read_line(AT_FDCWD, path, line)) return;
  if (strncmp(line, "ref: ", 5) != 0) {
    memcpy(out->commit, line, sizeof line);
  } else if (strncmp(line, "ref: refs/", 10) == 0 && strstr(line, "..") == NULL && strchr(line + 5, ' ') == NULL) {
    memcpy(out->ref, line + 5, sizeof line - 5);
    if (!join(path, git, "commondir")) return;
    if (!read_line(AT_FDCWD, path, line)) memcpy(shared, git, sizeof git);
    else if (!join(shared, git, line)) return;
    if (join(path, shared, out->ref)) read_line(AT_FDCWD, path, out->commit);
  }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * 3. Watching
 * ------------------------------------------------------------------------------------------------------------------ */

/* A variable of the person's: of the environment that make was started with. */
static const char *variable(const char *name) {
  size_t length = strlen(name);
  for (char **each = origin.environment; *each != NULL; each++)
    if (strncmp(*each, name, length) == 0 && (*each)[length] == '=') return *each + length + 1;
  return "";
}

/* Whether `path` is `folder` or below it. */
static int is_below(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The gate. Whether the person who started this make has agreed: by their own variables, in a folder of their own that
 * no repository holds. Then `folder` is a descriptor of it, `mark` the file there that says so, and `agreement` its text. */
static int is_agreed(const char *path, const char *digest, const struct checkout *checkout, int *folder, char *mark,
                     char *agreement) {
  char expected[PATH_MAX], real[PATH_MAX];
  struct stat about;
  const char *off = variable("DO_NOT_TRACK"), *name = strrchr(path, '/');
  const char *base = variable("XDG_CONFIG_HOME"), *below = "";
  if (*base != '/') base = variable("HOME"), below = "/.config";
  if (*off != '\0' && strcmp(off, "0") != 0) return 0;
  if (*variable("CI") != '\0' && *variable("DEVSTACK_METRICS_TESTING") == '\0') return 0;
  int used = name == NULL ? -1 : snprintf(expected, sizeof expected, "%s%s%s", base, below, name);
  if (used < 0 || used >= PATH_MAX || strcmp(expected, path) != 0 || realpath(path, real) == NULL) return 0;
  if (is_below(real, checkout->folder) || is_below(real, checkout->top)) return 0;
  *folder = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  used = snprintf(mark, PATH_MAX, "agreed.%s", digest);
  return *folder >= 0 && fstat(*folder, &about) == 0 && about.st_uid == geteuid() && used < PATH_MAX &&
         read_line(*folder, mark, agreement);
}

/* Write the start of a run, with room for its end, into a new file of `folder`/pending, and hold it locked: an unlocked
 * one that has no end tells that its watcher was killed. Return its descriptor, or -1. */
static int new_record(int folder, long long time_ns, pid_t make, const char *text, size_t length) {
  mkdirat(folder, "pending", 0700);
  int pending = openat(folder, "pending", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  for (int try = 0; pending >= 0 && try < 100; try++) {
    char name[64];
    struct stat about;
    snprintf(name, sizeof name, "%lld-%d.run", time_ns + try, (int)make);
    int file = openat(pending, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) break;
    flock(file, LOCK_EX); /* where there are no locks, there is a record all the same */
    if (fstat(file, &about) == 0 && about.st_nlink > 0) {
      if (write(file, text, length) == (ssize_t)length) return file;
      unlinkat(pending, name, 0);
      return -1;
    }
    close(file);
  }
  return -1;
}

/* Become the reporter, with the environment that make was given, unless one is at work or the agreement has ended. It
 * inherits the lock, so there is never a second one; each looks once more after it has let go of the lock. */
static void become_reporter(int folder, const char *path, const char *mark, const char *agreement) {
  char line[PATH_MAX], number[16];
  if (!read_line(folder, mark, line) || strcmp(line, agreement) != 0) return;
  if (!read_line(folder, "interpreter", line) || *line != '/') return;
  int lock = openat(folder, "reporting.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (lock < 0 || (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)) return;
  snprintf(number, sizeof number, "%d", lock);
  execve(line, (char *[]){line, "-I", "-m", "instrumented_make.reporter", "run", "--lock", number, (char *)path, NULL},
         origin.environment);
}

/* Whether one of the `most` processes from `pid` upwards is a make that is watched; set `pid` to where to go on. */
static int is_watched(pid_t *pid, int most) {
  struct sockaddr_un address;
  int asking = socket(AF_UNIX, SOCK_DGRAM, 0), watched = 0;
  for (; *pid > 1 && most > 0 && !watched; most--, *pid = parent_of(*pid)) {
    socklen_t length = address_of(*pid, &address);
    watched = connect(asking, (struct sockaddr *)&address, length) == 0;
  }
  close(asking);
  return watched;
}

/* Take the address of the make `pid`, for as long as the descriptor that is returned is open; -1 if it is taken, as by
 * the watcher that this make had before it restarted itself. */
static int take_address(pid_t pid) {
  struct sockaddr_un address;
  int held = socket(AF_UNIX, SOCK_DGRAM, 0);
  socklen_t length = address_of(pid, &address);
#ifdef __APPLE__
  if (!is_watched(&pid, 1)) unlink(address.sun_path); /* a killed watcher's */
#endif
  return bind(held, (struct sockaddr *)&address, length) == 0 ? held : -1;
}

/* The text of a record up to its end; 0 if it is too long. Names of files do not hold line ends here: see above. */
static size_t start_of(char *text, const struct moment *started, pid_t make, const struct checkout *checkout,
                       const char *digest, const char *agreement, char **names) {
  const char *testing = variable("DEVSTACK_METRICS_TESTING");
  const char *top = is_below(variable("HOME"), checkout->top) ? "" : checkout->top;
  size_t used = (size_t)snprintf(text, LARGEST_RECORD, "3\n");
  for (; *names != NULL && used < LARGEST_RECORD; names++)
    used += (size_t)snprintf(text + used, LARGEST_RECORD - used, "%s%s", *names, names[1] == NULL ? "\n" : " ");
  if (used < LARGEST_RECORD)
    used += (size_t)snprintf(text + used, LARGEST_RECORD - used, "%lld %lld %lld\n%lu %d\n%s\n%s\n%s\n%s\n%s %s\nend\n%*s\n",
                             started->time_ns, started->boot_ns, started->awake_ns, space_of_pids(), (int)make, top,
                             *top ? checkout->ref : "", *top ? checkout->commit : "",
                             strchr(testing, '\n') == NULL ? testing : "?", digest, agreement, END_BYTES - 1, "");
  return used < LARGEST_RECORD ? used : 0;
}

/* Leave the session and let go of whatever is open, so that nothing that ends the one or waits for the other concerns
 * this process; no signal but SIGKILL does. Return the signals that were blocked. */
static sigset_t leave(void) {
  sigset_t every, before;
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, &before);
  setsid();
  int nowhere = open("/dev/null", O_RDWR);
  for (int stream = 0; stream < 3; stream++)
    if (dup2(nowhere, stream) < 0) close(stream);
  close_from(3);
  return before;
}

static void watch(const char *path, const char *digest, const char *called, char **names) {
  static struct checkout checkout; /* these are large */
  static char text[LARGEST_RECORD], agreement[PATH_MAX], mark[PATH_MAX];
  struct moment started = now(), ended;
  int folder = -1, descriptor = -1;
  pid_t make = getppid();
  sigset_t before = leave();

  /* The parent is this make, if it is called so: with another SHELL it may be a shell. */
  if (make <= 1 || !read_origin(make)) return;
  const char *slash = strrchr(origin.argument, '/');
  int held = take_address(make);
  pid_t above = parent_of(make);
  if (strcmp(slash == NULL ? origin.argument : slash + 1, called) != 0 || held < 0 || is_watched(&above, 2)) return;
  read_checkout(&checkout);
  int way = open_way(make, &descriptor);
  if (way == NONE || getppid() != make || chdir("/") != 0 || fork() != 0) return; /* else its number may be another's */

  /* make goes on; a slow home delays only this process. */
  if (is_watched(&above, INT_MAX) || !is_agreed(path, digest, &checkout, &folder, mark, agreement)) return;
  size_t used = start_of(text, &started, make, &checkout, digest, agreement, names);
  int record = used > 0 ? new_record(folder, started.time_ns, make, text, used) : -1;
  int status = wait_for_end(way, descriptor, &ended);
  if (record < 0 || status == -1) return;
  int end = snprintf(text, sizeof text, "%d %lld %lld %lld", WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
                     ended.time_ns, ended.boot_ns, ended.awake_ns);
  if (pwrite(record, text, (size_t)end, (off_t)used - END_BYTES) != end) return;
  close(record);
  close(held);
  sigprocmask(SIG_SETMASK, &before, NULL);
  become_reporter(folder, path, mark, agreement);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * 4. The other commands
 * ------------------------------------------------------------------------------------------------------------------ */

static pid_t running;

static void pass_on(int number, siginfo_t *about, void *context) {
  (void)context;
  if (about->si_code <= 0) kill(running, number); /* else the terminal's, which has reached the command too */
}

/* Run `command`, and end as it did. A signal that somebody sends to this process alone is passed on. */
static int run(char **command) {
  const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
  struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
  sigset_t every, before;
  int status = 0, mailbox = open_mailbox();
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, &before);
  if ((running = fork()) == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(command[0], command);
    int reason = errno;
    perror(command[0]);
    _exit(reason == ENOENT ? 127 : 126);
  }
  for (size_t at = 0; at < sizeof passed / sizeof *passed; at++)
    if (sigaction(passed[at], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(passed[at], &action, NULL);
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (waitpid(running, &status, 0) < 0) return perror("recorder"), 126;
  if (mailbox >= 0 && write(mailbox, &status, sizeof status) < 0) close(mailbox); /* then the run counts as lost */
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  return 128 + WTERMSIG(status); /* the signal is blocked here */
}

/* Watch a process that ends with a status of its own, and see whether it is told. */
static int check(void) {
  struct moment ended;
  int hold[2], descriptor;
  char nothing;
  signal(SIGCHLD, SIG_IGN); /* so that nobody has to reap it */
  if (pipe(hold) != 0) return 1;
  pid_t child = fork();
  if (child == 0) {
    close(hold[1]);
    _exit(read(hold[0], &nothing, 1) == 0 ? 77 : 1);
  }
  int way = child > 0 ? open_way(child, &descriptor) : NONE;
  close(hold[1]);
  puts(WAYS[wait_for_end(way, descriptor, &ended) == 77 << 8 ? way : NONE]);
  return 0;
}

int main(int count, char **arguments) {
  if (count > 5 && strcmp(arguments[1], "watch") == 0) {
    watch(arguments[2], arguments[3], arguments[4], arguments + 5);
    _exit(0);
  }
  if (count > 3 && strcmp(arguments[1], "run") == 0 && strcmp(arguments[2], "--") == 0) return run(arguments + 3);
  if (count == 2 && strcmp(arguments[1], "check") == 0) return check();
  fputs("usage: recorder run -- COMMAND [ARGUMENT...]\n", stderr);
  return 2;
}
