/* Starts a program so many times, one after the other, each with a message of its own on stdin.
   spawner COUNT STAMP BYTES SENDER PROGRAM ARGUMENT... */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double seconds(struct timeval it) { return it.tv_sec + it.tv_usec / 1e6; }

int main(int argc, char **argv) {
    if (argc < 6) return 2;
    int count = atoi(argv[1]), bytes = atoi(argv[3]), failed = 0;
    /* A pipe takes 64 KiB before anybody reads. */
    if (bytes > 60000) return 2;
    char *message = malloc(bytes + 1024);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int number = 0; number < count; number++) {
        int ends[2], status;
        pid_t child;
        int length = sprintf(message,
            "From: <%s>\r\nTo: <desk@karbon.example>\r\nSubject: My case\r\nMessage-ID: <%s.%d@people.example>\r\n\r\n",
            argv[4], argv[2], number);
        while (length < bytes) length += sprintf(message + length, "Please answer the question that I sent you last week.\r\n");
        if (pipe(ends)) return 1;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        posix_spawn_file_actions_addclose(&actions, ends[1]);
        if (posix_spawn(&child, argv[5], &actions, 0, argv + 5, environ)) return 1;
        posix_spawn_file_actions_destroy(&actions);
        close(ends[0]);
        if (write(ends[1], message, length) != length) return 1;
        close(ends[1]);
        if (waitpid(child, &status, 0) < 0 || status != 0) failed++;
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    struct rusage below;
    getrusage(RUSAGE_CHILDREN, &below);
    printf("RESULT {\"requests\": %d, \"seconds\": %.6f, \"errors\": %d, \"program_seconds\": %.6f}\n", count,
        (after.tv_sec - before.tv_sec) + (after.tv_nsec - before.tv_nsec) / 1e9, failed,
        seconds(below.ru_utime) + seconds(below.ru_stime));
    return 0;
}
