/* The filter wheel on the camera's four-pin port: a slot is one hexadecimal digit, from '0'. */
#include "camera.h"

#include <math.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEF";

/* It turns for some 16 s to find itself, and is not there for the library before [camd-qhy]. */
void power_up_wheel(struct Camera *camera)
{
    camera->wheel = (struct Wheel){.arrives = now() + 1e-3 * switches.wheel_homing_ms};
}

static bool is_plugged(const struct Camera *camera)
{
    const struct Wheel *wheel = &camera->wheel;
    return switches.wheel_slots > 0 && (now() >= wheel->arrives || wheel->position != wheel->wanted);
}

EXPORT uint32_t IsQHYCCDCFWPlugged(qhyccd_handle *handle)
{
    ANSWER(IsQHYCCDCFWPlugged, handle, is_plugged(camera) ? QHYCCD_SUCCESS : QHYCCD_ERROR);
}

/* 'N' while it moves, and where there is none. */
char wheel_status(struct Camera *camera)
{
    struct Wheel *wheel = &camera->wheel;
    if (!is_plugged(camera) || now() < wheel->arrives)
        return 'N';
    wheel->position = wheel->wanted;
    return digits[wheel->position];
}

/* [vendor] an order is a success also where there is no wheel; for a slot that there is not [assumed]. */
uint32_t turn_wheel(struct Camera *camera, char order)
{
    struct Wheel *wheel = &camera->wheel;
    const char *digit = order == '\0' ? NULL : strchr(digits, order);
    if (!is_plugged(camera) || digit == NULL || digit - digits >= (int)switches.wheel_slots || camera->unplugged)
        return QHYCCD_SUCCESS;
    wheel_status(camera);
    wheel->wanted = (int)(digit - digits);
    if (wheel->wanted != wheel->position)
        wheel->arrives = switches.wheel_stuck ? INFINITY : now() + 1e-3 * switches.wheel_move_ms;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SendOrder2QHYCCDCFW(qhyccd_handle *handle, const char *order, uint32_t length)
{
    ANSWER(SendOrder2QHYCCDCFW, handle, length == 1 ? turn_wheel(camera, *order) : QHYCCD_ERROR);
}

static uint32_t tell_status(struct Camera *camera, char *status)
{
    status[0] = wheel_status(camera);
    status[1] = '\0';
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDCFWStatus(qhyccd_handle *handle, char *status)
{
    ANSWER(GetQHYCCDCFWStatus, handle, tell_status(camera, status));
}
