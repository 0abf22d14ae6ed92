/* What the camera says of itself: type, versions, air, supply. */
#include "camera.h"

#include <string.h>

enum { QHY600C = 4062, QHY600M = 4063 };

EXPORT uint32_t GetQHYCCDType(qhyccd_handle *handle)
{
    ANSWER(GetQHYCCDType, handle, switches.colour != 0 ? QHY600C : QHY600M);
}

static uint32_t tell(uint8_t *out, const uint8_t *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return QHYCCD_SUCCESS;
}

/* 2025-06-09: the year in the high half of the first byte, 16 less than it is when that is 9 or less. */
static const uint8_t firmware[4] = {9 << 4 | 6, 9, 0, 0};
static const uint8_t logic[2][4] = {{25, 6, 9, 1}, {24, 11, 20, 2}};

EXPORT uint32_t GetQHYCCDFWVersion(qhyccd_handle *handle, uint8_t *out)
{
    ANSWER(GetQHYCCDFWVersion, handle, tell(out, firmware, sizeof firmware));
}

EXPORT uint32_t GetQHYCCDFPGAVersion(qhyccd_handle *handle, uint8_t part, uint8_t *out)
{
    ANSWER(GetQHYCCDFPGAVersion, handle, part < 2 ? tell(out, logic[part], sizeof logic[part]) : QHYCCD_ERROR);
}

/* Four bytes [assumed]; no header says how many. */
EXPORT uint32_t GetQHYCCDCameraStatus(qhyccd_handle *handle, uint8_t *out)
{
    static const uint8_t status[4] = {0};
    ANSWER(GetQHYCCDCameraStatus, handle, tell(out, status, sizeof status));
}

/* [vendor] 0xFFFF on a monochrome camera, whatever is asked for; a success on one with filters [assumed]. */
EXPORT uint32_t SetQHYCCDDebayerOnOff(qhyccd_handle *handle, __attribute__((unused)) bool enable)
{
    ANSWER(SetQHYCCDDebayerOnOff, handle, switches.debayer_refused ? QHYCCD_NO_SUCH_MODE : QHYCCD_SUCCESS);
}

#ifndef OLD_SDK

/* [vendor] an error on a QHY600. */
EXPORT uint32_t GetQHYCCDSensorName(qhyccd_handle *handle, __attribute__((unused)) char *name)
{
    ANSWER(GetQHYCCDSensorName, handle, QHYCCD_ERROR);
}

/* [vendor] "available" is of the model: with no sensor behind it the reading is an error. */
static uint32_t read_air(double *out, double value)
{
    if (switches.no_humidity)
        return QHYCCD_ERROR;
    *out = value;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDHumidity(qhyccd_handle *handle, double *percent)
{
    ANSWER(GetQHYCCDHumidity, handle, read_air(percent, switches.humidity));
}

EXPORT uint32_t GetQHYCCDPressure(qhyccd_handle *handle, double *mbar)
{
    ANSWER(GetQHYCCDPressure, handle, read_air(mbar, switches.pressure));
}

static uint32_t read_logic_temperature(struct Camera *camera, double *degrees)
{
    *degrees = camera->cooler.hot;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDFPGATemp(qhyccd_handle *handle, double *degrees)
{
    ANSWER(GetQHYCCDFPGATemp, handle, read_logic_temperature(camera, degrees));
}

/* 1 is "good" [vendor's header]. */
EXPORT void QHYCCDResetFlashULVOError(qhyccd_handle *handle)
{
    struct Camera *camera = enter(CALL_QHYCCDResetFlashULVOError, handle);
    if (camera != NULL) {
        switches.uvlo = 1;
        leave(camera, CALL_QHYCCDResetFlashULVOError);
    }
}

#endif
