/* Watches a make and writes down when it started, when it ended and how. It changes nothing about that make.
 *
 *   recorder watch FOLDER DIGEST MAKE NAME...   started by one $(shell) of Makefile.instrumented, so that make is its
 *                                               parent: leaves a process behind, the watcher, and returns at once
 *   recorder run -- COMMAND ARGUMENT...         runs COMMAND as `time` does, and tells a watcher how it ended
 *   recorder run --as NAME [--project PROJECT] -- COMMAND ARGUMENT...   leaves a watcher, if the person agreed to have
 *                                               the command NAME measured, and becomes COMMAND
 *   recorder check                              tries how a process can be watched here, and prints it, or "none"
 *
 * FOLDER is where the decision is kept, DIGEST names what was agreed to, MAKE is the last part of make's own name, and
 * the NAMEs are what the catalog calls the goals. Without PROJECT, FOLDER is where this program lies.
 * instrumented_make/reporter/run_files.py reads the record. Whatever fails while watching, the answer is silence. */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
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
#include <libproc.h>
#include <sys/event.h>
#include <sys/sysctl.h>
#define BOOT_CLOCK CLOCK_MONOTONIC_RAW
#define AWAKE_CLOCK CLOCK_UPTIME_RAW
#else
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#define BOOT_CLOCK CLOCK_BOOTTIME
#define AWAKE_CLOCK CLOCK_MONOTONIC
#endif
#define MAILBOX 200 /* the descriptor that `run` answers a watcher by: seldom taken, and below every usual limit */
#define MAILBOX_NAME "instrumented-make"
#define LARGEST_RECORD 65536
#define MOST_RECORDS 10000 /* that wait for a reporter */
#define END_BYTES 96 /* reserved with the start, so that a disk that fills up meanwhile cannot lose the end */
enum { PIDFD, CONNECTOR, RUN, KQUEUE, NONE };
#ifndef FIRST_WAY
#define FIRST_WAY PIDFD /* for tests: the ways before this one are left out */
#endif
static const char *const WAYS[] = {"pidfd", "connector", "run", "kqueue", "none"};
/* What coding agents set for the commands that they run; docs/privacy.md has a source for each. */
static const char *const AGENTS[] = {"AGENT", "AI_AGENT", "AUGMENT_AGENT", "CLAUDECODE", "CLINE_ACTIVE",
    "CODEX_SANDBOX", "CODEX_THREAD_ID", "CURSOR_AGENT", "GEMINI_CLI", "GOOSE_TERMINAL", "OPENCODE"};

struct moment { long long time_ns, boot_ns, awake_ns; }; /* since 1970; since boot, asleep or not; since boot, awake */
extern char **environ; /* here, after read_origin(), that of make, and its first argument */
static char *first_argument;
static struct { /* where make runs, the nearest folder from there up that has .git, and what it has checked out */
  char folder[PATH_MAX], top[PATH_MAX], ref[PATH_MAX], commit[PATH_MAX];
} checkout;
static char mark[PATH_MAX], agreement[PATH_MAX]; /* the file that tells make that the person agreed, and its text */
static const char *command; /* what the catalog calls what `run --as` runs; NULL for a make */
/* Whether what was agreed to has the field `caller`, sends to an OpenTelemetry collector, and has this `command`. */
static int asks_for_caller, asks_for_trace, asks_for_command;
static long long clock_ns(clockid_t clock) {
  struct timespec time = {0, 0};
  return clock_gettime(clock, &time), time.tv_sec * 1000000000LL + time.tv_nsec;
}
static struct moment now(void) {
  return (struct moment){clock_ns(CLOCK_REALTIME), clock_ns(BOOT_CLOCK), clock_ns(AWAKE_CLOCK)};
}

/* --- 1. What each system knows of another process ---
 * open_way() prepares for the end of `pid`, and returns one of WAYS; wait_for_end() then sleeps until it has come, and
 * returns how, as waitpid() does, or -1 if that was not told. All signals are blocked, so no call is interrupted.
 * hold_stream() keeps what a stream of `pid` leads to, without opening it; is_terminal() looks at what was kept. */
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
  int failed = sysctl((int[]){CTL_KERN, KERN_PROC, KERN_PROC_PID, pid}, 4, &info, &bytes, NULL, 0);
  return failed || bytes != sizeof info ? 0 : info.kp_eproc.e_ppid;
}
/* The system gives the number of arguments, the program's path, and then arguments and environment. */
static int read_origin(pid_t pid) {
  int count;
  size_t bytes = 1 << 20, at = sizeof count; /* more than the system allows */
  char *text = calloc(1, bytes + 1);
  if (text == NULL || sysctl((int[]){CTL_KERN, KERN_PROCARGS2, pid}, 3, text, &bytes, NULL, 0) != 0) return 0;
  memcpy(&count, text, sizeof count);
  for (at += strlen(text + at); at < bytes && text[at] == '\0';) at++;
  first_argument = text + at;
  for (; at < bytes && count > 0; count--) at += strlen(text + at) + 1;
  return at < bytes && (environ = strings(text + at, bytes - at)) != NULL;
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
static int hold_stream(pid_t pid, int stream) { /* Here nothing can be kept, so it is looked at. */
  struct vnode_fdinfo about = {0};
  proc_pidfdinfo(pid, stream, PROC_PIDFDVNODEINFO, &about, sizeof about);
  const char *name = devname((dev_t)about.pvi.vi_stat.vst_rdev, S_IFCHR);
  return S_ISCHR(about.pvi.vi_stat.vst_mode) && name != NULL && strncmp(name, "tty", 3) == 0 ? -2 : -1;
}
static int is_terminal(int held) { return held == -2; }
#define own_path(path) (proc_pidpath(getpid(), path, PATH_MAX) > 0)

static socklen_t address_of(pid_t pid, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  size_t used = confstr(_CS_DARWIN_USER_TEMP_DIR, address->sun_path, sizeof address->sun_path);
  if (used == 0 || used > sizeof address->sun_path - 32) return 0;
  snprintf(address->sun_path + used - 1, 32, "instrumented-make-%d", (int)pid);
  return sizeof *address;
}
#else
/* From the kernel's headers, which a C library does not always have. A message of the process connector is seen as
 * words of 32 bits: netlink's header, the connector's header, and an operation or an event. */
#define PIDFD_GET_INFO 0xC040FF0BUL /* _IOWR(0xFF, 11, struct pidfd_info), of 64 bytes */
#define PIDFD_INFO_EXIT 8
struct pidfd_info { uint64_t mask, cgroup; uint32_t pid, tgid, ppid, ids[8]; int32_t exit_code; };
enum { ACK = 7, WHAT = 9, PID = 13, EXIT_CODE = 15, WORDS = 19 };
#define EVENT_EXIT 0x80000000u
/* Whether this kernel is at least 6.`minor`. */
static int kernel_is_6(int minor) {
  struct utsname is;
  int first, second;
  return uname(&is) == 0 && sscanf(is.release, "%d.%d", &first, &second) == 2 && first * 1000 + second >= 6000 + minor;
}
/* Put the content of /proc/`pid`/`name` into `text`, with a NUL after it; 0 if it is empty, or does not fit. */
static size_t proc(pid_t pid, const char *name, char *text, size_t room) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? 0 : read(file, text, room); /* of these files, one call gives all that fits */
  if (file >= 0) close(file);
  if (got <= 0 || (size_t)got == room) return 0;
  text[got] = '\0';
  return (size_t)got;
}
/* The parent of `pid`, or 0 if it is not seen here. Since Linux 6.13 a descriptor tells, in a third of /proc's time. */
static pid_t parent_of(pid_t pid) {
  struct pidfd_info info = {0};
  char text[4096], *after;
  int parent = 0, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  int told = pidfd >= 0 && ioctl(pidfd, PIDFD_GET_INFO, &info) == 0;
  if (pidfd >= 0) close(pidfd);
  if (told) return (pid_t)info.ppid;
  /* The second word is a name in brackets that may hold anything, a bracket too. */
  int found = proc(pid, "stat", text, sizeof text) > 0 && (after = strrchr(text, ')')) != NULL;
  return found && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}
/* A number that distinguishes this space of process ids from those of other containers; 0 if unknown. */
static unsigned long space_of_pids(void) {
  static struct stat about;
  if (about.st_ino == 0) stat("/proc/self/ns/pid", &about);
  return (unsigned long)about.st_ino;
}
/* Most environments fit into the first room, and no process is started with more than 6 MiB. */
static int read_origin(pid_t pid) {
  for (size_t bytes, room = 1 << 16; room <= 8 << 20; room <<= 7) {
    first_argument = realloc(first_argument, 2 * room);
    if (first_argument == NULL || proc(pid, "cmdline", first_argument, room) == 0) continue;
    if ((bytes = proc(pid, "environ", first_argument + room, room)) > 0)
      return (environ = strings(first_argument + room, bytes)) != NULL;
  }
  return 0;
}
/* Linux 6.6 to 6.14: the process connector, for the first space of process ids and of networks, tells everybody. Before
 * 6.6 it told root only, and otherwise. Whoever asks for events is answered before send() returns. */
static int open_connector(pid_t pid) {
  uint32_t mark = (uint32_t)getpid(), answer[WORDS];
  uint32_t message[] = {40, 3 /* NLMSG_DONE */, 0, 0, 1, 1, 0, mark, 4, 1 /* listen */};
  const uint32_t group[] = {AF_NETLINK, 0, 1};
  /* Wake up for that answer and for this end only. A filter loads words in network order. */
  struct { uint16_t code; uint8_t if_true, if_false; uint32_t value; } steps[] = {
      {0x20, 0, 0, 4 * WHAT}, {0x15, 0, 2, __builtin_bswap32(EVENT_EXIT)},
      {0x20, 0, 0, 4 * PID},  {0x15, 3, 4, __builtin_bswap32((uint32_t)pid)}, {0x15, 0, 3, 0 /* an answer */},
      {0x20, 0, 0, 4 * ACK},  {0x15, 0, 1, __builtin_bswap32(mark + 1)}, {0x06, 0, 0, 0xffffffff}, {0x06, 0, 0, 0}};
  struct { unsigned short length; void *steps; } filter = {sizeof steps / sizeof *steps, steps};
  int file = kernel_is_6(6) ? socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 11 /* NETLINK_CONNECTOR */) : -1;
  if (file < 0 || setsockopt(file, SOL_SOCKET, 26 /* SO_ATTACH_FILTER */, &filter, sizeof filter) != 0 ||
      bind(file, (const struct sockaddr *)group, sizeof group) != 0 || send(file, message, sizeof message, 0) < 0 ||
      recv(file, answer, sizeof answer, MSG_DONTWAIT) < 4 * PID || answer[WHAT] != 0 || answer[PID] != 0 /* an error */)
    return -1;
  return file;
}
/* Since Linux 6.15, a descriptor of a process tells anybody how that process ended, once it has been reaped. */
static int open_way(pid_t pid, int *descriptor) {
  char path[64], target[64] = "";
  if (FIRST_WAY <= PIDFD && kernel_is_6(15) && (*descriptor = (int)syscall(SYS_pidfd_open, pid, 0)) >= 0) return PIDFD;
  if (FIRST_WAY <= CONNECTOR && (*descriptor = open_connector(pid)) >= 0) return CONNECTOR;
  /* The mailbox of a `run` that is the parent, or the process itself. */
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)(command == NULL ? parent_of(pid) : pid), MAILBOX);
  int ours = readlink(path, target, sizeof target - 1) > 0 && strcmp(target, "/memfd:" MAILBOX_NAME " (deleted)") == 0;
  return ours && (*descriptor = open(path, O_RDONLY | O_CLOEXEC)) >= 0 ? RUN : NONE;
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
    uint32_t message[WORDS] = {0};
    while (recv(descriptor, message, sizeof message, 0) > 0 && message[WHAT] != EVENT_EXIT) continue;
    *ended = now();
    if (message[WHAT] == EVENT_EXIT) status = (int)message[EXIT_CODE];
  } else if (way == RUN) {
    flock(descriptor, LOCK_SH);
    *ended = now();
    if (read(descriptor, &status, sizeof status) != (ssize_t)sizeof status) status = -1;
  }
  return status;
}

static int hold_stream(pid_t pid, int stream) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, stream);
  return open(path, O_PATH | O_CLOEXEC);
}
static int is_terminal(int held) {
  struct stat about;
  unsigned kind = fstat(held, &about) == 0 && S_ISCHR(about.st_mode) ? major(about.st_rdev) : 0;
  return kind == 4 || kind == 5 || (kind >= 136 && kind <= 143); /* consoles and lines; pseudo-terminals: devices.txt */
}
#define own_path(path) (realpath("/proc/self/exe", path) != NULL)
/* The address that stands for the make `pid`: it is in no folder, and is gone with the process that holds it. */
static socklen_t address_of(pid_t pid, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int bytes = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "instrumented-make-%u-%lu-%d",
                       (unsigned)geteuid(), space_of_pids(), (int)pid);
  return (socklen_t)(sizeof address->sun_family + 1 + (size_t)bytes);
}
#endif
/* --- 2. What is checked out, from two small files of git's --- */
/* Join two paths into `path`, of PATH_MAX bytes; an absolute `name` stands alone. 0 if there is no room. */
static int join(char *path, const char *folder, const char *name) {
  int used = *name == '/' ? snprintf(path, PATH_MAX, "%s", name) : snprintf(path, PATH_MAX, "%s/%s", folder, name);
  return used > 0 && used < PATH_MAX;
}
/* Put the text of a regular file of this user into `text`. Return its length, or -1, and "", if it cannot be read. */
static ssize_t read_text(const char *path, char *text, size_t room) {
  struct stat about;
  int ours = stat(path, &about) != 0 || (S_ISREG(about.st_mode) && about.st_uid == geteuid());
  int file = ours ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : (errno = EPERM, -1);
  ssize_t got = file < 0 ? -1 : read(file, text, room - 1);
  if (file >= 0) close(file);
  text[got > 0 ? got : 0] = '\0';
  return got;
}
/* The first line of such a file, into `line`, of PATH_MAX bytes. 0, and "", if there is none. */
static int read_line(const char *path, char *line) {
  read_text(path, line, PATH_MAX);
  line[strcspn(line, "\n")] = '\0';
  return *line != '\0';
}

static void read_checkout(void) {
  char path[PATH_MAX], git[PATH_MAX], shared[PATH_MAX], line[PATH_MAX], *slash;
  struct stat about;
  if (getcwd(checkout.folder, PATH_MAX) == NULL || strchr(checkout.folder, '\n') != NULL) checkout.folder[0] = '\0';
  memcpy(checkout.top, checkout.folder, PATH_MAX);
  while (!join(path, checkout.top, ".git") || stat(path, &about) != 0) {
    if ((slash = strrchr(checkout.top, '/')) == NULL) return;
    *slash = '\0';
  }
  if (about.st_uid != geteuid()) return;
  if (S_ISDIR(about.st_mode)) memcpy(git, path, PATH_MAX);
  else if (!read_line(path, line) || strncmp(line, "gitdir: ", 8) != 0 || !join(git, checkout.top, line + 8)) return;
  if (!join(path, git, "HEAD") || !read_line(path, line)) return;
  if (strncmp(line, "ref: ", 5) != 0) {
    memcpy(checkout.commit, line, PATH_MAX);
  } else if (strncmp(line, "ref: refs/", 10) == 0 && strstr(line, "..") == NULL && strchr(line + 5, ' ') == NULL) {
    memcpy(checkout.ref, line + 5, PATH_MAX - 5);
    if (!join(path, git, "commondir") || !read_line(path, line)) memcpy(shared, git, PATH_MAX);
    else if (!join(shared, git, line)) return;
    if (join(path, shared, checkout.ref)) read_line(path, checkout.commit);
  }
}

/* --- 3. Watching --- */
static const char *variable(const char *name) { return getenv(name) == NULL ? "" : getenv(name); } /* make's */
/* Whether `path` is `folder` or below it. */
static int is_below(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}
/* Where the person keeps their decision about `project`, by their own variables; 0 if that is no absolute path. */
static int find_folder(char *path, const char *project) {
  const char *base = variable("XDG_CONFIG_HOME"), *below = "";
  if (*base != '/') base = variable("HOME"), below = "/.config";
  int used = snprintf(path, PATH_MAX, "%s%s/%s", base, below, project);
  return *path == '/' && used < PATH_MAX;
}
/* Whether the JSON `text`, as json.dumps() indents it, has `name` as a key of the object `commands`. */
static int has_command(const char *text, const char *name) {
  char key[PATH_MAX];
  int used = snprintf(key, sizeof key, "\n        \"%s\": \"", name);
  const char *from = strstr(text, "\n      \"commands\": {"), *until = from == NULL ? NULL : strstr(from, "\n      }");
  const char *at = from == NULL || used >= PATH_MAX || strpbrk(name, "\"\\\n") != NULL ? NULL : strstr(from, key);
  return at != NULL && at < until;
}
/* Whether the decision kept here is a yes, to `agreement`, which is "" before it is known; -1 if it cannot be read. */
static int is_decided(void) {
  static char text[LARGEST_RECORD], line[PATH_MAX], same[PATH_MAX + 32];
  if (!read_line(mark, line) || (*agreement != '\0' && strcmp(line, agreement) != 0)) return -1;
  memcpy(agreement, line, PATH_MAX);
  if (read_text("metrics.json", text, sizeof text) < 0) return errno == ENOENT ? 0 : -1;
  snprintf(same, sizeof same, "\"agreement\": \"%s\"", agreement);
  int yes = strstr(text, "\"decision\": \"report\"") != NULL || strstr(text, "\"decision\": \"local\"") != NULL;
  const char *item = strstr(text, "\n        \"caller\""); /* of `fields`, as json.dumps() writes it, and not a key */
  asks_for_caller = item != NULL && item[sizeof "\n        \"caller\"" - 1] != ':';
  asks_for_trace = strstr(text, "\n      \"otlp\": \"") != NULL;
  asks_for_command = command != NULL && has_command(text, command);
  return yes && strstr(text, same) != NULL && access("declined", F_OK) != 0;
}
/* The gate: whether the person who started this make has agreed, by their own variables, in a folder of their own that
 * no repository holds. Then that is the current folder. */
static int is_agreed(const char *path, const char *digest) {
  char expected[PATH_MAX], real[PATH_MAX];
  struct stat about;
  const char *off = variable("DO_NOT_TRACK"), *name = strrchr(path, '/');
  int elsewhere = *variable("CI") != '\0' && *variable("DEVSTACK_METRICS_TESTING") == '\0';
  if (elsewhere || (*off != '\0' && strcmp(off, "0") != 0)) return 0;
  if (name == NULL || !find_folder(expected, name + 1) || strcmp(expected, path) != 0) return 0;
  if (realpath(path, real) == NULL || is_below(real, checkout.folder) || is_below(real, checkout.top)) return 0;
  if (chdir(real) != 0 || stat(".", &about) != 0 || about.st_uid != geteuid()) return 0;
  snprintf(mark, sizeof mark, "agreed.%s", digest);
  int decided = is_decided();
  /* A mark that another decision has left goes, unless somebody is deciding. */
  int lock = decided == 0 ? open("deciding.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600) : -1;
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && is_decided() == 0) unlink(mark);
  return decided == 1 && (command == NULL || asks_for_command);
}
/* Write the start of a run, with room for its end, into a new file, and hold it locked: an unlocked one that has no end
 * tells that its watcher was killed. Return its descriptor, or -1. Beyond MOST_RECORDS runs are counted, by a byte. */
static int new_record(long long time_ns, pid_t make, const char *text, size_t length) {
  static DIR *list; /* it stays open */
  char name[64];
  int waiting = -2; /* . and .. */
  mkdir("pending", 0700);
  list = fdopendir(open("pending", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  while (list != NULL && waiting < MOST_RECORDS && readdir(list) != NULL) waiting++;
  if (waiting == MOST_RECORDS)
    return write(open("dropped", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600), "\n", 1), -1;
  snprintf(name, sizeof name, "%lld-%d.run", time_ns, (int)make);
  int file = list == NULL ? -1 : openat(dirfd(list), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  flock(file, LOCK_EX); /* where there are no locks, there is a record all the same */
  if (write(file, text, length) == (ssize_t)length && is_decided() == 1) return file;
  unlinkat(dirfd(list), name, 0);
  return -1;
}
/* Become the reporter, with the environment that make was given, unless one is at work or the agreement has ended. It
 * inherits the lock, so there is never a second one; each looks once more after it has let go of the lock. */
static void become_reporter(const char *path) {
  char line[PATH_MAX];
  if (chdir(path) != 0 || is_decided() != 1 || !read_line("interpreter", line) || *line != '/') return;
  int lock = open("reporting.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (lock < 0 || (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)) return;
  if (ftruncate(lock, 0) != 0 /* a killed one's name */ || dup2(lock, 3) != 3 || chdir("/") != 0) return;
  execv(line, (char *[]){line, "-I", "-m", "instrumented_make.reporter", "run", "--lock", "3", (char *)path, NULL});
}
/* Whether one of the `most` processes from `pid` upwards is a make that is watched. */
static int is_watched(pid_t pid, int most) {
  struct sockaddr_un address;
  int asking = socket(AF_UNIX, SOCK_DGRAM, 0), watched = 0;
  for (; pid > 1 && most > 0 && !watched; most--, pid = parent_of(pid))
    watched = connect(asking, (struct sockaddr *)&address, address_of(pid, &address)) == 0;
  close(asking);
  return watched;
}
/* Take the address of the make `pid` while the returned descriptor is open; -1 if it is taken, as before a restart. */
static int take_address(pid_t pid) {
  struct sockaddr_un address;
  int held = socket(AF_UNIX, SOCK_DGRAM, 0);
  socklen_t length = address_of(pid, &address);
  if (*address.sun_path != '\0' && !is_watched(pid, 1)) unlink(address.sun_path); /* a killed watcher's; not on Linux */
  return bind(held, (struct sockaddr *)&address, length) == 0 ? held : -1;
}
/* Who started make; "", and nothing is looked at, if that was not agreed to. The `streams` are let go of. */
static const char *caller(const int *streams) {
  const char *word = asks_for_caller ? " program" : "";
  for (int stream = 0; stream < 3; close(streams[stream++]))
    if (asks_for_caller && is_terminal(streams[stream])) word = " person";
  for (size_t at = 0; asks_for_caller && at < sizeof AGENTS / sizeof *AGENTS; at++)
    if (*variable(AGENTS[at]) != '\0') word = " agent";
  return word;
}
/* The text of a record up to its end; 0 if it is too long. */
static size_t start_of(char *text, const struct moment *started, pid_t make, const char *by, char **arguments) {
  const char *testing = variable("DEVSTACK_METRICS_TESTING"), *before = command == NULL ? "3\n" : "4\n";
  const char *trace = variable("TRACEPARENT"); /* W3C's: the trace that make belongs to */
  int traced = asks_for_trace && strlen(trace) == 55 && strspn(trace, "0123456789abcdef-") == 55;
  size_t used = 0;
  for (char **name = arguments + 3; *name != NULL && used < LARGEST_RECORD; name++, before = " ")
    used += (size_t)snprintf(text + used, LARGEST_RECORD - used, "%s%s", before, *name);
  if (is_below(variable("HOME"), checkout.top)) /* it is the person's own files that are in git */
    checkout.top[0] = checkout.ref[0] = checkout.commit[0] = '\0';
  if (used < LARGEST_RECORD)
    used += (size_t)snprintf(text + used, LARGEST_RECORD - used,
                             "\n%lld %lld %lld\n%lu %d\n%s\n%s\n%s\n%s\n%s %s%s%s%s\nend\n%*s\n",
                             started->time_ns, started->boot_ns, started->awake_ns, space_of_pids(), (int)make,
                             checkout.top, checkout.ref, checkout.commit, strchr(testing, '\n') == NULL ? testing : "?",
                             arguments[1], agreement, by, traced ? " traceparent=" : "", traced ? trace : "",
                             END_BYTES - 1, "");
  return used < LARGEST_RECORD ? used : 0;
}
/* Say on make's terminal how long this usually takes, to people who want that. The reporter keeps a line for each such
 * command: its name, a tab, and what to say. */
static void hint(const char *path, const char *digest, char **names, int stream) {
#ifdef __linux__ /* elsewhere the stream of another process cannot be written to */
  static char text[LARGEST_RECORD + 2] = "\n", wanted[LARGEST_RECORD];
  char file[PATH_MAX], *line;
  size_t used = 0;
  int written = snprintf(file, sizeof file, "%s/hints", path);
  if (written >= PATH_MAX || read_text(file, text + 1, LARGEST_RECORD) <= 0 || !is_terminal(stream)) return;
  for (char **name = names; *name != NULL && used < sizeof wanted; name++)
    used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%c%s", name == names ? '\n' : ' ', *name);
  if (used + 1 >= sizeof wanted || (line = strstr(text, strcat(wanted, "\t"))) == NULL || !is_agreed(path, digest))
    return;
  line += used + 1;
  size_t length = strcspn(line, "\n");
  for (size_t at = 0; at < length; at++)
    if (at > 160 || line[at] < ' ' || line[at] > '~') return; /* it is not the reporter's */
  line[length] = '\n';
  snprintf(file, sizeof file, "/proc/self/fd/%d", stream);
  int terminal = open(file, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (write(terminal, line, length + 1) >= 0) close(terminal);
#else
  (void)path, (void)digest, (void)names, (void)stream;
#endif
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
#ifdef __linux__
  if (syscall(436 /* close_range, on every architecture */, 3, ~0u, 0) == 0) return before;
#endif
  for (int file = 3; file < 65536; file++) close(file);
  return before;
}
/* Fork, if make can be watched and is still there: otherwise its number may be another process's by now. Return whether
 * this is the watcher, and not the one that make waits for. */
static int leave_watcher(pid_t make, int *way, int *descriptor) {
  if (chdir("/") != 0) return 0;
#ifdef __APPLE__ /* where a child has no part in its parent's kqueue: it makes one, while its parent waits */
  int ready[2];
  char nothing;
  pid_t self = getpid();
  if (pipe(ready) != 0) return 0;
  *way = fork() == 0 && parent_of(self) == make ? open_way(make, descriptor) : NONE;
  close(ready[1]);
  return *way != NONE && read(ready[0], &nothing, 1) != 0;
#else
  *way = open_way(make, descriptor);
  return *way != NONE && getppid() == make && fork() == 0;
#endif
}
/* Leave a watcher of the parent, `make`, which is what `arguments` tell, as those of `watch`. Return how it watches. */
static int observe(pid_t make, char **arguments, const struct moment *started, sigset_t before) {
  static char text[LARGEST_RECORD];
  struct moment ended;
  int way = NONE, descriptor = -1, held = take_address(make);
  /* Before make goes on: those above it may end with it. */
  if (held < 0 || make <= 1 || is_watched(parent_of(make), INT_MAX)) return NONE;
  read_checkout();
  if (command != NULL && !is_agreed(arguments[0], arguments[1])) return NONE; /* so that it has nobody above it */
  const int streams[] = {hold_stream(make, 0), hold_stream(make, 1), hold_stream(make, 2)};
  hint(arguments[0], arguments[1], arguments + 3, streams[2]);
  if (!leave_watcher(make, &way, &descriptor)) return way;
  /* make goes on; a slow home delays only this process. */
  if (!is_agreed(arguments[0], arguments[1])) return NONE;
  size_t used = start_of(text, started, make, caller(streams), arguments);
  int record = used > 0 ? new_record(started->time_ns, make, text, used) : -1;
  int status = chdir("/") == 0 ? wait_for_end(way, descriptor, &ended) : -1;
  int how = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  int end = snprintf(text, sizeof text, "%d %lld %lld %lld", how, ended.time_ns, ended.boot_ns, ended.awake_ns);
  off_t at = (off_t)used - END_BYTES;
  if (record >= 0 && (status == -1 || pwrite(record, text, (size_t)end, at) != end)) return NONE;
  close(record);
  close(held);
  sigprocmask(SIG_SETMASK, &before, NULL);
  become_reporter(arguments[0]);
  return NONE;
}

static int watch(char **arguments) {
  struct moment started = now();
  pid_t make = getppid();
  sigset_t before = leave();
  /* The parent is this make, if it is called so: with another SHELL it may be a shell. */
  if (make <= 1 || !read_origin(make)) return 0;
  const char *slash = strrchr(first_argument, '/');
  if (strcmp(slash == NULL ? first_argument : slash + 1, arguments[2]) == 0) observe(make, arguments, &started, before);
  return 0;
}

/* --- 4. The other commands --- */
static pid_t running;
/* Pass on a signal that somebody sent to this process alone. The terminal's reach the command too, and so do those to a
 * group: then it is pending there after a moment, or is being handled: blocked, and in make's case no longer caught. */
static void pass_on(int number, siginfo_t *about, void *context) {
  (void)context;
#ifdef __linux__
  unsigned long own = 0, group = 0, blocked = 0, ignored = 0, caught = 0;
  char text[8192], *at = NULL;
  nanosleep(&(struct timespec){0, 10000000}, NULL);
  if (proc(running, "status", text, sizeof text) > 0) at = strstr(text, "SigPnd:");
  const char *const masks = "SigPnd:%lx ShdPnd:%lx SigBlk:%lx SigIgn:%lx SigCgt:%lx";
  if (at != NULL && sscanf(at, masks, &own, &group, &blocked, &ignored, &caught) != 5) return;
  if ((own | group | (blocked & ~caught)) >> (number - 1) & 1) return;
#endif
  if (about->si_code <= 0) kill(running, number);
}
/* The folder of the decision about `project`, or the one that this program lies in, if that is one; else return 0. */
static int find_decision(char *path, const char *project) {
  char own[PATH_MAX] = "", real[PATH_MAX], *end = own_path(own) ? strrchr(own, '/') : NULL, *name = NULL;
  if (project != NULL) return find_folder(path, project);
  if (end != NULL) *end = '\0', name = strrchr(own, '/');
  return name != NULL && find_folder(path, name + 1) && realpath(path, real) != NULL && strcmp(real, own) == 0;
}
/* Leave a watcher of this process, if the person agreed to have `command` measured. Return how it watches, or NONE. */
static int observe_command(const char *project) {
  static char path[PATH_MAX], file[PATH_MAX], text[LARGEST_RECORD], digest[65];
  const char *const key = "\n    \"digest\": \"";
  struct moment started = now();
  int status = NONE;
  pid_t self = getpid(), child;
  if (!find_decision(path, project) || !join(file, path, "metrics.json") || read_text(file, text, sizeof text) < 0)
    return NONE;
  const char *at = strstr(text, key);
  if (at == NULL || sscanf(at + strlen(key), "%64[0-9a-f]", digest) != 1) return NONE;
  if ((child = fork()) == 0)
    _exit(observe(self, (char *[]){path, digest, NULL, (char *)command, NULL}, &started, leave()));
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : NONE;
}
/* Run a command, and end as it did. A watcher finds the status in a file without a name, locked until this ended. */
static int run(char **arguments, const char *project) {
  const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
  struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
  sigset_t every, before;
  int status = 0, mailbox = -1, reason;
#ifdef __linux__
  mailbox = fcntl((int)syscall(SYS_memfd_create, MAILBOX_NAME, 1 /* close on exec */), F_DUPFD_CLOEXEC, MAILBOX);
  flock(mailbox, LOCK_EX);
#endif
  void (*reap)(int) = signal(SIGCHLD, SIG_DFL); /* who ignores it is not told how a child ended */
  int alone = command != NULL && observe_command(project) != RUN;
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, &before);
  /* Where the kernel tells a watcher, or there is none, nobody has to stay: this process becomes the command. */
  if (alone || (running = fork()) == 0) {
    signal(SIGCHLD, reap);
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(arguments[0], arguments);
    reason = errno;
    perror(arguments[0]);
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
  int hold[2], descriptor = -1, way = NONE;
  char nothing;
  signal(SIGCHLD, SIG_IGN); /* so that nobody has to reap it */
  pid_t child = pipe(hold) == 0 ? fork() : -1;
  if (child == 0) close(hold[1]), _exit(read(hold[0], &nothing, 1) == 0 ? 77 : 1);
  if (child > 0) way = open_way(child, &descriptor);
  close(hold[1]);
  puts(WAYS[wait_for_end(way, descriptor, &ended) == 77 << 8 ? way : NONE]);
  return 0;
}

int main(int count, char **arguments) {
  if (count > 5 && strcmp(arguments[1], "watch") == 0) return watch(arguments + 2);
  const char *project = NULL;
  int runs = count > 3 && strcmp(arguments[1], "run") == 0;
  for (char **at = arguments + 2; runs && at[0] != NULL && at[1] != NULL; at += 2)
    if (strcmp(at[0], "--") == 0) return run(at + 1, project);
    else if (strcmp(at[0], "--as") == 0) command = at[1];
    else if (strcmp(at[0], "--project") == 0) project = at[1];
    else break;
  if (count == 2 && strcmp(arguments[1], "check") == 0) return check();
  fputs("usage: recorder run [--as NAME [--project PROJECT]] -- COMMAND [ARGUMENT...]\n", stderr);
  return 2;
}
