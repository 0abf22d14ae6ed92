/* The library itself: starting it, its version, its chatter, and the cameras that it sees. */
#include "camera.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct {
    bool started, averages;
    bool messages;
    uint8_t level;
    char last_error[128];
} library;

void forget_library(void)
{
    library.started = library.averages = false;
    library.messages = true;
    library.level = 5;
    snprintf(library.last_error, sizeof library.last_error, "No Error Info Or Unrecorded Error Info");
}

/* Lines to standard error and standard output by turns, from C: nothing of Python's sees them coming. [vendor] some 13
 * of a run, all to standard error; other versions are said to use standard output too. Either switch silences
 * them, and itself writes one line. */
void say(const char *format, ...)
{
    if (!library.messages || library.level == 0)
        return;
    FILE *stream = (long)results.chatter % 2 ? stdout : stderr;
    va_list values;
    va_start(values, format);
    fputs("QHYCCD|stand-in|", stream);
    vfprintf(stream, format, values);
    fputc('\n', stream);
    fflush(stream);
    va_end(values);
    results.chatter++;
}

void set_last_error(const char *text)
{
    snprintf(library.last_error, sizeof library.last_error, "%s", text);
}

bool average_binning(void)
{
    return library.averages || said(&cameras[0], CAM_USE_AVERAGE_BINNING) == 1.0;
}

bool is_connected(int index)
{
    return library.started && index < (int)switches.cameras && !switches.bootloader && !switches.lost &&
           !switches.unplugged;
}

/* [vendor] qhyccd.ini in the working directory changes what the library does. Of its keys, one is known here:
 * Use_Average_Binning, without which software binning adds. */
static void look_for_ini(void)
{
    results.ini_looks++;
    FILE *file = fopen("qhyccd.ini", "r");
    if (file == NULL)
        return;
    results.ini_found++;
    char line[128], value[16];
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, " Use_Average_Binning = %15s", value) == 1)
            library.averages = strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0;
    fclose(file);
}

static uint32_t start(void)
{
    if (library.started)
        return QHYCCD_SUCCESS;
    say("Load ini filePath = .  fileName = qhyccd.ini");
    look_for_ini();
    sleep_for(1e-3 * switches.resource_ms);
    library.started = true;
    say("InitQHYCCDResource");
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t InitQHYCCDResource(void)
{
    LIBRARY_ANSWER(InitQHYCCDResource, QHYCCD_ERROR, start());
}

static uint32_t end(void)
{
    for (int index = 0; index < MOST_CAMERAS; index++)
        cameras[index].open = false;
    library.started = false;
    say("ReleaseQHYCCDResource");
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t ReleaseQHYCCDResource(void)
{
    LIBRARY_ANSWER(ReleaseQHYCCDResource, QHYCCD_ERROR, end());
}

static uint32_t tell_version(uint32_t *year, uint32_t *month, uint32_t *day, uint32_t *subday)
{
    *year = (uint32_t)switches.sdk_year; /* two digits */
    *month = (uint32_t)switches.sdk_month;
    *day = (uint32_t)switches.sdk_day;
    *subday = (uint32_t)switches.sdk_subday;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDSDKVersion(uint32_t *year, uint32_t *month, uint32_t *day, uint32_t *subday)
{
    LIBRARY_ANSWER(GetQHYCCDSDKVersion, QHYCCD_ERROR, tell_version(year, month, day, subday));
}

EXPORT void EnableQHYCCDMessage(bool enable)
{
    if (enter_library(CALL_EnableQHYCCDMessage)) {
        /* [vendor] silencing is told, whatever was switched off. */
        fprintf(stderr, "QHYCCD||EnableQHYCCDMessage| set gl_msgEnable from:  %d  to: %d\n", library.messages, enable);
        results.chatter++;
        library.messages = enable;
        leave_library();
    }
}

EXPORT void SetQHYCCDLogLevel(uint8_t level)
{
    if (enter_library(CALL_SetQHYCCDLogLevel)) {
        library.level = level;
        leave_library();
    }
}

/* Without effect here. */
#define WITHOUT_EFFECT(function, ...)             \
    EXPORT void function(__VA_ARGS__)             \
    {                                             \
        if (enter_library(CALL_##function))       \
            leave_library();                      \
    }

WITHOUT_EFFECT(EnableQHYCCDLogFile, __attribute__((unused)) bool enable)
WITHOUT_EFFECT(SetQHYCCDAutoDetectCamera, __attribute__((unused)) bool enable)
WITHOUT_EFFECT(QHYCCDQuit, void)
#ifndef OLD_SDK
WITHOUT_EFFECT(SetQHYCCDBufferNumber, __attribute__((unused)) uint32_t number)
#endif

static const char *const ids[MOST_CAMERAS][2] = {
    /* The serial number's bytes are printed without their leading zeros, so that its length differs [vendor]. */
    {"QHY600M-57a9d1ca05b3e2f14", "QHY600C-57a9d1ca05b3e2f14"},
    {"QHY600M-57a9d1ca0b7e419", "QHY600C-57a9d1ca0b7e419"},
};

static const char *id_of(int index)
{
    return ids[index][switches.colour != 0];
}

static int camera_with_id(const char *id)
{
    for (int index = 0; index < MOST_CAMERAS; index++)
        if (is_connected(index) && strcmp(id, id_of(index)) == 0)
            return index;
    return -1;
}

/* [vendor] 0 before InitQHYCCDResource, and for a camera without its firmware. */
static uint32_t count_cameras(void)
{
    uint32_t count = 0;
    for (int index = 0; index < MOST_CAMERAS; index++)
        count += is_connected(index);
    say("ScanQHYCCD found %u", count);
    return count;
}

EXPORT uint32_t ScanQHYCCD(void)
{
    LIBRARY_ANSWER(ScanQHYCCD, 0, count_cameras());
}

static uint32_t tell_id(uint32_t index, char *id)
{
    if (index >= MOST_CAMERAS || !is_connected((int)index))
        return QHYCCD_ERROR; /* [vendor] `id` is left as it was */
    strcpy(id, id_of((int)index));
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDId(uint32_t index, char *id)
{
    LIBRARY_ANSWER(GetQHYCCDId, QHYCCD_ERROR, tell_id(index, id));
}

/* [vendor] what stands before the dash, also of an id that no camera has. */
static uint32_t tell_model(const char *id, char *model)
{
    const char *dash = strchr(id, '-');
    if (dash == NULL)
        return QHYCCD_ERROR;
    memcpy(model, id, (size_t)(dash - id));
    model[dash - id] = '\0';
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDModel(const char *id, char *model)
{
    LIBRARY_ANSWER(GetQHYCCDModel, QHYCCD_ERROR, tell_model(id, model));
}

/* [vendor] opening twice gives the same handle. */
static qhyccd_handle *open_camera(const char *id)
{
    int index = camera_with_id(id);
    say("OpenQHYCCD %s", id);
    if (index < 0 || switches.open_null)
        return NULL;
    struct Camera *camera = &cameras[index];
    if (!camera->open) {
        begin_session(camera);
        camera->open = true;
    }
    return camera;
}

EXPORT qhyccd_handle *OpenQHYCCD(const char *id)
{
    qhyccd_handle *answer = NULL;
    if (enter_library(CALL_OpenQHYCCD)) {
        answer = open_camera(id);
        leave_library();
    }
    return answer;
}

static uint32_t close_camera(struct Camera *camera)
{
    say("CloseQHYCCD");
    cancel(camera);
    stop_stream(camera);
    camera->open = false;
    changed();
    return QHYCCD_SUCCESS;
}

/* [vendor] closing what is not open is a success. */
EXPORT uint32_t CloseQHYCCD(qhyccd_handle *handle)
{
    uint32_t failure = knows(handle) ? QHYCCD_ERROR : QHYCCD_SUCCESS;
    ANSWER_OF(uint32_t, failure, CloseQHYCCD, handle, close_camera(camera));
}

#ifndef OLD_SDK

EXPORT const char *GetQHYCCDLastError(void)
{
    if (enter_library(CALL_GetQHYCCDLastError))
        leave_library();
    return library.last_error;
}

EXPORT uint8_t GetCameraIsSuperSpeedFromID(const char *id)
{
    LIBRARY_ANSWER(GetCameraIsSuperSpeedFromID, 0, camera_with_id(id) >= 0 && !switches.usb2);
}

static uint32_t tell_modes(const char *id, uint32_t *number)
{
    if (camera_with_id(id) < 0)
        return QHYCCD_ERROR;
    *number = (uint32_t)how_many_modes();
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDReadModeNumberFromID(const char *id, uint32_t *number)
{
    LIBRARY_ANSWER(GetQHYCCDReadModeNumberFromID, QHYCCD_ERROR, tell_modes(id, number));
}

EXPORT uint32_t GetQHYCCDReadModeNameFromID(const char *id, uint32_t mode, char *name)
{
    LIBRARY_ANSWER(GetQHYCCDReadModeNameFromID, QHYCCD_ERROR,
                   camera_with_id(id) < 0 ? QHYCCD_ERROR : tell_mode_name(mode, name));
}

#endif
