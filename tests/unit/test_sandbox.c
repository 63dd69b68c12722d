/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

/*
 * Each attempt is made by a process of its own, which has entered the sandbox with several threads:
 * by the thread that entered it, and by one that was there before.
 */

enum { THREADS = 3, NOTHING = 200 /* exit status: it was not stopped */ };

static char folder[] = "/tmp/peal-sandbox-XXXXXX";
static char inside[64], outside[64], readable[64];
static struct sandbox entered;

static void *forever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

struct attempt {
	const char *name;
	int (*call)(void); /* 0, or -errno */
	int want;	   /* the signal that ends it, -errno, or 0 */
	int without;	   /* the part of the sandbox without which it is not stopped */
};

struct helper {
	int (*call)(void);
	int result, go;
};

static void *helper_run(void *arg)
{
	struct helper *helper = arg;

	while (!__atomic_load_n(&helper->go, __ATOMIC_ACQUIRE))
		usleep(1000);
	helper->result = helper->call();
	return NULL;
}

static int enter(struct sandbox *sandbox)
{
	const struct sandbox_path paths[] = {
		{inside, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_CHANGE},
		{readable, SANDBOX_READ},
		{"/proc", SANDBOX_READ},
		{"/nowhere/at/all", SANDBOX_READ},
	};
	const struct sandbox_conf conf = {.path = paths, .n = ARRAY_LEN(paths)};
	struct err err;
	int rc = sandbox_enter(&conf, sandbox, &err);

	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	return rc;
}

/* Exit status: 0, an errno, or NOTHING. */
static void attempt_in_child(int (*call)(void), bool by_other)
{
	struct helper helper = {.call = call};
	struct sandbox sandbox;
	pthread_t thread, idle[THREADS];
	int rc;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&idle[i], NULL, forever, NULL);
	pthread_create(&thread, NULL, helper_run, &helper);
	if (enter(&sandbox) < 0)
		_exit(NOTHING);
	if (by_other) {
		__atomic_store_n(&helper.go, 1, __ATOMIC_RELEASE);
		pthread_join(thread, NULL);
		rc = helper.result;
	} else {
		rc = call();
	}
	_exit(-rc);
}

/* The signal that ended it, or -errno. */
static int attempt(int (*call)(void), bool by_other)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		attempt_in_child(call, by_other);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

/* --- what is tried --- */

static int failed(long rc)
{
	return rc < 0 ? -errno : 0;
}

static int try_execve(void)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};

	return failed(execve("/bin/true", argv, argv + 1));
}

static int try_ptrace(void)
{
	return failed(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_inet(void)
{
	return failed(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_inet6(void)
{
	return failed(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int try_packet(void)
{
	return failed(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_vsock(void)
{
	return failed(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return failed(pid);
}

static int try_setuid(void)
{
	return failed(syscall(SYS_setuid, getuid()));
}

static int try_unshare(void)
{
	return failed(syscall(SYS_unshare, 0));
}

static int try_bpf(void)
{
	return failed(syscall(SYS_bpf, 0, NULL, 0));
}

static int try_module(void)
{
	return failed(syscall(SYS_finit_module, -1, "", 0));
}

static int try_unknown(void)
{
	return failed(syscall(SYS_kill, getpid(), 0));
}

static int try_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -errno : 0;
}

static int open_as(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return failed(fd);
}

static int try_read_elsewhere(void)
{
	return open_as("/etc/passwd", O_RDONLY);
}

static int try_write_elsewhere(void)
{
	return open_as(outside, O_WRONLY);
}

static int try_make_elsewhere(void)
{
	return open_as("/tmp/peal-sandbox-made", O_WRONLY | O_CREAT);
}

static int try_write_readable(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/file", readable);
	return open_as(path, O_WRONLY);
}

static int try_remove_elsewhere(void)
{
	return failed(unlink(outside));
}

static int try_capset(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	data[0].effective = data[0].permitted = 1;
	return failed(syscall(SYS_capset, &header, data));
}

/* --- what must still work --- */

static int try_files(void)
{
	char path[96], other[96];
	int fd;

	snprintf(path, sizeof(path), "%s/new", inside);
	snprintf(other, sizeof(other), "%s/newer", inside);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, "x", 1) != 1 || fsync(fd) < 0 || ftruncate(fd, 0) < 0)
		return -errno;
	close(fd);
	if (rename(path, other) < 0 || unlink(other) < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/file", readable);
	return open_as(path, O_RDONLY);
}

static int try_sockets(void)
{
	int local = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	int netlink = socket(AF_NETLINK, SOCK_RAW, 0);

	if (local < 0 || netlink < 0)
		return -errno;
	close(local);
	close(netlink);
	return 0;
}

static int try_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED || mprotect(page, 4096, PROT_READ) < 0 ? -errno : 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int try_thread(void)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, nothing, NULL);

	return rc != 0 ? -rc : -pthread_join(thread, NULL);
}

/* --- the tests --- */

static void test_attempts(void **state)
{
	static const struct attempt attempts[] = {
		{"files that are named", try_files, 0, SANDBOX_LANDLOCK},
		{"local sockets", try_sockets, 0, SANDBOX_SECCOMP},
		{"memory", try_memory, 0, SANDBOX_SECCOMP},
		{"threads", try_thread, 0, SANDBOX_SECCOMP},
		{"execve", try_execve, SIGSYS, SANDBOX_SECCOMP},
		{"socket(AF_INET)", try_inet, SIGSYS, SANDBOX_SECCOMP},
		{"socket(AF_INET6)", try_inet6, SIGSYS, SANDBOX_SECCOMP},
		{"socket(AF_PACKET)", try_packet, SIGSYS, SANDBOX_SECCOMP},
		{"socket(AF_VSOCK)", try_vsock, SIGSYS, SANDBOX_SECCOMP},
		{"setuid", try_setuid, SIGSYS, SANDBOX_SECCOMP},
		{"unshare", try_unshare, SIGSYS, SANDBOX_SECCOMP},
		{"bpf", try_bpf, -ENOSYS, SANDBOX_SECCOMP},
		{"finit_module", try_module, SIGSYS, SANDBOX_SECCOMP},
		{"code in new memory", try_code, -ENOSYS, SANDBOX_SECCOMP},
#if !TEST_SANITIZED
		{"ptrace", try_ptrace, SIGSYS, SANDBOX_SECCOMP},
		{"fork", try_fork, SIGSYS, SANDBOX_SECCOMP},
		{"kill", try_unknown, -ENOSYS, SANDBOX_SECCOMP},
#endif
		{"capset", try_capset, -ENOSYS, SANDBOX_SECCOMP},
		{"to read elsewhere", try_read_elsewhere, -EACCES, SANDBOX_LANDLOCK},
		{"to write elsewhere", try_write_elsewhere, -EACCES, SANDBOX_LANDLOCK},
		{"to make elsewhere", try_make_elsewhere, -EACCES, SANDBOX_LANDLOCK},
		{"to remove elsewhere", try_remove_elsewhere, -EACCES, SANDBOX_LANDLOCK},
		{"to write what may be read", try_write_readable, -EACCES, SANDBOX_LANDLOCK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		const struct attempt *a = &attempts[i];

		if (!entered.in_force[a->without]) {
			printf("# skipped: this kernel has no %s\n", sandbox_part_name(a->without));
			continue;
		}
		for (int by_other = 0; by_other < 2; by_other++) {
			int got = attempt(a->call, by_other);

			if (got != a->want)
				fail_msg("%s, by %s thread: %d (%s), wanted %d", a->name,
					 by_other ? "another" : "the main", got,
					 got > 0 ? strsignal(got) : strerror(-got), a->want);
		}
	}
}

static int count_capable(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		if (data[i].effective != 0 || data[i].permitted != 0 || data[i].inheritable != 0)
			return -EPERM;
	return 0;
}

static void test_capabilities(void **state)
{
	(void)state;
	assert_true(entered.in_force[SANDBOX_CAPABILITIES]);
	assert_int_equal(attempt(count_capable, false), 0);
	assert_int_equal(attempt(count_capable, true), 0);
}

/* A thread that cannot be reached keeps what it has: that is an error, and soon. */
static void *deaf(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	__atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
	return forever(NULL);
}

static void test_deaf(void **state)
{
	int ready = 0, status;
	struct sandbox sandbox;
	pthread_t thread;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pthread_create(&thread, NULL, deaf, &ready);
		while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
			usleep(1000);
		_exit(enter(&sandbox) < 0 && !sandbox.in_force[SANDBOX_CAPABILITIES] ? 0 : NOTHING);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Root reaches what is root's without capabilities, and not what is another's. */
static void test_reaches(void **state)
{
	char path[96];

	(void)state;
	if (getuid() != 0)
		TEST_SKIP("only root owns what others may not enter");
	snprintf(path, sizeof(path), "%s/file", inside);
	assert_true(sandbox_reaches(AT_FDCWD, path, SANDBOX_CHANGE));
	assert_int_equal(chown(inside, 65534, 65534), 0);
	assert_int_equal(chmod(inside, 0755), 0);
	assert_false(sandbox_reaches(AT_FDCWD, path, SANDBOX_CHANGE));
	assert_true(sandbox_reaches(AT_FDCWD, inside, SANDBOX_READ));
	assert_int_equal(chmod(inside, 0700), 0);
	assert_false(sandbox_reaches(AT_FDCWD, inside, SANDBOX_READ));
	assert_int_equal(open_as(path, O_WRONLY | O_CREAT), 0); /* the capabilities are back */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(chown(inside, 0, 0), 0);
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* What this kernel has, found by a child so that the tests stay free. */
static int setup(void **state)
{
	char path[96];
	int pipes[2];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(inside, sizeof(inside), "%s/inside", folder);
	snprintf(readable, sizeof(readable), "%s/readable", folder);
	snprintf(outside, sizeof(outside), "%s/outside", folder);
	assert_int_equal(mkdir(inside, 0700) | mkdir(readable, 0700), 0);
	touch(outside);
	snprintf(path, sizeof(path), "%s/file", readable);
	touch(path);
	assert_int_equal(pipe(pipes), 0);
	if (fork() == 0) {
		if (enter(&entered) < 0 ||
		    write(pipes[1], &entered, sizeof(entered)) != sizeof(entered))
			_exit(1);
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &entered, sizeof(entered)), sizeof(entered));
	close(pipes[0]);
	return wait(NULL) > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/file", readable);
	return unlink(path) | unlink(outside) | rmdir(readable) | rmdir(inside) | rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_reaches),
	};

#ifdef TEST_EMULATED
	printf("1..0 # SKIP the emulator of a processor stands before the kernel\n");
	return 0;
#endif
	return cmocka_run_group_tests(tests, setup, teardown);
}
