/* A stream of frames: the sensor exposes without a pause, and whoever asks gets a frame, a part of one, or nothing. */
#include "camera.h"

#include <math.h>

static double period(const struct Camera *camera)
{
    return fmax(exposure_seconds(camera), 1e-3 * switches.readout_ms);
}

static uint64_t raw_bytes(const struct Camera *camera)
{
    /* 34 rows more than are delivered: 0x7636800 for the whole chip in 16 bit [LAST]. */
    uint64_t columns = (uint64_t)camera->area.width * camera->binning, rows = camera->area.height * camera->binning;
    return columns * (rows + 34) * (camera->bits == 8 ? 1 : 2);
}

/* [vendor] a success also in single frame mode, where no frame comes. */
static uint32_t begin(struct Camera *camera)
{
    camera->stream.running = true;
    camera->stream.banded = false;
    camera->stream.began = now();
    camera->stream.made = 0;
    camera->stream.vain_calls = 0;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t BeginQHYCCDLive(qhyccd_handle *handle)
{
    ANSWER(BeginQHYCCDLive, handle, begin(camera));
}

void stop_stream(struct Camera *camera)
{
    camera->stream.running = false;
}

/* Frames that were not fetched stay in the memory. */
static uint32_t stop(struct Camera *camera)
{
    stop_stream(camera);
    return QHYCCD_SUCCESS;
}

/* [vendor] a success on a handle that is none, too. */
EXPORT uint32_t StopQHYCCDLive(qhyccd_handle *handle)
{
    uint32_t failure = knows(handle) ? QHYCCD_ERROR : QHYCCD_SUCCESS;
    ANSWER_OF(uint32_t, failure, StopQHYCCDLive, handle, stop(camera));
}

/* [EZCAP] between SetQHYCCDBurstModeStartEnd(start, end) and going idle again, frames start + 1 to end - 1 come. */
static bool burst_goes_on(struct Stream *stream)
{
    if (!stream->burst)
        return true;
    return !stream->idle && stream->burst_count + 1 < stream->burst_end;
}

static void make_frame(struct Camera *camera, double ready)
{
    struct Stream *stream = &camera->stream;
    bool never_comes = stream->made++ == 0 && !stream->burst;
    if (!burst_goes_on(stream))
        return;
    struct Shot shot = new_shot(camera, ready);
    shot.banded = stream->banded;
    shot.burst_count = ++stream->burst_count;
    /* [camd-qhy] the first one is exposed and never arrives; in a burst it does [EZCAP]. */
    if (!never_comes && !strikes(&switches.drop_live))
        keep(camera, shot);
}

/* Let happen what has happened up to now. A frame arrives one period after it was read [camd-qhy]. Without a pace
 * there is always one more frame. */
static void advance(struct Camera *camera)
{
    struct Stream *stream = &camera->stream;
    double step = period(camera);
    if (camera->trigger_on) {
        for (; camera->triggers > 0; camera->triggers--)
            make_frame(camera, now());
    } else if (step > 0) {
        while (stream->began + (double)(stream->made + 2) * step <= now())
            make_frame(camera, stream->began + (double)(stream->made + 1) * step);
    } else {
        for (int tries = 0; tries < 2 && camera->in_memory == 0; tries++)
            make_frame(camera, now());
    }
}

/* 0xFFFFFFFF, or how much of the frame has come: anything but 0 is no frame, and not all of it is an error [LAST]. */
static uint32_t nothing_yet(struct Camera *camera, bool part)
{
    sleep_for(1e-3 * switches.empty_call_ms);
    return part ? (uint32_t)(raw_bytes(camera) / 2) : QHYCCD_ERROR;
}

static bool comes_in_vain(struct Stream *stream, bool *part)
{
    int vain = (int)switches.live_empty_calls;
    *part = vain > 1 && stream->vain_calls + 1 >= vain;
    if (stream->vain_calls >= vain)
        return false;
    stream->vain_calls++;
    return true;
}

/* [vendor] size and bits are written also when there is no frame. */
static uint32_t fetch(struct Camera *camera, uint32_t *width, uint32_t *height, uint32_t *bits, uint32_t *channels,
                      uint8_t *out)
{
    struct Shot shot;
    bool part;
    state_size(camera, width, height, bits, channels);
    if (!camera->stream.running)
        return QHYCCD_ERROR;
    if (camera->unplugged) {
        hand_over_zeros(camera, out);
        return QHYCCD_SUCCESS;
    }
    if (switches.partial_forever)
        return nothing_yet(camera, true);
    if (silent(camera) || camera->running_stream == STREAM_SINGLE)
        return nothing_yet(camera, false);
    advance(camera);
    if (camera->in_memory == 0)
        return nothing_yet(camera, false);
    if (comes_in_vain(&camera->stream, &part))
        return nothing_yet(camera, part);
    take(camera, &shot);
    camera->stream.vain_calls = 0;
    hand_over(camera, &shot, out);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDLiveFrame(qhyccd_handle *handle, uint32_t *width, uint32_t *height, uint32_t *bits,
                                   uint32_t *channels, uint8_t *out)
{
    ANSWER(GetQHYCCDLiveFrame, handle, fetch(camera, width, height, bits, channels, out));
}
