/*
 * Preloaded into a recorded program so that the program owns a KVM virtual machine: no vCPU, no
 * memory slot, never run. An address space with a VM has an MMU notifier, and the kernel's
 * tracepoint kvm:kvm_unmap_hva_range then prints every range that is invalidated in it, whatever
 * the cause. Whenever a step fails the program runs as if the library were not there.
 *
 * Environment:
 *   XLT_BENCH_KVM_FD  number of an open descriptor of /dev/kvm, for programs without the rights
 *                     to open it; else /dev/kvm is opened
 *   XLT_BENCH_TARGET  process id of the recorded command, and
 *   XLT_BENCH_SOCKET  the recorder's Unix socket: this process alone says 'S' or 's' after its
 *                     start (with or without a VM) and 'E' before its end, and waits until the
 *                     recorder, which reads the page tables meanwhile, closes the connection
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CREATE_VM 0xAE01 /* KVM_CREATE_VM, include/uapi/linux/kvm.h */
#define HIGH_FD 900      /* programs count on low descriptor numbers */
#define ATTEMPTS 8       /* creating a VM is interrupted by signals */
#define WAIT_SECONDS 2

static int vm = -1;

static int open_kvm(void)
{
	const char *number = getenv("XLT_BENCH_KVM_FD");
	int fd = number ? fcntl(atoi(number), F_DUPFD_CLOEXEC, HIGH_FD) : -1;

	return fd >= 0 ? fd : open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

static void own_vm(void)
{
	int saved = errno;
	int kvm = open_kvm();
	int fd = -1;

	vm = -1;
	if (kvm >= 0) {
		for (int i = 0; i < ATTEMPTS && fd < 0; i++) {
			fd = ioctl(kvm, CREATE_VM, 0);
			if (fd < 0 && errno != EINTR)
				break;
		}
		close(kvm);
	}
	if (fd >= 0) {
		vm = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
		if (vm >= 0) {
			close(fd);
		} else { /* a low limit of open files */
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			vm = fd;
		}
	}
	errno = saved;
}

/* The VM belongs to the parent's address space; the child has a new one. */
static void after_fork_in_child(void)
{
	if (vm >= 0)
		close(vm);
	own_vm();
}

static void tell_recorder(char letter)
{
	const char *target = getenv("XLT_BENCH_TARGET");
	const char *path = getenv("XLT_BENCH_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = WAIT_SECONDS};
	int saved = errno;
	int fd;

	if (!target || !path || atoi(target) != getpid() || strlen(path) >= sizeof address.sun_path)
		return;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
		    send(fd, &letter, 1, MSG_NOSIGNAL) == 1)
			while (recv(fd, &letter, 1, 0) > 0)
				;
		close(fd);
	}
	errno = saved;
}

__attribute__((constructor)) static void start(void)
{
	own_vm();
	pthread_atfork(NULL, NULL, after_fork_in_child);
	tell_recorder(vm >= 0 ? 'S' : 's');
}

__attribute__((destructor)) static void end(void)
{
	tell_recorder('E');
}
