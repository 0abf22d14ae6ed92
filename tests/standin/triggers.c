/* Triggers: with the function on, exposures wait for one. */
#include "camera.h"

#include <string.h>

static uint32_t switch_trigger(struct Camera *camera, bool enable)
{
    camera->trigger_on = enable;
    camera->triggers = 0;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDTrigerFunction(qhyccd_handle *handle, bool enable)
{
    ANSWER(SetQHYCCDTrigerFunction, handle, switch_trigger(camera, enable));
}

#ifndef OLD_SDK

/* [vendor] what a QHY600 lists. */
static const char *const interfaces[] = {"GPIO Mode", "SMA Mode"};
static const char *const modes[] = {"STD Mode"};
enum { INTERFACES = 2, MODES = 1 };

static uint32_t tell_number(uint32_t *out, uint32_t number)
{
    *out = number;
    return QHYCCD_SUCCESS;
}

/* [vendor] an error for numbers that there are not, and a name all the same. */
static uint32_t tell_name(const char *const *names, uint32_t length, uint32_t index, char *name)
{
    strcpy(name, index < length ? names[index] : "NON-EXIST");
    return index < length ? QHYCCD_SUCCESS : QHYCCD_ERROR;
}

EXPORT uint32_t GetQHYCCDTrigerInterfaceNumber(qhyccd_handle *handle, uint32_t *number)
{
    ANSWER(GetQHYCCDTrigerInterfaceNumber, handle, tell_number(number, INTERFACES));
}

EXPORT uint32_t GetQHYCCDTrigerInterfaceName(qhyccd_handle *handle, uint32_t index, char *name)
{
    ANSWER(GetQHYCCDTrigerInterfaceName, handle, tell_name(interfaces, INTERFACES, index, name));
}

EXPORT uint32_t SetQHYCCDTrigerInterface(qhyccd_handle *handle, uint32_t index)
{
    ANSWER(SetQHYCCDTrigerInterface, handle, index < INTERFACES ? QHYCCD_SUCCESS : QHYCCD_ERROR);
}

EXPORT uint32_t GetQHYCCDTrigerModeNumber(qhyccd_handle *handle, uint32_t *number)
{
    ANSWER(GetQHYCCDTrigerModeNumber, handle, tell_number(number, MODES));
}

EXPORT uint32_t GetQHYCCDTrigerModeName(qhyccd_handle *handle, uint32_t index, char *name)
{
    ANSWER(GetQHYCCDTrigerModeName, handle, tell_name(modes, MODES, index, name));
}

EXPORT uint32_t SetQHYCCDTrigerMode(qhyccd_handle *handle, uint32_t index)
{
    ANSWER(SetQHYCCDTrigerMode, handle, index < MODES ? QHYCCD_SUCCESS : QHYCCD_ERROR);
}

EXPORT uint32_t EnableQHYCCDTrigerOut(qhyccd_handle *handle)
{
    ANSWER(EnableQHYCCDTrigerOut, handle, QHYCCD_SUCCESS);
}

static uint32_t pull(struct Camera *camera)
{
    trigger(camera);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SendSoftTriger2QHYCCDCam(qhyccd_handle *handle)
{
    ANSWER(SendSoftTriger2QHYCCDCam, handle, pull(camera));
}

#endif
