#include "workers.h"

#include <pthread.h>

typedef struct {
    pthread_mutex_t lock;
    size_t next, items, chunk;
    Status status;
    Work work;
    void *context;
} Pool;

typedef struct {
    Pool *pool;
    int worker;
} Seat;

static bool take_chunk(Pool *pool, size_t *first, size_t *last)
{
    pthread_mutex_lock(&pool->lock);
    bool left = pool->status == FINE && pool->next < pool->items;
    if (left) {
        *first = pool->next;
        *last = pool->items - pool->next > pool->chunk ? pool->next + pool->chunk : pool->items;
        pool->next = *last;
    }
    pthread_mutex_unlock(&pool->lock);
    return left;
}

static void *sit(void *argument)
{
    const Seat *seat = argument;
    Pool *pool = seat->pool;
    size_t first, last;
    while (take_chunk(pool, &first, &last)) {
        Status status = pool->work(pool->context, seat->worker, first, last);
        if (status == FINE)
            continue;
        pthread_mutex_lock(&pool->lock);
        if (pool->status == FINE)
            pool->status = status;
        pthread_mutex_unlock(&pool->lock);
    }
    return NULL;
}

Status run_workers(int threads, size_t items, size_t chunk, Work work, void *context)
{
    Pool pool = {.items = items, .chunk = chunk, .status = FINE, .work = work,
                 .context = context};
    Seat seats[MOST_THREADS];
    pthread_t others[MOST_THREADS];
    int started = 0;
    if (pthread_mutex_init(&pool.lock, NULL) != 0)
        return NO_MEMORY;
    threads = smaller(threads, MOST_THREADS);
    for (int i = 0; i < threads; i++)
        seats[i] = (Seat){&pool, i};
    /* A thread that cannot be had is done without: the caller works through what is left. */
    while (started + 1 < threads && (size_t)started + 1 < items / chunk + 1 &&
           pthread_create(&others[started], NULL, sit, &seats[started + 1]) == 0)
        started++;
    sit(&seats[0]);
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    pthread_mutex_destroy(&pool.lock);
    return pool.status;
}
