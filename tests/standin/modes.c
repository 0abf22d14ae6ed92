/* Readout modes, the stream, and the initialisation that alone brings both to the camera. */
#include "camera.h"

#include <string.h>

struct Camera cameras[MOST_CAMERAS];

/* As a QHY600M lists them; the libraries of 2020 know the first four. */
static const char *const mode_names[] = {
    "PhotoGraphic DSO 16BIT",
    "High Gain Mode 16BIT",
    "Extend Fullwell Mode",
    "Extend Fullwell 2CMS",
    "14bit mode (Fiber Only)",
    "Bin3*3Mode (hardware)",
    "12bit mode (Fiber Only)",
    "12bit raw mode (Fiber Only)",
    "2CMS-0",
    "2CMS-1",
    "14bit mode high gain(Fiber Only)",
};

enum { ALL_MODES = sizeof mode_names / sizeof mode_names[0], OLD_MODES = 4 };

int how_many_modes(void)
{
    return switches.old_modes ? OLD_MODES : ALL_MODES;
}

struct Chip chip_of(uint32_t mode)
{
    uint32_t width = (uint32_t)switches.width, height = (uint32_t)switches.height;
    struct Chip chip = {width, height, {24, 0, width - 24, height - 34}, 22};
    if (mode != HARDWARE_BINNING)
        return chip;
    /* 3200 x 2144 with the image (8, 0, 3192, 2124) [vendor]; other chips in the same manner. */
    uint32_t image_height = height == 6422 ? 2124 : (height - 34) / 3;
    struct Area image = {8, 0, (width - 24) / 3, image_height};
    return (struct Chip){image.width + 8, image.height + 20, image, 6};
}

struct Chip running_chip(const struct Camera *camera)
{
    return chip_of(camera->running_mode);
}

/* [vendor] 0xFFFF and not 0xFFFFFFFF for a mode that does not exist, and a name all the same. */
uint32_t tell_mode_name(uint32_t mode, char *name)
{
    bool exists = mode < (uint32_t)how_many_modes();
    strcpy(name, exists ? mode_names[mode] : "NON-EXIST");
    return exists ? QHYCCD_SUCCESS : QHYCCD_NO_SUCH_MODE;
}

EXPORT uint32_t GetQHYCCDReadModeName(qhyccd_handle *handle, uint32_t mode, char *name)
{
    ANSWER(GetQHYCCDReadModeName, handle, tell_mode_name(mode, name));
}

static uint32_t tell_number(uint32_t *number)
{
    *number = (uint32_t)how_many_modes();
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDNumberOfReadModes(qhyccd_handle *handle, uint32_t *number)
{
    ANSWER(GetQHYCCDNumberOfReadModes, handle, tell_number(number));
}

static uint32_t tell_size(uint32_t mode, uint32_t *width, uint32_t *height)
{
    if (mode >= (uint32_t)how_many_modes())
        return QHYCCD_NO_SUCH_MODE;
    struct Chip chip = chip_of(mode);
    *width = chip.width;
    *height = chip.height;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDReadModeResolution(qhyccd_handle *handle, uint32_t mode, uint32_t *width, uint32_t *height)
{
    ANSWER(GetQHYCCDReadModeResolution, handle, tell_size(mode, width, height));
}

/* [vendor] the selected mode, though the camera is still in the old one. */
static uint32_t tell_mode(const struct Camera *camera, uint32_t *mode)
{
    *mode = camera->selected_mode;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDReadMode(qhyccd_handle *handle, uint32_t *mode)
{
    ANSWER(GetQHYCCDReadMode, handle, tell_mode(camera, mode));
}

/* [vendor] the area stays, though it may be none in the new mode; elsewhere it was seen wiped [INDI #2146]. Without
 * InitQHYCCD afterwards the camera does not answer [INDI #195, a QHY600M]. */
static uint32_t select_mode(struct Camera *camera, uint32_t mode)
{
    if (mode >= (uint32_t)how_many_modes())
        return QHYCCD_NO_SUCH_MODE;
    camera->selected_mode = mode;
    if (switches.wipe_area)
        whole_chip(camera, mode);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDReadMode(qhyccd_handle *handle, uint32_t mode)
{
    ANSWER(SetQHYCCDReadMode, handle, select_mode(camera, mode));
}

static uint32_t select_stream(struct Camera *camera, uint8_t stream)
{
    if (stream > STREAM_LIVE)
        return QHYCCD_ERROR;
    camera->selected_stream = stream;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDStreamMode(qhyccd_handle *handle, uint8_t stream)
{
    ANSWER(SetQHYCCDStreamMode, handle, select_stream(camera, stream));
}

/* Whether the sensor does not run in what was selected: exposures start, and no frame ever comes. */
bool silent(const struct Camera *camera)
{
    return !camera->initialised || camera->selected_mode != camera->running_mode ||
           camera->selected_stream != camera->running_stream;
}

/* The area stays in its numbers [vendor]. That the memory is emptied is [assumed]. */
static uint32_t initialise(struct Camera *camera)
{
    say("InitQHYCCD");
    sleep_for(1e-3 * switches.init_ms);
    cancel(camera);
    stop_stream(camera);
    camera->running_mode = camera->selected_mode;
    camera->running_stream = camera->selected_stream;
    camera->initialised = true;
    camera->binning = 1;
    camera->areas_wrong = camera->running_mode != HARDWARE_BINNING;
    camera->small_chip |= camera->running_mode == HARDWARE_BINNING;
    initialise_registers(camera);
    empty_memory(camera);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t InitQHYCCD(qhyccd_handle *handle)
{
    ANSWER(InitQHYCCD, handle, initialise(camera));
}

/* [vendor] all numbers, the mode, the binning and the area are those from before it was closed. That it needs
 * InitQHYCCD again is [assumed]. */
void begin_session(struct Camera *camera)
{
    camera->lost = camera->unplugged = camera->initialised = false;
    camera->exposing = camera->trigger_on = camera->has_last = false;
    camera->stream = (struct Stream){0};
}

void power_up(struct Camera *camera)
{
    *camera = (struct Camera){.index = camera->index};
    camera->timeout_ms = 60000; /* [vendor] */
    camera->binning = 1;
    whole_chip(camera, 0);
    default_registers(camera);
    start_cooler(camera);
    power_up_wheel(camera);
}
