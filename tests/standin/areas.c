/* Where on the chip: what the library says of it, binning, and the area that is read. */
#include "camera.h"

void whole_chip(struct Camera *camera, uint32_t mode)
{
    struct Chip chip = chip_of(mode);
    camera->area = (struct Area){0, 0, chip.width, chip.height};
}

/* [vendor] the same in any binning; 3.76 um also where 3 x 3 pixels are one. Once that mode was initialised, the
 * millimetres stay its own. */
static uint32_t tell_chip(const struct Camera *camera, double *width_mm, double *height_mm, uint32_t *width,
                          uint32_t *height, double *pixel_width, double *pixel_height, uint32_t *bits)
{
    struct Chip chip = running_chip(camera), measured = camera->small_chip ? chip_of(HARDWARE_BINNING) : chip;
    *pixel_width = *pixel_height = 3.76;
    *width = chip.width;
    *height = chip.height;
    *width_mm = 3.76e-3 * measured.width;
    *height_mm = 3.76e-3 * measured.height;
    *bits = camera->bits;
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t GetQHYCCDChipInfo(qhyccd_handle *handle, double *width_mm, double *height_mm, uint32_t *width,
                                  uint32_t *height, double *pixel_width, double *pixel_height, uint32_t *bits)
{
    ANSWER(GetQHYCCDChipInfo, handle,
           tell_chip(camera, width_mm, height_mm, width, height, pixel_width, pixel_height, bits));
}

static uint32_t tell_area(struct Area area, uint32_t *x, uint32_t *y, uint32_t *width, uint32_t *height)
{
    *x = area.x;
    *y = area.y;
    *width = area.width;
    *height = area.height;
    return QHYCCD_SUCCESS;
}

/* [vendor] y = 34 after InitQHYCCD, which is wrong; right only after the first SetQHYCCDBinMode. */
static struct Area effective(const struct Camera *camera)
{
    struct Area image = running_chip(camera).image;
    uint32_t binning = camera->binning;
    if (camera->areas_wrong)
        return (struct Area){image.x, image.y + 34, image.width, image.height};
    return (struct Area){image.x / binning, image.y / binning, image.width / binning, image.height / binning};
}

/* [vendor] nothing after InitQHYCCD; then dark columns and not the overscan, their height divided twice. */
static struct Area overscan(const struct Camera *camera)
{
    struct Chip chip = running_chip(camera);
    uint32_t binning = camera->binning, columns = chip.dark_columns == 22 ? 10 : chip.dark_columns;
    if (camera->areas_wrong)
        return (struct Area){0, 0, 0, 0};
    return (struct Area){0, 0, columns / binning, chip.image.height / binning / binning};
}

EXPORT uint32_t GetQHYCCDEffectiveArea(qhyccd_handle *handle, uint32_t *x, uint32_t *y, uint32_t *width,
                                       uint32_t *height)
{
    ANSWER(GetQHYCCDEffectiveArea, handle, tell_area(effective(camera), x, y, width, height));
}

EXPORT uint32_t GetQHYCCDOverScanArea(qhyccd_handle *handle, uint32_t *x, uint32_t *y, uint32_t *width,
                                      uint32_t *height)
{
    ANSWER(GetQHYCCDOverScanArea, handle, tell_area(overscan(camera), x, y, width, height));
}

#ifndef OLD_SDK

EXPORT uint32_t GetQHYCCDCurrentROI(qhyccd_handle *handle, uint32_t *x, uint32_t *y, uint32_t *width,
                                    uint32_t *height)
{
    ANSWER(GetQHYCCDCurrentROI, handle, tell_area(camera->area, x, y, width, height));
}

#endif

/* [vendor] binnings that there are not are a success and become 1; the area stays in its numbers. */
static uint32_t bin(struct Camera *camera, uint32_t horizontal, uint32_t vertical)
{
    camera->binning = horizontal == vertical && horizontal >= 1 && horizontal <= 4 ? horizontal : 1;
    camera->areas_wrong = false;
    return strikes(&switches.bin_delay) ? QHYCCD_DELAY_200MS : QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDBinMode(qhyccd_handle *handle, uint32_t horizontal, uint32_t vertical)
{
    ANSWER(SetQHYCCDBinMode, handle, bin(camera, horizontal, vertical));
}

static bool is_whole(struct Area area, const struct Camera *camera, struct Chip chip)
{
    return area.width == chip.width / camera->binning && area.height == chip.height / camera->binning;
}

/* [vendor] checked against the chip without binning; empty areas and odd ones are a success. */
static uint32_t set_area(struct Camera *camera, struct Area area)
{
    struct Chip chip = running_chip(camera);
    if ((uint64_t)area.x + area.width > chip.width || (uint64_t)area.y + area.height > chip.height)
        return QHYCCD_ERROR;
    camera->area = area;
    if (switches.area_changes && is_whole(area, camera, chip)) {
        uint32_t binning = camera->binning;
        camera->area = (struct Area){chip.image.x / binning, chip.image.y / binning, chip.image.width / binning,
                                     chip.image.height / binning};
    }
    return QHYCCD_SUCCESS;
}

EXPORT uint32_t SetQHYCCDResolution(qhyccd_handle *handle, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    ANSWER(SetQHYCCDResolution, handle, set_area(camera, (struct Area){x, y, width, height}));
}

/* [vendor] an area beyond the binned chip is taken, and its readout dies of SIGSEGV. */
bool area_is_readable(const struct Camera *camera)
{
    struct Chip chip = running_chip(camera);
    struct Area area = camera->area;
    return area.x + area.width <= chip.width / camera->binning && area.y + area.height <= chip.height / camera->binning;
}

/* [vendor] constant, whatever is read: 253 053 600 for 9600 x 6422. On a bad handle it is 0xFFFFFFFF, which is an
 * allocation of 4 GiB for whoever does not look. */
static uint32_t tell_length(const struct Camera *camera)
{
    struct Chip chip = chip_of(0);
    (void)camera;
    return (chip.width + 100) * (chip.height + 100) * 4;
}

EXPORT uint32_t GetQHYCCDMemLength(qhyccd_handle *handle)
{
    ANSWER(GetQHYCCDMemLength, handle, tell_length(camera));
}
