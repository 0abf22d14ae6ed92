/* How long things take in the sensor, and its gain in decibels. */
#include "camera.h"

#include <math.h>
#include <string.h>

/* Line time [us] at traffic registers 0, 30 and 60: fitted to the rates of the product page and to what [LAST]
 * measured at the three, as in the package's table "timing". Straight lines between and beyond. */
static const double traffic_lines[3][2] = {{0, 40.55}, {30, 84.9}, {60, 123.5}};

double line_us(const struct Camera *camera)
{
    double traffic = fmax(said(camera, CONTROL_USBTRAFFIC), 0);
    const double(*at)[2] = traffic < traffic_lines[1][0] ? traffic_lines : traffic_lines + 1;
    return at[0][1] + (at[1][1] - at[0][1]) * (traffic - at[0][0]) / (at[1][0] - at[0][0]);
}

#ifndef OLD_SDK

enum { OVERHEAD_LINES = 54, PIXEL_PS = 5000 };
static const double LONG_US = 1e6; /* [assumed] from here on an exposure is as asked, below it is in lines */

static uint32_t tell_times(const struct Camera *camera, uint32_t *pixel_ps, uint32_t *line_ns, uint32_t *frame_us,
                           uint32_t *clocks_per_line, uint32_t *lines_per_frame, uint32_t *exposure_us,
                           uint8_t *is_long)
{
    double line = line_us(camera), asked = said(camera, CONTROL_EXPOSURE);
    *pixel_ps = PIXEL_PS;
    *line_ns = (uint32_t)lround(1e3 * line);
    *clocks_per_line = (uint32_t)lround(1e6 * line / PIXEL_PS);
    *lines_per_frame = camera->area.height * camera->binning + OVERHEAD_LINES;
    *frame_us = (uint32_t)lround(line * *lines_per_frame);
    *is_long = asked >= LONG_US;
    *exposure_us = (uint32_t)lround(*is_long ? asked : fmax(round(asked / line), 1) * line);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDPreciseExposureInfo(qhyccd_handle *handle, uint32_t *pixel_ps, uint32_t *line_ns,
                                             uint32_t *frame_us, uint32_t *clocks_per_line, uint32_t *lines_per_frame,
                                             uint32_t *exposure_us, uint8_t *is_long)
{
    ANSWER(GetQHYCCDPreciseExposureInfo, handle,
           tell_times(camera, pixel_ps, line_ns, frame_us, clocks_per_line, lines_per_frame, exposure_us, is_long));
}

/* [vendor] 73.75 us for row 0; a line later for each row. */
static uint32_t tell_offset(const struct Camera *camera, uint32_t row, double *offset_us)
{
    *offset_us = 73.75 + row * line_us(camera);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDRollingShutterEndOffset(qhyccd_handle *handle, uint32_t row, double *offset_us)
{
    ANSWER(GetQHYCCDRollingShutterEndOffset, handle, tell_offset(camera, row, offset_us));
}

/* [vendor] what QHYCCD_GainValueToDbGain gives; straight lines between, which the library does not have. */
enum { POINTS = 17, CURVES = 3 };
static const double gains[POINTS] = {0, 5, 10, 15, 20, 25, 26, 27, 40, 55, 56, 57, 60, 80, 100, 150, 200};
static const double decibels[CURVES][POINTS] = {
    {0, 1.091, 2.338, 3.795, 5.547, 7.744, 7.951, 8.164, 11.539, 18.435, 19.167, 19.966, 22.931, 33.231, 33.503,
     33.838, 34.025},
    {0, 0.435, 0.893, 1.376, 1.888, 2.432, 2.545, 2.659, 4.304, 6.693, 6.884, 7.078, 7.691, 13.488, 39.383, 40.244,
     40.514},
    {0, 0.420, 0.861, 1.326, 1.817, 2.338, 2.446, 2.555, 4.118, 6.360, 6.532, 6.708, 7.258, 12.222, 25.029, 25.889,
     26.159},
};

/* Modes 0 and 8, 1 and 9, 2 and 3; of the others nothing is known, and they have the first [assumed]. */
static const double *curve_of(uint32_t mode)
{
    static const int curves[] = {0, 1, 2, 2, 0, 0, 0, 0, 0, 1, 0};
    return decibels[curves[mode]];
}

static uint32_t interpolate(const double *from, const double *to, double value, double *out)
{
    int right = 1;
    while (right < POINTS - 1 && from[right] < value)
        right++;
    double low = from[right - 1], high = from[right];
    *out = to[right - 1] + (to[right] - to[right - 1]) * (value - low) / (high - low);
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t QHYCCD_GainValueToDbGain(qhyccd_handle *handle, double gain, double *db)
{
    ANSWER(QHYCCD_GainValueToDbGain, handle, interpolate(gains, curve_of(camera->selected_mode), gain, db));
}

EXPORT uint32_t QHYCCD_DbGainToGainValue(qhyccd_handle *handle, double db, double *gain)
{
    ANSWER(QHYCCD_DbGainToGainValue, handle, interpolate(curve_of(camera->selected_mode), gains, db, gain));
}

#endif
