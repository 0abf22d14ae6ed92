/* The way into every function of the library and out of it: it counts, and it is where functions hang, fail, crash
 * or take their time. */
#include "camera.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

#include "hooks.h"

struct Hooks hooks[HOW_MANY_CALLS];
static double calls_so_far;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t something_changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_condition(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&something_changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void lock(void)
{
    pthread_once(&once, make_condition);
    pthread_mutex_lock(&mutex);
}

void unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

void changed(void)
{
    pthread_cond_broadcast(&something_changed);
}

void wait_until(double time)
{
    if (isinf(time)) {
        pthread_cond_wait(&something_changed, &mutex);
        return;
    }
    struct timespec until = {.tv_sec = (time_t)time, .tv_nsec = (long)(1e9 * (time - floor(time)))};
    pthread_cond_timedwait(&something_changed, &mutex, &until);
}

void sleep_for(double seconds)
{
    double until = now() + seconds;
    while (now() < until)
        wait_until(until);
}

void crash(void)
{
    volatile int *volatile nowhere = NULL;
    *nowhere = 0;
}

/* Calls that may be made while another is under way: cancelling always, readings during a readout. [vendor] both do
 * no harm; [INDI] reads the temperature during a readout without a lock. */
enum Nature { ORDINARY, READING, READOUT, CANCEL };

static enum Nature nature_of(enum Call call)
{
    switch (call) {
    case CALL_CancelQHYCCDExposing:
    case CALL_CancelQHYCCDExposingAndReadout:
        return CANCEL;
    case CALL_GetQHYCCDSingleFrame:
        return READOUT;
    case CALL_GetQHYCCDParam:
    case CALL_GetQHYCCDExposureRemaining:
    case CALL_GetQHYCCDReadingProgress:
    case CALL_GetQHYCCDCameraStatus:
        return READING;
    default:
        return ORDINARY;
    }
}

static void begin_on(struct Camera *camera, enum Nature nature)
{
    int others = camera->ordinary_calls + camera->readings + camera->readouts;
    if (nature == READING)
        others -= camera->readouts;
    if (nature == READOUT)
        others -= camera->readings;
    if (nature != CANCEL && others > 0)
        results.overlaps++;
    camera->ordinary_calls += nature == ORDINARY;
    camera->readings += nature == READING;
    camera->readouts += nature == READOUT;
}

static void end_on(struct Camera *camera, enum Nature nature)
{
    camera->ordinary_calls -= nature == ORDINARY;
    camera->readings -= nature == READING;
    camera->readouts -= nature == READOUT;
}

/* Whether an n-th call has come; counts down. */
static bool is_due(double *count)
{
    return strikes(count) && *count <= 0;
}

static void hang(const struct Camera *camera, enum Nature nature)
{
    double released = switches.release;
    uint64_t cancels = camera == NULL ? 0 : camera->cancels;
    results.hanging++;
    while (switches.release == released && !(nature == READOUT && camera != NULL && camera->cancels != cancels))
        wait_until(INFINITY);
    results.hanging--;
}

/* What was ordered to happen in this call; false if it shall fail. */
static bool survives(struct Camera *camera, enum Call call)
{
    struct Hooks *ordered = &hooks[call];
    ordered->calls++;
    ordered->order = ++calls_so_far;
    if (is_due(&ordered->segfault_in))
        crash();
    if (ordered->delay_ms > 0)
        sleep_for(1e-3 * ordered->delay_ms);
    if (is_due(&ordered->hang_in)) {
        hang(camera, nature_of(call));
        return false;
    }
    return !strikes(&ordered->fail);
}

void forget_calls(void)
{
    for (int call = 0; call < HOW_MANY_CALLS; call++)
        hooks[call] = (struct Hooks){0};
    calls_so_far = 0;
}

bool enter_library(enum Call call)
{
    lock();
    if (survives(NULL, call))
        return true;
    unlock();
    return false;
}

void leave_library(void)
{
    unlock();
}

/* [vendor] 26.6 knows its handles: NULL, garbage and closed ones are an error and, but for some functions of the GPS
 * box, no crash. Older libraries crash [LAST]. */
static struct Camera *camera_of(const qhyccd_handle *handle)
{
    for (int index = 0; index < MOST_CAMERAS; index++)
        if (handle == &cameras[index] && cameras[index].open)
            return &cameras[index];
    return NULL;
}

/* [vendor] these wait for the end of a readout; others go through. */
static void wait_for_readout(const struct Camera *camera, enum Call call)
{
    if (call == CALL_GetQHYCCDParam || call == CALL_SetQHYCCDParam || call == CALL_ExpQHYCCDSingleFrame)
        while (camera->readouts > 0)
            wait_until(INFINITY);
}

bool knows(const qhyccd_handle *handle)
{
    lock();
    bool known = camera_of(handle) != NULL;
    unlock();
    return known;
}

struct Camera *enter(enum Call call, const qhyccd_handle *handle)
{
    lock();
    struct Camera *camera = camera_of(handle);
    if (camera != NULL)
        begin_on(camera, nature_of(call));
    bool survived = survives(camera, call);
    if (camera != NULL)
        wait_for_readout(camera, call);
    if (camera != NULL && survived && (!camera->lost || call == CALL_CloseQHYCCD))
        return camera;
    if (camera != NULL)
        end_on(camera, nature_of(call));
    changed();
    unlock();
    return NULL;
}

void leave(struct Camera *camera, enum Call call)
{
    end_on(camera, nature_of(call));
    changed();
    unlock();
}
