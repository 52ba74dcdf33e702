/* A disk that takes longer to sync: every fsync and fdatasync sleeps before it does its work.
 *
 *   cc -shared -fPIC -O2 -o slow_fsync.so bench/slow_fsync.c
 *   SLOW_FSYNC_US=3500 LD_PRELOAD=$PWD/slow_fsync.so koppeltaal serve …
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_a_little(void) {
    static long micros = -1;
    if (micros < 0) {
        const char *text = getenv("SLOW_FSYNC_US");
        micros = text ? atol(text) : 3500;
    }
    struct timespec pause = {micros / 1000000, micros % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

int fsync(int fd) {
    wait_a_little();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    wait_a_little();
    return (int)syscall(SYS_fdatasync, fd);
}
