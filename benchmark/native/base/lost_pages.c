#define _GNU_SOURCE /* sigaction */
#include "lost_pages.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4, LONGEST_LINE = 4200 };

static struct {
    uintptr_t start;
    size_t length;
    char line[LONGEST_LINE];
} mapped[MOST];
static int count;
static struct sigaction before;

/* Only what may be called in a signal handler. */
static void end(int number, siginfo_t *about, void *context)
{
    (void)number;
    (void)context;
    uintptr_t place = (uintptr_t)about->si_addr;
    for (int i = 0; i < count; i++)
        if (place - mapped[i].start < mapped[i].length) {
            ssize_t written = write(STDERR_FILENO, mapped[i].line, strlen(mapped[i].line));
            (void)written;
            _exit(1);
        }
    (void)sigaction(SIGBUS, &before, NULL); /* not ours: it is raised again */
}

bool end_if_lost(const void *start, size_t length, const char *line)
{
    if (count == MOST)
        return false;
    mapped[count].start = (uintptr_t)start;
    mapped[count].length = length;
    (void)snprintf(mapped[count].line, LONGEST_LINE, "%s", line);
    if (count++ == 0) {
        struct sigaction action = {.sa_sigaction = end, .sa_flags = SA_SIGINFO};
        (void)sigemptyset(&action.sa_mask);
        if (sigaction(SIGBUS, &action, &before) != 0)
            return count = 0, false;
    }
    return true;
}

void forget_mapped(void)
{
    if (count)
        (void)sigaction(SIGBUS, &before, NULL);
    count = 0;
}
