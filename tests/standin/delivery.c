/* The way of a frame into the caller's memory, and what can happen to it there without any code that tells. */
#include "camera.h"

#include <string.h>

enum { SHIFT = 5 };

void state_size(const struct Camera *camera, uint32_t *width, uint32_t *height, uint32_t *bits, uint32_t *channels)
{
    *width = camera->area.width;
    *height = camera->area.height;
    *bits = camera->bits;
    *channels = 1;
}

static void note(const struct Shot *shot, uint64_t bytes)
{
    results.frames++;
    results.frame_number = (double)shot->number;
    results.frame_gain = shot->gain;
    results.frame_offset = shot->offset;
    results.frame_exposure_us = shot->exposure_us;
    results.frame_bytes = (double)bytes;
}

void hand_over_zeros(struct Camera *camera, uint8_t *out)
{
    uint64_t bytes = frame_bytes(camera);
    struct Shot nothing = {0};
    memset(out, 0, bytes);
    note(&nothing, bytes);
}

/* Some pixels went missing: everything comes earlier, and lines wrap. */
static void shift(uint8_t *out, uint64_t bytes, uint32_t bits)
{
    uint8_t first[SHIFT * 4];
    uint64_t by = SHIFT * bits / 8;
    if (bytes < by)
        return;
    memcpy(first, out, by);
    memmove(out, out + by, bytes - by);
    memcpy(out + bytes - by, first, by);
}

/* Rows that arrived late: those above stand in their place. */
static void repeat_rows(uint8_t *out, const struct Area *area, uint32_t bits)
{
    uint64_t row = (uint64_t)area->width * bits / 8, block = area->height / 4;
    memcpy(out + block * row, out, block * row);
}

/* [EZCAP] the number of a frame of a burst, big-endian, in the first four bytes. */
static void write_count(uint8_t *out, uint64_t bytes, uint32_t count)
{
    for (int n = 0; n < 4 && bytes >= 4; n++)
        out[n] = (uint8_t)(count >> (24 - 8 * n));
}

static void write_header(const struct Camera *camera, const struct Shot *shot, uint8_t *out, uint64_t bytes)
{
    uint8_t header[GPS_HEADER];
    write_gps_header(camera, shot, header);
    memcpy(out, header, bytes < GPS_HEADER ? bytes : GPS_HEADER);
}

/* The picture is drawn without the lock, so that others can read and cancel meanwhile; the camera is copied for it. */
void hand_over(struct Camera *camera, const struct Shot *shot, uint8_t *out)
{
    if (!area_is_readable(camera))
        crash();
    if (strikes(&switches.zero_frame)) {
        hand_over_zeros(camera, out);
        return;
    }
    struct Shot shown = camera->has_last && strikes(&switches.repeat_frame) ? camera->last : *shot;
    camera->last = shown;
    camera->has_last = true;
    struct Camera copy = *camera;
    bool averages = average_binning(), shifted = strikes(&switches.shift_frame);
    bool blocky = strikes(&switches.blocky_frame);
    uint64_t bytes = frame_bytes(&copy);

    unlock();
    draw(&copy, &shown, averages, out);
    if (said(&copy, CAM_GPS) != 0)
        write_header(&copy, &shown, out, bytes);
    if (copy.stream.burst && copy.stream.counting)
        write_count(out, bytes, shown.burst_count);
    if (blocky)
        repeat_rows(out, &copy.area, copy.bits);
    if (shifted)
        shift(out, bytes, copy.bits);
    lock();

    note(&shown, bytes);
}
