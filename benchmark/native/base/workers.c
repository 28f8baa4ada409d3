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
    int number;
} Worker;

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

static void *work_in_pool(void *argument)
{
    const Worker *self = argument;
    Pool *pool = self->pool;
    size_t first, last;
    while (take_chunk(pool, &first, &last)) {
        Status status = pool->work(pool->context, self->number, first, last);
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
    Worker workers[MOST_THREADS];
    pthread_t others[MOST_THREADS];
    int started = 0;
    if (pthread_mutex_init(&pool.lock, NULL) != 0)
        return NO_MEMORY;
    threads = smaller(threads, MOST_THREADS);
    for (int i = 0; i < threads; i++)
        workers[i] = (Worker){&pool, i};
    /* If a thread cannot be started, the others do its work. */
    while (started + 1 < threads && (size_t)started + 1 < items / chunk + 1 &&
           pthread_create(&others[started], NULL, work_in_pool, &workers[started + 1]) == 0)
        started++;
    work_in_pool(&workers[0]);
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    pthread_mutex_destroy(&pool.lock);
    return pool.status;
}
