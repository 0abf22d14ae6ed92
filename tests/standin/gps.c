/* The header that the camera writes over the first pixels when CAM_GPS is 1, big-endian, as [camd-qhy] and [NINA]
 * read it; and the functions for the GPS box, which have no effect here. */
#include "camera.h"

#include <math.h>

static const double EPOCH = 813283200;    /* JD 2450000.5, in seconds since 1970 */
static const double PULSE_BEFORE_END = 73.75e-6; /* [vendor] to the end of row 0's exposure */
enum { TICKS = 10000003, LATITUDE = 500000000, LONGITUDE = 8000000 /* 50 and 8 degrees */ };

static uint8_t *put(uint8_t *at, int bytes, uint64_t value)
{
    for (int n = bytes - 1; n >= 0; n--)
        *at++ = (uint8_t)(value >> 8 * n);
    return at;
}

/* A flag, whose bits 4 and 5 are 3 when the receiver is locked, and seconds and ticks of 100 ns. */
static uint8_t *put_moment(uint8_t *at, double time)
{
    double since = floor((time - EPOCH) * 1e7), seconds = floor(since / 1e7);
    at = put(at, 1, switches.gps_locked ? 3 << 4 : 0);
    at = put(at, 4, (uint64_t)seconds);
    return put(at, 3, (uint64_t)(since - 1e7 * seconds));
}

/* On a rolling shutter only the last of the three moments, the frame's pulse, means something [camd-qhy]. */
void write_gps_header(const struct Camera *camera, const struct Shot *shot, uint8_t *header)
{
    double end = shot->ended_utc;
    uint8_t *at = put(header, 4, shot->number); /* never 0 */
    at = put(at, 1, 0);
    at = put(at, 2, camera->area.width);
    at = put(at, 2, camera->area.height);
    at = put(at, 4, LATITUDE);
    at = put(at, 4, LONGITUDE);
    at = put_moment(at, end - 1e-6 * shot->exposure_us);
    at = put_moment(at, end);
    at = put_moment(at, end - PULSE_BEFORE_END);
    put(at, 3, TICKS);
}

/* [vendor] on a handle that is none these die of SIGSEGV, unlike all other functions. */
static void need_handle(const qhyccd_handle *handle)
{
    if (!knows(handle))
        crash();
}

EXPORT uint32_t SetQHYCCDGPSVCOXFreq(qhyccd_handle *handle, __attribute__((unused)) uint16_t frequency)
{
    need_handle(handle);
    ANSWER(SetQHYCCDGPSVCOXFreq, handle, QHYCCD_SUCCESS);
}

EXPORT uint32_t SetQHYCCDGPSLedCalMode(qhyccd_handle *handle, __attribute__((unused)) uint8_t mode)
{
    need_handle(handle);
    ANSWER(SetQHYCCDGPSLedCalMode, handle, QHYCCD_SUCCESS);
}

static void set_position(enum Call call, const qhyccd_handle *handle)
{
    need_handle(handle);
    struct Camera *camera = enter(call, handle);
    if (camera != NULL)
        leave(camera, call);
}

EXPORT void SetQHYCCDGPSPOSA(qhyccd_handle *handle, __attribute__((unused)) uint8_t slave,
                             __attribute__((unused)) uint32_t position, __attribute__((unused)) uint8_t width)
{
    set_position(CALL_SetQHYCCDGPSPOSA, handle);
}

EXPORT void SetQHYCCDGPSPOSB(qhyccd_handle *handle, __attribute__((unused)) uint8_t slave,
                             __attribute__((unused)) uint32_t position, __attribute__((unused)) uint8_t width)
{
    set_position(CALL_SetQHYCCDGPSPOSB, handle);
}

/* And these do not. */
EXPORT uint32_t SetQHYCCDGPSMasterSlave(qhyccd_handle *handle, __attribute__((unused)) uint8_t slave)
{
    ANSWER(SetQHYCCDGPSMasterSlave, handle, QHYCCD_SUCCESS);
}

EXPORT uint32_t EnableQHYCCDImageOSD(qhyccd_handle *handle, __attribute__((unused)) uint32_t mode)
{
    ANSWER(EnableQHYCCDImageOSD, handle, QHYCCD_SUCCESS);
}
