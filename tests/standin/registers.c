/* Numbers written and read: nothing is checked [vendor], and what reads back is not what the sensor has. */
#include "camera.h"

#include <math.h>

static const double DEFAULT_GAIN = 30, DEFAULT_OFFSET = 30; /* [vendor] what reads back at first */

unsigned writes[HIGHEST_CONTROL];

void default_registers(struct Camera *camera)
{
    for (int place = 0; place < HOW_MANY_CONTROLS; place++) {
        camera->said[place] = controls[place].at_first;
        camera->is_late[place] = false;
    }
    camera->true_gain = DEFAULT_GAIN;
    camera->true_offset = DEFAULT_OFFSET;
    camera->bits = 16;
    camera->first_to_come = true;
}

/* [vendor] bits are reset, and for single frames the exposure, and say so. Gain and offset go on to be reported while
 * the sensor has its defaults ([NINA] #318, #331, #344). */
void initialise_registers(struct Camera *camera)
{
    bool live = camera->running_stream == STREAM_LIVE;
    if (!live)
        camera->said[place_of(CONTROL_EXPOSURE)] = 5e6;
    camera->bits = live ? 8 : 16;
    camera->true_gain = DEFAULT_GAIN;
    camera->true_offset = DEFAULT_OFFSET;
    camera->first_to_come = true;
}

double said(const struct Camera *camera, int control)
{
    return camera->said[place_of(control)];
}

static double computed(struct Camera *camera, int control)
{
    switch (control) {
    case CONTROL_TRANSFERBIT:
        return camera->bits;
    case CONTROL_CURTEMP:
        return round(10 * temperature(camera)) / 10;
    case CONTROL_CURPWM:
        return round(255 * power(camera));
    case CONTROL_COOLER:
        return camera->cooler.target; /* [vendor] -100 before it was ever set */
    case CONTROL_CFWPORT:
        return wheel_status(camera);
    case CONTROL_CFWSLOTSNUM:
        return switches.wheel_slots > 0 ? switches.wheel_slots : QHYCCD_NO_VALUE;
    case CAM_SENSOR_ULVO_STATUS:
        return switches.uvlo;
    case CAM_HUMIDITY:
        return switches.no_humidity ? 0 : switches.humidity; /* [vendor] 0, where the function is an error */
    case CAM_PRESSURE:
        return switches.no_humidity ? 0 : switches.pressure;
    default:
        return QHYCCD_NO_VALUE; /* CONTROL_MANULPWM: write-only [vendor] */
    }
}

static double read_control(struct Camera *camera, int control)
{
    int place = place_of(control);
    if (place < 0)
        return QHYCCD_NO_VALUE;
    if (controls[place].writing == COMPUTED)
        return computed(camera, control);
    if (camera->is_late[place]) {
        camera->is_late[place] = false;
        return camera->late[place];
    }
    return camera->said[place];
}

EXPORT double GetQHYCCDParam(qhyccd_handle *handle, int control)
{
    VALUE(GetQHYCCDParam, handle, read_control(camera, control));
}

/* [vendor] 12 and 24 are refused. */
static uint32_t set_bits(struct Camera *camera, double bits)
{
    if (bits != 8 && bits != 16 && bits != 32)
        return QHYCCD_ERROR;
    camera->bits = (uint32_t)bits;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDBitsMode(qhyccd_handle *handle, uint32_t bits)
{
    ANSWER(SetQHYCCDBitsMode, handle, set_bits(camera, bits));
}

static uint32_t write_computed(struct Camera *camera, int control, double value)
{
    switch (control) {
    case CONTROL_TRANSFERBIT:
        return set_bits(camera, value);
    case CONTROL_MANULPWM:
        drive(camera, value);
        return QHYCCD_SUCCESS;
    case CONTROL_COOLER:
        regulate(camera, value);
        return QHYCCD_SUCCESS;
    case CONTROL_CFWPORT:
        return turn_wheel(camera, (char)value);
    default:
        return QHYCCD_ERROR;
    }
}

/* What a write does in the camera; what it does to the number that is reported comes before and after. */
static void take_effect(struct Camera *camera, int control, double value)
{
    if (camera->unplugged)
        return;
    bool sent = !switches.lazy_writes || said(camera, control) != value;
    if (control == CONTROL_GAIN && sent)
        camera->true_gain = value;
    if (control == CONTROL_OFFSET && sent)
        camera->true_offset = value;
    if (control == CONTROL_EXPOSURE)
        camera->stream.banded |= camera->stream.running; /* [LAST] vertical bands from then on */
    if (control == CONTROL_DDR && value != 0)
        empty_memory(camera);
}

static uint32_t write_stored(struct Camera *camera, int place, double value)
{
    if (strikes(&switches.write_ignored))
        return QHYCCD_SUCCESS;
    take_effect(camera, controls[place].id, value);
    if (strikes(&switches.read_back_late)) {
        camera->late[place] = camera->said[place];
        camera->is_late[place] = true;
    }
    camera->said[place] = value;
    return QHYCCD_SUCCESS;
}

/* [vendor] gain 500 or -1, offset 300, exposure 0 or 4e9, traffic 100: a success, and it reads back. */
static uint32_t write_control(struct Camera *camera, int control, double value)
{
    if (control >= 0 && control < HIGHEST_CONTROL)
        writes[control]++;
    int place = place_of(control);
    if (place < 0 || controls[place].writing == REFUSED || control == (int)switches.refused_control) {
        set_last_error("function not implemented"); /* [vendor] */
        return QHYCCD_ERROR;
    }
    if (controls[place].writing == COMPUTED)
        return write_computed(camera, control, value);
    if (controls[place].writing == STORED)
        return write_stored(camera, place, value);
    take_effect(camera, control, value);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDParam(qhyccd_handle *handle, int control, double value)
{
    ANSWER(SetQHYCCDParam, handle, write_control(camera, control, value));
}

/* [vendor] the same as writing CONTROL_COOLER. Its header asks for it every single second; [NINA] old firmware
 * needs that and new does not. */
EXPORT uint32_t ControlQHYCCDTemp(qhyccd_handle *handle, double target)
{
    ANSWER(ControlQHYCCDTemp, handle, write_control(camera, CONTROL_COOLER, target));
}
