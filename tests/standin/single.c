/* Single frames: one exposure at a time, fetched by whoever waits for it, ended by whoever cancels. */
#include "camera.h"

#include <math.h>

/* [vendor] a success also while one is under way, and in a camera that runs a stream. That the second takes the place
 * of the first is [assumed]. */
static uint32_t expose(struct Camera *camera)
{
    double ready = now() + exposure_seconds(camera) + 1e-3 * switches.readout_ms;
    camera->pending = new_shot(camera, ready);
    if (camera->trigger_on)
        camera->pending.ready = INFINITY;
    camera->exposing = true;
    camera->spent = false;
    changed();
    /* [vendor's header] start reading at once, do not sleep first: no error. */
    return strikes(&switches.read_directly) ? QHYCCD_READ_DIRECTLY : QHYCCD_SUCCESS;
}

EXPORT uint32_t ExpQHYCCDSingleFrame(qhyccd_handle *handle)
{
    ANSWER(ExpQHYCCDSingleFrame, handle, expose(camera));
}

void trigger(struct Camera *camera)
{
    camera->triggers++;
    if (camera->exposing && isinf(camera->pending.ready))
        camera->pending.ready = now() + exposure_seconds(camera) + 1e-3 * switches.readout_ms;
    changed();
}

/* [vendor] the time is over so long as exposure and timeout together, from the order to expose; 0 is no limit. */
static double deadline_of(const struct Camera *camera)
{
    double seconds = exposure_seconds(camera) + 1e-3 * camera->timeout_ms;
    return camera->timeout_ms == 0 ? INFINITY : camera->pending.begun + seconds;
}

/* Whether no single frame will ever come. */
static bool is_mute(const struct Camera *camera)
{
    return silent(camera) || camera->running_stream == STREAM_LIVE;
}

/* The oldest frame in the memory, whichever exposure it is of ([camd-qhy] "stale frames"), or the one that was
 * asked for. False when neither has come. */
static bool arrives(struct Camera *camera, struct Shot *shot, bool never)
{
    if (take(camera, shot)) {
        if (!camera->spent)
            keep(camera, camera->pending);
        return true;
    }
    *shot = camera->pending;
    return !never && now() >= camera->pending.ready;
}

static uint32_t wait_for_cancel(const struct Camera *camera, uint64_t cancels)
{
    results.hanging++;
    while (camera->cancels == cancels && camera->open)
        wait_until(INFINITY);
    results.hanging--;
    return QHYCCD_ERROR;
}

static uint32_t give_zeros(struct Camera *camera, uint32_t *width, uint32_t *height, uint32_t *bits,
                           uint32_t *channels, uint8_t *out)
{
    state_size(camera, width, height, bits, channels);
    hand_over_zeros(camera, out);
    return QHYCCD_SUCCESS;
}

/* [vendor] without an exposure an error at once; until 2021 it waits for ever [LAST]. A second time for the same
 * exposure, a success with zeros when the time is over [vendor]. A frame that does not come in time is a success with
 * zeros [vendor], [camd-qhy]. Cancelled from another thread, an error at once while the exposure lasts; afterwards a
 * success with zeros, too, within a second [vendor]. */
static uint32_t fetch(struct Camera *camera, uint32_t *width, uint32_t *height, uint32_t *bits, uint32_t *channels,
                      uint8_t *out)
{
    uint64_t cancels = camera->cancels;
    if (!camera->exposing && !camera->spent)
        return switches.hang_without_exposure ? wait_for_cancel(camera, cancels) : QHYCCD_ERROR;
    bool late = !camera->spent && strikes(&switches.late_frame);
    bool never = late || camera->spent || (is_mute(camera) && !camera->unplugged);
    if (camera->spent)
        camera->pending.begun = now() - exposure_seconds(camera);
    struct Shot shot;
    while (!arrives(camera, &shot, never)) {
        double deadline = deadline_of(camera);
        if (now() >= deadline) {
            camera->exposing = camera->spent = false;
            if (late)
                keep(camera, shot);
            return give_zeros(camera, width, height, bits, channels, out);
        }
        wait_until(never ? deadline : fmin(deadline, camera->pending.ready));
        if (camera->lost || !camera->open)
            return QHYCCD_ERROR;
        if (camera->cancels != cancels && now() < shot.begun + 1e-6 * shot.exposure_us * switches.exposure_paced)
            return QHYCCD_ERROR;
        if (camera->cancels != cancels)
            return give_zeros(camera, width, height, bits, channels, out);
    }
    camera->exposing = false;
    camera->spent = true;
    if (camera->unplugged)
        return give_zeros(camera, width, height, bits, channels, out);
    state_size(camera, width, height, bits, channels);
    hand_over(camera, &shot, out);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDSingleFrame(qhyccd_handle *handle, uint32_t *width, uint32_t *height, uint32_t *bits,
                                     uint32_t *channels, uint8_t *out)
{
    ANSWER(GetQHYCCDSingleFrame, handle, fetch(camera, width, height, bits, channels, out));
}

/* The frame of a cancelled exposure stays in the memory [camd-qhy], unless CONTROL_DDR empties that. */
void cancel(struct Camera *camera)
{
    camera->cancels++;
    if (camera->exposing && !is_mute(camera))
        keep(camera, camera->pending);
    camera->exposing = camera->spent = false;
    changed();
}

static uint32_t cancel_by_name(struct Camera *camera)
{
    cancel(camera);
    return QHYCCD_SUCCESS;
}

/* The header says that one still has to read out after this one, and not after the next; [vendor] after either,
 * reading out is an error at once. */
EXPORT uint32_t CancelQHYCCDExposing(qhyccd_handle *handle)
{
    ANSWER(CancelQHYCCDExposing, handle, cancel_by_name(camera));
}

EXPORT uint32_t CancelQHYCCDExposingAndReadout(qhyccd_handle *handle)
{
    ANSWER(CancelQHYCCDExposingAndReadout, handle, cancel_by_name(camera));
}

/* [vendor] 0 throughout. */
EXPORT uint32_t GetQHYCCDExposureRemaining(qhyccd_handle *handle)
{
    ANSWER(GetQHYCCDExposureRemaining, handle, 0);
}

/* [vendor] 100 throughout, and on a handle that is none 0, not 4294967295.0. */
EXPORT double GetQHYCCDReadingProgress(qhyccd_handle *handle)
{
    ANSWER_OF(double, 0.0, GetQHYCCDReadingProgress, handle, 100.0);
}

#ifndef OLD_SDK

static uint32_t set_timeout(struct Camera *camera, uint32_t milliseconds)
{
    camera->timeout_ms = milliseconds;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDSingleFrameTimeOut(qhyccd_handle *handle, uint32_t milliseconds)
{
    ANSWER(SetQHYCCDSingleFrameTimeOut, handle, set_timeout(camera, milliseconds));
}

/* The library's own queue, which is empty here; the camera's memory is another [assumed]. */
EXPORT uint32_t ClearQHYCCDImageQueue(qhyccd_handle *handle)
{
    ANSWER(ClearQHYCCDImageQueue, handle, QHYCCD_SUCCESS);
}

#endif
