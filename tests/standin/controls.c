/* The table of controls of a QHY600M: what the vendor's library 26.6.4 answers for each, seen without a camera behind
 * it. What it reads from the camera is 0 there; so some that are 0 here may have values on a real one. */
#include "camera.h"

static const double NOTHING = QHYCCD_NO_VALUE;

#define UNLIMITED 0, 0, 0

/* id, available, what writing does, what reads back at first, least, greatest, step */
const struct Control controls[] = {
    {CONTROL_BRIGHTNESS, true, STORED, 0, -1, 1, 0.1},
    {CONTROL_CONTRAST, true, STORED, 0, -1, 1, 0.1},
    {CONTROL_WBR, false, ACCEPTED, 10, 10, 30, 1},
    {CONTROL_WBB, false, ACCEPTED, 10, 10, 30, 1},
    {CONTROL_WBG, false, ACCEPTED, 10, 10, 30, 1},
    {CONTROL_GAMMA, true, STORED, 1, 0, 2, 0.1},
    {CONTROL_GAIN, true, STORED, 30, 0, 200, 1},
    {CONTROL_OFFSET, true, STORED, 30, 0, 255, 1},
    {CONTROL_EXPOSURE, true, STORED, 20e3, 1, 3.6e9, 1},
    {CONTROL_SPEED, false, REFUSED, 0, 0, 1, 1},
    {CONTROL_TRANSFERBIT, true, COMPUTED, 0, 8, 16, 8},
    {CONTROL_USBTRAFFIC, true, STORED, 50, 0, 60, 1},
    {CONTROL_CURTEMP, true, COMPUTED, 0, -50, 50, 0.5},
    {CONTROL_CURPWM, true, COMPUTED, 0, 0, 255, 1},
    {CONTROL_MANULPWM, true, COMPUTED, 0, 0, 255, 1},
    {CONTROL_CFWPORT, true, COMPUTED, 0, UNLIMITED},
    {CONTROL_COOLER, true, COMPUTED, 0, -50, 50, 0.5},
    {CAM_BIN1X1MODE, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_BIN2X2MODE, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_BIN3X3MODE, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_BIN4X4MODE, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_TRIGER_INTERFACE, true, REFUSED, NOTHING, UNLIMITED},
    {32, false, REFUSED, 0, UNLIMITED},
    {CAM_8BITS, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_16BITS, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_GPS, true, STORED, 0, UNLIMITED}, /* also without a GPS box */
    {CAM_IGNOREOVERSCAN_INTERFACE, false, ACCEPTED, NOTHING, UNLIMITED},
    {39, false, ACCEPTED, NOTHING, UNLIMITED},
    {41, false, STORED, 0, UNLIMITED},
    {42, true, REFUSED, 0, UNLIMITED},
    {43, false, STORED, 0, UNLIMITED},
    {CONTROL_CFWSLOTSNUM, true, COMPUTED, 0, UNLIMITED},
    {CONTROL_DDR, false, ACCEPTED, 0, UNLIMITED}, /* and it does what it is for: [camd-qhy], [LAST] rely on it */
    {49, false, STORED, 0, UNLIMITED},
    {50, false, REFUSED, 0, UNLIMITED},
    {51, false, REFUSED, 0, UNLIMITED},
    {52, false, REFUSED, 0, UNLIMITED},
    {55, false, REFUSED, 0, UNLIMITED},
    {56, false, REFUSED, 0, UNLIMITED},
    {CAM_SINGLEFRAMEMODE, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_LIVEVIDEOMODE, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_HARDWARE_FRAME_COUNTER, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_HUMIDITY, true, COMPUTED, 0, UNLIMITED},
    {CAM_PRESSURE, true, COMPUTED, 0, UNLIMITED},
    {64, false, REFUSED, 0, UNLIMITED},
    {65, false, REFUSED, 0, UNLIMITED},
    {CAM_32BITS, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_SENSOR_ULVO_STATUS, true, COMPUTED, 0, UNLIMITED},
    {69, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_TRIGER_MODE, true, REFUSED, NOTHING, 0, 1, 1},
    {CAM_TRIGER_OUT, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_BURST_MODE, true, REFUSED, NOTHING, UNLIMITED},
    {74, true, REFUSED, NOTHING, UNLIMITED},
    {78, true, ACCEPTED, NOTHING, UNLIMITED},
    {CAM_REMOVE_RBI, true, ACCEPTED, 0, UNLIMITED},
    {80, false, REFUSED, 0, UNLIMITED},
    {CAM_FRAME_DETECT, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_GAIN_DB_CONVERSION, true, REFUSED, NOTHING, UNLIMITED},
    {CAM_USE_AVERAGE_BINNING, false, STORED, 0, UNLIMITED},
    {88, true, STORED, 1, 0, 3, 1},
    {89, true, REFUSED, 0, 15, 240, 1},
    {90, true, REFUSED, 0, 0, 3, 1},
    {91, true, REFUSED, 0, 1, 5000, 1},
    {92, true, REFUSED, 0, 0, 200, 1},
    {93, false, ACCEPTED, NOTHING, UNLIMITED},
    {95, false, STORED, 0, UNLIMITED},
    {1024, false, REFUSED, 0, UNLIMITED},
    {1025, false, STORED, 0, UNLIMITED},
    {CONTROL_DPC, true, STORED, 0, 0, 1, 1},
    {CONTROL_DPC_VALUE, true, STORED, 40, 0, 80, 1},
    {1029, false, ACCEPTED, 255, UNLIMITED},
    {1030, false, ACCEPTED, NOTHING, UNLIMITED},
    {1031, false, ACCEPTED, NOTHING, UNLIMITED},
    {1032, false, ACCEPTED, NOTHING, UNLIMITED},
    {1033, false, ACCEPTED, 255, UNLIMITED},
};

_Static_assert(sizeof controls / sizeof controls[0] == HOW_MANY_CONTROLS, "camera.h counts the controls");

int place_of(int id)
{
    for (int place = 0; place < HOW_MANY_CONTROLS; place++)
        if (controls[place].id == id)
            return place;
    return -1;
}

static uint32_t available(int id)
{
    /* Not 0 for yes, but which filters: GBRG 1, GRBG 2, BGGR 3, RGGB 4 (the vendor's header). */
    if (id == CAM_COLOR)
        return switches.colour != 0 ? (uint32_t)switches.colour : QHYCCD_ERROR;
    int place = place_of(id);
    return place >= 0 && controls[place].available ? QHYCCD_SUCCESS : QHYCCD_ERROR;
}

EXPORT uint32_t IsQHYCCDControlAvailable(qhyccd_handle *handle, int id)
{
    ANSWER(IsQHYCCDControlAvailable, handle, available(id));
}

/* An error also for many that are available, and a success for some that are not. */
static uint32_t tell_limits(int id, double *least, double *greatest, double *step)
{
    int place = place_of(id);
    if (place < 0 || controls[place].step == 0)
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

/* Empty for almost all. */
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
