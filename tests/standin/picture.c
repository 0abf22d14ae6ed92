/* What a frame shows: a level that tells gain and offset, and noise that makes no two rows and no two frames alike.
 *
 * Rows are copied from a pool of noise made beforehand, so that a frame of 123 MB costs hardly more than copying it.
 * Row y of exposure n begins at (n * FRAME_STEP + y * ROW_STEP) modulo the starts that there are; the steps are
 * primes, so that no start comes twice in a frame. A part of the chip shows what the whole chip would show there. */
#include "camera.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGE_POOL = 1 << 23, /* counts; 16 MB */
    SMALL_POOL = 1 << 18, /* for chips of less than a megapixel */
    WIDEST = 1 << 14,
    ROW_STEP = 1299709,
    FRAME_STEP = 15485863,
    NOISE = 63, /* counts from 0 to 62 */
    BAND = 8,
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    uint32_t counts;
    uint8_t *noise;
    uint16_t *lit; /* noise + level */
    uint32_t level;
} pool;

/* Two even distributions summed; xorshift64*, any seed but 0. */
static void make_noise(uint32_t counts)
{
    uint64_t state = 0x9E3779B97F4A7C15u;
    free(pool.noise);
    free(pool.lit);
    pool.noise = malloc(counts);
    pool.lit = malloc(counts * sizeof *pool.lit);
    if (pool.noise == NULL || pool.lit == NULL)
        abort();
    pool.counts = counts;
    pool.level = UINT32_MAX;
    for (uint32_t n = 0; n < counts; n++) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        uint64_t bits = (state * 0x2545F4914F6CDD1Du) >> 54;
        pool.noise[n] = (uint8_t)((bits & 31) + (bits >> 5));
    }
}

static uint32_t clamped(double level)
{
    double most = UINT16_MAX - NOISE;
    return (uint32_t)(level < 0 ? 0 : level > most ? most : level);
}

/* Counts of a dark pixel without noise. [assumed] in every way but that it rises with both. */
static double dark_level(const struct Shot *shot)
{
    return 600 + 4 * shot->offset + 2 * shot->gain;
}

static void prepare_pool(const struct Shot *shot)
{
    uint32_t counts = switches.width * switches.height < 1e6 ? SMALL_POOL : LARGE_POOL;
    if (pool.counts != counts)
        make_noise(counts);
    uint32_t level = clamped(dark_level(shot) + switches.light);
    if (pool.level != level)
        for (uint32_t n = 0; n < counts; n++)
            pool.lit[n] = (uint16_t)(pool.noise[n] + level);
    pool.level = level;
}

struct Drawing {
    struct Chip chip;
    const struct Shot *shot;
    uint32_t dark;
    bool is_lit;
};

/* `width` counts of row `y` from column `x` on, as they leave the chip. */
static void draw_row(const struct Drawing *drawing, uint32_t x, uint32_t y, uint32_t width, uint16_t *out)
{
    const struct Chip *chip = &drawing->chip;
    uint64_t starts = pool.counts - WIDEST;
    uint64_t start = (drawing->shot->number * FRAME_STEP + (uint64_t)y * ROW_STEP) % starts + x;
    memcpy(out, pool.lit + start, width * sizeof *out);
    uint32_t seeing = y < chip->image.y + chip->image.height ? chip->image.x : UINT32_MAX;
    if (drawing->is_lit)
        for (uint32_t n = 0; n < width && x + n < seeing; n++)
            out[n] = (uint16_t)(pool.noise[start + n] + drawing->dark);
    /* Two columns between the dark ones and the image are exactly 0 in real frames [LAST]. */
    for (uint32_t column = chip->dark_columns; column < chip->image.x; column++)
        if (column >= x && column < x + width)
            out[column - x] = 0;
    if (drawing->shot->banded)
        for (uint32_t n = 0; n < width; n++)
            if ((x + n) / BAND % 2 == 0)
                out[n] = (uint16_t)~out[n];
}

static uint32_t limited(uint32_t sum, uint32_t bits)
{
    if (bits == 8)
        return sum > UINT8_MAX ? UINT8_MAX : sum;
    return bits == 16 && sum > UINT16_MAX ? UINT16_MAX : sum;
}

static void put_row(uint8_t *out, const uint32_t *counts, uint32_t width, uint32_t bits)
{
    if (bits == 32)
        memcpy(out, counts, width * sizeof *counts);
    for (uint32_t n = 0; n < width && bits == 8; n++)
        out[n] = (uint8_t)limited(counts[n], 8);
    for (uint32_t n = 0; n < width && bits == 16; n++)
        ((uint16_t *)(void *)out)[n] = (uint16_t)limited(counts[n], 16);
}

/* Sums, done by the library and not by the chip, no more than the bits hold [vendor]; in 8 bit they are sums of what
 * crosses the link [vendor], which are the high bytes [assumed]. With Use_Average_Binning the mean, rounded down
 * [assumed]. */
static void draw_binned_row(const struct Drawing *drawing, const struct Camera *camera, uint32_t y, bool averages,
                            uint8_t *out)
{
    static uint16_t row[WIDEST];
    static uint32_t sums[WIDEST];
    uint32_t binning = camera->binning, width = camera->area.width, bits = camera->bits;
    memset(sums, 0, width * sizeof *sums);
    for (uint32_t below = 0; below < binning; below++) {
        draw_row(drawing, camera->area.x * binning, y * binning + below, width * binning, row);
        for (uint32_t n = 0; n < width; n++)
            for (uint32_t beside = 0; beside < binning; beside++)
                sums[n] += row[n * binning + beside] >> (bits == 8 ? 8 : 0);
    }
    if (averages)
        for (uint32_t n = 0; n < width; n++)
            sums[n] /= binning * binning;
    put_row(out, sums, width, bits);
}

uint64_t frame_bytes(const struct Camera *camera)
{
    return (uint64_t)camera->area.width * camera->area.height * camera->bits / 8;
}

/* The frame of a shot, in the area, binning and bits of `camera`, which nobody else may change meanwhile. */
void draw(const struct Camera *camera, const struct Shot *shot, bool averages, uint8_t *out)
{
    const struct Area *area = &camera->area;
    pthread_mutex_lock(&mutex);
    prepare_pool(shot);
    struct Drawing drawing = {running_chip(camera), shot, clamped(dark_level(shot)), switches.light != 0};
    for (uint32_t y = area->y; y < area->y + area->height; y++) {
        if (camera->binning == 1 && camera->bits == 16)
            draw_row(&drawing, area->x, y, area->width, (uint16_t *)(void *)out);
        else
            draw_binned_row(&drawing, camera, y, averages, out);
        out += (uint64_t)area->width * camera->bits / 8;
    }
    pthread_mutex_unlock(&mutex);
}
