#define _DEFAULT_SOURCE /* madvise */
#include "pages.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

void drop_range(const MappedText *text, const uint8_t *from, const uint8_t *to)
{
    long page = sysconf(_SC_PAGESIZE);
    if (!text->mapped || page <= 0 || to <= from)
        return;
    /* The mapping starts at a page boundary, so rounding down stays inside it. Whole pages only. */
    uintptr_t mask = ~((uintptr_t)page - 1);
    uintptr_t start = (uintptr_t)from & mask, end = (uintptr_t)to & mask;
    if (end > start)
        (void)madvise((void *)start, end - start, MADV_DONTNEED); /* optional */
}

void drop_pages(const MappedText *text)
{
    drop_range(text, text->text, text->text + text->length);
}

/* Async-signal-safe calls only: write and _exit. */
static void stop(int number)
{
    static const char words[] = "error: an input file was truncated while it was read\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, words, sizeof words - 1);
    (void)written;
    _exit(1);
}

void explain_bus_errors(void)
{
    struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGBUS, &action, NULL);
}
