/* Two clocks of the host: one that only goes forward, and the time of day. */
#include "camera.h"

#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double utc(void)
{
    return seconds(CLOCK_REALTIME);
}
