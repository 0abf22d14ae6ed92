/* Bursts: groups of frames within a stream, between going idle and being released. */
#include "camera.h"

#ifndef OLD_SDK

static uint32_t set_burst(struct Camera *camera, bool enable)
{
    camera->stream.burst = enable;
    camera->stream.idle = false;
    camera->stream.burst_count = camera->stream.burst_start;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t EnableQHYCCDBurstMode(qhyccd_handle *handle, bool enable)
{
    ANSWER(EnableQHYCCDBurstMode, handle, set_burst(camera, enable));
}

static uint32_t set_range(struct Camera *camera, uint32_t start, uint32_t end)
{
    camera->stream.burst_start = start;
    camera->stream.burst_end = end;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDBurstModeStartEnd(qhyccd_handle *handle, uint32_t start, uint32_t end)
{
    ANSWER(SetQHYCCDBurstModeStartEnd, handle, set_range(camera, start, end));
}

static uint32_t set_idle(struct Camera *camera, bool idle)
{
    camera->stream.idle = idle;
    camera->stream.burst_count = camera->stream.burst_start;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDBurstIDLE(qhyccd_handle *handle)
{
    ANSWER(SetQHYCCDBurstIDLE, handle, set_idle(camera, true));
}

EXPORT uint32_t ReleaseQHYCCDBurstIDLE(qhyccd_handle *handle)
{
    ANSWER(ReleaseQHYCCDBurstIDLE, handle, set_idle(camera, false));
}

static uint32_t set_counting(struct Camera *camera, bool enable)
{
    camera->stream.counting = enable;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t EnableQHYCCDBurstCountFun(qhyccd_handle *handle, bool enable)
{
    ANSWER(EnableQHYCCDBurstCountFun, handle, set_counting(camera, enable));
}

/* [LAST] 32001 shortens the queue before the first frame; by how much is not known well enough to do it here. */
EXPORT uint32_t SetQHYCCDBurstModePatchNumber(qhyccd_handle *handle, __attribute__((unused)) uint32_t number)
{
    ANSWER(SetQHYCCDBurstModePatchNumber, handle, QHYCCD_SUCCESS);
}

/* [vendor] an error on a QHY600. */
EXPORT uint32_t ResetQHYCCDFrameCounter(qhyccd_handle *handle)
{
    ANSWER(ResetQHYCCDFrameCounter, handle, QHYCCD_ERROR);
}

/* Without effect here. */
EXPORT uint32_t RereadQHYCCDBurstFrame(qhyccd_handle *handle)
{
    ANSWER(RereadQHYCCDBurstFrame, handle, QHYCCD_SUCCESS);
}

EXPORT uint32_t SetQHYCCDEnableLiveModeAntiRBI(qhyccd_handle *handle, __attribute__((unused)) uint32_t enable)
{
    ANSWER(SetQHYCCDEnableLiveModeAntiRBI, handle, QHYCCD_SUCCESS);
}

#endif
