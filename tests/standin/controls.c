/* The table of controls of a QHY600M [vendor]: which there are, and the limits that nobody checks. */
#include "camera.h"

const struct Control controls[HOW_MANY_CONTROLS] = {
    {CONTROL_GAIN, STORED, 0, 200, 1, 30},
    {CONTROL_OFFSET, STORED, 0, 255, 1, 30},
    {CONTROL_EXPOSURE, STORED, 1, 3.6e9, 1, 5e6},
    {CONTROL_TRANSFERBIT, COMPUTED, 8, 16, 8, 0},
    {CONTROL_USBTRAFFIC, STORED, 0, 60, 1, 50},
    {CONTROL_CURTEMP, COMPUTED, -50, 50, 0.1, 0},
    {CONTROL_CURPWM, COMPUTED, 0, 255, 1, 0},
    {CONTROL_MANULPWM, COMPUTED, 0, 255, 1, 0},
    {CONTROL_COOLER, COMPUTED, -50, 50, 0.5, 0},
    {CONTROL_BRIGHTNESS, STORED, -1, 1, 0.1, 0},
    {CONTROL_CONTRAST, STORED, -1, 1, 0.1, 0},
    {CONTROL_GAMMA, STORED, 0, 2, 0.1, 1},
    {CONTROL_CFWPORT, COMPUTED, 0, 255, 1, 0},
    {CONTROL_CFWSLOTSNUM, COMPUTED, 0, 0, 0, 0},
    {CAM_GPS, STORED, 0, 1, 1, 0}, /* available without a GPS box too */
    {CAM_TRIGER_INTERFACE, STORED, 0, 1, 1, 0},
    {CAM_TRIGER_MODE, STORED, 0, 0, 1, 0},
    {CAM_TRIGER_OUT, STORED, 0, 1, 1, 0},
    {CAM_REMOVE_RBI, STORED, 0, 1, 1, 0},
    {CAM_FRAME_DETECT, STORED, 0, 1, 1, 0},
    {CONTROL_DPC, STORED, 0, 1, 1, 0},
    {CONTROL_DPC_VALUE, STORED, 0, 80, 1, 0},
    {CAM_SENSOR_ULVO_STATUS, COMPUTED, 0, 9, 1, 0},
    {CAM_HUMIDITY, CAPABILITY, 0, 100, 0.1, 0},
    {CAM_PRESSURE, CAPABILITY, 0, 2000, 0.1, 0},
    {CAM_BIN1X1MODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_BIN2X2MODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_BIN3X3MODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_BIN4X4MODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_8BITS, CAPABILITY, 0, 0, 0, 0},
    {CAM_16BITS, CAPABILITY, 0, 0, 0, 0},
    {CAM_32BITS, CAPABILITY, 0, 0, 0, 0},
    {CAM_SINGLEFRAMEMODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_LIVEVIDEOMODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_HARDWARE_FRAME_COUNTER, CAPABILITY, 0, 0, 0, 0},
    {CAM_BURST_MODE, CAPABILITY, 0, 0, 0, 0},
    {CAM_GAIN_DB_CONVERSION, CAPABILITY, 0, 0, 0, 0},
    /* Not available, and written with success all the same. CONTROL_DDR does what it is for: [camd-qhy] and [LAST]
     * rely on it. CAM_IGNOREOVERSCAN_INTERFACE changes nothing. */
    {CONTROL_DDR, UNLISTED, 0, 1, 1, 0},
    {CAM_IGNOREOVERSCAN_INTERFACE, UNLISTED, 0, 1, 1, 0},
    {CAM_USE_AVERAGE_BINNING, UNLISTED, 0, 1, 1, 0},
};

int place_of(int id)
{
    for (int place = 0; place < HOW_MANY_CONTROLS; place++)
        if (controls[place].id == id)
            return place;
    return -1;
}

static uint32_t available(int id)
{
    /* Not 0 for yes, but which filters [vendor's header]; GBRG 1, GRBG 2, BGGR 3, RGGB 4. */
    if (id == CAM_COLOR)
        return switches.colour != 0 ? (uint32_t)switches.colour : QHYCCD_ERROR;
    if (id == CONTROL_CFWSLOTSNUM || id == CONTROL_CFWPORT)
        return QHYCCD_SUCCESS;
    int place = place_of(id);
    return place >= 0 && controls[place].kind != UNLISTED ? QHYCCD_SUCCESS : QHYCCD_ERROR;
}

EXPORT uint32_t IsQHYCCDControlAvailable(qhyccd_handle *handle, int id)
{
    ANSWER(IsQHYCCDControlAvailable, handle, available(id));
}

/* [vendor] a success also for controls that are not available, with what the table has. */
static uint32_t tell_limits(int id, double *least, double *greatest, double *step)
{
    int place = place_of(id);
    if (place < 0)
        return QHYCCD_ERROR;
    *least = controls[place].least;
    *greatest = controls[place].greatest;
    *step = controls[place].step;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDParamMinMaxStep(qhyccd_handle *handle, int id, double *least, double *greatest, double *step)
{
    ANSWER(GetQHYCCDParamMinMaxStep, handle, tell_limits(id, least, greatest, step));
}

#ifndef OLD_SDK

/* [vendor] empty for almost all. */
static uint32_t tell_name(int id, char *name)
{
    const char *text = id == CONTROL_DPC ? "DPC" : "";
    while ((*name++ = *text++) != '\0')
        continue;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDControlName(qhyccd_handle *handle, int id, char *name)
{
    ANSWER(GetQHYCCDControlName, handle, tell_name(id, name));
}

#endif
